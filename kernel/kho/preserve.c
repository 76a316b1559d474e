// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this kernel hands over: preserved memory and subtrees.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kho/abi/kexec_metadata.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "fault.h"
#include "internal.h"
#include "map.h"
#include "root_fdt.h"
#include "seal.h"

/* The map's lock nests inside out_lock. */
static struct kho_radix_tree out_map = KHO_MAP_INIT(out_map);

/* Protects the contents of out_fdt; the pointer is set once, at init. */
static DEFINE_MUTEX(out_lock);
static void *out_fdt;

/*
 * Written with both locks held. Who changes what it covers breaks it before,
 * without letting go of the lock that protects that: what has a seal is what
 * was sealed, at any time.
 */
static struct kho_seal *out_seal;

static void break_seal(void)
{
	if (out_seal)
		WRITE_ONCE(out_seal->magic, 0);
}

static int add_seal(void)
{
	void *page = kho_alloc_preserve(sizeof(*out_seal));
	int err;

	if (IS_ERR(page))
		return PTR_ERR(page);

	err = kho_add_subtree(KHO_SEAL_SUBTREE, page, sizeof(*out_seal));
	if (err)
		kho_unpreserve_free(page);
	else
		out_seal = page;
	return err;
}

/**
 * kho_out_init - begin a handover that is still empty
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int kho_out_init(void)
{
	struct folio *folio;
	void *fdt;
	int err;

	err = kho_map_init(&out_map);
	if (err)
		return err;

	folio = kho_folio_alloc(0);
	if (!folio) {
		err = -ENOMEM;
		goto err_map;
	}

	fdt = folio_address(folio);
	err = kho_root_create(fdt, virt_to_phys(out_map.root));
	if (err)
		goto err_fdt;
	err = kho_out_mark(virt_to_phys(fdt), 0);
	if (err)
		goto err_fdt;

	out_fdt = fdt;
	err = add_seal();
	if (!err)
		return 0;

	out_fdt = NULL;
err_fdt:
	folio_put(folio);
err_map:
	kho_map_destroy(&out_map);
	return err;
}

/**
 * kho_out_fdt - the root FDT that is handed over
 *
 * Return: its one page, or NULL if the core didn't initialize.
 */
void *kho_out_fdt(void)
{
	return out_fdt;
}

/**
 * kho_out_mark - preserve a block, whatever it holds
 * @phys: physical address in bytes, aligned to the block's size
 * @order: the block has 2^@order pages
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if the block lies in scratch or isn't aligned; -ENOMEM;
 * -EOPNOTSUPP without KHO.
 */
int kho_out_mark(phys_addr_t phys, unsigned int order)
{
	if (!out_map.root)
		return -EOPNOTSUPP;
	if (kho_scratch_overlap(phys, PAGE_SIZE << order))
		return -EINVAL;
	if (kho_fault(KHO_FAULT_PRESERVE, NULL))
		return -ENOMEM;

	guard(mutex)(&out_map.lock);
	break_seal();
	return kho_map_set_locked(&out_map, phys, order);
}

/**
 * kho_out_unmark - undo kho_out_mark()
 * @phys: physical address in bytes
 * @order: the block has 2^@order pages
 *
 * Context: may sleep.
 */
void kho_out_unmark(phys_addr_t phys, unsigned int order)
{
	guard(mutex)(&out_map.lock);
	break_seal();
	kho_map_clear_locked(&out_map, phys, order);
}

static int refuse(unsigned long pfn, unsigned long nr_pages)
{
	const char *bad = kho_refuse(pfn, nr_pages);

	if (!bad)
		return 0;
	pr_warn("%lu pages at pfn %#lx aren't preserved: %s\n", nr_pages, pfn,
		bad);
	return -EINVAL;
}

/**
 * kho_preserve_folio - have the next kernel find a folio as it is
 * @folio: the folio; the caller keeps it allocated, where it is
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if it lies in scratch, is free, isn't RAM or has been added
 * by a driver; -ENOMEM; -EOPNOTSUPP without KHO.
 */
int kho_preserve_folio(struct folio *folio)
{
	/* A folio is free, or of a device, as a whole. */
	int err = refuse(folio_pfn(folio), 1);

	if (err)
		return err;
	return kho_out_mark(PFN_PHYS(folio_pfn(folio)), folio_order(folio));
}
EXPORT_SYMBOL_GPL(kho_preserve_folio);

/**
 * kho_unpreserve_folio - undo kho_preserve_folio()
 * @folio: the folio
 *
 * Context: may sleep.
 */
void kho_unpreserve_folio(struct folio *folio)
{
	kho_out_unmark(PFN_PHYS(folio_pfn(folio)), folio_order(folio));
}
EXPORT_SYMBOL_GPL(kho_unpreserve_folio);

/* The largest block that starts at @pfn, in one NUMA node, up to @end. */
static unsigned int block_order(unsigned long pfn, unsigned long end)
{
	unsigned int order = ilog2(end - pfn);

	if (pfn)
		order = min_t(unsigned int, order, __ffs(pfn));
	while (order && pfn_to_nid(pfn) != pfn_to_nid(pfn + BIT(order) - 1))
		order--;
	return order;
}

/**
 * kho_unpreserve_pages - undo kho_preserve_pages()
 * @page: the first page
 * @nr_pages: the same number as then
 *
 * Context: may sleep.
 */
void kho_unpreserve_pages(struct page *page, unsigned long nr_pages)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + nr_pages;

	while (pfn < end) {
		unsigned int order = block_order(pfn, end);

		kho_out_unmark(PFN_PHYS(pfn), order);
		pfn += BIT(order);
	}
}
EXPORT_SYMBOL_GPL(kho_unpreserve_pages);

/**
 * kho_preserve_pages - have the next kernel find pages as they are
 * @page: the first page; the caller keeps them allocated, where they are
 * @nr_pages: number of physically contiguous pages
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if any of it lies in scratch, is free, isn't RAM or has been
 * added by a driver; -ENOMEM; -EOPNOTSUPP without KHO. On error nothing is
 * preserved.
 */
int kho_preserve_pages(struct page *page, unsigned long nr_pages)
{
	unsigned long first = page_to_pfn(page), end = first + nr_pages;
	unsigned long pfn = first;
	int err = refuse(first, nr_pages);

	if (err)
		return err;

	while (pfn < end) {
		unsigned int order = block_order(pfn, end);

		err = kho_out_mark(PFN_PHYS(pfn), order);
		if (err)
			goto err_undo;
		pfn += BIT(order);
	}
	return 0;

err_undo:
	/* The blocks were cut with this @end in view: undo them so, too. */
	for (end = pfn, pfn = first; pfn < end; ) {
		unsigned int order = block_order(pfn, first + nr_pages);

		kho_out_unmark(PFN_PHYS(pfn), order);
		pfn += BIT(order);
	}
	return err;
}
EXPORT_SYMBOL_GPL(kho_preserve_pages);

/**
 * kho_out_add - as kho_add_subtree(), whatever the previous kernel has
 * @name: name of the subtree
 * @blob: the data
 * @size: bytes
 *
 * Context: may sleep.
 * Return: as kho_add_subtree().
 */
int kho_out_add(const char *name, void *blob, size_t size)
{
	int err;

	if (!out_fdt)
		return -EOPNOTSUPP;

	if (kho_fault(KHO_FAULT_SUBTREE, NULL))
		return -ENOSPC;
	guard(mutex)(&out_lock);
	break_seal();
	err = kho_root_add(out_fdt, name, virt_to_phys(blob), size);
	if (!err)
		kho_debugfs_add(name, blob, size);
	return err;
}

/**
 * kho_add_subtree - name a blob, for the next kernel to find
 * @name: name of the subtree
 * @blob: the data, page aligned, which the caller has preserved
 * @size: bytes
 *
 * It is part of the handover at once, also of an image already loaded. A
 * subtree of that name from the previous kernel is not handed on then.
 *
 * Context: may sleep.
 * Return: 0; -EEXIST; -ENOSPC if the root FDT is full; -EOPNOTSUPP without KHO.
 */
int kho_add_subtree(const char *name, void *blob, size_t size)
{
	bool before = kho_in_ask_for(name, true);
	int err = kho_out_add(name, blob, size);

	if (err)
		kho_in_ask_for(name, before);
	return err;
}
EXPORT_SYMBOL_GPL(kho_add_subtree);

/**
 * kho_remove_subtree - undo kho_add_subtree()
 * @blob: the data
 *
 * Context: may sleep.
 */
void kho_remove_subtree(void *blob)
{
	guard(mutex)(&out_lock);
	break_seal();
	if (!out_fdt || !kho_root_remove(out_fdt, virt_to_phys(blob)))
		pr_warn("no subtree at %p to remove\n", blob);
	else
		kho_debugfs_remove(blob);
}
EXPORT_SYMBOL_GPL(kho_remove_subtree);

/**
 * kho_out_is_own - is it a subtree of the core itself?
 * @name: its name
 *
 * Return: whether it is: it is only information then.
 */
bool kho_out_is_own(const char *name)
{
	static const char * const own[] = {
		KHO_SEAL_SUBTREE, KHO_METADATA_NODE_NAME, KHO_CLOCK_SUBTREE,
	};

	return match_string(own, ARRAY_SIZE(own), name) >= 0;
}

/**
 * kho_out_pending - would somebody miss what is handed over?
 *
 * Context: may sleep.
 * Return: whether there are other subtrees than its own.
 */
bool kho_out_pending(void)
{
	int node;

	guard(mutex)(&out_lock);
	if (!out_fdt)
		return false;

	fdt_for_each_subnode(node, out_fdt, 0)
		if (!kho_out_is_own(fdt_get_name(out_fdt, node, NULL)))
			return true;
	return false;
}

static int seal_node(const struct kho_map_node *node, void *data)
{
	kho_seal_node(data, phys_to_virt(node->phys));
	return 0;
}

/**
 * kho_out_seal - seal what is handed over
 *
 * A seal that nobody has broken stays. Whoever preserves memory or adds a
 * subtree breaks it, and if that happens after the last call of this function,
 * the next kernel has nothing to compare with. It takes time in proportion to
 * the map, which is a page for 128 MiB of single pages, or for 64 GiB of huge
 * ones.
 *
 * Context: may sleep.
 */
void kho_out_seal(void)
{
	static const struct kho_map_walker walker = {
		.enter = seal_node,
	};
	struct kho_seal_state state;
	u64 root;

	guard(mutex)(&out_lock);
	guard(mutex)(&out_map.lock);
	if (!out_seal || READ_ONCE(out_seal->magic))
		return;

	root = virt_to_phys(out_map.root);
	kho_seal_begin(&state);
	if (!kho_map_walk_root(&root, &walker, &state))
		*out_seal = kho_seal_end(&state, out_fdt);
}

#if IS_ENABLED(CONFIG_KHO_KUNIT_TEST)
/**
 * kho_test_loop_back - take over what this kernel would hand over
 *
 * What was looped back before is forgotten; memory that nobody has taken of it
 * stays allocated.
 *
 * Context: KUnit; may sleep.
 * Return: 0, or -ENOMEM.
 */
int kho_test_loop_back(void)
{
	static bool looped;

	if (looped)
		kho_in_forget();
	looped = true;

	kho_in_set(out_fdt, out_map.root, false);
	out_fdt = NULL;
	out_map.root = NULL;
	out_seal = NULL;
	kho_in_drop_seal();
	return kho_out_init();
}
#endif
