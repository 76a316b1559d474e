/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that userspace hands out as if it were the page allocator. */
#ifndef _KHO_SHIM_GFP_H
#define _KHO_SHIM_GFP_H

#include <linux/gfp_types.h>
#include <linux/mm.h>
#include <linux/types.h>

void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *mem, size_t size);

static inline void free_page(unsigned long page)
{
	free_pages_exact((void *)page, PAGE_SIZE);
}

#endif /* _KHO_SHIM_GFP_H */
