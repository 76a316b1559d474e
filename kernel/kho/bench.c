// SPDX-License-Identifier: GPL-2.0-only
/*
 * What preserved memory costs: preserves what "kho_bench=" on the command line
 * asks for, and takes it back after the next kexec.
 */
#define pr_fmt(fmt) "kho_bench: " fmt

#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "internal.h"

#define SUBTREE		"kho-bench"

/* What is asked for: every @stride-th folio of contiguous memory. */
static struct {
	unsigned int mib;
	unsigned int order;
	unsigned int stride;
} wanted __initdata = { .stride = 1 };

/*
 * Memory comes in chunks: single folios if they are large, otherwise what the
 * page allocator gives at once.
 */
struct chunks {
	u64 nr;
	u32 order;
	u32 folio_order;
	u32 stride;
	u32 pad;
	u64 phys[];
};

static int __init parse_wanted(char *arg)
{
	if (!arg || sscanf(arg, "%u,%u,%u", &wanted.mib, &wanted.order,
			   &wanted.stride) < 1)
		return -EINVAL;
	if (wanted.order > MAX_PAGE_ORDER || !wanted.stride)
		return -EINVAL;
	return 0;
}
early_param("kho_bench", parse_wanted);

/* Calls @fn for every folio that is to be preserved. */
static u64 __init visit_folios(const struct chunks *chunks,
			       int (*fn)(phys_addr_t phys))
{
	u64 per_chunk = BIT(chunks->order - chunks->folio_order);
	u64 nr = 0, i;

	for (i = 0; i < chunks->nr * per_chunk; i += chunks->stride) {
		phys_addr_t phys = chunks->phys[i / per_chunk] +
			(i % per_chunk << (PAGE_SHIFT + chunks->folio_order));

		if (fn(phys))
			pr_err("failed at %pap\n", &phys);
		else
			nr++;
	}
	return nr;
}

static void __init measure(const char *what, const struct chunks *chunks,
			   int (*fn)(phys_addr_t phys))
{
	u64 start = kho_clock(), nr;

	nr = visit_folios(chunks, fn);
	pr_info("%s %llu folios: %llu ticks\n", what, nr, kho_clock() - start);
}

static int __init preserve(phys_addr_t phys)
{
	return kho_preserve_folio(page_folio(pfn_to_page(PHYS_PFN(phys))));
}

static int __init unpreserve(phys_addr_t phys)
{
	kho_unpreserve_folio(page_folio(pfn_to_page(PHYS_PFN(phys))));
	return 0;
}

static int __init restore(phys_addr_t phys)
{
	return kho_restore_folio(phys) ? 0 : -ENOENT;
}

static int __init fill_chunk(struct chunks *chunks, u64 i)
{
	bool split = chunks->order != chunks->folio_order;
	struct page *page = alloc_pages(GFP_KERNEL | (split ? 0 : __GFP_COMP),
					chunks->order);

	if (!page)
		return -ENOMEM;
	if (split)
		split_page(page, chunks->order);
	chunks->phys[i] = page_to_phys(page);
	return 0;
}

static struct chunks * __init make_chunks(void)
{
	unsigned int order = wanted.order ?: MAX_PAGE_ORDER;
	u64 nr = ((u64)wanted.mib << 20 >> (PAGE_SHIFT + order)) *
		 wanted.stride;
	struct chunks *chunks;
	u64 i;

	chunks = kho_alloc_preserve(struct_size(chunks, phys, nr));
	if (IS_ERR(chunks))
		return chunks;
	chunks->nr = nr;
	chunks->order = order;
	chunks->folio_order = wanted.order;
	chunks->stride = wanted.stride;

	for (i = 0; i < nr; i++)
		if (fill_chunk(chunks, i))
			return ERR_PTR(-ENOMEM);
	return chunks;
}

static int __init hand_over(void)
{
	struct chunks *chunks = make_chunks();

	if (IS_ERR(chunks)) {
		pr_err("no memory for %u MiB\n", wanted.mib);
		return PTR_ERR(chunks);
	}

	measure("preserve", chunks, preserve);
	measure("unpreserve", chunks, unpreserve);
	measure("again", chunks, preserve);
	return kho_add_subtree(SUBTREE, chunks,
			       struct_size(chunks, phys, chunks->nr));
}

static int __init take_over(void)
{
	phys_addr_t phys;
	int err;

	err = kho_retrieve_subtree(SUBTREE, &phys, NULL);
	if (err) {
		pr_err("nothing to restore: %d\n", err);
		return err;
	}
	measure("restore", phys_to_virt(phys), restore);
	return 0;
}

/* When nearly all of boot is done, but before there is a userspace. */
static int __init kho_bench(void)
{
	if (!wanted.mib)
		return 0;
	return is_kho_boot() ? take_over() : hand_over();
}
late_initcall(kho_bench);
