// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sorted set of address ranges of limited size.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "ranges.h"

/* Is the gap between two ranges worth keeping? @right is above @left. */
static bool far(const struct kho_ranges *set, const struct kho_range *left,
		const struct kho_range *right)
{
	return right->start > left->last &&
	       right->start - left->last > set->min_gap + 1;
}

/* The first range that @new is not far above. */
static unsigned int find(const struct kho_ranges *set,
			 const struct kho_range *new)
{
	unsigned int low = 0, high = set->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (far(set, &set->range[mid], new))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void join(struct kho_ranges *set, unsigned int first, unsigned int nr)
{
	struct kho_range *range = &set->range[first];
	phys_addr_t last = range->last;
	unsigned int i;

	for (i = 1; i < nr; i++)
		last = max(last, range[i].last);
	range->last = last;

	memmove(range + 1, range + nr,
		(set->nr - first - nr) * sizeof(*range));
	set->nr -= nr - 1;
}

/* Gives up the smallest gap, and all that will be as small. */
static void coarsen(struct kho_ranges *set)
{
	unsigned int i, smallest = 0;
	u64 gap = U64_MAX;

	for (i = 0; i + 1 < set->nr; i++) {
		u64 here = set->range[i + 1].start - set->range[i].last - 1;

		if (here < gap) {
			gap = here;
			smallest = i;
		}
	}
	set->min_gap = gap;
	join(set, smallest, 2);
}

/**
 * kho_ranges_add - add a range to a set
 * @set: the set
 * @start: physical address of its first byte
 * @last: physical address of its last byte
 *
 * Ranges that have no gap of more than @set->min_gap bytes between them become
 * one. Adding to a full set takes time proportional to its size, but raises
 * @set->min_gap, so that it is rare.
 */
void kho_ranges_add(struct kho_ranges *set, phys_addr_t start,
		    phys_addr_t last)
{
	struct kho_range new = { start, last };
	unsigned int i = find(set, &new), end = i;

	while (end < set->nr && !far(set, &new, &set->range[end]))
		end++;
	if (end > i) {
		struct kho_range *range = &set->range[i];

		range->start = min(range->start, start);
		range->last = max(range->last, last);
		if (end - i > 1)
			join(set, i, end - i);
		return;
	}

	if (set->nr == set->max) {
		if (set->max > 1)
			coarsen(set);
		else
			set->min_gap = U64_MAX - 1;
		kho_ranges_add(set, start, last);
		return;
	}

	memmove(&set->range[i + 1], &set->range[i],
		(set->nr - i) * sizeof(new));
	set->range[i] = new;
	set->nr++;
}
