// SPDX-License-Identifier: GPL-2.0-only
/*
 * Early boot after a handover: nothing that the previous kernel says is
 * believed before it has been checked, and nothing is allocated that may be
 * preserved.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "ingest.h"
#include "internal.h"
#include "root_fdt.h"

static struct {
	phys_addr_t fdt;
	phys_addr_t map_root;
	phys_addr_t scratch;
	u64 scratch_size;
	u64 clock;
} handover __ro_after_init;

static bool kho_boot __ro_after_init;

/* What to do about a handover that can't be used. */
enum on_error {
	ON_ERROR_CONTINUE,
	ON_ERROR_PANIC,
	ON_ERROR_KEEP,
};

static const char * const on_error_names[] = {
	[ON_ERROR_CONTINUE] = "continue",
	[ON_ERROR_PANIC] = "panic",
	[ON_ERROR_KEEP] = "keep",
};

static enum on_error on_error __initdata;
static bool keep_all __initdata;
static const char *lost_because __ro_after_init;

/* Why there is nothing at all to look at. */
static const char *unpopulated __ro_after_init;

static int __init parse_on_error(char *arg)
{
	int i = match_string(on_error_names, ARRAY_SIZE(on_error_names),
			     arg ?: "");

	if (i < 0) {
		pr_warn("kho_on_error=%s: none of continue, panic, keep\n",
			arg ?: "");
		return i;
	}
	on_error = i;
	return 0;
}
early_param("kho_on_error", parse_on_error);

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
 * kho_in_fdt_phys - where is the root FDT of the previous kernel?
 *
 * Context: early boot; nothing at that address has been checked.
 * Return: physical address; 0 without a handover.
 */
phys_addr_t __init kho_in_fdt_phys(void)
{
	return handover.fdt;
}

/**
 * kho_lost_because - why was there a handover that could not be used?
 *
 * Return: the reason; NULL if it was used, or there was none.
 */
const char *kho_lost_because(void)
{
	return lost_because;
}

/**
 * kho_populate_failed - note that there is a handover, but not where
 * @why: what is wrong with what the architecture was given
 *
 * Context: early boot, called by the architecture instead of kho_populate().
 */
void __init kho_populate_failed(const char *why)
{
	unpopulated = why;
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
		pr_err("no root FDT of a page at %pap, %llu bytes\n",
		       &fdt_phys, fdt_size);
		kho_populate_failed("root FDT isn't a page");
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
	    !kho_readable(area->addr, area->size))
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

	if (!kho_readable(handover.fdt, KHO_ROOT_SIZE))
		return "root FDT isn't in memory";
	if (kho_scratch_overlap(handover.fdt, KHO_ROOT_SIZE))
		return "root FDT is in scratch";

	fdt = early_memremap(handover.fdt, KHO_ROOT_SIZE);
	if (!fdt)
		return "root FDT can't be mapped";

	bad = kho_root_check(fdt, KHO_ROOT_SIZE, &handover.map_root);
	early_memunmap(fdt, KHO_ROOT_SIZE);
	return bad;
}

/* Scratch comes first: without it there is nowhere to boot. */
static const char * __init take_scratch(void)
{
	struct kho_scratch *areas;
	const char *bad;
	u64 nr;

	nr = handover.scratch_size / sizeof(*areas);
	if (!nr || nr > KHO_MAX_SCRATCH ||
	    handover.scratch_size % sizeof(*areas) ||
	    !PAGE_ALIGNED(handover.scratch))
		return "array of scratch areas has a wrong size or address";
	if (!kho_readable(handover.scratch, handover.scratch_size))
		return "array of scratch areas isn't in memory";

	areas = early_memremap(handover.scratch, handover.scratch_size);
	if (!areas)
		return "array of scratch areas can't be mapped";
	kho_scratch_set(areas, nr);
	early_memunmap(areas, handover.scratch_size);

	bad = check_areas(kho_scratch, nr);
	if (bad)
		kho_scratch_cnt = 0;
	return bad;
}

static const char * __init take_handover(void)
{
	const char *bad = check_root();

	if (!bad)
		bad = kho_ingest_survey(handover.fdt, handover.map_root);
	if (!bad && memblock_reserve(handover.fdt, KHO_ROOT_SIZE))
		bad = "memblock has no room for the handover";
	return bad;
}

/*
 * @safe: may this kernel go on in scratch, and leave all else alone? It does so
 * before it panics, too, until somebody can see why.
 */
static void __init lose_handover(const char *bad, bool safe)
{
	lost_because = bad;
	kho_boot = false;

	if (on_error != ON_ERROR_CONTINUE && !safe)
		panic("kho: handover can't be used: %s\n", bad);

	if (on_error != ON_ERROR_CONTINUE) {
		pr_err("handover can't be used: %s; keeping all memory outside of scratch\n",
		       bad);
		keep_all = true;
		return;
	}

	pr_err("handover can't be used, so it is lost: %s\n", bad);
	memblock_set_kho_only(false);
}

/**
 * kho_check_lost - stop if a handover was lost, and that is what to do then
 *
 * Context: initcall, when all consoles are there.
 */
void __init kho_check_lost(void)
{
	if (lost_because && on_error == ON_ERROR_PANIC)
		panic("kho: handover can't be used: %s\n", lost_because);
}

/**
 * kho_memblock_apply - confine early boot to safe memory after a handover
 *
 * Safe is scratch, and memory that the preserved-memory map shows to be free;
 * the latter is used first, as scratch is needed for the next kernel. With a
 * handover that fails a check, kho_on_error= tells what to do.
 *
 * Context: early boot, when memblock has just learned all of memory and
 * nothing has been allocated from it.
 */
void __init kho_memblock_apply(void)
{
	const char *bad = unpopulated;

	if (!bad && !handover.fdt)
		return;

	bad = bad ?: take_scratch();
	if (bad) {
		lose_handover(bad, false);
		return;
	}

	kho_boot = true;
	memblock_set_kho_only(true);
	bad = take_handover();
	if (bad)
		lose_handover(bad, true);
	else
		pr_info("booting with a handover at %pap\n", &handover.fdt);
}

/**
 * kho_early_preserved - how much is preserved where something is?
 * @phys: physical address in bytes
 * @size: bytes that it has
 *
 * Context: early boot, when all of memory is mapped, until kho_memory_init().
 * Return: bytes of the blocks that follow each other from @phys on until they
 * hold all of it; 0 if they don't, or there is no handover.
 */
u64 __init kho_early_preserved(phys_addr_t phys, u64 size)
{
	u64 found;

	if (!kho_boot || !kho_may_be_preserved(phys, size))
		return 0;
	found = kho_ingest_blocks(handover.map_root, phys, size);
	return found && kho_may_be_preserved(phys, found) ? found : 0;
}

/**
 * kho_early_subtree - look at a blob of the previous kernel
 * @name: name of the subtree
 * @size: where to store its size in bytes
 *
 * Context: as kho_early_preserved().
 * Return: the blob, which is preserved; NULL if there is none.
 */
const void * __init kho_early_subtree(const char *name, u64 *size)
{
	phys_addr_t phys;

	if (!kho_boot || !kho_readable(handover.fdt, KHO_ROOT_SIZE) ||
	    kho_root_find(phys_to_virt(handover.fdt), name, &phys, size))
		return NULL;
	return kho_early_preserved(phys, *size) ? phys_to_virt(phys) : NULL;
}

static void __init reserve_preserved(void)
{
	void *map_root = phys_to_virt(handover.map_root);
	const char *bad;
	bool sound;

	bad = kho_ingest_reserve(map_root, handover.fdt,
				 kho_reserve_mem_in_use(), &sound);
	/* Since it was read, boot may have learned what it may not map. */
	if (!bad && !kho_readable(handover.fdt, KHO_ROOT_SIZE))
		bad = "root FDT may not be read";
	if (bad) {
		lose_handover(bad, true);
		return;
	}

	kho_in_set(phys_to_virt(handover.fdt), map_root, sound);
	if (!sound)
		kho_in_strike_unless(kho_may_be_restored);
}

/**
 * kho_memory_init - make preserved memory safe, or choose scratch
 *
 * After it, all memory that isn't reserved may be used.
 *
 * Context: early boot, all of memory mapped, right before memblock gives its
 * memory to the page allocator.
 */
void __init kho_memory_init(void)
{
	kho_scratch_measure();
	kho_note_deferred_pages();
	if (kho_boot)
		reserve_preserved();
	if (keep_all)
		kho_ingest_keep_all();
	if (!kho_boot)
		kho_scratch_demote();
	if (keep_all)
		kho_scratch_off();

	memblock_set_kho_only(false);
	memblock_clear_kho_free(0, PHYS_ADDR_MAX);
	kho_scratch_reserve();
}
