/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A checksum over the root FDT and the map, so that the next kernel can tell
 * whether they are what this one has left. In the handover it is a subtree of
 * our own, which other kernels ignore.
 */
#ifndef _KERNEL_KHO_SEAL_H
#define _KERNEL_KHO_SEAL_H

#include <linux/types.h>
#include <linux/xxhash.h>

#define KHO_SEAL_SUBTREE	"kho-seal"
#define KHO_SEAL_MAGIC		0x4c414553204f484bULL	/* "KHO SEAL" */

/**
 * struct kho_seal - the seal, as it is handed over, in native byte order
 * @magic: %KHO_SEAL_MAGIC; 0 while it is broken
 * @nodes: number of nodes of the map
 * @hash: XXH64 over the nodes in the order of a walk, then the root FDT
 */
struct kho_seal {
	u64 magic;
	u64 nodes;
	u64 hash;
};

/**
 * struct kho_seal_state - a seal being computed
 * @hash: over what was added
 * @nodes: number of nodes that were added
 */
struct kho_seal_state {
	struct xxh64_state hash;
	u64 nodes;
};

void kho_seal_begin(struct kho_seal_state *state);
void kho_seal_node(struct kho_seal_state *state, const void *node);
struct kho_seal kho_seal_end(struct kho_seal_state *state,
			     const void *root_fdt);
bool kho_seal_differs(const struct kho_seal *there,
		      const struct kho_seal *computed);

#endif /* _KERNEL_KHO_SEAL_H */
