// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing an image: what is the same as before costs nothing, what does not
 * fit makes the image grow.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../fault.h"
#include "internal.h"

static int here(const struct kho_image *image)
{
	return image->node[image->depth];
}

/* Translate what libfdt says; retry if the image could be made to grow. */
static bool try_again(struct kho_image *image, int fdt_err, int *err)
{
	if (fdt_err == -FDT_ERR_NOSPACE) {
		*err = kho_image_grow(image);
		return !*err;
	}
	*err = fdt_err < 0 ? -EINVAL : 0;
	return false;
}

static int find_child(struct kho_image *image, const char *name)
{
	int child = kho_index_find(&kho_index_children, image,
				   &image->children[image->depth], here(image),
				   name);

	return child == -EAGAIN ? kho_image_find(image, here(image), name) :
				  child;
}

/* A property of the current node, NULL if there is none. */
static const void *find_prop(struct kho_image *image, const char *name,
			     int *len)
{
	int prop = kho_index_find(&kho_index_props, image,
				  &image->props[image->depth], here(image),
				  name);

	if (prop == -EAGAIN)
		return fdt_getprop(image->fdt, here(image), name, len);
	if (prop < 0)
		return NULL;
	return fdt_getprop_by_offset(image->fdt, prop, NULL, len);
}

/**
 * kho_image_enter - go into a child node
 * @image: the image
 * @node: name of the child, which is made if it isn't there
 *
 * Every successful call needs a kho_image_leave().
 *
 * Context: client's prepare or save; may sleep.
 * Return: 0; -EINVAL for a name that isn't one, or that a new child would share
 * with another one up to its @; -E2BIG if the image or the nesting becomes too
 * large; -ENOMEM.
 */
int kho_image_enter(struct kho_image *image, const char *node)
{
	int child, err;

	if (image->depth >= KHO_IMAGE_DEPTH)
		return -E2BIG;
	if (!kho_name_valid(node))
		return -EINVAL;

	child = find_child(image, node);
	if (child < 0) {
		if (kho_fault(KHO_FAULT_WRITE, image->owner))
			return -ENOMEM;
		do {
			child = fdt_add_subnode(image->fdt, here(image), node);
		} while (try_again(image, child, &err));
		if (err)
			return err;
		image->shape++;
		image->wrote += strlen(node);
	}

	image->node[++image->depth] = child;
	return 0;
}
EXPORT_SYMBOL_GPL(kho_image_enter);

/**
 * kho_image_leave - go back to the parent node
 * @image: the image
 */
void kho_image_leave(struct kho_image *image)
{
	if (!WARN_ON_ONCE(!image->depth))
		image->depth--;
}
EXPORT_SYMBOL_GPL(kho_image_leave);

/* The memory that a property refers to, or NULL. */
static struct kho_extent *extent_of(const struct kho_image *image,
				    const void *val, int len)
{
	const fdt64_t *cells = val;

	if (!val || len != 2 * sizeof(*cells))
		return NULL;
	return kho_image_find_extent(image, fdt64_ld(&cells[0]),
				     fdt64_ld(&cells[1]));
}

static void forget_extent(struct kho_image *image, const void *val, int len)
{
	struct kho_extent *extent = extent_of(image, val, len), *last;

	if (!extent)
		return;

	kho_unpreserve_pages(pfn_to_page(PHYS_PFN(extent->phys)),
			     extent->nr_pages);
	last = &image->extents[--image->nr_extents];
	*extent = *last;
}

static void forget_extents_below(struct kho_image *image, int node)
{
	int prop, child;

	fdt_for_each_property_offset(prop, image->fdt, node) {
		int len;
		const void *val = fdt_getprop_by_offset(image->fdt, prop, NULL,
							&len);

		forget_extent(image, val, len);
	}
	/* As deep as kho_image_enter() allows. */
	fdt_for_each_subnode(child, image->fdt, node)
		forget_extents_below(image, child);
}

/**
 * kho_image_delete - delete a child node with all below it
 * @image: the image
 * @node: name of the child
 *
 * Context: client's prepare or save; may sleep.
 * Return: 0, or -ENOENT.
 */
int kho_image_delete(struct kho_image *image, const char *node)
{
	int child = find_child(image, node);

	if (child < 0)
		return -ENOENT;

	forget_extents_below(image, child);
	fdt_del_node(image->fdt, child);
	image->shape++;
	image->wrote += strlen(node);
	return 0;
}
EXPORT_SYMBOL_GPL(kho_image_delete);

static int set_anew(struct kho_image *image, const char *prop,
		    const void *data, size_t len)
{
	int err;

	do {
		err = fdt_setprop(image->fdt, here(image), prop, data, len);
	} while (try_again(image, err, &err));
	if (!err)
		image->shape++;
	return err;
}

/**
 * kho_image_set - write a property of the current node
 * @image: the image
 * @prop: name of the property
 * @data: value
 * @len: its length in bytes, may be 0
 *
 * Context: client's prepare or save; may sleep.
 * Return: 0; -EINVAL for a name that isn't one; -E2BIG if the image becomes
 * too large; -ENOMEM.
 */
int kho_image_set(struct kho_image *image, const char *prop, const void *data,
		  size_t len)
{
	int old_len, err = 0;
	const void *old;

	if (!kho_name_valid(prop))
		return -EINVAL;
	if (len > KHO_IMAGE_MAX)
		return -E2BIG;

	old = find_prop(image, prop, &old_len);
	if (old && old_len == len && !memcmp(old, data, len))
		return 0;
	if (kho_fault(KHO_FAULT_WRITE, image->owner))
		return -ENOMEM;
	forget_extent(image, old, old_len);

	if (old && old_len == len)
		memcpy((void *)old, data, len);
	else
		err = set_anew(image, prop, data, len);
	if (!err)
		image->wrote += len;
	return err;
}
EXPORT_SYMBOL_GPL(kho_image_set);

/**
 * kho_image_set_u32 - write a property that is a 32-bit number
 * @image: the image
 * @prop: name of the property
 * @val: value; a big-endian cell in the image
 *
 * Context: client's prepare or save; may sleep.
 * Return: as kho_image_set().
 */
int kho_image_set_u32(struct kho_image *image, const char *prop, u32 val)
{
	fdt32_t cell = cpu_to_fdt32(val);

	return kho_image_set(image, prop, &cell, sizeof(cell));
}
EXPORT_SYMBOL_GPL(kho_image_set_u32);

/**
 * kho_image_set_u64 - write a property that is a 64-bit number
 * @image: the image
 * @prop: name of the property
 * @val: value; two big-endian cells in the image
 *
 * Context: client's prepare or save; may sleep.
 * Return: as kho_image_set().
 */
int kho_image_set_u64(struct kho_image *image, const char *prop, u64 val)
{
	fdt64_t cell = cpu_to_fdt64(val);

	return kho_image_set(image, prop, &cell, sizeof(cell));
}
EXPORT_SYMBOL_GPL(kho_image_set_u64);

/**
 * kho_image_set_string - write a property that is a string
 * @image: the image
 * @prop: name of the property
 * @str: value
 *
 * Context: client's prepare or save; may sleep.
 * Return: as kho_image_set().
 */
int kho_image_set_string(struct kho_image *image, const char *prop,
			 const char *str)
{
	return kho_image_set(image, prop, str, strlen(str) + 1);
}
EXPORT_SYMBOL_GPL(kho_image_set_string);

static bool overlaps(const struct kho_image *image, u64 phys, u64 nr_pages,
		     const struct kho_extent *except)
{
	unsigned int i;

	for (i = 0; i < image->nr_extents; i++) {
		const struct kho_extent *extent = &image->extents[i];

		if (extent != except &&
		    phys < extent->phys + PFN_PHYS(extent->nr_pages) &&
		    extent->phys < phys + PFN_PHYS(nr_pages))
			return true;
	}
	return false;
}

static int remember_extent(struct kho_image *image, u64 phys, u64 nr_pages)
{
	struct kho_extent *extents;
	int err;

	extents = krealloc_array(image->extents, image->nr_extents + 1,
				 sizeof(*extents), GFP_KERNEL);
	if (!extents)
		return -ENOMEM;
	image->extents = extents;

	err = kho_preserve_pages(pfn_to_page(PHYS_PFN(phys)), nr_pages);
	if (err)
		return err;

	extents[image->nr_extents++] = (struct kho_extent) {
		.phys = phys,
		.nr_pages = nr_pages,
	};
	return 0;
}

/**
 * kho_image_set_pages - preserve pages, and refer to them
 * @image: the image
 * @prop: name of the property that is the reference
 * @page: the first page; the client keeps them allocated until the image is
 *	gone, that is, until after its abort
 * @nr_pages: number of physically contiguous pages
 *
 * If the property referred to other pages, these are preserved no more. What
 * the pages hold is sealed after save; it is read with kho_image_get_pages()
 * and freed after finish, unless the client takes it with
 * kho_restore_pages() in its finish callback.
 *
 * Context: client's prepare or save; may sleep.
 * Return: 0; -EEXIST if another property refers to some of the pages; -EINVAL if
 * there are none, or they lie in scratch; otherwise as kho_image_set().
 */
int kho_image_set_pages(struct kho_image *image, const char *prop,
			struct page *page, unsigned long nr_pages)
{
	u64 phys = PFN_PHYS(page_to_pfn(page));
	fdt64_t cells[] = { cpu_to_fdt64(phys), cpu_to_fdt64(nr_pages) };
	const void *old;
	int old_len, err;

	old = find_prop(image, prop, &old_len);
	if (old && old_len == sizeof(cells) &&
	    !memcmp(old, cells, sizeof(cells)))
		return 0;
	if (!nr_pages)
		return -EINVAL;
	if (overlaps(image, phys, nr_pages, extent_of(image, old, old_len)))
		return -EEXIST;
	forget_extent(image, old, old_len);

	err = remember_extent(image, phys, nr_pages);
	if (err)
		return err;

	err = kho_image_set(image, prop, cells, sizeof(cells));
	if (err)
		forget_extent(image, cells, sizeof(cells));
	return err;
}
EXPORT_SYMBOL_GPL(kho_image_set_pages);

/**
 * kho_image_wrote - account for what was written outside of the image itself
 * @image: the image
 * @bytes: written to pages of kho_image_set_pages() in this phase
 */
void kho_image_wrote(struct kho_image *image, size_t bytes)
{
	image->wrote += bytes;
}
EXPORT_SYMBOL_GPL(kho_image_wrote);
