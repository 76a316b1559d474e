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

	if (m->published && m->global)
		kho_remove_subtree(m->manifest->fdt);
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

static int __init kho_fsm_init(void)
{
	phys_addr_t phys;
	size_t size;
	int err;

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
	if (!err)
		pr_info("live update %llu: images received\n",
			kho_machine.generation);
	return 0;
}
arch_initcall(kho_fsm_init);
