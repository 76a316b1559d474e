// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that has been added while this kernel runs. What firmware adds, the
 * next kernel finds in its map of memory, if that is as new as the memory; what
 * a driver adds is no memory until that driver is there.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/pfn.h>

#include "internal.h"

static atomic_t epoch = ATOMIC_INIT(0);

/* Set before any such memory can be had, and never cleared. */
static bool drivers_add;

/**
 * kho_memory_epoch - tell whether memory has been added in between
 *
 * An image knows the memory that there was when it was loaded.
 *
 * Return: a number that changes whenever memory is added.
 */
unsigned int kho_memory_epoch(void)
{
	return atomic_read(&epoch);
}

static int is_managed(struct resource *res, void *data)
{
	return !!(res->flags & IORESOURCE_SYSRAM_DRIVER_MANAGED);
}

static bool driver_adds(unsigned long pfn, unsigned long nr_pages)
{
	return walk_system_ram_res(PFN_PHYS(pfn), PFN_PHYS(pfn + nr_pages) - 1,
				   NULL, is_managed) == 1;
}

/**
 * kho_is_driver_memory - has a driver added this memory?
 * @pfn: page frame number of the first page
 * @nr_pages: number of pages, at least 1
 *
 * As virtio-mem and kmem (CXL) do.
 *
 * Context: any but interrupts.
 * Return: whether that is so for any of it.
 */
bool kho_is_driver_memory(unsigned long pfn, unsigned long nr_pages)
{
	return READ_ONCE(drivers_add) && driver_adds(pfn, nr_pages);
}

static int on_memory_change(struct notifier_block *nb, unsigned long action,
			    void *arg)
{
	const struct memory_notify *memory = arg;

	if (action == MEM_GOING_ONLINE &&
	    driver_adds(memory->start_pfn, memory->nr_pages))
		WRITE_ONCE(drivers_add, true);
	if (action == MEM_ONLINE)
		atomic_inc(&epoch);
	return NOTIFY_OK;
}

static int __init kho_hotplug_init(void)
{
	return hotplug_memory_notifier(on_memory_change, 0);
}
subsys_initcall(kho_hotplug_init);
