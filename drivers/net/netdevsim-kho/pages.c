// SPDX-License-Identifier: GPL-2.0-only
/*
 * State that is too large for an image: pages that are preserved in place, and
 * the references to them in the image.
 */
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * nsim_kho_pages_add - allocate one more chunk
 * @pages: what it is added to
 * @order: it has 2^@order pages, filled with zeros
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int nsim_kho_pages_add(struct nsim_kho_pages *pages, unsigned int order)
{
	struct nsim_kho_chunk *chunks;
	struct folio *folio;

	chunks = krealloc_array(pages->chunks, pages->nr_chunks + 1,
				sizeof(*chunks), GFP_KERNEL);
	if (!chunks)
		return -ENOMEM;
	pages->chunks = chunks;

	folio = kho_folio_alloc(order);
	if (!folio)
		return -ENOMEM;
	chunks[pages->nr_chunks++] = (struct nsim_kho_chunk) {
		.page = folio_page(folio, 0),
		.order = order,
	};
	return 0;
}

/**
 * nsim_kho_pages_free - free all chunks
 * @pages: what no image refers to
 */
void nsim_kho_pages_free(struct nsim_kho_pages *pages)
{
	while (pages->nr_chunks--)
		__free_pages(pages->chunks[pages->nr_chunks].page,
			     pages->chunks[pages->nr_chunks].order);
	kfree(pages->chunks);
	memset(pages, 0, sizeof(*pages));
}

static void name_chunk(char (*prop)[24], unsigned int i)
{
	snprintf(*prop, sizeof(*prop), "chunk-%u", i);
}

/**
 * nsim_kho_pages_refer - let an image refer to all chunks
 * @pages: the chunks; they must stay while the image does
 * @image: outgoing image, in a node of their own
 *
 * Context: may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_pages_refer(const struct nsim_kho_pages *pages,
			 struct kho_image *image)
{
	unsigned int i;
	char prop[24];
	int err;

	err = kho_image_set_u32(image, "count", pages->nr_chunks);
	for (i = 0; !err && i < pages->nr_chunks; i++) {
		name_chunk(&prop, i);
		err = kho_image_set_pages(image, prop, pages->chunks[i].page,
					  1UL << pages->chunks[i].order);
	}
	return err;
}

/**
 * nsim_kho_pages_get - find a chunk that an image refers to
 * @kho: client that is being restored
 * @node: what nsim_kho_pages_refer() wrote to
 * @i: which chunk
 * @size: where to store its size in bytes
 *
 * Return: its memory, which lasts as long as the image; or NULL.
 */
const void *nsim_kho_pages_get(struct nsim_kho *kho, int node, unsigned int i,
			       size_t *size)
{
	unsigned long nr_pages;
	const void *chunk;
	char prop[24];

	name_chunk(&prop, i);
	chunk = kho_image_get_pages(kho->in.image, node, prop, &nr_pages);
	if (chunk)
		*size = nr_pages << PAGE_SHIFT;
	return chunk;
}
