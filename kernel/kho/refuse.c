// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that nobody may hand over.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "internal.h"

/* How many pages may be looked at before somebody else gets a turn? */
#define TURN	BIT(14)

static int count_pages(unsigned long pfn, unsigned long nr_pages, void *data)
{
	*(unsigned long *)data += nr_pages;
	return 0;
}

static bool all_is_ram(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long found = 0;

	walk_system_ram_range(pfn, nr_pages, &found, count_pages);
	return found == nr_pages;
}

static const char *check_page(unsigned long pfn, bool is_ram)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return "no memory";

	page = pfn_to_page(pfn);
	if (is_zone_device_page(page))
		return "memory of a device";
	/* Holes have such pages, too, and so has what boot has allocated. */
	if (PageReserved(page) && !is_ram && !page_is_ram(pfn))
		return "no memory";
	/*
	 * To look for a free block around the page is slow, and seldom needed:
	 * only a page of an owner's that is not a folio's has no references.
	 */
	if (!page_ref_count(page) && !PageTail(page) &&
	    is_free_buddy_page(page))
		return "free";
	return NULL;
}

/**
 * kho_refuse - why can't memory be handed over?
 * @pfn: page frame number of the first page
 * @nr_pages: number of pages
 *
 * Who asks for it has to own it. Whether that is so can't be known, but that
 * nobody does can.
 *
 * Context: may sleep.
 * Return: what is wrong with some of it; NULL if nothing is.
 */
const char *kho_refuse(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	const char *bad = NULL;
	bool is_ram = false;

	if (end < pfn || end > PHYS_PFN(PHYS_ADDR_MAX))
		return "no memory";
	if (nr_pages && kho_scratch_overlap(PFN_PHYS(pfn), PFN_PHYS(nr_pages)))
		return "in scratch";
	if (nr_pages && kho_is_late_memory(pfn, nr_pages))
		return "memory that the next kernel would lack";

	for (; pfn < end && !bad; pfn++) {
		/* It is slow to ask for each page that boot has allocated. */
		if (!is_ram && pfn_valid(pfn) && PageReserved(pfn_to_page(pfn)))
			is_ram = all_is_ram(pfn, end - pfn);
		bad = check_page(pfn, is_ram);
		if (!(pfn % TURN))
			cond_resched();
	}
	return bad;
}
