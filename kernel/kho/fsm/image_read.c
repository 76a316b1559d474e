// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading an image. Its structure and its seal have been verified; what it
 * says has not, and is for the client to check.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "internal.h"

/**
 * kho_image_format - which of the formats that a client knows has the image?
 * @image: the image
 * @compatible: NULL-terminated list of formats, the preferred one first; or
 *	NULL for none
 *
 * Return: the entry of @compatible, or NULL if none fits.
 */
const char *kho_image_format(const struct kho_image *image,
			     const char * const *compatible)
{
	for (; compatible && *compatible; compatible++)
		if (!fdt_node_check_compatible(image->fdt, 0, *compatible))
			return *compatible;
	return NULL;
}
EXPORT_SYMBOL_GPL(kho_image_format);

/**
 * kho_image_find - find a child node
 * @image: the image
 * @parent: its parent, 0 for the root
 * @name: its name, all of it: "port" is not "port@0"
 *
 * Return: the node, or -ENOENT.
 */
int kho_image_find(const struct kho_image *image, int parent, const char *name)
{
	int node;

	/* fdt_subnode_offset() would take "port" for "port@0". */
	fdt_for_each_subnode(node, image->fdt, parent)
		if (!strcmp(fdt_get_name(image->fdt, node, NULL), name))
			return node;
	return -ENOENT;
}
EXPORT_SYMBOL_GPL(kho_image_find);

/**
 * kho_image_first - first child of a node
 * @image: the image
 * @parent: the node, 0 for the root
 *
 * Return: the child, or -ENOENT. The order is not the one of writing.
 */
int kho_image_first(const struct kho_image *image, int parent)
{
	int node = fdt_first_subnode(image->fdt, parent);

	return node < 0 ? -ENOENT : node;
}
EXPORT_SYMBOL_GPL(kho_image_first);

/**
 * kho_image_next - next sibling of a node
 * @image: the image
 * @node: the node
 *
 * Return: the sibling, or -ENOENT.
 */
int kho_image_next(const struct kho_image *image, int node)
{
	node = fdt_next_subnode(image->fdt, node);
	return node < 0 ? -ENOENT : node;
}
EXPORT_SYMBOL_GPL(kho_image_next);

/**
 * kho_image_name - name of a node
 * @image: the image
 * @node: the node
 *
 * Return: its name, which lives as long as @image.
 */
const char *kho_image_name(const struct kho_image *image, int node)
{
	return fdt_get_name(image->fdt, node, NULL);
}
EXPORT_SYMBOL_GPL(kho_image_name);

/**
 * kho_image_get - read a property
 * @image: the image
 * @node: the node
 * @prop: name of the property
 * @len: where to store its length in bytes
 *
 * Return: its value, aligned to 4 bytes, or NULL if there is none.
 */
const void *kho_image_get(const struct kho_image *image, int node,
			  const char *prop, size_t *len)
{
	int prop_len;
	const void *val = fdt_getprop(image->fdt, node, prop, &prop_len);

	*len = val ? prop_len : 0;
	return val;
}
EXPORT_SYMBOL_GPL(kho_image_get);

/**
 * kho_image_get_fixed - read a property whose length is known
 * @image: the image
 * @node: the node
 * @prop: name of the property
 * @data: where to store the value
 * @len: length that it must have, in bytes
 *
 * Return: 0; -ENOENT if there is none; -EINVAL if it has another length.
 */
int kho_image_get_fixed(const struct kho_image *image, int node,
			const char *prop, void *data, size_t len)
{
	size_t prop_len;
	const void *val = kho_image_get(image, node, prop, &prop_len);

	if (!val)
		return -ENOENT;
	if (prop_len != len)
		return -EINVAL;
	memcpy(data, val, len);
	return 0;
}
EXPORT_SYMBOL_GPL(kho_image_get_fixed);

/**
 * kho_image_get_u32 - read a property that is a 32-bit number
 * @image: the image
 * @node: the node
 * @prop: name of the property
 * @val: where to store the value
 *
 * Return: as kho_image_get_fixed().
 */
int kho_image_get_u32(const struct kho_image *image, int node,
		      const char *prop, u32 *val)
{
	fdt32_t cell;
	int err = kho_image_get_fixed(image, node, prop, &cell, sizeof(cell));

	if (!err)
		*val = fdt32_to_cpu(cell);
	return err;
}
EXPORT_SYMBOL_GPL(kho_image_get_u32);

/**
 * kho_image_get_u64 - read a property that is a 64-bit number
 * @image: the image
 * @node: the node
 * @prop: name of the property
 * @val: where to store the value
 *
 * Return: as kho_image_get_fixed().
 */
int kho_image_get_u64(const struct kho_image *image, int node,
		      const char *prop, u64 *val)
{
	fdt64_t cell;
	int err = kho_image_get_fixed(image, node, prop, &cell, sizeof(cell));

	if (!err)
		*val = fdt64_to_cpu(cell);
	return err;
}
EXPORT_SYMBOL_GPL(kho_image_get_u64);

/**
 * kho_image_get_string - read a property that is a string
 * @image: the image
 * @node: the node
 * @prop: name of the property
 * @str: where to store the value, which lives as long as @image
 *
 * Return: 0; -ENOENT if there is none; -EINVAL if it is no string.
 */
int kho_image_get_string(const struct kho_image *image, int node,
			 const char *prop, const char **str)
{
	size_t len;
	const char *val = kho_image_get(image, node, prop, &len);

	if (!val)
		return -ENOENT;
	if (!len || strnlen(val, len) != len - 1)
		return -EINVAL;
	*str = val;
	return 0;
}
EXPORT_SYMBOL_GPL(kho_image_get_string);

/**
 * kho_image_get_pages - read memory that the image refers to
 * @image: the image
 * @node: the node
 * @prop: name of the property that is the reference
 * @nr_pages: where to store the number of pages
 *
 * Return: the memory, which lives as long as @image; NULL if there is no such
 * property or it refers to memory that isn't part of the image.
 */
const void *kho_image_get_pages(const struct kho_image *image, int node,
				const char *prop, unsigned long *nr_pages)
{
	fdt64_t cells[2];
	u64 phys, nr;

	if (kho_image_get_fixed(image, node, prop, cells, sizeof(cells)))
		return NULL;

	phys = fdt64_to_cpu(cells[0]);
	nr = fdt64_to_cpu(cells[1]);
	if (!kho_image_find_extent(image, phys, nr))
		return NULL;

	*nr_pages = nr;
	return phys_to_virt(phys);
}
EXPORT_SYMBOL_GPL(kho_image_get_pages);
