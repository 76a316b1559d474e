// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preserved-memory map: what it preserves, as runs, and what it is made of.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/kernel.h>
#include <linux/mm.h>

#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/map.h"
#include "../../kernel/kho/seal.h"
#include "dump.h"
#include "physmem.h"
#include "report.h"

#define RUNS_SHOWN	32

/* Preserved memory: blocks at first, runs of them after merge_blocks(). */
struct range {
	u64 start;
	u64 end;
};

static struct range *ranges;
static size_t nr_ranges;

/* Computed on the way, before anything bad is cut off. */
static struct kho_seal_state seal_state;
static struct kho_seal seal;

static u64 *nodes;
static size_t nr_nodes;

static struct {
	unsigned int depth;
	unsigned long nodes[KHO_TREE_MAX_DEPTH];
	unsigned long blocks[KHO_MAP_MAX_ORDER + 1];
} stats;

/* Makes room for one more; the room doubles with each power of two. */
static void *more(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	array = reallocarray(array, nr ? 2 * nr : 1, size);
	if (!array) {
		fprintf(stderr, "khodump: out of memory\n");
		exit(2);
	}
	return array;
}

static const char *check_node(u64 node)
{
	if (!PAGE_ALIGNED(node))
		return "isn't aligned";
	if (!physmem_at(node, PAGE_SIZE))
		return "isn't in the dump";
	if (kho_scratch_overlap(node, PAGE_SIZE))
		return "is in scratch";
	if (is_map_node(node))
		return "is there twice";
	return NULL;
}

static int enter(const struct kho_map_node *node, void *data)
{
	const char *bad = check_node(node->phys);

	if (bad) {
		problem("node at %#" PRIx64 " %s", node->phys, bad);
		return -EINVAL;
	}
	nodes = more(nodes, nr_nodes, sizeof(*nodes));
	nodes[nr_nodes++] = node->phys;
	return 0;
}

/* Only nodes that enter() has passed are mapped. */
static void *map_node(phys_addr_t phys)
{
	stats.nodes[stats.depth++]++;
	kho_seal_node(&seal_state, phys_to_virt(phys));
	return phys_to_virt(phys);
}

static void unmap_node(void *node)
{
	stats.depth--;
}

static int bad_node(const struct kho_map_node *node, void *data)
{
	return 0;
}

static int block(phys_addr_t phys, unsigned int order, void *data)
{
	u64 size = order + PAGE_SHIFT < 64 ? (u64)PAGE_SIZE << order : 0;

	if (!size || !physmem_at(phys, size)) {
		problem("block of order %u at %#" PRIx64 " isn't in the dump",
			order, phys);
		return 0;
	}
	if (kho_scratch_overlap(phys, size))
		problem("block of order %u at %#" PRIx64 " is in scratch",
			order, phys);
	ranges = more(ranges, nr_ranges, sizeof(*ranges));
	ranges[nr_ranges++] = (struct range) { phys, phys + size };
	stats.blocks[order]++;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct range *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

static void merge_blocks(void)
{
	size_t i, last = 0;

	if (!nr_ranges)
		return;
	qsort(ranges, nr_ranges, sizeof(*ranges), by_start);
	for (i = 1; i < nr_ranges; i++) {
		if (ranges[i].start < ranges[last].end)
			problem("block at %#" PRIx64 " overlaps another one",
				ranges[i].start);
		if (ranges[i].start <= ranges[last].end)
			ranges[last].end = max(ranges[last].end, ranges[i].end);
		else
			ranges[++last] = ranges[i];
	}
	nr_ranges = last + 1;
}

static void say_orders(void)
{
	unsigned int order;

	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++)
		if (stats.blocks[order])
			say("order %u: %lu blocks, %" PRIu64 " bytes", order,
			    stats.blocks[order],
			    (u64)stats.blocks[order] << (PAGE_SHIFT + order));
}

static void say_runs(bool all)
{
	u64 bytes = 0;
	size_t i;

	for (i = 0; i < nr_ranges; i++)
		bytes += ranges[i].end - ranges[i].start;
	say("%zu runs, %" PRIu64 " bytes", nr_ranges, bytes);

	report_depth++;
	for (i = 0; i < nr_ranges && (all || i < RUNS_SHOWN); i++)
		say("%#" PRIx64 " + %" PRIu64, ranges[i].start,
		    ranges[i].end - ranges[i].start);
	if (i < nr_ranges)
		say("... %zu more", nr_ranges - i);
	report_depth--;
}

static void say_nodes(void)
{
	unsigned int level = KHO_TREE_MAX_DEPTH;

	say("%zu nodes, %zu bytes", nr_nodes, nr_nodes * PAGE_SIZE);
	report_depth++;
	while (level--)
		say("level %u: %lu", level,
		    stats.nodes[KHO_TREE_MAX_DEPTH - 1 - level]);
	report_depth--;
}

/**
 * is_preserved - is all of this memory in the map?
 * @phys: physical address in bytes
 * @size: bytes
 *
 * Return: whether it is; valid after dump_map().
 */
bool is_preserved(u64 phys, u64 size)
{
	size_t i;

	for (i = 0; i < nr_ranges; i++)
		if (phys >= ranges[i].start && phys < ranges[i].end)
			return size <= ranges[i].end - phys;
	return false;
}

/**
 * is_map_node - is this page part of the map itself?
 * @phys: physical address in bytes
 *
 * Return: whether it is.
 */
bool is_map_node(u64 phys)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++)
		if (nodes[i] == phys)
			return true;
	return false;
}

/**
 * next_map_node - the pages that the map is made of
 * @i: number of the page
 *
 * Return: its physical address in bytes, 0 after the last one.
 */
u64 next_map_node(unsigned int i)
{
	return i < nr_nodes ? nodes[i] : 0;
}

/**
 * map_seal - the seal that this map and its root FDT should have
 *
 * Return: the seal; valid after dump_map().
 */
struct kho_seal map_seal(void)
{
	return seal;
}

/**
 * dump_map - read and print the preserved-memory map
 * @root: physical address of its root in bytes
 * @root_fdt: the root FDT that names it
 * @all_runs: print all runs, however many there are
 */
void dump_map(u64 root, const void *root_fdt, bool all_runs)
{
	static const struct kho_map_walker walker = {
		.enter = enter,
		.block = block,
		.bad = bad_node,
		.map = map_node,
		.unmap = unmap_node,
	};
	struct kho_radix_tree map = KHO_MAP_INIT(map);
	size_t i;

	say("map of preserved memory at %#" PRIx64, root);
	report_depth++;
	map.root = phys_to_virt(root);
	kho_seal_begin(&seal_state);
	kho_map_walk(&map, &walker, NULL);
	seal = kho_seal_end(&seal_state, root_fdt);
	merge_blocks();
	for (i = 0; i < nr_nodes; i++)
		if (is_preserved(nodes[i], 1))
			problem("node at %#" PRIx64 " is preserved itself",
				nodes[i]);
	say_orders();
	say_runs(all_runs);
	say_nodes();
	report_depth--;
}
