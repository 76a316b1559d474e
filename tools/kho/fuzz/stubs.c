// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rest of the kernel that the code under test calls.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/xxhash.h>

#include "../../../kernel/kho/fsm/internal.h"
#include "../../../kernel/kho/internal.h"
#include "../physmem.h"
#include "memory.h"

/* Formatting is not what is tested, but strings have to be strings. */
static void format(const char *fmt, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, args);
}

void printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format(fmt, args);
	va_end(args);
}

void kho_machine_error(struct kho_machine *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format(fmt, args);
	va_end(args);
}

/* A copy of just this size: the sanitizer sees who reads beyond it. */
void *early_memremap(phys_addr_t phys, unsigned long size)
{
	const void *mem = physmem_at(phys, size);
	void *copy;

	if (!mem)
		wrong("%#lx bytes at %#lx are mapped, which aren't memory",
		      size, phys);
	copy = malloc(size);
	return copy ? memcpy(copy, mem, size) : NULL;
}

void early_memunmap(void *mem, unsigned long size)
{
	free(mem);
}

/* Checksums would keep everything out: all of them are 0. */
uint64_t xxh64(const void *input, size_t length, uint64_t seed)
{
	touch(input, length);
	return 0;
}

/* Memory that was preserved gets an owner: once, and only if it was safe. */
void adjust_managed_page_count(struct page *page, long count)
{
	u64 phys = PFN_PHYS(page_to_pfn(page)), size = count * PAGE_SIZE;

	if (!physmem_at(phys, size))
		wrong("%#lx is taken, which isn't memory", phys);
	if (kho_scratch_overlap(phys, size))
		wrong("%#lx is taken, which is scratch", phys);
	if (!memory_all(RESERVED, phys, size))
		wrong("%#lx is taken, which had been given away", phys);
	if (memory_any(TAKEN, phys, size))
		wrong("%#lx is taken twice", phys);
	if (memory_any(NODE, phys, size))
		wrong("%#lx is taken, which the handover itself is in", phys);
	memory_mark(TAKEN, phys, size);
}
