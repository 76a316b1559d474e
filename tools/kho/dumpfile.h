/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_DUMPFILE_H
#define _KHO_DUMPFILE_H

#include <stdint.h>

const char *dumpfile_load(const char *path, uint64_t base);

#endif /* _KHO_DUMPFILE_H */
