// SPDX-License-Identifier: GPL-2.0-only
/*
 * Early boot after a handover: nothing that the previous kernel says is
 * believed before it has been checked, and nothing outside of scratch is
 * allocated before all that is preserved has been reserved.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "internal.h"
#include "map.h"
#include "root_fdt.h"

/* One area for low memory, one for all, one for each node. */
#define MAX_SCRATCH_AREAS	(MAX_NUMNODES + 2)

static struct {
	phys_addr_t fdt;
	phys_addr_t map_root;
	phys_addr_t scratch;
	u64 scratch_size;
	u64 clock;
} handover __ro_after_init;

static bool kho_boot __ro_after_init;

/**
 * is_kho_boot - was this kernel started with a handover that it could read?
 *
 * Context: valid once memblock knows the memory.
 * Return: whether it was.
 */
bool is_kho_boot(void)
{
	return kho_boot;
}
EXPORT_SYMBOL_GPL(is_kho_boot);

/**
 * kho_boot_clock - when did this kernel first hear of the handover?
 *
 * Return: kho_clock() at that time; 0 without a handover.
 */
u64 kho_boot_clock(void)
{
	return handover.clock;
}

/**
 * kho_populate - note where a handover is
 * @fdt_phys: physical address of the root FDT
 * @fdt_size: its size in bytes
 * @scratch_phys: physical address of the array of scratch areas
 * @scratch_size: its size in bytes
 *
 * Nothing is read here, as nothing is known about memory yet.
 *
 * Context: early boot, called by the architecture.
 */
void __init kho_populate(phys_addr_t fdt_phys, u64 fdt_size,
			 phys_addr_t scratch_phys, u64 scratch_size)
{
	if (!fdt_phys || !PAGE_ALIGNED(fdt_phys) || fdt_size != KHO_ROOT_SIZE) {
		pr_err("handover ignored: no root FDT of a page at %pap, %llu bytes\n",
		       &fdt_phys, fdt_size);
		return;
	}

	handover.fdt = fdt_phys;
	handover.scratch = scratch_phys;
	handover.scratch_size = scratch_size;
	handover.clock = kho_clock();
}

static const char * __init check_area(const struct kho_scratch *areas,
				      unsigned int i)
{
	const struct kho_scratch *area = &areas[i];
	unsigned int j;

	if (!area->size)
		return NULL;
	if (!IS_ALIGNED(area->addr | area->size,
			(phys_addr_t)PAGE_SIZE * pageblock_nr_pages))
		return "scratch isn't aligned";
	if (area->addr + area->size <= area->addr ||
	    !memblock_is_region_memory(area->addr, area->size))
		return "scratch isn't memory";
	for (j = 0; j < i; j++)
		if (areas[j].size &&
		    area->addr < areas[j].addr + areas[j].size &&
		    areas[j].addr < area->addr + area->size)
			return "scratch areas overlap";
	return NULL;
}

static bool __init in_areas(const struct kho_scratch *areas, unsigned int nr,
			    phys_addr_t phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (phys >= areas[i].addr && size <= areas[i].size &&
		    phys - areas[i].addr <= areas[i].size - size)
			return true;
	return false;
}

static bool __init touches_areas(const struct kho_scratch *areas,
				 unsigned int nr, phys_addr_t page)
{
	return in_areas(areas, nr, page, PAGE_SIZE);
}

static const char * __init check_areas(const struct kho_scratch *areas,
				       unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const char *bad = check_area(areas, i);

		if (bad)
			return bad;
	}

	if (!in_areas(areas, nr, handover.scratch, handover.scratch_size))
		return "the array of scratch areas isn't in scratch";
	if (touches_areas(areas, nr, handover.fdt) ||
	    touches_areas(areas, nr, handover.map_root))
		return "the root FDT or the map is in scratch";

	for (i = 0; i < nr; i++)
		if (areas[i].size &&
		    memblock_mark_kho_scratch(areas[i].addr, areas[i].size))
			return "memblock has no room for scratch";
	return NULL;
}

static const char * __init check_root(void)
{
	const char *bad;
	void *fdt;

	if (!memblock_is_region_memory(handover.fdt, KHO_ROOT_SIZE))
		return "root FDT isn't in memory";

	fdt = early_memremap(handover.fdt, KHO_ROOT_SIZE);
	if (!fdt)
		return "root FDT can't be mapped";

	bad = kho_root_check(fdt, KHO_ROOT_SIZE, &handover.map_root);
	early_memunmap(fdt, KHO_ROOT_SIZE);

	if (!bad && !memblock_is_region_memory(handover.map_root, PAGE_SIZE))
		return "preserved-memory map isn't in memory";
	return bad;
}

static const char * __init check_scratch(void)
{
	struct kho_scratch *areas;
	const char *bad;
	u64 nr;

	nr = handover.scratch_size / sizeof(*areas);
	if (!nr || nr > MAX_SCRATCH_AREAS ||
	    handover.scratch_size % sizeof(*areas) ||
	    !PAGE_ALIGNED(handover.scratch))
		return "array of scratch areas has a wrong size or address";
	if (!memblock_is_region_memory(handover.scratch, handover.scratch_size))
		return "array of scratch areas isn't in memory";

	areas = early_memremap(handover.scratch, handover.scratch_size);
	if (!areas)
		return "array of scratch areas can't be mapped";

	bad = check_areas(areas, nr);
	early_memunmap(areas, handover.scratch_size);
	return bad;
}

/**
 * kho_memblock_apply - confine early boot to scratch, if there is a handover
 *
 * A handover that fails a check is reported and not used; the kernel then
 * boots as if there were none.
 *
 * Context: early boot, when memblock has just learned all of memory and
 * nothing has been allocated from it.
 */
void __init kho_memblock_apply(void)
{
	const char *bad;

	if (!handover.fdt)
		return;

	bad = check_root();
	if (!bad)
		bad = check_scratch();
	if (!bad && (memblock_reserve(handover.fdt, KHO_ROOT_SIZE) ||
		     memblock_reserve(handover.scratch,
				      handover.scratch_size)))
		bad = "memblock has no room for the handover";
	if (bad) {
		pr_err("handover can't be read, so it is lost: %s\n", bad);
		handover.fdt = 0;
		return;
	}

	kho_scratch_set(phys_to_virt(handover.scratch),
			handover.scratch_size / sizeof(*kho_scratch));
	memblock_set_kho_scratch_only(true);
	kho_boot = true;
	pr_info("booting in scratch, with a handover at %pap\n", &handover.fdt);
}

/* State of a walk over the map of the previous kernel. */
struct ingest {
	phys_addr_t start;	/* run of blocks not reserved yet */
	phys_addr_t end;
	u64 bytes;
	unsigned long skipped;
};

static int __init reserve_run(struct ingest *in)
{
	phys_addr_t size = in->end - in->start;

	if (!size)
		return 0;

	in->bytes += size;
	in->start = in->end;
	return memblock_reserve(in->end - size, size);
}

static int __init ingest_enter(phys_addr_t node, void *data)
{
	struct ingest *in = data;

	if (reserve_run(in))
		return -ENOMEM;
	/*
	 * Nothing outside of scratch has been reserved yet but nodes and what
	 * they preserve, so a node seen twice is a loop.
	 */
	if (!PAGE_ALIGNED(node) ||
	    !memblock_is_region_memory(node, PAGE_SIZE) ||
	    memblock_is_region_reserved(node, PAGE_SIZE) ||
	    kho_scratch_overlap(node, PAGE_SIZE))
		return -EINVAL;
	return memblock_reserve(node, PAGE_SIZE);
}

static int __init ingest_block(phys_addr_t phys, unsigned int order, void *data)
{
	struct ingest *in = data;
	u64 size = order + PAGE_SHIFT < 64 ? (u64)PAGE_SIZE << order : 0;
	int err = 0;

	if (!size || !memblock_is_region_memory(phys, size) ||
	    kho_scratch_overlap(phys, size)) {
		pr_err("block of order %u at %pap can't be preserved memory\n",
		       order, &phys);
		in->skipped++;
		return 0;
	}

	if (phys != in->end) {
		err = reserve_run(in);
		in->start = phys;
	}
	in->end = phys + size;
	return err;
}

/* Nobody knows what a bad node described: keep all that it could have. */
static int __init ingest_bad(phys_addr_t node, phys_addr_t phys, u64 size,
			     void *data)
{
	struct memblock_region *region;
	phys_addr_t end = phys + size;
	struct ingest *in = data;

	if (!size) {
		pr_err("bad node of the preserved-memory map at %pap\n", &node);
		return -EINVAL;
	}

	pr_err("bad node of the preserved-memory map at %pap: keeping %llu bytes at %pap\n",
	       &node, size, &phys);
	in->skipped++;

	for_each_mem_region(region) {
		phys_addr_t from = max(phys, region->base);
		phys_addr_t to = min(end, region->base + region->size);

		if (from >= to || region->flags & MEMBLOCK_KHO_SCRATCH)
			continue;
		if (memblock_reserve(from, to - from))
			return -ENOMEM;
	}
	return 0;
}

static int __init ingest_map(void *map_root)
{
	static const struct kho_map_walker walker __initconst = {
		.enter = ingest_enter,
		.block = ingest_block,
		.bad = ingest_bad,
	};
	struct kho_map map = KHO_MAP_INIT(map);
	struct ingest in = {};
	int err;

	map.root = map_root;
	err = kho_map_walk(&map, &walker, &in);
	if (!err)
		err = reserve_run(&in);
	if (!err)
		pr_info("%llu KiB preserved, %lu entries of the map skipped\n",
			in.bytes >> 10, in.skipped);
	return err;
}

/**
 * kho_memory_init - make preserved memory safe, or choose scratch
 *
 * After it, memory outside of scratch may be used.
 *
 * Context: early boot, all of memory mapped, right before memblock gives its
 * memory to the page allocator.
 */
void __init kho_memory_init(void)
{
	void *map_root;
	int err;

	if (!kho_boot) {
		kho_scratch_reserve();
		return;
	}

	map_root = phys_to_virt(handover.map_root);
	err = ingest_map(map_root);
	if (err)
		pr_err("the preserved-memory map can't be read, so the handover is lost: %d\n",
		       err);
	else
		kho_in_set(phys_to_virt(handover.fdt), map_root);

	memblock_set_kho_scratch_only(false);
}
