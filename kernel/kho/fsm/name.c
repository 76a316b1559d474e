// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of clients, nodes and properties, whoever has chosen them.
 */
#include <linux/ctype.h>
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
