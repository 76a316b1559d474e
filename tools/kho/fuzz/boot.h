/* SPDX-License-Identifier: GPL-2.0-only */
/* A boot is done once in the kernel, and again and again here. */
#ifndef _KHO_FUZZ_BOOT_H
#define _KHO_FUZZ_BOOT_H

#include <linux/types.h>

/* boot_early.c */
void early_reset(void);
phys_addr_t early_map_root(void);
phys_addr_t early_root_fdt(void);

/* boot_ingest.c */
void ingest_reset(void);

/* boot_preserve.c */
void preserve_reset(void);

#endif /* _KHO_FUZZ_BOOT_H */
