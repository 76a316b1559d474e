// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists that are handed over in blocks.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho_block.h>
#include <linux/mm.h>

#include "fsm/test_clients.h"
#include "internal.h"

#define PER_BLOCK	((KHO_BLOCK_SIZE - 16) / sizeof(struct entry))

struct entry {
	u64 number;
	char rest[492];
} __packed;

static struct kho_block_set *new_list(struct kunit *test)
{
	struct kho_block_set *bs = kunit_kzalloc(test, sizeof(*bs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bs);
	kho_block_set_init(bs, sizeof(struct entry));
	return bs;
}

static void write_entries(struct kunit *test, struct kho_block_set *bs, u64 nr)
{
	struct kho_block_set_it it;
	u64 i;

	kho_block_set_it_init(&it, bs);
	for (i = 0; i < nr; i++) {
		struct entry *entry = kho_block_set_it_reserve_entry(&it);

		KUNIT_ASSERT_NOT_NULL(test, entry);
		KUNIT_EXPECT_NULL(test, memchr_inv(entry, 0, sizeof(*entry)));
		entry->number = i;
		memset(entry->rest, 'x', sizeof(entry->rest));
	}
}

/* All of them, forwards and then backwards. */
static void expect_entries(struct kunit *test, struct kho_block_set *bs,
			   u64 nr)
{
	struct kho_block_set_it it;
	struct entry *entry;
	u64 i;

	kho_block_set_it_init(&it, bs);
	KUNIT_EXPECT_NULL(test, kho_block_set_it_prev(&it));
	for (i = 0; i < nr; i++) {
		entry = kho_block_set_it_read_entry(&it);
		KUNIT_ASSERT_NOT_NULL(test, entry);
		KUNIT_EXPECT_EQ(test, entry->number, i);
	}
	KUNIT_EXPECT_NULL(test, kho_block_set_it_read_entry(&it));
	KUNIT_EXPECT_NULL(test, kho_block_set_it_read_entry(&it));
	while (i--) {
		entry = kho_block_set_it_prev(&it);
		KUNIT_ASSERT_NOT_NULL(test, entry);
		KUNIT_EXPECT_EQ(test, entry->number, i);
	}
	KUNIT_EXPECT_NULL(test, kho_block_set_it_prev(&it));
}

static void block_test_room(struct kunit *test)
{
	static const u64 counts[] = {
		0, 1, PER_BLOCK, PER_BLOCK + 1, 3 * PER_BLOCK,
	};
	struct kho_block_set *bs = new_list(test);
	u64 before = kho_test_preserved_pages();
	int i;

	KUNIT_EXPECT_TRUE(test, kho_block_set_is_empty(bs));
	KUNIT_EXPECT_EQ(test, bs->count_per_block, PER_BLOCK);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		KUNIT_EXPECT_EQ(test, kho_block_set_grow(bs, counts[i]), 0);
		KUNIT_EXPECT_EQ(test, bs->nblocks,
				DIV_ROUND_UP(counts[i], PER_BLOCK));
		KUNIT_EXPECT_EQ(test, !counts[i],
				!kho_block_set_head_pa(bs));
		KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(),
				before + bs->nblocks);
	}
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(bs, 1), 0);
	KUNIT_EXPECT_EQ(test, bs->nblocks, 3);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(bs, U64_MAX), -E2BIG);
	for (i = ARRAY_SIZE(counts) - 1; i >= 0; i--) {
		kho_block_set_shrink(bs, counts[i]);
		KUNIT_EXPECT_EQ(test, bs->nblocks,
				DIV_ROUND_UP(counts[i], PER_BLOCK));
	}
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	KUNIT_EXPECT_EQ(test, kho_block_set_head_pa(bs), 0);

	kho_block_set_init(bs, KHO_BLOCK_SIZE - 15);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(bs, 1), -EINVAL);
}

/* The list ends where its last page is. */
static void block_test_shrink(struct kunit *test)
{
	struct kho_block_set *bs = new_list(test);
	const u64 *first;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(bs, 2 * PER_BLOCK), 0);
	write_entries(test, bs, 2 * PER_BLOCK);
	kho_block_set_shrink(bs, PER_BLOCK);
	first = phys_to_virt(kho_block_set_head_pa(bs));
	KUNIT_EXPECT_EQ(test, first[0], 0);
	KUNIT_EXPECT_EQ(test, first[1], PER_BLOCK);
	expect_entries(test, bs, PER_BLOCK);
	kho_block_set_destroy(bs);
}

#ifdef CONFIG_KHO_FAULT_INJECTION
static void block_test_grow_fails(struct kunit *test)
{
	struct kho_block_set *bs = new_list(test);
	u64 before;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(bs, PER_BLOCK), 0);
	before = kho_test_preserved_pages();
	test_fail_after(2);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(bs, 5 * PER_BLOCK), -ENOMEM);
	test_fail_no_more();
	KUNIT_EXPECT_EQ(test, bs->nblocks, 1);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(bs, 5 * PER_BLOCK), 0);
	kho_block_set_destroy(bs);
}
#endif

static void block_test_entries(struct kunit *test)
{
	struct kho_block_set list = KHO_BLOCK_SET_INIT(list,
						       sizeof(struct entry));
	struct kho_block_set_it it;
	u64 nr;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(&list, 2 * PER_BLOCK), 0);
	for (nr = 0; nr <= 2 * PER_BLOCK; nr++) {
		kho_block_set_clear(&list);
		write_entries(test, &list, nr);
		expect_entries(test, &list, nr);
	}
	kho_block_set_it_init(&it, &list);
	for (nr = 0; nr < 2 * PER_BLOCK; nr++)
		KUNIT_EXPECT_NOT_NULL(test,
				      kho_block_set_it_reserve_entry(&it));
	KUNIT_EXPECT_NULL(test, kho_block_set_it_reserve_entry(&it));
	kho_block_set_destroy(&list);
	KUNIT_EXPECT_TRUE(test, kho_block_set_is_empty(&list));
}

/* Byte by byte; a page without entries is no part of it. */
static void block_test_format(struct kunit *test)
{
	struct kho_block_set *bs = new_list(test);
	const u64 *first, *second;
	const struct entry *entry;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(bs, 3 * PER_BLOCK), 0);
	write_entries(test, bs, PER_BLOCK + 1);
	first = phys_to_virt(kho_block_set_head_pa(bs));
	KUNIT_EXPECT_EQ(test, first[1], PER_BLOCK);
	KUNIT_ASSERT_NE(test, first[0], 0);
	second = phys_to_virt(first[0]);
	KUNIT_EXPECT_EQ(test, second[0], 0);
	KUNIT_EXPECT_EQ(test, second[1], 1);
	entry = (const struct entry *)(second + 2);
	KUNIT_EXPECT_EQ(test, entry->number, PER_BLOCK);
	kho_block_set_destroy(bs);
}

/* Hands over a list of one entry more than a page has; where it is. */
static u64 hand_over(struct kunit *test, struct kho_block_set *bs)
{
	u64 head;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(bs, PER_BLOCK + 1), 0);
	write_entries(test, bs, PER_BLOCK + 1);
	head = kho_block_set_head_pa(bs);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	return head;
}

static void forget(struct kho_block_set *bs)
{
	struct kho_block *block, *tmp;

	list_for_each_entry_safe(block, tmp, &bs->blocks, list)
		kfree(block);
}

static void block_test_restore(struct kunit *test)
{
	struct kho_block_set *out = new_list(test), *in = new_list(test);
	u64 head = hand_over(test, out), incoming;

	forget(out);
	incoming = kho_test_incoming_pages();
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(in, 0), 0);
	KUNIT_EXPECT_TRUE(test, kho_block_set_is_empty(in));
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(in, head), 0);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 2);
	KUNIT_EXPECT_EQ(test, kho_block_set_head_pa(in), head);
	expect_entries(test, in, PER_BLOCK + 1);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(in, 5 * PER_BLOCK), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(in, head), -EBUSY);
	kho_block_set_destroy(in);
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(in, head), -EINVAL);
}

/* What is no list is left alone. */
static void block_test_broken(struct kunit *test)
{
	struct kho_block_set *out = new_list(test), *in = new_list(test);
	u64 head = hand_over(test, out), incoming;
	u64 *first = phys_to_virt(head), *second = phys_to_virt(first[0]);
	const struct {
		u64 *place;
		u64 value;
	} changes[] = {
		{ &first[0], head },
		{ &second[0], head },
		{ &second[0], 8 },
		{ &second[0], head + PAGE_SIZE / 2 },
		{ &second[0], U64_MAX & PAGE_MASK },
		{ &first[1], 0 },
		{ &first[1], PER_BLOCK + 1 },
		{ &second[1], 0 },
		{ &second[1], U64_MAX },
	};
	unsigned int i;

	forget(out);
	incoming = kho_test_incoming_pages();
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		u64 before = *changes[i].place;

		*changes[i].place = changes[i].value;
		KUNIT_EXPECT_EQ_MSG(test, kho_block_set_restore(in, head),
				    -EINVAL, "change %u", i);
		*changes[i].place = before;
	}
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(in, head + 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming);
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(in, head), 0);
	expect_entries(test, in, PER_BLOCK + 1);
	kho_block_set_destroy(in);
}

static struct kunit_case block_test_cases[] = {
	KUNIT_CASE(block_test_room),
	KUNIT_CASE(block_test_shrink),
#ifdef CONFIG_KHO_FAULT_INJECTION
	KUNIT_CASE(block_test_grow_fails),
#endif
	KUNIT_CASE(block_test_entries),
	KUNIT_CASE(block_test_format),
	KUNIT_CASE(block_test_restore),
	KUNIT_CASE(block_test_broken),
	{}
};

static struct kunit_suite block_test_suite = {
	.name = "kho_block",
	.test_cases = block_test_cases,
};

kunit_test_suite(block_test_suite);
