// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another system's physical memory, and what the kernel's sources call to get
 * at it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>

#include "physmem.h"

struct physmem_region physmem[PHYSMEM_MAX_REGIONS];
unsigned int physmem_nr;

/**
 * physmem_add - add memory
 * @phys: its physical address in bytes
 * @size: bytes
 * @mem: its content
 *
 * Return: 0; -ENOSPC beyond %PHYSMEM_MAX_REGIONS; -EINVAL if it wraps.
 */
int physmem_add(uint64_t phys, uint64_t size, void *mem)
{
	if (!size || phys + size < phys)
		return -EINVAL;
	if (physmem_nr == PHYSMEM_MAX_REGIONS)
		return -ENOSPC;
	physmem[physmem_nr++] = (struct physmem_region) {
		.phys = phys,
		.size = size,
		.mem = mem,
	};
	return 0;
}

/**
 * physmem_at - look at memory
 * @phys: physical address in bytes
 * @size: bytes
 *
 * Return: the memory; NULL if not all of it is in one region.
 */
void *physmem_at(uint64_t phys, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < physmem_nr; i++) {
		const struct physmem_region *region = &physmem[i];

		if (phys >= region->phys && size <= region->size &&
		    phys - region->phys <= region->size - size)
			return region->mem + (phys - region->phys);
	}
	return NULL;
}

/*
 * What isn't memory of the other system is this program's own. An address
 * that nobody has checked is neither, and crashes when it is used.
 */
void *phys_to_virt(phys_addr_t phys)
{
	return physmem_at(phys, 1) ?: (void *)phys;
}

phys_addr_t virt_to_phys(const void *mem)
{
	const unsigned char *byte = mem;
	unsigned int i;

	for (i = 0; i < physmem_nr; i++)
		if (byte >= physmem[i].mem &&
		    byte < physmem[i].mem + physmem[i].size)
			return physmem[i].phys + (byte - physmem[i].mem);
	return (phys_addr_t)mem;
}

bool pfn_valid(unsigned long pfn)
{
	return pfn < 1UL << (64 - PAGE_SHIFT) &&
	       physmem_at((u64)pfn << PAGE_SHIFT, PAGE_SIZE);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	void *mem = aligned_alloc(PAGE_SIZE, size);

	return mem ? memset(mem, 0, size) : NULL;
}

void free_pages_exact(void *mem, size_t size)
{
	free(mem);
}

struct folio *kho_folio_alloc(unsigned int order)
{
	void *mem = alloc_pages_exact(PAGE_SIZE << order, 0);

	return mem ? virt_to_folio(mem) : NULL;
}

/* The other system's memory stays what it is. */
void folio_put(struct folio *folio)
{
	void *mem = folio_address(folio);

	if (virt_to_phys(mem) == (phys_addr_t)mem)
		free(mem);
}
