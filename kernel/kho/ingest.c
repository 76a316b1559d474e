// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the previous kernel has preserved, and how memblock learns it.
 *
 * First comes a survey, before anything is allocated: it checks the map and
 * finds large pieces of memory in which nothing is preserved, where early boot
 * may then allocate. Right before memblock gives its memory away, all that is
 * preserved is reserved, to the page. Both take time in proportion to the
 * map's nodes and runs: nothing is searched for, and no page is touched.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/sort.h>

#include "ingest.h"
#include "internal.h"
#include "map.h"
#include "ranges.h"
#include "root_fdt.h"
#include "seal.h"

/* memblock has room for 128 ranges before it can allocate more. */
#define MAX_RANGES	32
/* What early boot allocates at once is seldom larger. */
#define MIN_GAP		SZ_2M
/* A broken map may be broken in many places. */
#define MAX_REPORTS	8

/* Memory that may be preserved: a superset, known before memory is mapped. */
static struct kho_range range_room[MAX_RANGES] __initdata;
static struct kho_ranges held __initdata = {
	.max = MAX_RANGES,
	.min_gap = MIN_GAP,
	.range = range_room,
};

/* What bad nodes may have described. */
static struct kho_range kept_room[MAX_RANGES] __initdata;
static struct kho_ranges kept __initdata = {
	.max = MAX_RANGES,
	.range = kept_room,
};

/* What the survey has counted: how much room the reservation needs. */
static unsigned long nr_nodes __initdata;
static unsigned long nr_runs __initdata;
static unsigned int nr_reports __initdata;
static struct kho_seal_state seal_state __initdata;

static bool __init may_report(void)
{
	return nr_reports++ < MAX_REPORTS;
}

/**
 * kho_readable - is this memory, and memory that the kernel may map?
 * @phys: physical address in bytes
 * @size: bytes
 *
 * Firmware can keep memory to itself, and tell the kernel not to map it.
 *
 * Context: early boot.
 * Return: whether all of it is.
 */
bool __init kho_readable(phys_addr_t phys, u64 size)
{
	return memblock_is_region_memory(phys, size) &&
	       memblock_is_map_memory(phys);
}

static phys_addr_t __init end_of(const struct memblock_region *region)
{
	return region->base + region->size;
}

/* Scratch is where memblock has marked it. */
static bool __init holds_preserved(const struct memblock_region *region)
{
	return !(region->flags & (MEMBLOCK_KHO_SCRATCH | MEMBLOCK_NOMAP));
}

/**
 * kho_may_be_preserved - can the previous kernel have preserved this?
 * @phys: physical address in bytes
 * @size: bytes; 0 for 2^64
 *
 * Context: early boot.
 * Return: whether all of it is memory that can be mapped, outside of scratch.
 */
bool __init kho_may_be_preserved(phys_addr_t phys, u64 size)
{
	const struct memblock_region *region = memblock.memory.regions;
	const struct memblock_region *end = region + memblock.memory.cnt;
	phys_addr_t last = phys + size - 1;

	for (; region < end && phys >= region->base; region++) {
		if (end_of(region) <= phys)
			continue;
		if (!holds_preserved(region))
			return false;
		if (end_of(region) > last)
			return last >= phys;
		phys = end_of(region);
	}
	return false;
}

/**
 * kho_first_reserved - where to look for what is reserved
 * @phys: physical address in bytes
 *
 * Context: early boot, and as long as memblock is there.
 * Return: the first reserved region that ends above @phys; the end of the list
 * if there is none.
 */
struct memblock_region * __init kho_first_reserved(phys_addr_t phys)
{
	struct memblock_region *regions = memblock.reserved.regions;
	unsigned long low = 0, high = memblock.reserved.cnt;

	while (low < high) {
		unsigned long mid = (low + high) / 2;

		if (end_of(&regions[mid]) <= phys)
			low = mid + 1;
		else
			high = mid;
	}
	return &regions[low];
}

/* --- the survey --- */

static int __init survey_enter(const struct kho_map_node *node, void *data)
{
	const phys_addr_t *root_fdt = data;

	/* What is a node is written to, and the root FDT has been checked. */
	if (!PAGE_ALIGNED(node->phys) || node->phys == *root_fdt ||
	    !kho_may_be_preserved(node->phys, PAGE_SIZE) ||
	    memblock_is_region_reserved(node->phys, PAGE_SIZE))
		return -EINVAL;
	/* This also bounds the time that a map made to be slow can take. */
	if (node->size && node->start >= memblock_end_of_DRAM())
		return -EINVAL;

	kho_ranges_add(&held, node->phys, node->phys + PAGE_SIZE - 1);
	nr_nodes++;
	return 0;
}

static int __init survey_run(phys_addr_t phys, u64 size, void *data)
{
	kho_ranges_add(&held, phys, max(phys, phys + size - 1));
	nr_runs++;
	return 0;
}

/* Nobody knows what a bad node described: keep all that it could have. */
static int __init survey_bad(const struct kho_map_node *node, void *data)
{
	if (!node->size)
		return -EINVAL;

	if (may_report())
		pr_err("bad node of the preserved-memory map at %pap: keeping %llu bytes at %pap\n",
		       &node->phys, node->size, &node->start);
	kho_ranges_add(&held, node->start, node->start + node->size - 1);
	kho_ranges_add(&kept, node->start, node->start + node->size - 1);
	return 0;
}

static void * __init survey_map(phys_addr_t phys)
{
	void *node = early_memremap(phys, PAGE_SIZE);

	if (node)
		kho_seal_node(&seal_state, node);
	return node;
}

static void __init survey_unmap(void *node)
{
	early_memunmap(node, PAGE_SIZE);
}

static const char * __init compare_seal(phys_addr_t phys,
					const struct kho_seal *computed)
{
	const struct kho_seal *there;
	bool differs;

	if (!PAGE_ALIGNED(phys) || !kho_readable(phys, PAGE_SIZE))
		return "the seal isn't in memory";

	there = early_memremap(phys, sizeof(*there));
	if (!there)
		return "the seal can't be mapped";
	differs = kho_seal_differs(there, computed);
	early_memunmap((void *)there, sizeof(*there));
	return differs ? "the seal doesn't fit the preserved-memory map" : NULL;
}

/* Other kernels make no seal. */
static const char * __init check_seal(phys_addr_t root_fdt)
{
	struct kho_seal computed;
	phys_addr_t phys;
	void *fdt;
	u64 size;
	int err;

	fdt = early_memremap(root_fdt, KHO_ROOT_SIZE);
	if (!fdt)
		return "root FDT can't be mapped";
	computed = kho_seal_end(&seal_state, fdt);
	err = kho_root_find(fdt, KHO_SEAL_SUBTREE, &phys, &size);
	early_memunmap(fdt, KHO_ROOT_SIZE);

	if (err == -ENOENT)
		return NULL;
	if (err || size != sizeof(computed))
		return "the seal has a broken entry";
	return compare_seal(phys, &computed);
}

/* Memory between the ranges may be allocated; scratch only as a last resort. */
static int __init mark_free(void)
{
	phys_addr_t pos = 0, end = memblock_end_of_DRAM();
	unsigned int i;
	int err = 0;

	for (i = 0; i < held.nr && !err && pos < end; i++) {
		const struct kho_range *range = &held.range[i];

		if (range->start > pos)
			err = memblock_mark_kho_free(pos, range->start - pos);
		pos = range->last < end ? PAGE_ALIGN(range->last + 1) : end;
	}
	if (!err && pos < end)
		err = memblock_mark_kho_free(pos, end - pos);

	for (i = 0; i < kho_scratch_cnt && !err; i++)
		if (kho_scratch[i].size)
			err = memblock_clear_kho_free(kho_scratch[i].addr,
						      kho_scratch[i].size);
	return err;
}

/**
 * kho_ingest_survey - find memory that early boot may allocate
 * @root_fdt: physical address of the previous kernel's root FDT, checked
 * @map_root: physical address of the root of its map
 *
 * Nodes of the map that can't be true are reported and cut off; what they may
 * have described is kept.
 *
 * Context: early boot; scratch is known and marked, and memblock allocates
 * from it alone.
 * Return: NULL, or why the map can't be used.
 */
const char * __init kho_ingest_survey(phys_addr_t root_fdt,
				      phys_addr_t map_root)
{
	static const struct kho_map_walker walker __initconst = {
		.enter = survey_enter,
		.map = survey_map,
		.unmap = survey_unmap,
		.run = survey_run,
		.bad = survey_bad,
	};
	const char *bad;
	u64 root = map_root;

	kho_seal_begin(&seal_state);
	kho_ranges_add(&held, root_fdt, root_fdt + PAGE_SIZE - 1);
	switch (kho_map_walk_root(&root, &walker, &root_fdt)) {
	case 0:
		break;
	case -ENOMEM:
		return "the preserved-memory map can't be mapped";
	default:
		return "the preserved-memory map has a bad node";
	}

	bad = check_seal(root_fdt);
	if (bad)
		return bad;
	if (mark_free())
		return "memblock has no room for what is free";
	return NULL;
}

/* --- single blocks, before all is reserved --- */

/* Since the survey, boot may have learned what it may not map. */
static int __init check_node(const struct kho_map_node *node, void *data)
{
	const struct kho_range *blocks = data;

	if (!kho_readable(node->phys, PAGE_SIZE) ||
	    (node->phys >= blocks->start && node->phys <= blocks->last))
		return -EINVAL;
	return 0;
}

/**
 * kho_ingest_blocks - how much is preserved where something is?
 * @map_root: physical address of the root of the map, which
 *	kho_ingest_survey() has passed
 * @phys: physical address in bytes
 * @size: bytes that it has
 *
 * Context: early boot, all of memory mapped.
 * Return: bytes of the blocks that follow each other from @phys on until they
 * hold all of it; 0 if they don't, or the map itself is among them.
 */
u64 __init kho_ingest_blocks(phys_addr_t map_root, phys_addr_t phys, u64 size)
{
	static const struct kho_map_walker walker __initconst = {
		.enter = check_node,
	};
	static struct kho_radix_tree map __initdata = KHO_MAP_INIT(map);
	struct kho_range blocks;
	u64 root = map_root, found = 0;

	if (!PAGE_ALIGNED(phys) || size > PHYS_ADDR_MAX - phys)
		return 0;

	blocks = (struct kho_range) { phys, phys + size - 1 };
	if (!size || kho_map_walk_root(&root, &walker, &blocks))
		return 0;

	map.root = phys_to_virt(map_root);
	while (found < size) {
		int order = kho_map_order(&map, phys + found);

		if (order < 0)
			return 0;
		found += (u64)PAGE_SIZE << order;
	}
	return found;
}

/* --- the reservation --- */

/*
 * memblock's reserved regions, being rewritten in place: the old ones stand at
 * the end of the array, and are overtaken by the new list, never overwritten.
 */
struct rewrite {
	struct memblock_region *out;
	struct memblock_region *old;
	struct memblock_region *end;
	phys_addr_t done;	/* below this, everything is on the list */
	u64 added;
	u64 in_use;		/* what was to be added, but was reserved already */
};

static void __init rewrite_begin(struct rewrite *rw)
{
	struct memblock_type *type = &memblock.reserved;

	rw->out = type->regions;
	rw->end = type->regions + type->max;
	rw->old = rw->end - type->cnt;
	rw->done = 0;
	rw->added = 0;
	rw->in_use = 0;
	memmove(rw->old, rw->out, type->cnt * sizeof(*rw->old));
}

static void __init keep_old(struct rewrite *rw, phys_addr_t up_to)
{
	while (rw->old < rw->end && rw->old->base <= up_to) {
		rw->done = max(rw->done, end_of(rw->old));
		*rw->out++ = *rw->old++;
	}
}

static void __init rewrite_add(struct rewrite *rw, phys_addr_t start,
			       phys_addr_t end, enum memblock_flags flags)
{
	u64 before = rw->added;

	rw->in_use += end - start;
	for (;;) {
		phys_addr_t stop;

		keep_old(rw, start);
		if (rw->done > start) {
			start = rw->done;
			continue;
		}
		if (start >= end)
			break;

		stop = rw->old < rw->end ? min(end, rw->old->base) : end;
		if (rw->out == rw->old)
			panic("kho: no room to reserve preserved memory\n");
		*rw->out++ = (struct memblock_region) {
			.base = start,
			.size = stop - start,
			.flags = flags,
#ifdef CONFIG_NUMA
			.nid = MAX_NUMNODES,
#endif
		};
		rw->added += stop - start;
		rw->done = stop;
	}
	rw->in_use -= rw->added - before;
}

static void __init rewrite_end(struct rewrite *rw)
{
	struct memblock_type *type = &memblock.reserved;

	keep_old(rw, PHYS_ADDR_MAX);
	type->cnt = rw->out - type->regions;
	type->total_size += rw->added;
	memset(rw->out, 0, (rw->end - rw->out) * sizeof(*rw->out));
}

static struct {
	u64 *phys;
	unsigned long nr;
} nodes __initdata;

static int __init collect_node(const struct kho_map_node *node, void *data)
{
	if (nodes.nr == nr_nodes)
		return -ENOSPC;
	/* Since the survey, boot may have learned what it may not map. */
	if (!kho_readable(node->phys, PAGE_SIZE))
		return -EINVAL;
	nodes.phys[nodes.nr++] = node->phys;
	return 0;
}

static int __init compare_u64(const void *left, const void *right)
{
	u64 a = *(const u64 *)left, b = *(const u64 *)right;

	return a < b ? -1 : a > b;
}

static const char * __init collect_nodes(void *map_root)
{
	static const struct kho_map_walker walker __initconst = {
		.enter = collect_node,
	};
	u64 root = virt_to_phys(map_root);
	unsigned long i;

	nodes.nr = 0;
	if (kho_map_walk_root(&root, &walker, NULL) || nodes.nr != nr_nodes)
		return "the preserved-memory map has changed, or may not be read";

	sort(nodes.phys, nodes.nr, sizeof(*nodes.phys), compare_u64, NULL);
	for (i = 1; i < nodes.nr; i++)
		if (nodes.phys[i] == nodes.phys[i - 1])
			return "the preserved-memory map has a node twice";
	return NULL;
}

/**
 * kho_may_be_restored - can a preserved block be given to whoever asks for it?
 * @phys: physical address in bytes
 * @size: bytes; 0 for 2^64
 *
 * Context: early boot, after kho_ingest_reserve().
 * Return: whether it is as kho_may_be_preserved(), and this kernel uses none of
 * it for something else.
 */
bool __init kho_may_be_restored(phys_addr_t phys, u64 size)
{
	const struct memblock_region *region = kho_first_reserved(phys);
	const struct memblock_region *end = memblock.reserved.regions +
					    memblock.reserved.cnt;
	phys_addr_t last = phys + size - 1;

	if (!kho_may_be_preserved(phys, size))
		return false;
	for (; region < end && region->base <= last; region++)
		if (!(region->flags & MEMBLOCK_RSRV_NOINIT))
			return false;
	return true;
}

/*
 * Reserves what of a run can be preserved memory; the rest is reported.
 * @region is the first one that may have any of it, and becomes that for the
 * next run. Returns the number of bytes that can't be.
 */
static u64 __init reserve_run(struct rewrite *rw,
			      struct memblock_region **first,
			      phys_addr_t start, phys_addr_t last)
{
	struct memblock_region *region = *first;
	struct memblock_region *end = memblock.memory.regions +
				      memblock.memory.cnt;
	u64 left = last - start + 1;

	while (region < end && end_of(region) <= start)
		region++;
	for (; region < end && region->base <= last; region++) {
		phys_addr_t from = max(start, region->base);
		phys_addr_t to = min(last, end_of(region) - 1);

		if (holds_preserved(region)) {
			rewrite_add(rw, from, to + 1, MEMBLOCK_RSRV_NOINIT);
			left -= to - from + 1;
		}
		if (to == last)
			break;
	}

	if (left && may_report())
		pr_err("%llu bytes of %pap..%pap can't be preserved memory\n",
		       left, &start, &last);
	*first = region;
	return left;
}

/*
 * Returns whether all can be true: no page is preserved twice, none is of the
 * map itself, all of them are memory, and only @in_use bytes and the root FDT
 * are in use already.
 */
static bool __init reserve_runs(void *map_root, phys_addr_t root_fdt,
				u64 in_use)
{
	static struct kho_map_runs runs __initdata;
	struct memblock_region *region = memblock.memory.regions;
	phys_addr_t start, last;
	bool sound = true;
	struct rewrite rw;
	unsigned long i = 0;
	u64 bytes;

	rewrite_begin(&rw);
	kho_map_runs_begin(&runs, map_root);
	while (kho_map_runs_next(&runs, &start, &last)) {
		for (; i < nodes.nr && nodes.phys[i] < start; i++)
			rewrite_add(&rw, nodes.phys[i],
				    nodes.phys[i] + PAGE_SIZE, MEMBLOCK_NONE);
		if (i < nodes.nr && nodes.phys[i] <= last)
			sound = false;
		if (reserve_run(&rw, &region, start, last))
			sound = false;
		if (start <= root_fdt && root_fdt <= last)
			in_use += KHO_ROOT_SIZE;
	}
	bytes = rw.added;
	for (; i < nodes.nr; i++)
		rewrite_add(&rw, nodes.phys[i], nodes.phys[i] + PAGE_SIZE,
			    MEMBLOCK_NONE);
	rewrite_end(&rw);

	pr_info("%llu KiB preserved, in at most %lu runs; %lu nodes\n",
		bytes >> 10, nr_runs, nodes.nr);
	return sound && !runs.overlaps && rw.in_use == in_use;
}

/* Every piece of a run ends with the run, or where something else begins. */
static unsigned long __init room_needed(void)
{
	return nr_runs + nr_nodes +
	       2 * (memblock.memory.cnt + memblock.reserved.cnt) + 16;
}

static void __init reserve_all(phys_addr_t start, phys_addr_t end)
{
	if (memblock_reserve(start, end - start))
		panic("kho: can't reserve preserved memory at %pap\n", &start);
}

/* What is in use already stays as it is, and is seen to be so. */
static void __init reserve_unused(phys_addr_t start, phys_addr_t end)
{
	while (start < end) {
		struct memblock_region *region = kho_first_reserved(start);
		phys_addr_t stop = end, next = end;

		if (region < memblock.reserved.regions + memblock.reserved.cnt) {
			stop = clamp(region->base, start, end);
			next = end_of(region);
		}
		if (start < stop) {
			reserve_all(start, stop);
			if (memblock_reserved_mark_noinit(start, stop - start))
				panic("kho: no room to mark what is preserved\n");
		}
		start = next;
	}
}

static void __init reserve_memory(phys_addr_t start, phys_addr_t last,
				  void (*func)(phys_addr_t start,
					       phys_addr_t end))
{
	unsigned long i;

	/* By index: reserving can move the array. */
	for (i = 0; i < memblock.memory.cnt; i++) {
		struct memblock_region *region = &memblock.memory.regions[i];
		phys_addr_t from = max(start, region->base);
		phys_addr_t to = min(last, end_of(region) - 1);

		if (from <= to && !(region->flags & MEMBLOCK_KHO_SCRATCH))
			func(from, to + 1);
	}
}

static void __init reserve_ranges(const struct kho_ranges *set)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		reserve_memory(set->range[i].start, set->range[i].last,
			       reserve_unused);
}

static void __init reserve_held(void)
{
	pr_warn("no memory for the list of what is preserved: keeping more than that\n");
	reserve_ranges(&held);
}

/**
 * kho_ingest_reserve - reserve all that is preserved
 * @map_root: the root of the map, which kho_ingest_survey() has passed
 * @root_fdt: physical address of the root FDT, which is reserved
 * @in_use: bytes of what else boot has reserved knowingly
 * @sound: where to store whether all that the map says can be true
 *
 * The pages of preserved memory are not initialized by memblock. If there is
 * no memory for an exact list, all that the survey found doubtful is reserved.
 *
 * Context: early boot, all of memory mapped; nothing may be allocated from
 * memblock between this and the end of its life but by those who know.
 * Return: NULL, or why the map can't be used; what was found until then is
 * reserved.
 */
const char * __init kho_ingest_reserve(void *map_root, phys_addr_t root_fdt,
				       u64 in_use, bool *sound)
{
	size_t size = array_size(nr_nodes, sizeof(*nodes.phys));
	const char *bad;

	*sound = false;
	nodes.phys = memblock_alloc(size, SMP_CACHE_BYTES);
	if (!nodes.phys) {
		reserve_held();
		return NULL;
	}

	reserve_ranges(&kept);
	bad = collect_nodes(map_root);
	if (!bad && memblock_reserve_room(room_needed()))
		reserve_held();
	else if (!bad)
		*sound = reserve_runs(map_root, root_fdt, in_use);

	memblock_free(nodes.phys, size);
	return bad;
}

/**
 * kho_ingest_keep_all - reserve everything but scratch
 *
 * For when it can't be told any more what is preserved.
 *
 * Context: early boot.
 */
void __init kho_ingest_keep_all(void)
{
	reserve_memory(0, PHYS_ADDR_MAX, reserve_all);
}
