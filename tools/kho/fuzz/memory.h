/* SPDX-License-Identifier: GPL-2.0-only */
/* The simulated system's memory, and what happens to each page of it. */
#ifndef _KHO_FUZZ_MEMORY_H
#define _KHO_FUZZ_MEMORY_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Marks of a page. */
enum mark {
	RESERVED,	/* memblock gives it to nobody */
	FREE,		/* early boot may allocate it */
	TAKEN,		/* was preserved, and has an owner again */
	NODE,		/* part of the map, or the root FDT */
	USED,		/* this kernel uses it for something else */
	NR_MARKS
};

void memory_init(void);
void memory_reset(void);
void memory_lay_out(const void *pieces, size_t size);
void memory_write(u64 phys, const void *bytes, size_t len);
void memory_mark(enum mark mark, u64 phys, u64 size);
void memory_unmark(enum mark mark);
bool memory_any(enum mark mark, u64 phys, u64 size);
bool memory_all(enum mark mark, u64 phys, u64 size);

/* Read it, if there is any, so that the sanitizer sees it. */
void touch(const void *mem, size_t size);

/* memblock.c */
void memblock_reset(void);

/* The code under test has done what it must never do. */
__noreturn __printf(1, 2)
void wrong(const char *fmt, ...);

#endif /* _KHO_FUZZ_MEMORY_H */
