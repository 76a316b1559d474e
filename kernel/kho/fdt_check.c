// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks that an FDT of unknown origin is safe to read.
 */
#include <linux/libfdt.h>

#include "internal.h"

/* No FDT here is nested deeper than a driver's own nodes need. */
#define MAX_DEPTH	16

/**
 * kho_fdt_check - check all of an FDT's structure
 * @fdt: the FDT
 * @size: bytes that may be read at @fdt
 *
 * libfdt checks what it touches, when it touches it; this looks at every tag
 * once, so that later use can't fail half way.
 *
 * Return: NULL if the FDT is sound, otherwise what is wrong with it.
 */
const char *kho_fdt_check(const void *fdt, size_t size)
{
	int offset = 0, next, depth = 0, roots = 0;

	if (size < sizeof(struct fdt_header))
		return "too short for an FDT";
	if (fdt_check_header(fdt))
		return "no valid FDT header";
	if (fdt_totalsize(fdt) > size)
		return "FDT is truncated";
	/* libfdt reads its tags as they lie. */
	if (fdt_off_dt_struct(fdt) % sizeof(fdt32_t))
		return "FDT isn't aligned";

	for (;; offset = next) {
		const char *name;
		int len;

		switch (fdt_next_tag(fdt, offset, &next)) {
		case FDT_BEGIN_NODE:
			if (!depth++ && roots++)
				return "FDT has more than one root";
			if (depth > MAX_DEPTH)
				return "FDT is nested too deep";
			if (!fdt_get_name(fdt, offset, &len))
				return "FDT has a broken node";
			break;
		case FDT_PROP:
			if (!depth ||
			    !fdt_getprop_by_offset(fdt, offset, &name, &len))
				return "FDT has a broken property";
			break;
		case FDT_END_NODE:
			if (--depth < 0)
				return "FDT has an unbalanced node";
			break;
		case FDT_NOP:
			break;
		default:
			/* What libfdt can't make sense of is an end, too. */
			if (next < 0)
				return "FDT has no valid end";
			if (depth)
				return "FDT ends inside a node";
			return roots ? NULL : "FDT has no root";
		}
	}
}
