// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/kho/ingest.c, with variables that can be set back.
 */
#include "../../../kernel/kho/ingest.c"

#include "boot.h"

void ingest_reset(void)
{
	held.nr = 0;
	kept.nr = 0;
	nr_nodes = 0;
	nr_runs = 0;
	nr_reports = 0;
}
