/* SPDX-License-Identifier: GPL-2.0-only */
/* What early boot knows of memory, as far as a handover touches it. */
#ifndef _KHO_SHIM_MEMBLOCK_H
#define _KHO_SHIM_MEMBLOCK_H

#include <linux/types.h>

enum memblock_flags {
	MEMBLOCK_NONE,
	MEMBLOCK_NOMAP = 0x4,
	MEMBLOCK_RSRV_NOINIT = 0x10,
	MEMBLOCK_KHO_SCRATCH = 0x20,
	MEMBLOCK_KHO_FREE = 0x40,
};

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size;
	enum memblock_flags flags;
};

struct memblock_type {
	unsigned long cnt;
	unsigned long max;
	phys_addr_t total_size;
	struct memblock_region *regions;
};

extern struct memblock {
	struct memblock_type memory;
	struct memblock_type reserved;
} memblock;

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size);
bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size);
bool memblock_is_map_memory(phys_addr_t addr);
int memblock_reserve(phys_addr_t base, phys_addr_t size);
int memblock_reserved_mark_noinit(phys_addr_t base, phys_addr_t size);
int memblock_reserve_room(unsigned long nr);
int memblock_mark_kho_scratch(phys_addr_t base, phys_addr_t size);
int memblock_mark_kho_free(phys_addr_t base, phys_addr_t size);
int memblock_clear_kho_free(phys_addr_t base, phys_addr_t size);
void memblock_set_kho_only(bool on);
phys_addr_t memblock_end_of_DRAM(void);
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
void memblock_free(void *mem, size_t size);

#endif /* _KHO_SHIM_MEMBLOCK_H */
