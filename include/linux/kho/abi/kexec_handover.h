/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The format of a handover, "kho-v4", under the names that mainline has for
 * it. Documentation/kho-format.rst describes it; numbers are in native byte
 * order.
 */
#ifndef _LINUX_KHO_ABI_KEXEC_HANDOVER_H
#define _LINUX_KHO_ABI_KEXEC_HANDOVER_H

#include <asm/page.h>
#include <linux/bits.h>
#include <linux/math.h>
#include <linux/types.h>

/* The root FDT: its format, and the properties of it and of its subtrees. */
#define KHO_FDT_COMPATIBLE		"kho-v4"
#define KHO_FDT_MEMORY_MAP_PROP_NAME	"preserved-memory-map"
#define KHO_SUB_TREE_PROP_NAME		"preserved-data"
#define KHO_SUB_TREE_SIZE_PROP_NAME	"blob-size"

/* The radix tree: every number follows from the page size. */
enum kho_radix_consts {
	/* bit of a key that says "order 0" */
	KHO_ORDER_0_LOG2 = 64 - PAGE_SHIFT,
	/* bits of a key that index a table */
	KHO_TABLE_SIZE_LOG2 = PAGE_SHIFT - 3,
	/* bits of a key that number a bit in a leaf */
	KHO_BITMAP_SIZE_LOG2 = PAGE_SHIFT + 3,
	/* levels, with that of the leaves */
	KHO_TREE_MAX_DEPTH =
		DIV_ROUND_UP(KHO_ORDER_0_LOG2 - KHO_BITMAP_SIZE_LOG2 + 1,
			     KHO_TABLE_SIZE_LOG2) + 1,
};

/**
 * struct kho_radix_node - a table of the tree, one page
 * @table: physical addresses of the nodes below, 0 for none
 */
struct kho_radix_node {
	u64 table[1 << KHO_TABLE_SIZE_LOG2];
};

/**
 * struct kho_radix_leaf - a leaf of the tree, one page
 * @bitmap: a bit for each key
 */
struct kho_radix_leaf {
	unsigned long bitmap[PAGE_SIZE / sizeof(unsigned long)];
};

/* A pointer as it is handed over: a physical address, of something known. */
#define DECLARE_KHOSER_PTR(name, type) \
	union { u64 phys; type ptr; } name

/* To hand over a pointer to memory in the linear mapping, which isn't NULL. */
#define KHOSER_STORE_PTR(dest, val)				\
({								\
	typeof((dest).ptr) khoser_ptr = (val);			\
								\
	(dest).phys = virt_to_phys(khoser_ptr);			\
})

/* And to use it again, NULL for the address 0. */
#define KHOSER_LOAD_PTR(src)					\
({								\
	u64 khoser_phys = (src).phys;				\
								\
	(typeof((src).ptr))(khoser_phys ?			\
			    phys_to_virt(khoser_phys) : NULL);	\
})

struct kho_vmalloc_chunk;

/* The head of a chunk: the next one; 0 after the last one. */
struct kho_vmalloc_hdr {
	DECLARE_KHOSER_PTR(next, struct kho_vmalloc_chunk *);
};

/* Entries of a chunk. */
#define KHO_VMALLOC_SIZE \
	((PAGE_SIZE - sizeof(struct kho_vmalloc_hdr)) / sizeof(u64))

/**
 * struct kho_vmalloc_chunk - where pages of a vmalloc area are, one page
 * @hdr: what follows
 * @phys: physical addresses of 2^order pages each, up to the first 0
 */
struct kho_vmalloc_chunk {
	struct kho_vmalloc_hdr hdr;
	u64 phys[KHO_VMALLOC_SIZE];
};

/* Kinds of vmalloc areas. */
#define KHO_VMALLOC_ALLOC	BIT(0)	/* of vmalloc() */
#define KHO_VMALLOC_HUGE_VMAP	BIT(1)	/* of vmalloc_huge() */

/* A preserved vmalloc area. */
struct kho_vmalloc {
	DECLARE_KHOSER_PTR(first, struct kho_vmalloc_chunk *);
	u32 total_pages;	/* of PAGE_SIZE */
	u16 flags;		/* KHO_VMALLOC_* */
	u16 order;		/* each entry of a chunk is 2^order pages */
};

#endif /* _LINUX_KHO_ABI_KEXEC_HANDOVER_H */
