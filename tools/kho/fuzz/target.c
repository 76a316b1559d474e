// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzz target: the kernel's code that reads a handover, on whatever the
 * input says that memory holds. See layout.h.
 */
#include <string.h>

#include <linux/kernel.h>

#include "entry.h"
#include "layout.h"
#include "libfuzzer.h"
#include "memory.h"

/* The number of an entry is part of the corpus: add at the end. */
static const struct entry * const entries[] = {
	&boot_entry,
	&fdt_entry,
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	memory_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input;

	if (size < sizeof(input))
		return -1;
	memcpy(&input, data, sizeof(input));
	entries[input.entry % ARRAY_SIZE(entries)]->run(&input,
							data + sizeof(input),
							size - sizeof(input));
	return 0;
}
