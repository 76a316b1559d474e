// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scratch: memory that never holds anything preserved. The next kernel is
 * loaded into it, and boots in it alone until it knows what is preserved. In
 * the meantime it serves movable allocations, as CMA.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/cma.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kmemleak.h>
#include <linux/math64.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/page-isolation.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "../../mm/internal.h"

#include "internal.h"

/* The buddy allocator wants whole blocks, whatever their migrate type. */
#define SCRATCH_ALIGN	((phys_addr_t)PAGE_SIZE * MAX_ORDER_NR_PAGES)

/* Without kho_scratch=, twice what this boot has used until now. */
#define DEFAULT_PERCENT	200

/* Bytes that early boot needed beyond what scratch has. */
u64 kho_scratch_short __ro_after_init;
/* Reserved as a whole, because this kernel has chosen it? */
static bool scratch_reserved __ro_after_init;

static bool kho_enabled __ro_after_init =
	IS_ENABLED(CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT);

static struct {
	phys_addr_t lowmem;
	phys_addr_t global;
	phys_addr_t per_node;
	unsigned int percent;
	bool given;
} sizes __initdata = { .percent = DEFAULT_PERCENT };

/* What scratch should be, area by area. */
struct want {
	phys_addr_t size;
	phys_addr_t limit;
	int nid;
};

static struct want wanted[KHO_MAX_SCRATCH] __initdata;
static unsigned int nr_wanted __initdata;

static int __init parse_kho(char *arg)
{
	int err = kstrtobool(arg, &kho_enabled);

	if (err)
		pr_warn("kho=%s: neither on nor off\n", arg ?: "");
	return err;
}
early_param("kho", parse_kho);

static int __init parse_percent(const char *arg, const char *end)
{
	char digits[8] = {};
	unsigned int percent;

	if (end - arg >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, arg, end - arg);
	if (kstrtouint(digits, 10, &percent) || !percent)
		return -EINVAL;
	sizes.percent = percent;
	return 0;
}

static int __init parse_sizes(char *arg)
{
	phys_addr_t val[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(val); i++) {
		char *end;

		val[i] = memparse(arg, &end);
		if (end == arg || *end != (i < 2 ? ',' : '\0'))
			return -EINVAL;
		arg = end + 1;
	}
	if (!val[0] && !val[1] && !val[2])
		return -EINVAL;

	sizes.lowmem = ALIGN(val[0], SCRATCH_ALIGN);
	sizes.global = ALIGN(val[1], SCRATCH_ALIGN);
	sizes.per_node = ALIGN(val[2], SCRATCH_ALIGN);
	sizes.percent = 0;
	return 0;
}

static int __init parse_kho_scratch(char *arg)
{
	const char *percent = arg ? strchr(arg, '%') : NULL;
	int err = -EINVAL;

	if (percent && !percent[1])
		err = parse_percent(arg, percent);
	else if (arg)
		err = parse_sizes(arg);

	sizes.given = !err;
	if (err)
		pr_warn("kho_scratch=%s: neither LOWMEM,GLOBAL,PERNODE nor N%%\n",
			arg ?: "");
	return err;
}
early_param("kho_scratch", parse_kho_scratch);

/**
 * kho_is_enabled - does this kernel take part in handovers?
 *
 * Context: valid once early parameters have been parsed.
 * Return: whether it does.
 */
bool kho_is_enabled(void)
{
	return kho_enabled;
}
EXPORT_SYMBOL_GPL(kho_is_enabled);

static u64 __init scratch_bytes(void)
{
	unsigned int i;
	u64 bytes = 0;

	for (i = 0; i < kho_scratch_cnt; i++)
		bytes += kho_scratch[i].size;
	return bytes;
}

static void __init want_area(phys_addr_t size, phys_addr_t limit, int nid)
{
	wanted[nr_wanted++] = (struct want) {
		.size = ALIGN(size, SCRATCH_ALIGN),
		.limit = limit,
		.nid = nid,
	};
}

static phys_addr_t __init scaled_use(phys_addr_t start, phys_addr_t end,
				     int nid)
{
	return div_u64(kho_boot_use(start, end, nid), 100) * sizes.percent;
}

/* The order is part of the format: low memory, any, and every node. */
static void __init want_areas(void)
{
	phys_addr_t low = sizes.lowmem, global = sizes.global;
	int nid;

	if (sizes.percent) {
		low = scaled_use(0, ARCH_LOW_ADDRESS_LIMIT, NUMA_NO_NODE);
		global = scaled_use(ARCH_LOW_ADDRESS_LIMIT, PHYS_ADDR_MAX,
				    NUMA_NO_NODE);
	}

	nr_wanted = 0;
	want_area(low, ARCH_LOW_ADDRESS_LIMIT, NUMA_NO_NODE);
	want_area(global, MEMBLOCK_ALLOC_ACCESSIBLE, NUMA_NO_NODE);
	for_each_node_state(nid, N_MEMORY) {
		phys_addr_t size = sizes.per_node;

		/* The only node has got its share already. */
		if (sizes.percent && nr_node_ids > 1)
			size = scaled_use(ARCH_LOW_ADDRESS_LIMIT,
					  PHYS_ADDR_MAX, nid);
		want_area(size, MEMBLOCK_ALLOC_ACCESSIBLE, nid);
	}
}

static void __init check_room(void)
{
	u64 use = kho_boot_use(0, PHYS_ADDR_MAX, NUMA_NO_NODE);
	u64 room = scratch_bytes();

	if (use <= room)
		return;

	kho_scratch_short = use - room;
	pr_warn("scratch was short by %llu KiB: boot has taken %llu KiB, and went on in memory where nothing is preserved\n",
		kho_scratch_short >> 10, use >> 10);
}

/**
 * kho_scratch_measure - what scratch should be, and was it enough to boot?
 *
 * Context: early boot, before what is preserved is reserved, which counts for
 * memory that boot has used.
 */
void __init kho_scratch_measure(void)
{
	want_areas();
	if (is_kho_boot())
		check_room();
}

/*
 * Sizes that were asked for are kept exactly; with none, or a percentage,
 * scratch that was large enough is left as it is.
 */
static bool __init inherited_will_do(void)
{
	unsigned int i;

	if (!sizes.given || sizes.percent)
		return !kho_scratch_short;

	if (kho_scratch_cnt != nr_wanted)
		return false;
	for (i = 0; i < nr_wanted; i++)
		if (kho_scratch[i].size != wanted[i].size)
			return false;
	return true;
}

static bool __init reserve_area(struct kho_scratch *area,
				const struct want *want)
{
	area->size = want->size;
	area->addr = 0;
	if (!want->size)
		return true;

	area->addr = memblock_alloc_range_nid(want->size, SCRATCH_ALIGN, 0,
					      want->limit, want->nid, true);
	if (!area->addr)
		pr_err("no room for %pap bytes of scratch below %pap, node %d\n",
		       &want->size, &want->limit, want->nid);
	else	/* What the page allocator will put there is its own. */
		kmemleak_ignore_phys(area->addr);
	return area->addr;
}

static bool __init reserve_areas(struct kho_scratch *areas)
{
	unsigned int i;

	for (i = 0; i < nr_wanted; i++)
		if (!reserve_area(&areas[i], &wanted[i]))
			goto err_free;
	return true;

err_free:
	while (i--)
		if (areas[i].size)
			memblock_phys_free(areas[i].addr, areas[i].size);
	return false;
}

/* Does the memory map know this page yet? */
static bool __init page_initialized(unsigned long pfn)
{
#ifdef CONFIG_DEFERRED_STRUCT_PAGE_INIT
	return pfn < NODE_DATA(early_pfn_to_nid(pfn))->first_deferred_pfn;
#else
	return true;
#endif
}

/**
 * kho_scratch_demote - make inherited scratch ordinary memory
 *
 * Context: early boot, before memblock gives its memory away.
 */
void __init kho_scratch_demote(void)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++) {
		unsigned long pfn = PHYS_PFN(kho_scratch[i].addr);
		unsigned long end = pfn + PHYS_PFN(kho_scratch[i].size);

		memblock_clear_kho_scratch(kho_scratch[i].addr,
					   kho_scratch[i].size);
		for (; pfn < end; pfn += pageblock_nr_pages)
			if (page_initialized(pfn))
				set_pageblock_migratetype(pfn_to_page(pfn),
							  MIGRATE_MOVABLE);
	}
	kho_scratch_cnt = 0;
}

static void __init use_areas(const struct kho_scratch *areas)
{
	unsigned int i;

	if (kho_scratch_cnt) {
		pr_info("scratch changes its size\n");
		kho_scratch_demote();
	}
	memcpy(kho_scratch, areas, nr_wanted * sizeof(*areas));
	kho_scratch_cnt = nr_wanted;
	scratch_reserved = true;

	for (i = 0; i < kho_scratch_cnt; i++)
		pr_info("scratch %u: %pap bytes at %pap\n", i,
			&kho_scratch[i].size, &kho_scratch[i].addr);
}

/**
 * kho_scratch_off - this kernel takes no part in handovers
 *
 * Context: early boot.
 */
void __init kho_scratch_off(void)
{
	kho_enabled = false;
	pr_err("Kexec HandOver is off\n");
}

/**
 * kho_scratch_reserve - choose scratch areas for the handovers to come
 *
 * Scratch of the previous kernel stays in use, unless the command line asks
 * for another size, or it was too small. If there is no room, and none from
 * before either, KHO is off, and says so.
 *
 * Context: early boot, right before memblock gives its memory away; all that
 * is preserved is reserved.
 */
void __init kho_scratch_reserve(void)
{
	static struct kho_scratch areas[KHO_MAX_SCRATCH] __initdata;

	if (!kho_enabled && kho_scratch_cnt) {
		pr_warn("kho=off is ignored: there is a handover\n");
		kho_enabled = true;
	}
	if (!kho_enabled)
		return;

	if (kho_scratch_cnt && inherited_will_do())
		return;

	if (reserve_areas(areas))
		use_areas(areas);
	else if (kho_scratch_cnt)
		pr_warn("scratch keeps its size\n");
	else
		kho_scratch_off();
}

/**
 * kho_scratch_release - let movable allocations use scratch
 *
 * Scratch from before a handover is only counted: early boot has freed what it
 * didn't need, as CMA, see kho_scratch_migratetype().
 *
 * Context: initcall.
 */
void __init kho_scratch_release(void)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++) {
		unsigned long pfn = PHYS_PFN(kho_scratch[i].addr);
		unsigned long end = pfn + PHYS_PFN(kho_scratch[i].size);

		totalcma_pages += end - pfn;
		for (; scratch_reserved && pfn < end; pfn += pageblock_nr_pages)
			init_cma_reserved_pageblock(pfn_to_page(pfn));
	}
}

/**
 * kho_scratch_migratetype - migrate type of memory that boot hands to buddy
 * @pfn: first page of a range that lies in scratch or outside, as a whole
 * @mt: what it has outside
 *
 * Context: early boot.
 * Return: the migrate type.
 */
enum migratetype __meminit kho_scratch_migratetype(unsigned long pfn,
						   enum migratetype mt)
{
	if (is_kho_boot() && kho_scratch_overlap(PFN_PHYS(pfn), PAGE_SIZE))
		return MIGRATE_CMA;
	return mt;
}
