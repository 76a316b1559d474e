// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for what is handed over: the next kernel has to have it from its start,
 * and so must not get it from a driver.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "internal.h"

#define GFP_HANDED_OVER	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN)

static bool is_late(struct folio *folio)
{
	return kho_is_late_memory(folio_pfn(folio), folio_nr_pages(folio));
}

/* NULL also if what there is has come late. */
static struct folio *alloc_on_node(int nid, gfp_t gfp, unsigned int order)
{
	struct folio *folio = __folio_alloc_node(gfp, order, nid);

	if (!folio || !is_late(folio))
		return folio;
	folio_put(folio);
	return NULL;
}

/**
 * kho_folio_alloc - allocate memory that the next kernel finds from its start
 * @order: it has 2^@order pages, filled with zeros
 *
 * What alloc_pages() returns may have been added by a driver, virtio-mem or
 * kmem, and is refused then when it is to be preserved.
 *
 * Context: may sleep.
 * Return: the folio, not preserved yet; or NULL.
 */
struct folio *kho_folio_alloc(unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_HANDED_OVER, order);
	int nid;

	if (!folio || !is_late(folio))
		return folio;
	folio_put(folio);

	/* Drivers add whole nodes, or memory above what was there at boot. */
	for_each_node_state(nid, N_MEMORY) {
		folio = alloc_on_node(nid, GFP_HANDED_OVER | __GFP_THISNODE,
				      order);
		if (folio)
			return folio;
	}
	return alloc_on_node(numa_mem_id(), GFP_HANDED_OVER | __GFP_DMA32,
			     order);
}
EXPORT_SYMBOL_GPL(kho_folio_alloc);
