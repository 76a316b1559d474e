// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preserved-memory map, against a naive model and against answers worked
 * out by hand from the description of the format.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sort.h>

#include "map.h"

#define SEED		20241117
#define NR_CANDIDATES	200
#define NR_STEPS	20000
#define MAX_SEEN	512

struct block {
	phys_addr_t phys;
	unsigned int order;
	bool present;
};

/* What a walk has reported. */
struct seen {
	unsigned int nr;
	struct block blocks[MAX_SEEN];
	unsigned int entered;
	phys_addr_t refused;
	unsigned int nr_bad;
	struct kho_map_node bad;
	u64 run_bytes;
	int err;
};

/* Nodes that a walk has mapped, and not unmapped yet. */
static int nr_mapped;
static int most_mapped;

static struct kho_radix_tree test_map = KHO_MAP_INIT(test_map);

static int map_test_init(struct kunit *test)
{
	nr_mapped = 0;
	most_mapped = 0;
	return kho_map_init(&test_map);
}

static void map_test_exit(struct kunit *test)
{
	kho_map_destroy(&test_map);
}

static int see_block(phys_addr_t phys, unsigned int order, void *data)
{
	struct seen *seen = data;

	if (seen->nr == MAX_SEEN)
		return -ENOSPC;
	seen->blocks[seen->nr++] = (struct block) { phys, order, true };
	return seen->err;
}

static int see_enter(const struct kho_map_node *node, void *data)
{
	struct seen *seen = data;

	if (node->phys == seen->refused)
		return -EINVAL;
	seen->entered++;
	return 0;
}

static int see_run(phys_addr_t phys, u64 size, void *data)
{
	struct seen *seen = data;

	seen->run_bytes += size;
	return 0;
}

static int see_bad(const struct kho_map_node *node, void *data)
{
	struct seen *seen = data;

	seen->nr_bad++;
	seen->bad = *node;
	return seen->err;
}

static void *map_node(phys_addr_t phys)
{
	most_mapped = max(most_mapped, ++nr_mapped);
	return phys_to_virt(phys);
}

static void unmap_node(void *node)
{
	nr_mapped--;
}

static const struct kho_map_walker plain_walker = {
	.block = see_block,
};

static const struct kho_map_walker full_walker = {
	.enter = see_enter,
	.map = map_node,
	.unmap = unmap_node,
	.block = see_block,
	.bad = see_bad,
};

static struct seen *new_seen(struct kunit *test)
{
	struct seen *seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	return seen;
}

/* --- against a model --- */

/* Few addresses for many orders, so that blocks meet in the same nodes. */
static void make_candidates(struct block *blocks, struct rnd_state *rnd)
{
	static const unsigned int orders[] = {
		0, 0, 0, 0, 1, 2, 3, 9, 10, 15, 20, 30, 38, 40, 50, 51,
	};
	unsigned int i;

	for (i = 0; i < NR_CANDIDATES; i++) {
		unsigned int order = orders[prandom_u32_state(rnd) %
					    ARRAY_SIZE(orders)];
		u64 index = prandom_u32_state(rnd) % 64;

		if (prandom_u32_state(rnd) % 4 == 0)
			index |= (u64)prandom_u32_state(rnd) << 20;
		blocks[i].order = order;
		blocks[i].phys = index << (PAGE_SHIFT + order);
		blocks[i].present = false;
	}
}

static bool same_block(const struct block *a, const struct block *b)
{
	return a->phys == b->phys && a->order == b->order;
}

/* The same block may be a candidate more than once. */
static void model_put(struct block *blocks, const struct block *what,
		      bool present)
{
	unsigned int i;

	for (i = 0; i < NR_CANDIDATES; i++)
		if (same_block(&blocks[i], what))
			blocks[i].present = present;
}

static int model_order(const struct block *blocks, phys_addr_t phys)
{
	int order = -ENOENT;
	unsigned int i;

	for (i = 0; i < NR_CANDIDATES; i++)
		if (blocks[i].present && blocks[i].phys == phys)
			order = max_t(int, order, blocks[i].order);
	return order;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->order != y->order)
		return x->order > y->order ? -1 : 1;
	if (x->phys != y->phys)
		return x->phys < y->phys ? -1 : 1;
	return 0;
}

static unsigned int model_sorted(const struct block *blocks,
				 struct block *sorted)
{
	unsigned int i, nr = 0, unique = 0;

	for (i = 0; i < NR_CANDIDATES; i++)
		if (blocks[i].present)
			sorted[nr++] = blocks[i];
	sort(sorted, nr, sizeof(*sorted), compare_blocks, NULL);

	for (i = 0; i < nr; i++)
		if (!unique || !same_block(&sorted[unique - 1], &sorted[i]))
			sorted[unique++] = sorted[i];
	return unique;
}

static void compare_walk(struct kunit *test, const struct block *blocks,
			 struct block *sorted, struct seen *seen)
{
	unsigned int nr = model_sorted(blocks, sorted), i;

	seen->nr = 0;
	KUNIT_ASSERT_EQ(test, kho_map_walk(&test_map, &plain_walker, seen), 0);
	KUNIT_ASSERT_EQ(test, seen->nr, nr);
	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_EQ(test, seen->blocks[i].order, sorted[i].order);
		KUNIT_ASSERT_EQ(test, seen->blocks[i].phys, sorted[i].phys);
	}
}

static void one_step(struct kunit *test, struct block *blocks,
		     struct rnd_state *rnd)
{
	const struct block *what = &blocks[prandom_u32_state(rnd) %
					   NR_CANDIDATES];
	bool present = what->present;

	switch (prandom_u32_state(rnd) % 4) {
	case 0:
		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, what->phys,
						  what->order), 0);
		model_put(blocks, what, true);
		break;
	case 1:
		KUNIT_ASSERT_EQ(test, kho_map_clear(&test_map, what->phys,
						    what->order), present);
		model_put(blocks, what, false);
		break;
	case 2:
		KUNIT_ASSERT_EQ(test, kho_map_test(&test_map, what->phys,
						   what->order), present);
		break;
	default:
		KUNIT_ASSERT_EQ(test, kho_map_order(&test_map, what->phys),
				model_order(blocks, what->phys));
	}
}

static void map_test_model(struct kunit *test)
{
	struct block *blocks, *sorted;
	struct seen *seen = new_seen(test);
	struct rnd_state rnd;
	unsigned int i;

	blocks = kunit_kcalloc(test, NR_CANDIDATES, sizeof(*blocks),
			       GFP_KERNEL);
	sorted = kunit_kcalloc(test, NR_CANDIDATES, sizeof(*sorted),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	KUNIT_ASSERT_NOT_NULL(test, sorted);

	prandom_seed_state(&rnd, SEED);
	make_candidates(blocks, &rnd);
	for (i = 0; i < NR_STEPS; i++) {
		one_step(test, blocks, &rnd);
		if (i % 100 == 0)
			compare_walk(test, blocks, sorted, seen);
	}

	for (i = 0; i < NR_CANDIDATES; i++)
		kho_map_clear(&test_map, blocks[i].phys, blocks[i].order);
	seen->nr = 0;
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &plain_walker, seen), 0);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
}

/* --- keys --- */

static void expect_round_trip(struct kunit *test, phys_addr_t phys,
			      unsigned int order)
{
	u64 key = kho_map_key(phys, order);
	unsigned int decoded;

	KUNIT_EXPECT_EQ_MSG(test, kho_map_decode(key, &decoded), phys,
			    "order %u", order);
	KUNIT_EXPECT_EQ(test, decoded, order);
	KUNIT_EXPECT_EQ(test, fls64(key) - 1, KHO_ORDER_0_LOG2 - order);
}

static void map_test_keys(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++) {
		u64 size = BIT_ULL(order + PAGE_SHIFT);

		expect_round_trip(test, 0, order);
		expect_round_trip(test, size, order);
		expect_round_trip(test, BIT_ULL(63), order);
		expect_round_trip(test, -size, order);
		expect_round_trip(test, 0x123456789abcdef0 & -size, order);
	}
}

/* Extreme blocks, and the neighbours that share their nodes or just don't. */
static void map_test_extremes(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++) {
		u64 size = BIT_ULL(order + PAGE_SHIFT), last = -size;

		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, last, order), 0);
		KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, last, order));
		KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, 0, order));
		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 0, order), 0);
		KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, 0), order);
		KUNIT_EXPECT_TRUE(test, kho_map_clear(&test_map, last, order));
		KUNIT_EXPECT_FALSE(test, kho_map_clear(&test_map, last, order));
		KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, last, order));
	}
}

static void map_test_leaf_boundary(struct kunit *test)
{
	/* One leaf describes this much memory in single pages. */
	const u64 span = (u64)PAGE_SIZE << KHO_BITMAP_SIZE_LOG2;
	const u64 table = span << KHO_TABLE_SIZE_LOG2;
	const u64 edges[] = { span, 2 * span, table, table + span };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		u64 below = edges[i] - PAGE_SIZE;

		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, below, 0), 0);
		KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, edges[i], 0));
		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, edges[i], 0), 0);
		KUNIT_EXPECT_TRUE(test, kho_map_clear(&test_map, below, 0));
		KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, edges[i], 0));
		KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, below), -ENOENT);
		KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, edges[i]), 0);
	}
}

static void map_test_refused(struct kunit *test)
{
	struct seen *seen = new_seen(test);
	unsigned int order;

	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++) {
		u64 size = BIT_ULL(order + PAGE_SHIFT);

		KUNIT_EXPECT_EQ(test, kho_map_set(&test_map, size / 2, order),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, kho_map_set(&test_map, size + 1, order),
				-EINVAL);
	}
	KUNIT_EXPECT_EQ(test, kho_map_set(&test_map, 0, KHO_MAP_MAX_ORDER + 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_map_set(&test_map, 0, UINT_MAX), -EINVAL);

	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen), 0);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
	KUNIT_EXPECT_EQ(test, seen->entered, 1);
}

static void map_test_set_twice(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 3), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 3), 0);
	KUNIT_EXPECT_TRUE(test, kho_map_clear(&test_map, SZ_1M, 3));
	KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, SZ_1M, 3));
}

/* The largest block counts, and only one that starts at the very address. */
static void map_test_order(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 4), 0);
	KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, SZ_1M), 4);
	KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, SZ_1M + PAGE_SIZE),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, SZ_1M + 1), -ENOENT);

	KUNIT_EXPECT_TRUE(test, kho_map_clear(&test_map, SZ_1M, 4));
	KUNIT_EXPECT_EQ(test, kho_map_order(&test_map, SZ_1M), 0);
}

/* --- the format, for pages of 4 KiB --- */

struct known_answer {
	phys_addr_t phys;
	unsigned int order;
	unsigned int index[5];	/* in the tables, the root first */
	unsigned int bit;
};

/*
 * A key has 1 + 52 - order significant bits. From the top, the tables take 9
 * each at bits 51, 42, 33, 24 and 15; a leaf takes the last 15.
 */
static const struct known_answer known_answers[] = {
	/* key 1 << 52 | pfn */
	{ 0x0,			0, { 2, 0, 0, 0, 0 }, 0 },
	{ 0x1000,		0, { 2, 0, 0, 0, 0 }, 1 },
	{ 0x7fff000,		0, { 2, 0, 0, 0, 0 }, 0x7fff },
	{ 0x8000000,		0, { 2, 0, 0, 0, 1 }, 0 },
	{ 0x123456789000,	0, { 2, 0, 0, 0x123, 0x8a }, 0x6789 },
	{ 0xfffffffffffff000,	0, { 3, 511, 511, 511, 511 }, 0x7fff },
	/* key 1 << 51 | phys >> 13 */
	{ 0x2000,		1, { 1, 0, 0, 0, 0 }, 1 },
	/* key 1 << 44 | phys >> 20 */
	{ 0x100000,		8, { 0, 4, 0, 0, 0 }, 1 },
	/* key 1 << 43 | phys >> 21 */
	{ 0x40200000,		9, { 0, 2, 0, 0, 0 }, 0x201 },
	/* key 1 << 42 | phys >> 22: a terabyte is 1 << 18 blocks of 4 MiB */
	{ 0x10000000000,	10, { 0, 1, 0, 0, 8 }, 0 },
	/* key 1 << 15: the last one whose leading one is in a table */
	{ 0,			37, { 0, 0, 0, 0, 1 }, 0 },
	/* key 1 << 14, and below: one leaf for all of them */
	{ 0,			38, { 0, 0, 0, 0, 0 }, 0x4000 },
	{ 0,			51, { 0, 0, 0, 0, 0 }, 2 },
	{ 0x8000000000000000,	51, { 0, 0, 0, 0, 0 }, 3 },
};

static void describe_answer(const struct known_answer *answer, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%#llx order %u",
		 (u64)answer->phys, answer->order);
}

KUNIT_ARRAY_PARAM(known, known_answers, describe_answer);

static const void *only_child(struct kunit *test, const u64 *table,
			      unsigned int index)
{
	unsigned int i;

	for (i = 0; i < 512; i++)
		if (i != index)
			KUNIT_EXPECT_EQ(test, table[i], 0);
	KUNIT_ASSERT_NE(test, table[index], 0);
	KUNIT_ASSERT_EQ(test, table[index] % 4096, 0);
	return phys_to_virt(table[index]);
}

static void map_test_known_answer(struct kunit *test)
{
	const struct known_answer *answer = test->param_value;
	const void *node = test_map.root;
	const u8 *leaf;
	unsigned int i;

	if (PAGE_SIZE != 4096)
		kunit_skip(test, "answers are for pages of 4 KiB");

	KUNIT_ASSERT_EQ(test, KHO_TREE_MAX_DEPTH, 6);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, answer->phys,
					  answer->order), 0);
	for (i = 0; i < ARRAY_SIZE(answer->index); i++)
		node = only_child(test, node, answer->index[i]);

	leaf = node;
	for (i = 0; i < 4096; i++)
		KUNIT_EXPECT_EQ(test, leaf[i], i == answer->bit / 8 ?
						       BIT(answer->bit % 8) : 0);
}

/* --- walks --- */

/* Where the tree refers to the node of this level on the way to a block. */
static u64 *entry_of(phys_addr_t phys, unsigned int order, unsigned int level)
{
	u64 key = kho_map_key(phys, order), *table = (u64 *)test_map.root, *entry;
	unsigned int at = KHO_TREE_MAX_DEPTH - 1;

	for (;; at--) {
		unsigned int shift = KHO_BITMAP_SIZE_LOG2 +
				     (at - 1) * KHO_TABLE_SIZE_LOG2;

		entry = &table[(key >> shift) % BIT(KHO_TABLE_SIZE_LOG2)];
		if (at - 1 == level)
			return entry;
		table = phys_to_virt(*entry);
	}
}

/* Bits that stand for no block, as a broken or hostile map may have them. */
static void map_test_walk_impossible_keys(struct kunit *test)
{
	struct seen *seen = new_seen(test);
	u64 *root = (u64 *)test_map.root, *leaf;
	unsigned int last = BIT(KHO_TABLE_SIZE_LOG2) - 1;

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 0, KHO_MAP_MAX_ORDER), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);

	/* Keys 0 and 1 are beyond the highest order. */
	leaf = phys_to_virt(*entry_of(0, KHO_MAP_MAX_ORDER, 0));
	leaf[0] |= 3;
	/* A key with a bit above the one of order 0. */
	root[last] = *entry_of(SZ_1M, 0, KHO_TREE_MAX_DEPTH - 2);
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &plain_walker, seen), 0);
	root[last] = 0;

	KUNIT_ASSERT_EQ(test, seen->nr, 2);
	KUNIT_EXPECT_EQ(test, seen->blocks[0].order, KHO_MAP_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, seen->blocks[1].order, 0);
	KUNIT_EXPECT_EQ(test, seen->blocks[1].phys, SZ_1M);
}

static void map_test_walk_ends(struct kunit *test)
{
	struct seen *seen = new_seen(test);

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1G, 0), 0);
	seen->err = -EINTR;
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen),
			-EINTR);
	KUNIT_EXPECT_EQ(test, seen->nr, 1);
	KUNIT_EXPECT_EQ(test, nr_mapped, 0);
}

static void map_test_walk_no_map(struct kunit *test)
{
	static struct kho_radix_tree none = KHO_MAP_INIT(none);
	struct seen *seen = new_seen(test);

	KUNIT_EXPECT_EQ(test, kho_map_walk(&none, &full_walker, seen), 0);
	KUNIT_EXPECT_EQ(test, seen->entered, 0);
	KUNIT_EXPECT_FALSE(test, kho_map_test(&none, 0, 0));
	KUNIT_EXPECT_FALSE(test, kho_map_clear(&none, 0, 0));
	KUNIT_EXPECT_EQ(test, kho_map_order(&none, 0), -ENOENT);
	kho_map_destroy(&none);
}

struct bad_node {
	const char *name;
	phys_addr_t phys;
	unsigned int order;
	unsigned int level;
	/* What the node would have described. */
	phys_addr_t first;
	u64 size;
};

static const struct bad_node bad_nodes[] = {
	{ "leaf of pages", 0x9000000, 0, 0, 0x8000000, SZ_128M },
	{ "leaf of 2 MiB blocks", 0x1000000000, 9, 0, 0x1000000000,
	  64ULL * SZ_1G },
	{ "leaf of the highest orders", 0, 51, 0, 0, 0 },
	{ "table of leaves of pages", 0x1234567000, 0, 1, 0x1000000000,
	  64ULL * SZ_1G },
	{ "table of leaves of the highest orders", 0, 51, 1, 0, 0 },
	{ "table below the root", 0x1000, 0, 4, 0, BIT_ULL(63) },
	{ "table of all of one order", 0x2000, 1, 4, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(bad_node, bad_nodes, name);

/* Another block, in a node that isn't the bad one, is still seen. */
static void map_test_walk_bad(struct kunit *test)
{
	const struct bad_node *bad = test->param_value;
	struct seen *seen = new_seen(test);
	u64 *entry;

	if (PAGE_SIZE != 4096)
		kunit_skip(test, "answers are for pages of 4 KiB");

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, bad->phys, bad->order), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1G, 18), 0);
	entry = entry_of(bad->phys, bad->order, bad->level);
	seen->refused = *entry;
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen), 0);

	KUNIT_EXPECT_EQ(test, seen->nr_bad, 1);
	KUNIT_EXPECT_EQ(test, seen->bad.phys, seen->refused);
	KUNIT_EXPECT_EQ(test, seen->bad.start, bad->first);
	KUNIT_EXPECT_EQ(test, seen->bad.size, bad->size);
	KUNIT_EXPECT_EQ(test, nr_mapped, 0);
	KUNIT_EXPECT_EQ(test, seen->nr, 1);

	/* Nobody runs into the bad node later on. */
	KUNIT_EXPECT_EQ(test, *entry, 0);
	KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, bad->phys,
					      bad->order));
	KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, SZ_1G, 18));
	*entry = seen->refused;
}

static void map_test_walk_bad_root(struct kunit *test)
{
	struct seen *seen = new_seen(test);
	void *root = test_map.root;

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	seen->refused = virt_to_phys(root);
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen), 0);
	KUNIT_EXPECT_EQ(test, seen->nr_bad, 1);
	KUNIT_EXPECT_EQ(test, seen->bad.size, 0);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
	KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, SZ_1M, 0));
	test_map.root = root;
}

static void map_test_walk_bad_ends(struct kunit *test)
{
	struct seen *seen = new_seen(test);

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	seen->refused = *entry_of(SZ_1M, 0, 0);
	seen->err = -EIO;
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen),
			-EIO);
	KUNIT_EXPECT_EQ(test, nr_mapped, 0);
	KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, SZ_1M, 0));
}

static void *no_node(phys_addr_t phys)
{
	return NULL;
}

static void map_test_walk_unmappable(struct kunit *test)
{
	static const struct kho_map_walker walker = {
		.map = no_node,
		.block = see_block,
	};
	struct seen *seen = new_seen(test);

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &walker, seen), -ENOMEM);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
}

/* Nobody to tell: the walk ends, and the node stays where it is. */
static void map_test_walk_bad_untold(struct kunit *test)
{
	static const struct kho_map_walker walker = {
		.enter = see_enter,
		.block = see_block,
	};
	struct seen *seen = new_seen(test);

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	seen->refused = *entry_of(SZ_1M, 0, 0);
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &walker, seen), -EINVAL);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
	KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, SZ_1M, 0));
}

/* Early boot has few slots to map nodes in: one for each level has to do. */
static void map_test_walk_slots(struct kunit *test)
{
	struct seen *seen = new_seen(test);

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1G, 18), 0);
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen), 0);
	KUNIT_EXPECT_EQ(test, most_mapped, KHO_TREE_MAX_DEPTH);
	KUNIT_EXPECT_EQ(test, nr_mapped, 0);
}

static void map_test_walk_runs(struct kunit *test)
{
	static const struct kho_map_walker walker = { .run = see_run };
	struct seen *seen = new_seen(test);

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M + PAGE_SIZE, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_8M, 1), 0);
	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &walker, seen), 0);
	KUNIT_EXPECT_EQ(test, seen->run_bytes, 4 * PAGE_SIZE);
}

/* --- runs in the order of addresses --- */

static struct kho_map_runs test_runs;

static int compare_starts(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	return a->phys < b->phys ? -1 : a->phys > b->phys;
}

static phys_addr_t last_of(const struct block *block)
{
	return block->phys + (PAGE_SIZE << block->order) - 1;
}

/* Sort, then join what touches or overlaps: what kho_map_runs_next() must say */
static void expect_runs(struct kunit *test, struct block *blocks,
			unsigned int nr)
{
	phys_addr_t start, last, want_start, want_last;
	unsigned int i = 0;

	sort(blocks, nr, sizeof(*blocks), compare_starts, NULL);
	kho_map_runs_begin(&test_runs, test_map.root);
	while (i < nr) {
		want_start = blocks[i].phys;
		want_last = last_of(&blocks[i]);
		for (i++; i < nr && blocks[i].phys - 1 <= want_last; i++)
			want_last = max(want_last, last_of(&blocks[i]));

		KUNIT_ASSERT_TRUE(test, kho_map_runs_next(&test_runs, &start,
							  &last));
		KUNIT_ASSERT_EQ(test, start, want_start);
		KUNIT_ASSERT_EQ(test, last, want_last);
	}
	KUNIT_EXPECT_FALSE(test, kho_map_runs_next(&test_runs, &start, &last));
}

static void set_blocks(struct kunit *test, const struct block *blocks,
		       unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, blocks[i].phys,
						  blocks[i].order), 0);
}

static void map_test_runs_model(struct kunit *test)
{
	static const unsigned int orders[] = { 0, 0, 0, 1, 2, 5, 9, 10, 14 };
	unsigned int i, nr = MAX_SEEN;
	struct rnd_state rnd;
	struct block *blocks;
	u64 pages;

	blocks = kunit_kcalloc(test, nr, sizeof(*blocks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	prandom_seed_state(&rnd, SEED);

	/* From crowded, where much is joined, to far apart. */
	for (pages = 256; pages < BIT_ULL(36); pages *= 64) {
		for (i = 0; i < nr; i++) {
			unsigned int order = orders[prandom_u32_state(&rnd) %
						    ARRAY_SIZE(orders)];
			u64 index = prandom_u32_state(&rnd) % pages >> order;

			/* The page at 0 stays out: the model wants a - 1. */
			blocks[i].order = order;
			blocks[i].phys = (index + 1) << (order + PAGE_SHIFT);
		}
		set_blocks(test, blocks, nr);
		expect_runs(test, blocks, nr);
		map_test_exit(test);
		KUNIT_ASSERT_EQ(test, map_test_init(test), 0);
	}
}

static void map_test_runs_edges(struct kunit *test)
{
	u64 leaf = (u64)PAGE_SIZE << KHO_BITMAP_SIZE_LOG2;
	phys_addr_t start, last;

	kho_map_runs_begin(&test_runs, test_map.root);
	KUNIT_EXPECT_FALSE(test, kho_map_runs_next(&test_runs, &start, &last));

	/* Over the border of two leaves, with another order in between. */
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, leaf - PAGE_SIZE, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, leaf, 1), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, leaf + 2 * PAGE_SIZE, 0),
			0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 2 * leaf - PAGE_SIZE, 0),
			0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 2 * leaf, 0), 0);
	/* Page 0, in the highest order and in the lowest one. */
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 0, 0), 0);

	kho_map_runs_begin(&test_runs, test_map.root);
	KUNIT_EXPECT_TRUE(test, kho_map_runs_next(&test_runs, &start, &last));
	KUNIT_EXPECT_EQ(test, start, 0);
	KUNIT_EXPECT_EQ(test, last, PAGE_SIZE - 1);
	KUNIT_EXPECT_TRUE(test, kho_map_runs_next(&test_runs, &start, &last));
	KUNIT_EXPECT_EQ(test, start, leaf - PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, last, leaf + 3 * PAGE_SIZE - 1);
	KUNIT_EXPECT_TRUE(test, kho_map_runs_next(&test_runs, &start, &last));
	KUNIT_EXPECT_EQ(test, start, 2 * leaf - PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, last, 2 * leaf + PAGE_SIZE - 1);
	KUNIT_EXPECT_FALSE(test, kho_map_runs_next(&test_runs, &start, &last));

	KUNIT_EXPECT_EQ(test, test_runs.overlaps, 0);

	/* All that an address can reach. */
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 0, KHO_MAP_MAX_ORDER), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, BIT_ULL(63),
					  KHO_MAP_MAX_ORDER), 0);
	kho_map_runs_begin(&test_runs, test_map.root);
	KUNIT_EXPECT_TRUE(test, kho_map_runs_next(&test_runs, &start, &last));
	KUNIT_EXPECT_EQ(test, start, 0);
	KUNIT_EXPECT_EQ(test, last, U64_MAX);
	KUNIT_EXPECT_FALSE(test, kho_map_runs_next(&test_runs, &start, &last));
	KUNIT_EXPECT_GT(test, test_runs.overlaps, 0);
}

/* A root that leads back to itself, where there are no keys. */
static void map_test_beyond_keys(struct kunit *test)
{
	struct kho_map_runs *runs = kunit_kzalloc(test, sizeof(*runs),
						  GFP_KERNEL);
	struct seen *seen = new_seen(test);
	u64 *last = (u64 *)test_map.root + BIT(KHO_TABLE_SIZE_LOG2) - 1;
	phys_addr_t start, end;

	KUNIT_ASSERT_NOT_NULL(test, runs);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	*last = virt_to_phys(test_map.root);

	KUNIT_EXPECT_EQ(test, kho_map_walk(&test_map, &full_walker, seen), 0);
	KUNIT_EXPECT_EQ(test, seen->entered, KHO_TREE_MAX_DEPTH);
	kho_map_runs_begin(runs, test_map.root);
	KUNIT_EXPECT_TRUE(test, kho_map_runs_next(runs, &start, &end));
	KUNIT_EXPECT_EQ(test, start, SZ_1M);
	KUNIT_EXPECT_FALSE(test, kho_map_runs_next(runs, &start, &end));
	*last = 0;
}

/* --- blocks that can't be true --- */

static void map_test_strike(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 3), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, 0, 20), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M + PAGE_SIZE, 0), 0);

	KUNIT_EXPECT_EQ(test, kho_map_strike(&test_map, SZ_1M), 3);
	KUNIT_EXPECT_EQ(test, kho_map_strike(&test_map, SZ_1M), 0);
	KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, SZ_1M + PAGE_SIZE, 0));
	KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, 0, 20));
}

/* Two blocks, and how many of them have to go. */
struct pair {
	const char *name;
	struct block blocks[2];
	unsigned int struck;
};

/* One leaf of order 0 describes 128 MiB, if pages have 4 KiB. */
static const struct pair pairs[] = {
	{ "far apart", { { SZ_1M, 0 }, { SZ_2M, 2 } } },
	{ "right before", { { SZ_1M - PAGE_SIZE, 0 }, { SZ_1M, 3 } } },
	{ "right behind", { { SZ_1M + 8 * PAGE_SIZE, 0 }, { SZ_1M, 3 } } },
	{ "at the beginning", { { SZ_1M, 0 }, { SZ_1M, 3 } }, 1 },
	{ "in the middle", { { SZ_1M + 4 * PAGE_SIZE, 1 }, { SZ_1M, 3 } }, 1 },
	{ "at the end", { { SZ_1M + 7 * PAGE_SIZE, 0 }, { SZ_1M, 3 } }, 1 },
	{ "in another leaf", { { SZ_1G - PAGE_SIZE, 0 }, { SZ_512M, 17 } }, 1 },
	/* Where no node of the map itself can be. */
	{ "huge", { { BIT_ULL(40), 9 }, { 0, KHO_MAP_MAX_ORDER } }, 1 },
};

KUNIT_ARRAY_PARAM_DESC(pair, pairs, name);

static void map_test_strike_overlaps(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	const struct block *small = &pair->blocks[0], *large = &pair->blocks[1];

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, small->phys, small->order),
			0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, large->phys, large->order),
			0);
	/* With everything preserved, the map's own nodes are, too. */
	KUNIT_EXPECT_EQ(test, kho_map_strike_overlaps(&test_map), pair->struck);
	KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, small->phys,
					     small->order));
	KUNIT_EXPECT_EQ(test, kho_map_test(&test_map, large->phys,
					   large->order), !pair->struck);
	KUNIT_EXPECT_EQ(test, kho_map_strike_overlaps(&test_map), 0);
}

static void map_test_strike_nodes(struct kunit *test)
{
	phys_addr_t leaf;

	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, SZ_1M, 0), 0);
	leaf = *entry_of(SZ_1M, 0, 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map, leaf, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_map_set(&test_map,
					  virt_to_phys(test_map.root), 0), 0);

	KUNIT_EXPECT_EQ(test, kho_map_strike_overlaps(&test_map), 2);
	KUNIT_EXPECT_TRUE(test, kho_map_test(&test_map, SZ_1M, 0));
	KUNIT_EXPECT_FALSE(test, kho_map_test(&test_map, leaf, 0));
}

/* There is memory from 1 MiB to 2 MiB. */
static bool in_second_mib(phys_addr_t phys, u64 size)
{
	return size && phys >= SZ_1M && size <= SZ_1M &&
	       phys - SZ_1M <= SZ_1M - size;
}

static void map_test_strike_unless(struct kunit *test)
{
	static const struct {
		struct block block;
		bool fit;
	} blocks[] = {
		{ { SZ_1M - PAGE_SIZE, 0 }, false },
		{ { SZ_1M, 0 }, true },
		{ { SZ_2M - PAGE_SIZE, 0 }, true },
		{ { SZ_2M, 0 }, false },
		{ { SZ_1M, 3 }, true },
		{ { 0, 20 }, false },
		{ { 0, KHO_MAP_MAX_ORDER }, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		KUNIT_ASSERT_EQ(test, kho_map_set(&test_map,
						  blocks[i].block.phys,
						  blocks[i].block.order), 0);

	KUNIT_EXPECT_EQ(test, kho_map_strike_unless(&test_map, in_second_mib),
			4);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		KUNIT_EXPECT_EQ(test, kho_map_test(&test_map,
						   blocks[i].block.phys,
						   blocks[i].block.order),
				blocks[i].fit);
	KUNIT_EXPECT_EQ(test, kho_map_strike_unless(&test_map, in_second_mib),
			0);
}

static struct kunit_case map_test_cases[] = {
	KUNIT_CASE(map_test_model),
	KUNIT_CASE(map_test_keys),
	KUNIT_CASE(map_test_extremes),
	KUNIT_CASE(map_test_leaf_boundary),
	KUNIT_CASE(map_test_refused),
	KUNIT_CASE(map_test_set_twice),
	KUNIT_CASE(map_test_order),
	KUNIT_CASE_PARAM(map_test_known_answer, known_gen_params),
	KUNIT_CASE(map_test_walk_impossible_keys),
	KUNIT_CASE(map_test_walk_ends),
	KUNIT_CASE(map_test_walk_no_map),
	KUNIT_CASE_PARAM(map_test_walk_bad, bad_node_gen_params),
	KUNIT_CASE(map_test_walk_bad_root),
	KUNIT_CASE(map_test_walk_bad_ends),
	KUNIT_CASE(map_test_beyond_keys),
	KUNIT_CASE(map_test_strike),
	KUNIT_CASE_PARAM(map_test_strike_overlaps, pair_gen_params),
	KUNIT_CASE(map_test_strike_nodes),
	KUNIT_CASE(map_test_strike_unless),
	KUNIT_CASE(map_test_walk_bad_untold),
	KUNIT_CASE(map_test_walk_unmappable),
	KUNIT_CASE(map_test_walk_slots),
	KUNIT_CASE(map_test_walk_runs),
	KUNIT_CASE(map_test_runs_model),
	KUNIT_CASE(map_test_runs_edges),
	{}
};

static struct kunit_suite map_test_suite = {
	.name = "kho_map",
	.init = map_test_init,
	.exit = map_test_exit,
	.test_cases = map_test_cases,
};

kunit_test_suite(map_test_suite);
