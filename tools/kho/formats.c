// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which subtrees are known, and what to do with the others.
 */
#include <string.h>

#include <linux/kernel.h>
#include <linux/kho/abi/kexec_metadata.h>
#include <linux/kho/abi/luo.h>
#include <linux/kho/abi/memblock.h>

#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/seal.h"
#include "dump.h"
#include "report.h"

static const struct {
	const char *name;
	void (*dump)(const struct subtree *subtree);
} formats[] = {
	{ "kho-fsm", dump_fsm },
	{ KHO_SEAL_SUBTREE, dump_seal },
	{ KHO_METADATA_NODE_NAME, dump_kexec_metadata },
	{ MEMBLOCK_KHO_FDT, dump_reserve_mem },
	{ LUO_KHO_ENTRY_NAME, dump_luo },
};

/**
 * dump_subtree - print a subtree
 * @subtree: the subtree
 */
void dump_subtree(const struct subtree *subtree)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(formats[i].name, subtree->name)) {
			formats[i].dump(subtree);
			return;
		}
	}
	if (!kho_fdt_check(subtree->mem, subtree->size))
		dump_fdt(subtree->mem);
	else
		say_bytes(subtree->mem, subtree->size);
}
