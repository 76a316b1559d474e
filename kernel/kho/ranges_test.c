// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of ranges: whatever is put in stays covered, and what is given up is
 * the smallest gap.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "ranges.h"

#define SEED	20261122
#define UNIVERSE	4096

static struct kho_range room[16];

static struct kho_ranges new_set(unsigned int max, u64 min_gap)
{
	return (struct kho_ranges) {
		.max = max,
		.min_gap = min_gap,
		.range = room,
	};
}

static void expect_range(struct kunit *test, const struct kho_ranges *set,
			 unsigned int i, phys_addr_t start, phys_addr_t last)
{
	KUNIT_EXPECT_EQ(test, set->range[i].start, start);
	KUNIT_EXPECT_EQ(test, set->range[i].last, last);
}

static void ranges_test_sorted(struct kunit *test)
{
	struct kho_ranges set = new_set(4, 0);

	kho_ranges_add(&set, 300, 399);
	kho_ranges_add(&set, 100, 199);
	kho_ranges_add(&set, 500, 599);
	KUNIT_ASSERT_EQ(test, set.nr, 3);
	expect_range(test, &set, 0, 100, 199);
	expect_range(test, &set, 1, 300, 399);
	expect_range(test, &set, 2, 500, 599);
}

static void ranges_test_joined(struct kunit *test)
{
	struct kho_ranges set = new_set(4, 0);

	kho_ranges_add(&set, 100, 199);
	kho_ranges_add(&set, 201, 299);
	KUNIT_ASSERT_EQ(test, set.nr, 2);
	kho_ranges_add(&set, 200, 200);
	KUNIT_ASSERT_EQ(test, set.nr, 1);
	expect_range(test, &set, 0, 100, 299);
	kho_ranges_add(&set, 150, 160);
	kho_ranges_add(&set, 50, 120);
	KUNIT_ASSERT_EQ(test, set.nr, 1);
	expect_range(test, &set, 0, 50, 299);
	kho_ranges_add(&set, 0, U64_MAX);
	KUNIT_ASSERT_EQ(test, set.nr, 1);
	expect_range(test, &set, 0, 0, U64_MAX);
}

static void ranges_test_min_gap(struct kunit *test)
{
	struct kho_ranges set = new_set(4, 10);

	kho_ranges_add(&set, 100, 199);
	kho_ranges_add(&set, 211, 299);
	KUNIT_ASSERT_EQ(test, set.nr, 2);
	kho_ranges_add(&set, 80, 89);
	KUNIT_ASSERT_EQ(test, set.nr, 2);
	expect_range(test, &set, 0, 80, 199);
	kho_ranges_add(&set, 210, 210);
	KUNIT_ASSERT_EQ(test, set.nr, 1);
	expect_range(test, &set, 0, 80, 299);
}

/* The smallest gap goes, and smaller ones aren't made from then on. */
static void ranges_test_coarser(struct kunit *test)
{
	struct kho_ranges set = new_set(3, 0);

	kho_ranges_add(&set, 0, 99);
	kho_ranges_add(&set, 200, 299);
	kho_ranges_add(&set, 350, 399);
	kho_ranges_add(&set, 1000, 1099);
	KUNIT_ASSERT_EQ(test, set.nr, 3);
	expect_range(test, &set, 0, 0, 99);
	expect_range(test, &set, 1, 200, 399);
	expect_range(test, &set, 2, 1000, 1099);
	KUNIT_EXPECT_EQ(test, set.min_gap, 50);
	kho_ranges_add(&set, 1150, 1199);
	KUNIT_ASSERT_EQ(test, set.nr, 3);
	expect_range(test, &set, 2, 1000, 1199);
}

/* The new range itself may be what is joined. */
static void ranges_test_one(struct kunit *test)
{
	struct kho_ranges set = new_set(1, 0);

	kho_ranges_add(&set, 1000, 1099);
	kho_ranges_add(&set, 10, 19);
	KUNIT_ASSERT_EQ(test, set.nr, 1);
	expect_range(test, &set, 0, 10, 1099);
	kho_ranges_add(&set, U64_MAX - 1, U64_MAX);
	KUNIT_ASSERT_EQ(test, set.nr, 1);
	expect_range(test, &set, 0, 10, U64_MAX);
}

static void check_set(struct kunit *test, const struct kho_ranges *set,
		      const unsigned long *model)
{
	unsigned long *covered = bitmap_zalloc(UNIVERSE, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, covered);
	KUNIT_EXPECT_LE(test, set->nr, set->max);
	for (i = 0; i < set->nr; i++) {
		struct kho_range *range = &set->range[i];

		KUNIT_EXPECT_LE(test, range->start, range->last);
		KUNIT_EXPECT_TRUE(test, test_bit(range->start, model));
		KUNIT_EXPECT_TRUE(test, test_bit(range->last, model));
		if (i)
			KUNIT_EXPECT_GT(test, range->start,
					set->range[i - 1].last + 1);
		bitmap_set(covered, range->start,
			   range->last - range->start + 1);
	}
	KUNIT_EXPECT_TRUE(test, bitmap_subset(model, covered, UNIVERSE));
	bitmap_free(covered);
}

static void ranges_test_random(struct kunit *test)
{
	unsigned long *model = bitmap_zalloc(UNIVERSE, GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int round;

	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&rnd, SEED);
	for (round = 0; round < 500; round++) {
		struct kho_ranges set = new_set(1 + round % ARRAY_SIZE(room),
						0);
		unsigned int i;

		bitmap_zero(model, UNIVERSE);
		for (i = 0; i < 40; i++) {
			u32 start = prandom_u32_state(&rnd) % (UNIVERSE - 64);
			u32 size = 1 + prandom_u32_state(&rnd) % 64;

			kho_ranges_add(&set, start, start + size - 1);
			bitmap_set(model, start, size);
		}
		check_set(test, &set, model);
	}
	bitmap_free(model);
}

static struct kunit_case ranges_test_cases[] = {
	KUNIT_CASE(ranges_test_sorted),
	KUNIT_CASE(ranges_test_joined),
	KUNIT_CASE(ranges_test_min_gap),
	KUNIT_CASE(ranges_test_coarser),
	KUNIT_CASE(ranges_test_one),
	KUNIT_CASE(ranges_test_random),
	{}
};

static struct kunit_suite ranges_test_suite = {
	.name = "kho_ranges",
	.test_cases = ranges_test_cases,
};

kunit_test_suite(ranges_test_suite);
