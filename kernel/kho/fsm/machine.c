// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carries out commands: takes clients from state to state as the table says,
 * calls them, and unwinds when one of them fails.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <trace/events/kho.h>

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
}

/**
 * kho_machine_update - derive the machine's state anew
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 */
void kho_machine_update(struct kho_machine *m)
{
	unsigned int count[KHO_NR_STATES] = {};
	enum kho_state old = m->state;
	struct kho_node *node;

	lockdep_assert_held(&m->lock);

	list_for_each_entry(node, &m->nodes, link)
		count[node->state]++;

	WRITE_ONCE(m->state, kho_derive_state(count));
	if (m->state == old)
		return;

	mark_reached(m);
	kho_machine_changed(m, old);
	if (m->state == KHO_IDLE)
		m->hold = false;
}

static void set_node_state(struct kho_node *node, enum kho_state state)
{
	enum kho_state old = node->state;

	WRITE_ONCE(node->state, state);
	if (state != old)
		kho_node_changed(node, old);
	kho_machine_update(node->machine);
}

static int op_prepare(struct kho_node *node)
{
	struct kho_client *client = node->client;
	int err;

	if (!node->image) {
		struct kho_image *image = kho_image_create(client->compatible);

		if (IS_ERR(image))
			return PTR_ERR(image);
		kho_node_set_image(node, image);
		node->pass = 0;
	}

	kho_image_rewind(node->image);
	WRITE_ONCE(node->stale, false);
	err = client->ops->prepare(client, node->image, node->pass + 1);
	if (!err)
		node->pass++;
	node->bytes = node->image->wrote;
	return err;
}

static int op_save(struct kho_node *node)
{
	int err;

	kho_image_rewind(node->image);
	err = node->client->ops->save(node->client, node->image);
	node->bytes = node->image->wrote;
	if (!err)
		kho_image_seal(node->image);
	return err;
}

static int op_abort(struct kho_node *node)
{
	struct kho_image *image = node->image;

	/* Not even an image: its prepare was not entered. */
	if (!image)
		return 0;

	node->client->ops->abort(node->client);
	kho_node_set_image(node, NULL);
	kho_image_condemn(image);
	node->pass = 0;
	return 0;
}

static int op_rollback(struct kho_node *node)
{
	node->client->ops->abort(node->client);
	return 0;
}

static int op_restore(struct kho_node *node)
{
	struct kho_client *client = node->client;
	int err;

	node->tried = true;
	if (node->image->broken) {
		kho_client_explain(client, "%s", node->image->broken);
		return -EBADMSG;
	}
	if (!kho_image_format(node->image, client->compatible)) {
		kho_client_explain(client, "image has no format that this driver knows");
		return -EPROTO;
	}

	kho_timeline_mark(node->machine, KHO_EV_RESTORE);
	err = client->ops->restore(client, node->image);
	if (!err)
		node->tried = false;
	return err;
}

static int op_discard(struct kho_node *node)
{
	struct kho_image *image = node->image;

	pr_notice("%s: image discarded\n", node->name);
	kho_node_set_image(node, NULL);
	kho_image_condemn(image);
	return 0;
}

static int op_finish(struct kho_node *node)
{
	struct kho_image *image = node->image;

	if (node->client->ops->finish)
		node->client->ops->finish(node->client);
	kho_node_set_image(node, NULL);
	kho_image_condemn(image);
	return 0;
}

static int call(struct kho_node *node, enum kho_op op)
{
	static int (* const ops[KHO_NR_OPS])(struct kho_node *node) = {
		[KHO_OP_PREPARE] = op_prepare,
		[KHO_OP_SAVE] = op_save,
		[KHO_OP_ABORT] = op_abort,
		[KHO_OP_RESTORE] = op_restore,
		[KHO_OP_ROLLBACK] = op_rollback,
		[KHO_OP_FINISH] = op_finish,
		[KHO_OP_DISCARD] = op_discard,
	};
	ktime_t start = ktime_get();
	int err;

	if (!ops[op])
		return 0;

	node->reason[0] = '\0';
	trace_kho_callback_start(node->name, op);
	err = ops[op](node);
	node->us[op] = ktime_us_delta(ktime_get(), start);
	trace_kho_callback_end(node->name, op, err);
	if (err)
		kho_machine_error(node->machine, "%s: %s: %pe%s%s", node->name,
				  kho_op_names[op], ERR_PTR(err),
				  node->reason[0] ? ": " : "", node->reason);
	return err;
}

/* An operation has ended: where does that lead? */
static void finish_hop(struct kho_node *node, enum kho_op op, int err)
{
	const struct kho_transition *end;

	if (!kho_op_completes(op))
		return;
	end = kho_transition(node->state, err ? KHO_CMD_FAIL : KHO_CMD_DONE);
	set_node_state(node, end->next);
}

/* One hop of one client. If it fails, unwinding is up to the caller. */
static int step(struct kho_node *node, enum kho_command command)
{
	const struct kho_transition *hop = kho_transition(node->state, command);
	int err;

	set_node_state(node, hop->next);
	err = call(node, hop->op);
	finish_hop(node, hop->op, err);
	return err;
}

/* A client whose callback failed has been left in aborting. */
static void abort_one(struct kho_node *node)
{
	if (node->state == KHO_ABORTING)
		finish_hop(node, KHO_OP_ABORT, call(node, KHO_OP_ABORT));
	else if (kho_transition(node->state, KHO_CMD_ABORT))
		step(node, KHO_CMD_ABORT);
}

/* Everybody, or @target and who needs it, back to running; consumers first. */
static void unwind(struct kho_machine *m, struct kho_node *target)
{
	struct kho_node *node;

	kho_handover_withdraw(m);
	list_for_each_entry_reverse(node, &m->nodes, link)
		if (node->client && (!target || node == target ||
				     kho_node_needs(node, target)))
			abort_one(node);
}

static bool providers_restored(struct kho_machine *m,
			       const struct kho_node *node)
{
	struct kho_node *other;

	list_for_each_entry(other, &m->nodes, link)
		if (other->state == KHO_RESTORING &&
		    kho_node_depends(node, other->name))
			return false;
	return true;
}

/* Is it this client's turn to have @op done, on @command? */
static bool its_turn(struct kho_machine *m, const struct kho_node *node,
		     const struct kho_node *target, enum kho_command command,
		     enum kho_op op)
{
	const struct kho_transition *hop = kho_transition(node->state, command);

	if (!hop || hop->op != op || (target && node != target))
		return false;
	if (!node->client && op != KHO_OP_DISCARD)
		return false;
	return op != KHO_OP_RESTORE || providers_restored(m, node);
}

static int visit(struct kho_machine *m, struct kho_node *node,
		 enum kho_command command, enum kho_op op)
{
	bool outgoing = op == KHO_OP_PREPARE || op == KHO_OP_SAVE;

	if (outgoing && READ_ONCE(m->cancel)) {
		kho_machine_error(m, "%s: %s: aborted", node->name,
				  kho_op_names[op]);
		return -ECANCELED;
	}
	return step(node, command);
}

/*
 * Call all whose turn it is. Going out, the first error ends it; coming in,
 * one client's trouble is not the others'.
 */
static int sweep(struct kho_machine *m, struct kho_node *target,
		 enum kho_command command, enum kho_op op, bool consumers_first)
{
	struct list_head *pos, *next;
	int err, first_err = 0;

	for (pos = consumers_first ? m->nodes.prev : m->nodes.next;
	     pos != &m->nodes; pos = next) {
		struct kho_node *node = list_entry(pos, struct kho_node, link);

		next = consumers_first ? pos->prev : pos->next;
		if (!its_turn(m, node, target, command, op))
			continue;

		err = visit(m, node, command, op);
		first_err = first_err ?: err;
		if (err && op != KHO_OP_RESTORE)
			break;
	}
	return first_err;
}

/* What has gone stale is prepared again while the system still runs. */
static int refresh_stale(struct kho_machine *m, struct kho_node *target)
{
	struct kho_node *node;
	int err = 0;

	list_for_each_entry(node, &m->nodes, link) {
		if (!READ_ONCE(node->stale) || node->state != KHO_PREPARED ||
		    (target && node != target))
			continue;
		err = visit(m, node, KHO_CMD_PREPARE, KHO_OP_PREPARE);
		if (err)
			break;
	}
	return err;
}

/* Everybody is prepared, and the blackout begins. */
static int before_save(struct kho_machine *m, struct kho_node *target)
{
	int err = refresh_stale(m, target);

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

static bool neighbours_allow(struct kho_machine *m, struct kho_node *target,
			     enum kho_command command)
{
	unsigned int providers_in = neighbours[command].providers_in;
	unsigned int consumers_in = neighbours[command].consumers_in;
	struct kho_node *other;

	list_for_each_entry(other, &m->nodes, link) {
		bool bad = providers_in && !(providers_in & BIT(other->state)) &&
			   kho_node_depends(target, other->name);

		bad |= other->client && consumers_in &&
		       !(consumers_in & BIT(other->state)) &&
		       kho_node_depends(other, target->name);
		if (bad) {
			refuse(other, command, ", it must come first");
			return false;
		}
	}
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
	return neighbours_allow(m, target, command) ? 0 : -EBUSY;
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
		return kho_manifest_reserve(m);
	case KHO_CMD_SAVE:
		/* Some may have been saved ahead of the others. */
		return m->state == KHO_SAVED ? kho_handover_publish(m) : 0;
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
			err = before_save(m, target);
		if (op && !err)
			err = sweep(m, target, command, op,
				    plans[command][i].consumers_first);
	}
	if (!err)
		err = end(m, command);

	if (err && (command == KHO_CMD_PREPARE || command == KHO_CMD_SAVE))
		unwind(m, target);
	clean_up(m);
	return err;
}

/**
 * kho_machine_run - carry out a command
 * @m: the machine
 * @target: one client, or NULL for all
 * @command: a command from userspace
 *
 * A failed prepare or save has been unwound when this returns.
 *
 * Context: @m->lock held; may sleep.
 * Return: 0; -EBUSY if it is refused in this state; -EINVAL if it needs a
 * target; -ENODEV if there is no client; or the error of the first callback
 * that failed.
 */
int kho_machine_run(struct kho_machine *m, struct kho_node *target,
		    enum kho_command command)
{
	int err;

	lockdep_assert_held(&m->lock);

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

/*
 * A command that comes while another one runs is refused, but abort makes that
 * one give up. Returns 1 if this has been all there was to abort.
 */
static int lock_for(struct kho_machine *m, const struct kho_node *target,
		    enum kho_command command)
{
	bool gave_up;

	if (kho_machine_lock(m))
		return 0;
	if (command != KHO_CMD_ABORT)
		return -EBUSY;

	WRITE_ONCE(m->cancel, true);
	mutex_lock(&m->lock);
	WRITE_ONCE(m->cancel, false);

	gave_up = target ? target->state == KHO_IDLE :
		  !kho_machine_any_client(m, ~(u32)BIT(KHO_IDLE));
	if (gave_up)
		mutex_unlock(&m->lock);
	return gave_up;
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
	if (m->hold || other_update(m, KHO_CMD_RESTORE))
		return;
	/* Providers come first in the list, so one pass is enough. */
	list_for_each_entry(node, &m->nodes, link)
		if (!node->tried &&
		    its_turn(m, node, NULL, KHO_CMD_RESTORE, KHO_OP_RESTORE))
			step(node, KHO_CMD_RESTORE);
}

/**
 * kho_machine_leave - a client goes away: take it out of the update
 * @m: the machine
 * @node: the client
 *
 * Context: @m->lock held; may sleep.
 */
void kho_machine_leave(struct kho_machine *m, struct kho_node *node)
{
	lockdep_assert_held(&m->lock);

	if (node->image && !node->image->incoming) {
		pr_warn("%s: leaves the update in state %s\n", node->name,
			kho_state_names[node->state]);
		kho_handover_withdraw(m);
		abort_one(node);
	}
	/* The driver lets go by itself; its image waits for another one. */
	if (node->state == KHO_RESTORED)
		set_node_state(node, KHO_RESTORING);

	node->client->node = NULL;
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
	INIT_WORK(&m->bury, kho_bury_dead);
}
