/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subtree "kho-fsm": the images of the state machine's clients. Mainline has
 * no such thing. The head of kernel/kho/fsm/manifest.c describes it.
 */
#ifndef _LINUX_KHO_ABI_FSM_H
#define _LINUX_KHO_ABI_FSM_H

#define KHO_FSM_NODE_NAME	"kho-fsm"
#define KHO_FSM_COMPATIBLE	"kho-fsm-v1"

#endif /* _LINUX_KHO_ABI_FSM_H */
