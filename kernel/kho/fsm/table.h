/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * States and commands of one client, and the one table that decides. Plain C:
 * tools/kho/states_doc.c and states_dot.c make the documentation and the model of
 * the monitor from the same files.
 */
#ifndef _KHO_FSM_TABLE_H
#define _KHO_FSM_TABLE_H

enum kho_state {
	KHO_IDLE,
	KHO_PREPARING,
	KHO_PREPARED,
	KHO_SAVING,
	KHO_SAVED,
	KHO_ABORTING,
	KHO_RESTORING,
	KHO_RESTORED,
	KHO_NR_STATES
};

/*
 * What moves a client: commands from userspace, how callbacks end, and that its
 * driver goes away.
 */
enum kho_command {
	KHO_CMD_PREPARE,
	KHO_CMD_SAVE,
	KHO_CMD_ABORT,
	KHO_CMD_RESTORE,
	KHO_CMD_FINISH,
	KHO_CMD_DISCARD,
	KHO_NR_USER_COMMANDS,
	KHO_CMD_DONE = KHO_NR_USER_COMMANDS,
	KHO_CMD_FAIL,
	KHO_CMD_LEAVE,
	KHO_NR_COMMANDS
};

/* What is done with the client on entering the next state. */
enum kho_op {
	KHO_OP_NONE,
	KHO_OP_PREPARE,
	KHO_OP_SAVE,
	KHO_OP_ABORT,
	KHO_OP_RESTORE,
	KHO_OP_ROLLBACK,
	KHO_OP_FINISH,
	KHO_OP_DISCARD,
	KHO_NR_OPS
};

/**
 * struct kho_transition - one cell of the table
 * @allowed: 0 if the command is refused in this state
 * @next: state that is entered
 * @op: what is done then; if it is one of those that can end in two ways or take
 *	long, its end is a transition of its own
 */
struct kho_transition {
	unsigned char allowed;
	unsigned char next;
	unsigned char op;
};

extern const char * const kho_state_names[KHO_NR_STATES];
extern const char * const kho_command_names[KHO_NR_COMMANDS];
extern const char * const kho_op_names[KHO_NR_OPS];

const struct kho_transition *kho_transition(enum kho_state state,
					    enum kho_command command);
int kho_op_completes(enum kho_op op);
int kho_command_done(enum kho_state state, enum kho_command command);
enum kho_state kho_derive_state(const unsigned int *count);

#endif /* _KHO_FSM_TABLE_H */
