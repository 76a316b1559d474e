/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the previous kernel has preserved, and how memblock learns it.
 */
#ifndef _KERNEL_KHO_INGEST_H
#define _KERNEL_KHO_INGEST_H

#include <linux/memblock.h>
#include <linux/types.h>

struct memblock_region *kho_first_reserved(phys_addr_t phys);
bool kho_readable(phys_addr_t phys, u64 size);
bool kho_may_be_preserved(phys_addr_t phys, u64 size);
const char *kho_ingest_survey(phys_addr_t root_fdt, phys_addr_t map_root);
u64 kho_ingest_blocks(phys_addr_t map_root, phys_addr_t phys, u64 size);
const char *kho_ingest_reserve(void *map_root, phys_addr_t root_fdt,
			       u64 in_use, bool *sound);
bool kho_may_be_restored(phys_addr_t phys, u64 size);
void kho_ingest_keep_all(void);

#endif /* _KERNEL_KHO_INGEST_H */
