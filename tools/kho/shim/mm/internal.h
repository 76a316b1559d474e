/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that the kernel takes out of a handover: here it is only noted. */
#ifndef _KHO_SHIM_MM_INTERNAL_H
#define _KHO_SHIM_MM_INTERNAL_H

#include <linux/mm.h>

#define PageReserved(page)		((void)(page), false)
#define ClearPageReserved(page)	((void)(page))
#define set_page_count(page, count)	((void)(page))
#define prep_compound_page(page, order)	((void)(page))

/* The one call that comes exactly once for each block taken. */
void adjust_managed_page_count(struct page *page, long count);

static inline void __free_page(struct page *page)
{
}

#endif /* _KHO_SHIM_MM_INTERNAL_H */
