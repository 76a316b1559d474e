/* SPDX-License-Identifier: GPL-2.0-only */
/* Of x86's boot parameters, what has to do with a handover. */
#ifndef _KHO_SHIM_ASM_BOOTPARAM_H
#define _KHO_SHIM_ASM_BOOTPARAM_H

#include <linux/types.h>

#define KASLR_FLAG	(1 << 1)

struct boot_params {
	struct {
		u8 loadflags;
		u64 setup_data;
	} hdr;
};

#endif /* _KHO_SHIM_ASM_BOOTPARAM_H */
