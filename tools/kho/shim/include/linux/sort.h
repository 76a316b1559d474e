/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_SORT_H
#define _KHO_SHIM_SORT_H

#include <stdlib.h>

#define sort(base, nr, size, compare, swap)	qsort(base, nr, size, compare)

#endif /* _KHO_SHIM_SORT_H */
