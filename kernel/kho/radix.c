// SPDX-License-Identifier: GPL-2.0-only
/*
 * Radix trees that somebody else owns.
 */
#include <linux/export.h>
#include <linux/kho_radix_tree.h>
#include <linux/pfn.h>

#include "map.h"

/**
 * kho_radix_add_page - add a block to a tree
 * @tree: the tree, which has a root
 * @pfn: page frame number of the block, aligned to its size
 * @order: the block has 2^@order pages
 *
 * Adding a block twice is the same as adding it once.
 *
 * Context: takes @tree->lock; may sleep.
 * Return: 0; -EINVAL without a root, or if @pfn or @order isn't valid; -ENOMEM.
 */
int kho_radix_add_page(struct kho_radix_tree *tree, unsigned long pfn,
		       unsigned int order)
{
	if (!tree->root || pfn >> KHO_ORDER_0_LOG2)
		return -EINVAL;
	return kho_map_set(tree, PFN_PHYS(pfn), order);
}
EXPORT_SYMBOL_GPL(kho_radix_add_page);

/**
 * kho_radix_del_page - take a block out of a tree
 * @tree: the tree; what is not in it is ignored
 * @pfn: page frame number of the block
 * @order: the block has 2^@order pages
 *
 * Nodes that have become empty stay where they are.
 *
 * Context: takes @tree->lock; may sleep.
 */
void kho_radix_del_page(struct kho_radix_tree *tree, unsigned long pfn,
			unsigned int order)
{
	if (!(pfn >> KHO_ORDER_0_LOG2))
		kho_map_clear(tree, PFN_PHYS(pfn), order);
}
EXPORT_SYMBOL_GPL(kho_radix_del_page);

static int call_with_block(phys_addr_t phys, unsigned int order, void *data)
{
	kho_radix_tree_walk_callback_t *cb = data;

	return (*cb)(phys, order);
}

/**
 * kho_radix_walk_tree - visit every block of a tree
 * @tree: the tree, whose nodes can be trusted
 * @cb: called with the physical address in bytes and the order of each block;
 *	it must not use @tree
 *
 * High orders come first, then low addresses.
 *
 * Context: takes @tree->lock; sleeps.
 * Return: 0, or the error with which @cb ended the walk.
 */
int kho_radix_walk_tree(struct kho_radix_tree *tree,
			kho_radix_tree_walk_callback_t cb)
{
	static const struct kho_map_walker walker = {
		.block = call_with_block,
	};

	return kho_map_walk(tree, &walker, &cb);
}
EXPORT_SYMBOL_GPL(kho_radix_walk_tree);
