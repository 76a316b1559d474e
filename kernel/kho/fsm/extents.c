// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that images refer to, beyond what each image checks by itself.
 */
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "internal.h"

struct claim {
	u64 phys;
	u64 end;
	const struct kho_node *node;
};

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;

	return a->phys < b->phys ? -1 : a->phys > b->phys;
}

static unsigned int count_extents(const struct kho_machine *m)
{
	const struct kho_node *node;
	unsigned int nr = 0;

	list_for_each_entry(node, &m->nodes, link)
		if (node->image)
			nr += node->image->nr_extents;
	return nr;
}

static void collect(const struct kho_machine *m, struct claim *claims)
{
	const struct kho_node *node;
	unsigned int i;

	list_for_each_entry(node, &m->nodes, link) {
		for (i = 0; node->image && i < node->image->nr_extents; i++) {
			const struct kho_extent *extent =
				&node->image->extents[i];

			*claims++ = (struct claim) {
				.phys = extent->phys,
				.end = extent->phys + PFN_PHYS(extent->nr_pages),
				.node = node,
			};
		}
	}
}

/**
 * kho_extents_check - do no two images refer to the same memory?
 * @m: the machine
 *
 * The next kernel would give it to the first one, and take the other one for
 * damaged; and whoever is aborted alone would leave it unpreserved for both.
 *
 * Context: @m->lock held, no client is being called; may sleep.
 * Return: 0; -EEXIST, explained in last_error; -ENOMEM.
 */
int kho_extents_check(struct kho_machine *m)
{
	unsigned int i, nr = count_extents(m);
	struct claim *claims;
	int err = 0;

	lockdep_assert_held(&m->lock);

	claims = kvmalloc_array(nr, sizeof(*claims), GFP_KERNEL);
	if (!claims)
		return nr ? -ENOMEM : 0;

	collect(m, claims);
	sort(claims, nr, sizeof(*claims), compare_claims, NULL);
	for (i = 1; i < nr && !err; i++) {
		if (claims[i].phys >= claims[i - 1].end)
			continue;
		kho_machine_error(m, "%s and %s refer to the same memory at %#llx",
				  claims[i - 1].node->name,
				  claims[i].node->name, claims[i].phys);
		err = -EEXIST;
	}
	kvfree(claims);
	return err;
}

/**
 * kho_extents_hold - keep what an image refers to, whoever frees it
 * @image: the image
 *
 * Of pages that have no references of their own, as those after the first one
 * of a large allocation that is no folio, nobody can keep hold.
 *
 * Context: this kernel is about to end.
 */
void kho_extents_hold(const struct kho_image *image)
{
	unsigned int i;

	for (i = 0; i < image->nr_extents; i++) {
		unsigned long pfn = PHYS_PFN(image->extents[i].phys);
		unsigned long end = pfn + image->extents[i].nr_pages;

		for (; pfn < end; pfn++)
			folio_try_get(page_folio(pfn_to_page(pfn)));
	}
}
