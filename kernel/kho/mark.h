/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_MARK_H
#define _KHO_MARK_H

#include <linux/types.h>

const char *kho_mark_find(const void *image, size_t size);

#endif /* _KHO_MARK_H */
