/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver, the core: memory that survives kexec, and named blobs in it.
 */
#ifndef _LINUX_KEXEC_HANDOVER_H
#define _LINUX_KEXEC_HANDOVER_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/mmzone.h>
#include <linux/types.h>

struct folio;
struct kexec_buf;
struct kexec_segment;
struct kimage;
struct page;
struct resource;
struct zone;

/* One scratch area, as it stands in the array that is handed over. */
struct kho_scratch {
	phys_addr_t addr;
	phys_addr_t size;
};

#ifdef CONFIG_KHO

int kho_preserve_folio(struct folio *folio);
void kho_unpreserve_folio(struct folio *folio);
int kho_preserve_pages(struct page *page, unsigned long nr_pages);
void kho_unpreserve_pages(struct page *page, unsigned long nr_pages);

struct folio *kho_restore_folio(phys_addr_t phys);
struct page *kho_restore_pages(phys_addr_t phys, unsigned long nr_pages);

int kho_preserve_vmalloc(void *ptr, struct kho_vmalloc *preservation);
void kho_unpreserve_vmalloc(struct kho_vmalloc *preservation);
void *kho_restore_vmalloc(const struct kho_vmalloc *preservation);

void *kho_alloc_preserve(size_t size);
void kho_unpreserve_free(void *mem);
void kho_restore_free(void *mem);

/* Not in mainline: memory that can be preserved, whatever drivers have added. */
struct folio *kho_folio_alloc(unsigned int order);

int kho_add_subtree(const char *name, void *blob, size_t size);
void kho_remove_subtree(void *blob);
int kho_retrieve_subtree(const char *name, phys_addr_t *phys, size_t *size);

#else /* CONFIG_KHO */

static inline int kho_preserve_folio(struct folio *folio)
{
	return -EOPNOTSUPP;
}

static inline void kho_unpreserve_folio(struct folio *folio)
{
}

static inline int kho_preserve_pages(struct page *page, unsigned long nr_pages)
{
	return -EOPNOTSUPP;
}

static inline void kho_unpreserve_pages(struct page *page,
					unsigned long nr_pages)
{
}

static inline struct folio *kho_restore_folio(phys_addr_t phys)
{
	return NULL;
}

static inline struct page *kho_restore_pages(phys_addr_t phys,
					     unsigned long nr_pages)
{
	return NULL;
}

static inline int kho_preserve_vmalloc(void *ptr,
				       struct kho_vmalloc *preservation)
{
	return -EOPNOTSUPP;
}

static inline void kho_unpreserve_vmalloc(struct kho_vmalloc *preservation)
{
}

static inline void *
kho_restore_vmalloc(const struct kho_vmalloc *preservation)
{
	return NULL;
}

static inline void *kho_alloc_preserve(size_t size)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void kho_unpreserve_free(void *mem)
{
}

static inline void kho_restore_free(void *mem)
{
}

static inline struct folio *kho_folio_alloc(unsigned int order)
{
	return folio_alloc(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
}

static inline int kho_add_subtree(const char *name, void *blob, size_t size)
{
	return -EOPNOTSUPP;
}

static inline void kho_remove_subtree(void *blob)
{
}

static inline int kho_retrieve_subtree(const char *name, phys_addr_t *phys,
				       size_t *size)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_KHO */

#ifdef CONFIG_KEXEC_HANDOVER

bool kho_is_enabled(void);
bool is_kho_boot(void);

/* Called once each by early boot, in this order. */
void kho_populate(phys_addr_t fdt_phys, u64 fdt_size, phys_addr_t scratch_phys,
		  u64 scratch_size);
void kho_populate_failed(const char *why);
void kho_memblock_apply(void);
enum migratetype kho_scratch_migratetype(unsigned long pfn,
					 enum migratetype mt);
void kho_memory_init(void);
void kho_grow_deferred_pages(struct zone *zone, unsigned long pfn);
void kho_init_deferred_pages(void);

/* Called by kexec_file_load(). */
int kho_fill_kimage(struct kimage *image);
bool kho_is_carried(const struct kimage *image);
int kho_locate_mem_hole(struct kexec_buf *kbuf,
			int (*func)(struct resource *res, void *arg));
int kho_kexec_digest(struct kimage *image);
void kho_kexec_loaded(struct kimage *image);
void kho_kexec_free(struct kimage *image);

#else /* CONFIG_KEXEC_HANDOVER */

static inline bool kho_is_enabled(void)
{
	return false;
}

static inline bool is_kho_boot(void)
{
	return false;
}

static inline void kho_populate(phys_addr_t fdt_phys, u64 fdt_size,
				phys_addr_t scratch_phys, u64 scratch_size)
{
}

static inline void kho_populate_failed(const char *why)
{
}

static inline void kho_memblock_apply(void)
{
}

static inline enum migratetype kho_scratch_migratetype(unsigned long pfn,
						       enum migratetype mt)
{
	return mt;
}

static inline void kho_memory_init(void)
{
}

static inline void kho_grow_deferred_pages(struct zone *zone,
					   unsigned long pfn)
{
}

static inline void kho_init_deferred_pages(void)
{
}

static inline int kho_fill_kimage(struct kimage *image)
{
	return 0;
}

static inline bool kho_is_carried(const struct kimage *image)
{
	return false;
}

static inline int kho_locate_mem_hole(struct kexec_buf *kbuf,
				      int (*func)(struct resource *res,
						  void *arg))
{
	return 1;
}

static inline int kho_kexec_digest(struct kimage *image)
{
	return 0;
}

static inline void kho_kexec_loaded(struct kimage *image)
{
}

static inline void kho_kexec_free(struct kimage *image)
{
}

#endif /* CONFIG_KEXEC_HANDOVER */

/* Called by kexec_file_load(), too. */
#ifdef CONFIG_ARCH_SUPPORTS_KEXEC_IN_PLACE
int kho_load_segment(struct kimage *image, struct kexec_segment *segment);
#else
static inline int kho_load_segment(struct kimage *image,
				   struct kexec_segment *segment)
{
	return 1;
}
#endif

#endif /* _LINUX_KEXEC_HANDOVER_H */
