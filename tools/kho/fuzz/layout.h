/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz target makes of its input: a struct fuzz_input, then pieces of
 * memory until the end. Memory that no piece covers is zero. khodump --corpus
 * writes real handovers in this layout.
 */
#ifndef _KHO_FUZZ_LAYOUT_H
#define _KHO_FUZZ_LAYOUT_H

#include <linux/bits.h>
#include <linux/types.h>

/* All of the simulated system's memory, from address 0. */
#define FUZZ_MEMORY	BIT_ULL(30)

/**
 * struct fuzz_input - the beginning of an input
 * @entry: number of the entry point
 * @node_len: length of the setup_data node's payload in bytes
 * @fdt: the payload: physical address of the root FDT
 * @fdt_size: its size in bytes
 * @scratch: physical address of the array of scratch areas
 * @scratch_size: its size in bytes
 */
struct fuzz_input {
	u32 entry;
	u32 node_len;
	u64 fdt;
	u64 fdt_size;
	u64 scratch;
	u64 scratch_size;
} __packed;

/**
 * struct fuzz_piece - memory that isn't zero; its bytes follow
 * @page: number of the page
 * @offset: of the first byte in the page
 * @len: number of bytes
 */
struct fuzz_piece {
	u32 page;
	u16 offset;
	u16 len;
} __packed;

#endif /* _KHO_FUZZ_LAYOUT_H */
