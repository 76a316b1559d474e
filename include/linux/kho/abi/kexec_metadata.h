/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subtree "kexec-metadata": which kernel has handed over, and how often that
 * has happened. For information only.
 */
#ifndef _LINUX_KHO_ABI_KEXEC_METADATA_H
#define _LINUX_KHO_ABI_KEXEC_METADATA_H

#include <linux/types.h>

#define KHO_METADATA_NODE_NAME		"kexec-metadata"
#define KHO_KEXEC_METADATA_VERSION	1

/**
 * struct kho_kexec_metadata - the subtree
 * @version: %KHO_KEXEC_METADATA_VERSION
 * @previous_release: release of the kernel that has written it, ends with 0
 * @kexec_count: handovers from the last cold boot up to the kernel that reads it
 */
struct kho_kexec_metadata {
	u32 version;
	char previous_release[65];
	u32 kexec_count;
} __packed;

#endif /* _LINUX_KHO_ABI_KEXEC_METADATA_H */
