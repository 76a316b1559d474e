/* SPDX-License-Identifier: GPL-2.0-only */
/* Of x86's boot parameters, the list that a handover is found by. */
#ifndef _KHO_SHIM_ASM_BOOTPARAM_H
#define _KHO_SHIM_ASM_BOOTPARAM_H

#include <linux/types.h>

struct boot_params {
	struct {
		u64 setup_data;
	} hdr;
};

#endif /* _KHO_SHIM_ASM_BOOTPARAM_H */
