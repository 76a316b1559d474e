// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root FDT, byte by byte as mainline's "kho-v4" has it.
 */
#include <inttypes.h>
#include <string.h>

#include <linux/libfdt.h>
#include <linux/mm.h>

#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/root_fdt.h"
#include "dump.h"
#include "physmem.h"
#include "report.h"

/* The properties that a node may have: all that mainline writes. */
struct expected {
	const char *name;
	int len;
};

static const struct expected root_props[] = {
	{ "compatible", sizeof(KHO_FDT_COMPATIBLE) },
	{ KHO_FDT_MEMORY_MAP_PROP_NAME, sizeof(u64) },
	{ }
};

static const struct expected subtree_props[] = {
	{ KHO_SUB_TREE_PROP_NAME, sizeof(u64) },
	{ KHO_SUB_TREE_SIZE_PROP_NAME, sizeof(u64) },
	{ }
};

static void check_prop(const struct expected *expected, const char *name,
		       int len)
{
	for (; expected->name; expected++) {
		if (strcmp(expected->name, name))
			continue;
		if (expected->len != len)
			problem("%s has %d bytes, not %d", name, len,
				expected->len);
		return;
	}
	problem("%s is no property of this format", name);
}

static void check_props(const void *fdt, int node,
			const struct expected *expected)
{
	int prop;

	fdt_for_each_property_offset(prop, fdt, node) {
		const char *name;
		int len;

		if (fdt_getprop_by_offset(fdt, prop, &name, &len))
			check_prop(expected, name, len);
	}
}

/**
 * find_root - look for the root FDT of a handover
 *
 * Return: its physical address in bytes, 0 unless there is just one; then the
 * candidates have been printed.
 */
u64 find_root(void)
{
	unsigned int i, found = 0;
	u64 at, root = 0;

	for (i = 0; i < physmem_nr; i++)
		for (at = -physmem[i].phys & (PAGE_SIZE - 1);
		     at + PAGE_SIZE <= physmem[i].size; at += PAGE_SIZE) {
			phys_addr_t map;

			if (kho_root_check(physmem[i].mem + at, PAGE_SIZE,
					   &map) || !physmem_at(map, PAGE_SIZE))
				continue;
			root = physmem[i].phys + at;
			say("root FDT found at %#" PRIx64, root);
			found++;
		}
	return found == 1 ? root : 0;
}

/**
 * dump_root - print the root FDT
 * @fdt: its page; kho_root_check() has passed it
 * @phys: its physical address in bytes
 */
void dump_root(const void *fdt, u64 phys)
{
	say("root FDT at %#" PRIx64 ", " KHO_FDT_COMPATIBLE ", %u bytes used",
	    phys, fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt));
	report_depth++;
	check_props(fdt, 0, root_props);
	if (fdt_totalsize(fdt) != PAGE_SIZE)
		problem("its size is %u, not that of a page",
			fdt_totalsize(fdt));
	report_depth--;
}

static void dump_entry(const void *fdt, int node)
{
	struct subtree subtree = { .name = fdt_get_name(fdt, node, NULL) };
	phys_addr_t phys;

	say("subtree %s", subtree.name);
	report_depth++;
	check_props(fdt, node, subtree_props);
	if (kho_root_find(fdt, subtree.name, &phys, &subtree.size)) {
		problem("it doesn't say where its blob is");
	} else {
		subtree.phys = phys;
		subtree.mem = physmem_at(phys, subtree.size);
		say("%" PRIu64 " bytes at %#" PRIx64, subtree.size, phys);
		if (!is_preserved(phys, subtree.size))
			problem("not all of it is preserved");
		if (subtree.mem)
			dump_subtree(&subtree);
	}
	report_depth--;
}

/**
 * dump_subtrees - print everything that the root FDT names
 * @fdt: the root FDT
 */
void dump_subtrees(const void *fdt)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0)
		dump_entry(fdt, node);
}
