// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of entries of one size that are handed over: mainline's "KHO blocks".
 *
 * Readers refuse a page without entries, so a page becomes part of the chain
 * when its first entry is reserved. The first one is where the list is from the
 * beginning.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho_block.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* As in mainline: what is longer has a loop. */
#define MAX_BLOCKS	10000

static u64 find_room(struct kho_block_set *bs)
{
	const size_t room = KHO_BLOCK_SIZE - sizeof(struct kho_block_header_ser);

	if (bs->entry_size)
		bs->count_per_block = room / bs->entry_size;
	return bs->count_per_block;
}

/**
 * kho_block_set_init - an empty list
 * @bs: the list
 * @entry_size: bytes of an entry
 *
 * Context: any.
 */
void kho_block_set_init(struct kho_block_set *bs, size_t entry_size)
{
	*bs = (struct kho_block_set)KHO_BLOCK_SET_INIT(*bs, entry_size);
	find_room(bs);
}
EXPORT_SYMBOL_GPL(kho_block_set_init);

static int append(struct kho_block_set *bs, struct kho_block_header_ser *ser)
{
	struct kho_block *block = kzalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return -ENOMEM;
	block->ser = ser;
	list_add_tail(&block->list, &bs->blocks);
	if (!bs->nblocks++)
		bs->head_pa = virt_to_phys(ser);
	return 0;
}

static void remove_last(struct kho_block_set *bs)
{
	struct kho_block *block = list_last_entry(&bs->blocks,
						  struct kho_block, list);

	list_del(&block->list);
	if (--bs->nblocks)
		list_last_entry(&bs->blocks, struct kho_block,
				list)->ser->next = 0;
	else
		bs->head_pa = 0;

	if (bs->incoming)
		folio_put(virt_to_folio(block->ser));
	else
		kho_unpreserve_free(block->ser);
	kfree(block);
}

static int add_block(struct kho_block_set *bs)
{
	void *ser = kho_alloc_preserve(KHO_BLOCK_SIZE);
	int err;

	if (IS_ERR(ser))
		return PTR_ERR(ser);
	err = append(bs, ser);
	if (err)
		kho_unpreserve_free(ser);
	return err;
}

/**
 * kho_block_set_grow - have room for entries
 * @bs: a list that isn't incoming
 * @count: how many there shall be room for, with those that there are
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if the list is incoming or its entries are larger than a
 * page; -E2BIG if readers would refuse it; an error of kho_alloc_preserve().
 * On error the list is as before.
 */
int kho_block_set_grow(struct kho_block_set *bs, u64 count)
{
	long before = bs->nblocks;

	if (bs->incoming || !find_room(bs))
		return -EINVAL;
	if (count > MAX_BLOCKS * bs->count_per_block)
		return -E2BIG;

	while (bs->nblocks * bs->count_per_block < count) {
		int err = add_block(bs);

		if (!err)
			continue;
		while (bs->nblocks > before)
			remove_last(bs);
		return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kho_block_set_grow);

/**
 * kho_block_set_shrink - free pages at the end of a list
 * @bs: the list
 * @count: how many entries there shall still be room for
 *
 * Context: may sleep; nobody is at a place in the pages that go.
 */
void kho_block_set_shrink(struct kho_block_set *bs, u64 count)
{
	while (bs->nblocks && (bs->nblocks - 1) * bs->count_per_block >= count)
		remove_last(bs);
}
EXPORT_SYMBOL_GPL(kho_block_set_shrink);

static bool sound(const struct kho_block_set *bs, u64 phys, u64 *next)
{
	const struct kho_block_header_ser *ser;

	if (!kho_in_covers(phys, 1))
		return false;
	ser = phys_to_virt(phys);
	*next = ser->next;
	return ser->count && ser->count <= bs->count_per_block;
}

static int check_chain(const struct kho_block_set *bs, u64 phys)
{
	unsigned int left = MAX_BLOCKS;

	for (; phys; left--)
		if (!left || !sound(bs, phys, &phys))
			return -EINVAL;
	return 0;
}

static int take_block(struct kho_block_set *bs, u64 phys)
{
	struct folio *folio = kho_restore_folio(phys);
	int err;

	if (!folio)
		return -EINVAL;
	err = append(bs, folio_address(folio));
	if (err)
		folio_put(folio);
	return err;
}

/**
 * kho_block_set_restore - take a list of the previous kernel
 * @bs: an empty list, of entries of the same size
 * @head_pa: physical address of its first page; 0 for an empty list
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if @bs isn't empty; -EINVAL, and nothing taken, if that is
 * no list, or not all of it is preserved; -ENOMEM, with the list lost.
 */
int kho_block_set_restore(struct kho_block_set *bs, u64 head_pa)
{
	u64 phys = head_pa;
	int err;

	if (!kho_block_set_is_empty(bs))
		return -EBUSY;
	find_room(bs);
	err = check_chain(bs, head_pa);
	if (err)
		return err;

	bs->incoming = true;
	while (phys) {
		const struct kho_block_header_ser *ser = phys_to_virt(phys);
		u64 next = ser->next;

		err = take_block(bs, phys);
		if (err) {
			kho_block_set_destroy(bs);
			return err;
		}
		phys = next;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kho_block_set_restore);

/**
 * kho_block_set_destroy - free a list
 * @bs: the list; empty afterwards, and not incoming any more
 *
 * Context: may sleep.
 */
void kho_block_set_destroy(struct kho_block_set *bs)
{
	while (bs->nblocks)
		remove_last(bs);
	bs->incoming = false;
}
EXPORT_SYMBOL_GPL(kho_block_set_destroy);

/**
 * kho_block_set_clear - forget all entries, but keep the room for them
 * @bs: the list
 *
 * Context: any; whoever is at a place in the list starts anew.
 */
void kho_block_set_clear(struct kho_block_set *bs)
{
	struct kho_block *block;

	list_for_each_entry(block, &bs->blocks, list) {
		block->ser->next = 0;
		block->ser->count = 0;
	}
}
EXPORT_SYMBOL_GPL(kho_block_set_clear);

/**
 * kho_block_set_it_init - start at the beginning of a list
 * @it: the place
 * @bs: the list
 *
 * Context: any.
 */
void kho_block_set_it_init(struct kho_block_set_it *it,
			   struct kho_block_set *bs)
{
	*it = (struct kho_block_set_it) { .bs = bs };
}
EXPORT_SYMBOL_GPL(kho_block_set_it_init);

/* The page after that of a place, or NULL. */
static struct kho_block *next_block(const struct kho_block_set_it *it)
{
	if (!it->block)
		return list_first_entry_or_null(&it->bs->blocks,
						struct kho_block, list);
	if (list_is_last(&it->block->list, &it->bs->blocks))
		return NULL;
	return list_next_entry(it->block, list);
}

static void *entry_at(const struct kho_block_set_it *it, u64 i)
{
	return (void *)(it->block->ser + 1) + i * it->bs->entry_size;
}

/**
 * kho_block_set_it_reserve_entry - append an entry
 * @it: a place at the end of the list; moves behind the entry
 *
 * Context: any.
 * Return: the entry, zeroed; NULL if there is no room, see
 * kho_block_set_grow().
 */
void *kho_block_set_it_reserve_entry(struct kho_block_set_it *it)
{
	void *entry;

	if (!it->block || it->i == it->bs->count_per_block) {
		struct kho_block *next = next_block(it);

		if (!next)
			return NULL;
		if (it->block)
			it->block->ser->next = virt_to_phys(next->ser);
		it->block = next;
		it->i = 0;
	}

	entry = entry_at(it, it->i);
	it->block->ser->count = ++it->i;
	return memset(entry, 0, it->bs->entry_size);
}
EXPORT_SYMBOL_GPL(kho_block_set_it_reserve_entry);

/**
 * kho_block_set_it_read_entry - the entry after a place
 * @it: the place; moves behind the entry
 *
 * Context: any.
 * Return: the entry, or NULL at the end of the list.
 */
void *kho_block_set_it_read_entry(struct kho_block_set_it *it)
{
	if (!it->block || it->i == it->block->ser->count) {
		struct kho_block *next = next_block(it);

		if (!next || !next->ser->count)
			return NULL;
		it->block = next;
		it->i = 0;
	}
	return entry_at(it, it->i++);
}
EXPORT_SYMBOL_GPL(kho_block_set_it_read_entry);

/**
 * kho_block_set_it_prev - the entry before a place
 * @it: the place; moves before the entry
 *
 * Context: any.
 * Return: the entry, or NULL at the beginning of the list.
 */
void *kho_block_set_it_prev(struct kho_block_set_it *it)
{
	if (!it->block)
		return NULL;
	if (!it->i) {
		if (list_is_first(&it->block->list, &it->bs->blocks))
			return NULL;
		it->block = list_prev_entry(it->block, list);
		it->i = it->block->ser->count;
	}
	return entry_at(it, --it->i);
}
EXPORT_SYMBOL_GPL(kho_block_set_it_prev);
