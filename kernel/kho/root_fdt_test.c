// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root FDT, and the check that an FDT of unknown origin has to pass. Broken
 * ones are read right in front of an unmapped page, so that a read beyond their
 * end does not go unnoticed.
 */
#include <kunit/test.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "internal.h"
#include "root_fdt.h"

#define SEED		20241117
#define MAP_ROOT	0x123456789a000ULL
#define BLOB_A		0x11223344556677ULL
#define SIZE_A		0x8899aabbccddeeULL
#define BLOB_B		0x2000ULL
#define SIZE_B		1ULL

static void *new_root(struct kunit *test)
{
	void *fdt = kunit_kzalloc(test, KHO_ROOT_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fdt);
	KUNIT_ASSERT_EQ(test, kho_root_create(fdt, MAP_ROOT), 0);
	return fdt;
}

/* Two subtrees, and not a byte more. */
static void *new_small_root(struct kunit *test)
{
	void *fdt = new_root(test);

	KUNIT_ASSERT_EQ(test, kho_root_add(fdt, "a", BLOB_A, SIZE_A), 0);
	KUNIT_ASSERT_EQ(test, kho_root_add(fdt, "bc", BLOB_B, SIZE_B), 0);
	KUNIT_ASSERT_EQ(test, fdt_pack(fdt), 0);
	return fdt;
}

static void expect_found(struct kunit *test, const void *fdt, const char *name,
			 u64 blob, u64 size)
{
	phys_addr_t found_blob = 0;
	u64 found_size = 0;

	KUNIT_EXPECT_EQ_MSG(test, kho_root_find(fdt, name, &found_blob,
						&found_size), 0, "%s", name);
	KUNIT_EXPECT_EQ(test, found_blob, blob);
	KUNIT_EXPECT_EQ(test, found_size, size);
}

static int find(const void *fdt, const char *name)
{
	phys_addr_t blob;
	u64 size;

	return kho_root_find(fdt, name, &blob, &size);
}

static void root_test_create(struct kunit *test)
{
	const void *fdt = new_root(test);
	phys_addr_t map_root = 0;

	KUNIT_EXPECT_NULL(test, kho_root_check(fdt, KHO_ROOT_SIZE, &map_root));
	KUNIT_EXPECT_EQ(test, map_root, MAP_ROOT);
	KUNIT_EXPECT_EQ(test, fdt_totalsize(fdt), KHO_ROOT_SIZE);
	KUNIT_EXPECT_EQ(test, find(fdt, "a"), -ENOENT);
}

static void root_test_add_find_remove(struct kunit *test)
{
	void *fdt = new_root(test);

	KUNIT_EXPECT_EQ(test, kho_root_add(fdt, "a", BLOB_A, SIZE_A), 0);
	KUNIT_EXPECT_EQ(test, kho_root_add(fdt, "bc", BLOB_B, SIZE_B), 0);
	KUNIT_EXPECT_EQ(test, kho_root_add(fdt, "a", 0x3000, 3), -EEXIST);
	expect_found(test, fdt, "a", BLOB_A, SIZE_A);
	expect_found(test, fdt, "bc", BLOB_B, SIZE_B);
	KUNIT_EXPECT_EQ(test, find(fdt, "b"), -ENOENT);

	KUNIT_EXPECT_TRUE(test, kho_root_remove(fdt, BLOB_A));
	KUNIT_EXPECT_EQ(test, find(fdt, "a"), -ENOENT);
	expect_found(test, fdt, "bc", BLOB_B, SIZE_B);
	KUNIT_EXPECT_FALSE(test, kho_root_remove(fdt, BLOB_A));
	KUNIT_EXPECT_EQ(test, kho_root_add(fdt, "a", 0x3000, 3), 0);
	expect_found(test, fdt, "a", 0x3000, 3);
}

/* A name that libfdt would find in the other's place. */
static void root_test_unit_address(struct kunit *test)
{
	void *fdt = new_root(test);

	KUNIT_ASSERT_EQ(test, kho_root_add(fdt, "a", BLOB_A, SIZE_A), 0);
	KUNIT_ASSERT_EQ(test, kho_root_add(fdt, "a@1", BLOB_B, SIZE_B), 0);
	expect_found(test, fdt, "a", BLOB_A, SIZE_A);
	expect_found(test, fdt, "a@1", BLOB_B, SIZE_B);

	KUNIT_EXPECT_TRUE(test, kho_root_remove(fdt, BLOB_A));
	KUNIT_EXPECT_EQ(test, find(fdt, "a"), -ENOENT);
	expect_found(test, fdt, "a@1", BLOB_B, SIZE_B);
}

static void expect_bytes(struct kunit *test, const void *fdt, int node,
			 const char *prop, const void *bytes, int size)
{
	int len;
	const void *val = fdt_getprop(fdt, node, prop, &len);

	KUNIT_ASSERT_NOT_NULL_MSG(test, val, "%s", prop);
	KUNIT_ASSERT_EQ(test, len, size);
	KUNIT_EXPECT_MEMEQ(test, val, bytes, size);
}

/* Other kernels read these very bytes: numbers are not big-endian here. */
static void root_test_wire_format(struct kunit *test)
{
	const u64 map_root = MAP_ROOT, blob = BLOB_A, size = SIZE_A;
	const void *fdt = new_small_root(test);
	int node = fdt_path_offset(fdt, "/a");

	KUNIT_ASSERT_GT(test, node, 0);
	expect_bytes(test, fdt, 0, "compatible", "kho-v4", 7);
	expect_bytes(test, fdt, 0, "preserved-memory-map", &map_root, 8);
	expect_bytes(test, fdt, node, "preserved-data", &blob, 8);
	expect_bytes(test, fdt, node, "blob-size", &size, 8);
}

static unsigned int count_nodes(const void *fdt)
{
	unsigned int n = 0;
	int node;

	fdt_for_each_subnode(node, fdt, 0)
		n++;
	return n;
}

/* Names of each length have the page end in another part of an entry. */
static void fill_with_names(struct kunit *test, unsigned int name_len)
{
	void *fdt = new_root(test);
	phys_addr_t map_root;
	char name[64];
	unsigned int n;
	int err;

	for (n = 0; n < PAGE_SIZE; n++) {
		snprintf(name, sizeof(name), "%0*u", name_len, n);
		err = kho_root_add(fdt, name, PAGE_SIZE * (n + 1), n + 1);
		if (err)
			break;
	}
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
	KUNIT_EXPECT_EQ(test, find(fdt, name), -ENOENT);
	KUNIT_EXPECT_EQ(test, count_nodes(fdt), n);
	KUNIT_EXPECT_GT(test, n, 20);
	KUNIT_EXPECT_NULL(test, kho_root_check(fdt, KHO_ROOT_SIZE, &map_root));

	while (n--) {
		snprintf(name, sizeof(name), "%0*u", name_len, n);
		expect_found(test, fdt, name, PAGE_SIZE * (n + 1), n + 1);
		KUNIT_EXPECT_TRUE(test, kho_root_remove(fdt,
							PAGE_SIZE * (n + 1)));
	}
	kunit_kfree(test, fdt);
}

static void root_test_full(struct kunit *test)
{
	unsigned int name_len;

	for (name_len = 4; name_len < 60; name_len++)
		fill_with_names(test, name_len);
}

/* --- root FDTs that say the wrong thing --- */

struct wrong_root {
	const char *name;
	const char *prop;
	/* The new value, or NULL to take the property out. */
	const void *val;
	int len;
	const char *complaint;
};

static const u64 zero, misaligned = MAP_ROOT + 8, fine[2] = { MAP_ROOT };

static const struct wrong_root wrong_roots[] = {
	{ "other version", "compatible", "kho-v3", 7, "format isn't kho-v4" },
	{ "longer version", "compatible", "kho-v42", 8, "format isn't kho-v4" },
	{ "version not terminated", "compatible", "kho-v4x", 7,
	  "format isn't kho-v4" },
	{ "empty version", "compatible", "", 0, "format isn't kho-v4" },
	{ "no version", "compatible", NULL, 0, "format isn't kho-v4" },
	{ "no map", "preserved-memory-map", NULL, 0,
	  "no valid preserved-memory-map" },
	{ "map at 0", "preserved-memory-map", &zero, 8,
	  "no valid preserved-memory-map" },
	{ "map not aligned", "preserved-memory-map", &misaligned, 8,
	  "no valid preserved-memory-map" },
	{ "map too short", "preserved-memory-map", fine, 4,
	  "no valid preserved-memory-map" },
	{ "map too long", "preserved-memory-map", fine, 16,
	  "no valid preserved-memory-map" },
};

KUNIT_ARRAY_PARAM_DESC(wrong_root, wrong_roots, name);

static void root_test_wrong(struct kunit *test)
{
	const struct wrong_root *wrong = test->param_value;
	void *fdt = new_root(test);
	phys_addr_t map_root = 0;

	if (wrong->val)
		KUNIT_ASSERT_EQ(test, fdt_setprop(fdt, 0, wrong->prop,
						  wrong->val, wrong->len), 0);
	else
		KUNIT_ASSERT_EQ(test, fdt_delprop(fdt, 0, wrong->prop), 0);
	KUNIT_EXPECT_STREQ(test, kho_root_check(fdt, KHO_ROOT_SIZE, &map_root),
			   wrong->complaint);
	KUNIT_EXPECT_EQ(test, map_root, 0);
}

static const struct wrong_root wrong_entries[] = {
	{ "no address", "preserved-data", NULL, 0 },
	{ "address 0", "preserved-data", &zero, 8 },
	{ "short address", "preserved-data", fine, 4 },
	{ "long address", "preserved-data", fine, 16 },
	{ "no size", "blob-size", NULL, 0 },
	{ "size 0", "blob-size", &zero, 8 },
	{ "short size", "blob-size", fine, 7 },
	{ "long size", "blob-size", fine, 9 },
};

KUNIT_ARRAY_PARAM_DESC(wrong_entry, wrong_entries, name);

/* A broken entry is not found, and does not keep others from being found. */
static void root_test_wrong_entry(struct kunit *test)
{
	const struct wrong_root *wrong = test->param_value;
	void *fdt = new_root(test);
	int node;

	KUNIT_ASSERT_EQ(test, kho_root_add(fdt, "a", BLOB_A, SIZE_A), 0);
	KUNIT_ASSERT_EQ(test, kho_root_add(fdt, "bc", BLOB_B, SIZE_B), 0);
	node = fdt_path_offset(fdt, "/bc");
	if (wrong->val)
		KUNIT_ASSERT_EQ(test, fdt_setprop(fdt, node, wrong->prop,
						  wrong->val, wrong->len), 0);
	else
		KUNIT_ASSERT_EQ(test, fdt_delprop(fdt, node, wrong->prop), 0);

	KUNIT_EXPECT_EQ(test, find(fdt, "bc"), -EINVAL);
	expect_found(test, fdt, "a", BLOB_A, SIZE_A);
}

/* --- FDTs made by hand --- */

#define BEGIN	FDT_BEGIN_NODE
#define LEAVE	FDT_END_NODE
#define STRINGS	"good"

struct raw_fdt {
	const char *name;
	const char *complaint;
	unsigned int nr;
	u32 tags[12];
};

#define TAGS(...) \
	.nr = sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32), \
	.tags = { __VA_ARGS__ }

static const struct raw_fdt raw_fdts[] = {
	{ "smallest", NULL, TAGS(BEGIN, 0, LEAVE, FDT_END) },
	{ "child", NULL, TAGS(BEGIN, 0, BEGIN, 0, LEAVE, LEAVE, FDT_END) },
	{ "nop", NULL, TAGS(BEGIN, 0, FDT_NOP, LEAVE, FDT_NOP, FDT_END) },
	{ "property", NULL, TAGS(BEGIN, 0, FDT_PROP, 4, 0, 1, LEAVE, FDT_END) },
	{ "empty property", NULL, TAGS(BEGIN, 0, FDT_PROP, 0, 0, LEAVE, FDT_END) },
	{ "nothing", "FDT has no root", TAGS(FDT_END) },
	{ "two roots", "FDT has more than one root",
	  TAGS(BEGIN, 0, LEAVE, BEGIN, 0, LEAVE, FDT_END) },
	{ "node never left", "FDT ends inside a node", TAGS(BEGIN, 0, FDT_END) },
	{ "end missing in a node", "FDT has no valid end", TAGS(BEGIN, 0) },
	{ "end missing", "FDT has no valid end", TAGS(BEGIN, 0, LEAVE) },
	{ "left twice", "FDT has an unbalanced node",
	  TAGS(BEGIN, 0, LEAVE, LEAVE, FDT_END) },
	{ "left before entered", "FDT has an unbalanced node",
	  TAGS(LEAVE, BEGIN, 0, LEAVE, FDT_END) },
	{ "name without an end", "FDT has no valid end",
	  TAGS(FDT_BEGIN_NODE, 0x61616161) },
	{ "property outside", "FDT has a broken property",
	  TAGS(BEGIN, 0, LEAVE, FDT_PROP, 0, 0, FDT_END) },
	{ "property with an unknown name", "FDT has a broken property",
	  TAGS(BEGIN, 0, FDT_PROP, 0, 5, LEAVE, FDT_END) },
	{ "property name far out", "FDT has a broken property",
	  TAGS(BEGIN, 0, FDT_PROP, 0, 0x7fffffff, LEAVE, FDT_END) },
	{ "property name further out", "FDT has a broken property",
	  TAGS(BEGIN, 0, FDT_PROP, 0, 0xffffffff, LEAVE, FDT_END) },
	{ "property too long", "FDT has no valid end",
	  TAGS(BEGIN, 0, FDT_PROP, 0x100, 0, LEAVE, FDT_END) },
	{ "property much too long", "FDT has no valid end",
	  TAGS(BEGIN, 0, FDT_PROP, 0x7fffffff, 0, LEAVE, FDT_END) },
	{ "property of negative length", "FDT has no valid end",
	  TAGS(BEGIN, 0, FDT_PROP, 0xfffffff8, 0, LEAVE, FDT_END) },
	{ "unknown tag", "FDT has no valid end",
	  TAGS(BEGIN, 0, 5, LEAVE, FDT_END) },
	{ "tag 0", "FDT has no valid end", TAGS(BEGIN, 0, 0, LEAVE, FDT_END) },
	{ "tag of the other byte order", "FDT has no valid end",
	  TAGS(BEGIN, 0, 0x01000000, LEAVE, FDT_END) },
};

KUNIT_ARRAY_PARAM_DESC(raw, raw_fdts, name);

static void *build_raw(struct kunit *test, const u32 *tags, unsigned int nr,
		       size_t *size)
{
	size_t structs = sizeof(struct fdt_header) + sizeof(struct fdt_reserve_entry);
	size_t strings = structs + nr * sizeof(u32);
	struct fdt_header *fdt;
	fdt32_t *cells;

	*size = strings + sizeof(STRINGS);
	fdt = kunit_kzalloc(test, *size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fdt);

	fdt_set_magic(fdt, FDT_MAGIC);
	fdt_set_version(fdt, 17);
	fdt_set_last_comp_version(fdt, 16);
	fdt_set_totalsize(fdt, *size);
	fdt_set_off_mem_rsvmap(fdt, sizeof(*fdt));
	fdt_set_off_dt_struct(fdt, structs);
	fdt_set_size_dt_struct(fdt, nr * sizeof(u32));
	fdt_set_off_dt_strings(fdt, strings);
	fdt_set_size_dt_strings(fdt, sizeof(STRINGS));

	cells = (void *)fdt + structs;
	while (nr--)
		cells[nr] = cpu_to_fdt32(tags[nr]);
	memcpy((void *)fdt + strings, STRINGS, sizeof(STRINGS));
	return fdt;
}

static void root_test_raw(struct kunit *test)
{
	const struct raw_fdt *raw = test->param_value;
	size_t size;
	const void *fdt = build_raw(test, raw->tags, raw->nr, &size);
	const char *complaint = kho_fdt_check(fdt, size);

	if (raw->complaint)
		KUNIT_EXPECT_STREQ(test, complaint, raw->complaint);
	else
		KUNIT_EXPECT_NULL_MSG(test, complaint, "%s", complaint);
}

/* libfdt would read every tag at an odd address. */
static void root_test_misaligned(struct kunit *test)
{
	static const u32 tags[] = { BEGIN, 0, LEAVE, FDT_END, FDT_END };
	size_t size;
	void *fdt = build_raw(test, tags, ARRAY_SIZE(tags), &size);
	size_t structs = fdt_off_dt_struct(fdt);

	memmove(fdt + structs + 1, fdt + structs,
		sizeof(tags) - sizeof(tags[0]));
	fdt_set_off_dt_struct(fdt, structs + 1);
	fdt_set_size_dt_struct(fdt, sizeof(tags) - sizeof(tags[0]));
	KUNIT_EXPECT_STREQ(test, kho_fdt_check(fdt, size),
			   "FDT isn't aligned");
}

static const char *check_depth(struct kunit *test, unsigned int depth)
{
	u32 tags[2 * 32 + 32 + 1];
	unsigned int i, n = 0;
	const void *fdt;
	size_t size;

	for (i = 0; i < depth; i++) {
		tags[n++] = FDT_BEGIN_NODE;
		tags[n++] = 0;
	}
	for (i = 0; i < depth; i++)
		tags[n++] = FDT_END_NODE;
	tags[n++] = FDT_END;
	fdt = build_raw(test, tags, n, &size);
	return kho_fdt_check(fdt, size);
}

static void root_test_depth(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, check_depth(test, 16));
	KUNIT_EXPECT_STREQ(test, check_depth(test, 17),
			   "FDT is nested too deep");
	KUNIT_EXPECT_STREQ(test, check_depth(test, 32),
			   "FDT is nested too deep");
}

/* --- FDTs with damage --- */

/* The end of this memory is followed by a page that isn't mapped. */
static void *guarded(struct kunit *test)
{
	void *area = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, (kunit_action_t *)vfree,
							area), 0);
	return area;
}

/* libfdt wants FDTs aligned to 8 bytes. */
static void *put_at_end(void *area, const void *fdt, size_t size)
{
	return memcpy(area + PAGE_SIZE - ALIGN(size, 8), fdt, size);
}

static u8 sink;

static void touch(const void *val, int len)
{
	const u8 *bytes = val;
	u8 sum = 0;

	while (len-- > 0)
		sum += bytes[len];
	WRITE_ONCE(sink, sum);
}

/* Returns whether all of it can be read, and reads it. */
static bool read_all(const void *fdt)
{
	int node, prop, len, depth = 0;

	for (node = 0; node >= 0 && depth >= 0;
	     node = fdt_next_node(fdt, node, &depth)) {
		const char *name = fdt_get_name(fdt, node, &len);

		if (!name)
			return false;
		touch(name, len + 1);
		fdt_for_each_property_offset(prop, fdt, node) {
			const void *val = fdt_getprop_by_offset(fdt, prop,
								&name, &len);

			if (!val || !name)
				return false;
			touch(name, strlen(name) + 1);
			touch(val, len);
		}
		if (prop != -FDT_ERR_NOTFOUND)
			return false;
	}
	return depth < 0;
}

/*
 * What has passed the check can be read without a failure; what uses it copes
 * with anything it says.
 */
static void expect_safe(struct kunit *test, const void *fdt, size_t size,
			size_t where, unsigned int what)
{
	phys_addr_t map_root;

	if (!kho_fdt_check(fdt, size))
		KUNIT_ASSERT_TRUE_MSG(test, read_all(fdt),
				      "passed, but broken by %#x at %zu",
				      what, where);
	if (!kho_root_check(fdt, size, &map_root)) {
		KUNIT_EXPECT_TRUE(test, map_root && PAGE_ALIGNED(map_root));
		find(fdt, "a");
		find(fdt, "bc");
	}
}

static void root_test_every_byte(struct kunit *test)
{
	const void *original = new_small_root(test);
	size_t size = fdt_totalsize(original), at;
	void *area = guarded(test);
	u8 *fdt = put_at_end(area, original, size);
	unsigned int val;

	for (at = 0; at < size; at++) {
		u8 old = fdt[at];

		for (val = 0; val <= 0xff; val++) {
			fdt[at] = val;
			expect_safe(test, fdt, size, at, val);
		}
		fdt[at] = old;
	}
	KUNIT_EXPECT_NULL(test, kho_fdt_check(fdt, size));
}

static void root_test_random_damage(struct kunit *test)
{
	const void *original = new_small_root(test);
	size_t size = fdt_totalsize(original);
	void *area = guarded(test);
	struct rnd_state rnd;
	unsigned int i, n;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < 50000; i++) {
		u8 *fdt = put_at_end(area, original, size);

		for (n = prandom_u32_state(&rnd) % 8; n; n--) {
			fdt32_t *cell = (fdt32_t *)fdt +
					prandom_u32_state(&rnd) % (size / 4);

			*cell = cpu_to_fdt32(prandom_u32_state(&rnd) % 16);
		}
		expect_safe(test, (void *)fdt, size, 0, i);
	}
}

static void root_test_truncated(struct kunit *test)
{
	const void *original = new_small_root(test);
	size_t full = fdt_totalsize(original), size;
	void *area = guarded(test);

	for (size = 0; size < full; size++) {
		void *fdt = put_at_end(area, original, size);

		KUNIT_EXPECT_NOT_NULL_MSG(test, kho_fdt_check(fdt, size),
					  "%zu bytes", size);
		if (size < sizeof(struct fdt_header))
			continue;
		/* ... and with a header that says the same. */
		fdt_set_totalsize(fdt, size);
		KUNIT_EXPECT_NOT_NULL_MSG(test, kho_fdt_check(fdt, size),
					  "%zu bytes, as it says", size);
	}
}

/* A strings or structure block that ends early, within a sound whole. */
static void root_test_short_blocks(struct kunit *test)
{
	const void *original = new_small_root(test);
	size_t full = fdt_totalsize(original), size;
	void *area = guarded(test);

	for (size = 0; size < fdt_size_dt_struct(original); size++) {
		void *fdt = put_at_end(area, original, full);

		fdt_set_size_dt_struct(fdt, size);
		KUNIT_EXPECT_NOT_NULL_MSG(test, kho_fdt_check(fdt, full),
					  "structure of %zu bytes", size);
	}
	for (size = 0; size < fdt_size_dt_strings(original); size++) {
		void *fdt = put_at_end(area, original, full);

		fdt_set_size_dt_strings(fdt, size);
		KUNIT_EXPECT_NOT_NULL_MSG(test, kho_fdt_check(fdt, full),
					  "strings of %zu bytes", size);
	}
}

static struct kunit_case root_test_cases[] = {
	KUNIT_CASE(root_test_create),
	KUNIT_CASE(root_test_add_find_remove),
	KUNIT_CASE(root_test_unit_address),
	KUNIT_CASE(root_test_wire_format),
	KUNIT_CASE(root_test_full),
	KUNIT_CASE_PARAM(root_test_wrong, wrong_root_gen_params),
	KUNIT_CASE_PARAM(root_test_wrong_entry, wrong_entry_gen_params),
	KUNIT_CASE_PARAM(root_test_raw, raw_gen_params),
	KUNIT_CASE(root_test_misaligned),
	KUNIT_CASE(root_test_depth),
	KUNIT_CASE(root_test_every_byte),
	KUNIT_CASE(root_test_random_damage),
	KUNIT_CASE(root_test_truncated),
	KUNIT_CASE(root_test_short_blocks),
	{}
};

static struct kunit_suite root_test_suite = {
	.name = "kho_root_fdt",
	.test_cases = root_test_cases,
};

kunit_test_suite(root_test_suite);
