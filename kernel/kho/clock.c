// SPDX-License-Identifier: GPL-2.0-only
/*
 * A clock for where the architecture has none that counts through kexec.
 */
#include <linux/ktime.h>

#include "internal.h"

u64 __weak kho_clock(void)
{
	return ktime_get_ns();
}

u32 __weak kho_clock_khz(void)
{
	return USEC_PER_SEC;
}
