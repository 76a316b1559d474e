// SPDX-License-Identifier: GPL-2.0-only
/*
 * The images of the state machine's clients ("kho-fsm-v1"), read by the code
 * with which the kernel takes them over.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "../../kernel/kho/fsm/internal.h"
#include "../../kernel/kho/internal.h"
#include "dump.h"
#include "glue.h"
#include "report.h"

void kho_machine_error(struct kho_machine *m, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	problem("%s", text);
}

static void dump_extents(const struct kho_image *image)
{
	unsigned int i;

	for (i = 0; i < image->nr_extents; i++)
		say("memory at %#" PRIx64 ", %" PRIu64 " pages",
		    image->extents[i].phys, image->extents[i].nr_pages);
}

static void dump_image(const struct kho_node *node)
{
	const struct kho_image *image = node->image;

	say("image %s: %zu bytes at %#" PRIx64 ", pass %u, %" PRIu64 " bytes written last",
	    node->name, image->capacity, virt_to_phys(image->fdt), node->pass,
	    node->bytes);
	report_depth++;
	dump_extents(image);
	if (image->broken)
		say("not readable");
	else
		dump_fdt(image->fdt);
	report_depth--;
}

/**
 * dump_fsm - print a manifest and its images
 * @subtree: the manifest
 */
void dump_fsm(const struct subtree *subtree)
{
	struct kho_machine machine;
	struct kho_node *node;

	if (!kho_in_blocks(subtree->phys, PFN_UP(subtree->size))) {
		problem("not all of it is preserved");
		return;
	}
	machine_init(&machine);
	if (!kho_manifest_read(&machine, subtree->phys, subtree->size))
		say("live update %" PRIu64, machine.generation);
	list_for_each_entry(node, &machine.nodes, link)
		dump_image(node);
	machine_clear(&machine, kho_image_drop);
}
