// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is an image still what was loaded? The purgatory asks that in the blackout,
 * with SHA-256, and hangs if it isn't. Here it is asked while the system still
 * runs, and can go on running.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <crypto/sha2.h>
#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/xxhash.h>

#include "../../kernel/kexec_internal.h"

#include "internal.h"
#include "kexec_image.h"

/* Read once by each load. */
enum kho_verify kho_verify = KHO_VERIFY_SAVE;

static void update(struct xxh64_state *state, const void *data, size_t size)
{
	while (size) {
		size_t part = min_t(size_t, size, SZ_1M);

		xxh64_update(state, data, part);
		data += part;
		size -= part;
		cond_resched();
	}
}

/* The digest that a segment has to have once it is loaded. */
static u64 digest_given(const struct kexec_segment *segment)
{
	size_t zeros = segment->memsz - segment->bufsz;
	struct xxh64_state state;

	xxh64_reset(&state, 0);
	update(&state, segment->kbuf, segment->bufsz);
	while (zeros) {
		size_t part = min_t(size_t, zeros, PAGE_SIZE);

		xxh64_update(&state, page_address(ZERO_PAGE(0)), part);
		zeros -= part;
	}
	return xxh64_digest(&state);
}

/* The pages that will be copied to a segment's place, from the image's list. */
static u64 digest_sources(const struct kimage *image,
			  const struct kexec_segment *segment)
{
	const kimage_entry_t *ptr = &image->head;
	struct xxh64_state state;
	bool inside = false;

	xxh64_reset(&state, 0);
	while (*ptr && !(*ptr & IND_DONE)) {
		kimage_entry_t entry = *ptr++;
		unsigned long phys = entry & PAGE_MASK;

		if (entry & IND_INDIRECTION)
			ptr = boot_phys_to_virt(phys);
		else if (entry & IND_DESTINATION)
			inside = phys == segment->mem;
		else if (inside)
			update(&state, boot_phys_to_virt(phys), PAGE_SIZE);
	}
	return xxh64_digest(&state);
}

static u64 digest_in_place(const struct kexec_segment *segment)
{
	struct xxh64_state state;

	xxh64_reset(&state, 0);
	update(&state, phys_to_virt(segment->mem), segment->memsz);
	return xxh64_digest(&state);
}

/* With nothing to hash, the purgatory finds the digest of nothing. */
static int skip_in_purgatory(struct kimage *image)
{
	struct kexec_sha_region *none __free(kfree) = NULL;
	size_t size = array_size(KEXEC_SEGMENT_MAX, sizeof(*none));
	u8 digest[SHA256_DIGEST_SIZE];
	int err;

	if (!IS_ENABLED(CONFIG_ARCH_SUPPORTS_KEXEC_PURGATORY))
		return 0;

	none = kzalloc(size, GFP_KERNEL);
	if (!none)
		return -ENOMEM;

	sha256(NULL, 0, digest);
	err = kexec_purgatory_get_set_symbol(image, "purgatory_sha_regions",
					     none, size, false);
	if (!err)
		err = kexec_purgatory_get_set_symbol(image,
						     "purgatory_sha256_digest",
						     digest, sizeof(digest),
						     false);
	return err;
}

static void mark_unpacked(struct kimage *image)
{
	unsigned int i;

	for (i = 0; image->kho.unpacked && i < image->nr_segments; i++)
		image->kho.segment[i].unpacked =
			image->segment[i].kbuf == image->kho.unpacked;
}

/**
 * kho_kexec_digest - take the digests of an image that carries a handover
 * @image: the image, with all of its segments, none of them loaded yet
 *
 * The digests are taken of what was given, so that they tell whether it has
 * been loaded right, too.
 *
 * Context: kexec lock held; may sleep.
 * Return: 0; -ENOMEM; or why the purgatory can't be told.
 */
int kho_kexec_digest(struct kimage *image)
{
	unsigned int i;
	int err;

	if (!image->kho.fdt)
		return 0;

	image->kho.segment = kcalloc(image->nr_segments,
				     sizeof(*image->kho.segment), GFP_KERNEL);
	if (!image->kho.segment)
		return -ENOMEM;

	mark_unpacked(image);
	if (READ_ONCE(kho_verify) == KHO_VERIFY_PURGATORY)
		return 0;
	err = skip_in_purgatory(image);
	if (err)
		return err;

	for (i = 0; i < image->nr_segments; i++) {
		struct kho_segment *own = &image->kho.segment[i];

		if (kho_is_ima_segment(image, i))
			continue;
		own->digest = digest_given(&image->segment[i]);
		own->hashed = true;
	}
	return 0;
}

static bool segment_changed(const struct kimage *image, unsigned int i)
{
	const struct kexec_segment *segment = &image->segment[i];
	const struct kho_segment *own = &image->kho.segment[i];
	u64 digest;

	if (!own->hashed)
		return false;

	digest = own->in_place ? digest_in_place(segment) :
				 digest_sources(image, segment);
	if (digest == own->digest)
		return false;

	pr_err("segment %u of the loaded image, %zu bytes for %#lx, has changed since it was loaded\n",
	       i, segment->memsz, segment->mem);
	return true;
}

/**
 * kho_kexec_verify - is an image still what was loaded?
 * @image: the image
 *
 * Takes time in proportion to the image, about an instruction per byte.
 *
 * Context: kexec lock held; may sleep.
 * Return: 0 if it is, or if that is left to the purgatory; -EBADMSG if it
 * isn't, and the log names the segment.
 */
int kho_kexec_verify(struct kimage *image)
{
	unsigned int i;

	if (!image->kho.segment)
		return 0;

	image->kho.verified = false;
	for (i = 0; i < image->nr_segments; i++)
		if (segment_changed(image, i))
			return -EBADMSG;
	image->kho.verified = true;
	return 0;
}

/* An image that nobody can write to stays what it was. */
static bool all_read_only(const struct kimage *image)
{
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		if (image->kho.segment[i].hashed &&
		    !image->kho.segment[i].read_only)
			return false;
	return true;
}

/**
 * kho_kexec_loaded - an image has been loaded, or never will be
 * @image: the image
 *
 * It is read back once, so that one that is loaded after the save need not be
 * read in the blackout; and what was needed to load it is freed.
 *
 * Context: kexec lock held; may sleep.
 */
void kho_kexec_loaded(struct kimage *image)
{
	if (image->kho.segment && all_read_only(image))
		kho_kexec_verify(image);
	vfree(image->kho.unpacked);
	image->kho.unpacked = NULL;
}

/**
 * kho_kexec_verify_again - has an image been able to change since it was saved?
 * @image: the image
 *
 * One that was verified when the save began, or when it was loaded after that,
 * and that nobody can write to, is not read again in the blackout.
 *
 * Context: kexec lock held; may sleep.
 * Return: as kho_kexec_verify().
 */
int kho_kexec_verify_again(struct kimage *image)
{
	if (!image->kho.segment || !image->kho.verified)
		return kho_kexec_verify(image);
	return all_read_only(image) ? 0 : kho_kexec_verify(image);
}

/**
 * kho_kexec_verify_loaded - is the image that is loaded still what is needed?
 *
 * While one is being loaded or executed, nothing is checked: kexec does that.
 *
 * Context: may sleep.
 * Return: as kho_kexec_verify(); 0 if none is loaded; -ESTALE if memory has been
 * added that it doesn't know.
 */
int kho_kexec_verify_loaded(void)
{
	int err = 0;

	if (!kexec_trylock())
		return 0;
	if (kexec_image)
		err = kho_kexec_verify(kexec_image);
	if (kexec_image && kexec_image->kho.fdt && !err &&
	    kexec_image->kho.memory_epoch != kho_memory_epoch())
		err = -ESTALE;
	kexec_unlock();
	return err;
}

/**
 * kho_kexec_free - forget what is known of an image, and free it in place
 * @image: the image
 *
 * Context: may sleep.
 */
void kho_kexec_free(struct kimage *image)
{
	kfree(image->kho.formats);
	image->kho.formats = NULL;
	if (!image->kho.segment)
		return;

	kho_free_in_place(image);
	kfree(image->kho.segment);
	/* kexec cleans up after loading last: kho_kexec_loaded() finds nothing. */
	image->kho.segment = NULL;
}
