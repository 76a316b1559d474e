/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats in which kernels are compressed.
 */
#ifndef _KERNEL_KHO_UNPACK_H
#define _KERNEL_KHO_UNPACK_H

#include <linux/types.h>

int kho_unpack(const void *packed, size_t packed_size, void *out,
	       size_t out_size);

#endif /* _KERNEL_KHO_UNPACK_H */
