// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that was added after boot may hold what is preserved, so the next
 * kernel has to know it from the start, too. e820_table_kexec has only what
 * firmware told when this kernel booted.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/printk.h>

#include <asm/bootparam.h>
#include <asm/e820/types.h>
#include <asm/kho.h>

static bool is_known(const struct boot_params *params,
		     const struct resource *res)
{
	const struct boot_e820_entry *entry = params->e820_table;
	const struct boot_e820_entry *end = entry + params->e820_entries;

	for (; entry < end; entry++)
		if (entry->addr <= res->end &&
		    res->start < entry->addr + entry->size)
			return true;
	return false;
}

static int add_entry(struct resource *res, void *arg)
{
	struct boot_params *params = arg;

	if (is_known(params, res))
		return 0;

	/* Firmware won't tell of it, and its driver decides when it appears. */
	if (res->flags & IORESOURCE_SYSRAM_DRIVER_MANAGED)
		return 0;

	if (params->e820_entries == E820_MAX_ENTRIES_ZEROPAGE) {
		pr_err("no room in the memory map for %pR\n", res);
		return -ENOSPC;
	}
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry) {
		.addr = res->start,
		.size = resource_size(res),
		.type = E820_TYPE_RAM,
	};
	return 0;
}

/**
 * kho_e820_add_memory - tell the next kernel of memory added after boot
 * @image: the image that is being loaded
 * @params: its boot parameters, with the memory that firmware told of
 *
 * Return: 0, or -ENOSPC if the memory map has no room for it.
 */
int kho_e820_add_memory(const struct kimage *image, struct boot_params *params)
{
	if (!image->kho.fdt)
		return 0;

	return walk_system_ram_res(0, U64_MAX, params, add_entry);
}
