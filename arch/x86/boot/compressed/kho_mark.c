// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the kernel that loads this one what it reads. The kernel itself is
 * compressed, but for this part.
 */
#include <linux/kho/abi/formats.h>

extern const char kho_mark[];

const char kho_mark[] = KHO_MARK KHO_FORMATS;
