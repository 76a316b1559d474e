// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver and KASLR: memory outside of scratch may be preserved, so
 * the kernel may be placed in scratch only.
 */
#include "misc.h"

#include <linux/numa.h>

#include <asm/setup_data.h>

struct scratch_area {
	u64 addr;
	u64 size;
};

/* As KHO_MAX_SCRATCH. */
#define MAX_AREAS	((MAX_NUMNODES > 64 ? MAX_NUMNODES : 64) + 2)

static bool kho_node(const struct setup_data *node)
{
	return node->type == SETUP_KEXEC_KHO &&
	       node->len >= sizeof(struct kho_data);
}

/* The kernel refuses any other array, and says why. */
static u64 nr_areas(const struct kho_data *kho)
{
	u64 nr = kho->scratch_size / sizeof(struct scratch_area);

	return nr <= MAX_AREAS ? nr : 0;
}

/**
 * kho_avoid_scratch_array - keep the kernel off the array of scratch areas
 * @node: any setup_data node
 * @avoid: the memory to avoid
 *
 * The array itself lies in scratch, and is read after decompression.
 *
 * Return: true if @node says that there is an array.
 */
bool kho_avoid_scratch_array(const struct setup_data *node,
			     struct mem_vector *avoid)
{
	const struct kho_data *kho = (const void *)node->data;

	if (!kho_node(node) || !nr_areas(kho))
		return false;

	avoid->start = kho->scratch_addr;
	avoid->size = kho->scratch_size;
	return true;
}

/**
 * process_kho_entries - offer scratch, and nothing else, to KASLR
 * @minimum: lowest physical address that may be used
 * @image_size: bytes that the kernel needs
 *
 * Return: true if there is a handover, even if no scratch area is large
 * enough: the kernel then stays where kexec has put it, which is in scratch.
 */
bool process_kho_entries(unsigned long minimum, unsigned long image_size)
{
	const struct setup_data *node;

	for (node = (void *)(unsigned long)boot_params_ptr->hdr.setup_data;
	     node; node = (void *)(unsigned long)node->next) {
		const struct kho_data *kho = (const void *)node->data;
		const struct scratch_area *area;
		u64 i;

		if (!kho_node(node))
			continue;

		area = (void *)(unsigned long)kho->scratch_addr;
		for (i = 0; i < nr_areas(kho); i++) {
			struct mem_vector region = {
				.start = area[i].addr,
				.size = area[i].size,
			};

			if (region.start + region.size < region.start)
				continue;
			if (process_mem_region(&region, minimum, image_size))
				break;
		}
		return true;
	}
	return false;
}
