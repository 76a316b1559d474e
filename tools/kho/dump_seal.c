// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal over the root FDT and the map, computed by the kernel's code again.
 */
#include <inttypes.h>
#include <string.h>

#include <linux/io.h>
#include <linux/mm.h>

#include "../../kernel/kho/seal.h"
#include "dump.h"
#include "physmem.h"
#include "report.h"

/**
 * dump_seal - print a seal, and compare it
 * @subtree: struct kho_seal
 */
void dump_seal(const struct subtree *subtree)
{
	struct kho_seal seal, computed;

	if (subtree->size != sizeof(seal)) {
		problem("it has %" PRIu64 " bytes, not %zu", subtree->size,
			sizeof(seal));
		return;
	}
	memcpy(&seal, subtree->mem, sizeof(seal));
	if (!seal.magic) {
		say("broken by the kernel itself: it has gone on preserving");
		return;
	}
	if (seal.magic != KHO_SEAL_MAGIC) {
		problem("it isn't a seal: %#" PRIx64, seal.magic);
		return;
	}
	computed = map_seal();
	say("%" PRIu64 " nodes, XXH64 %016" PRIx64, seal.nodes, seal.hash);
	if (kho_seal_differs(&seal, &computed))
		problem("it doesn't fit: %" PRIu64 " nodes, XXH64 %016" PRIx64,
			computed.nodes, computed.hash);
}
