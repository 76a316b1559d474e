// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory does early boot need? What an administrator has set aside is
 * not counted: nobody wants it in scratch, or twice of it.
 */
#include <linux/cma.h>
#include <linux/crash_reserve.h>
#include <linux/hugetlb.h>
#include <linux/init.h>
#include <linux/memblock.h>

#include "../../mm/cma.h"

#include "internal.h"
#include "reserve_fdt.h"

struct window {
	phys_addr_t start;
	phys_addr_t end;
	int nid;
};

static u64 __init inside(const struct window *win, phys_addr_t start,
			 phys_addr_t end)
{
	if (win->nid != NUMA_NO_NODE &&
	    early_pfn_to_nid(PFN_DOWN(start)) != win->nid)
		return 0;

	start = max(start, win->start);
	end = min(end, win->end);
	return start < end ? end - start : 0;
}

static u64 __init reserved(const struct window *win)
{
	phys_addr_t start, end;
	u64 i, bytes = 0;

	for_each_reserved_mem_range(i, &start, &end)
		bytes += inside(win, start, end);
	return bytes;
}

static u64 __init crash_kernel(const struct window *win)
{
	u64 bytes = 0;

#ifdef CONFIG_CRASH_RESERVE
	if (crashk_res.end)
		bytes += inside(win, crashk_res.start, crashk_res.end + 1);
	if (crashk_low_res.end)
		bytes += inside(win, crashk_low_res.start,
				crashk_low_res.end + 1);
#endif
	return bytes;
}

static u64 __init cma(const struct window *win)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < cma_area_count; i++) {
		phys_addr_t start = PFN_PHYS(cma_areas[i].base_pfn);

		bytes += inside(win, start,
				start + PFN_PHYS(cma_areas[i].count));
	}
	return bytes;
}

static u64 __init huge_pages(const struct window *win)
{
	u64 bytes = 0;

#ifdef CONFIG_HUGETLB_PAGE
	struct huge_bootmem_page *page;
	int nid;

	for (nid = 0; nid < MAX_NUMNODES && huge_boot_pages[nid].next; nid++)
		list_for_each_entry(page, &huge_boot_pages[nid], list)
			bytes += inside(win, virt_to_phys(page),
					virt_to_phys(page) +
					huge_page_size(page->hstate));
#endif
	return bytes;
}

static u64 __init named(const struct window *win)
{
	const struct kho_reserved *mem = kho_reserved.mem;
	u64 bytes = 0;

	for (; mem < kho_reserved.mem + kho_reserved.nr; mem++)
		bytes += inside(win, mem->start,
				mem->start + PAGE_ALIGN(mem->size));
	return bytes;
}

/**
 * kho_boot_use - memory that early boot has taken for the kernel itself
 * @start: physical address from which on to count
 * @end: physical address up to which to count
 * @nid: node to count, or %NUMA_NO_NODE for all
 *
 * A crash kernel's memory, CMA areas, huge pages and what reserve_mem= asks for
 * are not counted.
 *
 * Context: early boot, before memblock gives its memory away.
 * Return: bytes.
 */
u64 __init kho_boot_use(phys_addr_t start, phys_addr_t end, int nid)
{
	const struct window win = { start, end, nid };
	u64 aside = crash_kernel(&win) + cma(&win) + huge_pages(&win) +
		    named(&win);
	u64 all = reserved(&win);

	return all > aside ? all - aside : 0;
}
