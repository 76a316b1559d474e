/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_ASM_PAGE_H
#define _KHO_SHIM_ASM_PAGE_H

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)

#endif /* _KHO_SHIM_ASM_PAGE_H */
