// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transition table of a client, and the state of the whole derived from
 * the clients'. Nothing else decides what may follow what.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#else
#include <stddef.h>
#endif

#include "table.h"

const char * const kho_state_names[KHO_NR_STATES] = {
	[KHO_IDLE]	= "idle",
	[KHO_PREPARING]	= "preparing",
	[KHO_PREPARED]	= "prepared",
	[KHO_SAVING]	= "saving",
	[KHO_SAVED]	= "saved",
	[KHO_ABORTING]	= "aborting",
	[KHO_RESTORING]	= "restoring",
	[KHO_RESTORED]	= "restored",
};

const char * const kho_command_names[KHO_NR_COMMANDS] = {
	[KHO_CMD_PREPARE]	= "prepare",
	[KHO_CMD_SAVE]		= "save",
	[KHO_CMD_ABORT]		= "abort",
	[KHO_CMD_RESTORE]	= "restore",
	[KHO_CMD_FINISH]	= "finish",
	[KHO_CMD_DISCARD]	= "discard",
	[KHO_CMD_DONE]		= "(done)",
	[KHO_CMD_FAIL]		= "(failed)",
	[KHO_CMD_LEAVE]		= "(left)",
};

const char * const kho_op_names[KHO_NR_OPS] = {
	[KHO_OP_NONE]		= "-",
	[KHO_OP_PREPARE]	= "prepare",
	[KHO_OP_SAVE]		= "save",
	[KHO_OP_ABORT]		= "abort",
	[KHO_OP_RESTORE]	= "restore",
	[KHO_OP_ROLLBACK]	= "rollback",
	[KHO_OP_FINISH]		= "finish",
	[KHO_OP_DISCARD]	= "discard",
};

/* States that last only as long as callbacks run, as userspace sees them. */
#define NR_PASSING	3

#define GO(_next, _op) { .allowed = 1, .next = _next, .op = KHO_OP_##_op }

/*
 * Each cell is the next hop. "save" in idle goes by way of preparing: the
 * command is given again in each state on the way until it is done.
 */
static const struct kho_transition table[KHO_NR_STATES][KHO_NR_COMMANDS] = {
	[KHO_IDLE] = {
		[KHO_CMD_PREPARE]	= GO(KHO_PREPARING, PREPARE),
		[KHO_CMD_SAVE]		= GO(KHO_PREPARING, PREPARE),
	},
	[KHO_PREPARING] = {
		[KHO_CMD_ABORT]		= GO(KHO_ABORTING, ABORT),
		[KHO_CMD_DONE]		= GO(KHO_PREPARED, NONE),
		[KHO_CMD_FAIL]		= GO(KHO_ABORTING, ABORT),
	},
	[KHO_PREPARED] = {
		[KHO_CMD_PREPARE]	= GO(KHO_PREPARING, PREPARE),
		[KHO_CMD_SAVE]		= GO(KHO_SAVING, SAVE),
		[KHO_CMD_ABORT]		= GO(KHO_ABORTING, ABORT),
	},
	[KHO_SAVING] = {
		[KHO_CMD_ABORT]		= GO(KHO_ABORTING, ABORT),
		[KHO_CMD_DONE]		= GO(KHO_SAVED, NONE),
		[KHO_CMD_FAIL]		= GO(KHO_ABORTING, ABORT),
	},
	[KHO_SAVED] = {
		[KHO_CMD_ABORT]		= GO(KHO_ABORTING, ABORT),
	},
	[KHO_ABORTING] = {
		[KHO_CMD_DONE]		= GO(KHO_IDLE, NONE),
	},
	[KHO_RESTORING] = {
		[KHO_CMD_ABORT]		= GO(KHO_RESTORING, NONE),
		[KHO_CMD_RESTORE]	= GO(KHO_RESTORING, RESTORE),
		[KHO_CMD_DISCARD]	= GO(KHO_IDLE, DISCARD),
		[KHO_CMD_DONE]		= GO(KHO_RESTORED, NONE),
		[KHO_CMD_FAIL]		= GO(KHO_RESTORING, NONE),
	},
	[KHO_RESTORED] = {
		[KHO_CMD_ABORT]		= GO(KHO_RESTORING, ROLLBACK),
		[KHO_CMD_FINISH]	= GO(KHO_IDLE, FINISH),
		[KHO_CMD_LEAVE]		= GO(KHO_RESTORING, NONE),
	},
};

/* Where a client need not go on, as the command has nothing left to do. */
static const unsigned int done_in[KHO_NR_USER_COMMANDS] = {
	[KHO_CMD_PREPARE]	= 1U << KHO_PREPARED,
	[KHO_CMD_SAVE]		= 1U << KHO_SAVED,
	[KHO_CMD_ABORT]		= 1U << KHO_IDLE | 1U << KHO_RESTORING,
	[KHO_CMD_RESTORE]	= 1U << KHO_RESTORED | 1U << KHO_IDLE,
	[KHO_CMD_FINISH]	= 1U << KHO_IDLE,
	[KHO_CMD_DISCARD]	= 1U << KHO_IDLE,
};

/**
 * kho_transition - look up what a command does in a state
 * @state: where the client is
 * @command: what is to be done
 *
 * Return: the cell, or NULL if the command is refused in this state.
 */
const struct kho_transition *kho_transition(enum kho_state state,
					    enum kho_command command)
{
	const struct kho_transition *cell = &table[state][command];

	return cell->allowed ? cell : NULL;
}

/**
 * kho_op_completes - is the end of this a transition of its own?
 * @op: what is being done
 *
 * Return: whether %KHO_CMD_DONE or %KHO_CMD_FAIL follows.
 */
int kho_op_completes(enum kho_op op)
{
	return op == KHO_OP_PREPARE || op == KHO_OP_SAVE ||
	       op == KHO_OP_ABORT || op == KHO_OP_RESTORE;
}

/**
 * kho_command_done - has a command nothing left to do?
 * @state: where the client is
 * @command: a command from userspace
 *
 * Return: whether the client is where the command leads.
 */
int kho_command_done(enum kho_state state, enum kho_command command)
{
	return done_in[command] >> state & 1;
}

/**
 * kho_derive_state - the state of the whole
 * @count: number of clients in each state
 *
 * A state that is being passed through shows as soon as one client is in it; a
 * state that is reached shows when all of those have reached it that take part.
 *
 * Return: the state.
 */
enum kho_state kho_derive_state(const unsigned int *count)
{
	static const enum kho_state passing[NR_PASSING] = {
		KHO_ABORTING, KHO_SAVING, KHO_PREPARING,
	};
	unsigned int i;

	for (i = 0; i < NR_PASSING; i++)
		if (count[passing[i]])
			return passing[i];

	if (count[KHO_PREPARED] || count[KHO_SAVED]) {
		/* Somebody has not even begun: the barrier isn't reached. */
		if (count[KHO_IDLE])
			return KHO_PREPARING;
		return count[KHO_PREPARED] ? KHO_PREPARED : KHO_SAVED;
	}

	/* Clients that came after the handover have no part in it. */
	if (count[KHO_RESTORING])
		return KHO_RESTORING;
	return count[KHO_RESTORED] ? KHO_RESTORED : KHO_IDLE;
}
