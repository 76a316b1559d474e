// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that has been added while this kernel runs. The next kernel knows it
 * from its start if the architecture tells it, and if what it was told is as
 * new as the memory. What a driver adds is no memory until that driver is there.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/range.h>
#include <linux/slab.h>

#include "internal.h"

static atomic_t epoch = ATOMIC_INIT(0);

/* Set before any memory can be had that the next kernel lacks; stays set. */
static bool some_is_late;

/* What was there at boot, in page frames, the last ones included. */
static struct range *boot_ram __ro_after_init;
static unsigned int nr_boot_ram __ro_after_init;

/**
 * kho_memory_epoch - tell whether memory has been added in between
 *
 * An image knows the memory that there was when it was loaded.
 *
 * Return: a number that changes whenever memory is added that the next kernel
 * is told of.
 */
unsigned int kho_memory_epoch(void)
{
	return atomic_read(&epoch);
}

static bool is_from_boot(unsigned long pfn, unsigned long nr_pages)
{
	unsigned int i;

	for (i = 0; i < nr_boot_ram; i++)
		if (pfn >= boot_ram[i].start &&
		    pfn + nr_pages - 1 <= boot_ram[i].end)
			return true;
	return false;
}

static int is_managed(struct resource *res, void *data)
{
	return !!(res->flags & IORESOURCE_SYSRAM_DRIVER_MANAGED);
}

static bool is_late(unsigned long pfn, unsigned long nr_pages)
{
	if (!IS_ENABLED(CONFIG_ARCH_KEXEC_HANDOVER_ADDED_MEMORY))
		return !is_from_boot(pfn, nr_pages);

	return walk_system_ram_res(PFN_PHYS(pfn), PFN_PHYS(pfn + nr_pages) - 1,
				   NULL, is_managed) == 1;
}

/**
 * kho_is_late_memory - will the next kernel start without this memory?
 * @pfn: page frame number of the first page
 * @nr_pages: number of pages, at least 1
 *
 * A driver may have added it, as virtio-mem and kmem (CXL) do; or firmware,
 * where the architecture has no way to tell.
 *
 * Context: any but interrupts.
 * Return: whether that is so for any of it.
 */
bool kho_is_late_memory(unsigned long pfn, unsigned long nr_pages)
{
	return READ_ONCE(some_is_late) && is_late(pfn, nr_pages);
}

static int on_memory_change(struct notifier_block *nb, unsigned long action,
			    void *arg)
{
	const struct memory_notify *memory = arg;
	bool late;

	if (is_from_boot(memory->start_pfn, memory->nr_pages))
		return NOTIFY_OK;

	late = is_late(memory->start_pfn, memory->nr_pages);
	if (action == MEM_GOING_ONLINE && late)
		WRITE_ONCE(some_is_late, true);
	if (action == MEM_ONLINE && !late)
		atomic_inc(&epoch);
	return NOTIFY_OK;
}

static int __init count_ram(unsigned long pfn, unsigned long nr_pages,
			    void *data)
{
	++*(unsigned int *)data;
	return 0;
}

static int __init note_ram(unsigned long pfn, unsigned long nr_pages,
			   void *data)
{
	struct range *last = nr_boot_ram ? &boot_ram[nr_boot_ram - 1] : NULL;

	if (last && last->end + 1 == pfn) {
		last->end += nr_pages;
		return 0;
	}
	if (nr_boot_ram == *(unsigned int *)data)
		return -ENOSPC;
	boot_ram[nr_boot_ram++] = (struct range) {
		.start = pfn,
		.end = pfn + nr_pages - 1,
	};
	return 0;
}

/* Before drivers, that of ACPI among them, look for memory to add. */
static int __init kho_hotplug_init(void)
{
	unsigned int nr = 0;

	walk_system_ram_range(0, ULONG_MAX, &nr, count_ram);
	boot_ram = kcalloc(nr, sizeof(*boot_ram), GFP_KERNEL);
	if (!boot_ram)
		return -ENOMEM;
	walk_system_ram_range(0, ULONG_MAX, &nr, note_ram);
	return hotplug_memory_notifier(on_memory_change, 0);
}
arch_initcall(kho_hotplug_init);
