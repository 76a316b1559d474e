/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_IO_H
#define _KHO_SHIM_IO_H

#include <linux/mm.h>
#include <linux/string.h>

void *early_memremap(phys_addr_t phys, unsigned long size);
void early_memunmap(void *mem, unsigned long size);

#endif /* _KHO_SHIM_IO_H */
