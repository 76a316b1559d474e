// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this kernel was handed: memory that is still preserved, and subtrees.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "../../mm/internal.h"

#include "internal.h"
#include "map.h"
#include "root_fdt.h"
#include "seal.h"

/*
 * Blocks that nobody has taken yet. A block leaves the map when it is
 * restored, so that nothing is restored twice, and nothing that wasn't
 * preserved.
 */
static struct kho_radix_tree in_map = KHO_MAP_INIT(in_map);

/* Set once, when the handover was found to be sound. */
static const void *in_fdt;

/* May blocks that nobody has taken be preserved once more, and all of them? */
static bool handed_on;
static bool all_handed_on;

/* Subtrees in in_fdt are numbered by where their nodes are. */
#define MAX_SUBTREES	(KHO_ROOT_SIZE / FDT_TAGSIZE)

/*
 * Protects which subtrees somebody has asked for, or hands over others in the
 * place of, and which are handed on; the locks of what is handed over nest
 * inside.
 */
static DEFINE_MUTEX(in_lock);
static DECLARE_BITMAP(asked_for, MAX_SUBTREES);
static DECLARE_BITMAP(passed_on, MAX_SUBTREES);

/**
 * kho_in_set - take over what the previous kernel has left
 * @fdt: its root FDT, checked; it stays where it is, and is not handed on
 * @map_root: the root of its map, checked and reserved
 * @sound: it is known that all blocks are memory, and overlap neither each
 *	other nor the map
 *
 * Context: early boot.
 */
void kho_in_set(void *fdt, void *map_root, bool sound)
{
	phys_addr_t phys = virt_to_phys(fdt);
	unsigned long struck;

	in_fdt = fdt;
	in_map.root = map_root;
	handed_on = false;
	all_handed_on = false;
	bitmap_zero(asked_for, MAX_SUBTREES);
	bitmap_zero(passed_on, MAX_SUBTREES);
	kho_map_clear(&in_map, phys, 0);

	struck = kho_map_strike(&in_map, phys);
	if (!sound)
		struck += kho_map_strike_overlaps(&in_map);
	if (struck)
		pr_err("%lu preserved blocks overlap others or the handover itself: kept, but for nobody\n",
		       struck);
}

/**
 * kho_in_strike_unless - let nobody have blocks that aren't fit to be had
 * @fit: asked about each block's physical address and size in bytes, which is 0
 *	for 2^64
 *
 * Context: early boot.
 */
void kho_in_strike_unless(bool (*fit)(phys_addr_t phys, u64 size))
{
	unsigned long struck = kho_map_strike_unless(&in_map, fit);

	if (struck)
		pr_err("%lu preserved blocks are no memory, or in use: not for anybody\n",
		       struck);
}

/**
 * kho_in_fdt - the root FDT of the previous kernel
 *
 * Return: the FDT, or NULL if there was no handover.
 */
const void *kho_in_fdt(void)
{
	return in_fdt;
}

/*
 * Order of the block that starts at @phys, or -ENOENT. A block that can't be
 * true, in scratch or where no memory is, does not count.
 */
static int in_order(phys_addr_t phys)
{
	int order = kho_map_order(&in_map, phys);

	if (order < 0 || order >= BITS_PER_LONG - PAGE_SHIFT ||
	    !pfn_valid(PHYS_PFN(phys)) ||
	    !pfn_valid(PHYS_PFN(phys) + BIT(order) - 1) ||
	    kho_scratch_overlap(phys, PAGE_SIZE << order))
		return -ENOENT;
	return order;
}

/**
 * kho_in_blocks - how much is preserved where something is?
 * @phys: physical address in bytes
 * @nr_pages: number of pages that it has
 *
 * Context: may sleep.
 * Return: number of pages of the blocks that follow each other from @phys on
 * until they hold all of it; 0 if they don't, or somebody has taken them.
 */
unsigned long kho_in_blocks(phys_addr_t phys, unsigned long nr_pages)
{
	unsigned long found = 0;

	if (!PAGE_ALIGNED(phys))
		return 0;

	while (found < nr_pages) {
		int order = in_order(phys + PFN_PHYS(found));

		if (order < 0)
			return 0;
		found += BIT(order);
	}
	return found;
}

/**
 * kho_in_covers - is all of this memory preserved, and not taken yet?
 * @phys: physical address in bytes
 * @nr_pages: number of pages
 *
 * Context: may sleep.
 * Return: true if blocks that start at @phys cover just these pages.
 */
bool kho_in_covers(phys_addr_t phys, unsigned long nr_pages)
{
	return kho_in_blocks(phys, nr_pages) == nr_pages;
}

/*
 * Blocks that have been promised to somebody while a handover is read. The
 * map's lock nests inside that of whoever reads.
 */
static struct kho_radix_tree claimed = KHO_MAP_INIT(claimed);

static int claim_block(phys_addr_t phys, unsigned int order)
{
	int err = claimed.root ? 0 : kho_map_init(&claimed);

	if (err)
		return err;
	if (kho_map_test(&claimed, phys, order))
		return -EEXIST;
	return kho_map_set(&claimed, phys, order);
}

/**
 * kho_in_claim - promise preserved memory to somebody, and to nobody else
 * @phys: physical address in bytes
 * @nr_pages: number of pages
 *
 * Context: one reader at a time; may sleep.
 * Return: 0; -ENOENT unless kho_in_covers(); -EEXIST if any of it has been
 * claimed already; -ENOMEM.
 */
int kho_in_claim(phys_addr_t phys, unsigned long nr_pages)
{
	int err = nr_pages && kho_in_covers(phys, nr_pages) ? 0 : -ENOENT;

	while (!err && nr_pages) {
		int order = in_order(phys);

		err = claim_block(phys, order);
		phys += PAGE_SIZE << order;
		nr_pages -= BIT(order);
	}
	return err;
}

/**
 * kho_in_claims_done - forget all claims: everything has been read
 *
 * Context: as kho_in_claim().
 */
void kho_in_claims_done(void)
{
	kho_map_destroy(&claimed);
}

/* Make the pages of a block look as if they had just been allocated. */
static void adopt_pages(phys_addr_t phys, unsigned int order, bool compound)
{
	struct page *page = pfn_to_page(PHYS_PFN(phys));
	unsigned long i;

	for (i = 0; i < BIT(order); i++) {
		/* Unless something else had reserved it, too, it is not. */
		if (PageReserved(page + i))
			ClearPageReserved(page + i);
		set_page_count(page + i, compound && i ? 0 : 1);
	}
	if (compound && order)
		prep_compound_page(page, order);
	adjust_managed_page_count(page, BIT(order));

	/* If it was being handed on, it has found its owner now. */
	if (READ_ONCE(handed_on))
		kho_out_unmark(phys, order);
}

/**
 * kho_restore_folio - take a preserved folio
 * @phys: physical address in bytes
 *
 * Context: may sleep.
 * Return: the folio, with one reference, which the caller owns; NULL if no
 * folio is preserved there, or it has been taken already.
 */
struct folio *kho_restore_folio(phys_addr_t phys)
{
	int order = in_order(phys);

	if (order < 0 || order > MAX_PAGE_ORDER ||
	    !kho_map_clear(&in_map, phys, order))
		return NULL;

	adopt_pages(phys, order, true);
	return page_folio(pfn_to_page(PHYS_PFN(phys)));
}
EXPORT_SYMBOL_GPL(kho_restore_folio);

/**
 * kho_restore_pages - take preserved pages
 * @phys: physical address of the first one in bytes
 * @nr_pages: the number that was preserved
 *
 * Context: may sleep.
 * Return: the first page; each has one reference, which the caller owns. NULL,
 * and nothing taken, unless all of them are preserved and nobody has them.
 */
struct page *kho_restore_pages(phys_addr_t phys, unsigned long nr_pages)
{
	phys_addr_t pos = phys;

	if (!nr_pages || !kho_in_covers(phys, nr_pages))
		return NULL;

	while (nr_pages) {
		int order = in_order(pos);

		if (order < 0 || !kho_map_clear(&in_map, pos, order))
			return NULL;
		adopt_pages(pos, order, false);
		pos += PAGE_SIZE << order;
		nr_pages -= BIT(order);
	}
	return pfn_to_page(PHYS_PFN(phys));
}
EXPORT_SYMBOL_GPL(kho_restore_pages);

/**
 * kho_in_free - free preserved pages that nobody needs any more
 * @phys: physical address of the first one in bytes
 * @nr_pages: the number that was preserved
 *
 * Pages that have been taken already are left alone.
 *
 * Context: may sleep.
 */
void kho_in_free(phys_addr_t phys, unsigned long nr_pages)
{
	struct page *page = kho_restore_pages(phys, nr_pages);

	while (page && nr_pages--)
		__free_page(page++);
}

/**
 * kho_in_take - take preserved memory that stays reserved
 * @phys: physical address of the first page in bytes
 * @nr_pages: the number that was preserved
 *
 * Its pages stay as boot has made them. Even if they were found unfit to be
 * had, nobody else gets any of them after this.
 *
 * Context: may sleep.
 * Return: whether all of them were there to be taken.
 */
bool kho_in_take(phys_addr_t phys, unsigned long nr_pages)
{
	bool whole = kho_in_covers(phys, nr_pages);
	phys_addr_t end = phys + PFN_PHYS(nr_pages);

	while (phys < end) {
		int order = whole ? kho_map_order(&in_map, phys) : 0;

		if (whole)
			kho_map_clear(&in_map, phys, order);
		else
			kho_map_strike(&in_map, phys);
		phys += PAGE_SIZE << order;
	}
	return whole;
}

/**
 * kho_in_look_up - look at a blob of the previous kernel
 * @name: name of the subtree
 * @phys: where to store its physical address in bytes
 * @size: where to store its size in bytes
 *
 * Context: may sleep.
 * Return: as kho_retrieve_subtree().
 */
int kho_in_look_up(const char *name, phys_addr_t *phys, u64 *size)
{
	int err = in_fdt ? kho_root_find(in_fdt, name, phys, size) : -ENOENT;

	if (err)
		return err;
	if (*size > SIZE_MAX - PAGE_SIZE ||
	    !kho_in_blocks(*phys, PFN_UP(*size)))
		return -EINVAL;
	return 0;
}

static unsigned int subtree_number(int node)
{
	return node / FDT_TAGSIZE;
}

static bool set_asked_for(const char *name, bool on)
{
	int node = in_fdt ? kho_root_node(in_fdt, name) : -1;
	phys_addr_t phys;
	bool before;
	u64 size;

	lockdep_assert_held(&in_lock);

	if (node < 0)
		return on;
	if (__test_and_clear_bit(subtree_number(node), passed_on) &&
	    !kho_root_find(in_fdt, name, &phys, &size))
		kho_remove_subtree(phys_to_virt(phys));

	before = test_bit(subtree_number(node), asked_for);
	if (on)
		__set_bit(subtree_number(node), asked_for);
	else
		__clear_bit(subtree_number(node), asked_for);
	return before;
}

/**
 * kho_in_ask_for - is a subtree of the previous kernel to be handed on?
 * @name: its name; there need not be one
 * @on: no, somebody has asked for it; otherwise it is, later, unless somebody
 *	asks for it
 *
 * Context: may sleep.
 * Return: what was said before; @on if there is none.
 */
bool kho_in_ask_for(const char *name, bool on)
{
	guard(mutex)(&in_lock);

	return set_asked_for(name, on);
}

/**
 * kho_retrieve_subtree - find a blob of the previous kernel
 * @name: name of the subtree
 * @phys: where to store its physical address in bytes
 * @size: where to store its size in bytes, or NULL
 *
 * The blob stays preserved until it is restored, kho_restore_free() for one of
 * kho_alloc_preserve(). Its last block may be larger than what is left of it.
 * A blob that nobody has retrieved is handed on to the next kernel; who has is
 * responsible for it, and for all that it leads to.
 *
 * Context: may sleep.
 * Return: 0; -ENOENT if there is none, or no handover; -EINVAL if its entry is
 * broken or it lies in memory that isn't preserved.
 */
int kho_retrieve_subtree(const char *name, phys_addr_t *phys, size_t *size)
{
	u64 len;
	int err;

	guard(mutex)(&in_lock);

	err = kho_in_look_up(name, phys, &len);
	if (err)
		return err;
	set_asked_for(name, true);
	if (size)
		*size = len;
	return 0;
}
EXPORT_SYMBOL_GPL(kho_retrieve_subtree);

/**
 * kho_in_drop_seal - free the seal, which was compared when the map was read
 *
 * Context: initcall; may sleep.
 */
void kho_in_drop_seal(void)
{
	phys_addr_t phys;

	if (!kho_retrieve_subtree(KHO_SEAL_SUBTREE, &phys, NULL))
		kho_restore_free(phys_to_virt(phys));
}

static int hand_on_block(phys_addr_t phys, unsigned int order, void *data)
{
	/* What can't be true is not worth handing on. */
	if (kho_scratch_overlap(phys, PAGE_SIZE << order))
		return 0;
	return kho_out_mark(phys, order);
}

static int hand_on_memory(void)
{
	static const struct kho_map_walker walker = {
		.block = hand_on_block,
	};
	int err;

	lockdep_assert_held(&in_lock);

	/* There can't be more of it than there was. */
	if (all_handed_on)
		return 0;
	WRITE_ONCE(handed_on, true);
	err = kho_map_walk(&in_map, &walker, NULL);
	all_handed_on = !err;
	return err;
}

/**
 * kho_in_hand_on - preserve once more what nobody has taken
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM; it may be called again then.
 */
int kho_in_hand_on(void)
{
	guard(mutex)(&in_lock);

	return hand_on_memory();
}

/*
 * Is it a subtree that somebody may still want, and where is it? Of two that
 * have one name, only the first one can be found.
 */
static bool waits(int node, phys_addr_t *phys, u64 *size)
{
	const char *name = fdt_get_name(in_fdt, node, NULL);

	lockdep_assert_held(&in_lock);

	return !test_bit(subtree_number(node), asked_for) &&
	       !kho_out_is_own(name) && kho_root_node(in_fdt, name) == node &&
	       !kho_in_look_up(name, phys, size);
}

/**
 * kho_in_pending - is there a subtree that somebody may still want?
 *
 * Context: may sleep.
 * Return: whether there is one that nobody has retrieved.
 */
bool kho_in_pending(void)
{
	phys_addr_t phys;
	int node;
	u64 size;

	guard(mutex)(&in_lock);

	if (!in_fdt)
		return false;
	fdt_for_each_subnode(node, in_fdt, 0)
		if (waits(node, &phys, &size))
			return true;
	return false;
}

/**
 * kho_in_each_pending - name the subtrees that somebody may still want
 * @func: called for each with its name and size in bytes, in_lock held
 * @data: passed to @func
 *
 * Context: may sleep.
 */
void kho_in_each_pending(void (*func)(const char *name, u64 size, void *data),
			 void *data)
{
	phys_addr_t phys;
	int node;
	u64 size;

	guard(mutex)(&in_lock);

	if (!in_fdt)
		return;
	fdt_for_each_subnode(node, in_fdt, 0)
		if (waits(node, &phys, &size))
			func(fdt_get_name(in_fdt, node, NULL), size, data);
}

/**
 * kho_in_discard - give up a subtree that nobody has asked for
 * @name: its name
 *
 * Its blob is freed. Memory that it leads to stays as it is: where that ends,
 * only its owner knows.
 *
 * Context: may sleep.
 * Return: 0, or -ENOENT if no such subtree waits.
 */
int kho_in_discard(const char *name)
{
	phys_addr_t phys;
	int node;
	u64 size;

	guard(mutex)(&in_lock);

	node = in_fdt ? kho_root_node(in_fdt, name) : -1;
	if (node < 0 || !waits(node, &phys, &size))
		return -ENOENT;

	set_asked_for(name, true);
	kho_in_free(phys, kho_in_blocks(phys, PFN_UP(size)));
	pr_info("subtree %.63s of the previous kernel is discarded\n", name);
	return 0;
}

static int hand_on_subtree(int node, phys_addr_t phys, u64 size)
{
	const char *name = fdt_get_name(in_fdt, node, NULL);
	int err;

	if (test_bit(subtree_number(node), passed_on))
		return 0;

	/* Where it leads to, only its owner knows. */
	err = hand_on_memory();
	if (!err)
		err = kho_out_add(name, phys_to_virt(phys), size);
	if (err) {
		pr_err("subtree %.63s can't be handed on: %pe\n", name,
		       ERR_PTR(err));
		return err;
	}
	__set_bit(subtree_number(node), passed_on);
	pr_info("subtree %.63s is handed on: nobody has asked for it\n", name);
	return 0;
}

/**
 * kho_in_hand_on_subtrees - hand on what nobody here knows
 *
 * That is, subtrees that nobody has retrieved, and all memory that nobody has
 * taken, as they may lead to any of it. Whoever comes later still finds both.
 *
 * Context: may sleep.
 * Return: 0; -ENOSPC if the root FDT is full; -ENOMEM. It may be called again.
 */
int kho_in_hand_on_subtrees(void)
{
	phys_addr_t phys;
	int node, err;
	u64 size;

	guard(mutex)(&in_lock);

	if (!in_fdt)
		return 0;
	fdt_for_each_subnode(node, in_fdt, 0) {
		if (!waits(node, &phys, &size))
			continue;
		err = hand_on_subtree(node, phys, size);
		if (err)
			return err;
	}
	return 0;
}

#if IS_ENABLED(CONFIG_KHO_KUNIT_TEST)
/**
 * kho_in_forget - forget a handover that never left this kernel
 *
 * Context: KUnit; may sleep.
 */
void kho_in_forget(void)
{
	kho_map_destroy(&in_map);
	free_page((unsigned long)in_fdt);
	in_fdt = NULL;
}
#endif
