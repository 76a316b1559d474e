// SPDX-License-Identifier: GPL-2.0-only
/*
 * memblock as early boot uses it, on the simulated system's memory.
 */
#include <string.h>

#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>

#include "layout.h"
#include "memory.h"

#define MAX_REGIONS	256

static struct memblock_region regions[MAX_REGIONS];
static unsigned int nr_regions;

/**
 * memblock_reset - only one region, nothing reserved
 */
void memblock_reset(void)
{
	regions[0] = (struct memblock_region) { .size = FUZZ_MEMORY };
	nr_regions = 1;
}

bool memblock_next_region(unsigned int *i, struct memblock_region **region)
{
	if (*i == nr_regions)
		return false;
	*region = &regions[(*i)++];
	return true;
}

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size)
{
	unsigned int i;

	for (i = 0; i < nr_regions; i++)
		if (base >= regions[i].base &&
		    base - regions[i].base < regions[i].size)
			return size <= regions[i].size -
				       (base - regions[i].base);
	return false;
}

bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size)
{
	return memory_any(RESERVED, base, size);
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	if (base >= FUZZ_MEMORY || size > FUZZ_MEMORY - base)
		wrong("%#lx bytes at %#lx are reserved, which isn't memory",
		      size, base);
	memory_mark(RESERVED, base, size);
	return 0;
}

/* Only the first of two regions stays where it was. */
static void split_at(phys_addr_t addr)
{
	unsigned int i;

	for (i = 0; i < nr_regions; i++) {
		struct memblock_region *region = &regions[i];

		if (addr <= region->base ||
		    addr - region->base >= region->size)
			continue;
		memmove(region + 1, region,
			(nr_regions++ - i) * sizeof(*region));
		region[1].base = addr;
		region[1].size -= addr - region->base;
		region[0].size = addr - region->base;
		return;
	}
}

int memblock_mark_kho_scratch(phys_addr_t base, phys_addr_t size)
{
	unsigned int i;

	if (nr_regions + 2 > MAX_REGIONS)
		return -ENOMEM;
	split_at(base);
	split_at(base + size);
	for (i = 0; i < nr_regions; i++)
		if (regions[i].base >= base &&
		    regions[i].base - base < size)
			regions[i].flags |= MEMBLOCK_KHO_SCRATCH;
	return 0;
}

void memblock_set_kho_scratch_only(bool only)
{
}
