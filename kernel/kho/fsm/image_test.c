// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images: what is written is read back, whatever their size; what is broken is
 * found out.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "internal.h"
#include "test_clients.h"

static void free_test_pages(void *mem)
{
	free_pages_exact(mem, 4 * PAGE_SIZE);
}

/* Four pages, filled with different bytes. */
static struct page *new_pages(struct kunit *test, u8 fill)
{
	void *mem = alloc_pages_exact(4 * PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_test_pages,
							mem), 0);
	memset(mem, fill, 4 * PAGE_SIZE);
	return virt_to_page(mem);
}

static bool preserved(struct page *page, unsigned long nr_pages)
{
	return kho_test_preserved(page_to_phys(page), nr_pages);
}

/* --- growth --- */

#define BIG	(200 * 1024)

static void image_test_growth(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	u8 *data = kunit_kmalloc(test, BIG, GFP_KERNEL);
	unsigned int i;
	const void *val;
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < BIG; i++)
		data[i] = i * 31 >> 3;
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "before", 1), 0);
	KUNIT_ASSERT_EQ(test, image->capacity, PAGE_SIZE);

	KUNIT_ASSERT_EQ(test, kho_image_set(image, "big", data, BIG), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "after", 2), 0);
	KUNIT_EXPECT_GE(test, image->capacity, BIG);
	KUNIT_EXPECT_LT(test, image->capacity, 4 * BIG);
	KUNIT_EXPECT_TRUE(test, preserved(virt_to_page(image->fdt),
					  image->capacity >> PAGE_SHIFT));

	val = kho_image_get(image, 0, "big", &len);
	KUNIT_ASSERT_NOT_NULL(test, val);
	KUNIT_ASSERT_EQ(test, len, BIG);
	KUNIT_EXPECT_MEMEQ(test, val, data, BIG);
	KUNIT_EXPECT_PTR_EQ(test, kho_image_format(image, test_formats),
			    test_formats[0]);
}

static void image_test_too_large(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	size_t chunk = 64 * 1024;
	u8 *data = kunit_kzalloc(test, chunk, GFP_KERNEL);
	unsigned int i;
	char name[16];
	u32 val;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_EXPECT_EQ(test, kho_image_set(image, "huge", data,
					    KHO_IMAGE_MAX + 1), -E2BIG);
	KUNIT_EXPECT_EQ(test, kho_image_set(image, "huge", data, SIZE_MAX),
			-E2BIG);
	KUNIT_EXPECT_EQ(test, image->capacity, PAGE_SIZE);

	for (i = 0; i < KHO_IMAGE_MAX / chunk; i++) {
		snprintf(name, sizeof(name), "chunk%u", i);
		err = kho_image_set(image, name, data, chunk);
		if (err)
			break;
	}
	/* Names and the like take some room, but less than a chunk. */
	KUNIT_EXPECT_EQ(test, err, -E2BIG);
	KUNIT_EXPECT_EQ(test, i, KHO_IMAGE_MAX / chunk - 1);
	KUNIT_EXPECT_EQ(test, image->capacity, KHO_IMAGE_MAX);
	KUNIT_EXPECT_NULL(test, kho_image_get(image, 0, name, &chunk));

	/* It can still be written, and read. */
	KUNIT_EXPECT_EQ(test, kho_image_set_u32(image, "small", 5), 0);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "small", &val), 0);
	KUNIT_EXPECT_EQ(test, val, 5);
	kho_image_seal(image);
	KUNIT_EXPECT_NULL(test, kho_image_verify(image));
}

/* Each level writes enough to have the image grow below the nodes entered. */
static void image_test_growth_while_nested(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	u8 *data = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	char name[16];
	int node = 0;
	u32 depth, val;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (depth = 1; depth <= KHO_IMAGE_DEPTH; depth++) {
		snprintf(name, sizeof(name), "node%u", depth);
		KUNIT_ASSERT_EQ(test, kho_image_enter(image, name), 0);
		KUNIT_ASSERT_EQ(test, kho_image_set(image, "data", data,
						    2 * PAGE_SIZE), 0);
	}
	KUNIT_EXPECT_EQ(test, kho_image_enter(image, "deeper"), -E2BIG);

	/* On the way back, each node that was entered is still the one. */
	for (; depth-- > 1; kho_image_leave(image))
		KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "depth", depth),
				0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "depth", 0), 0);

	for (depth = 0;; depth++) {
		KUNIT_ASSERT_EQ(test, kho_image_get_u32(image, node, "depth",
							&val), 0);
		KUNIT_EXPECT_EQ(test, val, depth);
		if (depth == KHO_IMAGE_DEPTH)
			break;
		node = kho_image_first(image, node);
		KUNIT_ASSERT_GT(test, node, 0);
		snprintf(name, sizeof(name), "node%u", depth + 1);
		KUNIT_EXPECT_STREQ(test, kho_image_name(image, node), name);
	}
	KUNIT_EXPECT_EQ(test, kho_image_first(image, node), -ENOENT);
	kho_image_seal(image);
	KUNIT_EXPECT_NULL(test, kho_image_verify(image));
}

static void image_test_many_nodes(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	unsigned int i, n = 0;
	char name[16];
	u32 val;
	int node;

	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "port@%u", i);
		KUNIT_ASSERT_EQ(test, kho_image_enter(image, name), 0);
		KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "index", i), 0);
		kho_image_leave(image);
	}
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "port@%u", i);
		node = kho_image_find(image, 0, name);
		KUNIT_ASSERT_GT(test, node, 0);
		KUNIT_ASSERT_EQ(test, kho_image_get_u32(image, node, "index",
							&val), 0);
		KUNIT_EXPECT_EQ(test, val, i);
	}
	for (node = kho_image_first(image, 0); node > 0;
	     node = kho_image_next(image, node))
		n++;
	KUNIT_EXPECT_EQ(test, n, 500);
	KUNIT_EXPECT_EQ(test, node, -ENOENT);
}

/* --- what counts as written --- */

static u64 write_pass(struct kunit *test, struct kho_image *image, u32 val,
		      const char *str)
{
	kho_image_rewind(image);
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "u32", val), 0);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "child"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u64(image, "u64", 7), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_string(image, "str", str), 0);
	kho_image_leave(image);
	return image->wrote;
}

static void image_test_only_changes_count(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);

	KUNIT_EXPECT_EQ(test, write_pass(test, image, 1, "one"),
			4 + strlen("child") + 8 + 4);
	KUNIT_EXPECT_EQ(test, write_pass(test, image, 1, "one"), 0);
	KUNIT_EXPECT_EQ(test, write_pass(test, image, 2, "one"), 4);
	KUNIT_EXPECT_EQ(test, write_pass(test, image, 2, "longer"), 7);
	KUNIT_EXPECT_EQ(test, write_pass(test, image, 2, "longer"), 0);
	kho_image_wrote(image, 1000);
	KUNIT_EXPECT_EQ(test, image->wrote, 1000);
	KUNIT_EXPECT_EQ(test, kho_image_delete(image, "child"), 0);
	KUNIT_EXPECT_EQ(test, write_pass(test, image, 2, "longer"),
			strlen("child") + 8 + 7);
}

/* --- found again --- */

#define NR_ITEMS	12
#define NR_NUMBERS	40

/* What a pass of the test does. */
static const struct found_pass {
	const char *what;
	u32 add;	/* to each value */
	bool backward;
	int grown;	/* item with a property that becomes longer, or -1 */
	int deleted;	/* item that is deleted before, or -1 */
} found_passes[] = {
	{ "first", 0, false, -1, -1 },
	{ "same", 0, false, -1, -1 },
	{ "same again", 0, false, -1, -1 },
	{ "other values", 5, false, -1, -1 },
	{ "the other way round", 5, true, -1, -1 },
	{ "one grows", 5, false, 7, -1 },
	{ "after that", 5, false, -1, -1 },
	{ "one is made anew", 6, true, -1, 3 },
	{ "after that, too", 6, false, -1, -1 },
};

static u32 found_value(const struct found_pass *pass, u32 item, u32 number)
{
	return pass->add + item * 1000 + number;
}

static void write_item(struct kunit *test, struct kho_image *image,
		       const struct found_pass *pass, u32 item, char *text)
{
	char name[16];
	u32 i, number;

	if (pass->deleted == item) {
		snprintf(name, sizeof(name), "item@%u", item);
		KUNIT_EXPECT_EQ(test, kho_image_delete(image, name), 0);
	}
	KUNIT_ASSERT_EQ(test, kho_image_enter_item(image, "item", item), 0);
	for (i = 0; i < NR_NUMBERS; i++) {
		number = pass->backward ? NR_NUMBERS - 1 - i : i;
		snprintf(name, sizeof(name), "number-%u", number);
		KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, name,
							found_value(pass, item,
								    number)), 0);
		if (number == NR_NUMBERS / 2)
			KUNIT_ASSERT_EQ(test, kho_image_set_string(image, "text",
								   text), 0);
	}
	kho_image_leave(image);
}

static void expect_item(struct kunit *test, const struct kho_image *image,
			const struct found_pass *pass, u32 item,
			const char *text)
{
	int node = kho_image_find_item(image, 0, "item", item);
	const char *found_text;
	char name[16];
	u32 i, val;
	int prop, count = 0;

	KUNIT_ASSERT_GT_MSG(test, node, 0, "%s: item %u", pass->what, item);
	for (i = 0; i < NR_NUMBERS; i++) {
		snprintf(name, sizeof(name), "number-%u", i);
		KUNIT_ASSERT_EQ(test, kho_image_get_u32(image, node, name,
							&val), 0);
		KUNIT_EXPECT_EQ_MSG(test, val, found_value(pass, item, i),
				    "%s: item %u: number %u", pass->what, item,
				    i);
	}
	KUNIT_ASSERT_EQ(test, kho_image_get_string(image, node, "text",
						   &found_text), 0);
	KUNIT_EXPECT_STREQ(test, found_text, text);
	fdt_for_each_property_offset(prop, image->fdt, node)
		count++;
	KUNIT_EXPECT_EQ_MSG(test, count, NR_NUMBERS + 1, "%s: item %u",
			    pass->what, item);
}

/* In whatever order, and whatever has moved since, it is the right one. */
static void image_test_found_again(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	char texts[NR_ITEMS][16] = {};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(found_passes); i++) {
		const struct found_pass *pass = &found_passes[i];

		if (pass->grown >= 0)
			strscpy(texts[pass->grown], "longer");
		kho_image_rewind(image);
		for (k = 0; k < NR_ITEMS; k++)
			write_item(test, image, pass,
				   pass->backward ? NR_ITEMS - 1 - k : k,
				   texts[pass->backward ? NR_ITEMS - 1 - k : k]);
		for (k = 0; k < NR_ITEMS; k++)
			expect_item(test, image, pass, k, texts[k]);
		if (i == 1 || i == 2)
			KUNIT_EXPECT_EQ(test, image->wrote, 0);
	}
}

/* A phase begins at the root, even if the last one ended elsewhere. */
static void image_test_rewind(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	u32 val;

	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "child"), 0);
	kho_image_rewind(image);
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "u32", 1), 0);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "u32", &val), 0);
}

/* --- names --- */

static void image_test_names(struct kunit *test)
{
	static const char * const bad[] = {
		"", ".", "..", ".hidden", "a/b", "a b", "a\n", "\xe4", "a:b",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	static const char * const good[] = {
		"a", "a.b", "link-mode", "port@0", "a_b", "0", "a,b", "a+b",
		"012345678901234567890123456789012345678901234567890123456789012",
	};
	struct kho_image *image = test_image_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test, kho_image_enter(image, bad[i]),
				    -EINVAL, "\"%s\"", bad[i]);
		KUNIT_EXPECT_EQ(test, kho_image_set_u32(image, bad[i], 1),
				-EINVAL);
	}
	KUNIT_EXPECT_EQ(test, kho_image_first(image, 0), -ENOENT);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_EXPECT_EQ_MSG(test, kho_image_enter(image, good[i]), 0,
				    "\"%s\"", good[i]);
		KUNIT_EXPECT_EQ(test, kho_image_set_u32(image, good[i], 1), 0);
		kho_image_leave(image);
	}
}

/* To libfdt, "port" may be short for "port@0"; nothing may get mixed up. */
static void image_test_unit_names(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	int node;

	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "port@0"), 0);
	kho_image_leave(image);
	KUNIT_EXPECT_EQ(test, kho_image_find(image, 0, "port"), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_image_delete(image, "port"), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_image_enter(image, "port"), -EINVAL);

	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "queue"), 0);
	kho_image_leave(image);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "queue@0"), 0);
	kho_image_leave(image);
	node = kho_image_find(image, 0, "queue");
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_EXPECT_STREQ(test, kho_image_name(image, node), "queue");
}

/* --- reading back --- */

static void image_test_read_back(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	const u8 mac[] = { 0, 1, 2, 3, 4, 5 };
	const char *str;
	u8 got[6];
	u32 u32_val;
	u64 u64_val;
	int node;
	size_t len;

	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "child"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "u32", 0x12345678), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u64(image, "u64",
						0x123456789abcdef0), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_string(image, "str", "text"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_string(image, "empty", ""), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set(image, "mac", mac, sizeof(mac)), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set(image, "flag", NULL, 0), 0);
	kho_image_leave(image);
	kho_image_seal(image);
	KUNIT_EXPECT_NULL(test, kho_image_verify(image));

	node = kho_image_find(image, 0, "child");
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, node, "u32", &u32_val),
			0);
	KUNIT_EXPECT_EQ(test, u32_val, 0x12345678);
	KUNIT_EXPECT_EQ(test, kho_image_get_u64(image, node, "u64", &u64_val),
			0);
	KUNIT_EXPECT_EQ(test, u64_val, 0x123456789abcdef0);
	KUNIT_EXPECT_EQ(test, kho_image_get_string(image, node, "str", &str),
			0);
	KUNIT_EXPECT_STREQ(test, str, "text");
	KUNIT_EXPECT_EQ(test, kho_image_get_string(image, node, "empty", &str),
			0);
	KUNIT_EXPECT_STREQ(test, str, "");
	KUNIT_EXPECT_EQ(test, kho_image_get_fixed(image, node, "mac", got, 6),
			0);
	KUNIT_EXPECT_MEMEQ(test, got, mac, 6);
	KUNIT_EXPECT_NOT_NULL(test, kho_image_get(image, node, "flag", &len));
	KUNIT_EXPECT_EQ(test, len, 0);
}

/* An image is read on another machine, by dtc too: numbers are big-endian. */
static void image_test_byte_order(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	const u8 wire32[] = { 1, 2, 3, 4 };
	const u8 wire64[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const void *val;
	size_t len;

	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "a", 0x01020304), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u64(image, "b",
						0x0102030405060708), 0);
	val = kho_image_get(image, 0, "a", &len);
	KUNIT_ASSERT_EQ(test, len, 4);
	KUNIT_EXPECT_MEMEQ(test, val, wire32, 4);
	val = kho_image_get(image, 0, "b", &len);
	KUNIT_ASSERT_EQ(test, len, 8);
	KUNIT_EXPECT_MEMEQ(test, val, wire64, 8);
}

static void image_test_wrong_types(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	unsigned long nr_pages;
	const char *str;
	u32 u32_val;
	u64 u64_val;
	size_t len = 1;

	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "u32", 1), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_u64(image, "u64", 1), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set(image, "open", "abc", 3), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set(image, "early", "a\0bc", 5), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set(image, "none", NULL, 0), 0);

	KUNIT_EXPECT_EQ(test, kho_image_get_u64(image, 0, "u32", &u64_val),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "u64", &u32_val),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "none", &u32_val),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_image_get_string(image, 0, "open", &str),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_image_get_string(image, 0, "early", &str),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_image_get_string(image, 0, "none", &str),
			-EINVAL);

	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "no", &u32_val),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, kho_image_get_u64(image, 0, "no", &u64_val),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, kho_image_get_string(image, 0, "no", &str),
			-ENOENT);
	KUNIT_EXPECT_NULL(test, kho_image_get(image, 0, "no", &len));
	KUNIT_EXPECT_EQ(test, len, 0);
	KUNIT_EXPECT_NULL(test, kho_image_get_pages(image, 0, "no", &nr_pages));
	KUNIT_EXPECT_NULL(test, kho_image_get_pages(image, 0, "u64",
						    &nr_pages));
	KUNIT_EXPECT_EQ(test, kho_image_find(image, 0, "no"), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_image_first(image, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_image_next(image, 0), -ENOENT);
}

static void image_test_formats(struct kunit *test)
{
	static const char * const older[] = { "test-v0", "test-v1", NULL };
	static const char * const newer[] = { "test-v3", "test-v2", "test-v1",
					      NULL };
	static const char * const other[] = { "test", "test-v22", NULL };
	static const char * const none[] = { NULL };
	struct kho_image *image = test_image_new(test);

	KUNIT_EXPECT_STREQ(test, kho_image_format(image, test_formats),
			   "test-v2");
	KUNIT_EXPECT_STREQ(test, kho_image_format(image, older), "test-v1");
	KUNIT_EXPECT_STREQ(test, kho_image_format(image, newer), "test-v2");
	KUNIT_EXPECT_NULL(test, kho_image_format(image, other));
	KUNIT_EXPECT_NULL(test, kho_image_format(image, none));
}

/* --- deleting --- */

static void image_test_delete(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);

	KUNIT_EXPECT_EQ(test, kho_image_delete(image, "a"), -ENOENT);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "a"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "b"), 0);
	kho_image_leave(image);
	KUNIT_EXPECT_EQ(test, kho_image_delete(image, "a"), -ENOENT);
	kho_image_leave(image);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "c"), 0);
	kho_image_leave(image);

	KUNIT_EXPECT_EQ(test, kho_image_delete(image, "a"), 0);
	KUNIT_EXPECT_EQ(test, kho_image_find(image, 0, "a"), -ENOENT);
	KUNIT_EXPECT_GT(test, kho_image_find(image, 0, "c"), 0);
}

/* --- preserved pages --- */

static void image_test_pages(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	struct page *page = new_pages(test, 1);
	unsigned long nr_pages = 0;
	u64 wrote;

	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mem", page, 4), 0);
	KUNIT_EXPECT_TRUE(test, preserved(page, 4));
	KUNIT_EXPECT_PTR_EQ(test, kho_image_get_pages(image, 0, "mem",
						      &nr_pages),
			    page_address(page));
	KUNIT_EXPECT_EQ(test, nr_pages, 4);

	wrote = image->wrote;
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "mem", page, 4), 0);
	KUNIT_EXPECT_EQ(test, image->wrote, wrote);
	KUNIT_EXPECT_EQ(test, image->nr_extents, 1);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "other", page, 4),
			-EEXIST);
}

/* No two references share a page; neighbours are none of their business. */
static void image_test_pages_overlap(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	struct page *page = new_pages(test, 1);

	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "none", page, 0),
			-EINVAL);
	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mid", page + 1, 2),
			0);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "a", page, 2),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "a", page + 2, 2),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "a", page + 1, 1),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "a", page, 4),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "a", page, 1), 0);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "z", page + 3, 1), 0);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "mid", page + 2, 1),
			0);
	KUNIT_EXPECT_FALSE(test, preserved(page + 1, 1));
	KUNIT_EXPECT_EQ(test, image->nr_extents, 3);
}

static void image_test_pages_replaced(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	struct page *one = new_pages(test, 1), *two = new_pages(test, 2);
	unsigned long nr_pages;

	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mem", one, 4), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mem", two, 3), 0);
	KUNIT_EXPECT_FALSE(test, preserved(one, 1));
	KUNIT_EXPECT_TRUE(test, preserved(two, 3));
	KUNIT_EXPECT_EQ(test, image->nr_extents, 1);
	KUNIT_EXPECT_PTR_EQ(test, kho_image_get_pages(image, 0, "mem",
						      &nr_pages),
			    page_address(two));

	/* A reference that is overwritten refers to nothing any more. */
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "mem", 1), 0);
	KUNIT_EXPECT_EQ(test, image->nr_extents, 0);
	KUNIT_EXPECT_FALSE(test, preserved(two, 1));
}

/* The same memory, but more of it or less. */
static void image_test_pages_resized(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	struct page *page = new_pages(test, 1);
	unsigned long nr_pages;
	unsigned int n;

	for (n = 1; n <= 4; n++) {
		KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mem", page,
							  n), 0);
		KUNIT_EXPECT_TRUE(test, preserved(page, n));
	}
	for (n = 4; n >= 1; n--) {
		KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mem", page,
							  n), 0);
		KUNIT_EXPECT_TRUE(test, preserved(page, n));
		KUNIT_EXPECT_NOT_NULL(test, kho_image_get_pages(image, 0, "mem",
								&nr_pages));
		KUNIT_EXPECT_EQ(test, nr_pages, n);
	}
	KUNIT_EXPECT_EQ(test, image->nr_extents, 1);
}

static void image_test_pages_deleted(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	struct page *one = new_pages(test, 1), *two = new_pages(test, 2);
	struct page *kept = new_pages(test, 3);
	unsigned long nr_pages;

	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "kept", kept, 4), 0);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "a"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "one", one, 4), 0);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "b"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "two", two, 4), 0);
	kho_image_leave(image);
	kho_image_leave(image);
	KUNIT_EXPECT_EQ(test, image->nr_extents, 3);

	KUNIT_ASSERT_EQ(test, kho_image_delete(image, "a"), 0);
	KUNIT_EXPECT_FALSE(test, preserved(one, 1));
	KUNIT_EXPECT_FALSE(test, preserved(two, 1));
	KUNIT_EXPECT_TRUE(test, preserved(kept, 4));
	KUNIT_EXPECT_EQ(test, image->nr_extents, 1);
	KUNIT_EXPECT_PTR_EQ(test, kho_image_get_pages(image, 0, "kept",
						      &nr_pages),
			    page_address(kept));
}

/* What looks like a reference isn't one unless the image knows the memory. */
static void image_test_pages_forged(struct kunit *test)
{
	struct kho_image *image = test_image_new(test);
	struct page *page = new_pages(test, 1);
	fdt64_t cells[] = { cpu_to_fdt64(page_to_phys(page)), cpu_to_fdt64(4) };
	unsigned long nr_pages;

	KUNIT_ASSERT_EQ(test, kho_image_set(image, "forged", cells, 16), 0);
	KUNIT_EXPECT_NULL(test, kho_image_get_pages(image, 0, "forged",
						    &nr_pages));

	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "real", page, 4), 0);
	cells[1] = cpu_to_fdt64(5);
	KUNIT_ASSERT_EQ(test, kho_image_set(image, "longer", cells, 16), 0);
	KUNIT_EXPECT_NULL(test, kho_image_get_pages(image, 0, "longer",
						    &nr_pages));
}

/* When an image goes, nothing of it stays preserved. */
static void image_test_nothing_left(struct kunit *test)
{
	struct page *page = new_pages(test, 1);
	u64 before = kho_test_preserved_pages();
	struct kho_image *image;

	image = kho_image_create(NULL, test_formats);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, image);
	KUNIT_EXPECT_EQ(test, kho_image_set_pages(image, "mem", page, 3), 0);
	KUNIT_EXPECT_EQ(test, kho_image_set(image, "page", page_address(page),
					    4 * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before + 3 + 8);
	kho_image_condemn(image);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
}

/* --- broken images --- */

static struct kho_image *new_sealed(struct kunit *test, struct page **page)
{
	struct kho_image *image = test_image_new(test);

	*page = new_pages(test, 0x5a);
	KUNIT_ASSERT_EQ(test, kho_image_set_u32(image, "u32", 1), 0);
	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "child"), 0);
	KUNIT_ASSERT_EQ(test, kho_image_set_pages(image, "mem", *page, 4), 0);
	kho_image_leave(image);
	kho_image_seal(image);
	KUNIT_ASSERT_NULL(test, kho_image_verify(image));
	return image;
}

static void image_test_every_byte_sealed(struct kunit *test)
{
	struct page *page;
	struct kho_image *image = new_sealed(test, &page);
	size_t size = fdt_totalsize(image->fdt), at;
	u8 *fdt = image->fdt;
	unsigned int bit;

	KUNIT_ASSERT_LT(test, size, PAGE_SIZE);
	for (at = 0; at < size; at++) {
		for (bit = 0; bit < 8; bit++) {
			fdt[at] ^= BIT(bit);
			KUNIT_EXPECT_NOT_NULL_MSG(test, kho_image_verify(image),
						  "byte %zu bit %u", at, bit);
			fdt[at] ^= BIT(bit);
		}
	}
	KUNIT_EXPECT_NULL(test, kho_image_verify(image));
}

static void image_test_memory_sealed(struct kunit *test)
{
	struct page *page;
	struct kho_image *image = new_sealed(test, &page);
	u8 *mem = page_address(page);
	size_t at;

	for (at = 0; at < 4 * PAGE_SIZE; at += 509) {
		mem[at] ^= 1;
		KUNIT_EXPECT_STREQ(test, kho_image_verify(image),
				   "seal of the memory it refers to is broken");
		mem[at] ^= 1;
	}
	mem[4 * PAGE_SIZE - 1] ^= 0x80;
	KUNIT_EXPECT_NOT_NULL(test, kho_image_verify(image));
	mem[4 * PAGE_SIZE - 1] ^= 0x80;
	KUNIT_EXPECT_NULL(test, kho_image_verify(image));
}

static void image_test_broken(struct kunit *test)
{
	struct page *page;
	struct kho_image *image = new_sealed(test, &page);
	void *fdt = image->fdt;
	u32 size = fdt_totalsize(fdt);

	image->seal++;
	KUNIT_EXPECT_STREQ(test, kho_image_verify(image),
			   "seal of the image is broken");
	image->seal--;

	image->extents[0].seal++;
	KUNIT_EXPECT_STREQ(test, kho_image_verify(image),
			   "seal of the memory it refers to is broken");
	image->extents[0].seal--;

	fdt_set_magic(fdt, 0);
	KUNIT_EXPECT_STREQ(test, kho_image_verify(image),
			   "no valid FDT header");
	fdt_set_magic(fdt, FDT_MAGIC);

	fdt_set_totalsize(fdt, image->capacity + 1);
	KUNIT_EXPECT_STREQ(test, kho_image_verify(image), "FDT is truncated");
	fdt_set_totalsize(fdt, size);
	KUNIT_EXPECT_NULL(test, kho_image_verify(image));
}

static struct kunit_case image_test_cases[] = {
	KUNIT_CASE(image_test_growth),
	KUNIT_CASE(image_test_too_large),
	KUNIT_CASE(image_test_growth_while_nested),
	KUNIT_CASE(image_test_many_nodes),
	KUNIT_CASE(image_test_only_changes_count),
	KUNIT_CASE(image_test_found_again),
	KUNIT_CASE(image_test_rewind),
	KUNIT_CASE(image_test_names),
	KUNIT_CASE(image_test_unit_names),
	KUNIT_CASE(image_test_read_back),
	KUNIT_CASE(image_test_byte_order),
	KUNIT_CASE(image_test_wrong_types),
	KUNIT_CASE(image_test_formats),
	KUNIT_CASE(image_test_delete),
	KUNIT_CASE(image_test_pages),
	KUNIT_CASE(image_test_pages_overlap),
	KUNIT_CASE(image_test_pages_replaced),
	KUNIT_CASE(image_test_pages_resized),
	KUNIT_CASE(image_test_pages_deleted),
	KUNIT_CASE(image_test_pages_forged),
	KUNIT_CASE(image_test_nothing_left),
	KUNIT_CASE(image_test_every_byte_sealed),
	KUNIT_CASE(image_test_memory_sealed),
	KUNIT_CASE(image_test_broken),
	{}
};

static struct kunit_suite image_test_suite = {
	.name = "kho_image",
	.test_cases = image_test_cases,
};

kunit_test_suite(image_test_suite);
