// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments that are loaded where they will be executed, so that nothing is
 * copied in the blackout. Scratch is CMA: what uses a segment's place is
 * migrated away. From then on nobody can write there by accident.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "internal.h"
#include "kexec_image.h"

/* Migration fails while somebody uses a page for a moment. */
#define MAX_TRIES	5

/* Read once by each load. */
bool kho_in_place = true;

/* Pages of the image that is still loaded while the next one is. */
static bool page_loaded(phys_addr_t phys)
{
	const struct kimage *image = kexec_image;
	unsigned int i;

	if (!image || !image->kho.segment)
		return false;

	for (i = 0; i < image->nr_segments; i++)
		if (image->kho.segment[i].in_place &&
		    phys >= image->segment[i].mem &&
		    phys - image->segment[i].mem < image->segment[i].memsz)
			return true;
	return false;
}

/* After a handover, this kernel's own code and data are in scratch, too. */
static bool page_stays(phys_addr_t phys)
{
	struct page *page = pfn_to_online_page(PHYS_PFN(phys));

	return !page || PageReserved(page) || !is_migrate_cma_page(page) ||
	       page_loaded(phys);
}

/* A place is cleared within one zone. */
static bool is_other_zone(phys_addr_t phys, phys_addr_t first)
{
	return page_zone(pfn_to_page(PHYS_PFN(phys))) !=
	       page_zone(pfn_to_page(PHYS_PFN(first)));
}

/* A page in the way: the one farthest from where the search began. */
static bool find_obstacle(phys_addr_t start, size_t size, bool top_down,
			  phys_addr_t *obstacle)
{
	phys_addr_t first = top_down ? start : start + size - PAGE_SIZE;
	size_t offset;

	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		phys_addr_t phys = top_down ? first + offset : first - offset;

		if (page_stays(phys) || is_other_zone(phys, first)) {
			*obstacle = phys;
			return true;
		}
	}
	return false;
}

/**
 * kho_locate_in_place - find a place that can be cleared for a segment
 * @kbuf: the segment
 * @area: a scratch area
 * @func: finds a place in a part of the area; 1 if it has found one
 *
 * Context: kexec lock held.
 * Return: 1 if @kbuf has a place now, 0 if not.
 */
int kho_locate_in_place(struct kexec_buf *kbuf, const struct resource *area,
			int (*func)(struct resource *res, void *arg))
{
	struct resource part = *area;
	phys_addr_t obstacle;

	if (!READ_ONCE(kho_in_place))
		return 0;

	while (part.start < part.end && func(&part, kbuf) == 1) {
		if (!find_obstacle(kbuf->mem, kbuf->memsz, kbuf->top_down,
				   &obstacle))
			return 1;
		kbuf->mem = KEXEC_BUF_MEM_UNKNOWN;
		if (kbuf->top_down)
			part.end = obstacle ? obstacle - 1 : 0;
		else
			part.start = obstacle + PAGE_SIZE;
	}
	return 0;
}

static int clear_place(const struct kexec_segment *segment)
{
	unsigned long pfn = PHYS_PFN(segment->mem);
	unsigned long end = pfn + PHYS_PFN(segment->memsz);
	phys_addr_t obstacle;
	int err, tries = 0;

	/* What isn't scratch must not be made CMA. */
	if (find_obstacle(segment->mem, segment->memsz, true, &obstacle))
		return -EADDRINUSE;

	do {
		err = alloc_contig_range(pfn, end, MIGRATE_CMA, GFP_KERNEL);
	} while (err == -EBUSY && ++tries < MAX_TRIES);
	return err;
}

static void fill(const struct kexec_segment *segment)
{
	void *place = phys_to_virt(segment->mem);
	size_t pos = 0;

	while (pos < segment->bufsz) {
		size_t part = min_t(size_t, segment->bufsz - pos, SZ_1M);

		memcpy(place + pos, segment->kbuf + pos, part);
		pos += part;
		cond_resched();
	}
	memset(place + pos, 0, segment->memsz - pos);
}

/**
 * kho_load_segment - load a segment in place, if that can be
 * @image: the image
 * @segment: one of its segments
 *
 * Context: kexec lock held; may sleep.
 * Return: 0, or 1 if the segment has to be copied when it is executed.
 */
int kho_load_segment(struct kimage *image, struct kexec_segment *segment)
{
	unsigned int nr = segment - image->segment;
	void *place = phys_to_virt(segment->mem);
	struct kho_segment *own;
	int err;

	if (!image->kho.segment || !READ_ONCE(kho_in_place) ||
	    kho_is_ima_segment(image, nr))
		return 1;

	err = clear_place(segment);
	if (err) {
		pr_notice("segment %u is copied when it is executed: can't clear %#lx: %pe\n",
			  nr, segment->mem, ERR_PTR(err));
		return 1;
	}

	own = &image->kho.segment[nr];
	own->in_place = true;
	arch_kexec_post_alloc_pages(place, PHYS_PFN(segment->memsz), 0);
	fill(segment);
	own->read_only = !kho_place_close(place, PHYS_PFN(segment->memsz));
	return 0;
}

static void free_place(const struct kexec_segment *segment)
{
	void *place = phys_to_virt(segment->mem);
	unsigned long nr_pages = PHYS_PFN(segment->memsz);

	/* It may be read-only in part, even if that has failed. */
	if (kho_place_open(place, nr_pages)) {
		pr_err("%lu pages at %#lx stay read-only and are lost\n",
		       nr_pages, segment->mem);
		return;
	}
	arch_kexec_pre_free_pages(place, nr_pages);
	free_contig_range(PHYS_PFN(segment->mem), nr_pages);
}

/**
 * kho_free_in_place - give back what segments in place have used
 * @image: the image
 *
 * Context: may sleep.
 */
void kho_free_in_place(struct kimage *image)
{
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		if (image->kho.segment[i].in_place)
			free_place(&image->segment[i]);
}
