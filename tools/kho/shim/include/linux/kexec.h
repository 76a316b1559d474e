/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_KEXEC_H
#define _KHO_SHIM_KEXEC_H

#include <linux/types.h>

struct kimage {
	struct {
		phys_addr_t fdt;
		phys_addr_t scratch;
		u64 scratch_size;
		bool randomized;
	} kho;
};

#endif /* _KHO_SHIM_KEXEC_H */
