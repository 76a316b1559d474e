/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of entries of one size that are handed over, in the format of
 * <linux/kho/abi/block.h>.
 */
#ifndef _LINUX_KHO_BLOCK_H
#define _LINUX_KHO_BLOCK_H

#include <linux/kho/abi/block.h>
#include <linux/list.h>
#include <linux/types.h>

/**
 * struct kho_block - a page of such a list
 * @list: link in the set
 * @ser: the page
 */
struct kho_block {
	struct list_head list;
	struct kho_block_header_ser *ser;
};

/**
 * struct kho_block_set - a list
 * @blocks: its pages, in order
 * @nblocks: how many
 * @head_pa: physical address of the first one; 0 for none
 * @entry_size: bytes of an entry
 * @count_per_block: entries that a page has room for; known once there is one
 * @incoming: it comes from the previous kernel
 *
 * Who owns it serializes what is done with it.
 */
struct kho_block_set {
	struct list_head blocks;
	long nblocks;
	u64 head_pa;
	size_t entry_size;
	u64 count_per_block;
	bool incoming;
};

/**
 * struct kho_block_set_it - a place between two entries of a list
 * @bs: the list
 * @block: the page; NULL before the first one
 * @i: number of entries of that page before this place
 */
struct kho_block_set_it {
	struct kho_block_set *bs;
	struct kho_block *block;
	u64 i;
};

#define KHO_BLOCK_SET_INIT(_name, _entry_size) {	\
	.blocks = LIST_HEAD_INIT((_name).blocks),	\
	.entry_size = (_entry_size),			\
}

void kho_block_set_init(struct kho_block_set *bs, size_t entry_size);
int kho_block_set_grow(struct kho_block_set *bs, u64 count);
void kho_block_set_shrink(struct kho_block_set *bs, u64 count);
int kho_block_set_restore(struct kho_block_set *bs, u64 head_pa);
void kho_block_set_destroy(struct kho_block_set *bs);
void kho_block_set_clear(struct kho_block_set *bs);

/**
 * kho_block_set_head_pa - where is the list?
 * @bs: the list
 *
 * Return: physical address of its first page; 0 if it has none.
 */
static inline u64 kho_block_set_head_pa(struct kho_block_set *bs)
{
	return bs->head_pa;
}

/**
 * kho_block_set_is_empty - has the list no pages?
 * @bs: the list
 *
 * Return: whether it has none.
 */
static inline bool kho_block_set_is_empty(struct kho_block_set *bs)
{
	return list_empty(&bs->blocks);
}

void kho_block_set_it_init(struct kho_block_set_it *it,
			   struct kho_block_set *bs);
void *kho_block_set_it_reserve_entry(struct kho_block_set_it *it);
void *kho_block_set_it_read_entry(struct kho_block_set_it *it);
void *kho_block_set_it_prev(struct kho_block_set_it *it);

#endif /* _LINUX_KHO_BLOCK_H */
