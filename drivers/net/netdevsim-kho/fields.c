// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of a record: one that is missing or can't be believed costs itself
 * alone.
 */
#include <linux/kernel.h>

#include "internal.h"

/* What can't be restored is said to be lost. */
static bool believe(struct nsim_kho *kho, const char *where, const char *prop,
		    int err, u64 val)
{
	switch (err) {
	case 0:
		return true;
	case -ENOENT:
		nsim_kho_lost(kho, "%s: %s: not in the record", where, prop);
		return false;
	case -ERANGE:
		nsim_kho_lost(kho, "%s: %s: %llu is out of range", where, prop,
			      val);
		return false;
	default:
		nsim_kho_lost(kho, "%s: %s: not a number", where, prop);
		return false;
	}
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
			     const struct kho_field *fields, size_t nr,
			     void *base)
{
	size_t i;

	if (node < 0) {
		nsim_kho_lost(kho, "%s: not in the record", where);
		return;
	}

	for (i = 0; i < nr; i++) {
		u64 val = 0;
		int err = kho_image_get_field(kho->in.image, node, &fields[i],
					      base, &val);

		believe(kho, where, fields[i].name, err, val);
	}
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

	if (!err && read > max)
		err = -ERANGE;
	if (!believe(kho, where, prop, err, read))
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

	if (!err && read > max)
		err = -ERANGE;
	if (!believe(kho, where, prop, err, read))
		return false;
	*val = read;
	return true;
}
