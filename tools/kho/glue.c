// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's sources need of the rest of the kernel, as far as reading
 * a handover goes: scratch areas, a machine that only collects images.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/list.h>
#include <linux/printk.h>

#include "../../kernel/kho/fsm/internal.h"
#include "../../kernel/kho/internal.h"
#include "glue.h"

struct kho_scratch kho_scratch[KHO_MAX_SCRATCH];
unsigned int kho_scratch_cnt;

void kho_scratch_set(const struct kho_scratch *areas, unsigned int nr)
{
	memcpy(kho_scratch, areas, nr * sizeof(*areas));
	kho_scratch_cnt = nr;
}

bool kho_scratch_overlap(phys_addr_t phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++)
		if (kho_scratch[i].size &&
		    phys <= kho_scratch[i].addr + (kho_scratch[i].size - 1) &&
		    kho_scratch[i].addr <= phys + (size - 1))
			return true;
	return false;
}

struct kho_node *kho_node_find(struct kho_machine *m, const char *name)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}

struct kho_node *kho_node_create(struct kho_machine *m, const char *name)
{
	struct kho_node *node = calloc(1, sizeof(*node));

	if (!node)
		return ERR_PTR(-ENOMEM);
	node->machine = m;
	node->name = strdup(name);
	list_add_tail(&node->link, &m->nodes);
	return node;
}

void kho_node_set_image(struct kho_node *node, struct kho_image *image)
{
	node->image = image;
}

void kho_machine_update(struct kho_machine *m)
{
}

/**
 * machine_init - a machine without images
 * @m: the machine
 */
void machine_init(struct kho_machine *m)
{
	memset(m, 0, sizeof(*m));
	INIT_LIST_HEAD(&m->nodes);
}

/**
 * machine_clear - forget all images
 * @m: the machine
 * @release: what becomes of an image
 */
void machine_clear(struct kho_machine *m,
		   void (*release)(struct kho_image *image))
{
	struct kho_node *node, *next;

	list_for_each_entry_safe(node, next, &m->nodes, link) {
		release(node->image);
		free((void *)node->name);
		free(node);
	}
	INIT_LIST_HEAD(&m->nodes);
}
