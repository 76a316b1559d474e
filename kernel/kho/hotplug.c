// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image knows the memory that there was when it was loaded. What is added
 * after that may be preserved, and would be lost.
 */
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/memory.h>
#include <linux/notifier.h>

#include "internal.h"

static atomic_t epoch = ATOMIC_INIT(0);

/**
 * kho_memory_epoch - tell whether memory has been added in between
 *
 * Return: a number that changes whenever memory is added.
 */
unsigned int kho_memory_epoch(void)
{
	return atomic_read(&epoch);
}

static int on_memory_change(struct notifier_block *nb, unsigned long action,
			    void *arg)
{
	if (action == MEM_ONLINE)
		atomic_inc(&epoch);
	return NOTIFY_OK;
}

static int __init kho_hotplug_init(void)
{
	return hotplug_memory_notifier(on_memory_change, 0);
}
subsys_initcall(kho_hotplug_init);
