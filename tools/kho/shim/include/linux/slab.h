/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_SLAB_H
#define _KHO_SHIM_SLAB_H

#include <stdlib.h>

#include <linux/gfp.h>

#define kmalloc(size, gfp)		malloc(size)
#define kzalloc(size, gfp)		calloc(1, size)
#define kcalloc(n, size, gfp)		calloc(n, size)
#define kmalloc_array(n, size, gfp)	reallocarray(NULL, n, size)
#define krealloc_array(mem, n, size, gfp) \
	reallocarray(mem, n, size)
#define kvmalloc(size, gfp)		malloc(size)
#define kfree(mem)			free((void *)(mem))
#define kvfree(mem)			free((void *)(mem))

#endif /* _KHO_SHIM_SLAB_H */
