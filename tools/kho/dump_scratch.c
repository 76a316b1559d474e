// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scratch areas: from the array that the next kernel is given, or as somebody
 * says who knows.
 */
#include <inttypes.h>
#include <string.h>

#include <linux/kexec_handover.h>
#include <linux/mm.h>

#include "../../kernel/kho/internal.h"
#include "dump.h"
#include "physmem.h"
#include "report.h"

#define SCRATCH_ALIGN	(PAGE_SIZE * MAX_ORDER_NR_PAGES)

/* The node of x86's setup_data that leads to a handover. */
#define SETUP_TYPE	10
struct setup_node {
	u64 next;
	u32 type;
	u32 len;
	u64 fdt_addr;
	u64 fdt_size;
	u64 scratch_addr;
	u64 scratch_size;
};

static struct kho_scratch areas[KHO_MAX_SCRATCH];
static unsigned int nr_areas;

/**
 * add_scratch - there is a scratch area
 * @addr: physical address in bytes
 * @size: bytes
 *
 * Return: NULL, or why it is refused.
 */
const char *add_scratch(u64 addr, u64 size)
{
	if (nr_areas == KHO_MAX_SCRATCH)
		return "too many scratch areas";
	areas[nr_areas++] = (struct kho_scratch) { addr, size };
	kho_scratch_set(areas, nr_areas);
	return NULL;
}

static const char *check_area(unsigned int i)
{
	const struct kho_scratch *area = &areas[i];
	unsigned int j;

	if (!area->size)
		return NULL;
	if (!IS_ALIGNED(area->addr | area->size, SCRATCH_ALIGN))
		return "isn't aligned to the largest block";
	if (!physmem_at(area->addr, area->size))
		return "isn't in the dump";
	for (j = 0; j < i; j++)
		if (areas[j].size &&
		    area->addr < areas[j].addr + areas[j].size &&
		    areas[j].addr < area->addr + area->size)
			return "overlaps another one";
	return NULL;
}

static void say_areas(void)
{
	unsigned int i;

	for (i = 0; i < nr_areas; i++) {
		const char *bad = check_area(i);

		say("area %u: %#" PRIx64 " + %" PRIu64, i, areas[i].addr,
		    areas[i].size);
		if (bad)
			problem("it %s", bad);
	}
}

/* Nodes are aligned, and say where the root FDT is. */
static const struct setup_node *find_node(u64 fdt, u64 *phys)
{
	unsigned int i;
	u64 at;

	for (i = 0; i < physmem_nr; i++)
		for (at = 0; at + sizeof(struct setup_node) < physmem[i].size;
		     at += 4) {
			const void *place = physmem[i].mem + at;
			const struct setup_node *node = place;

			if (node->type == SETUP_TYPE && node->fdt_addr == fdt &&
			    node->len == sizeof(*node) - 16 &&
			    node->fdt_size == PAGE_SIZE) {
				*phys = physmem[i].phys + at;
				return node;
			}
		}
	return NULL;
}

static void read_array(u64 array, u64 size)
{
	const void *mem = physmem_at(array, size);
	u64 i;

	say("array of areas at %#" PRIx64 ", %" PRIu64 " bytes", array, size);
	if (!size || size % sizeof(*areas) || size > sizeof(areas)) {
		problem("it has an impossible size");
		return;
	}
	if (!mem) {
		problem("it isn't in the dump");
		return;
	}
	for (i = 0; i < size / sizeof(*areas); i++) {
		struct kho_scratch area;

		memcpy(&area, mem + i * sizeof(area), sizeof(area));
		add_scratch(area.addr, area.size);
	}
	if (!kho_scratch_overlap(array, size))
		problem("it isn't in scratch itself");
}

/**
 * dump_scratch - print the scratch areas
 * @array: physical address of the array in bytes, or 0 to look for it
 * @size: its size in bytes
 * @fdt: physical address of the root FDT in bytes
 */
void dump_scratch(u64 array, u64 size, u64 fdt)
{
	const struct setup_node *node = NULL;
	u64 phys;

	say("scratch");
	report_depth++;
	if (!array && !nr_areas) {
		node = find_node(fdt, &phys);
		if (node) {
			say("setup_data node at %#" PRIx64, phys);
			array = node->scratch_addr;
			size = node->scratch_size;
		}
	}
	if (array)
		read_array(array, size);
	if (!nr_areas)
		say("unknown: nothing is checked against it");
	say_areas();
	report_depth--;
}
