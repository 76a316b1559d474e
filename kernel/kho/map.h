/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The preserved-memory map: a radix tree of pages, in which one bit stands for
 * one preserved block of 2^order pages. It is handed over as it is.
 */
#ifndef _KERNEL_KHO_MAP_H
#define _KERNEL_KHO_MAP_H

#include <linux/kho_radix_tree.h>
#include <linux/pfn.h>
#include <linux/types.h>

#define KHO_MAP_MAX_ORDER	(KHO_ORDER_0_LOG2 - 1)

#define KHO_MAP_INIT(name) { .lock = __MUTEX_INITIALIZER((name).lock) }

/**
 * struct kho_map_node - where a node of a map is, and what it describes
 * @phys: physical address of the node
 * @start: physical address of the memory that it can describe
 * @size: bytes of that memory; 0 if it can't be told
 */
struct kho_map_node {
	phys_addr_t phys;
	phys_addr_t start;
	u64 size;
};

/**
 * struct kho_map_walker - how to walk over a map, and what to report
 * @enter: asked before a node is read; 0 to read it, otherwise it is taken for
 *	bad. Optional.
 * @map: makes a node readable, NULL if that fails, which ends the walk with
 *	-ENOMEM. Optional: without it, nodes are in the linear mapping.
 * @unmap: undoes @map
 * @block: called for each preserved block; an error ends the walk. Optional.
 * @run: called for blocks of one order that follow each other, up to the end
 *	of a leaf; an error ends the walk. Optional.
 * @bad: called instead of descending into a bad node; an error ends the walk.
 *	Optional: without it, a bad node ends the walk with -EINVAL.
 */
struct kho_map_walker {
	int (*enter)(const struct kho_map_node *node, void *data);
	void *(*map)(phys_addr_t phys);
	void (*unmap)(void *node);
	int (*block)(phys_addr_t phys, unsigned int order, void *data);
	int (*run)(phys_addr_t phys, u64 size, void *data);
	int (*bad)(const struct kho_map_node *node, void *data);
};

u64 kho_map_key(phys_addr_t phys, unsigned int order);
phys_addr_t kho_map_decode(u64 key, unsigned int *order);

int kho_map_init(struct kho_radix_tree *map);
void kho_map_destroy(struct kho_radix_tree *map);
int kho_map_set(struct kho_radix_tree *map, phys_addr_t phys,
		unsigned int order);
int kho_map_set_locked(struct kho_radix_tree *map, phys_addr_t phys,
		       unsigned int order);
bool kho_map_clear(struct kho_radix_tree *map, phys_addr_t phys,
		   unsigned int order);
bool kho_map_clear_locked(struct kho_radix_tree *map, phys_addr_t phys,
			  unsigned int order);
bool kho_map_test(struct kho_radix_tree *map, phys_addr_t phys,
		  unsigned int order);
int kho_map_order(struct kho_radix_tree *map, phys_addr_t phys);
int kho_map_walk(struct kho_radix_tree *map,
		 const struct kho_map_walker *walker, void *data);
int kho_map_walk_root(u64 *root, const struct kho_map_walker *walker,
		      void *data);
unsigned long kho_map_strike(struct kho_radix_tree *map, phys_addr_t phys);
unsigned long kho_map_strike_overlaps(struct kho_radix_tree *map);
unsigned long kho_map_strike_unless(struct kho_radix_tree *map,
				    bool (*fit)(phys_addr_t phys, u64 size));

/**
 * struct kho_map_stream - the blocks of one order, from low to high addresses
 * @start: physical address of the next run of blocks
 * @last: its last byte
 * @key: where to look for the run after that
 * @last_key: the last key of this order
 * @leaf: the leaf that was looked at last, or NULL
 */
struct kho_map_stream {
	phys_addr_t start;
	phys_addr_t last;
	u64 key;
	u64 last_key;
	const unsigned long *leaf;
};

/**
 * struct kho_map_runs - all that is preserved, from low to high addresses
 * @root: the root node
 * @overlaps: number of times that blocks were seen to overlap until now
 * @nr: number of streams that are not at their end
 * @streams: these streams
 */
struct kho_map_runs {
	const u64 *root;
	unsigned long overlaps;
	unsigned int nr;
	struct kho_map_stream streams[KHO_MAP_MAX_ORDER + 1];
};

void kho_map_runs_begin(struct kho_map_runs *runs, const void *root);
bool kho_map_runs_next(struct kho_map_runs *runs, phys_addr_t *start,
		       phys_addr_t *last);

#endif /* _KERNEL_KHO_MAP_H */
