// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/kho/early.c, with variables that can be set back.
 */
#include "../../../kernel/kho/early.c"

#include "boot.h"

void early_reset(void)
{
	memset(&handover, 0, sizeof(handover));
	kho_boot = false;
	keep_all = false;
	lost_because = NULL;
	unpopulated = NULL;
}

phys_addr_t early_map_root(void)
{
	return handover.map_root;
}

phys_addr_t early_root_fdt(void)
{
	return handover.fdt;
}
