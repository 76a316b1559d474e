// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scratch: memory that never holds anything preserved. The next kernel is
 * loaded into it, and boots in it alone until it knows what is preserved. In
 * the meantime it serves movable allocations, as CMA.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/cma.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/printk.h>

#include "../../mm/internal.h"

#include "internal.h"

/* The buddy allocator wants whole blocks, whatever their migrate type. */
#define SCRATCH_ALIGN	((phys_addr_t)PAGE_SIZE * MAX_ORDER_NR_PAGES)

/* Without kho_scratch=, twice what this boot has used until now. */
#define DEFAULT_PERCENT	200

struct kho_scratch *kho_scratch __ro_after_init;
unsigned int kho_scratch_cnt __ro_after_init;

static bool kho_enabled __ro_after_init =
	IS_ENABLED(CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT);

static struct {
	phys_addr_t lowmem;
	phys_addr_t global;
	phys_addr_t per_node;
	unsigned int percent;
} sizes __initdata = { .percent = DEFAULT_PERCENT };

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

/**
 * kho_scratch_set - use scratch areas that the previous kernel has chosen
 * @areas: the areas, checked; stays where it is. Memory need not be mapped yet.
 * @nr: number of areas
 *
 * Context: early boot, with early parameters parsed.
 */
void __init kho_scratch_set(struct kho_scratch *areas, unsigned int nr)
{
	kho_scratch = areas;
	kho_scratch_cnt = nr;
	if (!kho_enabled)
		pr_warn("kho=off is ignored: there is a handover\n");
	kho_enabled = true;
}

static void __init scale_to_use(void)
{
	phys_addr_t start, end, low = 0, high = 0;
	u64 i;

	for_each_reserved_mem_range(i, &start, &end) {
		phys_addr_t split = clamp_t(phys_addr_t, ARCH_LOW_ADDRESS_LIMIT,
					    start, end);

		low += split - start;
		high += end - split;
	}
	sizes.lowmem = ALIGN(low / 100 * sizes.percent, SCRATCH_ALIGN);
	sizes.global = ALIGN(high / 100 * sizes.percent, SCRATCH_ALIGN);
}

static bool __init reserve_area(phys_addr_t size, phys_addr_t limit, int nid)
{
	struct kho_scratch *area = &kho_scratch[kho_scratch_cnt];

	if (size) {
		area->addr = memblock_alloc_range_nid(size, SCRATCH_ALIGN, 0,
						      limit, nid, true);
		if (!area->addr) {
			pr_err("no room for %pap bytes of scratch below %pap, node %d\n",
			       &size, &limit, nid);
			return false;
		}
	}
	area->size = size;
	kho_scratch_cnt++;
	return true;
}

static bool __init reserve_areas(void)
{
	int nid;

	if (!reserve_area(sizes.lowmem, ARCH_LOW_ADDRESS_LIMIT, NUMA_NO_NODE) ||
	    !reserve_area(sizes.global, MEMBLOCK_ALLOC_ACCESSIBLE,
			  NUMA_NO_NODE))
		return false;

	for_each_node_state(nid, N_MEMORY)
		if (!reserve_area(sizes.per_node, MEMBLOCK_ALLOC_ACCESSIBLE,
				  nid))
			return false;
	return true;
}

/**
 * kho_scratch_reserve - choose scratch areas for all handovers to come
 *
 * If there is no room, KHO is off, and says so.
 *
 * Context: early boot, right before memblock gives its memory away.
 */
void __init kho_scratch_reserve(void)
{
	size_t size = array_size(nodes_weight(node_states[N_MEMORY]) + 2,
				 sizeof(*kho_scratch));
	unsigned int i;

	if (!kho_enabled)
		return;

	if (sizes.percent)
		scale_to_use();

	kho_scratch = memblock_alloc(size, PAGE_SIZE);
	if (!kho_scratch) {
		pr_err("no room for the array of scratch areas\n");
		goto err_off;
	}
	if (!reserve_areas())
		goto err_free;

	for (i = 0; i < kho_scratch_cnt; i++)
		pr_info("scratch %u: %pap bytes at %pap\n", i,
			&kho_scratch[i].size, &kho_scratch[i].addr);
	return;

err_free:
	for (i = 0; i < kho_scratch_cnt; i++)
		if (kho_scratch[i].size)
			memblock_phys_free(kho_scratch[i].addr,
					   kho_scratch[i].size);
	memblock_free(kho_scratch, size);
	kho_scratch = NULL;
	kho_scratch_cnt = 0;
err_off:
	pr_err("Kexec HandOver is off\n");
	kho_enabled = false;
}

/**
 * kho_scratch_release - let movable allocations use scratch
 *
 * After a handover it is only counted: early boot has freed what it didn't
 * need, as CMA, see kho_scratch_migratetype().
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
		for (; !is_kho_boot() && pfn < end; pfn += pageblock_nr_pages)
			init_cma_reserved_pageblock(pfn_to_page(pfn));
	}
}

/**
 * kho_scratch_overlap - does memory lie in scratch?
 * @phys: physical address in bytes
 * @size: bytes
 *
 * Context: any.
 * Return: whether any of it does.
 */
bool kho_scratch_overlap(phys_addr_t phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++) {
		const struct kho_scratch *area = &kho_scratch[i];

		if (phys < area->addr + area->size &&
		    (size > area->addr || phys > area->addr - size))
			return true;
	}
	return false;
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
