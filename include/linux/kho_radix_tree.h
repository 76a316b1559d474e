/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of preserved blocks, as radix trees in the format in which they are
 * handed over.
 */
#ifndef _LINUX_KHO_RADIX_TREE_H
#define _LINUX_KHO_RADIX_TREE_H

#include <linux/errno.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/mutex.h>
#include <linux/types.h>

/**
 * struct kho_radix_tree - a set of blocks of 2^order pages
 * @root: the root node, a zeroed page for an empty tree; or NULL
 * @lock: protects the tree; taken innermost, held while nodes are allocated
 */
struct kho_radix_tree {
	struct kho_radix_node *root;
	struct mutex lock;	/* innermost */
};

typedef int (*kho_radix_tree_walk_callback_t)(phys_addr_t phys,
					      unsigned int order);

#ifdef CONFIG_KHO

int kho_radix_add_page(struct kho_radix_tree *tree, unsigned long pfn,
		       unsigned int order);
void kho_radix_del_page(struct kho_radix_tree *tree, unsigned long pfn,
			unsigned int order);
int kho_radix_walk_tree(struct kho_radix_tree *tree,
			kho_radix_tree_walk_callback_t cb);

#else /* CONFIG_KHO */

static inline int kho_radix_add_page(struct kho_radix_tree *tree,
				     unsigned long pfn, unsigned int order)
{
	return -EOPNOTSUPP;
}

static inline void kho_radix_del_page(struct kho_radix_tree *tree,
				      unsigned long pfn, unsigned int order)
{
}

static inline int kho_radix_walk_tree(struct kho_radix_tree *tree,
				      kho_radix_tree_walk_callback_t cb)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_KHO */

#endif /* _LINUX_KHO_RADIX_TREE_H */
