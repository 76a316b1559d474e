// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "unpack.h"

#define TEXT_SIZE	200
#define WORD		"Kexec HandOver "
#define MAX_PACKED	128

/* The same text, as "gzip -n", "xz --x86", "zstd" and "lz4 -l" pack it. */
static const u8 gzip_text[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xf3, 0x4e,
	0xad, 0x48, 0x4d, 0x56, 0xf0, 0x48, 0xcc, 0x4b, 0xf1, 0x2f, 0x4b, 0x2d,
	0x52, 0xf0, 0x1e, 0xaa, 0x5c, 0x00, 0xe9, 0x83, 0xfe, 0xaf, 0xc8, 0x00,
	0x00, 0x00,
};

static const u8 xz_text[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36,
	0x02, 0x01, 0x04, 0x00, 0x21, 0x01, 0x10, 0x00, 0x8b, 0x21, 0x6f, 0x49,
	0xe0, 0x00, 0xc7, 0x00, 0x16, 0x5d, 0x00, 0x25, 0x99, 0x4b, 0x06, 0x66,
	0xf1, 0x03, 0xe5, 0x91, 0xa1, 0xfc, 0xb8, 0x85, 0x96, 0xeb, 0x77, 0x12,
	0x9c, 0xbf, 0xfc, 0xe0, 0x00, 0x00, 0x00, 0x00, 0xe9, 0x83, 0xfe, 0xaf,
	0x00, 0x01, 0x2e, 0xc8, 0x01, 0x00, 0x00, 0x00, 0xe4, 0x74, 0x2a, 0x9f,
	0x3e, 0x30, 0x0d, 0x8b, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
};

static const u8 zstd_text[] = {
	0x28, 0xb5, 0x2f, 0xfd, 0x24, 0xc8, 0xb5, 0x00, 0x00, 0x78, 0x4b, 0x65,
	0x78, 0x65, 0x63, 0x20, 0x48, 0x61, 0x6e, 0x64, 0x4f, 0x76, 0x65, 0x72,
	0x20, 0x01, 0x00, 0x36, 0xa1, 0x66, 0x1d, 0xc6, 0xbb, 0x32, 0x95,
};

static const u8 lz4_text[] = {
	0x02, 0x21, 0x4c, 0x18, 0x1a, 0x00, 0x00, 0x00, 0xff, 0x00, 0x4b, 0x65,
	0x78, 0x65, 0x63, 0x20, 0x48, 0x61, 0x6e, 0x64, 0x4f, 0x76, 0x65, 0x72,
	0x20, 0x0f, 0x00, 0xa1, 0x50, 0x4b, 0x65, 0x78, 0x65, 0x63,
};

struct packed {
	const char *name;
	const u8 *data;
	size_t size;
};

static const struct packed packed_texts[] = {
	{ "gzip", gzip_text, sizeof(gzip_text) },
	{ "xz", xz_text, sizeof(xz_text) },
	{ "zstd", zstd_text, sizeof(zstd_text) },
	{ "lz4", lz4_text, sizeof(lz4_text) },
};

KUNIT_ARRAY_PARAM_DESC(packed, packed_texts, name);

static void expect_text(struct kunit *test, const u8 *out)
{
	size_t i;

	for (i = 0; i < TEXT_SIZE; i++)
		KUNIT_ASSERT_EQ(test, out[i], WORD[i % strlen(WORD)]);
}

/* The build of a kernel appends the size, which must not matter. */
static void unpacks_what_stands_before_its_size(struct kunit *test)
{
	const struct packed *packed = test->param_value;
	u8 in[MAX_PACKED] = {};
	u8 out[TEXT_SIZE] = {};

	memcpy(in, packed->data, packed->size);
	put_unaligned_le32(TEXT_SIZE, in + packed->size);
	KUNIT_ASSERT_EQ(test, 0, kho_unpack(in, packed->size + sizeof(u32),
					    out, sizeof(out)));
	expect_text(test, out);
}

static void another_size_is_refused(struct kunit *test)
{
	const struct packed *packed = test->param_value;
	u8 out[TEXT_SIZE + 1] = {};

	KUNIT_EXPECT_EQ(test, -EINVAL, kho_unpack(packed->data, packed->size,
						  out, TEXT_SIZE - 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kho_unpack(packed->data, packed->size,
						  out, TEXT_SIZE + 1));
}

static void every_early_end_is_refused(struct kunit *test)
{
	const struct packed *packed = test->param_value;
	/* Of the container that is around them, gzip's end isn't looked at. */
	size_t needed = packed->data == gzip_text ? packed->size - 8 :
						    packed->size;
	u8 out[TEXT_SIZE];
	size_t size;

	for (size = 0; size < needed; size++)
		KUNIT_EXPECT_NE_MSG(test, 0,
				    kho_unpack(packed->data, size, out,
					       sizeof(out)),
				    "%zu bytes", size);
}

/* Whatever comes out, it stays where it belongs. */
static void damage_stays_inside(struct kunit *test)
{
	const struct packed *packed = test->param_value;
	u8 in[MAX_PACKED], out[TEXT_SIZE + 1];
	size_t i;

	for (i = 0; i < packed->size * 8; i++) {
		memcpy(in, packed->data, packed->size);
		in[i / 8] ^= BIT(i % 8);
		out[TEXT_SIZE] = 0x5a;
		kho_unpack(in, packed->size, out, TEXT_SIZE);
		KUNIT_EXPECT_EQ(test, out[TEXT_SIZE], 0x5a);
	}
}

static void unknown_formats_are_named_so(struct kunit *test)
{
	u8 out[TEXT_SIZE];

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			kho_unpack("BZh9", 4, out, sizeof(out)));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			kho_unpack(zstd_text, 3, out, sizeof(out)));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			kho_unpack(NULL, 0, out, sizeof(out)));
}

static struct kunit_case unpack_cases[] = {
	KUNIT_CASE_PARAM(unpacks_what_stands_before_its_size,
			 packed_gen_params),
	KUNIT_CASE_PARAM(another_size_is_refused, packed_gen_params),
	KUNIT_CASE_PARAM(every_early_end_is_refused, packed_gen_params),
	KUNIT_CASE_PARAM(damage_stays_inside, packed_gen_params),
	KUNIT_CASE(unknown_formats_are_named_so),
	{}
};

static struct kunit_suite unpack_suite = {
	.name = "kho_unpack",
	.test_cases = unpack_cases,
};

kunit_test_suite(unpack_suite);

MODULE_DESCRIPTION("KUnit tests of the formats of compressed kernels");
MODULE_LICENSE("GPL");
