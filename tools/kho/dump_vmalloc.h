/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_DUMP_VMALLOC_H
#define _KHO_DUMP_VMALLOC_H

#include <linux/types.h>

/**
 * struct vmalloc_area - mainline's descriptor of a preserved vmalloc area
 * @first: physical address of the first chunk in bytes
 * @total_pages: pages of PAGE_SIZE
 * @flags: kind of area
 * @order: each entry of a chunk is 2^order pages
 */
struct vmalloc_area {
	u64 first;
	u32 total_pages;
	u16 flags;
	u16 order;
} __packed;

u64 *dump_vmalloc(const struct vmalloc_area *area);

#endif /* _KHO_DUMP_VMALLOC_H */
