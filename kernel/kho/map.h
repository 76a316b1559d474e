/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The preserved-memory map: a radix tree of pages, in which one bit stands for
 * one preserved block of 2^order pages. It is handed over as it is.
 */
#ifndef _KERNEL_KHO_MAP_H
#define _KERNEL_KHO_MAP_H

#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/types.h>

/* Format "kho-v4": every number follows from the page size. */
#define KHO_MAP_ORDER0_BIT	(64 - PAGE_SHIFT)
#define KHO_MAP_TABLE_SHIFT	(PAGE_SHIFT - 3)
#define KHO_MAP_LEAF_SHIFT	(PAGE_SHIFT + 3)
#define KHO_MAP_DEPTH \
	(DIV_ROUND_UP(KHO_MAP_ORDER0_BIT - KHO_MAP_LEAF_SHIFT + 1, \
		      KHO_MAP_TABLE_SHIFT) + 1)
#define KHO_MAP_MAX_ORDER	(KHO_MAP_ORDER0_BIT - 1)

/**
 * struct kho_map - a preserved-memory map
 * @lock: protects the tree; taken innermost, held while nodes are allocated
 * @root: the root node, or NULL
 */
struct kho_map {
	struct mutex lock;	/* innermost */
	void *root;
};

#define KHO_MAP_INIT(name) { .lock = __MUTEX_INITIALIZER((name).lock) }

/**
 * struct kho_map_walker - what a walk over a map reports
 * @enter: asked before a node is read; 0 to read it, otherwise it is taken for
 *	bad. Optional.
 * @block: called for each preserved block; an error ends the walk
 * @bad: called instead of descending into a bad node, with the block of memory
 *	that this node would have described, or with @size 0 if that can't be
 *	told; an error ends the walk. Required if @enter is there.
 * @leave: called when all of a node has been read. Optional.
 */
struct kho_map_walker {
	int (*enter)(phys_addr_t node, void *data);
	int (*block)(phys_addr_t phys, unsigned int order, void *data);
	int (*bad)(phys_addr_t node, phys_addr_t phys, u64 size, void *data);
	void (*leave)(phys_addr_t node, void *data);
};

u64 kho_map_key(phys_addr_t phys, unsigned int order);
phys_addr_t kho_map_decode(u64 key, unsigned int *order);

int kho_map_init(struct kho_map *map);
void kho_map_destroy(struct kho_map *map);
int kho_map_set(struct kho_map *map, phys_addr_t phys, unsigned int order);
bool kho_map_clear(struct kho_map *map, phys_addr_t phys, unsigned int order);
bool kho_map_test(struct kho_map *map, phys_addr_t phys, unsigned int order);
int kho_map_order(struct kho_map *map, phys_addr_t phys);
int kho_map_walk(struct kho_map *map, const struct kho_map_walker *walker,
		 void *data);

#endif /* _KERNEL_KHO_MAP_H */
