// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the properties and children of an image's nodes are. A later pass writes
 * what an earlier one has written, in the same order, so the next one is next to
 * the last one. libfdt would go through all that is there each time.
 */
#include <linux/libfdt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

#define INDEX_MIN	16

static const char *prop_name(const void *fdt, int prop)
{
	const char *name;

	return fdt_getprop_by_offset(fdt, prop, &name, NULL) ? name : "";
}

static const char *child_name(const void *fdt, int child)
{
	return fdt_get_name(fdt, child, NULL) ?: "";
}

const struct kho_index_kind kho_index_props = {
	.first = fdt_first_property_offset,
	.next = fdt_next_property_offset,
	.name = prop_name,
};

const struct kho_index_kind kho_index_children = {
	.first = fdt_first_subnode,
	.next = fdt_next_subnode,
	.name = child_name,
};

static bool add(struct kho_index *index, int offset)
{
	unsigned int size = index->size ? index->size * 2 : INDEX_MIN;
	int *at;

	if (index->nr == index->size) {
		at = krealloc_array(index->at, size, sizeof(*at), GFP_KERNEL);
		if (!at)
			return false;
		index->at = at;
		index->size = size;
	}
	index->at[index->nr++] = offset;
	return true;
}

static bool build(const struct kho_index_kind *kind, const void *fdt,
		  struct kho_index *index)
{
	int offset;

	index->nr = 0;
	for (offset = kind->first(fdt, index->node); offset >= 0;
	     offset = kind->next(fdt, offset))
		if (!add(index, offset))
			return false;
	/* libfdt puts a new one before the others. */
	index->next = index->nr - 1;
	return true;
}

/**
 * kho_index_find - find a property or a child
 * @kind: what is looked for, &kho_index_props or &kho_index_children
 * @image: outgoing image
 * @index: that of the node's depth
 * @node: the node
 * @name: name of what is looked for
 *
 * While an image is written for the first time, each write moves what is there,
 * so an index is only made if nothing has changed since the last look at the
 * node.
 *
 * Context: client's prepare or save; may sleep.
 * Return: the offset; -ENOENT if there is none; -EAGAIN if there is no index.
 */
int kho_index_find(const struct kho_index_kind *kind,
		   const struct kho_image *image, struct kho_index *index,
		   int node, const char *name)
{
	unsigned int i, k;

	if (index->node != node || index->shape != image->shape) {
		index->node = node;
		index->shape = image->shape;
		index->valid = false;
		return -EAGAIN;
	}
	if (!index->valid) {
		index->valid = build(kind, image->fdt, index);
		if (!index->valid)
			return -EAGAIN;
	}

	for (i = 0; i < index->nr; i++) {
		k = (index->next + index->nr - i) % index->nr;
		if (strcmp(kind->name(image->fdt, index->at[k]), name))
			continue;
		index->next = (k + index->nr - 1) % index->nr;
		return index->at[k];
	}
	return -ENOENT;
}

/**
 * kho_index_free - free all indexes of an image
 * @image: the image
 */
void kho_index_free(struct kho_image *image)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(image->node); i++) {
		kfree(image->props[i].at);
		kfree(image->children[i].at);
	}
}
