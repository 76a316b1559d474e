/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_MINMAX_H
#define _KHO_SHIM_MINMAX_H

#include <linux/kernel.h>
#include <linux/limits.h>

#endif /* _KHO_SHIM_MINMAX_H */
