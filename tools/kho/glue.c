// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's sources need of the rest of the kernel, as far as reading
 * a handover goes: a machine that only collects images.
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

/* Who allocates memory here owns it. */
const char *kho_refuse(unsigned long pfn, unsigned long nr_pages)
{
	return NULL;
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
