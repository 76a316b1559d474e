// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmalloc areas: preserved and restored, and descriptions of them that lie.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "fsm/test_clients.h"
#include "internal.h"

static void fill(void *area, unsigned int nr_pages)
{
	unsigned int i;

	for (i = 0; i < nr_pages; i++)
		memset(area + i * PAGE_SIZE, i % 251 + 1, PAGE_SIZE);
}

static void expect_filled(struct kunit *test, const void *area,
			  unsigned int nr_pages)
{
	unsigned int i;

	for (i = 0; i < nr_pages; i++)
		KUNIT_ASSERT_NULL(test, memchr_inv(area + i * PAGE_SIZE,
						   i % 251 + 1, PAGE_SIZE));
}

/* As after a kexec: nobody maps the pages any more, and nobody frees them. */
static void abandon(void *area)
{
	struct page **pages = find_vm_area(area)->pages;

	vunmap(area);
	kvfree(pages);
}

static unsigned int chunks_of(unsigned int nr_pages)
{
	return DIV_ROUND_UP(nr_pages, KHO_VMALLOC_SIZE);
}

static const unsigned int sizes[] = { 1, 2, 510, 511, 512, 1023 };

static void size_desc(const unsigned int *nr_pages, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u pages", *nr_pages);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static void vmalloc_test_unpreserve(struct kunit *test)
{
	unsigned int nr_pages = *(const unsigned int *)test->param_value;
	void *area = vmalloc(nr_pages * PAGE_SIZE);
	u64 before = kho_test_preserved_pages();
	struct kho_vmalloc preservation;

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_EQ(test, kho_preserve_vmalloc(area, &preservation), 0);
	KUNIT_EXPECT_EQ(test, preservation.total_pages, nr_pages);
	KUNIT_EXPECT_EQ(test, preservation.flags, KHO_VMALLOC_ALLOC);
	KUNIT_EXPECT_EQ(test, preservation.order, 0);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(),
			before + nr_pages + chunks_of(nr_pages));
	kho_unpreserve_vmalloc(&preservation);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	kho_unpreserve_vmalloc(&preservation);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	vfree(area);
}

/* It comes back, can be handed on, and comes back again. */
static void vmalloc_test_restore(struct kunit *test)
{
	unsigned int nr_pages = *(const unsigned int *)test->param_value;
	void *area = vmalloc(nr_pages * PAGE_SIZE);
	struct kho_vmalloc preservation;
	unsigned int hop;

	KUNIT_ASSERT_NOT_NULL(test, area);
	fill(area, nr_pages);
	for (hop = 0; hop < 2; hop++) {
		u64 incoming;

		KUNIT_ASSERT_EQ(test, kho_preserve_vmalloc(area,
							   &preservation), 0);
		KUNIT_EXPECT_EQ(test, preservation.flags, KHO_VMALLOC_ALLOC);
		KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
		abandon(area);

		incoming = kho_test_incoming_pages();
		area = kho_restore_vmalloc(&preservation);
		KUNIT_ASSERT_NOT_NULL(test, area);
		expect_filled(test, area, nr_pages);
		KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(),
				incoming - nr_pages - chunks_of(nr_pages));
		KUNIT_EXPECT_NULL(test, kho_restore_vmalloc(&preservation));
	}
	vfree(area);
}

/* Mainline ends a chain whose last chunk is full with an empty one. */
static void vmalloc_test_trailing_chunk(struct kunit *test)
{
	void *area = vmalloc(KHO_VMALLOC_SIZE * PAGE_SIZE);
	struct kho_vmalloc_chunk *chunk, *empty;
	struct kho_vmalloc preservation;

	empty = kho_alloc_preserve(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_FALSE(test, IS_ERR(empty));
	KUNIT_ASSERT_EQ(test, kho_preserve_vmalloc(area, &preservation), 0);
	chunk = phys_to_virt(preservation.first.phys);
	KUNIT_ASSERT_EQ(test, chunk->hdr.next.phys, 0);
	chunk->hdr.next.phys = virt_to_phys(empty);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	abandon(area);

	area = kho_restore_vmalloc(&preservation);
	KUNIT_EXPECT_NOT_NULL(test, area);
	vfree(area);
	KUNIT_EXPECT_NULL(test, kho_restore_folio(virt_to_phys(empty)));
}

/* Entries are blocks of 2^order pages, each of which is one in the map. */
static void vmalloc_test_order(struct kunit *test)
{
	struct kho_vmalloc preservation = {
		.total_pages = 8,
		.flags = KHO_VMALLOC_ALLOC | KHO_VMALLOC_HUGE_VMAP,
		.order = 2,
	};
	struct kho_vmalloc_chunk *chunk = kho_alloc_preserve(sizeof(*chunk));
	unsigned int i, k;
	void *area;

	KUNIT_ASSERT_FALSE(test, IS_ERR(chunk));
	for (i = 0; i < 2; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, 2);

		KUNIT_ASSERT_NOT_NULL(test, page);
		for (k = 0; k < 4; k++)
			memset(page_address(page + k), i * 4 + k + 1,
			       PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, kho_preserve_pages(page, 4), 0);
		chunk->phys[i] = page_to_phys(page);
	}
	preservation.first.phys = virt_to_phys(chunk);
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);

	area = kho_restore_vmalloc(&preservation);
	KUNIT_ASSERT_NOT_NULL(test, area);
	expect_filled(test, area, 8);
	vfree(area);
}

/* --- what can't be preserved --- */

static void vmalloc_test_refused(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 before = kho_test_preserved_pages();
	struct kho_vmalloc preservation;
	void *area = vmalloc(2 * PAGE_SIZE), *mapped;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, area);
	mapped = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mapped);

	KUNIT_EXPECT_EQ(test, kho_preserve_vmalloc(page_address(page),
						   &preservation), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_vmalloc(area + PAGE_SIZE,
						   &preservation), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_vmalloc(mapped, &preservation),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), before);
	vunmap(mapped);
	__free_page(page);
	vfree(area);
}

/* --- what can't be believed --- */

#define LIE_PAGES	600

struct lie {
	const char *name;
	void (*tell)(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk);
	unsigned int freed;	/* pages, of area and chunks */
};

static void no_flags(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk)
{
	preservation->flags = 0;
}

static void unknown_flag(struct kho_vmalloc *preservation,
			 struct kho_vmalloc_chunk *chunk)
{
	preservation->flags |= BIT(2);
}

static void huge_order(struct kho_vmalloc *preservation,
		       struct kho_vmalloc_chunk *chunk)
{
	preservation->order = 0xffff;
}

static void other_order(struct kho_vmalloc *preservation,
			struct kho_vmalloc_chunk *chunk)
{
	preservation->order = 4;
}

static void no_pages(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk)
{
	preservation->total_pages = 0;
}

static void all_pages(struct kho_vmalloc *preservation,
		      struct kho_vmalloc_chunk *chunk)
{
	preservation->total_pages = UINT_MAX;
}

static void one_more(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk)
{
	preservation->total_pages++;
}

static void one_less(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk)
{
	preservation->total_pages--;
}

static void no_chunk(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk)
{
	preservation->first.phys = 0;
}

static void odd_chunk(struct kho_vmalloc *preservation,
		      struct kho_vmalloc_chunk *chunk)
{
	preservation->first.phys += 8;
}

static void chunk_nowhere(struct kho_vmalloc *preservation,
			  struct kho_vmalloc_chunk *chunk)
{
	preservation->first.phys = BIT_ULL(62);
}

static void loop(struct kho_vmalloc *preservation,
		 struct kho_vmalloc_chunk *chunk)
{
	chunk->hdr.next.phys = preservation->first.phys;
}

static void page_twice(struct kho_vmalloc *preservation,
		       struct kho_vmalloc_chunk *chunk)
{
	chunk->phys[9] = chunk->phys[8];
}

static void page_nowhere(struct kho_vmalloc *preservation,
			 struct kho_vmalloc_chunk *chunk)
{
	chunk->phys[3] = BIT_ULL(62);
}

static void odd_page(struct kho_vmalloc *preservation,
		     struct kho_vmalloc_chunk *chunk)
{
	chunk->phys[0]++;
}

static const struct lie lies[] = {
	{ "no flags", no_flags, 0 },
	{ "unknown flag", unknown_flag, 0 },
	{ "impossible order", huge_order, 0 },
	{ "other order", other_order, 0 },
	{ "no pages", no_pages, 0 },
	{ "all pages", all_pages, 0 },
	{ "one page more", one_more, LIE_PAGES + 2 },
	{ "one page less", one_less, LIE_PAGES - 1 + 2 },
	{ "no chunk", no_chunk, 0 },
	{ "chunk not aligned", odd_chunk, 0 },
	{ "chunk outside of memory", chunk_nowhere, 0 },
	{ "loop", loop, KHO_VMALLOC_SIZE + 1 },
	{ "page twice", page_twice, 9 + 1 },
	{ "page outside of memory", page_nowhere, 3 + 1 },
	{ "page not aligned", odd_page, 1 },
};

static void lie_desc(const struct lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lie, lies, lie_desc);

/* What was taken is freed, once; the rest stays where it is. */
static void vmalloc_test_lie(struct kunit *test)
{
	void *area = vmalloc(LIE_PAGES * PAGE_SIZE);
	const struct lie *lie = test->param_value;
	struct kho_vmalloc preservation;
	u64 incoming;

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_EQ(test, kho_preserve_vmalloc(area, &preservation), 0);
	lie->tell(&preservation, phys_to_virt(preservation.first.phys));
	KUNIT_ASSERT_EQ(test, kho_test_loop_back(), 0);
	abandon(area);

	incoming = kho_test_incoming_pages();
	KUNIT_EXPECT_NULL(test, kho_restore_vmalloc(&preservation));
	KUNIT_EXPECT_EQ(test, incoming - kho_test_incoming_pages(),
			lie->freed);
}

/* How mainline's users write addresses down. */
static void vmalloc_test_pointer(struct kunit *test)
{
	DECLARE_KHOSER_PTR(pointer, u64 *);
	u64 *mem = kunit_kzalloc(test, sizeof(*mem), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KHOSER_STORE_PTR(pointer, mem);
	KUNIT_EXPECT_EQ(test, sizeof(pointer), 8);
	KUNIT_EXPECT_EQ(test, pointer.phys, virt_to_phys(mem));
	KUNIT_EXPECT_PTR_EQ(test, KHOSER_LOAD_PTR(pointer), mem);
	pointer.phys = 0;
	KUNIT_EXPECT_NULL(test, KHOSER_LOAD_PTR(pointer));
}

static struct kunit_case vmalloc_test_cases[] = {
	KUNIT_CASE(vmalloc_test_pointer),
	KUNIT_CASE_PARAM(vmalloc_test_unpreserve, size_gen_params),
	KUNIT_CASE_PARAM(vmalloc_test_restore, size_gen_params),
	KUNIT_CASE(vmalloc_test_trailing_chunk),
	KUNIT_CASE(vmalloc_test_order),
	KUNIT_CASE(vmalloc_test_refused),
	KUNIT_CASE_PARAM(vmalloc_test_lie, lie_gen_params),
	{}
};

static struct kunit_suite vmalloc_test_suite = {
	.name = "kho_vmalloc",
	.test_cases = vmalloc_test_cases,
};

kunit_test_suite(vmalloc_test_suite);
