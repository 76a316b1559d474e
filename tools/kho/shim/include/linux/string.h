/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_STRING_H
#define _KHO_SHIM_STRING_H

#include <errno.h>

#include_next <linux/string.h>

static inline int match_string(const char * const *array, size_t n,
			       const char *string)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(array[i], string))
			return i;
	return -EINVAL;
}

#endif /* _KHO_SHIM_STRING_H */
