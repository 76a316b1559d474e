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

/* Where is the bit of this block, if its leaf is there already? */
static u64 find_bit(u64 root, u64 key)
{
	unsigned int shift = KHO_BITMAP_SIZE_LOG2 +
			     (KHO_TREE_MAX_DEPTH - 1) * KHO_TABLE_SIZE_LOG2;
	u64 node = root;

	while (node && shift > KHO_BITMAP_SIZE_LOG2) {
		const u64 *table = physmem_at(node, PAGE_SIZE);

		if (!table || !PAGE_ALIGNED(node))
			return 0;
		shift -= KHO_TABLE_SIZE_LOG2;
		node = table[(key >> shift) % BIT(KHO_TABLE_SIZE_LOG2)];
	}
	return node ? node + key % BIT(KHO_BITMAP_SIZE_LOG2) / 8 : 0;
}

static size_t add_block(uint8_t *data, size_t size, u64 phys)
{
	const struct fuzz_input *input = (const void *)data;
	unsigned int order = rand() % (MAX_ORDER + 1);
	u64 key = kho_map_key(ALIGN_DOWN(phys, PAGE_SIZE << order), order), at;
	const void *fdt = physmem_at(input->fdt, PAGE_SIZE);
	phys_addr_t root;
	uint8_t *byte, value;

	if (!fdt || kho_root_check(fdt, PAGE_SIZE, &root))
		return size;
	at = find_bit(root, key);
	byte = physmem_at(at, 1);
	if (!at || !byte)
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
	if (!pages.nr || rand() % 4 ||
	    size + sizeof(struct fuzz_piece) + sizeof(u64) > max)
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
