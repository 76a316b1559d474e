// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a handover as an input of the fuzz target: the pages that are read,
 * without their zeros. Checksums are 0, as the fuzz target has them.
 */
#include <stdio.h>
#include <string.h>

#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/mm.h>

#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/root_fdt.h"
#include "../../kernel/kho/seal.h"
#include "corpus.h"
#include "dump.h"
#include "fuzz/layout.h"
#include "physmem.h"

/* A shorter run of zeros isn't worth a piece of its own. */
#define GAP	sizeof(struct fuzz_piece)

static size_t end_of_piece(const unsigned char *page, size_t at)
{
	size_t end = at, i;

	for (i = at; i < PAGE_SIZE && i < end + GAP; i++)
		if (page[i])
			end = i + 1;
	return end;
}

static void write_page(FILE *file, u64 phys, const unsigned char *page)
{
	size_t at = 0;

	while (at < PAGE_SIZE) {
		struct fuzz_piece piece = { .page = phys / PAGE_SIZE };
		size_t end;

		if (!page[at]) {
			at++;
			continue;
		}
		end = end_of_piece(page, at);
		piece.offset = at;
		piece.len = end - at;
		fwrite(&piece, sizeof(piece), 1, file);
		fwrite(page + at, 1, end - at, file);
		at = end;
	}
}

static void write_memory(FILE *file, u64 phys, u64 size)
{
	const unsigned char *mem = physmem_at(phys, PAGE_ALIGN(size));
	u64 at;

	for (at = 0; mem && at < size; at += PAGE_SIZE)
		write_page(file, phys + at, mem + at);
}

/* The third of each three numbers is the checksum of an extent. */
static void clear_seals(void *fdt, int node)
{
	fdt64_t *memory, zero = 0;
	int len, i;

	fdt_setprop_inplace(fdt, node, "seal", &zero, sizeof(zero));
	memory = fdt_getprop_w(fdt, node, "memory", &len);
	for (i = 2; memory && i < len / (int)sizeof(zero); i += 3)
		memcpy(&memory[i], &zero, sizeof(zero));
}

static void write_images(FILE *file, void *manifest, u64 size)
{
	int images, node;

	if (kho_fdt_check(manifest, size))
		return;
	clear_seals(manifest, 0);
	images = fdt_subnode_offset(manifest, 0, "images");
	fdt_for_each_subnode(node, manifest, images) {
		int len;
		const fdt64_t *place = fdt_getprop(manifest, node, "image",
						   &len);

		clear_seals(manifest, node);
		if (place && len == 2 * sizeof(*place))
			write_memory(file, fdt64_ld(&place[0]),
				     fdt64_ld(&place[1]));
	}
}

static void clear_seal(const char *name, struct kho_seal *seal, u64 size)
{
	if (!strcmp(name, KHO_SEAL_SUBTREE) && size == sizeof(*seal))
		seal->hash = 0;
}

/* One area is all that a boot needs; it holds the array. */
static void write_scratch(FILE *file, struct fuzz_input *input)
{
	unsigned char page[PAGE_SIZE] = {};

	input->scratch = kho_scratch[0].addr;
	input->scratch_size = kho_scratch_cnt * sizeof(*kho_scratch);
	memcpy(page, kho_scratch, input->scratch_size);
	write_page(file, input->scratch, page);
}

/**
 * corpus_write - write a handover as an input of the fuzz target
 * @path: the file to write
 * @fdt: physical address of the root FDT in bytes, whose map has been read;
 *	scratch areas are known
 *
 * Return: whether it could be written.
 */
bool corpus_write(const char *path, u64 fdt)
{
	FILE *file = fopen(path, "wb");
	struct fuzz_input input = {
		.entry = 0,
		.node_len = sizeof(input) - offsetof(typeof(input), fdt),
		.fdt = fdt,
		.fdt_size = PAGE_SIZE,
	};
	const void *root = phys_to_virt(fdt);
	phys_addr_t phys;
	unsigned int i;
	u64 size;
	int node;

	if (!file || !kho_scratch_cnt)
		return false;

	fwrite(&input, sizeof(input), 1, file);
	write_scratch(file, &input);
	write_page(file, fdt, root);
	for (i = 0; next_map_node(i); i++)
		write_memory(file, next_map_node(i), PAGE_SIZE);
	fdt_for_each_subnode(node, root, 0) {
		const char *name = fdt_get_name(root, node, NULL);

		if (kho_root_find(root, name, &phys, &size) ||
		    !physmem_at(phys, size))
			continue;
		clear_seal(name, physmem_at(phys, size), size);
		write_images(file, physmem_at(phys, size), size);
		write_memory(file, phys, size);
	}

	rewind(file);
	fwrite(&input, sizeof(input), 1, file);
	return !fclose(file);
}
