// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carries memory of every kind through kexec, and looks whether it is still
 * the same. It knows nothing but the API that mainline has as well, so that
 * it can be built for both, and the one can check what the other hands over.
 *
 * Loaded after a handover, it takes what its predecessor has left and checks
 * it; loading fails if anything is missing or different. Then, and at any
 * other boot, it preserves memory for its successor, until it is unloaded.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "pattern.h"

#define SUBTREE		"kho_carry"
#define MAGIC		0x7972726143534f48ULL
#define NR_FOLIOS	10		/* of order 0, 1, 2... */
#define NR_PAGES	13		/* so that they are several blocks */
#define FIRST_PAGE	3		/* of 2^ALLOC_ORDER */
#define ALLOC_ORDER	4
#define AREA_SIZE	(1200 * PAGE_SIZE)	/* more than two chunks tell */
#define BLOB_SIZE	(5 * PAGE_SIZE)	/* in a block of 8 */

/* What is handed over, under the name SUBTREE; all addresses are physical. */
struct carried {
	u64 magic;
	u64 seed;
	u64 hops;
	u64 folios[NR_FOLIOS];
	u64 pages;
	u64 mem;
	struct kho_vmalloc area;
	u64 rest[];			/* up to BLOB_SIZE */
};

#define REST_SIZE	(BLOB_SIZE - sizeof(struct carried))

static unsigned long hops;
module_param(hops, ulong, 0444);
MODULE_PARM_DESC(hops, "kexecs through which memory has come until now");

static struct carried *carried;
static void *area;
static struct page *pages;

static int missing(const char *what)
{
	pr_err("kho_carry: %s can't be restored\n", what);
	return -ENOENT;
}

/* --- what the predecessor has left --- */

static int take_folio(const struct carried *from, unsigned int order)
{
	struct folio *folio = kho_restore_folio(from->folios[order]);
	int err;

	if (!folio)
		return missing("folio");
	if (folio_order(folio) != order || folio_ref_count(folio) != 1) {
		pr_err("kho_carry: folio of order %u has order %u\n", order,
		       folio_order(folio));
		return -EBADMSG;
	}
	err = check("folio", folio_address(folio), folio_size(folio),
		    from->seed + order);
	folio_put(folio);
	return err;
}

static int take_pages(const struct carried *from)
{
	struct page *page = kho_restore_pages(from->pages, NR_PAGES);
	unsigned int i;
	int err;

	if (!page)
		return missing("pages");
	err = check("pages", page_address(page), NR_PAGES * PAGE_SIZE,
		    from->seed);
	for (i = 0; i < NR_PAGES; i++)
		__free_page(page + i);
	return err;
}

static int take_mem(const struct carried *from)
{
	void *mem = phys_to_virt(from->mem);
	int err = check("memory", mem, PAGE_SIZE, from->seed);

	kho_restore_free(mem);
	return err;
}

static int take_area(const struct carried *from)
{
	void *mem = kho_restore_vmalloc(&from->area);
	int err;

	if (!mem)
		return missing("vmalloc area");
	err = check("vmalloc area", mem, AREA_SIZE, from->seed);
	vfree(mem);
	return err;
}

static int take_all(const struct carried *from)
{
	unsigned int order;
	int err = 0;

	for (order = 0; order < NR_FOLIOS && !err; order++)
		err = take_folio(from, order);
	return err ?: take_pages(from) ?: take_mem(from) ?: take_area(from) ?:
	       check("blob", from->rest, REST_SIZE, from->seed);
}

static int take(void)
{
	const struct carried *from;
	phys_addr_t phys;
	size_t size;
	int err;

	err = kho_retrieve_subtree(SUBTREE, &phys, &size);
	if (err)
		return err == -ENOENT ? 0 : err;

	from = phys_to_virt(phys);
	if (size != BLOB_SIZE || from->magic != MAGIC) {
		pr_err("kho_carry: a blob of %zu bytes isn't mine\n", size);
		return -EBADMSG;
	}
	err = take_all(from);
	if (err)
		return err;

	hops = from->hops + 1;
	kho_restore_free((void *)from);
	pr_info("kho_carry: all memory is the same after %lu hops\n", hops);
	return 0;
}

/* --- what the successor shall find --- */

static void leave_nothing(void)
{
	unsigned int order;

	if (carried->area.total_pages)
		kho_unpreserve_vmalloc(&carried->area);
	vfree(area);
	if (carried->mem)
		kho_unpreserve_free(phys_to_virt(carried->mem));
	if (carried->pages)
		kho_unpreserve_pages(pages + FIRST_PAGE, NR_PAGES);
	if (pages)
		__free_pages(pages, ALLOC_ORDER);
	for (order = 0; order < NR_FOLIOS; order++) {
		struct folio *folio;

		if (!carried->folios[order])
			break;
		folio = page_folio(pfn_to_page(PHYS_PFN(carried->folios[order])));
		kho_unpreserve_folio(folio);
		folio_put(folio);
	}
	kho_unpreserve_free(carried);
}

static int leave_folio(unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, order);
	int err;

	if (!folio)
		return -ENOMEM;
	fill(folio_address(folio), folio_size(folio), carried->seed + order);
	err = kho_preserve_folio(folio);
	if (err)
		folio_put(folio);
	else
		carried->folios[order] = PFN_PHYS(folio_pfn(folio));
	return err;
}

static int leave_pages(void)
{
	int err;

	pages = alloc_pages(GFP_KERNEL | __GFP_COMP, ALLOC_ORDER);
	if (!pages)
		return -ENOMEM;
	fill(page_address(pages + FIRST_PAGE), NR_PAGES * PAGE_SIZE,
	     carried->seed);
	err = kho_preserve_pages(pages + FIRST_PAGE, NR_PAGES);
	if (!err)
		carried->pages = PFN_PHYS(page_to_pfn(pages + FIRST_PAGE));
	return err;
}

static int leave_mem(void)
{
	void *mem = kho_alloc_preserve(PAGE_SIZE);

	if (IS_ERR(mem))
		return PTR_ERR(mem);
	fill(mem, PAGE_SIZE, carried->seed);
	carried->mem = virt_to_phys(mem);
	return 0;
}

static int leave_area(void)
{
	struct kho_vmalloc preservation;
	int err;

	area = vmalloc(AREA_SIZE);
	if (!area)
		return -ENOMEM;
	fill(area, AREA_SIZE, carried->seed);
	err = kho_preserve_vmalloc(area, &preservation);
	if (!err)
		carried->area = preservation;
	return err;
}

static int leave_all(void)
{
	unsigned int order;
	int err = 0;

	for (order = 0; order < NR_FOLIOS && !err; order++)
		err = leave_folio(order);
	return err ?: leave_pages() ?: leave_mem() ?: leave_area() ?:
	       kho_add_subtree(SUBTREE, carried, BLOB_SIZE);
}

static int leave(void)
{
	int err;

	carried = kho_alloc_preserve(BLOB_SIZE);
	if (IS_ERR(carried))
		return PTR_ERR(carried);

	carried->magic = MAGIC;
	carried->seed = (hops + 1) << 32;
	carried->hops = hops;
	fill(carried->rest, REST_SIZE, carried->seed);
	err = leave_all();
	if (err) {
		pr_err("kho_carry: nothing is preserved: %d\n", err);
		leave_nothing();
	}
	return err;
}

static int __init kho_carry_init(void)
{
	int err = kho_is_enabled() ? take() : -EOPNOTSUPP;

	return err ?: leave();
}
module_init(kho_carry_init);

static void __exit kho_carry_exit(void)
{
	kho_remove_subtree(carried);
	leave_nothing();
}
module_exit(kho_carry_exit);

MODULE_DESCRIPTION("Carries memory through kexec and checks it");
MODULE_LICENSE("GPL");
