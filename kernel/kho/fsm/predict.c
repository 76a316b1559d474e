// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long would the blackout be, if the clients were saved now? Clients that
 * don't depend on each other take their time at the same time, so the longest
 * chain of dependencies counts.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "../internal.h"
#include "internal.h"

/* What is believed of anybody, so that no sum overflows: a year. */
#define LONGEST_US	(365ULL * 86400 * USEC_PER_SEC)

/**
 * kho_client_set_estimate - tell how long the blackout would be for a client
 * @client: the client
 * @save_us: what its save would take now, in microseconds
 * @restore_us: what its restore would take then, in microseconds
 *
 * Without it, what these have taken the last time is expected, or what it takes
 * to write all that is dirty, see kho_client_set_dirty(), if that is longer.
 *
 * Context: any, while registered.
 */
void kho_client_set_estimate(struct kho_client *client, u64 save_us,
			     u64 restore_us)
{
	struct kho_node *node;

	guard(rcu)();
	node = READ_ONCE(client->node);
	if (!node)
		return;
	WRITE_ONCE(node->estimate_us[KHO_OP_SAVE], save_us);
	WRITE_ONCE(node->estimate_us[KHO_OP_RESTORE], restore_us);
}
EXPORT_SYMBOL_GPL(kho_client_set_estimate);

/*
 * It should take as long as it took to write as much in the last pass. What a
 * client says may be anything, and a quotient of more than 64 bits is an
 * exception on x86.
 */
static u64 time_for_dirty(const struct kho_node *node)
{
	u64 dirty = READ_ONCE(node->dirty), us = node->us[KHO_OP_PREPARE];

	if (node->state != KHO_PREPARED || !node->bytes || !us)
		return 0;
	if (div64_u64(dirty, node->bytes) >= div64_u64(LONGEST_US, us))
		return LONGEST_US;
	return mul_u64_u64_div_u64(dirty, us, node->bytes);
}

static u64 own_time(const struct kho_node *node, enum kho_op op)
{
	u64 said = READ_ONCE(node->estimate_us[op]);
	u64 us = said ?: READ_ONCE(node->us[op]);

	if (op == KHO_OP_SAVE && node->state == KHO_SAVED)
		return 0;
	if (op == KHO_OP_SAVE && !said)
		us = max(us, time_for_dirty(node));
	return min(us, LONGEST_US);
}

static u64 save_time(struct kho_machine *m)
{
	struct kho_node *node;
	struct kho_edge *edge;
	u64 longest = 0;

	list_for_each_entry_reverse(node, &m->nodes, link) {
		node->path_us = 0;
		list_for_each_entry(edge, &node->consumers, link)
			node->path_us = max(node->path_us,
					    edge->consumer->path_us);
		node->path_us += own_time(node, KHO_OP_SAVE);
		longest = max(longest, node->path_us);
	}
	return longest;
}

static u64 restore_time(struct kho_machine *m)
{
	struct kho_node *node;
	u64 longest = 0;
	unsigned int i;

	list_for_each_entry(node, &m->nodes, link) {
		node->path_us = 0;
		for (i = 0; i < node->nr_edges; i++)
			if (node->edges[i].provider)
				node->path_us =
					max(node->path_us,
					    node->edges[i].provider->path_us);
		node->path_us += own_time(node, KHO_OP_RESTORE);
		longest = max(longest, node->path_us);
	}
	return longest;
}

/**
 * kho_predict - predict the blackout
 * @m: the machine
 * @p: filled in, all in microseconds
 *
 * What lies between save and restore is what it was in the last update.
 *
 * Context: @m->lock held.
 */
void kho_predict(struct kho_machine *m, struct kho_prediction *p)
{
	lockdep_assert_held(&m->lock);

	p->save_us = save_time(m);
	p->kexec_us = m->kexec_us;
	p->restore_us = restore_time(m);
	p->total_us = p->save_us + p->kexec_us + p->restore_us;
}

/**
 * kho_predict_allows - is the predicted blackout within the limit?
 * @m: the machine
 *
 * Context: @m->lock held.
 * Return: 0, or -ETIME, explained in last_error.
 */
int kho_predict_allows(struct kho_machine *m)
{
	u64 limit = READ_ONCE(m->downtime_limit_us);
	struct kho_prediction p;

	if (!limit)
		return 0;

	kho_predict(m, &p);
	if (p.total_us <= limit)
		return 0;
	kho_machine_error(m, "save: refused, the blackout would be %llu us, the limit is %llu us",
			  p.total_us, limit);
	return -ETIME;
}
