/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of khodump: each prints one part of a handover, and checks it. */
#ifndef _KHO_DUMP_H
#define _KHO_DUMP_H

#include <linux/types.h>

struct kho_seal;

/**
 * struct subtree - a named blob of a handover
 * @name: its name
 * @phys: physical address in bytes
 * @size: bytes
 * @mem: the blob, all of which is in the dump
 */
struct subtree {
	const char *name;
	u64 phys;
	u64 size;
	const void *mem;
};

/* dump_root.c */
u64 find_root(void);
void dump_root(const void *fdt, u64 phys);
void dump_subtrees(const void *fdt);

/* dump_scratch.c */
void dump_scratch(u64 array, u64 size, u64 fdt);
const char *add_scratch(u64 addr, u64 size);

/* dump_map.c */
void dump_map(u64 root, const void *root_fdt, bool all_runs);
bool is_preserved(u64 phys, u64 size);
bool is_map_node(u64 phys);
u64 next_map_node(unsigned int i);
struct kho_seal map_seal(void);

/* dump_fdt.c */
void dump_fdt(const void *fdt);

/* formats.c */
void dump_subtree(const struct subtree *subtree);

/* dump_fsm.c and so on: what formats.c knows */
void dump_fsm(const struct subtree *subtree);
void dump_seal(const struct subtree *subtree);
void dump_kexec_metadata(const struct subtree *subtree);
void dump_reserve_mem(const struct subtree *subtree);
void dump_luo(const struct subtree *subtree);

#endif /* _KHO_DUMP_H */
