// SPDX-License-Identifier: GPL-2.0-only
/*
 * memblock as early boot uses it, on the simulated system's memory.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>

#include "layout.h"
#include "memory.h"

#define MAX_MEMORY	512
#define MAX_RESERVED	BIT(16)

static struct memblock_region memory_regions[MAX_MEMORY];
static struct memblock_region reserved_regions[MAX_RESERVED];

struct memblock memblock = {
	.memory = { .max = MAX_MEMORY, .regions = memory_regions },
	.reserved = { .max = MAX_RESERVED, .regions = reserved_regions },
};

/**
 * memblock_reset - one region of memory, nothing reserved
 */
void memblock_reset(void)
{
	memory_regions[0] = (struct memblock_region) { .size = FUZZ_MEMORY };
	memblock.memory.cnt = 1;
	memblock.reserved.cnt = 0;
	memblock.reserved.total_size = 0;
}

static void insert(struct memblock_type *type, unsigned long i,
		   struct memblock_region region)
{
	if (type->cnt == type->max)
		wrong("memblock is full");
	memmove(&type->regions[i + 1], &type->regions[i],
		(type->cnt++ - i) * sizeof(region));
	type->regions[i] = region;
}

static phys_addr_t end_of(const struct memblock_region *region)
{
	return region->base + region->size;
}

phys_addr_t memblock_end_of_DRAM(void)
{
	return FUZZ_MEMORY;
}

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size)
{
	unsigned long i;

	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *region = &memory_regions[i];

		if (base >= region->base && base < end_of(region))
			return size <= end_of(region) - base;
	}
	return false;
}

bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size)
{
	unsigned long i;

	for (i = 0; i < memblock.reserved.cnt; i++)
		if (base < end_of(&reserved_regions[i]) &&
		    reserved_regions[i].base < base + size)
			return true;
	return false;
}

bool memblock_is_map_memory(phys_addr_t addr)
{
	unsigned long i;

	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *region = &memory_regions[i];

		if (addr >= region->base && addr < end_of(region))
			return !(region->flags & MEMBLOCK_NOMAP);
	}
	return false;
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = base + size;
	unsigned long i = 0;

	if (base >= FUZZ_MEMORY || size > FUZZ_MEMORY - base)
		wrong("%#lx bytes at %#lx are reserved, which isn't memory",
		      size, base);
	while (base < end) {
		phys_addr_t stop = end;

		while (i < memblock.reserved.cnt &&
		       end_of(&reserved_regions[i]) <= base)
			i++;
		if (i < memblock.reserved.cnt) {
			if (reserved_regions[i].base <= base) {
				base = end_of(&reserved_regions[i]);
				continue;
			}
			stop = min(end, reserved_regions[i].base);
		}
		insert(&memblock.reserved, i, (struct memblock_region) {
			.base = base,
			.size = stop - base,
		});
		memblock.reserved.total_size += stop - base;
	}
	return 0;
}

int memblock_reserve_room(unsigned long nr)
{
	return nr > MAX_RESERVED - memblock.reserved.cnt ? -ENOMEM : 0;
}

static void split_at(phys_addr_t addr)
{
	unsigned long i;

	for (i = 0; i < memblock.memory.cnt; i++) {
		struct memblock_region *region = &memory_regions[i];
		struct memblock_region upper = *region;

		if (addr <= region->base || addr >= end_of(region))
			continue;
		upper.base = addr;
		upper.size = end_of(region) - addr;
		region->size = addr - region->base;
		insert(&memblock.memory, i + 1, upper);
		return;
	}
}

static void merge_memory(void)
{
	unsigned long i, last = 0;

	for (i = 1; i < memblock.memory.cnt; i++) {
		if (memory_regions[i].flags == memory_regions[last].flags)
			memory_regions[last].size += memory_regions[i].size;
		else
			memory_regions[++last] = memory_regions[i];
	}
	memblock.memory.cnt = last + 1;
}

static int set_flag(phys_addr_t base, phys_addr_t size, bool set,
		    enum memblock_flags flag)
{
	unsigned long i;

	if (memblock.memory.cnt + 2 > MAX_MEMORY)
		return -ENOMEM;
	size = min_t(phys_addr_t, size, FUZZ_MEMORY - base);
	split_at(base);
	split_at(base + size);
	for (i = 0; i < memblock.memory.cnt; i++) {
		struct memblock_region *region = &memory_regions[i];

		if (region->base >= base && end_of(region) <= base + size)
			region->flags = set ? region->flags | flag :
					      region->flags & ~flag;
	}
	merge_memory();
	return 0;
}

/* What has been reserved is never merged here, so it need not be split. */
int memblock_reserved_mark_noinit(phys_addr_t base, phys_addr_t size)
{
	unsigned long i;

	for (i = 0; i < memblock.reserved.cnt; i++) {
		struct memblock_region *region = &reserved_regions[i];

		if (region->base >= base && end_of(region) <= base + size)
			region->flags |= MEMBLOCK_RSRV_NOINIT;
	}
	return 0;
}

int memblock_mark_kho_scratch(phys_addr_t base, phys_addr_t size)
{
	return set_flag(base, size, true, MEMBLOCK_KHO_SCRATCH);
}

int memblock_mark_kho_free(phys_addr_t base, phys_addr_t size)
{
	return set_flag(base, size, true, MEMBLOCK_KHO_FREE);
}

int memblock_clear_kho_free(phys_addr_t base, phys_addr_t size)
{
	return set_flag(base, size, false, MEMBLOCK_KHO_FREE);
}

void memblock_set_kho_only(bool on)
{
}

/* Not from the simulated memory: the kernel sees it as memory of its own. */
void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return calloc(1, size);
}

void memblock_free(void *mem, size_t size)
{
	free(mem);
}
