/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_PRINTK_H
#define _KHO_SHIM_PRINTK_H

/* Has the kernel's own conversions, so the compiler can't check it. */
void printk(const char *fmt, ...);

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_err(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(pr_fmt(fmt), ##__VA_ARGS__)

#endif /* _KHO_SHIM_PRINTK_H */
