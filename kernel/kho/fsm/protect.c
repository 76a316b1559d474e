// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has been saved is write-protected, so that a driver that goes on writing
 * to it is caught in the act. For debug kernels, as it splits large mappings.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/kdebug.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
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

static bool within(phys_addr_t phys, phys_addr_t start, unsigned long nr_pages)
{
	return phys >= start && phys - start < PFN_PHYS(nr_pages);
}

static bool protects(const struct kho_image *image, phys_addr_t phys)
{
	unsigned int i;

	if (!image || !image->is_protected)
		return false;
	if (within(phys, virt_to_phys(image->fdt), PHYS_PFN(image->capacity)))
		return true;
	for (i = 0; i < image->nr_extents; i++)
		if (within(phys, image->extents[i].phys,
			   image->extents[i].nr_pages))
			return true;
	return false;
}

static bool any_points_into(const unsigned long *words, size_t nr,
			    const struct kho_image *image)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (virt_addr_valid((void *)words[i]) &&
		    protects(image, virt_to_phys((void *)words[i])))
			return true;
	return false;
}

/*
 * The oops says who writes; this, most likely, to what. Where the fault was is
 * not known any more: to report it may have caused others. But who writes
 * somewhere has a register that points there, as a rule.
 */
static int on_die(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct die_args *args = data;
	const struct kho_node *node;

	if (action != DIE_OOPS || !args->regs || !in_task() ||
	    !mutex_trylock(&kho_machine.list_lock))
		return NOTIFY_DONE;

	list_for_each_entry(node, &kho_machine.nodes, link)
		if (any_points_into((const unsigned long *)args->regs,
				    sizeof(*args->regs) / sizeof(long),
				    node->image))
			pr_emerg("%s: a register points into what it has saved\n",
				 node->name);
	mutex_unlock(&kho_machine.list_lock);
	return NOTIFY_DONE;
}

static struct notifier_block die_notifier = {
	.notifier_call = on_die,
};

static int __init protect_init(void)
{
	return register_die_notifier(&die_notifier);
}
core_initcall(protect_init);
