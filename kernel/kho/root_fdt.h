/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The root of a handover: one page, an FDT that names the preserved-memory map
 * and the subtrees. Its numbers are u64 in native byte order, as in mainline.
 */
#ifndef _KERNEL_KHO_ROOT_FDT_H
#define _KERNEL_KHO_ROOT_FDT_H

#include <linux/kho/abi/kexec_handover.h>
#include <linux/types.h>

#define KHO_ROOT_SIZE		PAGE_SIZE

int kho_get_u64(const void *fdt, int node, const char *prop, u64 *val);
int kho_root_create(void *fdt, phys_addr_t map_root);
const char *kho_root_check(const void *fdt, size_t size,
			   phys_addr_t *map_root);
int kho_root_add(void *fdt, const char *name, phys_addr_t blob, u64 size);
bool kho_root_remove(void *fdt, phys_addr_t blob);
int kho_root_node(const void *fdt, const char *name);
int kho_root_find(const void *fdt, const char *name, phys_addr_t *blob,
		  u64 *size);

#endif /* _KERNEL_KHO_ROOT_FDT_H */
