// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal: whatever changes in the map or the root FDT, it tells.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "root_fdt.h"
#include "seal.h"

#define NR_NODES	3

static u8 *pages[NR_NODES];

static int seal_test_init(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_NODES; i++) {
		pages[i] = kunit_kmalloc(test, PAGE_SIZE, GFP_KERNEL);
		if (!pages[i])
			return -ENOMEM;
		memset(pages[i], 0x11 * (i + 1), PAGE_SIZE);
	}
	return 0;
}

/* The last page stands for the root FDT. */
static struct kho_seal seal_of(unsigned int nr_nodes)
{
	struct kho_seal_state state;
	unsigned int i;

	kho_seal_begin(&state);
	for (i = 0; i < nr_nodes; i++)
		kho_seal_node(&state, pages[i]);
	return kho_seal_end(&state, pages[NR_NODES - 1]);
}

static void seal_test_same(struct kunit *test)
{
	struct kho_seal there = seal_of(2), computed = seal_of(2);

	KUNIT_EXPECT_FALSE(test, kho_seal_differs(&there, &computed));
	KUNIT_EXPECT_EQ(test, there.nodes, 2);
}

static void seal_test_changed(struct kunit *test)
{
	struct kho_seal there = seal_of(2), computed;
	unsigned int page, at;

	for (page = 0; page < NR_NODES; page++) {
		for (at = 0; at < PAGE_SIZE; at += PAGE_SIZE / 8 + 1) {
			pages[page][at] ^= 0x10;
			computed = seal_of(2);
			KUNIT_EXPECT_TRUE(test, kho_seal_differs(&there,
								 &computed));
			pages[page][at] ^= 0x10;
		}
	}
}

static void seal_test_nodes(struct kunit *test)
{
	struct kho_seal there = seal_of(2), computed = seal_of(1);

	KUNIT_EXPECT_TRUE(test, kho_seal_differs(&there, &computed));
	swap(pages[0], pages[1]);
	computed = seal_of(2);
	KUNIT_EXPECT_TRUE(test, kho_seal_differs(&there, &computed));
}

static void seal_test_broken(struct kunit *test)
{
	struct kho_seal there = seal_of(2), computed;

	there.magic = 0;
	pages[0][0]++;
	computed = seal_of(2);
	KUNIT_EXPECT_FALSE(test, kho_seal_differs(&there, &computed));
}

static struct kunit_case seal_test_cases[] = {
	KUNIT_CASE(seal_test_same),
	KUNIT_CASE(seal_test_changed),
	KUNIT_CASE(seal_test_nodes),
	KUNIT_CASE(seal_test_broken),
	{}
};

static struct kunit_suite seal_test_suite = {
	.name = "kho_seal",
	.init = seal_test_init,
	.test_cases = seal_test_cases,
};

kunit_test_suite(seal_test_suite);
