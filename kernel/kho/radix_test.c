// SPDX-License-Identifier: GPL-2.0-only
/*
 * Radix trees that somebody else owns. map_test.c has the format.
 */
#include <kunit/test.h>
#include <linux/kho_radix_tree.h>
#include <linux/pfn.h>

#include "map.h"

#define MAX_SEEN	8

struct block {
	unsigned long pfn;
	unsigned int order;
};

/* What the last walk has reported: callbacks get no pointer of the caller's. */
static struct block seen[MAX_SEEN];
static unsigned int nr_seen;

static struct kho_radix_tree tree = KHO_MAP_INIT(tree);

static int radix_test_init(struct kunit *test)
{
	nr_seen = 0;
	return kho_map_init(&tree);
}

static void radix_test_exit(struct kunit *test)
{
	kho_map_destroy(&tree);
}

static int see(phys_addr_t phys, unsigned int order)
{
	if (nr_seen == MAX_SEEN)
		return -ENOSPC;
	seen[nr_seen++] = (struct block) { PHYS_PFN(phys), order };
	return 0;
}

static int see_one(phys_addr_t phys, unsigned int order)
{
	return see(phys, order) ?: -EINTR;
}

static void radix_test_walk(struct kunit *test)
{
	static const struct block added[] = {
		{ 0, 0 }, { 5, 0 }, { 8, 3 }, { 8, 0 }, { 512, 9 },
		{ 1UL << 40, 0 },
	};
	static const struct block expected[] = {
		{ 512, 9 }, { 8, 3 }, { 0, 0 }, { 5, 0 }, { 1UL << 40, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(added); i++)
		KUNIT_ASSERT_EQ(test, kho_radix_add_page(&tree, added[i].pfn,
							 added[i].order), 0);
	KUNIT_EXPECT_EQ(test, kho_radix_add_page(&tree, 5, 0), 0);
	kho_radix_del_page(&tree, 8, 0);
	kho_radix_del_page(&tree, 8, 0);
	kho_radix_del_page(&tree, 8, 1);

	KUNIT_ASSERT_EQ(test, kho_radix_walk_tree(&tree, see), 0);
	KUNIT_ASSERT_EQ(test, nr_seen, ARRAY_SIZE(expected));
	for (i = 0; i < nr_seen; i++) {
		KUNIT_EXPECT_EQ(test, seen[i].pfn, expected[i].pfn);
		KUNIT_EXPECT_EQ(test, seen[i].order, expected[i].order);
	}
}

static void radix_test_walk_ends(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&tree, see_one), 0);
	KUNIT_ASSERT_EQ(test, kho_radix_add_page(&tree, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_radix_add_page(&tree, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&tree, see_one), -EINTR);
	KUNIT_EXPECT_EQ(test, nr_seen, 1);
}

/* What can't be added can't be taken out, either, and nothing else is. */
static void radix_test_refused(struct kunit *test)
{
	static const struct block refused[] = {
		{ 1, 1 },
		{ 0, KHO_MAP_MAX_ORDER + 1 },
		{ 0, UINT_MAX },
		{ 1UL << KHO_ORDER_0_LOG2, 0 },
		{ ULONG_MAX, 0 },
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, kho_radix_add_page(&tree, 0, 0), 0);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		KUNIT_EXPECT_EQ(test, kho_radix_add_page(&tree, refused[i].pfn,
							 refused[i].order),
				-EINVAL);
		kho_radix_del_page(&tree, refused[i].pfn, refused[i].order);
	}
	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&tree, see), 0);
	KUNIT_EXPECT_EQ(test, nr_seen, 1);
}

static void radix_test_no_root(struct kunit *test)
{
	static struct kho_radix_tree none = KHO_MAP_INIT(none);

	KUNIT_EXPECT_EQ(test, kho_radix_add_page(&none, 0, 0), -EINVAL);
	kho_radix_del_page(&none, 0, 0);
	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&none, see), 0);
	KUNIT_EXPECT_EQ(test, nr_seen, 0);
}

static struct kunit_case radix_test_cases[] = {
	KUNIT_CASE(radix_test_walk),
	KUNIT_CASE(radix_test_walk_ends),
	KUNIT_CASE(radix_test_refused),
	KUNIT_CASE(radix_test_no_root),
	{}
};

static struct kunit_suite radix_test_suite = {
	.name = "kho_radix",
	.init = radix_test_init,
	.exit = radix_test_exit,
	.test_cases = radix_test_cases,
};

kunit_test_suite(radix_test_suite);
