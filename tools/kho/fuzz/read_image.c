// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads all of an image, by every function that a client has for it.
 */
#include <string.h>

#include <linux/libfdt.h>
#include <linux/mm.h>

#include "../../../kernel/kho/fsm/internal.h"
#include "memory.h"
#include "read_image.h"

/* Looking things up by name is quadratic. */
#define LOOKUPS	8

static void read_by_name(const struct kho_image *image, int node,
			 const char *name)
{
	const char *str;
	unsigned long nr_pages;
	size_t len;
	u32 small;
	u64 large;

	touch(kho_image_get(image, node, name, &len), len);
	kho_image_get_u32(image, node, name, &small);
	kho_image_get_u64(image, node, name, &large);
	if (!kho_image_get_string(image, node, name, &str) &&
	    strlen(str) + 1 != len)
		wrong("a string doesn't end where its property does");
	kho_image_get_pages(image, node, name, &nr_pages);
}

static void read_node(const struct kho_image *image, int node)
{
	unsigned int lookups = LOOKUPS;
	int prop, child;

	fdt_for_each_property_offset(prop, image->fdt, node) {
		const char *name;

		if (!fdt_getprop_by_offset(image->fdt, prop, &name, NULL))
			wrong("a property can't be read");
		if (lookups && lookups--)
			read_by_name(image, node, name);
	}
	lookups = LOOKUPS;
	for (child = kho_image_first(image, node); child >= 0;
	     child = kho_image_next(image, child)) {
		const char *name = kho_image_name(image, child);

		if (!name)
			wrong("a node has no name");
		if (lookups && lookups-- &&
		    kho_image_find(image, node, name) < 0)
			wrong("a node can't be found by its name");
		read_node(image, child);
	}
}

/**
 * read_image - read all of an image
 * @image: the image; not broken
 */
void read_image(const struct kho_image *image)
{
	static const char * const formats[] = { "test-v2", "test-v1", NULL };

	kho_image_format(image, formats);
	read_node(image, 0);
}
