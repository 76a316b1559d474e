// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where struct pages are initialized late, those of free memory are, and those
 * that memblock has reserved, but not what is preserved: that may be nearly
 * all of memory, so it is done here, by all CPUs.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/padata.h>
#include <linux/page-isolation.h>

#include "../../mm/internal.h"

#include "internal.h"

/* The first reserved region that ends above @phys. */
static struct memblock_region * __init first_region(phys_addr_t phys)
{
	struct memblock_region *regions = memblock.reserved.regions;
	unsigned long low = 0, high = memblock.reserved.cnt;

	while (low < high) {
		unsigned long mid = (low + high) / 2;

		if (regions[mid].base + regions[mid].size <= phys)
			low = mid + 1;
		else
			high = mid;
	}
	return &regions[low];
}

static void __init init_page(unsigned long pfn, const struct zone *zone)
{
	struct page *page = pfn_to_page(pfn);

	__init_single_page(page, pfn, zone_idx(zone), zone_to_nid(zone));
	if (pageblock_aligned(pfn))
		set_pageblock_migratetype(page, MIGRATE_MOVABLE);
}

static void __init init_range(unsigned long start, unsigned long end,
			      void *arg)
{
	struct memblock_region *last = memblock.reserved.regions +
				       memblock.reserved.cnt;
	struct memblock_region *region = first_region(PFN_PHYS(start));

	for (; region < last && region->base < PFN_PHYS(end); region++) {
		unsigned long pfn = max(start, PFN_DOWN(region->base));
		unsigned long stop = min(end, PFN_UP(region->base +
						     region->size));

		if (!(region->flags & MEMBLOCK_RSRV_NOINIT))
			continue;
		for (; pfn < stop; pfn++)
			init_page(pfn, arg);
	}
}

/**
 * kho_init_deferred_pages - initialize the struct pages of preserved memory
 *
 * Context: boot, after smp_init(), before deferred initialization begins.
 */
void __init kho_init_deferred_pages(void)
{
	int nid;

	if (!is_kho_boot())
		return;

	for_each_node_state(nid, N_MEMORY) {
		pg_data_t *pgdat = NODE_DATA(nid);
		unsigned long start = pgdat->first_deferred_pfn;
		struct padata_mt_job job = {
			.thread_fn = init_range,
			/* Only the highest zone is deferred. */
			.fn_arg = pgdat->node_zones + pgdat->nr_zones - 1,
			.start = start,
			.size = pgdat_end_pfn(pgdat) - start,
			.align = PAGES_PER_SECTION,
			.min_chunk = PAGES_PER_SECTION,
			.max_threads = num_online_cpus(),
		};

		if (start < pgdat_end_pfn(pgdat))
			padata_do_multithreaded(&job);
	}
}
