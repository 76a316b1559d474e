// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second opinion on the preserved-memory map, written without the code under
 * test: which blocks can be found in it?
 */
#include <linux/mm.h>

#include "../../../kernel/kho/internal.h"
#include "../physmem.h"
#include "memory.h"
#include "oracle.h"

#define LEVELS		6
#define LEAF_BITS	15
#define TABLE_BITS	9
#define ORDER0_BIT	52
#define MAX_BLOCKS	4096

static struct {
	u64 phys;
	u64 size;
} blocks[MAX_BLOCKS];
static unsigned int nr_blocks;

static void add_block(u64 key)
{
	unsigned int top = 63 - __builtin_clzll(key);
	unsigned int order = ORDER0_BIT - top;
	u64 phys, size;

	if (top > ORDER0_BIT || order + PAGE_SHIFT >= 63 ||
	    nr_blocks == MAX_BLOCKS)
		return;
	size = (u64)PAGE_SIZE << order;
	phys = (key ^ 1ULL << top) * size;
	if (!physmem_at(phys, size) || kho_scratch_overlap(phys, size))
		return;
	blocks[nr_blocks].phys = phys;
	blocks[nr_blocks++].size = size;
}

static void read_leaf(const u64 *words, u64 key)
{
	unsigned int i, bit;

	for (i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		for (bit = 0; words[i] && bit < 64; bit++)
			if (words[i] >> bit & 1 && (key | i | bit))
				add_block(key | (i * 64 + bit));
}

/*
 * A node counts where it is met first; whoever meets it later is wrong. @leaf
 * may be NULL.
 */
static void read_node(u64 phys, unsigned int level, u64 key,
		      void (*leaf)(const u64 *words, u64 key))
{
	const u64 *words = physmem_at(phys, PAGE_SIZE);
	unsigned int i;

	if (!words || phys % PAGE_SIZE || kho_scratch_overlap(phys, PAGE_SIZE) ||
	    memory_any(NODE, phys, PAGE_SIZE))
		return;
	memory_mark(NODE, phys, PAGE_SIZE);
	if (!level) {
		if (leaf)
			leaf(words, key);
		return;
	}
	for (i = 0; i < 1U << TABLE_BITS; i++) {
		u64 child = key | (u64)i << (LEAF_BITS + (level - 1) *
					     TABLE_BITS);

		if (words[i] && !(child >> (ORDER0_BIT + 1)))
			read_node(words[i], level - 1, child, leaf);
	}
}

/**
 * oracle_read - read a map before the code under test does
 * @root: physical address of its root in bytes
 */
void oracle_read(u64 root)
{
	nr_blocks = 0;
	read_node(root, LEVELS - 1, 0, read_leaf);
}

/**
 * oracle_mark_nodes - mark which pages the map is made of
 * @root: physical address of its root in bytes
 *
 * To be called when what is bad has been cut off: memory that only seemed to be
 * a node may well have an owner.
 */
void oracle_mark_nodes(u64 root)
{
	memory_unmark(NODE);
	read_node(root, LEVELS - 1, 0, NULL);
}

/**
 * oracle_expect_reserved - nothing that was preserved may be given away
 */
void oracle_expect_reserved(void)
{
	unsigned int i;

	for (i = 0; i < nr_blocks; i++)
		if (!memory_all(RESERVED, blocks[i].phys, blocks[i].size))
			wrong("%#lx bytes at %#lx are preserved, but not reserved",
			      blocks[i].size, blocks[i].phys);
}

/**
 * oracle_expect_not_free - nothing that was preserved may be allocated
 */
void oracle_expect_not_free(void)
{
	unsigned int i;

	for (i = 0; i < nr_blocks; i++)
		if (memory_any(FREE, blocks[i].phys, blocks[i].size))
			wrong("%#lx bytes at %#lx are preserved, but marked free",
			      blocks[i].size, blocks[i].phys);
}

/**
 * oracle_block - one preserved block after the other
 * @i: number of the block
 *
 * Return: its physical address in bytes, 0 after the last one.
 */
u64 oracle_block(unsigned int i)
{
	return i < nr_blocks ? blocks[i].phys : 0;
}
