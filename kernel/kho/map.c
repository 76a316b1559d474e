// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preserved-memory map, in the format of mainline's "kho-v4".
 *
 * A block of 2^order pages has the key
 *
 *	1 << (KHO_ORDER_0_LOG2 - order) | phys >> (PAGE_SHIFT + order)
 *
 * whose leading one tells the order. The low KHO_BITMAP_SIZE_LOG2 bits of the
 * key are a bit number in a leaf, which is a page of bits; each
 * KHO_TABLE_SIZE_LOG2 bits above them index a table, which is a page of
 * physical addresses, 0 for none.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>

#include "map.h"

#define TABLE_ENTRIES	BIT(KHO_TABLE_SIZE_LOG2)
#define LEAF_BITS	BIT(KHO_BITMAP_SIZE_LOG2)
#define ROOT_LEVEL	(KHO_TREE_MAX_DEPTH - 1)
#define END_OF_KEYS	BIT_ULL(KHO_ORDER_0_LOG2 + 1)

/**
 * kho_map_key - key of a block
 * @phys: physical address of the block in bytes, aligned to its size
 * @order: the block has 2^@order pages
 *
 * Return: the key.
 */
u64 kho_map_key(phys_addr_t phys, unsigned int order)
{
	return BIT_ULL(KHO_ORDER_0_LOG2 - order) |
	       (u64)phys >> (PAGE_SHIFT + order);
}

/**
 * kho_map_decode - block that a key stands for
 * @key: the key; not 0
 * @order: where to store the order
 *
 * Return: physical address in bytes.
 */
phys_addr_t kho_map_decode(u64 key, unsigned int *order)
{
	*order = KHO_ORDER_0_LOG2 - (fls64(key) - 1);

	/* With the highest order, the leading one is all there is. */
	if (PAGE_SHIFT + *order >= 64)
		return 0;
	return key << (PAGE_SHIFT + *order);
}

static bool block_valid(phys_addr_t phys, unsigned int order)
{
	if (order > KHO_MAP_MAX_ORDER)
		return false;
	return order + PAGE_SHIFT >= 64 ||
	       IS_ALIGNED((u64)phys, BIT_ULL(order + PAGE_SHIFT));
}

static unsigned int level_shift(unsigned int level)
{
	return KHO_BITMAP_SIZE_LOG2 + (level - 1) * KHO_TABLE_SIZE_LOG2;
}

static u64 *table_entry(void *table, unsigned int level, u64 key)
{
	u64 *entries = table;

	return &entries[(key >> level_shift(level)) & (TABLE_ENTRIES - 1)];
}

/* Whoever preserves or restores page by page spends most of the time here. */
static unsigned long *find_leaf(struct kho_radix_tree *map, u64 key)
{
	unsigned int shift = level_shift(ROOT_LEVEL);
	u64 *node = (u64 *)map->root;

	lockdep_assert_held(&map->lock);

	for (; node && shift >= KHO_BITMAP_SIZE_LOG2;
	     shift -= KHO_TABLE_SIZE_LOG2) {
		u64 child = node[(key >> shift) & (TABLE_ENTRIES - 1)];

		node = child ? phys_to_virt(child) : NULL;
	}
	return (unsigned long *)node;
}

static bool test_key(struct kho_radix_tree *map, u64 key)
{
	unsigned long *leaf = find_leaf(map, key);

	return leaf && test_bit(key & (LEAF_BITS - 1), leaf);
}

static bool clear_key(struct kho_radix_tree *map, u64 key)
{
	unsigned long *leaf = find_leaf(map, key);

	return leaf && __test_and_clear_bit(key & (LEAF_BITS - 1), leaf);
}

static void *alloc_node(void)
{
	struct folio *folio = kho_folio_alloc(0);

	return folio ? folio_address(folio) : NULL;
}

static unsigned long *make_leaf(struct kho_radix_tree *map, u64 key)
{
	void *node = map->root;
	unsigned int level;

	lockdep_assert_held(&map->lock);

	for (level = ROOT_LEVEL; level; level--) {
		u64 *entry = table_entry(node, level, key);

		if (!*entry) {
			void *child = alloc_node();

			if (!child)
				return NULL;
			*entry = virt_to_phys(child);
		}
		node = phys_to_virt(*entry);
	}
	return node;
}

/**
 * kho_map_init - give a map its root
 * @map: the map
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int kho_map_init(struct kho_radix_tree *map)
{
	map->root = alloc_node();
	return map->root ? 0 : -ENOMEM;
}

static void destroy_node(void *node, unsigned int level)
{
	unsigned long i;
	u64 *entries = node;

	for (i = 0; level && i < TABLE_ENTRIES; i++)
		if (entries[i])
			destroy_node(phys_to_virt(entries[i]), level - 1);
	free_page((unsigned long)node);
}

/**
 * kho_map_destroy - free all nodes of a map
 * @map: a map whose nodes were allocated by kho_map_set()
 *
 * Context: takes @map->lock; may sleep.
 */
void kho_map_destroy(struct kho_radix_tree *map)
{
	guard(mutex)(&map->lock);

	if (map->root)
		destroy_node(map->root, ROOT_LEVEL);
	map->root = NULL;
}

/**
 * kho_map_set_locked - kho_map_set() for who holds the lock
 * @map: the map
 * @phys: physical address of the block in bytes, aligned to its size
 * @order: the block has 2^@order pages
 *
 * Context: @map->lock held; may sleep.
 * Return: as kho_map_set().
 */
int kho_map_set_locked(struct kho_radix_tree *map, phys_addr_t phys,
		       unsigned int order)
{
	unsigned long *leaf;
	u64 key;

	lockdep_assert_held(&map->lock);

	if (!block_valid(phys, order))
		return -EINVAL;

	key = kho_map_key(phys, order);
	leaf = make_leaf(map, key);
	if (!leaf)
		return -ENOMEM;
	__set_bit(key & (LEAF_BITS - 1), leaf);
	return 0;
}

/**
 * kho_map_set - add a block
 * @map: the map
 * @phys: physical address of the block in bytes, aligned to its size
 * @order: the block has 2^@order pages
 *
 * Adding a block twice is the same as adding it once.
 *
 * Context: takes @map->lock; may sleep.
 * Return: 0; -EINVAL if @phys or @order isn't valid; -ENOMEM.
 */
int kho_map_set(struct kho_radix_tree *map, phys_addr_t phys,
		unsigned int order)
{
	guard(mutex)(&map->lock);

	return kho_map_set_locked(map, phys, order);
}

/**
 * kho_map_clear_locked - kho_map_clear() for who holds the lock
 * @map: the map
 * @phys: physical address of the block in bytes
 * @order: the block has 2^@order pages
 *
 * Context: @map->lock held.
 * Return: whether the block was there.
 */
bool kho_map_clear_locked(struct kho_radix_tree *map, phys_addr_t phys,
			  unsigned int order)
{
	return block_valid(phys, order) &&
	       clear_key(map, kho_map_key(phys, order));
}

/**
 * kho_map_clear - take a block out
 * @map: the map
 * @phys: physical address of the block in bytes
 * @order: the block has 2^@order pages
 *
 * Context: takes @map->lock; may sleep.
 * Return: whether the block was there.
 */
bool kho_map_clear(struct kho_radix_tree *map, phys_addr_t phys,
		   unsigned int order)
{
	guard(mutex)(&map->lock);

	return kho_map_clear_locked(map, phys, order);
}

/**
 * kho_map_test - is this very block in the map?
 * @map: the map
 * @phys: physical address of the block in bytes
 * @order: the block has 2^@order pages
 *
 * Context: takes @map->lock; may sleep.
 * Return: whether it is.
 */
bool kho_map_test(struct kho_radix_tree *map, phys_addr_t phys,
		  unsigned int order)
{
	guard(mutex)(&map->lock);

	return test_key(map, kho_map_key(phys, order));
}

/**
 * kho_map_order - order of the block that starts at an address
 * @map: the map
 * @phys: physical address in bytes
 *
 * Context: takes @map->lock; may sleep.
 * Return: the order, the largest one if there are several; -ENOENT if no block
 * starts there.
 */
int kho_map_order(struct kho_radix_tree *map, phys_addr_t phys)
{
	int order = phys ? __ffs64(phys) : 63;

	guard(mutex)(&map->lock);

	for (order -= PAGE_SHIFT; order >= 0; order--)
		if (test_key(map, kho_map_key(phys, order)))
			return order;
	return -ENOENT;
}

/* Keys beyond the lowest or the highest order are never written. */
static bool key_valid(u64 key)
{
	return key >= BIT_ULL(KHO_ORDER_0_LOG2 - KHO_MAP_MAX_ORDER) &&
	       key < END_OF_KEYS;
}

static int walk_blocks(const unsigned long *leaf, u64 first_key,
		       const struct kho_map_walker *walker, void *data)
{
	unsigned long bit;

	for_each_set_bit(bit, leaf, LEAF_BITS) {
		unsigned int order;
		phys_addr_t phys;
		int err;

		if (!key_valid(first_key | bit))
			continue;

		phys = kho_map_decode(first_key | bit, &order);
		err = walker->block(phys, order, data);
		if (err)
			return err;
	}
	return 0;
}

/* Memory from the block of a key up to that of another one, same order. */
static u64 bytes_of_keys(u64 nr_keys, unsigned int order)
{
	return order + PAGE_SHIFT < 64 ? nr_keys << (order + PAGE_SHIFT) : 0;
}

static int walk_runs(const unsigned long *leaf, u64 first_key,
		     const struct kho_map_walker *walker, void *data)
{
	unsigned long bit, end;

	/* All keys of a leaf have one order, but for the very first leaf. */
	for (bit = find_first_bit(leaf, LEAF_BITS); bit < LEAF_BITS;
	     bit = find_next_bit(leaf, LEAF_BITS, end)) {
		unsigned int order;
		phys_addr_t phys;
		int err;

		end = bit + 1;
		if (!key_valid(first_key | bit))
			continue;
		if (first_key)
			end = find_next_zero_bit(leaf, LEAF_BITS, end);

		phys = kho_map_decode(first_key | bit, &order);
		err = walker->run(phys, bytes_of_keys(end - bit, order), data);
		if (err)
			return err;
	}
	return 0;
}

static int walk_leaf(const unsigned long *leaf, u64 first_key,
		     const struct kho_map_walker *walker, void *data)
{
	int err = 0;

	if (walker->block)
		err = walk_blocks(leaf, first_key, walker, data);
	if (!err && walker->run)
		err = walk_runs(leaf, first_key, walker, data);
	return err;
}

/*
 * Which memory do the keys from @first_key describe, 2^@shift of them? Only
 * those from 0 have different orders.
 */
static u64 span_of_keys(u64 first_key, unsigned int shift, phys_addr_t *phys)
{
	unsigned int order;

	*phys = 0;
	if (!key_valid(first_key))
		return 0;

	*phys = kho_map_decode(first_key, &order);
	if (shift + order + PAGE_SHIFT >= 64)
		return 0;
	return BIT_ULL(shift + order + PAGE_SHIFT);
}

static int walk_node(u64 *entry, unsigned int level, u64 first_key,
		     const struct kho_map_walker *walker, void *data);

/*
 * Beyond the lowest order there are no keys. Tables that describe none would
 * let a page that leads back to itself keep the walk busy for ever.
 */
static int walk_table(u64 *entries, unsigned int level, u64 first_key,
		      const struct kho_map_walker *walker, void *data)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < TABLE_ENTRIES && !err; i++) {
		u64 key = first_key | (u64)i << level_shift(level);

		if (key >= END_OF_KEYS)
			break;
		if (entries[i])
			err = walk_node(&entries[i], level - 1, key, walker,
					data);
	}
	return err;
}

/* Once a bad node is reported, it is cut off: nobody may run into it later. */
static int report_bad(u64 *entry, const struct kho_map_node *node,
		      const struct kho_map_walker *walker, void *data)
{
	int err = walker->bad ? walker->bad(node, data) : -EINVAL;

	if (!err)
		*entry = 0;
	return err;
}

static int walk_node(u64 *entry, unsigned int level, u64 first_key,
		     const struct kho_map_walker *walker, void *data)
{
	struct kho_map_node node = { .phys = *entry };
	void *page;
	int err;

	node.size = span_of_keys(first_key, level_shift(level + 1),
				 &node.start);
	if (walker->enter && walker->enter(&node, data))
		return report_bad(entry, &node, walker, data);

	page = walker->map ? walker->map(node.phys) : phys_to_virt(node.phys);
	if (!page)
		return -ENOMEM;

	if (level)
		err = walk_table(page, level, first_key, walker, data);
	else
		err = walk_leaf(page, first_key, walker, data);

	if (walker->unmap)
		walker->unmap(page);
	return err;
}

/**
 * kho_map_walk_root - visit every block of a map that has no owner yet
 * @root: physical address of the map's root; set to 0 if it was reported as bad
 * @walker: callbacks
 * @data: passed to them
 *
 * High orders come first, then low addresses. The recursion is as deep as the
 * tree, which has %KHO_TREE_MAX_DEPTH levels whatever its pages hold. A node
 * that was reported as bad is no part of the map any more.
 *
 * Context: nobody else uses the map; sleeps only if the callbacks do.
 * Return: 0, or the error with which a callback ended the walk.
 */
int kho_map_walk_root(u64 *root, const struct kho_map_walker *walker,
		      void *data)
{
	return walk_node(root, ROOT_LEVEL, 0, walker, data);
}

/**
 * kho_map_walk - visit every block of a map
 * @map: the map
 * @walker: callbacks; they must not use @map
 * @data: passed to them
 *
 * Context: takes @map->lock; otherwise as kho_map_walk_root().
 * Return: as kho_map_walk_root().
 */
int kho_map_walk(struct kho_radix_tree *map,
		 const struct kho_map_walker *walker, void *data)
{
	u64 root;
	int err;

	guard(mutex)(&map->lock);

	if (!map->root)
		return 0;
	root = virt_to_phys(map->root);
	err = kho_map_walk_root(&root, walker, data);
	if (!root)
		map->root = NULL;
	return err;
}

/*
 * The first leaf that has a key from *@key on; *@key becomes that of its first
 * bit unless it is in that leaf already.
 */
static const unsigned long *seek_leaf(const u64 *table, unsigned int level,
				      u64 *key)
{
	unsigned int shift = level_shift(level);
	unsigned long i = (*key >> shift) & (TABLE_ENTRIES - 1);

	for (; i < TABLE_ENTRIES && *key < END_OF_KEYS; i++) {
		const unsigned long *leaf;
		const void *child;

		if (!table[i]) {
			*key = ((*key >> shift) + 1) << shift;
			continue;
		}

		child = phys_to_virt(table[i]);
		if (level == 1)
			return child;
		leaf = seek_leaf(child, level - 1, key);
		if (leaf)
			return leaf;
	}
	return NULL;
}

/* Is there a run in this leaf, from stream->key on? Leaves the key behind it. */
static bool run_in_leaf(struct kho_map_stream *stream)
{
	u64 first_key = round_down(stream->key, LEAF_BITS);
	unsigned long from = stream->key - first_key, bit, end;
	unsigned long limit = min_t(u64, LEAF_BITS,
				    stream->last_key - first_key + 1);
	unsigned int order;

	bit = find_next_bit(stream->leaf, limit, from);
	end = bit < limit ? find_next_zero_bit(stream->leaf, limit, bit) : bit;
	stream->key = first_key + end;
	if (bit >= limit)
		return false;

	stream->start = kho_map_decode(first_key + bit, &order);
	stream->last = stream->start + bytes_of_keys(end - bit, order) - 1;
	return true;
}

static bool stream_next(const u64 *root, struct kho_map_stream *stream)
{
	while (stream->key <= stream->last_key) {
		if (IS_ALIGNED(stream->key, LEAF_BITS) || !stream->leaf)
			stream->leaf = seek_leaf(root, ROOT_LEVEL,
						 &stream->key);
		if (!stream->leaf || stream->key > stream->last_key)
			return false;
		if (run_in_leaf(stream))
			return true;
	}
	return false;
}

/**
 * kho_map_runs_begin - prepare to read a map in the order of addresses
 * @runs: set up by this
 * @root: the root node, every node below it checked and in the linear mapping
 */
void kho_map_runs_begin(struct kho_map_runs *runs, const void *root)
{
	unsigned int order;

	runs->root = root;
	runs->overlaps = 0;
	runs->nr = 0;
	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++) {
		struct kho_map_stream *stream = &runs->streams[runs->nr];

		*stream = (struct kho_map_stream) {
			.key = kho_map_key(0, order),
			.last_key = kho_map_key(0, order) * 2 - 1,
		};
		if (stream_next(root, stream))
			runs->nr++;
	}
}

static struct kho_map_stream *first_stream(struct kho_map_runs *runs)
{
	struct kho_map_stream *first = NULL;
	unsigned int i;

	for (i = 0; i < runs->nr; i++)
		if (!first || runs->streams[i].start < first->start)
			first = &runs->streams[i];
	return first;
}

/**
 * kho_map_runs_next - the next run of preserved memory
 * @runs: begun with kho_map_runs_begin(); nobody changes the map meanwhile
 * @start: where to store the physical address of its first byte
 * @last: where to store that of its last byte
 *
 * Blocks that touch or overlap, of whatever order, are one run. It costs a few
 * comparisons for each order in use, and needs no memory.
 *
 * Return: whether there was one.
 */
bool kho_map_runs_next(struct kho_map_runs *runs, phys_addr_t *start,
		       phys_addr_t *last)
{
	struct kho_map_stream *stream = first_stream(runs);

	if (!stream)
		return false;

	*start = stream->start;
	*last = stream->last;
	for (;;) {
		if (!stream_next(runs->root, stream))
			*stream = runs->streams[--runs->nr];
		stream = first_stream(runs);
		if (!stream || (stream->start > *last &&
				stream->start != *last + 1))
			return true;
		if (stream->start <= *last)
			runs->overlaps++;
		*last = max(*last, stream->last);
	}
}

/* Is any key from @first to @last in the tree below @node? */
static bool any_key(const void *node, unsigned int level, u64 first, u64 last)
{
	const u64 *entries = node;
	u64 i, low, high;

	if (!level) {
		last &= LEAF_BITS - 1;
		return find_next_bit(node, last + 1, first & (LEAF_BITS - 1)) <=
		       last;
	}

	low = first >> level_shift(level) & (TABLE_ENTRIES - 1);
	high = last >> level_shift(level) & (TABLE_ENTRIES - 1);
	for (i = low; i <= high; i++)
		if (entries[i] && any_key(phys_to_virt(entries[i]), level - 1,
					  i == low ? first : 0,
					  i == high ? last : ~0ULL))
			return true;
	return false;
}

static bool has_smaller_within(struct kho_radix_tree *map, phys_addr_t phys,
			       unsigned int order)
{
	unsigned int smaller;

	for (smaller = 0; smaller < order; smaller++) {
		u64 first = kho_map_key(phys, smaller);

		if (any_key(map->root, ROOT_LEVEL, first,
			    first + BIT_ULL(order - smaller) - 1))
			return true;
	}
	return false;
}

static unsigned long strike_page(struct kho_radix_tree *map, phys_addr_t phys)
{
	unsigned long struck = 0;
	unsigned int order;

	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++)
		struck += clear_key(map, kho_map_key(phys, order));
	return struck;
}

struct strike {
	struct kho_radix_tree *map;
	bool (*fit)(phys_addr_t phys, u64 size);
	unsigned long struck;
};

static int strike_node(const struct kho_map_node *node, void *data)
{
	struct strike *strike = data;

	strike->struck += strike_page(strike->map, node->phys);
	return 0;
}

static int strike_block(phys_addr_t phys, unsigned int order, void *data)
{
	struct strike *strike = data;

	if (has_smaller_within(strike->map, phys, order))
		strike->struck += clear_key(strike->map,
					    kho_map_key(phys, order));
	return 0;
}

static int strike_unfit(phys_addr_t phys, unsigned int order, void *data)
{
	struct strike *strike = data;

	if (!strike->fit(phys, bytes_of_keys(1, order)))
		strike->struck += clear_key(strike->map,
					    kho_map_key(phys, order));
	return 0;
}

static unsigned long strike_out(struct strike *strike,
				const struct kho_map_walker *walker)
{
	u64 root;

	guard(mutex)(&strike->map->lock);

	if (!strike->map->root)
		return 0;
	root = virt_to_phys(strike->map->root);
	kho_map_walk_root(&root, walker, strike);
	return strike->struck;
}

/**
 * kho_map_strike - take out every block that has a page in it
 * @map: the map
 * @phys: physical address of the page in bytes
 *
 * Context: takes @map->lock; may sleep.
 * Return: the number of blocks.
 */
unsigned long kho_map_strike(struct kho_radix_tree *map, phys_addr_t phys)
{
	guard(mutex)(&map->lock);

	return strike_page(map, phys);
}

/**
 * kho_map_strike_overlaps - take out blocks that can't be true
 * @map: a map from another kernel, none of whose nodes is bad
 *
 * That is, blocks that hold nodes of the map, and of those that overlap all
 * but the smallest: whoever owned them both would free memory twice.
 *
 * Context: takes @map->lock; may sleep.
 * Return: the number of blocks.
 */
unsigned long kho_map_strike_overlaps(struct kho_radix_tree *map)
{
	static const struct kho_map_walker walker = {
		.enter = strike_node,
		.block = strike_block,
	};
	struct strike strike = { .map = map };

	return strike_out(&strike, &walker);
}

/**
 * kho_map_strike_unless - take out blocks that aren't fit to be had
 * @map: a map from another kernel, none of whose nodes is bad
 * @fit: asked about each block's physical address and size in bytes, which is 0
 *	for 2^64
 *
 * Context: takes @map->lock; may sleep.
 * Return: the number of blocks.
 */
unsigned long kho_map_strike_unless(struct kho_radix_tree *map,
				    bool (*fit)(phys_addr_t phys, u64 size))
{
	static const struct kho_map_walker walker = {
		.block = strike_unfit,
	};
	struct strike strike = { .map = map, .fit = fit };

	return strike_out(&strike, &walker);
}
