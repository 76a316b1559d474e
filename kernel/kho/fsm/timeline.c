// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the phases began and ended, in ticks of a clock that counts through
 * kexec, so that the next kernel can tell what the update has cost.
 */
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
 * Context: @m->lock held.
 */
void kho_timeline_mark(struct kho_machine *m, enum kho_event event)
{
	lockdep_assert_held(&m->lock);

	if (!m->clock[event])
		WRITE_ONCE(m->clock[event], kho_clock());
}

/**
 * kho_timeline_restart - an update begins now
 * @m: the machine
 *
 * Context: @m->lock held.
 */
void kho_timeline_restart(struct kho_machine *m)
{
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
 * kho_timeline_show - write the timeline as text
 * @m: the machine
 * @buf: a page for sysfs
 *
 * Context: any.
 * Return: bytes written.
 */
ssize_t kho_timeline_show(struct kho_machine *m, char *buf)
{
	u64 start = 0;
	unsigned int i;
	int len = 0;

	for (i = 0; i < KHO_NR_EVENTS; i++) {
		u64 ticks = READ_ONCE(m->clock[i]);

		if (!ticks)
			continue;
		start = start ?: ticks;
		len += sysfs_emit_at(buf, len, "%s %llu\n", kho_event_names[i],
				     to_us(ticks, start));
	}
	return len;
}
