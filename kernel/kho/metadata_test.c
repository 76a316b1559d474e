// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel says of itself, read by the next one.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_metadata.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "fsm/test_clients.h"
#include "internal.h"

/* Hands over what kho_metadata_add() writes, changed by @change if there is. */
static void hand_over(struct kunit *test, size_t size,
		      void (*change)(struct kho_kexec_metadata *metadata))
{
	struct kho_kexec_metadata *metadata = kho_alloc_preserve(PAGE_SIZE);

	KUNIT_ASSERT_FALSE(test, IS_ERR(metadata));
	metadata->version = KHO_KEXEC_METADATA_VERSION;
	strscpy(metadata->previous_release, "6.12.1-test");
	metadata->kexec_count = 1000;
	if (change)
		change(metadata);
	KUNIT_ASSERT_EQ(test, kho_add_subtree(KHO_METADATA_NODE_NAME, metadata,
					      size), 0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
}

/* Byte by byte as mainline has it. */
static void metadata_test_format(struct kunit *test)
{
	const unsigned char *bytes;
	u32 count = kho_kexec_count() + 1;
	phys_addr_t phys;
	size_t size;

	KUNIT_ASSERT_EQ(test, kho_metadata_add(), 0);
	KUNIT_EXPECT_EQ(test, kho_metadata_add(), -EEXIST);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

	KUNIT_ASSERT_EQ(test, kho_retrieve_subtree("kexec-metadata", &phys,
						   &size), 0);
	KUNIT_EXPECT_EQ(test, size, 73);
	bytes = phys_to_virt(phys);
	KUNIT_EXPECT_MEMEQ(test, bytes, ((u32 []){ 1 }), 4);
	KUNIT_EXPECT_STREQ(test, bytes + 4, init_uts_ns.name.release);
	KUNIT_EXPECT_MEMEQ(test, bytes + 69, &count, 4);
	kho_metadata_receive();
	KUNIT_EXPECT_EQ(test, kho_kexec_count(), count);
}

static void metadata_test_receive(struct kunit *test)
{
	u64 incoming;

	hand_over(test, sizeof(struct kho_kexec_metadata), NULL);
	incoming = kho_test_incoming_pages();
	kho_metadata_receive();
	KUNIT_EXPECT_EQ(test, kho_kexec_count(), 1000);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 1);
}

static void other_version(struct kho_kexec_metadata *metadata)
{
	metadata->version++;
	metadata->kexec_count = 7;
}

static void other_count(struct kho_kexec_metadata *metadata)
{
	metadata->kexec_count = 7;
}

static void no_end(struct kho_kexec_metadata *metadata)
{
	memset(metadata->previous_release, 'x',
	       sizeof(metadata->previous_release));
	metadata->kexec_count = 7;
}

/* What isn't understood is freed, too, and changes nothing. */
static void metadata_test_ignored(struct kunit *test)
{
	static const struct {
		size_t size;
		void (*change)(struct kho_kexec_metadata *metadata);
	} cases[] = {
		{ sizeof(struct kho_kexec_metadata), other_version },
		{ sizeof(struct kho_kexec_metadata), no_end },
		{ sizeof(struct kho_kexec_metadata) - 1, other_count },
		{ sizeof(struct kho_kexec_metadata) + 1, other_count },
	};
	unsigned int i;

	hand_over(test, sizeof(struct kho_kexec_metadata), NULL);
	kho_metadata_receive();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 incoming;

		hand_over(test, cases[i].size, cases[i].change);
		incoming = kho_test_incoming_pages();
		kho_metadata_receive();
		KUNIT_EXPECT_EQ(test, kho_kexec_count(), 1000);
		KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 1);
	}
}

static struct kunit_case metadata_test_cases[] = {
	KUNIT_CASE(metadata_test_format),
	KUNIT_CASE(metadata_test_receive),
	KUNIT_CASE(metadata_test_ignored),
	{}
};

static struct kunit_suite metadata_test_suite = {
	.name = "kho_metadata",
	.test_cases = metadata_test_cases,
};

kunit_test_suite(metadata_test_suite);
