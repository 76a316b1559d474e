/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contents that can be told from any other, for the modules here.
 */
#ifndef KHO_CARRY_PATTERN_H
#define KHO_CARRY_PATTERN_H

#include <linux/printk.h>
#include <linux/types.h>

static inline u64 word(u64 seed, size_t i)
{
	u64 x = (seed + i) * 0x9e3779b97f4a7c15ULL;

	return x ^ x >> 29;
}

static inline void fill(void *mem, size_t size, u64 seed)
{
	u64 *words = mem;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++)
		words[i] = word(seed, i);
}

static inline int check(const char *what, const void *mem, size_t size,
			u64 seed)
{
	const u64 *words = mem;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++) {
		if (words[i] == word(seed, i))
			continue;
		pr_err("%s: %s differs at byte %zu\n", KBUILD_MODNAME, what,
		       i * sizeof(*words));
		return -EBADMSG;
	}
	return 0;
}

#endif /* KHO_CARRY_PATTERN_H */
