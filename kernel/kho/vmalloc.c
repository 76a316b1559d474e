// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmalloc areas, handed over as a chain of pages that say where the pages of
 * the area are.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/* What an area may be and still come back as what it was. */
#define VM_HARMLESS	(VM_ALLOC | VM_ALLOW_HUGE_VMAP | VM_MAP | \
			 VM_MAP_PUT_PAGES | VM_KASAN | VM_NO_GUARD)

/* vfree() gives back the pages of these: vmalloc()'ed, or restored by us. */
static bool owns_pages(const struct vm_struct *vm)
{
	if (vm->flags & ~VM_HARMLESS || !vm->pages || !vm->nr_pages)
		return false;
	if (vm->flags & VM_ALLOC)
		return true;
	return (vm->flags & (VM_MAP | VM_MAP_PUT_PAGES)) ==
	       (VM_MAP | VM_MAP_PUT_PAGES);
}

static bool is_block(struct page **pages, unsigned int order)
{
	unsigned long pfn = page_to_pfn(pages[0]), i;

	if (!IS_ALIGNED(pfn, BIT(order)))
		return false;
	for (i = 1; i < BIT(order); i++)
		if (page_to_pfn(pages[i]) != pfn + i)
			return false;
	return true;
}

static unsigned int claimed_order(const struct vm_struct *vm)
{
#ifdef CONFIG_HAVE_ARCH_HUGE_VMALLOC
	return vm->page_order;
#else
	return 0;
#endif
}

/* The order that the area says it has, if all of its pages have it, too. */
static unsigned int area_order(const struct vm_struct *vm)
{
	unsigned int order = claimed_order(vm), i;

	if (vm->nr_pages & (BIT(order) - 1))
		return 0;
	for (i = 0; order && i < vm->nr_pages; i += BIT(order))
		if (!is_block(vm->pages + i, order))
			return 0;
	return order;
}

static struct kho_vmalloc_chunk *add_chunk(struct kho_vmalloc_chunk *last)
{
	struct kho_vmalloc_chunk *chunk = kho_alloc_preserve(sizeof(*chunk));

	if (!IS_ERR(chunk) && last)
		last->hdr.next.phys = virt_to_phys(chunk);
	return chunk;
}

static int preserve_blocks(const struct vm_struct *vm,
			   struct kho_vmalloc *preservation)
{
	struct kho_vmalloc_chunk *chunk = NULL;
	unsigned int i, n = KHO_VMALLOC_SIZE;
	int err;

	for (i = 0; i < vm->nr_pages; i += BIT(preservation->order)) {
		if (n == KHO_VMALLOC_SIZE) {
			chunk = add_chunk(chunk);
			if (IS_ERR(chunk))
				return PTR_ERR(chunk);
			if (!i)
				preservation->first.phys = virt_to_phys(chunk);
			n = 0;
		}
		err = kho_preserve_pages(vm->pages[i],
					 BIT(preservation->order));
		if (err)
			return err;
		chunk->phys[n++] = page_to_phys(vm->pages[i]);
	}
	return 0;
}

/**
 * kho_preserve_vmalloc - have the next kernel find a vmalloc area
 * @ptr: the area, of vmalloc() and its like or of kho_restore_vmalloc(); the
 *	caller keeps it until it is unpreserved
 * @preservation: set up by this; to be stored in memory that is preserved
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if there is no area at @ptr, or some of it can't be
 * preserved; -EOPNOTSUPP if it is an area of another kind, or without KHO;
 * -ENOMEM. On error nothing is preserved.
 */
int kho_preserve_vmalloc(void *ptr, struct kho_vmalloc *preservation)
{
	const struct vm_struct *vm = find_vm_area(ptr);
	int err;

	memset(preservation, 0, sizeof(*preservation));
	if (!vm || vm->addr != ptr)
		return -EINVAL;
	if (!owns_pages(vm)) {
		pr_warn("no vmalloc area at %p that can be preserved: flags %#lx\n",
			ptr, vm->flags);
		return -EOPNOTSUPP;
	}

	preservation->total_pages = vm->nr_pages;
	preservation->order = area_order(vm);
	preservation->flags = KHO_VMALLOC_ALLOC;
	if (vm->flags & VM_ALLOW_HUGE_VMAP)
		preservation->flags |= KHO_VMALLOC_HUGE_VMAP;

	err = preserve_blocks(vm, preservation);
	if (err)
		kho_unpreserve_vmalloc(preservation);
	return err;
}
EXPORT_SYMBOL_GPL(kho_preserve_vmalloc);

/**
 * kho_unpreserve_vmalloc - undo kho_preserve_vmalloc()
 * @preservation: what it has set up; preserves nothing afterwards
 *
 * Context: may sleep.
 */
void kho_unpreserve_vmalloc(struct kho_vmalloc *preservation)
{
	u64 phys = preservation->first.phys;

	while (phys) {
		struct kho_vmalloc_chunk *chunk = phys_to_virt(phys);
		unsigned int i;

		for (i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i]; i++)
			kho_unpreserve_pages(pfn_to_page(PHYS_PFN(chunk->phys[i])),
					     BIT(preservation->order));
		phys = chunk->hdr.next.phys;
		kho_unpreserve_free(chunk);
	}
	memset(preservation, 0, sizeof(*preservation));
}
EXPORT_SYMBOL_GPL(kho_unpreserve_vmalloc);

/* An area being restored: its pages, @found of which are ours already. */
struct restore {
	const struct kho_vmalloc *preservation;
	struct page **pages;
	unsigned int found;
};

static const char *check(const struct kho_vmalloc *preservation)
{
	unsigned int nr_pages = preservation->total_pages;

	if (preservation->flags & ~(KHO_VMALLOC_ALLOC | KHO_VMALLOC_HUGE_VMAP) ||
	    !(preservation->flags & KHO_VMALLOC_ALLOC))
		return "unknown flags";
	if (preservation->order > MAX_PAGE_ORDER)
		return "impossible order";
	if (!nr_pages || nr_pages > get_num_physpages() ||
	    nr_pages & (BIT(preservation->order) - 1))
		return "impossible number of pages";
	return NULL;
}

static const char *take_block(struct restore *restore, phys_addr_t phys)
{
	unsigned int i, nr = BIT(restore->preservation->order);
	struct page *page;

	if (restore->found == restore->preservation->total_pages)
		return "more pages than it should have";

	page = kho_restore_pages(phys, nr);
	if (!page)
		return "its pages aren't preserved";

	for (i = 0; i < nr; i++)
		restore->pages[restore->found++] = page + i;
	return NULL;
}

/* A chunk is taken before it is read, so a chain can't come back to it. */
static const char *take_chunk(struct restore *restore, u64 *phys)
{
	struct page *page = kho_restore_pages(*phys, 1);
	struct kho_vmalloc_chunk *chunk;
	const char *bad = NULL;
	unsigned int i;

	if (!page)
		return "its list of pages isn't preserved";

	chunk = page_address(page);
	for (i = 0; i < KHO_VMALLOC_SIZE && chunk->phys[i] && !bad; i++)
		bad = take_block(restore, chunk->phys[i]);
	*phys = chunk->hdr.next.phys;
	__free_page(page);
	return bad;
}

static const char *take_chunks(struct restore *restore)
{
	const struct kho_vmalloc *preservation = restore->preservation;
	unsigned int blocks = preservation->total_pages >> preservation->order;
	/* Mainline has an empty one behind a full one. */
	unsigned int left = blocks / KHO_VMALLOC_SIZE + 1;
	u64 phys = preservation->first.phys;
	const char *bad = NULL;

	while (phys && !bad && left--)
		bad = take_chunk(restore, &phys);
	if (!bad && phys)
		bad = "its list of pages is too long";
	if (!bad && restore->found < preservation->total_pages)
		bad = "fewer pages than it should have";
	return bad;
}

static void *map_pages(const struct restore *restore)
{
	return vmap(restore->pages, restore->found, VM_MAP | VM_MAP_PUT_PAGES,
		    PAGE_KERNEL);
}

static const char *restore_area(struct restore *restore, void **area)
{
	const char *bad = take_chunks(restore);

	if (bad)
		return bad;
	*area = map_pages(restore);
	return *area ? NULL : "it can't be mapped";
}

/**
 * kho_restore_vmalloc - take a preserved vmalloc area
 * @preservation: what kho_preserve_vmalloc() had set up in the previous kernel
 *
 * Pages are mapped one by one, whatever the area was made of.
 *
 * Context: may sleep.
 * Return: the area, which the caller frees with vfree(); NULL if what is said
 * of it can't be true, it has been taken already, or for lack of memory. Then
 * what had been taken of it is freed, and the rest stays reserved.
 */
void *kho_restore_vmalloc(const struct kho_vmalloc *preservation)
{
	struct restore restore = { .preservation = preservation };
	const char *bad = check(preservation);
	void *area;

	if (bad)
		goto refuse;

	restore.pages = kvmalloc_array(preservation->total_pages,
				       sizeof(*restore.pages), GFP_KERNEL);
	if (!restore.pages) {
		bad = "out of memory";
		goto refuse;
	}

	bad = restore_area(&restore, &area);
	if (!bad)
		return area;

	while (restore.found)
		__free_page(restore.pages[--restore.found]);
	kvfree(restore.pages);
refuse:
	pr_err("vmalloc area of %u pages isn't restored: %s\n",
	       preservation->total_pages, bad);
	return NULL;
}
EXPORT_SYMBOL_GPL(kho_restore_vmalloc);
