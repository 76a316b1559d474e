/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver by way of the device tree.
 */
#ifndef _LINUX_OF_KHO_H
#define _LINUX_OF_KHO_H

#include <linux/types.h>

struct kimage;

#if defined(CONFIG_OF_EARLY_FLATTREE) && defined(CONFIG_KEXEC_CORE)
bool of_kho_take_chosen(void *fdt);
#else
static inline bool of_kho_take_chosen(void *fdt)
{
	return false;
}
#endif

#if defined(CONFIG_OF_EARLY_FLATTREE) && defined(CONFIG_KEXEC_HANDOVER)
int of_kho_add_chosen(const struct kimage *image, void *fdt, int chosen);
#else
static inline int of_kho_add_chosen(const struct kimage *image, void *fdt,
				    int chosen)
{
	return 0;
}
#endif

#endif /* _LINUX_OF_KHO_H */
