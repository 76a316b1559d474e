/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_KREF_H
#define _KHO_SHIM_KREF_H

struct kref {
	unsigned int count;
};

static inline void kref_init(struct kref *ref)
{
	ref->count = 1;
}

static inline int kref_put(struct kref *ref, void (*release)(struct kref *ref))
{
	if (--ref->count)
		return 0;
	release(ref);
	return 1;
}

#endif /* _KHO_SHIM_KREF_H */
