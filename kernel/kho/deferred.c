// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where struct pages are initialized late, those of free memory are, and those
 * that memblock has reserved, but not what is preserved: that may be nearly
 * all of memory, so it is done here, by all CPUs. Only the sections from which
 * boot needs a page before that can't wait.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/padata.h>
#include <linux/page-isolation.h>

#include "../../mm/internal.h"

#include "internal.h"

/*
 * For each node, the page frames that are deferred, and those among them that
 * boot has made itself free pages of. Written before other CPUs run, then with
 * the node's size locked.
 */
static struct {
	unsigned long first;
	unsigned long grown;
	unsigned long grown_end;
} deferred[MAX_NUMNODES] __initdata;

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

/* Nodes may be interleaved: others' memory is theirs to initialize. */
static bool __init is_preserved(const struct memblock_region *region,
				const struct zone *zone)
{
	return region->flags & MEMBLOCK_RSRV_NOINIT &&
	       memblock_get_region_node(region) == zone_to_nid(zone);
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

		if (!is_preserved(region, arg))
			continue;
		for (; pfn < stop; pfn++)
			init_page(pfn, arg);
	}
}

/**
 * kho_note_deferred_pages - note which pages are going to be initialized late
 *
 * Context: early boot, right before memblock gives its memory away.
 */
void __init kho_note_deferred_pages(void)
{
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		deferred[nid].first = NODE_DATA(nid)->first_deferred_pfn;
		deferred[nid].grown = deferred[nid].first;
		deferred[nid].grown_end = deferred[nid].first;
	}
}

/**
 * kho_grow_deferred_pages - initialize preserved pages beside those of a zone
 *	that grows
 * @zone: the zone, the last one of its node
 * @pfn: the next page frame that will be freed
 *
 * The page allocator looks at the neighbours of what is freed. That is within
 * a section; what lies before it may be large, and can wait. But this is so
 * just once: from the first section that was needed on, it is done in sequence.
 *
 * Context: boot, before kho_init_deferred_pages(); the node's size is locked.
 */
void __init kho_grow_deferred_pages(struct zone *zone, unsigned long pfn)
{
	int nid = zone_to_nid(zone);
	unsigned long start = round_down(pfn, PAGES_PER_SECTION);
	unsigned long end = start + PAGES_PER_SECTION;

	if (!is_kho_boot())
		return;

	if (deferred[nid].grown == deferred[nid].grown_end &&
	    start > deferred[nid].grown_end) {
		deferred[nid].grown = start;
		deferred[nid].grown_end = start;
	}
	if (end > deferred[nid].grown_end) {
		init_range(deferred[nid].grown_end, end, zone);
		deferred[nid].grown_end = end;
	}
}

static void __init init_side_by_side(pg_data_t *pgdat, unsigned long start,
				     unsigned long end)
{
	struct padata_mt_job job = {
		.thread_fn = init_range,
		/* Only the highest zone is deferred. */
		.fn_arg = pgdat->node_zones + pgdat->nr_zones - 1,
		.start = start,
		.size = end - start,
		.align = PAGES_PER_SECTION,
		.min_chunk = PAGES_PER_SECTION,
		.max_threads = num_online_cpus(),
	};

	if (start < end)
		padata_do_multithreaded(&job);
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

		init_side_by_side(pgdat, deferred[nid].first,
				  deferred[nid].grown);
		init_side_by_side(pgdat, deferred[nid].grown_end,
				  pgdat_end_pfn(pgdat));
	}
}
