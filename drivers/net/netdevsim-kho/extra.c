// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extra state: memory that is preserved in place, as the tables and rings of a
 * large NIC would be. It goes dirty at a given rate; how much has is computed
 * from the time that has passed when somebody wants to know.
 */
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "internal.h"

#define CHUNK_ORDER_MAX		min(8, MAX_PAGE_ORDER)
#define WORDS_PER_PAGE		(PAGE_SIZE / sizeof(u64))

/* Each page can be told from all others of all devices. */
static u64 page_word(const struct nsim_kho *kho, u64 page_index)
{
	return (page_index << 32 | kho->id) * 0x9e3779b97f4a7c15ULL;
}

static u32 extra_pages(u32 kib)
{
	return DIV_ROUND_UP((u64)kib * 1024, PAGE_SIZE);
}

/**
 * nsim_kho_free_extra - free the extra state
 * @kho: client whose image is gone
 */
void nsim_kho_free_extra(struct nsim_kho *kho)
{
	nsim_kho_pages_free(&kho->extra.pages);
	memset(&kho->extra, 0, sizeof(kho->extra));
}

static int alloc_extra(struct nsim_kho *kho, u32 kib)
{
	u32 left = extra_pages(kib);
	unsigned int order;
	int err;

	while (left) {
		order = min_t(unsigned int, ilog2(left), CHUNK_ORDER_MAX);
		err = nsim_kho_pages_add(&kho->extra.pages, order);
		if (err) {
			nsim_kho_free_extra(kho);
			kho_client_explain(&kho->client,
					   "no memory for %u KiB of extra state",
					   kib);
			return err;
		}
		left -= 1U << order;
	}
	kho->extra.kib = kib;
	return 0;
}

/**
 * nsim_kho_extra_dirty - how much of the extra state has gone dirty
 * @kho: client
 *
 * Return: bytes that a save would have to write.
 */
u64 nsim_kho_extra_dirty(const struct nsim_kho *kho)
{
	u64 total = (u64)extra_pages(kho->extra.kib) << PAGE_SHIFT;
	u64 dirty, us;

	if (!kho->extra.written)
		return total;
	/* At most 12 days, so that nothing overflows. */
	us = min_t(u64, ktime_us_delta(ktime_get(), kho->extra.written),
		   1ULL << 40);
	dirty = mul_u64_u64_div_u64(us, SZ_1K *
				    (u64)READ_ONCE(kho->knobs.dirty_kib_per_s),
				    USEC_PER_SEC);
	return min(total, round_up(dirty, PAGE_SIZE));
}

/* Writes pages until the budget is used up. */
static u64 write_chunk(struct nsim_kho *kho, const struct nsim_kho_chunk *chunk,
		       u64 first, u64 budget)
{
	u64 *words = page_address(chunk->page);
	u64 i, nr = min(1ULL << chunk->order, budget);

	for (i = 0; i < nr; i++)
		memset64(words + i * WORDS_PER_PAGE, page_word(kho, first + i),
			 WORDS_PER_PAGE);
	return nr;
}

static int refer_to_chunks(struct nsim_kho *kho, struct kho_image *image)
{
	int err = kho_image_enter(image, "extra");

	if (err)
		return err;
	err = nsim_kho_pages_refer(&kho->extra.pages, image);
	kho_image_leave(image);
	return err;
}

/**
 * nsim_kho_save_extra - bring the extra state up to date
 * @kho: client
 * @image: outgoing image
 *
 * The first call of an update writes all of it, a later one what has gone
 * dirty since. The size is that of the first call.
 *
 * Context: prepare or save callback; may sleep.
 * Return: 0; -ENOMEM; a negative errno of the image.
 */
int nsim_kho_save_extra(struct nsim_kho *kho, struct kho_image *image)
{
	struct nsim_kho_extra *extra = &kho->extra;
	const struct nsim_kho_chunk *chunk;
	u64 budget, wrote = 0, first = 0;
	unsigned int i;
	int err;

	if (!extra->written) {
		u32 kib = READ_ONCE(kho->knobs.extra_kib);

		if (kib > NSIM_KHO_EXTRA_KIB_MAX) {
			kho_client_explain(&kho->client,
					   "extra_kib is %u, at most %u is possible",
					   kib, NSIM_KHO_EXTRA_KIB_MAX);
			return -EINVAL;
		}
		if (kib != extra->kib) {
			nsim_kho_free_extra(kho);
			err = alloc_extra(kho, kib);
			if (err)
				return err;
		}
	}

	budget = nsim_kho_extra_dirty(kho) >> PAGE_SHIFT;
	extra->written = ktime_get();
	for (i = 0; i < extra->pages.nr_chunks && wrote < budget; i++) {
		chunk = &extra->pages.chunks[i];
		wrote += write_chunk(kho, chunk, first, budget - wrote);
		first += 1ULL << chunk->order;
		if (kho_client_cancelled(&kho->client))
			return -ECANCELED;
	}
	kho_image_wrote(image, wrote << PAGE_SHIFT);
	return refer_to_chunks(kho, image);
}

static bool chunk_intact(const struct nsim_kho *kho, const u64 *words,
			 size_t size, u64 first)
{
	u64 i, k;

	for (i = 0; i < size >> PAGE_SHIFT; i++)
		for (k = 0; k < WORDS_PER_PAGE; k++)
			if (words[i * WORDS_PER_PAGE + k] !=
			    page_word(kho, first + i))
				return false;
	return true;
}

/**
 * nsim_kho_check_extra - is the extra state what it was?
 * @kho: device that is being restored
 *
 * Context: restore callback; may sleep.
 */
void nsim_kho_check_extra(struct nsim_kho *kho)
{
	int node = kho_image_find(kho->in.image, 0, "extra");
	u64 first = 0;
	const void *chunk;
	size_t size;
	u32 i, nr;

	if (node < 0) {
		nsim_kho_lost(kho, "extra state: not in the record");
		return;
	}
	if (!nsim_kho_get_u32(kho, node, "extra state", "count",
			      extra_pages(NSIM_KHO_EXTRA_KIB_MAX), &nr))
		return;

	for (i = 0; i < nr; i++) {
		chunk = nsim_kho_pages_get(kho, node, i, &size);
		if (!chunk || !chunk_intact(kho, chunk, size, first)) {
			nsim_kho_lost(kho, "extra state: chunk-%u is %s", i,
				      chunk ? "damaged" : "missing");
			return;
		}
		first += size >> PAGE_SHIFT;
	}
}
