/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_PANIC_H
#define _KHO_SHIM_PANIC_H

#include <linux/compiler.h>

__noreturn
void panic(const char *fmt, ...);

#endif /* _KHO_SHIM_PANIC_H */
