// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a client is asked in each phase, and what becomes of its image.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/ktime.h>
#include <linux/printk.h>
#include <trace/events/kho.h>

#include "../fault.h"
#include "../internal.h"
#include "internal.h"

/* A callback that has succeeded fails all the same, which is the worst case. */
static int or_fault(struct kho_node *node, enum kho_fault point, int err)
{
	return err ?: kho_fault(point, node->name) ? -EIO : 0;
}

static int op_prepare(struct kho_node *node)
{
	struct kho_client *client = node->client;
	int err;

	if (!node->image) {
		struct kho_image *image = kho_node_image_create(node);

		if (IS_ERR(image))
			return PTR_ERR(image);
		kho_node_set_image(node, image);
		node->pass = 0;
	}

	kho_image_rewind(node->image);
	WRITE_ONCE(node->stale, false);
	err = client->ops->prepare(client, node->image, node->pass + 1);
	err = or_fault(node, KHO_FAULT_PREPARE, err);
	if (!err)
		node->pass++;
	node->bytes = node->image->wrote;
	return err;
}

static int op_save(struct kho_node *node)
{
	int err;

	kho_image_rewind(node->image);
	node->keeps_device = false;
	err = node->client->ops->save(node->client, node->image);
	err = or_fault(node, KHO_FAULT_SAVE, err);
	node->bytes = node->image->wrote;
	if (err)
		return err;
	kho_image_seal(node->image);
	kho_image_protect(node->image);
	return 0;
}

static int op_abort(struct kho_node *node)
{
	struct kho_image *image = node->image;

	/* Not even an image: its prepare was not entered. */
	if (!image)
		return 0;

	node->keeps_device = false;
	kho_image_unprotect(image);
	node->client->ops->abort(node->client);
	kho_node_set_image(node, NULL);
	kho_image_condemn(image);
	node->pass = 0;
	return 0;
}

static int op_rollback(struct kho_node *node)
{
	node->client->ops->abort(node->client);
	return 0;
}

static int op_restore(struct kho_node *node)
{
	struct kho_client *client = node->client;
	int err;

	node->tried = true;
	if (node->image->broken) {
		kho_client_explain(client, "%s", node->image->broken);
		return -EBADMSG;
	}
	if (!kho_client_reads(client, node->image))
		return -EPROTO;

	kho_timeline_mark(node->machine, KHO_EV_RESTORE);
	/* It can be repeated, so it must not have done its work. */
	err = or_fault(node, KHO_FAULT_RESTORE, 0) ?:
	      client->ops->restore(client, node->image);
	if (!err)
		node->tried = false;
	return err;
}

static int op_discard(struct kho_node *node)
{
	struct kho_image *image = node->image;

	pr_notice("%s: image discarded\n", node->name);
	if (node->client && node->client->ops->finish)
		node->client->ops->finish(node->client);
	kho_node_set_image(node, NULL);
	kho_image_condemn(image);
	return 0;
}

static int op_finish(struct kho_node *node)
{
	struct kho_image *image = node->image;

	if (node->client->ops->finish)
		node->client->ops->finish(node->client);
	kho_node_set_image(node, NULL);
	kho_image_condemn(image);
	return 0;
}

/**
 * kho_call - call a client
 * @node: the client
 * @op: what it is asked
 *
 * Context: the machine's lock held, by the caller or by the one who waits for
 * it. Independent clients are called side by side. May sleep.
 * Return: 0, or the error of the callback.
 */
int kho_call(struct kho_node *node, enum kho_op op)
{
	static int (* const ops[KHO_NR_OPS])(struct kho_node *node) = {
		[KHO_OP_PREPARE] = op_prepare,
		[KHO_OP_SAVE] = op_save,
		[KHO_OP_ABORT] = op_abort,
		[KHO_OP_RESTORE] = op_restore,
		[KHO_OP_ROLLBACK] = op_rollback,
		[KHO_OP_FINISH] = op_finish,
		[KHO_OP_DISCARD] = op_discard,
	};
	ktime_t start = ktime_get();
	u64 ticks = kho_clock();
	int err;

	if (!ops[op])
		return 0;

	node->reason[0] = '\0';
	trace_kho_callback_start(node, node->name, op);
	err = ops[op](node);
	node->us[op] = ktime_us_delta(ktime_get(), start);
	kho_timeline_add(node, op, ticks);
	trace_kho_callback_end(node, node->name, op, err);
	return err;
}
