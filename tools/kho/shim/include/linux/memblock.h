/* SPDX-License-Identifier: GPL-2.0-only */
/* What early boot knows of memory: physmem.h, with a mark for each page. */
#ifndef _KHO_SHIM_MEMBLOCK_H
#define _KHO_SHIM_MEMBLOCK_H

#include <linux/types.h>

#define MEMBLOCK_KHO_SCRATCH	0x10

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size;
	unsigned int flags;
};

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size);
bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size);
int memblock_reserve(phys_addr_t base, phys_addr_t size);
int memblock_mark_kho_scratch(phys_addr_t base, phys_addr_t size);
void memblock_set_kho_scratch_only(bool only);
bool memblock_next_region(unsigned int *i, struct memblock_region **region);

#define for_each_mem_region(region) \
	for (unsigned int region_nr = 0; \
	     memblock_next_region(&region_nr, &(region)) == true;)

#endif /* _KHO_SHIM_MEMBLOCK_H */
