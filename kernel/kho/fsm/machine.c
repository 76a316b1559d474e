// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carries out commands: takes clients from state to state as the table says,
 * calls them, and unwinds when one of them fails.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/bits.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "../internal.h"
#include "internal.h"

/* In which order a command calls whom: at most two sweeps over the clients. */
static const struct {
	enum kho_op op;
	bool consumers_first;
} plans[KHO_NR_USER_COMMANDS][2] = {
	[KHO_CMD_PREPARE] = { { KHO_OP_PREPARE } },
	[KHO_CMD_SAVE] = { { KHO_OP_PREPARE }, { KHO_OP_SAVE, true } },
	[KHO_CMD_ABORT] = { { KHO_OP_ABORT, true }, { KHO_OP_ROLLBACK, true } },
	[KHO_CMD_RESTORE] = { { KHO_OP_RESTORE } },
	[KHO_CMD_FINISH] = { { KHO_OP_FINISH } },
	[KHO_CMD_DISCARD] = { { KHO_OP_DISCARD } },
};

/* Where the others must be for a command to one client; 0 for anywhere. */
static const struct {
	unsigned int providers_in;
	unsigned int consumers_in;
} neighbours[KHO_NR_USER_COMMANDS] = {
	[KHO_CMD_PREPARE] = { .providers_in = BIT(KHO_PREPARED) },
	[KHO_CMD_SAVE] = { BIT(KHO_PREPARED), BIT(KHO_SAVED) },
	[KHO_CMD_ABORT] = { .consumers_in = BIT(KHO_IDLE) | BIT(KHO_RESTORING) },
	[KHO_CMD_RESTORE] = { .providers_in = ~(u32)BIT(KHO_RESTORING) },
};

/**
 * kho_machine_error - note who failed, in which phase, why
 * @m: the machine
 * @fmt: text, without a line feed
 *
 * Context: process context.
 */
void kho_machine_error(struct kho_machine *m, const char *fmt, ...)
{
	char text[sizeof(m->error)];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	pr_err("%s\n", text);
	spin_lock(&m->error_lock);
	strscpy(m->error, text);
	spin_unlock(&m->error_lock);
}

/**
 * kho_machine_any_client - is any client in one of these states?
 * @m: the machine
 * @states: bit mask of states
 *
 * Context: @m->lock held.
 * Return: whether one is. Images without a driver don't count.
 */
bool kho_machine_any_client(struct kho_machine *m, unsigned int states)
{
	struct kho_node *node;

	lockdep_assert_held(&m->lock);

	list_for_each_entry(node, &m->nodes, link)
		if (node->client && states & BIT(node->state))
			return true;
	return false;
}

/* Events that happen when the whole has reached a state. */
static void mark_reached(struct kho_machine *m)
{
	static const enum kho_event events[KHO_NR_STATES] = {
		[KHO_PREPARED] = KHO_EV_PREPARED,
		[KHO_SAVED] = KHO_EV_SAVED,
		[KHO_RESTORED] = KHO_EV_RESTORED,
	};

	if (events[m->state])
		kho_timeline_mark(m, events[m->state]);
	if (m->state == KHO_RESTORED)
		m->kexec_us = kho_timeline_between(m, KHO_EV_EXEC,
						   KHO_EV_RESTORE);
}

static void derive_state(struct kho_machine *m)
{
	enum kho_state old = m->state;

	WRITE_ONCE(m->state, kho_derive_state(m->count));
	if (m->state == old)
		return;

	mark_reached(m);
	kho_machine_changed(m, old);
	if (m->state == KHO_IDLE)
		m->hold = false;
}

/**
 * kho_machine_update - count who is in which state, after nodes have come or gone
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 */
void kho_machine_update(struct kho_machine *m)
{
	struct kho_node *node;

	lockdep_assert_held(&m->lock);

	memset(m->count, 0, sizeof(m->count));
	list_for_each_entry(node, &m->nodes, link)
		m->count[node->state]++;
	derive_state(m);
}

/**
 * kho_node_set_state - take a client to another state
 * @node: the client
 * @state: the state
 *
 * Context: its machine's lock held; may sleep.
 */
void kho_node_set_state(struct kho_node *node, enum kho_state state)
{
	struct kho_machine *m = node->machine;
	enum kho_state old = node->state;

	lockdep_assert_held(&m->lock);

	if (state == old)
		return;
	m->count[old]--;
	m->count[state]++;
	WRITE_ONCE(node->state, state);
	kho_node_changed(node, old);
	derive_state(m);
}

/**
 * kho_providers_restored - have all providers of a client their state back?
 * @node: the client
 *
 * Context: its machine's lock held.
 * Return: whether they have.
 */
bool kho_providers_restored(const struct kho_node *node)
{
	unsigned int i;

	for (i = 0; i < node->nr_edges; i++)
		if (node->edges[i].provider &&
		    node->edges[i].provider->state == KHO_RESTORING)
			return false;
	return true;
}

/* Does @command, in this phase, ask something of this client? */
static bool takes_part(const struct kho_node *node, enum kho_command command,
		       enum kho_op op)
{
	const struct kho_transition *hop = kho_transition(node->state, command);

	if (!hop || hop->op != op)
		return false;
	return node->client || op == KHO_OP_DISCARD;
}

/*
 * Everybody, or who needs @target, and maybe it as well, back to running;
 * consumers first.
 */
static void unwind(struct kho_machine *m, struct kho_node *target,
		   bool target_too)
{
	struct kho_node *node;

	kho_handover_withdraw(m);
	if (target)
		kho_graph_mark(m, target);
	list_for_each_entry(node, &m->nodes, link)
		node->called = (!target || node->marked) &&
			       (node != target || target_too) &&
			       (node->state == KHO_ABORTING ||
				takes_part(node, KHO_CMD_ABORT, KHO_OP_ABORT));
	kho_sweep(m, KHO_CMD_ABORT, KHO_OP_ABORT, true);
}

static int sweep(struct kho_machine *m, struct kho_node *target,
		 enum kho_command command, enum kho_op op, bool consumers_first)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		node->called = (!target || node == target) &&
			       takes_part(node, command, op);
	return kho_sweep(m, command, op, consumers_first);
}

/* What has gone stale is prepared again while the system still runs. */
static int refresh_stale(struct kho_machine *m, struct kho_node *target)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		node->called = (!target || node == target) &&
			       READ_ONCE(node->stale) &&
			       node->state == KHO_PREPARED;
	return kho_sweep(m, KHO_CMD_PREPARE, KHO_OP_PREPARE, false);
}

/* Is there anything against a blackout now? */
static int may_save(struct kho_machine *m, struct kho_node *target)
{
	int err = m->global ? kho_kexec_verify_loaded() : 0;

	if (err == -EBADMSG)
		kho_machine_error(m, "save: refused, the loaded image is damaged");
	if (err == -ESTALE)
		kho_machine_error(m, "save: refused, " KHO_STALE_IMAGE);
	if (!err && m->global)
		err = kho_formats_check_loaded(m, target);
	if (!err && !target)
		err = kho_predict_allows(m);
	return err;
}

/* Everybody is prepared, and the blackout may begin. */
static int before_save(struct kho_machine *m, struct kho_node *target,
		       bool *refused)
{
	int err = refresh_stale(m, target);

	if (err)
		return err;

	err = may_save(m, target);
	*refused = err;
	if (!err && !target)
		kho_timeline_mark(m, KHO_EV_SAVE);
	return err;
}

static void refuse(struct kho_node *node, enum kho_command command,
		   const char *why)
{
	pr_warn_ratelimited("%s: %s refused in state %s%s\n", node->name,
			    kho_command_names[command],
			    kho_state_names[node->state], why);
}

static bool neighbour_allows(struct kho_node *node, unsigned int states,
			     enum kho_command command)
{
	if (!states || !node || states & BIT(node->state))
		return true;
	refuse(node, command, ", it must come first");
	return false;
}

static bool neighbours_allow(struct kho_node *target, enum kho_command command)
{
	const struct kho_edge *edge;
	unsigned int i;

	for (i = 0; i < target->nr_edges; i++)
		if (!neighbour_allows(target->edges[i].provider,
				      neighbours[command].providers_in,
				      command))
			return false;
	list_for_each_entry(edge, &target->consumers, link)
		if (!neighbour_allows(edge->consumer,
				      neighbours[command].consumers_in,
				      command))
			return false;
	return true;
}

/* What comes in and what goes out are not mixed. */
static bool other_update(struct kho_machine *m, enum kho_command command)
{
	switch (command) {
	case KHO_CMD_PREPARE:
	case KHO_CMD_SAVE:
		return kho_machine_any_client(m, BIT(KHO_RESTORING) |
					      BIT(KHO_RESTORED));
	case KHO_CMD_RESTORE:
		return kho_machine_any_client(m, BIT(KHO_PREPARED) |
					      BIT(KHO_SAVED));
	default:
		return false;
	}
}

static int check_target(struct kho_machine *m, struct kho_node *target,
			enum kho_command command)
{
	if (!kho_transition(target->state, command)) {
		refuse(target, command, "");
		return -EBUSY;
	}
	if (!target->client && command != KHO_CMD_DISCARD) {
		refuse(target, command, ", no driver has claimed it");
		return -EBUSY;
	}
	if (other_update(m, command)) {
		refuse(target, command, ", another update isn't finished");
		return -EBUSY;
	}
	return neighbours_allow(target, command) ? 0 : -EBUSY;
}

/* Nothing has been changed when a command is refused. */
static int check_all(struct kho_machine *m, enum kho_command command)
{
	bool any = false;
	struct kho_node *node;

	if (command == KHO_CMD_DISCARD)
		return -EINVAL;

	list_for_each_entry(node, &m->nodes, link) {
		/* Images without a driver don't hold up the others. */
		if (!node->client && command != KHO_CMD_ABORT)
			continue;
		if (kho_transition(node->state, command)) {
			any = true;
		} else if (!kho_command_done(node->state, command)) {
			refuse(node, command, "");
			return -EBUSY;
		}
	}
	if (any)
		return 0;
	return list_empty(&m->nodes) ? -ENODEV : -EBUSY;
}

/* The parts of a command that concern the whole. */
static void begin(struct kho_machine *m, enum kho_command command)
{
	bool incoming = m->state == KHO_RESTORING || m->state == KHO_RESTORED;

	switch (command) {
	case KHO_CMD_PREPARE:
	case KHO_CMD_SAVE:
		/* If some are saved already, what they handed over changes. */
		kho_handover_withdraw(m);
		if (!kho_machine_any_client(m, BIT(KHO_PREPARED) |
					    BIT(KHO_SAVED)))
			kho_timeline_restart(m);
		break;
	case KHO_CMD_ABORT:
		m->hold = incoming;
		kho_handover_withdraw(m);
		break;
	case KHO_CMD_FINISH:
		kho_timeline_mark(m, KHO_EV_FINISH);
		break;
	case KHO_CMD_DISCARD:
		/* The image may be among those that are handed on. */
		kho_handover_withdraw(m);
		break;
	default:
		break;
	}
}

static int end(struct kho_machine *m, enum kho_command command)
{
	switch (command) {
	case KHO_CMD_PREPARE:
		return kho_extents_check(m) ?: kho_manifest_reserve(m);
	case KHO_CMD_SAVE:
		/* Some may have been saved ahead of the others. */
		if (m->state != KHO_SAVED)
			return 0;
		return kho_extents_check(m) ?: kho_handover_publish(m);
	default:
		return 0;
	}
}

/* What is left of a client that has gone and an image that has been used. */
static void clean_up(struct kho_machine *m)
{
	struct kho_node *node, *tmp;

	list_for_each_entry_safe(node, tmp, &m->nodes, link)
		if (!node->client && !node->image)
			kho_node_bury(node);

	kho_machine_update(m);
	if (m->state == KHO_IDLE)
		kho_manifest_drop(m);
}

static int carry_out(struct kho_machine *m, struct kho_node *target,
		     enum kho_command command)
{
	bool refused = false;
	unsigned int i;
	int err;

	err = target ? check_target(m, target, command) :
		       check_all(m, command);
	if (err)
		return err;

	begin(m, command);
	for (i = 0; i < ARRAY_SIZE(plans[command]) && !err; i++) {
		enum kho_op op = plans[command][i].op;

		if (op == KHO_OP_SAVE)
			err = before_save(m, target, &refused);
		if (op && !err)
			err = sweep(m, target, command, op,
				    plans[command][i].consumers_first);
	}
	if (!err)
		err = end(m, command);

	if (err && !refused &&
	    (command == KHO_CMD_PREPARE || command == KHO_CMD_SAVE))
		unwind(m, target, true);
	clean_up(m);
	return err;
}

/**
 * kho_machine_run - carry out a command
 * @m: the machine
 * @target: one client, or NULL for all
 * @command: a command from userspace
 *
 * A failed prepare or save has been unwound when this returns. A save that is
 * refused before the blackout leaves everybody prepared.
 *
 * Context: @m->lock held; may sleep.
 * Return: 0; -EBUSY if it is refused in this state; -EINVAL if it needs a
 * target; -ENODEV if there is no client; -ETIME if the blackout would be too
 * long; -EPROTO if the loaded kernel couldn't read what is saved; -EBADMSG if it
 * is damaged; -ESTALE if it doesn't know all memory; or as kho_sweep().
 */
int kho_machine_run(struct kho_machine *m, struct kho_node *target,
		    enum kho_command command)
{
	int err;

	lockdep_assert_held(&m->lock);

	m->last = command;
	WRITE_ONCE(m->running, true);
	err = carry_out(m, target, command);
	WRITE_ONCE(m->running, false);
	return err;
}

/**
 * kho_machine_lock - lock a machine in order to give it a command
 * @m: the machine
 *
 * Who reads, or registers a client, is waited for; a command is not.
 *
 * Context: takes @m->lock; may sleep.
 * Return: whether @m->lock is held now; otherwise a command runs.
 */
bool kho_machine_lock(struct kho_machine *m)
{
	if (mutex_trylock(&m->lock))
		return true;
	if (READ_ONCE(m->running))
		return false;
	mutex_lock(&m->lock);
	return true;
}

/* What gives up when an abort comes, or is one, leaves nothing to be aborted. */
static bool gave_up(struct kho_machine *m, const struct kho_node *target)
{
	if (!(BIT(m->last) & (BIT(KHO_CMD_PREPARE) | BIT(KHO_CMD_SAVE) |
			      BIT(KHO_CMD_ABORT))))
		return false;
	return target ? target->state == KHO_IDLE :
	       !kho_machine_any_client(m, ~(u32)BIT(KHO_IDLE));
}

/*
 * A command that comes while another one runs is refused, but abort makes that
 * one give up. Returns 1 if this has been all there was to abort.
 */
static int lock_for(struct kho_machine *m, const struct kho_node *target,
		    enum kho_command command)
{
	bool done;

	if (kho_machine_lock(m))
		return 0;
	if (command != KHO_CMD_ABORT)
		return -EBUSY;

	WRITE_ONCE(m->cancel, true);
	mutex_lock(&m->lock);
	WRITE_ONCE(m->cancel, false);

	done = gave_up(m, target);
	if (done)
		mutex_unlock(&m->lock);
	return done;
}

/**
 * kho_machine_command - a command from userspace
 * @m: the machine
 * @target: one client, to which the caller has a reference; or NULL for all
 * @command: the command
 *
 * Context: takes @m->lock; may sleep.
 * Return: as kho_machine_run(); also -EBUSY if another command runs, -ENODEV
 * if the client has gone.
 */
int kho_machine_command(struct kho_machine *m, struct kho_node *target,
			enum kho_command command)
{
	int err = lock_for(m, target, command);

	if (err)
		return err < 0 ? err : 0;

	if (m->executing)
		err = -EBUSY;
	else if (target && !target->machine)
		err = -ENODEV;
	else
		err = kho_machine_run(m, target, command);

	mutex_unlock(&m->lock);
	return err;
}

/**
 * kho_machine_restore_ready - restore every client that can be
 * @m: the machine
 *
 * Called when a client has come: others may have waited for it. While an update
 * is under way, it is left to the restore command.
 *
 * Context: @m->lock held; may sleep.
 */
void kho_machine_restore_ready(struct kho_machine *m)
{
	struct kho_node *node;

	lockdep_assert_held(&m->lock);

	/* What is saved may already be on its way: images wait until later. */
	if (m->executing || m->hold || other_update(m, KHO_CMD_RESTORE))
		return;
	list_for_each_entry(node, &m->nodes, link)
		node->called = !node->tried &&
			       takes_part(node, KHO_CMD_RESTORE,
					  KHO_OP_RESTORE);
	kho_sweep(m, KHO_CMD_RESTORE, KHO_OP_RESTORE, false);
}

static void leave_update(struct kho_machine *m, struct kho_node *node)
{
	const struct kho_transition *hop;

	if (node->image && !node->image->incoming) {
		pr_warn("%s: leaves the update in state %s\n", node->name,
			kho_state_names[node->state]);
		unwind(m, node, false);
		kho_call_here(node, KHO_CMD_ABORT, KHO_OP_ABORT);
	}
	/* The driver lets go by itself; its image waits for another one. */
	hop = kho_transition(node->state, KHO_CMD_LEAVE);
	if (hop)
		kho_node_set_state(node, hop->next);
}

/**
 * kho_machine_leave - a client goes away: take it out of the update
 * @m: the machine
 * @node: the client
 *
 * When kexec has been let pass, drivers leave because this kernel ends; what
 * they have saved is for the next one.
 *
 * Context: @m->lock held; may sleep.
 */
void kho_machine_leave(struct kho_machine *m, struct kho_node *node)
{
	lockdep_assert_held(&m->lock);

	if (!m->executing)
		leave_update(m, node);
	else if (node->image)
		kho_extents_hold(node->image);

	kho_graph_leave(node);
	node->save_as = NULL;
	kho_node_unlink_device(node);
	WRITE_ONCE(node->client->node, NULL);
	scoped_guard(mutex, &m->list_lock)
		node->client = NULL;
	clean_up(m);
}

/**
 * kho_machine_init - make a machine without clients
 * @m: the machine
 */
void kho_machine_init(struct kho_machine *m)
{
	mutex_init(&m->lock);
	mutex_init(&m->list_lock);
	spin_lock_init(&m->error_lock);
	INIT_LIST_HEAD(&m->nodes);
	INIT_LIST_HEAD(&m->dead);
	INIT_LIST_HEAD(&m->ended);
	init_waitqueue_head(&m->ended_wait);
	m->at_once = UINT_MAX;
	INIT_WORK(&m->bury, kho_bury_dead);
}
