// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handover's root FDT, in the format of mainline's "kho-v4".
 */
#include <linux/errno.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "internal.h"
#include "root_fdt.h"

/**
 * kho_get_u64 - a number in mainline's formats
 * @fdt: an FDT that kho_fdt_check() has passed
 * @node: offset of the node
 * @prop: name of the property: 8 bytes in native order, aligned to 4
 * @val: where to store it
 *
 * Return: 0; -ENOENT if there is none; -EINVAL if it is no such number.
 */
int kho_get_u64(const void *fdt, int node, const char *prop, u64 *val)
{
	int len;
	const void *p = fdt_getprop(fdt, node, prop, &len);

	if (!p)
		return -ENOENT;
	if (len != sizeof(*val))
		return -EINVAL;
	*val = get_unaligned((const u64 *)p);
	return 0;
}

/**
 * kho_root_create - write an empty root FDT
 * @fdt: %KHO_ROOT_SIZE bytes
 * @map_root: physical address of the preserved-memory map's root
 *
 * Return: 0, or -EINVAL if libfdt refuses.
 */
int kho_root_create(void *fdt, phys_addr_t map_root)
{
	u64 map = map_root;

	if (fdt_create_empty_tree(fdt, KHO_ROOT_SIZE) ||
	    fdt_setprop_string(fdt, 0, "compatible", KHO_FDT_COMPATIBLE) ||
	    fdt_setprop(fdt, 0, KHO_FDT_MEMORY_MAP_PROP_NAME, &map, sizeof(map)))
		return -EINVAL;
	return 0;
}

/**
 * kho_root_check - check a root FDT from another kernel
 * @fdt: the FDT
 * @size: bytes that may be read at @fdt
 * @map_root: where to store the physical address of the map's root
 *
 * Return: NULL if this kernel can read it, otherwise what is wrong.
 */
const char *kho_root_check(const void *fdt, size_t size, phys_addr_t *map_root)
{
	const char *bad = kho_fdt_check(fdt, size);
	u64 map;

	if (bad)
		return bad;
	if (fdt_node_check_compatible(fdt, 0, KHO_FDT_COMPATIBLE))
		return "format isn't " KHO_FDT_COMPATIBLE;
	if (kho_get_u64(fdt, 0, KHO_FDT_MEMORY_MAP_PROP_NAME, &map) || !map ||
	    !PAGE_ALIGNED(map))
		return "no valid " KHO_FDT_MEMORY_MAP_PROP_NAME;

	*map_root = map;
	return NULL;
}

/**
 * kho_root_add - add a subtree
 * @fdt: the root FDT
 * @name: name of the subtree
 * @blob: physical address of its data
 * @size: its size in bytes
 *
 * Return: 0; -EEXIST if there is one of that name; -ENOSPC if the page is full.
 */
int kho_root_add(void *fdt, const char *name, phys_addr_t blob, u64 size)
{
	u64 data = blob;
	int node;

	node = fdt_add_subnode(fdt, 0, name);
	if (node == -FDT_ERR_EXISTS)
		return -EEXIST;
	if (node < 0)
		return -ENOSPC;

	if (fdt_setprop(fdt, node, KHO_SUB_TREE_PROP_NAME, &data,
			sizeof(data)) ||
	    fdt_setprop(fdt, node, KHO_SUB_TREE_SIZE_PROP_NAME, &size,
			sizeof(size))) {
		fdt_del_node(fdt, node);
		return -ENOSPC;
	}
	return 0;
}

/**
 * kho_root_remove - take a subtree out
 * @fdt: the root FDT
 * @blob: physical address of its data
 *
 * Return: whether it was there.
 */
bool kho_root_remove(void *fdt, phys_addr_t blob)
{
	int node;
	u64 data;

	fdt_for_each_subnode(node, fdt, 0) {
		if (!kho_get_u64(fdt, node, KHO_SUB_TREE_PROP_NAME, &data) &&
		    data == blob) {
			fdt_del_node(fdt, node);
			return true;
		}
	}
	return false;
}

/**
 * kho_root_node - look a subtree's node up
 * @fdt: a root FDT that kho_root_check() has passed
 * @name: name of the subtree, all of it: "port" is not "port@0"
 *
 * Return: the node, or -ENOENT.
 */
int kho_root_node(const void *fdt, const char *name)
{
	int node;

	/* fdt_subnode_offset() would take "port" for "port@0". */
	fdt_for_each_subnode(node, fdt, 0)
		if (!strcmp(fdt_get_name(fdt, node, NULL), name))
			return node;
	return -ENOENT;
}

/**
 * kho_root_find - look a subtree up
 * @fdt: a root FDT that kho_root_check() has passed
 * @name: name of the subtree
 * @blob: where to store the physical address of its data
 * @size: where to store its size in bytes
 *
 * Return: 0; -ENOENT if there is none; -EINVAL if the entry is broken.
 */
int kho_root_find(const void *fdt, const char *name, phys_addr_t *blob,
		  u64 *size)
{
	int node = kho_root_node(fdt, name);
	u64 data;

	if (node < 0)
		return node;
	if (kho_get_u64(fdt, node, KHO_SUB_TREE_PROP_NAME, &data) ||
	    kho_get_u64(fdt, node, KHO_SUB_TREE_SIZE_PROP_NAME, size) ||
	    !data || !*size)
		return -EINVAL;

	*blob = data;
	return 0;
}
