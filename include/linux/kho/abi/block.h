/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of entries of one size, as they are handed over: a chain of pages, each
 * with a header and, right behind it, its entries.
 */
#ifndef _LINUX_KHO_ABI_BLOCK_H
#define _LINUX_KHO_ABI_BLOCK_H

#include <asm/page.h>
#include <linux/types.h>

#define KHO_BLOCK_SIZE	PAGE_SIZE

/**
 * struct kho_block_header_ser - the head of a block
 * @next: physical address of the next block; 0 after the last one
 * @count: number of entries, at least 1
 */
struct kho_block_header_ser {
	u64 next;
	u64 count;
} __packed;

#endif /* _LINUX_KHO_ABI_BLOCK_H */
