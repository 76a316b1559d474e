// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of structures, and lists, as most of an image is made of them.
 */
#include <kunit/test.h>

#include "internal.h"
#include "test_clients.h"

struct thing {
	u8 byte;
	bool flag;
	u16 half;
	u32 word;
	u64 wide;
};

static const struct kho_field fields[] = {
	KHO_FIELD("byte", U8_MAX, struct thing, byte),
	KHO_FIELD("flag", 1, struct thing, flag),
	KHO_FIELD("half", 5000, struct thing, half),
	KHO_FIELD("word", U32_MAX, struct thing, word),
	KHO_FIELD("wide", U64_MAX, struct thing, wide),
};

static const struct thing full = {
	.byte = 0xfe,
	.flag = true,
	.half = 5000,
	.word = 0x89abcdef,
	.wide = 0xfedcba9876543210,
};

static int image_fields_test_init(struct kunit *test)
{
	test->priv = test_image_new(test);
	return 0;
}

static void expect_equal(struct kunit *test, const struct thing *one,
			 const struct thing *two)
{
	KUNIT_EXPECT_EQ(test, one->byte, two->byte);
	KUNIT_EXPECT_EQ(test, one->flag, two->flag);
	KUNIT_EXPECT_EQ(test, one->half, two->half);
	KUNIT_EXPECT_EQ(test, one->word, two->word);
	KUNIT_EXPECT_EQ(test, one->wide, two->wide);
}

static void image_fields_test_round_trip(struct kunit *test)
{
	struct kho_image *image = test->priv;
	struct thing found = {};
	u64 wrote;

	KUNIT_ASSERT_EQ(test, kho_image_set_fields(image, fields,
						   ARRAY_SIZE(fields), &full),
			0);
	KUNIT_EXPECT_EQ(test, kho_image_get_fields(image, 0, fields,
						   ARRAY_SIZE(fields), &found),
			0);
	expect_equal(test, &found, &full);

	/* Four cells, and two cells once. */
	KUNIT_EXPECT_EQ(test, image->wrote, 4 * 4 + 8);
	wrote = image->wrote;
	kho_image_set_fields(image, fields, ARRAY_SIZE(fields), &full);
	KUNIT_EXPECT_EQ(test, image->wrote, wrote);
}

/* Each that can't be read is left alone, and the others are read. */
static void image_fields_test_bad_ones(struct kunit *test)
{
	struct kho_image *image = test->priv;
	struct thing found = { .flag = false, .half = 7, .wide = 9 };
	struct thing wanted = full;
	u64 val;

	kho_image_set_fields(image, fields, ARRAY_SIZE(fields), &full);
	kho_image_set_u32(image, "flag", 2);
	kho_image_set_string(image, "half", "no number");
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "wide", 1), 0);
	KUNIT_EXPECT_EQ(test, kho_image_get_fields(image, 0, fields,
						   ARRAY_SIZE(fields), &found),
			-ERANGE);
	wanted.flag = false;
	wanted.half = 7;
	wanted.wide = 9;
	expect_equal(test, &found, &wanted);

	KUNIT_EXPECT_EQ(test, kho_image_get_field(image, 0, &fields[1], &found,
						  &val), -ERANGE);
	KUNIT_EXPECT_EQ(test, val, 2);
	KUNIT_EXPECT_EQ(test, kho_image_get_field(image, 0, &fields[2], &found,
						  &val), -EINVAL);
}

static void image_fields_test_missing(struct kunit *test)
{
	struct thing found = full;

	KUNIT_EXPECT_EQ(test, kho_image_get_fields(test->priv, 0, fields,
						   ARRAY_SIZE(fields), &found),
			-ENOENT);
	expect_equal(test, &found, &full);
}

static void write_list(struct kunit *test, unsigned int nr)
{
	struct kho_image *image = test->priv;
	unsigned int i;

	kho_image_rewind(image);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "queues"), 0);
	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_EQ(test, kho_image_enter_item(image, "queue", i),
				0);
		KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "index", i), 0);
		kho_image_leave(image);
	}
	KUNIT_ASSERT_EQ(test, kho_image_end_list(image, "queue", nr), 0);
	kho_image_leave(image);
}

static void expect_list(struct kunit *test, unsigned int nr)
{
	const struct kho_image *image = test->priv;
	int list = kho_image_find(image, 0, "queues"), node;
	unsigned int i, nodes = 0;
	u32 val;

	KUNIT_ASSERT_GE(test, list, 0);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, list, "count", &val), 0);
	KUNIT_EXPECT_EQ(test, val, nr);
	for (node = kho_image_first(image, list); node >= 0;
	     node = kho_image_next(image, node))
		nodes++;
	KUNIT_EXPECT_EQ(test, nodes, nr);

	for (i = 0; i < nr; i++) {
		node = kho_image_find_item(image, list, "queue", i);
		KUNIT_ASSERT_GE(test, node, 0);
		KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, node, "index",
							&val), 0);
		KUNIT_EXPECT_EQ(test, val, i);
	}
	KUNIT_EXPECT_EQ(test, kho_image_find_item(image, list, "queue", nr),
			-ENOENT);
}

/* It grows and shrinks from pass to pass. */
static void image_fields_test_list(struct kunit *test)
{
	static const unsigned int lengths[] = { 3, 12, 5, 5, 0, 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		write_list(test, lengths[i]);
		expect_list(test, lengths[i]);
	}
}

static struct kunit_case image_fields_test_cases[] = {
	KUNIT_CASE(image_fields_test_round_trip),
	KUNIT_CASE(image_fields_test_bad_ones),
	KUNIT_CASE(image_fields_test_missing),
	KUNIT_CASE(image_fields_test_list),
	{}
};

static struct kunit_suite image_fields_test_suite = {
	.name = "kho_image_fields",
	.init = image_fields_test_init,
	.test_cases = image_fields_test_cases,
};

kunit_test_suite(image_fields_test_suite);
