// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the phases began and ended, in ticks of a clock that counts through
 * kexec, so that the next kernel can tell what the update has cost.
 */
#include <linux/atomic.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "../internal.h"
#include "internal.h"

const char * const kho_event_names[KHO_NR_EVENTS] = {
	[KHO_EV_PREPARE]	= "prepare",
	[KHO_EV_PREPARED]	= "prepared",
	[KHO_EV_SAVE]		= "save",
	[KHO_EV_SAVED]		= "saved",
	[KHO_EV_EXEC]		= "exec",
	[KHO_EV_BOOT]		= "boot",
	[KHO_EV_RESTORE]	= "restore",
	[KHO_EV_RESTORED]	= "restored",
	[KHO_EV_FINISH]		= "finish",
};

/**
 * kho_timeline_mark - an event happens now
 * @m: the machine
 * @event: the event; only the first time in an update counts
 *
 * Context: as kho_call(), or the machine's lock held.
 */
void kho_timeline_mark(struct kho_machine *m, enum kho_event event)
{
	cmpxchg64(&m->clock[event], 0, kho_clock());
}

/**
 * kho_timeline_restart - an update begins now
 * @m: the machine
 *
 * Context: @m->lock held.
 */
void kho_timeline_restart(struct kho_machine *m)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		node->nr_spans = 0;
	memset(m->clock, 0, sizeof(m->clock));
	kho_timeline_mark(m, KHO_EV_PREPARE);
}

/* What the previous kernel says about its clock need not make sense. */
static u64 to_us(u64 ticks, u64 start)
{
	u32 khz = kho_clock_khz();

	if (ticks < start || !khz)
		return 0;
	return mul_u64_u64_div_u64(ticks - start, USEC_PER_MSEC, khz);
}

/**
 * kho_timeline_between - time between two events
 * @m: the machine
 * @from: the first event
 * @to: the second one
 *
 * Context: any.
 * Return: microseconds; 0 if they have not happened, in this order.
 */
u64 kho_timeline_between(const struct kho_machine *m, enum kho_event from,
			 enum kho_event to)
{
	u64 start = READ_ONCE(m->clock[from]);

	return start ? to_us(READ_ONCE(m->clock[to]), start) : 0;
}

/**
 * kho_timeline_add - note that a client has been called
 * @node: the client
 * @op: what it was asked
 * @start: when, in ticks of kho_clock(); it ends now
 *
 * Of many, the first one and the latest are remembered.
 *
 * Context: as kho_call().
 */
void kho_timeline_add(struct kho_node *node, enum kho_op op, u64 start)
{
	struct kho_span *spans = node->spans;

	if (node->nr_spans == KHO_SPANS)
		memmove(&spans[1], &spans[2],
			(--node->nr_spans - 1) * sizeof(*spans));
	spans[node->nr_spans++] = (struct kho_span) {
		.op = op,
		.start = start,
		.end = kho_clock(),
	};
}

static u64 first_event(const struct kho_machine *m)
{
	unsigned int i;

	for (i = 0; i < KHO_NR_EVENTS; i++)
		if (READ_ONCE(m->clock[i]))
			return READ_ONCE(m->clock[i]);
	return 0;
}

/**
 * kho_timeline_show - write the timeline as text
 * @m: the machine
 * @buf: a page for sysfs
 *
 * Context: any.
 * Return: bytes written.
 */
ssize_t kho_timeline_show(struct kho_machine *m, char *buf)
{
	u64 start = first_event(m);
	unsigned int i;
	int len = 0;

	for (i = 0; i < KHO_NR_EVENTS; i++) {
		u64 ticks = READ_ONCE(m->clock[i]);

		if (ticks)
			len += sysfs_emit_at(buf, len, "%s %llu\n",
					     kho_event_names[i],
					     to_us(ticks, start));
	}
	return len;
}

/**
 * kho_timeline_show_node - write down when a client was called, as text
 * @node: the client
 * @buf: a page for sysfs
 *
 * On each line what it was asked, when, and for how long, in microseconds; on
 * the clock of kho_timeline_show().
 *
 * Context: its machine's lock held.
 * Return: bytes written.
 */
ssize_t kho_timeline_show_node(struct kho_node *node, char *buf)
{
	u64 first = first_event(node->machine);
	unsigned int i;
	int len = 0;

	lockdep_assert_held(&node->machine->lock);

	for (i = 0; i < node->nr_spans; i++) {
		const struct kho_span *span = &node->spans[i];

		len += sysfs_emit_at(buf, len, "%s %llu %llu\n",
				     kho_op_names[span->op],
				     to_us(span->start, first),
				     to_us(span->end, span->start));
	}
	return len;
}
