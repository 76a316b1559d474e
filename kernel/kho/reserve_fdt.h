/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of memory that reserve_mem= has reserved by name, as it is handed
 * over.
 */
#ifndef _KERNEL_KHO_RESERVE_FDT_H
#define _KERNEL_KHO_RESERVE_FDT_H

#include <linux/types.h>

/* As many as reserve_mem= can have, and as long a name. */
#define KHO_MAX_RESERVED	8
#define KHO_RESERVED_NAME	16

/**
 * struct kho_reserved - memory with a name
 * @name: the label of reserve_mem=
 * @start: physical address in bytes
 * @size: bytes, as they were asked for; the pages that they begin are its own
 */
struct kho_reserved {
	char name[KHO_RESERVED_NAME];
	phys_addr_t start;
	u64 size;
};

/**
 * struct kho_reserved_list - all of it
 * @nr: how much there is
 * @mem: room for it
 */
struct kho_reserved_list {
	unsigned int nr;
	struct kho_reserved mem[KHO_MAX_RESERVED];
};

unsigned long kho_reserved_pages(const struct kho_reserved *mem);
struct kho_reserved *kho_reserved_find(struct kho_reserved_list *list,
				       const char *name);
int kho_reserved_add(struct kho_reserved_list *list, const char *name,
		     phys_addr_t start, u64 size);
int kho_reserved_write(void *fdt, size_t room,
		       const struct kho_reserved_list *list);
const char *kho_reserved_read(const void *fdt, size_t size,
			      struct kho_reserved_list *list);

#endif /* _KERNEL_KHO_RESERVE_FDT_H */
