// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal over the root FDT and the preserved-memory map.
 */
#include <linux/mm.h>

#include "root_fdt.h"
#include "seal.h"

/**
 * kho_seal_begin - begin to compute a seal
 * @state: set up by this
 */
void kho_seal_begin(struct kho_seal_state *state)
{
	xxh64_reset(&state->hash, KHO_SEAL_MAGIC);
	state->nodes = 0;
}

/**
 * kho_seal_node - add a node of the map, in the order of a walk
 * @state: the state
 * @node: the node, a page
 */
void kho_seal_node(struct kho_seal_state *state, const void *node)
{
	xxh64_update(&state->hash, node, PAGE_SIZE);
	state->nodes++;
}

/**
 * kho_seal_end - add the root FDT, and be done
 * @state: the state
 * @root_fdt: the root FDT, %KHO_ROOT_SIZE bytes
 *
 * Return: the seal.
 */
struct kho_seal kho_seal_end(struct kho_seal_state *state,
			     const void *root_fdt)
{
	xxh64_update(&state->hash, root_fdt, KHO_ROOT_SIZE);
	return (struct kho_seal) {
		.magic = KHO_SEAL_MAGIC,
		.nodes = state->nodes,
		.hash = xxh64_digest(&state->hash),
	};
}

/**
 * kho_seal_differs - does a seal tell that something has changed?
 * @there: the seal that was handed over
 * @computed: what was computed over what it covers
 *
 * Return: true if it does; false if they agree, or @there was broken by the
 * kernel that made it, because it went on preserving.
 */
bool kho_seal_differs(const struct kho_seal *there,
		      const struct kho_seal *computed)
{
	return there->magic == KHO_SEAL_MAGIC &&
	       (there->nodes != computed->nodes ||
		there->hash != computed->hash);
}
