// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine of this system, and how it uses the core.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/fsm.h>
#include <linux/lockdep.h>
#include <linux/printk.h>

#include "../internal.h"
#include "internal.h"

struct kho_machine kho_machine;

/* Has it been looked for images? Written once. */
static bool received;

/* There is a manifest that this kernel can't read; under the machine's lock. */
static bool unread;

/* Is there an image that was handed to us, and has to be handed on? */
static bool any_incoming(struct kho_machine *m)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		if (node->image && node->image->incoming)
			return true;
	return false;
}

/**
 * kho_handover_publish - hand over all images that there are
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 * Return: 0, or an error of the core; then nothing is handed over.
 */
int kho_handover_publish(struct kho_machine *m)
{
	int err;

	lockdep_assert_held(&m->lock);

	if (m->published)
		return 0;

	err = kho_manifest_write(m);
	if (!err && any_incoming(m))
		err = kho_in_hand_on();
	if (!err && m->global)
		err = kho_add_subtree(KHO_FSM_NODE_NAME, m->manifest->fdt,
				      m->manifest->capacity);
	if (err) {
		kho_machine_error(m, "handover can't be written: %pe",
				  ERR_PTR(err));
		return err;
	}

	m->published = true;
	if (m->global)
		kho_out_seal();
	return 0;
}

/**
 * kho_handover_withdraw - undo kho_handover_publish(), if it was done
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 */
void kho_handover_withdraw(struct kho_machine *m)
{
	lockdep_assert_held(&m->lock);

	if (m->published && m->global) {
		kho_remove_subtree(m->manifest->fdt);
		if (unread)
			kho_in_ask_for(KHO_FSM_NODE_NAME, false);
	}
	m->published = false;
}

/* Drivers may register at any time, so this comes before all of them. */
static int __init kho_machine_setup(void)
{
	kho_machine_init(&kho_machine);
	kho_machine.global = true;
	return kho_schedule_init();
}
early_initcall(kho_machine_setup);

/**
 * kho_images_received - have the images of the previous kernel been read?
 *
 * Context: any.
 * Return: whether they have, if there are any.
 */
bool kho_images_received(void)
{
	return READ_ONCE(received);
}

static int __init kho_fsm_init(void)
{
	phys_addr_t phys;
	size_t size;
	int err;

	WRITE_ONCE(received, true);
	if (!kho_kobj)
		return 0;

	err = kho_fsm_sysfs_init();
	if (err) {
		pr_err("no files for the state machine: %d\n", err);
		return err;
	}

	guard(mutex)(&kho_machine.lock);

	err = kho_retrieve_subtree(KHO_FSM_NODE_NAME, &phys, &size);
	if (err == -ENOENT)
		return 0;
	if (err) {
		kho_machine_error(&kho_machine,
				  "manifest: not in preserved memory: all images are lost");
		return 0;
	}

	err = kho_manifest_read(&kho_machine, phys, size);
	if (!err) {
		pr_info("live update %llu: images received\n",
			kho_machine.generation);
		return 0;
	}
	/* Another kernel may be able to. */
	unread = true;
	kho_in_ask_for(KHO_FSM_NODE_NAME, false);
	return 0;
}
postcore_initcall_sync(kho_fsm_init);
