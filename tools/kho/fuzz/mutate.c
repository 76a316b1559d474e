// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutations that bytes alone seldom make: one more preserved block, and an
 * address of a page that there is. Each is a piece at the end of the input.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/mm.h>

#include "../../../kernel/kho/map.h"
#include "../../../kernel/kho/root_fdt.h"
#include "../physmem.h"
#include "layout.h"
#include "libfuzzer.h"
#include "memory.h"

#define MAX_PAGES	256
#define MAX_ORDER	4
#define FIRST_NEW	0x900
/* What one mutation adds at most: a piece for each level of the map. */
#define MAX_GROWTH	(KHO_TREE_MAX_DEPTH * \
			 (sizeof(struct fuzz_piece) + sizeof(u64)))

struct pages {
	u64 phys[MAX_PAGES];
	unsigned int nr;
};

static size_t append(uint8_t *data, size_t size, u64 phys, const void *bytes,
		     size_t len)
{
	struct fuzz_piece piece = {
		.page = phys / PAGE_SIZE,
		.offset = phys % PAGE_SIZE,
		.len = len,
	};

	memcpy(data + size, &piece, sizeof(piece));
	memcpy(data + size + sizeof(piece), bytes, len);
	return size + sizeof(piece) + len;
}

static void find_pages(const uint8_t *data, size_t size, struct pages *pages)
{
	struct fuzz_piece piece;
	size_t at;

	for (at = sizeof(struct fuzz_input);
	     at + sizeof(piece) <= size && pages->nr < MAX_PAGES;
	     at += sizeof(piece) + piece.len) {
		memcpy(&piece, data + at, sizeof(piece));
		pages->phys[pages->nr++] = piece.page * PAGE_SIZE;
	}
}

/* A table or leaf that isn't there yet, of a page that few inputs have. */
static u64 new_node(void)
{
	return (FIRST_NEW + rand() % MAX_PAGES) * PAGE_SIZE;
}

/*
 * Where is the bit of this block? What is missing on the way there is added to
 * the input. Returns 0 if the map can't be followed.
 */
static u64 make_bit(uint8_t *data, size_t *size, u64 root, u64 key)
{
	unsigned int shift = KHO_BITMAP_SIZE_LOG2 +
			     (KHO_TREE_MAX_DEPTH - 1) * KHO_TABLE_SIZE_LOG2;
	u64 node = root;

	while (shift > KHO_BITMAP_SIZE_LOG2) {
		const u64 *table = physmem_at(node, PAGE_SIZE);
		u64 entry, child;

		if (!table || !PAGE_ALIGNED(node))
			return 0;
		shift -= KHO_TABLE_SIZE_LOG2;
		entry = (key >> shift) % BIT(KHO_TABLE_SIZE_LOG2);
		child = table[entry];
		if (!child) {
			child = new_node();
			*size = append(data, *size, node + entry * sizeof(u64),
				       &child, sizeof(child));
		}
		node = child;
	}
	return node + key % BIT(KHO_BITMAP_SIZE_LOG2) / 8;
}

/*
 * Small blocks are where something is, or in low memory, and large ones at
 * either end.
 */
static u64 choose_block(u64 phys)
{
	unsigned int order = rand() % (MAX_ORDER + 1);

	if (!(rand() % 4))
		phys = rand() % MAX_PAGES * PAGE_SIZE;
	if (rand() % 4)
		return kho_map_key(ALIGN_DOWN(phys, PAGE_SIZE << order), order);

	order = MAX_ORDER + rand() % (KHO_MAP_MAX_ORDER + 1 - MAX_ORDER);
	phys = ((u64)(rand() % 4) - 2) << (order + PAGE_SHIFT);
	return kho_map_key(phys, order);
}

static size_t add_block(uint8_t *data, size_t size, u64 phys)
{
	const struct fuzz_input *input = (const void *)data;
	u64 key = choose_block(phys), at;
	const void *fdt = physmem_at(input->fdt, PAGE_SIZE);
	phys_addr_t root;
	uint8_t *byte, value;

	if (!fdt || kho_root_check(fdt, PAGE_SIZE, &root))
		return size;
	at = make_bit(data, &size, root, key);
	byte = at ? physmem_at(at, 1) : NULL;
	if (!byte)
		return size;
	value = *byte | 1 << key % 8;
	return append(data, size, at, &value, sizeof(value));
}

static size_t add_address(uint8_t *data, size_t size, u64 phys, u64 target)
{
	u64 at = phys + rand() % (PAGE_SIZE / sizeof(u64)) * sizeof(u64);

	return append(data, size, at, &target, sizeof(target));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	struct pages pages = {};
	u64 one, other;

	srand(seed);
	if (size >= sizeof(struct fuzz_input))
		find_pages(data, size, &pages);
	if (!pages.nr || rand() % 4 || size + MAX_GROWTH > max)
		return LLVMFuzzerMutate(data, size, max);

	one = pages.phys[rand() % pages.nr];
	other = pages.phys[rand() % pages.nr];
	if (rand() % 2)
		return add_address(data, size, one, other);

	memory_reset();
	memory_lay_out(data + sizeof(struct fuzz_input),
		       size - sizeof(struct fuzz_input));
	return add_block(data, size, one + rand() % 3 * PAGE_SIZE);
}
