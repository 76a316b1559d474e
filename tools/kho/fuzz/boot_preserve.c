// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/kho/preserve.c, with variables that can be set back.
 */
#include "../../../kernel/kho/preserve.c"

#include "boot.h"

void preserve_reset(void)
{
	if (out_seal)
		folio_put(virt_to_folio(out_seal));
	out_seal = NULL;
	free_page((unsigned long)out_fdt);
	out_fdt = NULL;
	kho_map_destroy(&out_map);
}
