/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_ASM_TSC_H
#define _KHO_SHIM_ASM_TSC_H

#define tsc_khz			0
#define rdtsc_ordered()		0

#endif /* _KHO_SHIM_ASM_TSC_H */
