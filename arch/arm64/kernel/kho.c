// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver on arm64: the handover itself travels in the device tree, see
 * drivers/of/kho.c.
 */
#include <linux/cacheflush.h>
#include <linux/mm.h>

#include <clocksource/arm_arch_timer.h>

#include <asm/arch_timer.h>
#include <asm/set_memory.h>
#include <asm/tlbflush.h>

#include "../../../kernel/kho/internal.h"
#include "../../../kernel/kho/kexec_image.h"

/*
 * The virtual counter counts through kexec, so it tells time across the
 * handover. It is read long before there are clocksources.
 */
u64 kho_clock(void)
{
	return __arch_counter_get_cntvct();
}

u32 kho_clock_khz(void)
{
	return arch_timer_get_rate() / 1000;
}

struct change {
	pgprot_t set;
	pgprot_t clear;
};

static int change_pte(pte_t *ptep, unsigned long addr, void *data)
{
	const struct change *change = data;
	pte_t pte = clear_pte_bit(__ptep_get(ptep), change->clear);

	__set_pte(ptep, set_pte_bit(pte, change->set));
	return 0;
}

/* set_memory_ro() is for what vmalloc() has mapped. */
static int change_direct_map(void *place, unsigned long nr_pages,
			     struct change change)
{
	unsigned long start = (unsigned long)place;
	unsigned long size = nr_pages * PAGE_SIZE;
	int err;

	err = apply_to_page_range(&init_mm, start, size, change_pte, &change);
	flush_tlb_kernel_range(start, start + size);
	return err;
}

/*
 * The next kernel starts with the MMU off: nothing of it may be in the data
 * cache alone, and nothing of what was there before in an instruction cache.
 */
static void flush_place(void *place, unsigned long nr_pages)
{
	unsigned long start = (unsigned long)place;
	unsigned long end = start + nr_pages * PAGE_SIZE;

	dcache_clean_inval_poc(start, end);
	flush_icache_range(start, end);
}

int kho_place_close(void *place, unsigned long nr_pages)
{
	struct change read_only = {
		.set = __pgprot(PTE_RDONLY),
		.clear = __pgprot(PTE_WRITE),
	};

	flush_place(place, nr_pages);
	/* Blocks of a live mapping can't be split into pages. */
	if (!can_set_direct_map())
		return -EOPNOTSUPP;
	return change_direct_map(place, nr_pages, read_only);
}

int kho_place_open(void *place, unsigned long nr_pages)
{
	struct change writable = {
		.set = __pgprot(PTE_WRITE),
		.clear = __pgprot(PTE_RDONLY),
	};

	if (!can_set_direct_map())
		return 0;
	return change_direct_map(place, nr_pages, writable);
}
