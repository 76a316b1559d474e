/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_MODULE_H
#define _KHO_SHIM_MODULE_H

#include <linux/export.h>

#define MODULE_LICENSE(text)
#define MODULE_DESCRIPTION(text)

#endif /* _KHO_SHIM_MODULE_H */
