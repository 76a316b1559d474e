// SPDX-License-Identifier: GPL-2.0-only
/*
 * For KUnit tests: what a kexec does to the system's own machine, without one.
 */
#include <linux/errno.h>
#include <linux/kexec_handover.h>

#include "../internal.h"
#include "internal.h"
#include "test.h"

/**
 * kho_fsm_test_command - as if written to /sys/kernel/kho/state
 * @command: the command
 *
 * Context: may sleep.
 * Return: as kho_machine_command().
 */
int kho_fsm_test_command(const char *command)
{
	int i = match_string(kho_command_names, KHO_NR_USER_COMMANDS, command);

	return i < 0 ? -EINVAL : kho_machine_command(&kho_machine, NULL, i);
}

/* The memory that held them now belongs to what was handed over. */
static void forget_all(struct kho_machine *m)
{
	struct kho_node *node, *tmp;

	list_for_each_entry_safe(node, tmp, &m->nodes, link) {
		struct kho_image *image = node->image;

		kho_graph_leave(node);
		if (node->client)
			node->client->node = NULL;
		node->client = NULL;
		kho_node_set_image(node, NULL);
		if (image)
			kho_image_drop(image);
		kho_node_bury(node);
	}
	kho_image_drop(m->manifest);
	m->manifest = NULL;
	m->published = false;
	kho_machine_update(m);
}

/**
 * kho_test_leave - a machine is gone, as after a kexec
 * @m: the machine, which has published its handover
 *
 * All its clients are forgotten; unregistering them does nothing then.
 *
 * Context: takes @m->lock; may sleep.
 * Return: 0; -EBUSY if nothing has been published; -ENOMEM.
 */
int kho_test_leave(struct kho_machine *m)
{
	int err;

	scoped_guard(mutex, &m->lock) {
		if (!m->published)
			return -EBUSY;
		kho_manifest_stamp(m);
		forget_all(m);
		err = kho_test_loop_back();
	}
	flush_work(&m->bury);
	return err;
}

static int receive(struct kho_machine *m)
{
	phys_addr_t phys;
	size_t size;
	int err;

	err = kho_retrieve_subtree("kho-fsm", &phys, &size);
	return err ?: kho_manifest_read(m, phys, size);
}

/**
 * kho_fsm_test_handover - behave as if this were the next kernel
 *
 * In state saved, all clients are forgotten, see kho_test_leave(), and the
 * images come in.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if the machine isn't saved; -ENOMEM.
 */
int kho_fsm_test_handover(void)
{
	struct kho_machine *m = &kho_machine;
	int err;

	if (READ_ONCE(m->state) != KHO_SAVED)
		return -EBUSY;
	err = kho_test_leave(m);
	if (err)
		return err;

	guard(mutex)(&m->lock);
	return receive(m);
}
