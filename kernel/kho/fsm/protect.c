// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has been saved is write-protected, so that a driver that goes on writing
 * to it is caught in the act. For debug kernels, as it splits large mappings.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "../internal.h"
#include "../kexec_image.h"
#include "internal.h"

static int change(const struct kho_image *image,
		  int (*how)(void *place, unsigned long nr_pages))
{
	int err = how(image->fdt, PHYS_PFN(image->capacity));
	unsigned int i;

	for (i = 0; i < image->nr_extents && !err; i++)
		err = how(phys_to_virt(image->extents[i].phys),
			  image->extents[i].nr_pages);
	return err;
}

/**
 * kho_image_protect - let nobody write to an image and its memory
 * @image: an outgoing image, sealed
 *
 * Where that can't be, there is only the seal.
 *
 * Context: may sleep.
 */
void kho_image_protect(struct kho_image *image)
{
	int err = change(image, kho_place_close);

	image->is_protected = !err;
	if (!err)
		return;
	/* Where it can't be closed, there may be nothing to open, either. */
	change(image, kho_place_open);
	pr_warn_once("%s: what was saved isn't write-protected: %pe\n",
		     image->owner, ERR_PTR(err));
}

/**
 * kho_image_unprotect - undo kho_image_protect(), if it was done
 * @image: an outgoing image
 *
 * Context: may sleep.
 */
void kho_image_unprotect(struct kho_image *image)
{
	if (!image->is_protected)
		return;
	image->is_protected = false;
	WARN_ON_ONCE(change(image, kho_place_open));
}
