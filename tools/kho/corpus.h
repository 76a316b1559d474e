/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_CORPUS_H
#define _KHO_CORPUS_H

#include <linux/types.h>

bool corpus_write(const char *path, u64 fdt);

#endif /* _KHO_CORPUS_H */
