/* SPDX-License-Identifier: GPL-2.0-only */
/* What khodump prints: a tree of lines, and what is wrong among them. */
#ifndef _KHO_REPORT_H
#define _KHO_REPORT_H

#include <linux/compiler.h>
#include <linux/types.h>

extern unsigned int report_depth;
extern unsigned int report_problems;

__printf(1, 2) void say(const char *fmt, ...);
__printf(1, 2) void problem(const char *fmt, ...);
void say_bytes(const void *mem, size_t size);

#endif /* _KHO_REPORT_H */
