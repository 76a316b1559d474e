/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KHO knows of an image that carries a handover, segment by segment. It
 * belongs to the image, and changes with the kexec lock held alone.
 */
#ifndef _KERNEL_KHO_KEXEC_IMAGE_H
#define _KERNEL_KHO_KEXEC_IMAGE_H

#include <linux/kexec.h>
#include <linux/types.h>

struct resource;

/**
 * struct kho_segment - one segment of an image
 * @digest: XXH64 over all of it, zeros at its end included
 * @hashed: there is a digest, and this kernel compares it
 * @in_place: loaded where it will be executed
 * @read_only: the kernel can't write to it
 * @unpacked: it is a kernel that was compressed
 */
struct kho_segment {
	u64 digest;
	bool hashed;
	bool in_place;
	bool read_only;
	bool unpacked;
};

/* What IMA has measured is written when the image is executed. */
static inline bool kho_is_ima_segment(const struct kimage *image,
				      unsigned int i)
{
#ifdef CONFIG_IMA_KEXEC
	return image->is_ima_segment_index_set && i == image->ima_segment_index;
#else
	return false;
#endif
}

/* kexec_digest.c: who compares digests of the images loaded from now on */
enum kho_verify {
	KHO_VERIFY_SAVE,
	KHO_VERIFY_PURGATORY,
};

extern enum kho_verify kho_verify;

/* kexec.c: are kernels to be unpacked that are loaded from now on? */
extern bool kho_unpack_image;

/* kexec_place.c */
#ifdef CONFIG_ARCH_SUPPORTS_KEXEC_IN_PLACE
extern bool kho_in_place;

int kho_locate_in_place(struct kexec_buf *kbuf, const struct resource *area,
			int (*func)(struct resource *res, void *arg));
void kho_free_in_place(struct kimage *image);

/*
 * By the architecture. Closing makes what was written visible to a CPU whose
 * caches are off, and fails if it can still be written to; opening takes back
 * whatever closing has done, and fails if it may be read-only still.
 */
int kho_place_close(void *place, unsigned long nr_pages);
int kho_place_open(void *place, unsigned long nr_pages);
#else
static inline int
kho_locate_in_place(struct kexec_buf *kbuf, const struct resource *area,
		    int (*func)(struct resource *res, void *arg))
{
	return 0;
}

static inline void kho_free_in_place(struct kimage *image)
{
}
#endif

/* kexec_sysfs.c */
int kho_kexec_sysfs_init(void);

#endif /* _KERNEL_KHO_KEXEC_IMAGE_H */
