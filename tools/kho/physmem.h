/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The physical memory of another system, in this process. What phys_to_virt()
 * and virt_to_phys() of the kernel's sources mean is decided here.
 */
#ifndef _KHO_PHYSMEM_H
#define _KHO_PHYSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PHYSMEM_MAX_REGIONS	64

/**
 * struct physmem_region - memory without a hole
 * @phys: first physical address in bytes
 * @size: bytes
 * @mem: where it is in this process; private and writable, as the kernel's
 *	code cuts off what is bad in it
 */
struct physmem_region {
	uint64_t phys;
	uint64_t size;
	unsigned char *mem;
};

extern struct physmem_region physmem[PHYSMEM_MAX_REGIONS];
extern unsigned int physmem_nr;

int physmem_add(uint64_t phys, uint64_t size, void *mem);
void *physmem_at(uint64_t phys, uint64_t size);

#endif /* _KHO_PHYSMEM_H */
