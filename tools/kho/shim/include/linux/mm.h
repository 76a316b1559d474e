/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of another system (physmem.h) as the kernel sees its own. A page is
 * its number and nothing more.
 */
#ifndef _KHO_SHIM_MM_H
#define _KHO_SHIM_MM_H

#include <asm/page.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/err.h>
#include <linux/gfp_types.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>
#include <linux/types.h>

#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x)	IS_ALIGNED((unsigned long)(x), PAGE_SIZE)

#define IS_ENABLED(option)	0
#define WARN_ON_ONCE(condition)	(condition)

#define __ffs64(x)		__ffs(x)

#define PHYS_ADDR_MAX		(~(phys_addr_t)0)
#define SMP_CACHE_BYTES		64

struct page {
	u64 word[8];
};

struct folio {
	struct page page;
};

void *phys_to_virt(phys_addr_t phys);
phys_addr_t virt_to_phys(const void *mem);
bool pfn_valid(unsigned long pfn);

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)(pfn * sizeof(struct page));
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)page / sizeof(*page);
}

static inline struct folio *page_folio(struct page *page)
{
	return (struct folio *)page;
}

static inline unsigned long folio_pfn(const struct folio *folio)
{
	return page_to_pfn(&folio->page);
}

static inline unsigned int folio_order(const struct folio *folio)
{
	return 0;
}

static inline void *folio_address(const struct folio *folio)
{
	return phys_to_virt((phys_addr_t)folio_pfn(folio) << PAGE_SHIFT);
}

void folio_put(struct folio *folio);

static inline struct page *virt_to_page(const void *mem)
{
	return pfn_to_page(virt_to_phys(mem) >> PAGE_SHIFT);
}

static inline struct folio *virt_to_folio(const void *mem)
{
	return page_folio(virt_to_page(mem));
}

static inline unsigned int get_order(size_t size)
{
	return size > PAGE_SIZE ? ilog2((size - 1) >> PAGE_SHIFT) + 1 : 0;
}

static inline int pfn_to_nid(unsigned long pfn)
{
	return 0;
}

static inline size_t array_size(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

#endif /* _KHO_SHIM_MM_H */
