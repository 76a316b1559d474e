// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is allocated to be handed over.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>

/**
 * kho_alloc_preserve - allocate zeroed memory that is preserved
 * @size: bytes, rounded up to 2^k pages
 *
 * It is one block of the handover, and the next kernel gets all of it back
 * with kho_restore_folio() or kho_restore_free().
 *
 * Context: may sleep.
 * Return: physically contiguous memory, or an ERR_PTR(): -EINVAL if @size is 0;
 * -E2BIG if the page allocator has no such blocks; -ENOMEM; -EOPNOTSUPP
 * without KHO.
 */
void *kho_alloc_preserve(size_t size)
{
	unsigned int order = get_order(size);
	struct folio *folio;
	int err;

	if (!size)
		return ERR_PTR(-EINVAL);
	if (order > MAX_PAGE_ORDER)
		return ERR_PTR(-E2BIG);

	folio = kho_folio_alloc(order);
	if (!folio)
		return ERR_PTR(-ENOMEM);

	err = kho_preserve_folio(folio);
	if (err) {
		folio_put(folio);
		return ERR_PTR(err);
	}
	return folio_address(folio);
}
EXPORT_SYMBOL_GPL(kho_alloc_preserve);

/**
 * kho_unpreserve_free - undo kho_alloc_preserve()
 * @mem: what it returned, or NULL
 *
 * Context: may sleep.
 */
void kho_unpreserve_free(void *mem)
{
	struct folio *folio;

	if (!mem)
		return;

	folio = virt_to_folio(mem);
	kho_unpreserve_folio(folio);
	folio_put(folio);
}
EXPORT_SYMBOL_GPL(kho_unpreserve_free);

/**
 * kho_restore_free - free memory of the previous kernel's kho_alloc_preserve()
 * @mem: where it is, or NULL
 *
 * Memory that has been taken already is left alone.
 *
 * Context: may sleep.
 */
void kho_restore_free(void *mem)
{
	struct folio *folio;

	if (!mem)
		return;

	folio = kho_restore_folio(virt_to_phys(mem));
	if (folio)
		folio_put(folio);
}
EXPORT_SYMBOL_GPL(kho_restore_free);
