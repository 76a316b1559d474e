// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of clients, nodes and properties, whoever has chosen them, and who
 * bears one.
 */
#include <linux/ctype.h>
#include <linux/list.h>
#include <linux/string.h>

#include "internal.h"

/**
 * kho_name_valid - can this name a node or a property?
 * @name: the name
 *
 * Return: whether it is one for an FDT.
 */
bool kho_name_valid(const char *name)
{
	size_t len = name ? strlen(name) : 0;
	size_t i;

	if (!len || len > KHO_NAME_MAX || name[0] == '.')
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr(",._+-@", name[i])))
			return false;
	return true;
}

/**
 * kho_client_name_valid - can this name a client?
 * @name: the name
 *
 * Without an @, up to which libfdt takes two names for the same.
 *
 * Return: whether it is one for sysfs and for an FDT.
 */
bool kho_client_name_valid(const char *name)
{
	return kho_name_valid(name) && !strchr(name, '@');
}

/**
 * kho_node_find - find a node by name
 * @m: the machine
 * @name: the name
 *
 * Context: @m->lock or @m->list_lock held.
 * Return: the node, or NULL.
 */
struct kho_node *kho_node_find(struct kho_machine *m, const char *name)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}
