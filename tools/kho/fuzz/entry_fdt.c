// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entry point: one FDT, in memory that ends where it ends.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/libfdt.h>

#include "../../../kernel/kho/fsm/internal.h"
#include "../../../kernel/kho/internal.h"
#include "../../../kernel/kho/root_fdt.h"
#include "entry.h"
#include "read_image.h"

static void read_as_root(void *fdt, size_t size)
{
	phys_addr_t map, blob;
	u64 blob_size;
	int node;

	if (kho_root_check(fdt, size, &map))
		return;
	fdt_for_each_subnode(node, fdt, 0)
		kho_root_find(fdt, fdt_get_name(fdt, node, NULL), &blob,
			      &blob_size);
}

static void run(const struct fuzz_input *input, const void *rest, size_t size)
{
	void *fdt = malloc(size ?: 1);
	struct kho_image image = { .fdt = fdt, .capacity = size };

	if (!fdt)
		return;
	memcpy(fdt, rest, size);
	read_as_root(fdt, size);
	if (!kho_image_verify(&image))
		read_image(&image);
	free(fdt);
}

const struct entry fdt_entry = { .run = run };
