// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel that has not been started yet says about itself.
 */
#include <linux/kho/abi/mark.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "mark.h"

/**
 * kho_mark_find - which formats does a kernel read?
 * @image: its image; may hold anything
 * @size: bytes
 *
 * Format: include/linux/kho/abi/mark.h. A list without an end is none, and so is
 * one without names: what is looked for is in this function's own kernel, too.
 *
 * Context: any.
 * Return: the names, separated by spaces, within @image; NULL if there are none.
 */
const char *kho_mark_find(const void *image, size_t size)
{
	static const char mark[] = KHO_MARK " ";
	const size_t len = sizeof(mark) - 1;
	const char *end = image + size, *place = image;

	while (end - place > len) {
		const char *list;
		size_t max;

		place = memchr(place, mark[0], end - place - len);
		if (!place)
			break;
		list = place++ + len;
		max = min_t(size_t, end - list, KHO_MARK_MAX);
		if (!memcmp(list - len, mark, len) && *list &&
		    strnlen(list, max) < max)
			return list;
	}
	return NULL;
}
