/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KHO knows of an image that carries a handover, segment by segment. It
 * belongs to the image, and changes with the kexec lock held alone.
 */
#ifndef _KERNEL_KHO_KEXEC_IMAGE_H
#define _KERNEL_KHO_KEXEC_IMAGE_H

#include <linux/types.h>

struct kimage;

/**
 * struct kho_segment - one segment of an image
 * @digest: XXH64 over all of it, zeros at its end included
 * @hashed: there is a digest, and this kernel compares it
 */
struct kho_segment {
	u64 digest;
	bool hashed;
};

/* kexec_digest.c: who compares digests of the images loaded from now on */
enum kho_verify {
	KHO_VERIFY_SAVE,
	KHO_VERIFY_PURGATORY,
};

extern enum kho_verify kho_verify;

/* kexec_sysfs.c */
int kho_kexec_sysfs_init(void);

#endif /* _KERNEL_KHO_KEXEC_IMAGE_H */
