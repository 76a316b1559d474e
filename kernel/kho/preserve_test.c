// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and subtrees, preserved and restored: what this kernel hands over
 * comes back to it as if it were the next one.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_metadata.h>
#include <linux/libfdt.h>
#include <linux/mm.h>

#include "fsm/test_clients.h"
#include "internal.h"
#include "root_fdt.h"

#define NR_PAGES	16

static phys_addr_t phys_of(const void *mem)
{
	return virt_to_phys((void *)mem);
}

/* Any number of pages, preserved block by block. */
static void *alloc_pages_preserved(struct kunit *test, unsigned long nr_pages)
{
	void *mem = alloc_pages_exact(nr_pages << PAGE_SHIFT,
				      GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_ASSERT_EQ(test, kho_preserve_pages(virt_to_page(mem), nr_pages),
			0);
	return mem;
}

/* --- what is preserved --- */

static void preserve_test_alloc(struct kunit *test)
{
	static const struct {
		size_t size;
		unsigned long nr_pages;
	} sizes[] = {
		{ 1, 1 },
		{ PAGE_SIZE, 1 },
		{ PAGE_SIZE + 1, 2 },
		{ 3 * PAGE_SIZE, 4 },
		{ 100 * PAGE_SIZE - 1, 128 },
	};
	u64 before = kho_test_preserved_pages();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned long nr_pages = sizes[i].nr_pages;
		void *mem = kho_alloc_preserve(sizes[i].size);

		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(mem));
		KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0,
						   nr_pages << PAGE_SHIFT));
		KUNIT_EXPECT_TRUE(test, kho_test_preserved(phys_of(mem),
							   nr_pages));
		KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(),
				before + nr_pages);
		kho_unpreserve_free(mem);
		KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	}
	kho_unpreserve_free(NULL);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
}

static void preserve_test_alloc_refused(struct kunit *test)
{
	u64 before = kho_test_preserved_pages();

	KUNIT_EXPECT_PTR_EQ(test, kho_alloc_preserve(0), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, kho_alloc_preserve(1UL << 50),
			    ERR_PTR(-E2BIG));
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
}

/* Any range is cut into blocks, and nothing but it is preserved. */
static void preserve_test_ranges(struct kunit *test)
{
	u64 before = kho_test_preserved_pages();
	unsigned int first, nr;
	struct page *pages;

	pages = alloc_pages(GFP_KERNEL, ilog2(NR_PAGES));
	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (first = 0; first < NR_PAGES; first++) {
		for (nr = 1; nr <= NR_PAGES - first; nr++) {
			struct page *page = pages + first;

			KUNIT_ASSERT_EQ(test, kho_preserve_pages(page, nr), 0);
			KUNIT_EXPECT_TRUE(test,
					  kho_test_preserved(page_to_phys(page),
							     nr));
			KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(),
					before + nr);
			kho_unpreserve_pages(page, nr);
			KUNIT_ASSERT_EQ(test, kho_test_preserved_pages(),
					before);
		}
	}
	__free_pages(pages, ilog2(NR_PAGES));
}

/* Memory that is free, and what is no memory, can't be anybody's. */
static void preserve_test_refused(struct kunit *test)
{
	u64 before = kho_test_preserved_pages();
	struct page *pages = alloc_pages(GFP_KERNEL, 6), *beyond;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	beyond = pfn_to_page(PHYS_PFN(BIT_ULL(40)));
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(beyond, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_folio((struct folio *)beyond),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, ULONG_MAX), -EINVAL);

	/* Higher orders are not kept in lists of each CPU. */
	__free_pages(pages, 6);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 9, 3), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_folio((struct folio *)pages),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
}

/* --- what is restored --- */

static void preserve_test_folio(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order < 6; order++) {
		struct folio *folio = folio_alloc(GFP_KERNEL, order), *again;
		phys_addr_t phys;

		KUNIT_ASSERT_NOT_NULL(test, folio);
		phys = PFN_PHYS(folio_pfn(folio));
		memset(folio_address(folio), order + 1, folio_size(folio));
		KUNIT_ASSERT_EQ(test, kho_preserve_folio(folio), 0);
		KUNIT_EXPECT_NULL(test, kho_restore_folio(phys));
		KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

		KUNIT_EXPECT_NULL(test, kho_restore_folio(phys + PAGE_SIZE));
		KUNIT_EXPECT_NULL(test, kho_restore_folio(phys + 8));
		again = kho_restore_folio(phys);
		KUNIT_ASSERT_PTR_EQ(test, again, folio);
		KUNIT_EXPECT_EQ(test, folio_order(again), order);
		KUNIT_EXPECT_EQ(test, folio_ref_count(again), 1);
		KUNIT_EXPECT_NULL(test, memchr_inv(folio_address(again),
						   order + 1,
						   folio_size(again)));
		KUNIT_EXPECT_NULL(test, kho_restore_folio(phys));
		folio_put(again);
	}
}

static void preserve_test_unpreserved_folio(struct kunit *test)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);
	phys_addr_t phys;

	KUNIT_ASSERT_NOT_NULL(test, folio);
	phys = PFN_PHYS(folio_pfn(folio));
	KUNIT_ASSERT_EQ(test, kho_preserve_folio(folio), 0);
	kho_unpreserve_folio(folio);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	KUNIT_EXPECT_NULL(test, kho_restore_folio(phys));
	folio_put(folio);
}

static void free_restored(struct page *page, unsigned long nr)
{
	while (nr--)
		__free_page(page++);
}

/* All that was preserved comes back, or nothing. */
static void preserve_test_pages(struct kunit *test)
{
	void *mem = alloc_pages_preserved(test, 7);
	phys_addr_t phys;
	struct page *page;
	unsigned int i;

	phys = phys_of(mem);
	memset(mem, 0x5a, 7 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 0));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 8));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, ULONG_MAX));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 1));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys + 1, 7));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys + PAGE_SIZE, 6));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys - PAGE_SIZE, 7));

	page = kho_restore_pages(phys, 7);
	KUNIT_ASSERT_PTR_EQ(test, page, virt_to_page(mem));
	KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0x5a, 7 * PAGE_SIZE));
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(page + i), 1);
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 7));
	free_restored(page, 7);
}

static void preserve_test_free(struct kunit *test)
{
	void *mem = alloc_pages_preserved(test, 5);
	u64 incoming;

	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	incoming = kho_test_incoming_pages();
	kho_in_free(phys_of(mem), 3);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming);
	kho_in_free(phys_of(mem), 5);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 5);
	kho_in_free(phys_of(mem), 5);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 5);
}

/* What was allocated for the handover is freed as a whole, and once. */
static void preserve_test_restore_free(struct kunit *test)
{
	void *mem = kho_alloc_preserve(5 * PAGE_SIZE - 3);
	u64 incoming;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(mem));
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	incoming = kho_test_incoming_pages();
	kho_restore_free(NULL);
	kho_restore_free(mem + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming);
	kho_restore_free(mem);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 8);
	kho_restore_free(mem);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming - 8);
}

static void preserve_test_claim(struct kunit *test)
{
	void *mem = kho_alloc_preserve(4 * PAGE_SIZE);
	void *other = kho_alloc_preserve(PAGE_SIZE);
	phys_addr_t phys;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(mem));
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(other));
	phys = phys_of(mem);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

	KUNIT_EXPECT_EQ(test, kho_in_claim(phys, 5), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_in_claim(phys, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_in_claim(phys, 4), 0);
	KUNIT_EXPECT_EQ(test, kho_in_claim(phys, 4), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_in_claim(phys_of(other), 1), 0);
	kho_in_claims_done();
	KUNIT_EXPECT_EQ(test, kho_in_claim(phys, 4), 0);
	kho_in_claims_done();
	kho_restore_free(mem);
	kho_restore_free(other);
}

/* A hostile map has a page twice: it is freed with one block only. */
static void preserve_test_overlap(struct kunit *test)
{
	void *mem = kho_alloc_preserve(4 * PAGE_SIZE);
	phys_addr_t phys;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(mem));
	phys = phys_of(mem);
	KUNIT_ASSERT_EQ(test, kho_out_mark(phys + PAGE_SIZE, 0), 0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

	KUNIT_EXPECT_FALSE(test, kho_in_covers(phys, 4));
	KUNIT_EXPECT_TRUE(test, kho_in_covers(phys + PAGE_SIZE, 1));
	kho_restore_free(mem);
	KUNIT_EXPECT_TRUE(test, kho_in_covers(phys + PAGE_SIZE, 1));
	kho_restore_free(mem + PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, kho_in_covers(phys + PAGE_SIZE, 1));
}

/* What nobody takes is handed on, until somebody does. */
static void preserve_test_hand_on(struct kunit *test)
{
	void *mem = alloc_pages_preserved(test, 6);
	u64 before;

	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	before = kho_test_preserved_pages();
	KUNIT_ASSERT_EQ(test, kho_in_hand_on(), 0);
	KUNIT_ASSERT_EQ(test, kho_in_hand_on(), 0);
	KUNIT_EXPECT_TRUE(test, kho_test_preserved(phys_of(mem), 6));
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before + 6);
	kho_in_free(phys_of(mem), 6);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
}

/* --- subtrees --- */

static void preserve_test_subtree(struct kunit *test)
{
	void *mem = kho_alloc_preserve(2 * PAGE_SIZE), *bare;
	phys_addr_t phys = 0;
	size_t size = 0;

	bare = (void *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(mem));
	KUNIT_ASSERT_NOT_NULL(test, bare);

	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", mem, 100), 0);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", bare, 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("gone", bare, 1), 0);
	kho_remove_subtree(bare);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("bare", bare, 1), 0);
	kho_remove_subtree(mem);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", mem, 2 * PAGE_SIZE - 1),
			0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("kunit", &phys, &size), 0);
	KUNIT_EXPECT_EQ(test, phys, phys_of(mem));
	KUNIT_EXPECT_EQ(test, size, 2 * PAGE_SIZE - 1);
	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("kunit", &phys, NULL), 0);
	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("gone", &phys, &size),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("bare", &phys, &size),
			-EINVAL);

	kho_restore_free(mem);
	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("kunit", &phys, &size),
			-EINVAL);
	free_page((unsigned long)bare);
}

/*
 * A blob may end anywhere in its last block: mainline allocates 2^k pages for
 * it. But all of it has to be preserved.
 */
static void preserve_test_subtree_size(struct kunit *test)
{
	static const struct {
		size_t size;
		int err;
	} sizes[] = {
		{ 1, 0 },
		{ 4 * PAGE_SIZE, 0 },
		{ 5 * PAGE_SIZE, 0 },
		{ 8 * PAGE_SIZE, 0 },
		{ 8 * PAGE_SIZE + 1, -EINVAL },
		{ SIZE_MAX, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *mem = alloc_pages_exact(16 * PAGE_SIZE, GFP_KERNEL);
		phys_addr_t phys;
		size_t size;

		KUNIT_ASSERT_NOT_NULL(test, mem);
		KUNIT_ASSERT_EQ(test, kho_preserve_pages(virt_to_page(mem), 8),
				0);
		KUNIT_ASSERT_EQ(test, kho_add_subtree("kunit", mem,
						      sizes[i].size), 0);
		KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

		KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("kunit", &phys,
							   &size),
				sizes[i].err);
		if (!sizes[i].err) {
			KUNIT_EXPECT_EQ(test, phys, phys_of(mem));
			KUNIT_EXPECT_EQ(test, size, sizes[i].size);
		}
		KUNIT_EXPECT_NOT_NULL(test, kho_restore_pages(phys_of(mem), 8));
		free_pages_exact(mem, 16 * PAGE_SIZE);
	}
}

/* Somebody misses what others than the core have added, and nothing else. */
static void preserve_test_pending(struct kunit *test)
{
	void *mem = alloc_pages_preserved(test, 1);

	KUNIT_EXPECT_FALSE(test, kho_out_pending());
	KUNIT_ASSERT_EQ(test, kho_add_subtree("kunit", mem, 1), 0);
	KUNIT_EXPECT_TRUE(test, kho_out_pending());
	kho_remove_subtree(mem);
	KUNIT_EXPECT_FALSE(test, kho_out_pending());
	kho_unpreserve_pages(virt_to_page(mem), 1);
	free_page((unsigned long)mem);
}

/* --- subtrees that nobody asks for --- */

/* One that leads to memory which only its owner knows of. */
static void hand_over_subtree(struct kunit *test, const char *name, void **blob,
			      void **mem)
{
	*blob = kho_alloc_preserve(3 * PAGE_SIZE);
	*mem = alloc_pages_preserved(test, 5);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(*blob));
	memset(*blob, 0x17, 3 * PAGE_SIZE);
	memset(*mem, 0x71, 5 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, kho_add_subtree(name, *blob, 2 * PAGE_SIZE + 1),
			0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
}

static void expect_subtree(struct kunit *test, const char *name,
			   const void *blob)
{
	phys_addr_t phys = 0;
	size_t size = 0;

	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree(name, &phys, &size), 0);
	KUNIT_EXPECT_EQ(test, phys, phys_of(blob));
	KUNIT_EXPECT_EQ(test, size, 2 * PAGE_SIZE + 1);
}

static void preserve_test_not_asked_for(struct kunit *test)
{
	unsigned int hop;
	void *blob, *mem;

	hand_over_subtree(test, "kunit", &blob, &mem);
	for (hop = 0; hop < 3; hop++) {
		KUNIT_EXPECT_TRUE(test, kho_in_pending());
		KUNIT_EXPECT_FALSE(test, kho_out_pending());
		KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
		KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
		KUNIT_EXPECT_TRUE(test, kho_out_pending());
		KUNIT_EXPECT_TRUE(test, kho_test_preserved(phys_of(blob), 4));
		KUNIT_EXPECT_TRUE(test, kho_test_preserved(phys_of(mem), 5));
		KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	}

	expect_subtree(test, "kunit", blob);
	KUNIT_EXPECT_NULL(test, memchr_inv(blob, 0x17, 2 * PAGE_SIZE + 1));
	KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0x71, 5 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, kho_in_pending());
	KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
	KUNIT_EXPECT_FALSE(test, kho_out_pending());
	kho_in_free(phys_of(mem), 5);
	kho_restore_free(blob);
}

/* Who comes when it has been handed on already takes it out again. */
static void preserve_test_asked_for_late(struct kunit *test)
{
	void *blob, *mem;
	u64 before;

	hand_over_subtree(test, "kunit", &blob, &mem);
	before = kho_test_preserved_pages();
	KUNIT_ASSERT_EQ(test, kho_in_hand_on_subtrees(), 0);
	expect_subtree(test, "kunit", blob);
	KUNIT_EXPECT_FALSE(test, kho_out_pending());
	kho_in_free(phys_of(mem), 5);
	kho_restore_free(blob);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
}

struct pending {
	char name[16];
	u64 size;
	unsigned int nr;
};

static void note_pending(const char *name, u64 size, void *data)
{
	struct pending *pending = data;

	strscpy(pending->name, name);
	pending->size = size;
	pending->nr++;
}

/* One of this name, or, without one, none. */
static void expect_pending(struct kunit *test, const char *name, u64 size)
{
	struct pending pending = {};

	kho_in_each_pending(note_pending, &pending);
	KUNIT_EXPECT_EQ(test, pending.nr, name ? 1 : 0);
	KUNIT_EXPECT_STREQ(test, pending.name, name ?: "");
	KUNIT_EXPECT_EQ(test, pending.size, size);
}

/* No kernel writes that, but loading the next one had better go on. */
static void preserve_test_two_of_a_name(struct kunit *test)
{
	void *blob, *mem, *twin = kho_alloc_preserve(PAGE_SIZE);
	int node;

	KUNIT_ASSERT_FALSE(test, IS_ERR(twin));
	KUNIT_ASSERT_EQ(test, kho_add_subtree("kunix", twin, 8), 0);
	hand_over_subtree(test, "kunit", &blob, &mem);
	node = kho_root_node(kho_in_fdt(), "kunix");
	KUNIT_ASSERT_EQ(test, fdt_set_name((void *)kho_in_fdt(), node, "kunit"),
			0);

	expect_pending(test, "kunit", 2 * PAGE_SIZE + 1);
	KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
	expect_subtree(test, "kunit", blob);
	expect_pending(test, NULL, 0);
	KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
	KUNIT_EXPECT_FALSE(test, kho_out_pending());
	kho_in_free(phys_of(mem), 5);
	kho_restore_free(blob);
	kho_restore_free(twin);
}

/* Nobody finds it any more, and the next kernel doesn't get it. */
static void preserve_test_discarded(struct kunit *test)
{
	unsigned int late;

	for (late = 0; late < 2; late++) {
		void *blob, *mem;
		phys_addr_t phys;
		u64 before;

		hand_over_subtree(test, "kunit", &blob, &mem);
		before = kho_test_preserved_pages();
		expect_pending(test, "kunit", 2 * PAGE_SIZE + 1);
		if (late)
			KUNIT_ASSERT_EQ(test, kho_in_hand_on_subtrees(), 0);

		KUNIT_EXPECT_EQ(test, kho_in_discard("kuni"), -ENOENT);
		KUNIT_EXPECT_EQ(test, kho_in_discard("kunit"), 0);
		KUNIT_EXPECT_EQ(test, kho_in_discard("kunit"), -ENOENT);
		expect_pending(test, NULL, 0);
		KUNIT_EXPECT_FALSE(test, kho_in_pending());
		KUNIT_EXPECT_FALSE(test, kho_out_pending());
		KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
		KUNIT_EXPECT_FALSE(test, kho_out_pending());
		KUNIT_EXPECT_EQ(test, kho_in_blocks(phys_of(blob), 3), 0);
		KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("kunit", &phys,
							   NULL), -EINVAL);

		/* What it led to is still there. */
		KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0x71, 5 * PAGE_SIZE));
		kho_in_free(phys_of(mem), 5);
		KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	}
}

/* A name is handed over once, and who adds it has the right to it. */
static void preserve_test_superseded(struct kunit *test)
{
	void *blob, *mem, *other;
	unsigned int late;

	for (late = 0; late < 2; late++) {
		hand_over_subtree(test, "kunit", &blob, &mem);
		if (late)
			KUNIT_ASSERT_EQ(test, kho_in_hand_on_subtrees(), 0);
		other = kho_alloc_preserve(3 * PAGE_SIZE);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(other));
		KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", other,
						      2 * PAGE_SIZE + 1), 0);
		KUNIT_EXPECT_FALSE(test, kho_in_pending());
		KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
		KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
		expect_subtree(test, "kunit", other);
		kho_restore_free(other);
	}
}

/* Until not even the shortest name has room. */
static void fill_root(struct kunit *test, void *blob)
{
	unsigned int len = 500, i = 0;
	char name[501];

	while (len >= 3) {
		memset(name, 'x', len);
		name[len] = 0;
		name[0] = 'a' + i / 26;
		name[1] = 'a' + i++ % 26;
		if (kho_add_subtree(name, blob, 1))
			len = len > 3 ? max(len / 2, 3U) : 0;
	}
}

/* If it can't be added, the other one still waits. */
static void preserve_test_not_superseded(struct kunit *test)
{
	void *blob, *mem;

	hand_over_subtree(test, "kunit", &blob, &mem);
	fill_root(test, mem);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", mem, 1), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, kho_in_pending());
	KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), -ENOSPC);
	expect_subtree(test, "kunit", blob);
	KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
}

/* What the core hands over says nothing about the kernel after the next. */
static void preserve_test_own_subtrees(struct kunit *test)
{
	void *mem = kho_alloc_preserve(PAGE_SIZE);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(mem));
	KUNIT_ASSERT_EQ(test, kho_add_subtree(KHO_CLOCK_SUBTREE, mem, 1), 0);
	KUNIT_ASSERT_EQ(test, kho_add_subtree(KHO_METADATA_NODE_NAME, mem, 1),
			0);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	KUNIT_EXPECT_FALSE(test, kho_in_pending());
	KUNIT_EXPECT_EQ(test, kho_in_hand_on_subtrees(), 0);
	KUNIT_EXPECT_EQ(test, kho_add_subtree(KHO_CLOCK_SUBTREE, mem, 1), 0);
	kho_remove_subtree(mem);
	kho_restore_free(mem);
}

static struct kunit_case preserve_test_cases[] = {
	KUNIT_CASE(preserve_test_alloc),
	KUNIT_CASE(preserve_test_alloc_refused),
	KUNIT_CASE(preserve_test_ranges),
	KUNIT_CASE(preserve_test_refused),
	KUNIT_CASE(preserve_test_folio),
	KUNIT_CASE(preserve_test_unpreserved_folio),
	KUNIT_CASE(preserve_test_pages),
	KUNIT_CASE(preserve_test_free),
	KUNIT_CASE(preserve_test_restore_free),
	KUNIT_CASE(preserve_test_claim),
	KUNIT_CASE(preserve_test_overlap),
	KUNIT_CASE(preserve_test_hand_on),
	KUNIT_CASE(preserve_test_subtree),
	KUNIT_CASE(preserve_test_subtree_size),
	KUNIT_CASE(preserve_test_pending),
	KUNIT_CASE(preserve_test_not_asked_for),
	KUNIT_CASE(preserve_test_asked_for_late),
	KUNIT_CASE(preserve_test_two_of_a_name),
	KUNIT_CASE(preserve_test_discarded),
	KUNIT_CASE(preserve_test_superseded),
	KUNIT_CASE(preserve_test_not_superseded),
	KUNIT_CASE(preserve_test_own_subtrees),
	{}
};

static struct kunit_suite preserve_test_suite = {
	.name = "kho_preserve",
	.test_cases = preserve_test_cases,
};

kunit_test_suite(preserve_test_suite);
