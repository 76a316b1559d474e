// SPDX-License-Identifier: GPL-2.0-only
/*
 * What most of a record is made of: numbers, described by tables, and lists.
 * A number that is missing or that can't be believed costs itself alone.
 */
#include <linux/kernel.h>

#include "internal.h"

static u64 load(const void *field, u32 size)
{
	switch (size) {
	case sizeof(u8):
		return READ_ONCE(*(const u8 *)field);
	case sizeof(u16):
		return READ_ONCE(*(const u16 *)field);
	case sizeof(u32):
		return READ_ONCE(*(const u32 *)field);
	default:
		return READ_ONCE(*(const u64 *)field);
	}
}

static void store(void *field, u32 size, u64 val)
{
	switch (size) {
	case sizeof(u8):
		WRITE_ONCE(*(u8 *)field, val);
		break;
	case sizeof(u16):
		WRITE_ONCE(*(u16 *)field, val);
		break;
	case sizeof(u32):
		WRITE_ONCE(*(u32 *)field, val);
		break;
	default:
		WRITE_ONCE(*(u64 *)field, val);
		break;
	}
}

/**
 * nsim_kho_save_fields - write the numbers of a structure to the current node
 * @image: outgoing image
 * @fields: table of them
 * @nr: entries of @fields
 * @base: the structure
 *
 * Context: may sleep; the caller holds whatever protects the structure.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_fields(struct kho_image *image,
			 const struct nsim_kho_field *fields, size_t nr,
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

/**
 * nsim_kho_restore_fields - read the numbers of a structure
 * @kho: device that is being restored
 * @node: node to read from, or a negative errno if there is none
 * @where: what the node describes, for messages
 * @fields: table of the numbers
 * @nr: entries of @fields
 * @base: the structure, which keeps what can't be read
 *
 * Context: may sleep; the caller holds whatever protects the structure.
 */
void nsim_kho_restore_fields(struct nsim_kho *kho, int node, const char *where,
			     const struct nsim_kho_field *fields, size_t nr,
			     void *base)
{
	size_t i;

	if (node < 0) {
		nsim_kho_lost(kho, "%s: not in the record", where);
		return;
	}

	for (i = 0; i < nr; i++) {
		const struct nsim_kho_field *field = &fields[i];
		u32 val32;
		u64 val;

		if (field->size > sizeof(u32)) {
			if (!nsim_kho_get_u64(kho, node, where, field->name,
					      field->max, &val))
				continue;
		} else {
			if (!nsim_kho_get_u32(kho, node, where, field->name,
					      field->max, &val32))
				continue;
			val = val32;
		}
		store(base + field->offset, field->size, val);
	}
}

static bool believe(struct nsim_kho *kho, const char *where, const char *prop,
		    int err, u64 max, u64 val)
{
	if (err == -ENOENT)
		nsim_kho_lost(kho, "%s: %s: not in the record", where, prop);
	else if (err)
		nsim_kho_lost(kho, "%s: %s: not a number", where, prop);
	else if (val > max)
		nsim_kho_lost(kho, "%s: %s: %llu is out of range", where, prop,
			      val);
	return !err && val <= max;
}

/**
 * nsim_kho_get_u32 - read a number, or note that it is lost
 * @kho: device that is being restored
 * @node: node to read from
 * @where: what the node describes, for messages
 * @prop: name of the property
 * @max: largest value that is believed
 * @val: where to store the value; unchanged if it is lost
 *
 * Context: may sleep.
 * Return: whether it was read.
 */
bool nsim_kho_get_u32(struct nsim_kho *kho, int node, const char *where,
		      const char *prop, u32 max, u32 *val)
{
	u32 read = 0;
	int err = kho_image_get_u32(kho->in.image, node, prop, &read);

	if (!believe(kho, where, prop, err, max, read))
		return false;
	*val = read;
	return true;
}

/**
 * nsim_kho_get_u64 - read a 64-bit number, or note that it is lost
 * @kho: device that is being restored
 * @node: node to read from
 * @where: what the node describes, for messages
 * @prop: name of the property
 * @max: largest value that is believed
 * @val: where to store the value; unchanged if it is lost
 *
 * Context: may sleep.
 * Return: whether it was read.
 */
bool nsim_kho_get_u64(struct nsim_kho *kho, int node, const char *where,
		      const char *prop, u64 max, u64 *val)
{
	u64 read = 0;
	int err = kho_image_get_u64(kho->in.image, node, prop, &read);

	if (!believe(kho, where, prop, err, max, read))
		return false;
	*val = read;
	return true;
}

static void item_name(char *name, size_t size, const char *prefix,
		      unsigned int i)
{
	snprintf(name, size, "%s@%u", prefix, i);
}

/**
 * nsim_kho_enter_item - go into an item of a list
 * @image: outgoing image
 * @prefix: what the list is made of
 * @i: position
 *
 * Return: as kho_image_enter().
 */
int nsim_kho_enter_item(struct kho_image *image, const char *prefix,
			unsigned int i)
{
	char name[KHO_NAME_MAX + 1];

	item_name(name, sizeof(name), prefix, i);
	return kho_image_enter(image, name);
}

/**
 * nsim_kho_find_item - find an item of a list
 * @kho: device that is being restored
 * @parent: node of the list
 * @prefix: what the list is made of
 * @i: position
 *
 * Return: its node, or -ENOENT.
 */
int nsim_kho_find_item(struct nsim_kho *kho, int parent, const char *prefix,
		       unsigned int i)
{
	char name[KHO_NAME_MAX + 1];

	item_name(name, sizeof(name), prefix, i);
	return kho_image_find(kho->in.image, parent, name);
}

/**
 * nsim_kho_trim_list - the list has become shorter since the last pass
 * @image: outgoing image; the list is the current node
 * @prefix: what the list is made of
 * @written: how long it was; is updated
 * @nr: how long it is
 *
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_trim_list(struct kho_image *image, const char *prefix,
		       unsigned int *written, unsigned int nr)
{
	char name[KHO_NAME_MAX + 1];
	int err;

	while (*written > nr) {
		item_name(name, sizeof(name), prefix, *written - 1);
		err = kho_image_delete(image, name);
		if (err)
			return err;
		(*written)--;
	}
	*written = nr;
	return kho_image_set_u32(image, "count", nr);
}
