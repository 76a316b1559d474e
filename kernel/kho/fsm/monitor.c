// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime verification: does what clients are asked, and the states that they
 * go through, follow the automaton in tools/verification/models/kho.dot? It is
 * made of the transition table, so the code that calls clients is what this
 * looks at. Each client has its own place in the automaton.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/rv.h>
#include <linux/types.h>
#include <rv/automata.h>
#include <rv/instrumentation.h>
#include <trace/events/kho.h>

#define CREATE_TRACE_POINTS
#include <trace/events/kho_monitor.h>

#include "internal.h"
#include "kho_model.h"

DECLARE_AUTOMATA_HELPERS(kho, u8);

static const u8 at[KHO_NR_STATES] = {
	[KHO_IDLE]	= idle_kho,
	[KHO_PREPARING]	= prepare_due_kho,
	[KHO_PREPARED]	= prepared_kho,
	[KHO_SAVING]	= save_due_kho,
	[KHO_SAVED]	= saved_kho,
	[KHO_ABORTING]	= abort_due_kho,
	[KHO_RESTORING]	= restoring_kho,
	[KHO_RESTORED]	= restored_kho,
};

static const u8 enters[KHO_NR_STATES] = {
	[KHO_IDLE]	= to_idle_kho,
	[KHO_PREPARING]	= to_preparing_kho,
	[KHO_PREPARED]	= to_prepared_kho,
	[KHO_SAVING]	= to_saving_kho,
	[KHO_SAVED]	= to_saved_kho,
	[KHO_ABORTING]	= to_aborting_kho,
	[KHO_RESTORING]	= to_restoring_kho,
	[KHO_RESTORED]	= to_restored_kho,
};

/* What need not be able to fail has no such event: none is allowed. */
static const struct {
	u8 starts;
	u8 succeeds;
	u8 fails;
} does[KHO_NR_OPS] = {
	[KHO_OP_PREPARE] = {
		prepare_starts_kho, prepare_succeeds_kho, prepare_fails_kho
	},
	[KHO_OP_SAVE] = {
		save_starts_kho, save_succeeds_kho, save_fails_kho
	},
	[KHO_OP_ABORT] = {
		abort_starts_kho, abort_succeeds_kho, event_max_kho
	},
	[KHO_OP_RESTORE] = {
		restore_starts_kho, restore_succeeds_kho, restore_fails_kho
	},
	[KHO_OP_ROLLBACK] = {
		rollback_starts_kho, rollback_succeeds_kho, event_max_kho
	},
	[KHO_OP_FINISH] = {
		finish_starts_kho, finish_succeeds_kho, event_max_kho
	},
	[KHO_OP_DISCARD] = {
		discard_starts_kho, discard_succeeds_kho, event_max_kho
	},
};

static struct rv_monitor rv_kho;

/* Changes when what clients were seen at last no longer counts; any context. */
static unsigned int round = 1;

static bool is_watching(void)
{
	return rv_monitoring_on() && rv_kho.enabled;
}

static void complain(const struct kho_node *node, u8 event)
{
	char *from = model_get_state_name_kho(node->watch.state);
	char *name = model_get_event_name_kho(event);

	trace_error_kho(node->name, from, name);
#ifdef CONFIG_RV_REACTORS
	if (rv_reacting_on() && rv_kho.react) {
		char text[160];

		scnprintf(text, sizeof(text),
			  "rv: monitor kho does not allow event %s of %s on state %s\n",
			  name, node->name, from);
		rv_kho.react(text);
	}
#endif
}

/* A client's events come one after the other, as it is called. */
static void handle(struct kho_node *node, u8 event)
{
	u8 from = node->watch.state;
	u8 next = model_get_next_state_kho(from, event);

	if (next == INVALID_STATE) {
		complain(node, event);
		return;
	}
	node->watch.state = next;
	trace_event_kho(node->name, model_get_state_name_kho(from),
			model_get_event_name_kho(event),
			model_get_state_name_kho(next));
}

static bool is_known(const struct kho_node *node)
{
	return node->watch.round == READ_ONCE(round);
}

/* It may be seen first when it enters a state because something has ended. */
static void handle_state(void *data, struct kho_node *node, const char *name,
			 int from, int to)
{
	bool known;

	if (!node || !is_watching())
		return;
	known = is_known(node);
	if (!known) {
		node->watch.round = READ_ONCE(round);
		node->watch.state = at[from];
	}
	if (!known && model_get_next_state_kho(at[from], enters[to]) ==
	    INVALID_STATE)
		node->watch.state = at[to];
	else
		handle(node, enters[to]);
}

static void handle_start(void *data, struct kho_node *node, const char *name,
			 int op)
{
	if (is_watching() && is_known(node))
		handle(node, does[op].starts);
}

static void handle_end(void *data, struct kho_node *node, const char *name,
		       int op, int err)
{
	if (is_watching() && is_known(node))
		handle(node, err ? does[op].fails : does[op].succeeds);
}

static void reset(void)
{
	WRITE_ONCE(round, round + 1);
}

static int enable(void)
{
	reset();
	rv_attach_trace_probe("kho", kho_state, handle_state);
	rv_attach_trace_probe("kho", kho_callback_start, handle_start);
	rv_attach_trace_probe("kho", kho_callback_end, handle_end);
	return 0;
}

static void disable(void)
{
	rv_kho.enabled = false;
	rv_detach_trace_probe("kho", kho_callback_end, handle_end);
	rv_detach_trace_probe("kho", kho_callback_start, handle_start);
	rv_detach_trace_probe("kho", kho_state, handle_state);
}

static struct rv_monitor rv_kho = {
	.name = "kho",
	.description = "clients of a live update are called as the table says.",
	.enable = enable,
	.disable = disable,
	.reset = reset,
};

static int __init monitor_init(void)
{
	return rv_register_monitor(&rv_kho);
}
device_initcall(monitor_init);
