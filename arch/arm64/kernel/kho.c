// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver on arm64: the handover itself travels in the device tree, see
 * drivers/of/kho.c.
 */
#include <clocksource/arm_arch_timer.h>

#include <asm/arch_timer.h>

#include "../../../kernel/kho/internal.h"

/*
 * The virtual counter counts through kexec, so it tells time across the
 * handover. It is read long before there are clocksources.
 */
u64 kho_clock(void)
{
	return __arch_counter_get_cntvct();
}

u32 kho_clock_khz(void)
{
	return arch_timer_get_rate() / 1000;
}
