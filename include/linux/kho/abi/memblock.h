/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subtree "memblock": where the memory of reserve_mem= is. It is an FDT with a
 * child for each name, whose properties "start" and "size" are u64 in native
 * byte order.
 */
#ifndef _LINUX_KHO_ABI_MEMBLOCK_H
#define _LINUX_KHO_ABI_MEMBLOCK_H

#define MEMBLOCK_KHO_FDT		"memblock"
#define MEMBLOCK_KHO_NODE_COMPATIBLE	"memblock-v1"
#define RESERVE_MEM_KHO_NODE_COMPATIBLE	"reserve-mem-v1"

#endif /* _LINUX_KHO_ABI_MEMBLOCK_H */
