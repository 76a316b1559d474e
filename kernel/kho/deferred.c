// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where struct pages are initialized late, those of free memory are, and those
 * that memblock has reserved, but not what is preserved: that may be nearly
 * all of memory, so it is done here, by all CPUs. Only the sections from which
 * boot needs a page before that can't wait.
 */
#include <linux/bitmap.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/padata.h>
#include <linux/panic.h>
#include <linux/page-isolation.h>

#include "../../mm/internal.h"

#include "ingest.h"
#include "internal.h"

/*
 * For each node, the first page frame that is deferred, and which sections boot
 * has taken free pages from since, counted from the one with that page frame.
 * The latter is changed with the node's size locked.
 */
static struct {
	unsigned long first;
	unsigned long *grown;
} deferred[MAX_NUMNODES] __initdata;

/* Even if it could not be used: some of it may be reserved like this. */
static bool __init had_handover(void)
{
	return kho_in_fdt_phys();
}

/* Nodes may be interleaved: others' memory is theirs to initialize. */
static bool __init is_preserved(const struct memblock_region *region,
				const struct zone *zone)
{
	return region->flags & MEMBLOCK_RSRV_NOINIT &&
	       memblock_get_region_node(region) == zone_to_nid(zone);
}

/* All preserved pages, or those that page blocks begin with, and the blocks. */
static __always_inline void init_preserved(unsigned long start,
					   unsigned long end,
					   struct zone *zone, bool blocks)
{
	struct memblock_region *last = memblock.reserved.regions +
				       memblock.reserved.cnt;
	struct memblock_region *region = kho_first_reserved(PFN_PHYS(start));
	unsigned long step = blocks ? pageblock_nr_pages : 1;

	for (; region < last && region->base < PFN_PHYS(end); region++) {
		unsigned long pfn = max(start, PFN_DOWN(region->base));
		unsigned long stop = min(end, PFN_UP(region->base +
						     region->size));

		if (!is_preserved(region, zone))
			continue;
		for (pfn = round_up(pfn, step); pfn < stop; pfn += step) {
			__init_single_page(pfn_to_page(pfn), pfn,
					   zone_idx(zone), zone_to_nid(zone));
			if (blocks)
				set_pageblock_migratetype(pfn_to_page(pfn),
							  MIGRATE_MOVABLE);
		}
	}
}

static void __init init_pages(unsigned long start, unsigned long end,
			      void *zone)
{
	init_preserved(start, end, zone, false);
}

static void __init init_blocks(unsigned long start, unsigned long end,
			       struct zone *zone)
{
	init_preserved(start, end, zone, true);
}

/**
 * kho_note_deferred_pages - note which pages are going to be initialized late
 *
 * Context: early boot, before what is preserved is reserved.
 */
void __init kho_note_deferred_pages(void)
{
	int nid;

	if (!had_handover())
		return;

	for_each_node_state(nid, N_MEMORY) {
		unsigned long first = NODE_DATA(nid)->first_deferred_pfn;
		unsigned long end = pgdat_end_pfn(NODE_DATA(nid)), nr;

		deferred[nid].first = first;
		if (first >= end)
			continue;
		nr = DIV_ROUND_UP(end - first, PAGES_PER_SECTION);
		deferred[nid].grown =
			memblock_alloc(BITS_TO_LONGS(nr) * sizeof(long),
				       SMP_CACHE_BYTES);
		if (!deferred[nid].grown)
			panic("kho: no memory to note deferred pages\n");
	}
}

/**
 * kho_grow_deferred_pages - initialize preserved pages beside those of a zone
 *	that grows
 * @zone: the zone, the last one of its node
 * @pfn: the next page frame that will be freed
 *
 * The page allocator looks at the neighbours of what is freed. They are in the
 * same section; what lies before it may be large, and can wait.
 *
 * Context: boot; the node's size is locked.
 */
void __init kho_grow_deferred_pages(struct zone *zone, unsigned long pfn)
{
	int nid = zone_to_nid(zone);
	unsigned long start = round_down(pfn, PAGES_PER_SECTION);
	unsigned long end = start + PAGES_PER_SECTION;

	if (!deferred[nid].grown ||
	    __test_and_set_bit((start - deferred[nid].first) /
			       PAGES_PER_SECTION, deferred[nid].grown))
		return;

	init_pages(start, end, zone);
	init_blocks(start, end, zone);
}

/*
 * Of a section from which pages are free, somebody may have taken over the
 * blocks for other things by now.
 */
static void __init init_blocks_of_node(pg_data_t *pgdat, struct zone *zone)
{
	unsigned long first = deferred[pgdat->node_id].first, pfn, flags;

	for (pfn = first; pfn < pgdat_end_pfn(pgdat); pfn += PAGES_PER_SECTION) {
		pgdat_resize_lock(pgdat, &flags);
		if (!test_bit((pfn - first) / PAGES_PER_SECTION,
			      deferred[pgdat->node_id].grown))
			init_blocks(pfn, pfn + PAGES_PER_SECTION, zone);
		pgdat_resize_unlock(pgdat, &flags);
	}
}

/**
 * kho_init_deferred_pages - initialize the struct pages of preserved memory
 *
 * Zones may still grow meanwhile. That the same pages are initialized twice
 * then does no harm, as nobody has them yet.
 *
 * Context: boot, after smp_init(), before deferred initialization begins.
 */
void __init kho_init_deferred_pages(void)
{
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		pg_data_t *pgdat = NODE_DATA(nid);
		/* Only the highest zone is deferred. */
		struct zone *zone = pgdat->node_zones + pgdat->nr_zones - 1;
		struct padata_mt_job job = {
			.thread_fn = init_pages,
			.fn_arg = zone,
			.start = deferred[nid].first,
			.size = pgdat_end_pfn(pgdat) - deferred[nid].first,
			.align = PAGES_PER_SECTION,
			.min_chunk = PAGES_PER_SECTION,
			.max_threads = num_online_cpus(),
		};

		if (!deferred[nid].grown)
			continue;
		init_blocks_of_node(pgdat, zone);
		padata_do_multithreaded(&job);
	}
}
