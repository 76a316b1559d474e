/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_DUMP_VMALLOC_H
#define _KHO_DUMP_VMALLOC_H

#include <linux/kho/abi/kexec_handover.h>
#include <linux/types.h>

u64 *dump_vmalloc(const struct kho_vmalloc *area);

#endif /* _KHO_DUMP_VMALLOC_H */
