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

/* As many as early boot has, too. */
static struct {
	void *memory;
	void *copy;
} mapped[8];

/* A copy of just this size: the sanitizer sees who reads beyond it. */
void *early_memremap(phys_addr_t phys, unsigned long size)
{
	void *memory = physmem_at(phys, size);
	unsigned int i = 0;

	if (!memory)
		wrong("%#lx bytes at %#lx are mapped, which aren't memory",
		      size, phys);
	while (i < ARRAY_SIZE(mapped) && mapped[i].copy)
		i++;
	if (i == ARRAY_SIZE(mapped))
		wrong("too much is mapped at a time");
	mapped[i].memory = memory;
	mapped[i].copy = malloc(size);
	return memcpy(mapped[i].copy, memory, size);
}

void early_memunmap(void *mem, unsigned long size)
{
	unsigned int i = 0;

	while (i < ARRAY_SIZE(mapped) && mapped[i].copy != mem)
		i++;
	if (i == ARRAY_SIZE(mapped))
		wrong("unmapped, but not mapped");
	memcpy(mapped[i].memory, mem, size);
	mapped[i].copy = NULL;
	free(mem);
}

void panic(const char *fmt, ...)
{
	wrong("the kernel panics: %s", fmt);
}

/* Checksums would keep everything out: all of them are 0. */
void xxh64_reset(struct xxh64_state *state, uint64_t seed)
{
}

int xxh64_update(struct xxh64_state *state, const void *input, size_t length)
{
	touch(input, length);
	return 0;
}

uint64_t xxh64_digest(const struct xxh64_state *state)
{
	return 0;
}

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
	if (memory_any(USED, phys, size))
		wrong("%#lx is taken, which this kernel uses", phys);
	memory_mark(TAKEN, phys, size);
}
