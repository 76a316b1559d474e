// SPDX-License-Identifier: GPL-2.0-only
/*
 * What most of an image is made of: numbers of a structure, described by a
 * table, and lists of equal nodes, "queue@0", "queue@1", ...
 */
#include <linux/export.h>
#include <linux/kernel.h>

#include "internal.h"

static u64 load(const void *place, u32 size)
{
	switch (size) {
	case sizeof(u8):
		return READ_ONCE(*(const u8 *)place);
	case sizeof(u16):
		return READ_ONCE(*(const u16 *)place);
	case sizeof(u32):
		return READ_ONCE(*(const u32 *)place);
	default:
		return READ_ONCE(*(const u64 *)place);
	}
}

static void store(void *place, u32 size, u64 val)
{
	switch (size) {
	case sizeof(u8):
		WRITE_ONCE(*(u8 *)place, val);
		break;
	case sizeof(u16):
		WRITE_ONCE(*(u16 *)place, val);
		break;
	case sizeof(u32):
		WRITE_ONCE(*(u32 *)place, val);
		break;
	default:
		WRITE_ONCE(*(u64 *)place, val);
		break;
	}
}

/**
 * kho_image_set_fields - write numbers of a structure to the current node
 * @image: the image
 * @fields: table of the numbers
 * @nr: entries of @fields
 * @base: the structure
 *
 * Context: client's prepare or save, with whatever protects the structure; may
 * sleep.
 * Return: as kho_image_set().
 */
int kho_image_set_fields(struct kho_image *image,
			 const struct kho_field *fields, size_t nr,
			 const void *base)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		u64 val = load(base + fields[i].offset, fields[i].size);
		int err;

		if (fields[i].size > sizeof(u32))
			err = kho_image_set_u64(image, fields[i].name, val);
		else
			err = kho_image_set_u32(image, fields[i].name, val);
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kho_image_set_fields);

/**
 * kho_image_get_field - read a number of a structure
 * @image: the image
 * @node: the node
 * @field: the number
 * @base: the structure, which keeps what it has if the number can't be read
 * @val: set to what was read, also if it is out of range
 *
 * Context: whatever protects the structure.
 * Return: 0; -ENOENT if it isn't there; -EINVAL if it is no such number; -ERANGE
 * if it can't be believed.
 */
int kho_image_get_field(const struct kho_image *image, int node,
			const struct kho_field *field, void *base, u64 *val)
{
	u32 val32 = 0;
	int err;

	if (field->size > sizeof(u32)) {
		err = kho_image_get_u64(image, node, field->name, val);
	} else {
		err = kho_image_get_u32(image, node, field->name, &val32);
		*val = val32;
	}
	if (err)
		return err;
	if (*val > field->max)
		return -ERANGE;
	store(base + field->offset, field->size, *val);
	return 0;
}
EXPORT_SYMBOL_GPL(kho_image_get_field);

/**
 * kho_image_get_fields - read numbers of a structure
 * @image: the image
 * @node: the node
 * @fields: table of the numbers
 * @nr: entries of @fields
 * @base: the structure; a number that can't be read is left as it is
 *
 * Context: whatever protects the structure.
 * Return: 0, or the first error of those of kho_image_get_field().
 */
int kho_image_get_fields(const struct kho_image *image, int node,
			 const struct kho_field *fields, size_t nr, void *base)
{
	int err = 0, bad;
	size_t i;
	u64 val;

	for (i = 0; i < nr; i++) {
		bad = kho_image_get_field(image, node, &fields[i], base, &val);
		err = err ?: bad;
	}
	return err;
}
EXPORT_SYMBOL_GPL(kho_image_get_fields);

static void item_name(char *name, size_t size, const char *prefix,
		      unsigned int i)
{
	snprintf(name, size, "%s@%u", prefix, i);
}

/**
 * kho_image_enter_item - go into an item of the list in the current node
 * @image: the image
 * @prefix: what the list is made of
 * @i: position
 *
 * Context: client's prepare or save; may sleep.
 * Return: as kho_image_enter().
 */
int kho_image_enter_item(struct kho_image *image, const char *prefix,
			 unsigned int i)
{
	char name[KHO_NAME_MAX + 1];

	item_name(name, sizeof(name), prefix, i);
	return kho_image_enter(image, name);
}
EXPORT_SYMBOL_GPL(kho_image_enter_item);

/**
 * kho_image_find_item - find an item of a list
 * @image: the image
 * @parent: node of the list
 * @prefix: what the list is made of
 * @i: position
 *
 * Return: its node, or -ENOENT.
 */
int kho_image_find_item(const struct kho_image *image, int parent,
			const char *prefix, unsigned int i)
{
	char name[KHO_NAME_MAX + 1];

	item_name(name, sizeof(name), prefix, i);
	return kho_image_find(image, parent, name);
}
EXPORT_SYMBOL_GPL(kho_image_find_item);

/**
 * kho_image_end_list - all items of the list in the current node are written
 * @image: the image
 * @prefix: what the list is made of
 * @nr: how many there are; those that an earlier pass wrote beyond are deleted
 *
 * The number is the property "count" of the node, so it has one list only.
 *
 * Context: client's prepare or save; may sleep.
 * Return: as kho_image_set().
 */
int kho_image_end_list(struct kho_image *image, const char *prefix,
		       unsigned int nr)
{
	char name[KHO_NAME_MAX + 1];
	u32 before = 0;

	kho_image_get_u32(image, image->node[image->depth], "count", &before);
	while (before > nr) {
		item_name(name, sizeof(name), prefix, --before);
		kho_image_delete(image, name);
	}
	return kho_image_set_u32(image, "count", nr);
}
EXPORT_SYMBOL_GPL(kho_image_end_list);
