/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_FUZZ_ORACLE_H
#define _KHO_FUZZ_ORACLE_H

#include <linux/types.h>

void oracle_read(u64 root);
void oracle_mark_nodes(u64 root);
void oracle_expect_reserved(void);
void oracle_expect_not_free(void);
u64 oracle_block(unsigned int i);

#endif /* _KHO_FUZZ_ORACLE_H */
