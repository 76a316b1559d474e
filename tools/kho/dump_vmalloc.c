// SPDX-License-Identifier: GPL-2.0-only
/*
 * A preserved vmalloc area: a descriptor and a chain of pages with the
 * addresses of the area's pages.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <linux/mm.h>

#include "dump.h"
#include "dump_vmalloc.h"
#include "physmem.h"
#include "report.h"

#define KNOWN_FLAGS	(KHO_VMALLOC_ALLOC | KHO_VMALLOC_HUGE_VMAP)

struct walk {
	const struct kho_vmalloc *area;
	u64 *pages;
	u64 found;
};

static bool add_block(struct walk *walk, u64 phys)
{
	u64 size = (u64)PAGE_SIZE << walk->area->order, at;

	if (!IS_ALIGNED(phys, size) || !physmem_at(phys, size) ||
	    !is_preserved(phys, size)) {
		problem("pages at %#" PRIx64 " aren't preserved", phys);
		return false;
	}
	for (at = 0; at < size && walk->found < walk->area->total_pages;
	     at += PAGE_SIZE)
		walk->pages[walk->found++] = phys + at;
	if (at < size) {
		problem("more pages than it should have");
		return false;
	}
	return true;
}

static bool read_chunk(struct walk *walk, u64 phys, u64 *next)
{
	const struct kho_vmalloc_chunk *chunk = physmem_at(phys, sizeof(*chunk));
	unsigned int i;

	if (!PAGE_ALIGNED(phys) || !chunk || !is_preserved(phys, PAGE_SIZE)) {
		problem("chunk at %#" PRIx64 " isn't preserved", phys);
		return false;
	}
	for (i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i]; i++)
		if (!add_block(walk, chunk->phys[i]))
			return false;
	*next = chunk->hdr.next.phys;
	return true;
}

/* Each chunk but the last is full, so a loop has too many of them. */
static bool read_chunks(struct walk *walk)
{
	u64 blocks = walk->area->total_pages >> walk->area->order;
	u64 left = blocks / KHO_VMALLOC_SIZE + 1;
	u64 phys = walk->area->first.phys;

	while (phys && left--)
		if (!read_chunk(walk, phys, &phys))
			return false;
	if (phys)
		problem("more chunks than it should have");
	return !phys;
}

/**
 * dump_vmalloc - print a preserved vmalloc area
 * @area: its descriptor
 *
 * Return: malloc'ed array of its pages' physical addresses in bytes; NULL if
 * it isn't valid.
 */
u64 *dump_vmalloc(const struct kho_vmalloc *area)
{
	struct walk walk = { .area = area };

	say("vmalloc area: %u pages, order %u, flags %#x", area->total_pages,
	    area->order, area->flags);
	if (area->flags & ~KNOWN_FLAGS || area->order > MAX_PAGE_ORDER ||
	    area->total_pages % (1U << area->order)) {
		problem("flags, order or number of pages make no sense");
		return NULL;
	}
	walk.pages = calloc(area->total_pages ?: 1, sizeof(*walk.pages));
	if (walk.pages && read_chunks(&walk)) {
		if (walk.found == area->total_pages)
			return walk.pages;
		problem("it has %" PRIu64 " pages", walk.found);
	}
	free(walk.pages);
	return NULL;
}
