// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images: their memory, their growth and their seal.
 */
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include "../fault.h"
#include "../internal.h"
#include "internal.h"

#define SEAL_SEED	0

static int write_compatible(struct kho_image *image,
			    const char * const *compatible)
{
	for (; *compatible; compatible++)
		if (fdt_appendprop_string(image->fdt, 0, "compatible",
					  *compatible))
			return -E2BIG;
	return 0;
}

/**
 * kho_image_create - begin an image
 * @owner: whose it is, see &struct kho_image
 * @compatible: NULL-terminated list of the formats that it has
 *
 * Its memory is preserved from the beginning, so that nothing has to be
 * allocated for that later on.
 *
 * Context: may sleep.
 * Return: the image, or an ERR_PTR().
 */
struct kho_image *kho_image_create(const char *owner,
				   const char * const *compatible)
{
	struct kho_image *image;
	int err = -ENOMEM;

	if (kho_fault(KHO_FAULT_IMAGE, owner))
		return ERR_PTR(err);
	image = kzalloc(sizeof(*image), GFP_KERNEL);
	if (!image)
		return ERR_PTR(err);

	kref_init(&image->ref);
	image->owner = owner;
	image->capacity = PAGE_SIZE;
	image->fdt = kho_alloc_preserve(image->capacity);
	if (IS_ERR(image->fdt)) {
		err = PTR_ERR(image->fdt);
		goto err_free;
	}

	err = fdt_create_empty_tree(image->fdt, image->capacity);
	if (!err)
		err = write_compatible(image, compatible);
	if (err)
		goto err_memory;
	return image;

err_memory:
	kho_unpreserve_free(image->fdt);
err_free:
	kfree(image);
	return ERR_PTR(err);
}

/**
 * kho_image_adopt - take up an image of the previous kernel
 * @phys: its physical address in bytes
 * @capacity: bytes allocated there
 * @seal: its checksum, as the previous kernel says
 * @extents: kmalloc'ed array of memory that it refers to, owned by it from now
 * @nr_extents: entries of @extents
 *
 * Context: may sleep.
 * Return: the image, not verified; or NULL, then @extents still is the caller's.
 */
struct kho_image *kho_image_adopt(phys_addr_t phys, size_t capacity, u64 seal,
				  struct kho_extent *extents,
				  unsigned int nr_extents)
{
	struct kho_image *image = kzalloc(sizeof(*image), GFP_KERNEL);

	if (!image)
		return NULL;

	kref_init(&image->ref);
	image->fdt = phys_to_virt(phys);
	image->capacity = capacity;
	image->seal = seal;
	image->extents = extents;
	image->nr_extents = nr_extents;
	image->incoming = true;
	return image;
}

/*
 * Outgoing: its own memory is freed, and what it refers to is the client's
 * again. Incoming: all that nobody has taken is freed.
 */
static void release_memory(struct kho_image *image)
{
	unsigned int i;

	for (i = 0; i < image->nr_extents; i++) {
		const struct kho_extent *extent = &image->extents[i];

		if (image->incoming)
			kho_in_free(extent->phys, extent->nr_pages);
		else
			kho_unpreserve_pages(pfn_to_page(PHYS_PFN(extent->phys)),
					     extent->nr_pages);
	}

	if (image->incoming)
		kho_in_free(virt_to_phys(image->fdt), PHYS_PFN(image->capacity));
	else
		kho_unpreserve_free(image->fdt);
}

static void free_image(struct kref *ref)
{
	struct kho_image *image = container_of(ref, struct kho_image, ref);

	/* What a broken image says can't be believed: its memory stays. */
	if (image->condemned && !image->broken)
		release_memory(image);
	kho_index_free(image);
	kfree(image->extents);
	kfree(image);
}

/**
 * kho_image_drop - drop a reference
 * @image: the image
 *
 * Context: may sleep.
 */
void kho_image_drop(struct kho_image *image)
{
	kref_put(&image->ref, free_image);
}

/**
 * kho_image_condemn - the image has served its purpose
 * @image: the image; its memory is released with the last reference
 *
 * Context: may sleep.
 */
void kho_image_condemn(struct kho_image *image)
{
	image->condemned = true;
	kho_image_drop(image);
}

/**
 * kho_image_grow - double an image's capacity
 * @image: an outgoing image
 *
 * Context: may sleep.
 * Return: 0; -E2BIG beyond %KHO_IMAGE_MAX bytes; -ENOMEM.
 */
int kho_image_grow(struct kho_image *image)
{
	size_t capacity = image->capacity * 2;
	void *fdt;

	if (capacity > KHO_IMAGE_MAX)
		return -E2BIG;
	if (kho_fault(KHO_FAULT_IMAGE, image->owner))
		return -ENOMEM;

	fdt = kho_alloc_preserve(capacity);
	if (IS_ERR(fdt))
		return PTR_ERR(fdt);
	if (fdt_open_into(image->fdt, fdt, capacity)) {
		kho_unpreserve_free(fdt);
		return -EINVAL;
	}

	kho_unpreserve_free(image->fdt);
	image->fdt = fdt;
	image->capacity = capacity;
	return 0;
}

/**
 * kho_image_rewind - begin a phase: at the root, with nothing written
 * @image: an outgoing image
 */
void kho_image_rewind(struct kho_image *image)
{
	image->depth = 0;
	image->wrote = 0;
}

/**
 * kho_image_checksum - checksum of an image's FDT
 * @image: the image
 *
 * Return: XXH64 of the FDT up to its total size.
 */
u64 kho_image_checksum(const struct kho_image *image)
{
	return xxh64(image->fdt, fdt_totalsize(image->fdt), SEAL_SEED);
}

static u64 extent_checksum(const struct kho_extent *extent)
{
	return xxh64(phys_to_virt(extent->phys),
		     extent->nr_pages << PAGE_SHIFT, SEAL_SEED);
}

/**
 * kho_image_seal - from now on, nothing may change
 * @image: an outgoing image, and the memory that it refers to
 */
void kho_image_seal(struct kho_image *image)
{
	unsigned int i;

	fdt_pack(image->fdt);
	image->seal = kho_image_checksum(image);
	for (i = 0; i < image->nr_extents; i++)
		image->extents[i].seal = extent_checksum(&image->extents[i]);
}

/**
 * kho_image_verify - may an image from another kernel be read?
 * @image: the image, in memory that is known to be preserved
 *
 * Return: NULL if it may, otherwise why not.
 */
const char *kho_image_verify(const struct kho_image *image)
{
	const char *bad = kho_fdt_check(image->fdt, image->capacity);
	unsigned int i;

	if (bad)
		return bad;
	if (kho_image_checksum(image) != image->seal)
		return "seal of the image is broken";
	for (i = 0; i < image->nr_extents; i++)
		if (extent_checksum(&image->extents[i]) !=
		    image->extents[i].seal)
			return "seal of the memory it refers to is broken";
	return NULL;
}

/**
 * kho_image_find_extent - look memory up that an image refers to
 * @image: the image
 * @phys: physical address in bytes
 * @nr_pages: number of pages
 *
 * Return: the entry, or NULL.
 */
struct kho_extent *kho_image_find_extent(const struct kho_image *image,
					 u64 phys, u64 nr_pages)
{
	unsigned int i;

	for (i = 0; i < image->nr_extents; i++)
		if (image->extents[i].phys == phys &&
		    image->extents[i].nr_pages == nr_pages)
			return &image->extents[i];
	return NULL;
}
