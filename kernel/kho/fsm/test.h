/* SPDX-License-Identifier: GPL-2.0-only */
/* For KUnit tests: the system's own machine, without a kexec. */
#ifndef _KHO_FSM_TEST_H
#define _KHO_FSM_TEST_H

struct kho_machine;

int kho_fsm_test_command(const char *command);
int kho_fsm_test_handover(void);
int kho_test_leave(struct kho_machine *m);

#endif /* _KHO_FSM_TEST_H */
