// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver on x86: the handover travels as a setup_data node.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/printk.h>
#include <linux/set_memory.h>

#include <asm/bootparam.h>
#include <asm/kho.h>
#include <asm/setup_data.h>
#include <asm/tsc.h>

#include "../../../kernel/kho/internal.h"
#include "../../../kernel/kho/kexec_image.h"

/**
 * kho_add_setup_data - take over the handover that a setup_data node names
 * @pa_data: physical address of the node
 * @data_len: length of the node in bytes, its header included
 *
 * Context: early boot, before memblock knows any memory.
 */
void __init kho_add_setup_data(u64 pa_data, u32 data_len)
{
	const struct setup_data *node;
	struct kho_data kho;

	if (data_len < sizeof(*node) + sizeof(kho)) {
		pr_err("setup_data node at %#llx is too short: %u bytes\n",
		       pa_data, data_len);
		kho_populate_failed("setup_data node is too short");
		return;
	}

	node = early_memremap(pa_data, sizeof(*node) + sizeof(kho));
	if (!node) {
		pr_err("setup_data node at %#llx can't be mapped\n", pa_data);
		kho_populate_failed("setup_data node can't be mapped");
		return;
	}
	memcpy(&kho, node->data, sizeof(kho));
	early_memunmap((void *)node, sizeof(*node) + sizeof(kho));

	kho_populate(kho.fdt_addr, kho.fdt_size, kho.scratch_addr,
		     kho.scratch_size);
}

/**
 * kho_setup_data_size - room that kho_setup_data() needs
 *
 * Return: bytes.
 */
unsigned int kho_setup_data_size(void)
{
	return sizeof(struct setup_data) + sizeof(struct kho_data);
}

/**
 * kho_setup_data - tell the next kernel where the handover is
 * @image: the image that is being loaded
 * @params: its boot parameters, with room for a node at @offset
 * @params_load_addr: physical address at which @params will be
 * @offset: offset of the node from @params in bytes
 *
 * Return: bytes used, 0 if @image carries no handover.
 */
unsigned int kho_setup_data(struct kimage *image, struct boot_params *params,
			    unsigned long params_load_addr, unsigned int offset)
{
	struct setup_data *node = (void *)params + offset;
	struct kho_data *kho = (void *)node->data;

	if (!image->kho.fdt)
		return 0;

	node->type = SETUP_KEXEC_KHO;
	node->len = sizeof(*kho);
	kho->fdt_addr = image->kho.fdt;
	kho->fdt_size = PAGE_SIZE;
	kho->scratch_addr = image->kho.scratch;
	kho->scratch_size = image->kho.scratch_size;

	/* The decompressor would say so. */
	if (image->kho.randomized)
		params->hdr.loadflags |= KASLR_FLAG;

	node->next = params->hdr.setup_data;
	params->hdr.setup_data = params_load_addr + offset;

	return kho_setup_data_size();
}

/* The TSC counts through kexec, so it tells time across the handover. */
u64 kho_clock(void)
{
	return rdtsc_ordered();
}

u32 kho_clock_khz(void)
{
	return tsc_khz;
}

int kho_place_close(void *place, unsigned long nr_pages)
{
	return set_memory_ro((unsigned long)place, nr_pages);
}

int kho_place_open(void *place, unsigned long nr_pages)
{
	return set_memory_rw((unsigned long)place, nr_pages);
}
