// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has clients called side by side, as far as they don't depend on each other.
 *
 * Callbacks run on a workqueue. The one who gave the command holds the
 * machine's lock meanwhile, and is the only one to move clients from state to
 * state; a callback touches nothing but its own node.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"

/**
 * struct sweep - one phase of a command
 * @m: the machine
 * @turns: whom to call next
 * @command: the command
 * @op: the phase
 * @running: number of callbacks that run
 * @err: the first error
 */
struct sweep {
	struct kho_machine *m;
	struct kho_turns turns;
	enum kho_command command;
	enum kho_op op;
	unsigned int running;
	int err;
};

static struct workqueue_struct *callbacks;

/* Who waits for callbacks waits for the locks that they take. */
static struct lockdep_map __maybe_unused callback_map;

/* Going out, the first error ends it; coming in, the others go on. */
static bool goes_out(enum kho_op op)
{
	return op == KHO_OP_PREPARE || op == KHO_OP_SAVE;
}

static void fail(struct sweep *s, int err)
{
	s->err = s->err ?: err;
	if (goes_out(s->op))
		WRITE_ONCE(s->m->giving_up, true);
}

/**
 * kho_call_work - run a callback, and tell who waits for it
 * @work: the node's
 *
 * Context: workqueue.
 */
void kho_call_work(struct work_struct *work)
{
	struct kho_node *node = container_of(work, struct kho_node, work);
	struct kho_machine *m = node->machine;
	int err;

	lock_map_acquire(&callback_map);
	err = kho_call(node, node->op);
	lock_map_release(&callback_map);

	/* The machine may go as soon as its lock of this queue is free. */
	spin_lock_irq(&m->ended_wait.lock);
	node->err = err;
	list_add_tail(&node->turn, &m->ended);
	wake_up_locked(&m->ended_wait);
	spin_unlock_irq(&m->ended_wait.lock);
}

/* A client whose callback has failed is in aborting already. */
static void enter(struct kho_node *node, enum kho_command command)
{
	const struct kho_transition *hop = kho_transition(node->state, command);

	if (hop)
		kho_node_set_state(node, hop->next);
}

/* An operation has ended: where does that lead? */
static void leave(struct kho_node *node, enum kho_op op, int err)
{
	const struct kho_transition *end;

	if (!kho_op_completes(op))
		return;
	end = kho_transition(node->state, err ? KHO_CMD_FAIL : KHO_CMD_DONE);
	kho_node_set_state(node, end->next);
}

static void report(struct kho_node *node, enum kho_op op, int err)
{
	kho_machine_error(node->machine, "%s: %s: %pe%s%s", node->name,
			  kho_op_names[op], ERR_PTR(err),
			  node->reason[0] ? ": " : "", node->reason);
}

/**
 * kho_call_here - one hop of one client, in the context of the caller
 * @node: the client
 * @command: the command
 * @op: what it asks of the client
 *
 * Context: its machine's lock held; may sleep.
 * Return: 0 or the error of the callback; unwinding is up to the caller.
 */
int kho_call_here(struct kho_node *node, enum kho_command command,
		  enum kho_op op)
{
	int err;

	lockdep_assert_held(&node->machine->lock);

	enter(node, command);
	err = kho_call(node, op);
	if (err)
		report(node, op, err);
	leave(node, op, err);
	return err;
}

static void start(struct sweep *s, struct kho_node *node)
{
	enter(node, s->command);
	node->op = s->op;
	node->started = jiffies;
	node->running = true;
	s->running++;
	queue_work(callbacks, &node->work);
}

static bool called_off(struct sweep *s, const struct kho_node *next)
{
	if (!goes_out(s->op))
		return false;
	if (!s->err && READ_ONCE(s->m->cancel)) {
		kho_machine_error(s->m, "%s: %s: aborted", next->name,
				  kho_op_names[s->op]);
		fail(s, -ECANCELED);
	}
	return s->err;
}

static void start_all_that_can(struct sweep *s)
{
	struct kho_node *node;

	while (s->running < s->m->at_once &&
	       (node = kho_turns_next(&s->turns))) {
		if (!node->called ||
		    (s->op == KHO_OP_RESTORE && !kho_providers_restored(node))) {
			kho_turns_done(&s->turns, node);
			continue;
		}
		if (called_off(s, node))
			break;
		start(s, node);
	}
}

static unsigned int deadline_ms(const struct sweep *s,
				const struct kho_node *node)
{
	return READ_ONCE(node->deadline_ms[s->op]) ?:
	       READ_ONCE(s->m->deadline_ms[s->op]);
}

static unsigned long time_left(const struct sweep *s,
			       const struct kho_node *node)
{
	unsigned long limit = msecs_to_jiffies(deadline_ms(s, node));
	unsigned long used = jiffies - node->started;

	if (!limit)
		return MAX_SCHEDULE_TIMEOUT;
	return used < limit ? limit - used : 0;
}

/* Jiffies until the first one overruns. */
static unsigned long until_overrun(const struct sweep *s)
{
	unsigned long left = MAX_SCHEDULE_TIMEOUT;
	struct kho_node *node;

	list_for_each_entry(node, &s->m->nodes, link)
		if (node->running)
			left = min(left, time_left(s, node));
	return left;
}

static void blame(struct sweep *s)
{
	struct kho_node *node;

	list_for_each_entry(node, &s->m->nodes, link)
		if (node->running && !time_left(s, node)) {
			kho_machine_error(s->m, "%s: %s: %pe: not done after %u ms",
					  node->name, kho_op_names[s->op],
					  ERR_PTR(-ETIME),
					  deadline_ms(s, node));
			fail(s, -ETIME);
		}
}

static bool any_ended(struct kho_machine *m)
{
	bool any;

	spin_lock_irq(&m->ended_wait.lock);
	any = !list_empty(&m->ended);
	spin_unlock_irq(&m->ended_wait.lock);
	return any;
}

/* What goes out can be called off: by a signal, and by running late. */
static void wait_until_one_ends(struct sweep *s)
{
	struct kho_machine *m = s->m;
	long left;

	while (goes_out(s->op) && !s->err) {
		left = wait_event_interruptible_timeout(m->ended_wait,
							any_ended(m),
							until_overrun(s));
		if (left > 0)
			return;
		if (!left) {
			blame(s);
			continue;
		}
		kho_machine_error(m, "%s: interrupted", kho_op_names[s->op]);
		fail(s, -EINTR);
	}
	wait_event(m->ended_wait, any_ended(m));
}

static void take_one_that_ended(struct sweep *s)
{
	struct kho_machine *m = s->m;
	struct kho_node *node;

	scoped_guard(spinlock_irq, &m->ended_wait.lock) {
		node = list_first_entry(&m->ended, struct kho_node, turn);
		list_del(&node->turn);
	}

	node->running = false;
	s->running--;
	/* Who gives up because of another one's error is not to blame. */
	if (node->err && !(s->err && node->err == -ECANCELED))
		report(node, s->op, node->err);
	if (node->err)
		fail(s, node->err);
	leave(node, s->op, node->err);
	kho_turns_done(&s->turns, node);
}

/**
 * kho_sweep - one phase: call all clients that take part, and wait for them
 * @m: the machine; @called of its nodes says who takes part
 * @command: the command
 * @op: what it asks of them
 * @consumers_first: which order?
 *
 * A prepare or save ends with the first error, when the callbacks that run
 * have come to an end; unwinding is up to the caller.
 *
 * Context: @m->lock held; may sleep. A signal ends a prepare or save.
 * Return: 0; the first error of a callback; -ECANCELED, -EINTR, or -ETIME if it
 * was called off by an abort, a signal, or a deadline.
 */
int kho_sweep(struct kho_machine *m, enum kho_command command, enum kho_op op,
	      bool consumers_first)
{
	struct sweep s = { .m = m, .command = command, .op = op };

	lockdep_assert_held(&m->lock);
	lock_map_acquire(&callback_map);
	lock_map_release(&callback_map);

	WRITE_ONCE(m->giving_up, false);
	kho_turns_begin(&s.turns, m, consumers_first);
	for (start_all_that_can(&s); s.running; start_all_that_can(&s)) {
		wait_until_one_ends(&s);
		take_one_that_ended(&s);
	}
	WRITE_ONCE(m->giving_up, false);
	return s.err;
}

/**
 * kho_schedule_init - make the workqueue for callbacks
 *
 * Context: initcall, before the first client comes.
 * Return: 0, or -ENOMEM.
 */
int __init kho_schedule_init(void)
{
	static struct lock_class_key key;

	lockdep_init_map(&callback_map, "kho_callback", &key, 0);
	callbacks = alloc_workqueue("kho", WQ_UNBOUND | WQ_HIGHPRI, 0);
	return callbacks ? 0 : -ENOMEM;
}
