/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own copy of libfdt, built for userspace. */
#ifndef _KHO_SHIM_LIBFDT_H
#define _KHO_SHIM_LIBFDT_H

#include <libfdt.h>

#endif /* _KHO_SHIM_LIBFDT_H */
