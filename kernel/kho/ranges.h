/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sorted set of address ranges that never outgrows its array: it becomes
 * coarser instead, so that it always covers at least what was put into it.
 */
#ifndef _KERNEL_KHO_RANGES_H
#define _KERNEL_KHO_RANGES_H

#include <linux/types.h>

/**
 * struct kho_range - a range of physical addresses
 * @start: the first byte
 * @last: the last byte
 */
struct kho_range {
	phys_addr_t start;
	phys_addr_t last;
};

/**
 * struct kho_ranges - a set of ranges, sorted, neither touching nor overlapping
 * @max: room in @range, at least 1
 * @nr: number of ranges
 * @min_gap: smaller gaps are not kept; grows when the set becomes coarser
 * @range: the ranges
 */
struct kho_ranges {
	unsigned int max;
	unsigned int nr;
	u64 min_gap;
	struct kho_range *range;
};

void kho_ranges_add(struct kho_ranges *set, phys_addr_t start,
		    phys_addr_t last);

#endif /* _KERNEL_KHO_RANGES_H */
