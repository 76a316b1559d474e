// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where scratch is.
 */
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/string.h>

#include "internal.h"

/* Written by early boot alone. */
struct kho_scratch kho_scratch[KHO_MAX_SCRATCH] __ro_after_init;
unsigned int kho_scratch_cnt __ro_after_init;

/**
 * kho_scratch_set - use scratch areas that the previous kernel has chosen
 * @areas: the areas, copied
 * @nr: number of areas, %KHO_MAX_SCRATCH at most
 *
 * Context: early boot.
 */
void __init kho_scratch_set(const struct kho_scratch *areas, unsigned int nr)
{
	memcpy(kho_scratch, areas, nr * sizeof(*areas));
	kho_scratch_cnt = nr;
}

/**
 * kho_scratch_overlap - does memory lie in scratch?
 * @phys: physical address in bytes
 * @size: bytes
 *
 * Context: any.
 * Return: whether any of it does.
 */
bool kho_scratch_overlap(phys_addr_t phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++) {
		const struct kho_scratch *area = &kho_scratch[i];

		if (area->size && phys < area->addr + area->size &&
		    (size > area->addr || phys > area->addr - size))
			return true;
	}
	return false;
}
