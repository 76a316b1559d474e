// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entry point: a boot with a handover, from the setup_data node to drivers that
 * read their images and give them up.
 */
#include <string.h>

#include <asm/kho.h>
#include <asm/setup_data.h>
#include <linux/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/memblock.h>
#include <linux/mm.h>

#include "../../../kernel/kho/fsm/internal.h"
#include "../../../kernel/kho/internal.h"
#include "../../../kernel/kho/root_fdt.h"
#include "../glue.h"
#include "../physmem.h"
#include "boot.h"
#include "entry.h"
#include "layout.h"
#include "memory.h"
#include "oracle.h"
#include "read_image.h"

#define SUBTREE		"kho-fsm"
#define LOW_MEMORY	(16 * PAGE_SIZE)
#define MAX_RESTORED	64

/* What becomes of the images, and of all the rest, is up to the input. */
#define HAND_ON		0x100
#define RESTORE_ALL	0x200

/* Scratch of the next handover is not what is tested. */
void kho_scratch_reserve(void)
{
}

void kho_scratch_measure(void)
{
}

/* The kernel changes what it knows of these pages: they had better exist. */
void kho_scratch_demote(void)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++)
		if (kho_scratch[i].size &&
		    !physmem_at(kho_scratch[i].addr, kho_scratch[i].size))
			wrong("scratch at %#lx is no memory",
			      kho_scratch[i].addr);
	kho_scratch_cnt = 0;
}

void kho_scratch_off(void)
{
}

static void forget_boot(void)
{
	early_reset();
	ingest_reset();
	preserve_reset();
	kho_in_set(NULL, NULL, true);
	kho_scratch_cnt = 0;
	memory_reset();
	memblock_reset();
}

static void use_image(struct kho_image *image)
{
	if (!image->broken)
		read_image(image);
}

static void use_images(bool hand_on)
{
	struct kho_machine machine;
	struct kho_node *node;
	phys_addr_t phys;
	size_t size;

	if (kho_retrieve_subtree(SUBTREE, &phys, &size))
		return;
	machine_init(&machine);
	kho_manifest_read(&machine, phys, size);
	list_for_each_entry(node, &machine.nodes, link)
		use_image(node->image);
	machine_clear(&machine, hand_on ? kho_image_drop : kho_image_condemn);
}

static void use_subtrees(void)
{
	const void *fdt = kho_in_fdt();
	phys_addr_t phys;
	size_t size;
	int node;

	fdt_for_each_subnode(node, fdt, 0)
		kho_retrieve_subtree(fdt_get_name(fdt, node, NULL), &phys,
				     &size);
}

static void restore_all(void)
{
	unsigned int i;

	for (i = 0; i < MAX_RESTORED && oracle_block(i); i++)
		i % 2 ? (void)kho_restore_folio(oracle_block(i)) :
			kho_restore_free(phys_to_virt(oracle_block(i)));
}

/* Command lines are not what is tested. */
u64 kho_reserve_mem_in_use(void)
{
	return 0;
}

/* The node is at the end of memory, where nothing else is looked for. */
static void read_setup_data(const struct fuzz_input *input)
{
	const struct setup_data node = {
		.type = SETUP_KEXEC_KHO,
		.len = input->node_len,
	};
	const u64 phys = FUZZ_MEMORY - PAGE_SIZE;

	memory_write(phys, &node, sizeof(node));
	memory_write(phys + sizeof(node), &input->fdt,
		     sizeof(*input) - offsetof(struct fuzz_input, fdt));
	kho_add_setup_data(phys, sizeof(node) + node.len);
}

/* What memblock says, as marks; its lists have to be lists. */
static void mark_regions(const struct memblock_type *type,
			 enum memblock_flags flag, enum mark mark)
{
	phys_addr_t end = 0;
	unsigned long i;

	for (i = 0; i < type->cnt; i++) {
		const struct memblock_region *region = &type->regions[i];

		if (region->base < end || !region->size)
			wrong("memblock is out of order at %#lx", region->base);
		end = region->base + region->size;
		if ((region->flags & flag) == flag)
			memory_mark(mark, region->base, region->size);
	}
}

/* Early boot takes something of the first region that it may. */
static void allocate(void)
{
	unsigned long i;

	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *region =
			&memblock.memory.regions[i];

		if (region->flags & MEMBLOCK_KHO_FREE) {
			memblock_reserve(region->base + region->size / 2,
					 PAGE_SIZE);
			return;
		}
	}
}

static void boot(const struct fuzz_input *input)
{
	read_setup_data(input);
	memblock_reserve(0, LOW_MEMORY);
	memblock_reserve(FUZZ_MEMORY - PAGE_SIZE, PAGE_SIZE);
	kho_memblock_apply();
	if (!is_kho_boot()) {
		if (!kho_lost_because())
			wrong("a handover is dropped without a word");
		kho_memory_init();
		return;
	}
	oracle_read(early_map_root());
	mark_regions(&memblock.memory, MEMBLOCK_KHO_FREE, FREE);
	oracle_expect_not_free();
	allocate();
	mark_regions(&memblock.reserved, MEMBLOCK_NONE, USED);
	kho_memory_init();
	mark_regions(&memblock.reserved, MEMBLOCK_NONE, RESERVED);
	if (!kho_in_fdt())
		return;
	oracle_expect_reserved();
	oracle_mark_nodes(early_map_root());
	memory_mark(NODE, early_root_fdt(), KHO_ROOT_SIZE);

	if (kho_out_init())
		return;
	use_subtrees();
	kho_in_drop_seal();
	use_images(input->entry & HAND_ON);
	if (input->entry & HAND_ON)
		kho_in_hand_on();
	if (input->entry & RESTORE_ALL)
		restore_all();
}

static void run(const struct fuzz_input *input, const void *rest, size_t size)
{
	forget_boot();
	memory_lay_out(rest, size);
	boot(input);
}

const struct entry boot_entry = { .run = run };
