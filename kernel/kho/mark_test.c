// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel says about itself, found in its image or not.
 */
#include <kunit/test.h>
#include <linux/kho/abi/mark.h>
#include <linux/string.h>

#include "mark.h"

#define SIZE	(2 * KHO_MARK_MAX)

static char *new_image(struct kunit *test)
{
	char *image = kunit_kmalloc(test, SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, image);
	/* The mark begins with that, so every byte could be its beginning. */
	return memset(image, KHO_MARK[0], SIZE);
}

static void put(char *image, size_t place, const char *text, size_t size)
{
	memcpy(image + place, text, min(size, SIZE - place));
}

static void mark_test_none(struct kunit *test)
{
	char *image = new_image(test);

	KUNIT_EXPECT_NULL(test, kho_mark_find(image, SIZE));
	KUNIT_EXPECT_NULL(test, kho_mark_find(image, 0));
	KUNIT_EXPECT_NULL(test, kho_mark_find(image, 1));
}

static void mark_test_found(struct kunit *test)
{
	static const char mark[] = KHO_MARK " a-v1 b-v2";
	static const size_t places[] = { 0, 1, 1000, SIZE - sizeof(mark) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		char *image = new_image(test);

		put(image, places[i], mark, sizeof(mark));
		KUNIT_EXPECT_STREQ(test, kho_mark_find(image, SIZE),
				   "a-v1 b-v2");
	}
}

/* The code that looks for the mark has it in its own image, without a list. */
static void mark_test_skips_empty(struct kunit *test)
{
	static const char * const empty[] = { KHO_MARK, KHO_MARK " " };
	static const char mark[] = KHO_MARK " a-v1";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(empty); i++) {
		char *image = new_image(test);

		put(image, 10, empty[i], strlen(empty[i]) + 1);
		KUNIT_EXPECT_NULL(test, kho_mark_find(image, SIZE));
		put(image, 100, mark, sizeof(mark));
		KUNIT_EXPECT_STREQ(test, kho_mark_find(image, SIZE), "a-v1");
	}
}

static void mark_test_cut_off(struct kunit *test)
{
	static const char mark[] = KHO_MARK " a-v1";
	char *image = new_image(test);
	size_t cut;

	for (cut = 1; cut < sizeof(mark); cut++) {
		put(image, SIZE - sizeof(mark) + cut, mark, sizeof(mark) - cut);
		KUNIT_EXPECT_NULL(test, kho_mark_find(image, SIZE));
	}
}

static void mark_test_endless(struct kunit *test)
{
	static const char mark[] = KHO_MARK " a-v1";
	char *image = new_image(test);

	put(image, 0, mark, sizeof(mark) - 1);
	image[SIZE - 1] = '\0';
	KUNIT_EXPECT_NULL(test, kho_mark_find(image, SIZE));
	image[KHO_MARK_MAX - 1] = '\0';
	KUNIT_EXPECT_NOT_NULL(test, kho_mark_find(image, SIZE));
}

static struct kunit_case mark_test_cases[] = {
	KUNIT_CASE(mark_test_none),
	KUNIT_CASE(mark_test_found),
	KUNIT_CASE(mark_test_skips_empty),
	KUNIT_CASE(mark_test_cut_off),
	KUNIT_CASE(mark_test_endless),
	{}
};

static struct kunit_suite mark_test_suite = {
	.name = "kho_mark",
	.test_cases = mark_test_cases,
};

kunit_test_suite(mark_test_suite);
