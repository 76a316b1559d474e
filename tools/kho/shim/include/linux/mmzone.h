/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_MMZONE_H
#define _KHO_SHIM_MMZONE_H

#include <linux/bits.h>

#define MAX_PAGE_ORDER		10
#define MAX_ORDER_NR_PAGES	BIT(MAX_PAGE_ORDER)
#define pageblock_nr_pages	512UL
#define MAX_NUMNODES		64

enum migratetype {
	MIGRATE_MOVABLE,
	MIGRATE_CMA,
};

#endif /* _KHO_SHIM_MMZONE_H */
