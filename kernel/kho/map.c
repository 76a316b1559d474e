// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preserved-memory map, in the format of mainline's "kho-v4".
 *
 * A block of 2^order pages has the key
 *
 *	1 << (ORDER0_BIT - order) | phys >> (PAGE_SHIFT + order)
 *
 * whose leading one tells the order. The low LEAF_SHIFT bits of the key are a
 * bit number in a leaf, which is a page of bits; each TABLE_SHIFT bits above
 * them index a table, which is a page of physical addresses, 0 for none.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "map.h"

#define TABLE_ENTRIES	BIT(KHO_MAP_TABLE_SHIFT)
#define LEAF_BITS	BIT(KHO_MAP_LEAF_SHIFT)
#define ROOT_LEVEL	(KHO_MAP_DEPTH - 1)

/**
 * kho_map_key - key of a block
 * @phys: physical address of the block in bytes, aligned to its size
 * @order: the block has 2^@order pages
 *
 * Return: the key.
 */
u64 kho_map_key(phys_addr_t phys, unsigned int order)
{
	return BIT_ULL(KHO_MAP_ORDER0_BIT - order) |
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
	*order = KHO_MAP_ORDER0_BIT - (fls64(key) - 1);

	/* With the highest order, the leading one is all there is. */
	if (PAGE_SHIFT + *order >= 64)
		return 0;
	return key << (PAGE_SHIFT + *order);
}

static unsigned int level_shift(unsigned int level)
{
	return KHO_MAP_LEAF_SHIFT + (level - 1) * KHO_MAP_TABLE_SHIFT;
}

static u64 *table_entry(void *table, unsigned int level, u64 key)
{
	u64 *entries = table;

	return &entries[(key >> level_shift(level)) & (TABLE_ENTRIES - 1)];
}

static unsigned long *find_leaf(struct kho_map *map, u64 key)
{
	void *node = map->root;
	unsigned int level;

	lockdep_assert_held(&map->lock);

	for (level = ROOT_LEVEL; node && level; level--) {
		u64 child = *table_entry(node, level, key);

		node = child ? phys_to_virt(child) : NULL;
	}
	return node;
}

static unsigned long *make_leaf(struct kho_map *map, u64 key)
{
	void *node = map->root;
	unsigned int level;

	lockdep_assert_held(&map->lock);

	for (level = ROOT_LEVEL; level; level--) {
		u64 *entry = table_entry(node, level, key);

		if (!*entry) {
			unsigned long page = get_zeroed_page(GFP_KERNEL);

			if (!page)
				return NULL;
			*entry = virt_to_phys((void *)page);
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
int kho_map_init(struct kho_map *map)
{
	map->root = (void *)get_zeroed_page(GFP_KERNEL);
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
void kho_map_destroy(struct kho_map *map)
{
	guard(mutex)(&map->lock);

	if (map->root)
		destroy_node(map->root, ROOT_LEVEL);
	map->root = NULL;
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
int kho_map_set(struct kho_map *map, phys_addr_t phys, unsigned int order)
{
	unsigned long *leaf;
	u64 key;

	if (order > KHO_MAP_MAX_ORDER ||
	    (order + PAGE_SHIFT < 64 &&
	     !IS_ALIGNED((u64)phys, BIT_ULL(order + PAGE_SHIFT))))
		return -EINVAL;

	guard(mutex)(&map->lock);

	key = kho_map_key(phys, order);
	leaf = make_leaf(map, key);
	if (!leaf)
		return -ENOMEM;
	__set_bit(key & (LEAF_BITS - 1), leaf);
	return 0;
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
bool kho_map_clear(struct kho_map *map, phys_addr_t phys, unsigned int order)
{
	u64 key = kho_map_key(phys, order);
	unsigned long *leaf;

	guard(mutex)(&map->lock);

	leaf = find_leaf(map, key);
	return leaf && __test_and_clear_bit(key & (LEAF_BITS - 1), leaf);
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
bool kho_map_test(struct kho_map *map, phys_addr_t phys, unsigned int order)
{
	u64 key = kho_map_key(phys, order);
	unsigned long *leaf;

	guard(mutex)(&map->lock);

	leaf = find_leaf(map, key);
	return leaf && test_bit(key & (LEAF_BITS - 1), leaf);
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
int kho_map_order(struct kho_map *map, phys_addr_t phys)
{
	int order = phys ? __ffs64(phys) : 63;

	for (order -= PAGE_SHIFT; order >= 0; order--)
		if (kho_map_test(map, phys, order))
			return order;
	return -ENOENT;
}

/* Keys beyond the lowest or the highest order are never written. */
static bool key_valid(u64 key)
{
	return key >= BIT_ULL(KHO_MAP_ORDER0_BIT - KHO_MAP_MAX_ORDER) &&
	       key < BIT_ULL(KHO_MAP_ORDER0_BIT + 1);
}

static int walk_leaf(const unsigned long *leaf, u64 first_key,
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

static int walk_table(u64 *entries, unsigned int level, u64 first_key,
		      const struct kho_map_walker *walker, void *data)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < TABLE_ENTRIES && !err; i++)
		if (entries[i])
			err = walk_node(&entries[i], level - 1,
					first_key | i << level_shift(level),
					walker, data);
	return err;
}

/* Once a bad node is reported, it is cut off: nobody may run into it later. */
static int report_bad(u64 *entry, unsigned int level, u64 first_key,
		      const struct kho_map_walker *walker, void *data)
{
	phys_addr_t phys;
	u64 size = span_of_keys(first_key, level_shift(level + 1), &phys);
	int err = walker->bad(*entry, phys, size, data);

	if (!err)
		*entry = 0;
	return err;
}

static int walk_node(u64 *entry, unsigned int level, u64 first_key,
		     const struct kho_map_walker *walker, void *data)
{
	int err;

	if (walker->enter && walker->enter(*entry, data))
		return report_bad(entry, level, first_key, walker, data);

	if (level)
		err = walk_table(phys_to_virt(*entry), level, first_key,
				 walker, data);
	else
		err = walk_leaf(phys_to_virt(*entry), first_key, walker, data);

	if (walker->leave)
		walker->leave(*entry, data);
	return err;
}

/**
 * kho_map_walk - visit every block of a map
 * @map: the map
 * @walker: callbacks; they must not use @map
 * @data: passed to them
 *
 * High orders come first, then low addresses. The recursion is as deep as the
 * tree, which has %KHO_MAP_DEPTH levels whatever its pages hold. A node that
 * was reported as bad is no part of the map any more.
 *
 * Context: takes @map->lock; otherwise sleeps only if the callbacks do.
 * Return: 0, or the error with which a callback ended the walk.
 */
int kho_map_walk(struct kho_map *map, const struct kho_map_walker *walker,
		 void *data)
{
	u64 root;
	int err;

	guard(mutex)(&map->lock);

	if (!map->root)
		return 0;
	root = virt_to_phys(map->root);
	err = walk_node(&root, ROOT_LEVEL, 0, walker, data);
	if (!root)
		map->root = NULL;
	return err;
}
