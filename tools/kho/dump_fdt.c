// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any FDT, as a tree of nodes and properties.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/libfdt.h>
#include <linux/types.h>

#include "dump.h"
#include "report.h"

#define BYTES_SHOWN	32

/* One or more strings, each printable and none empty. */
static bool is_text(const char *val, int len)
{
	int i;

	if (len < 2 || val[len - 1])
		return false;
	for (i = 0; i < len; i++)
		if (val[i] ? !isprint((unsigned char)val[i]) :
			     !i || !val[i - 1])
			return false;
	return true;
}

static void text_value(char *line, size_t room, const char *val, int len)
{
	const char *end = val + len;
	size_t used = 0;

	for (; val < end && used < room; val += strlen(val) + 1)
		used += snprintf(line + used, room - used, "%s\"%s\"",
				 used ? ", " : "", val);
}

/* Cells if it can be cells, otherwise bytes. */
static void number_value(char *line, size_t room, const void *val, int len)
{
	int unit = len % 4 ? 1 : 4, i;
	size_t used = 0;

	for (i = 0; i < len && i < BYTES_SHOWN; i += unit)
		used += unit == 1 ?
			snprintf(line + used, room - used, " %02x",
				 *((const u8 *)val + i)) :
			snprintf(line + used, room - used, " %08x",
				 fdt32_ld((const fdt32_t *)(val + i)));
	if (i < len)
		snprintf(line + used, room - used, " ... %d bytes", len);
}

static void dump_prop(const void *fdt, int prop)
{
	const char *name;
	char line[256] = "";
	int len;
	const void *val = fdt_getprop_by_offset(fdt, prop, &name, &len);

	if (!val)
		return;
	if (is_text(val, len))
		text_value(line, sizeof(line), val, len);
	else
		number_value(line, sizeof(line), val, len);
	say("%s%s%s", name, len ? " = " : "", line + (line[0] == ' '));
}

static void dump_node(const void *fdt, int node)
{
	int prop, child;

	fdt_for_each_property_offset(prop, fdt, node)
		dump_prop(fdt, prop);
	fdt_for_each_subnode(child, fdt, node) {
		say("%s", fdt_get_name(fdt, child, NULL));
		report_depth++;
		dump_node(fdt, child);
		report_depth--;
	}
}

/**
 * dump_fdt - print an FDT
 * @fdt: the FDT; kho_fdt_check() has passed it
 */
void dump_fdt(const void *fdt)
{
	dump_node(fdt, 0);
}
