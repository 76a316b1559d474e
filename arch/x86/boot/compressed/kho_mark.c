// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the kernel that loads this one that it can restore clients. The kernel
 * itself is compressed, but for this part.
 */
#include <linux/kho/abi/fsm.h>

extern const char kho_mark[];

const char kho_mark[] = KHO_FSM_MARK;
