// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subtrees of mainline's own users of Kexec HandOver: what the previous kernel
 * was, and memory of reserve_mem=.
 */
#include <inttypes.h>
#include <string.h>

#include <linux/kho/abi/kexec_metadata.h>
#include <linux/kho/abi/memblock.h>
#include <linux/libfdt.h>
#include <linux/unaligned.h>

#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/reserve_fdt.h"
#include "dump.h"
#include "physmem.h"
#include "report.h"

/**
 * dump_kexec_metadata - print what is told about the previous kernel
 * @subtree: struct kho_kexec_metadata
 */
void dump_kexec_metadata(const struct subtree *subtree)
{
	const struct kho_kexec_metadata *metadata = subtree->mem;
	const char *release = metadata->previous_release;

	if (subtree->size != sizeof(*metadata)) {
		problem("it has %" PRIu64 " bytes, not %zu", subtree->size,
			sizeof(*metadata));
		return;
	}
	if (metadata->version != KHO_KEXEC_METADATA_VERSION) {
		problem("its version is %u, not %u", metadata->version,
			KHO_KEXEC_METADATA_VERSION);
		return;
	}
	if (!memchr(release, 0, sizeof(metadata->previous_release)))
		problem("the release doesn't end");
	else
		say("written by %s after %u kexecs", release,
		    metadata->kexec_count);
}

static int get_native(const void *fdt, int node, const char *prop, u64 *val)
{
	int len;
	const void *p = fdt_getprop(fdt, node, prop, &len);

	if (!p || len != sizeof(*val)) {
		problem("no valid %s", prop);
		return -EINVAL;
	}
	*val = get_unaligned((const u64 *)p);
	return 0;
}

static void dump_reserved(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	u64 start, size;

	say("reserve_mem %s", name);
	report_depth++;
	if (strlen(name) >= KHO_RESERVED_NAME)
		problem("its name is too long");
	if (fdt_node_check_compatible(fdt, node,
				      RESERVE_MEM_KHO_NODE_COMPATIBLE))
		problem("its format isn't " RESERVE_MEM_KHO_NODE_COMPATIBLE);
	if (!get_native(fdt, node, "start", &start) &&
	    !get_native(fdt, node, "size", &size)) {
		say("%" PRIu64 " bytes at %#" PRIx64, size, start);
		if (!size || !is_preserved(start, size))
			problem("not all of it is preserved");
	}
	report_depth--;
}

/**
 * dump_reserve_mem - print memory that is reserved by name
 * @subtree: an FDT
 */
void dump_reserve_mem(const struct subtree *subtree)
{
	const char *bad = kho_fdt_check(subtree->mem, subtree->size);
	const void *fdt = subtree->mem;
	int node, nr = 0;

	if (bad) {
		problem("%s", bad);
		return;
	}
	if (fdt_node_check_compatible(fdt, 0, MEMBLOCK_KHO_NODE_COMPATIBLE))
		problem("its format isn't " MEMBLOCK_KHO_NODE_COMPATIBLE);
	fdt_for_each_subnode(node, fdt, 0) {
		dump_reserved(fdt, node);
		nr++;
	}
	if (nr > KHO_MAX_RESERVED)
		problem("it has %d entries, not up to %d", nr, KHO_MAX_RESERVED);
}
