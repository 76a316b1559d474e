// SPDX-License-Identifier: GPL-2.0-only
/*
 * The subtree "memblock", in the format of mainline's "memblock-v1".
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/errno.h>
#include <linux/kho/abi/memblock.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "internal.h"
#include "reserve_fdt.h"
#include "root_fdt.h"

/**
 * kho_reserved_pages - how many pages is it?
 * @mem: the memory
 *
 * Return: number of pages.
 */
unsigned long kho_reserved_pages(const struct kho_reserved *mem)
{
	return PFN_UP(mem->size);
}

/**
 * kho_reserved_find - look memory up by its name
 * @list: where to look
 * @name: the name
 *
 * Return: the entry, or NULL.
 */
struct kho_reserved *kho_reserved_find(struct kho_reserved_list *list,
				       const char *name)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->mem[i].name, name))
			return &list->mem[i];
	return NULL;
}

static bool overlaps(const struct kho_reserved_list *list, phys_addr_t start,
		     u64 bytes)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		const struct kho_reserved *mem = &list->mem[i];

		if (start < mem->start + PAGE_ALIGN(mem->size) &&
		    mem->start < start + bytes)
			return true;
	}
	return false;
}

/**
 * kho_reserved_add - add memory to a list
 * @list: the list
 * @name: its name
 * @start: physical address in bytes
 * @size: bytes
 *
 * Return: 0; -EINVAL if the name is empty or too long, or that can't be where
 * memory is; -EEXIST if the list has that name, or any of that memory; -ENOSPC.
 */
int kho_reserved_add(struct kho_reserved_list *list, const char *name,
		     phys_addr_t start, u64 size)
{
	u64 bytes = PAGE_ALIGN(size);

	if (!*name || strlen(name) >= KHO_RESERVED_NAME)
		return -EINVAL;
	if (!start || !PAGE_ALIGNED(start) || !bytes || bytes < size ||
	    start + bytes <= start)
		return -EINVAL;
	if (kho_reserved_find(list, name) || overlaps(list, start, bytes))
		return -EEXIST;
	if (list->nr == KHO_MAX_RESERVED)
		return -ENOSPC;

	list->mem[list->nr] = (struct kho_reserved) {
		.start = start,
		.size = size,
	};
	strscpy(list->mem[list->nr++].name, name, KHO_RESERVED_NAME);
	return 0;
}

static int write_entry(void *fdt, const struct kho_reserved *mem)
{
	u64 start = mem->start;
	int node = fdt_add_subnode(fdt, 0, mem->name);

	if (node < 0)
		return node;
	return fdt_setprop_string(fdt, node, "compatible",
				  RESERVE_MEM_KHO_NODE_COMPATIBLE) ?:
	       fdt_setprop(fdt, node, "start", &start, sizeof(start)) ?:
	       fdt_setprop(fdt, node, "size", &mem->size, sizeof(mem->size));
}

/**
 * kho_reserved_write - write a list down
 * @fdt: where to
 * @room: bytes there; a page will do
 * @list: the list
 *
 * Return: 0, or -ENOSPC.
 */
int kho_reserved_write(void *fdt, size_t room,
		       const struct kho_reserved_list *list)
{
	unsigned int i;

	if (fdt_create_empty_tree(fdt, room) ||
	    fdt_setprop_string(fdt, 0, "compatible",
			       MEMBLOCK_KHO_NODE_COMPATIBLE))
		return -ENOSPC;

	/* A new node becomes the first one. */
	for (i = list->nr; i--; )
		if (write_entry(fdt, &list->mem[i]))
			return -ENOSPC;
	return 0;
}

static int read_entry(const void *fdt, int node,
		      struct kho_reserved_list *list)
{
	u64 start, size;

	if (fdt_node_check_compatible(fdt, node,
				      RESERVE_MEM_KHO_NODE_COMPATIBLE) ||
	    kho_get_u64(fdt, node, "start", &start) ||
	    kho_get_u64(fdt, node, "size", &size))
		return -EINVAL;
	return kho_reserved_add(list, fdt_get_name(fdt, node, NULL), start,
				size);
}

/**
 * kho_reserved_read - read the list of another kernel
 * @fdt: the list
 * @size: bytes that may be read there
 * @list: where to store it; empty on error
 *
 * What makes no sense is reported and left out. Whether memory is where the
 * list says is not checked.
 *
 * Return: NULL, or what is wrong with the whole of it.
 */
const char *kho_reserved_read(const void *fdt, size_t size,
			      struct kho_reserved_list *list)
{
	const char *bad = kho_fdt_check(fdt, size);
	int node;

	list->nr = 0;
	if (bad)
		return bad;
	if (fdt_node_check_compatible(fdt, 0, MEMBLOCK_KHO_NODE_COMPATIBLE))
		return "format isn't " MEMBLOCK_KHO_NODE_COMPATIBLE;

	fdt_for_each_subnode(node, fdt, 0) {
		int err = read_entry(fdt, node, list);

		if (err == -ENOSPC) {
			list->nr = 0;
			return "more entries than there can be";
		}
		if (err)
			pr_warn("reserve_mem %.15s: broken entry: %pe\n",
				fdt_get_name(fdt, node, NULL), ERR_PTR(err));
	}
	return NULL;
}
