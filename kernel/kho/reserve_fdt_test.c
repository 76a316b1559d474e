// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of memory that reserve_mem= has reserved, as it is handed over.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/mm.h>

#include "fsm/test_clients.h"
#include "internal.h"
#include "reserve_fdt.h"

#define START	0x12340000ULL
#define SIZE	0x5001ULL

/* An entry of a list, as it is and as it should not be. */
struct entry {
	const char *name;
	const char *compatible;
	u64 start;
	u64 size;
	int size_len;		/* bytes of the property; 0 for 8 */
};

static void *new_fdt(struct kunit *test)
{
	void *fdt = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fdt);
	return fdt;
}

static struct kho_reserved_list *new_list(struct kunit *test)
{
	struct kho_reserved_list *list = kunit_kzalloc(test, sizeof(*list),
						       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, list);
	return list;
}

/* Written without the code under test; the first entry comes last. */
static void *list_of(struct kunit *test, const char *format,
		     const struct entry *entries, unsigned int nr)
{
	void *fdt = new_fdt(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fdt_create_empty_tree(fdt, PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, fdt_setprop_string(fdt, 0, "compatible", format),
			0);
	for (i = 0; i < nr; i++) {
		const struct entry *entry = &entries[i];
		int node = fdt_add_subnode(fdt, 0, entry->name);

		KUNIT_ASSERT_GT(test, node, 0);
		fdt_setprop_string(fdt, node, "compatible",
				   entry->compatible ?: "reserve-mem-v1");
		fdt_setprop(fdt, node, "start", &entry->start, 8);
		fdt_setprop(fdt, node, "size", &entry->size,
			    entry->size_len ?: 8);
	}
	return fdt;
}

static void reserve_test_add(struct kunit *test)
{
	static const struct {
		const char *name;
		u64 start;
		u64 size;
		int err;
	} cases[] = {
		{ "a", 0x10000, 0x4000, 0 },
		{ "fifteen-letters", 0x20000, 1, 0 },
		{ "a", 0x40000, 0x1000, -EEXIST },
		{ "over", 0x13000, 0x1000, -EEXIST },
		{ "over", 0xf000, 0x1001, -EEXIST },
		{ "over", 0x20000, 0x1000, -EEXIST },
		{ "beside", 0x14000, 0x1000, 0 },
		{ "sixteen--letters", 0x50000, 0x1000, -EINVAL },
		{ "", 0x50000, 0x1000, -EINVAL },
		{ "b", 0x50800, 0x1000, -EINVAL },
		{ "b", 0, 0x1000, -EINVAL },
		{ "b", 0x50000, 0, -EINVAL },
		{ "b", 0x50000, U64_MAX, -EINVAL },
		{ "b", 0xfffffffffffff000ULL, 0x1000, -EINVAL },
		{ "b", 0x8000000000000000ULL, 0x8000000000000000ULL, -EINVAL },
	};
	struct kho_reserved_list *list = new_list(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    kho_reserved_add(list, cases[i].name,
						     cases[i].start,
						     cases[i].size),
				    cases[i].err, "case %u", i);
	KUNIT_EXPECT_EQ(test, list->nr, 3);
	KUNIT_EXPECT_NULL(test, kho_reserved_find(list, "over"));
	KUNIT_EXPECT_PTR_EQ(test, kho_reserved_find(list, "beside"),
			    &list->mem[2]);
	KUNIT_EXPECT_EQ(test, kho_reserved_pages(&list->mem[0]), 4);
	KUNIT_EXPECT_EQ(test, kho_reserved_pages(&list->mem[1]), 1);
}

static void fill(struct kunit *test, struct kho_reserved_list *list)
{
	char name[] = "fifteen-letters";
	unsigned int i;

	for (i = 0; i < KHO_MAX_RESERVED; i++) {
		name[0] = 'a' + i;
		KUNIT_ASSERT_EQ(test, kho_reserved_add(list, name,
						       START + i * 0x10000,
						       SIZE + i), 0);
	}
	KUNIT_EXPECT_EQ(test, kho_reserved_add(list, "more", 0x1000, 1),
			-ENOSPC);
}

static void reserve_test_round_trip(struct kunit *test)
{
	struct kho_reserved_list *list = new_list(test), *found;
	void *fdt = new_fdt(test);

	found = new_list(test);
	KUNIT_ASSERT_EQ(test, kho_reserved_write(fdt, PAGE_SIZE, list), 0);
	KUNIT_EXPECT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE, found));
	KUNIT_EXPECT_EQ(test, found->nr, 0);

	fill(test, list);
	KUNIT_EXPECT_EQ(test, kho_reserved_write(fdt, 256, list), -ENOSPC);
	KUNIT_ASSERT_EQ(test, kho_reserved_write(fdt, PAGE_SIZE, list), 0);
	KUNIT_EXPECT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE, found));
	KUNIT_EXPECT_MEMEQ(test, found, list, sizeof(*list));
}

/* Property by property as mainline has it. */
static void reserve_test_format(struct kunit *test)
{
	struct kho_reserved_list *list = new_list(test);
	void *fdt = new_fdt(test);
	u64 start = START, size = SIZE;
	const void *prop;
	int node, len;

	KUNIT_ASSERT_EQ(test, kho_reserved_add(list, "oops", START, SIZE), 0);
	KUNIT_ASSERT_EQ(test, kho_reserved_write(fdt, PAGE_SIZE, list), 0);
	KUNIT_EXPECT_STREQ(test, fdt_getprop(fdt, 0, "compatible", NULL),
			   "memblock-v1");
	node = fdt_subnode_offset(fdt, 0, "oops");
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_EXPECT_STREQ(test, fdt_getprop(fdt, node, "compatible", NULL),
			   "reserve-mem-v1");
	prop = fdt_getprop(fdt, node, "start", &len);
	KUNIT_ASSERT_EQ(test, len, 8);
	KUNIT_EXPECT_MEMEQ(test, prop, &start, 8);
	prop = fdt_getprop(fdt, node, "size", &len);
	KUNIT_ASSERT_EQ(test, len, 8);
	KUNIT_EXPECT_MEMEQ(test, prop, &size, 8);
}

/* An entry that makes no sense is left out, and the others are not. */
static void reserve_test_broken_entry(struct kunit *test)
{
	static const struct entry broken[] = {
		{ "x", "reserve-mem-v2", START, SIZE },
		{ "sixteen--letters", NULL, START, SIZE },
		{ "x", NULL, START + 1, SIZE },
		{ "x", NULL, START, 0 },
		{ "x", NULL, START, ~0ULL << PAGE_SHIFT },
		{ "x", NULL, START, SIZE, 4 },
		{ "x", NULL, 0x20000, SIZE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(broken); i++) {
		struct kho_reserved_list *list = new_list(test);
		struct entry entries[] = {
			{ "first", NULL, 0x10000, 0x1000 },
			broken[i],
			{ "last", NULL, 0x20000, 0x10000 },
		};
		const void *fdt = list_of(test, "memblock-v1", entries,
					  ARRAY_SIZE(entries));

		KUNIT_EXPECT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE,
							  list));
		KUNIT_EXPECT_EQ_MSG(test, list->nr, 2, "case %u", i);
		KUNIT_EXPECT_NOT_NULL(test, kho_reserved_find(list, "first"));
		KUNIT_EXPECT_NOT_NULL(test, kho_reserved_find(list, "last"));
	}
}

static void reserve_test_broken_list(struct kunit *test)
{
	struct kho_reserved_list *list = new_list(test);
	struct entry entries[KHO_MAX_RESERVED + 1] = {};
	char names[KHO_MAX_RESERVED + 1][2] = {};
	void *fdt = list_of(test, "memblock-v2", NULL, 0);
	unsigned int i;

	KUNIT_EXPECT_NOT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE, list));
	memset(fdt, 0xff, PAGE_SIZE);
	KUNIT_EXPECT_NOT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE, list));

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		names[i][0] = 'a' + i;
		entries[i].name = names[i];
		entries[i].start = START + i * PAGE_SIZE;
		entries[i].size = 1;
	}
	fdt = list_of(test, "memblock-v1", entries, KHO_MAX_RESERVED);
	KUNIT_EXPECT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE, list));
	KUNIT_EXPECT_EQ(test, list->nr, KHO_MAX_RESERVED);
	fdt = list_of(test, "memblock-v1", entries, ARRAY_SIZE(entries));
	KUNIT_EXPECT_NOT_NULL(test, kho_reserved_read(fdt, PAGE_SIZE, list));
	KUNIT_EXPECT_EQ(test, list->nr, 0);
}

/* What is taken to stay reserved is nobody else's any more. */
static void reserve_test_take(struct kunit *test)
{
	void *mem = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);
	phys_addr_t phys;
	u64 incoming;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	phys = virt_to_phys(mem);
	KUNIT_ASSERT_EQ(test, kho_preserve_pages(virt_to_page(mem), 5), 0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	incoming = kho_test_incoming_pages();
	KUNIT_EXPECT_TRUE(test, kho_in_take(phys, 5));
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 5);
	KUNIT_EXPECT_FALSE(test, kho_in_take(phys, 5));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 5));

	/* Three pages in the middle of a block are not to be had by others. */
	KUNIT_ASSERT_EQ(test, kho_preserve_pages(virt_to_page(mem), 5), 0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	KUNIT_EXPECT_FALSE(test, kho_in_take(phys, 3));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 4));
	free_pages_exact(mem, 5 * PAGE_SIZE);
}

static struct kunit_case reserve_test_cases[] = {
	KUNIT_CASE(reserve_test_add),
	KUNIT_CASE(reserve_test_round_trip),
	KUNIT_CASE(reserve_test_format),
	KUNIT_CASE(reserve_test_broken_entry),
	KUNIT_CASE(reserve_test_broken_list),
	KUNIT_CASE(reserve_test_take),
	{}
};

static struct kunit_suite reserve_test_suite = {
	.name = "kho_reserve_mem",
	.test_cases = reserve_test_cases,
};

kunit_test_suite(reserve_test_suite);
