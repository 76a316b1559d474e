/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_FUZZ_ENTRY_H
#define _KHO_FUZZ_ENTRY_H

#include <linux/types.h>

struct fuzz_input;

/**
 * struct entry - something that reads hostile data
 * @run: called with the beginning of the input, and with the rest of it
 */
struct entry {
	void (*run)(const struct fuzz_input *input, const void *rest,
		    size_t size);
};

extern const struct entry boot_entry;
extern const struct entry fdt_entry;

#endif /* _KHO_FUZZ_ENTRY_H */
