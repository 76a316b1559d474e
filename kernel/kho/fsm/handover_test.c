// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way in: what one machine has saved is restored by another one, handed
 * on, or found to be broken.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kthread.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/sched/task.h>

#include "../internal.h"
#include "test.h"
#include "test_clients.h"

static int handover_test_init(struct kunit *test)
{
	test->priv = test_world_new(test);
	return 0;
}

static void handover_test_exit(struct kunit *test)
{
	test_world_end(test->priv);
}

/* Clients a, b after a, and c, saved; what comes next is the next kernel's. */
static struct test_world *after_kexec(struct kunit *test,
				      void (*meddle)(void *manifest))
{
	struct test_world *w = test->priv, *next = test_world_new(test);

	test_client_add(w, "a", "")->with_mem = true;
	test_client_add(w, "b", "a")->with_mem = true;
	test_client_add(w, "c", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	KUNIT_ASSERT_EQ(test, test_kexec(w, next, meddle), 0);
	return next;
}

/* Everything handed over was taken or given back. */
static void expect_nothing_kept(struct test_world *w)
{
	test_world_end(w);
	KUNIT_EXPECT_EQ(w->test, kho_test_incoming_pages(), 0);
}

static void expect_restored(struct test_world *w, const char *name, u32 value)
{
	test_expect_state(w, name, "restored");
	KUNIT_EXPECT_EQ_MSG(w->test, test_client(w, name)->restored, value,
			    "value of %s", name);
}

/* --- the usual way --- */

static void handover_test_round_trip(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct kho_node *node;

	test_expect_state(next, NULL, "restoring");
	test_client_add(next, "a", "");
	test_expect_log(next, "Ra");
	test_client_add(next, "b", "a");
	test_expect_state(next, NULL, "restoring");
	test_client_add(next, "c", "");
	test_expect_log(next, "Rb Rc");
	test_expect_state(next, NULL, "restored");
	expect_restored(next, "a", 0x40);
	expect_restored(next, "b", 0x41);
	expect_restored(next, "c", 0x42);

	node = test_client(next, "c")->client.node;
	KUNIT_EXPECT_EQ(test, node->pass, 1);
	KUNIT_EXPECT_EQ(test, node->bytes, 4);

	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	test_expect_log(next, "Fa Fb Fc");
	test_expect_state(next, NULL, "idle");
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), 0);
	expect_nothing_kept(next);
}

/* Large memory need not be copied: the client keeps it where it is. */
static void handover_test_takes_memory(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *a = test_client_add(next, "a", "");

	KUNIT_ASSERT_NE(test, a->restored_mem, 0);
	a->takes_mem = true;
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "finish"), 0);
	KUNIT_ASSERT_PTR_EQ(test, a->mem, phys_to_virt(a->restored_mem));
	KUNIT_EXPECT_NULL(test, memchr_inv(a->mem, 0x40,
					   TEST_MEM_PAGES * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(a->restored_mem, 1));
	test_free_mem(a);
	expect_nothing_kept(next);
}

/* Whatever the previous kernel says, it is shown as something. */
static void handover_test_timeline_nonsense(struct kunit *test)
{
	struct test_world *w = test->priv;
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	w->m.clock[KHO_EV_PREPARE] = U64_MAX;
	w->m.clock[KHO_EV_SAVE] = 1;
	w->m.clock[KHO_EV_SAVED] = U64_MAX;
	kho_timeline_show(&w->m, text);
	KUNIT_EXPECT_STREQ(test, text, "prepare 0\nsave 0\nsaved 0\n");
}

static void handover_test_timeline(struct kunit *test)
{
	struct test_world *w = test->priv, *next;
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	u64 before;

	KUNIT_ASSERT_NOT_NULL(test, text);
	next = after_kexec(test, NULL);
	before = w->m.clock[KHO_EV_PREPARE];
	KUNIT_EXPECT_GT(test, before, 0);
	KUNIT_EXPECT_EQ(test, next->m.clock[KHO_EV_PREPARE], before);
	KUNIT_EXPECT_EQ(test, next->m.clock[KHO_EV_SAVED],
			w->m.clock[KHO_EV_SAVED]);
	KUNIT_EXPECT_EQ(test, next->m.clock[KHO_EV_RESTORE], 0);
	KUNIT_EXPECT_EQ(test, next->m.generation, w->m.generation + 1);

	test_client_add(next, "a", "");
	test_client_add(next, "b", "a");
	KUNIT_EXPECT_GE(test, next->m.clock[KHO_EV_RESTORE],
			next->m.clock[KHO_EV_SAVED]);
	KUNIT_EXPECT_EQ(test, next->m.clock[KHO_EV_RESTORED], 0);
	test_client_add(next, "c", "");
	KUNIT_EXPECT_GE(test, next->m.clock[KHO_EV_RESTORED],
			next->m.clock[KHO_EV_RESTORE]);

	kho_timeline_show(&next->m, text);
	KUNIT_EXPECT_TRUE(test, strstarts(text, "prepare 0\nprepared "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nrestored "));
	KUNIT_EXPECT_NULL(test, strstr(text, "finish"));
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	KUNIT_EXPECT_GT(test, next->m.clock[KHO_EV_FINISH], 0);
	expect_nothing_kept(next);
}

/* An older driver, which knows only the older format, picks that one. */
static void expect_spans(struct kunit *test, const struct kho_node *node,
			 const enum kho_op *ops, unsigned int nr)
{
	unsigned int i;
	u64 last = 0;

	KUNIT_ASSERT_EQ(test, node->nr_spans, nr);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, node->spans[i].op, ops[i]);
		KUNIT_EXPECT_GE(test, node->spans[i].start, last);
		KUNIT_EXPECT_GE(test, node->spans[i].end, node->spans[i].start);
		last = node->spans[i].end;
	}
}

/* A client's calls, those in the kernel before included. */
static void handover_test_client_timeline(struct kunit *test)
{
	static const enum kho_op ops[] = {
		KHO_OP_PREPARE, KHO_OP_SAVE, KHO_OP_RESTORE, KHO_OP_FINISH,
	};
	struct test_world *next = after_kexec(test, NULL);
	struct kho_node *node = test_client_add(next, "a", "")->client.node;

	expect_spans(test, node, ops, 3);
	KUNIT_ASSERT_EQ(test, test_command(next, "a", "finish"), 0);
	expect_spans(test, node, ops, 4);
	expect_nothing_kept(next);
}

static void handover_test_older_driver(struct kunit *test)
{
	static const char * const older[] = { "test-v1", NULL };
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *a = test_client_make(next, "a", "");

	a->client.compatible = older;
	KUNIT_EXPECT_EQ(test, test_register(a), 0);
	expect_restored(next, "a", 0x40);
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "finish"), 0);
	expect_nothing_kept(next);
}

/* Its provider is an image without a driver yet: it waits for that. */
static void handover_test_consumer_first(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);

	test_client_add(next, "b", "a");
	test_expect_state(next, "b", "restoring");
	test_expect_log(next, "");
	KUNIT_EXPECT_EQ(test, test_command(next, "b", "restore"), -EBUSY);
	test_client_add(next, "a", "");
	test_expect_log(next, "Ra Rb");
	expect_restored(next, "b", 0x41);
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	test_expect_log(next, "Fa Fb");
	expect_nothing_kept(next);
}

/* A driver that was not there before has nothing to restore. */
static void handover_test_new_client(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);

	test_client_add(next, "d", "a");
	test_expect_state(next, "d", "idle");
	test_expect_log(next, "");
	test_client_add(next, "a", "");
	test_expect_log(next, "Ra");
	expect_nothing_kept(next);
}

/* --- restore fails --- */

static void handover_test_retry(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *a = test_client_make(next, "a", "");

	a->restore_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_register(a), 0);
	test_expect_state(next, "a", "restoring");
	KUNIT_EXPECT_STREQ(test, next->m.error, "a: restore: -EIO");

	/* It isn't tried again by itself; what needs it waits, others don't. */
	test_client_add(next, "b", "a");
	test_client_add(next, "c", "");
	test_expect_log(next, "Ra Rc");
	test_expect_state(next, "c", "restored");
	test_expect_state(next, NULL, "restoring");

	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "prepare"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "restore"), -EIO);
	test_expect_log(next, "Ra");
	a->restore_err = 0;
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "restore"), 0);
	test_expect_log(next, "Ra Rb");
	expect_restored(next, "a", 0x40);
	expect_restored(next, "b", 0x41);
	test_expect_state(next, NULL, "restored");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	expect_nothing_kept(next);
}

/* One that fails again does not keep the others from being tried. */
static void handover_test_retry_all(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *a = test_client_make(next, "a", "");
	struct test_client *c = test_client_make(next, "c", "");

	a->restore_err = -EIO;
	c->restore_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_register(a), 0);
	KUNIT_EXPECT_EQ(test, test_register(c), 0);
	test_expect_log(next, "Ra Rc");
	c->restore_err = 0;
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "restore"), -EIO);
	test_expect_log(next, "Ra Rc");
	expect_restored(next, "c", 0x42);
	expect_nothing_kept(next);
}

static void handover_test_retry_one(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *c = test_client_make(next, "c", "");

	c->restore_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_register(c), 0);
	KUNIT_EXPECT_EQ(test, test_command(next, "c", "restore"), -EIO);
	c->restore_err = 0;
	KUNIT_EXPECT_EQ(test, test_command(next, "c", "restore"), 0);
	expect_restored(next, "c", 0x42);
	KUNIT_EXPECT_EQ(test, test_command(next, "c", "restore"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, "c", "finish"), 0);
	test_expect_log(next, "Rc Rc Rc Fc");
	expect_nothing_kept(next);
}

/* The driver knows none of the image's formats: it is not even asked. */
static void handover_test_unknown_format(struct kunit *test)
{
	static const char * const other[] = { "other-v1", NULL };
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *a = test_client_make(next, "a", "");

	a->client.compatible = other;
	KUNIT_EXPECT_EQ(test, test_register(a), 0);
	test_expect_log(next, "");
	test_expect_state(next, "a", "restoring");
	KUNIT_EXPECT_STREQ(test, next->m.error,
			   "a: restore: -EPROTO: image has no format that this driver knows");

	/* The image waits for a better driver. */
	kho_machine_unregister(&next->m, &a->client);
	a->client.compatible = test_formats;
	KUNIT_EXPECT_EQ(test, test_register(a), 0);
	expect_restored(next, "a", 0x40);
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "finish"), 0);
	expect_nothing_kept(next);
}

/* --- images without a driver --- */

static void handover_test_orphan(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);

	test_client_add(next, "c", "");
	test_client_add(next, "a", "");
	KUNIT_EXPECT_EQ(test, test_command(next, "b", "restore"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, "b", "prepare"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, "b", "finish"), -EBUSY);
	test_expect_state(next, NULL, "restoring");

	/* It does not hold up the others, and is not lost with them. */
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	test_expect_log(next, "Rc Ra Fa Fc");
	test_expect_state(next, "b", "restoring");
	test_expect_state(next, NULL, "restoring");
	KUNIT_EXPECT_GT(test, kho_test_incoming_pages(), TEST_MEM_PAGES);

	KUNIT_EXPECT_EQ(test, test_command(next, "b", "discard"), 0);
	flush_work(&next->m.bury);
	test_expect_state(next, NULL, "idle");
	KUNIT_EXPECT_EQ(test, list_count_nodes(&next->m.nodes), 2);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), 0);
	expect_nothing_kept(next);
}

static struct {
	struct task_struct *task;
	struct test_client *c;
} aborting;

static int abort_client(void *unused)
{
	struct test_client *c = aborting.c;

	return kho_machine_command(&c->world->m, c->client.node,
				   KHO_CMD_ABORT);
}

/* Returns when the abort waits for the command that runs. */
static void abort_meanwhile(struct test_client *c)
{
	struct task_struct *task = kthread_create(abort_client, NULL, "abort");
	unsigned int i;

	KUNIT_ASSERT_FALSE(c->world->test, IS_ERR(task));
	aborting.c = c;
	aborting.task = get_task_struct(task);
	wake_up_process(task);
	for (i = 0; i < 10000 && !READ_ONCE(c->world->m.cancel); i++)
		usleep_range(500, 1000);
}

static int abort_result(void)
{
	int err = kthread_stop(aborting.task);

	put_task_struct(aborting.task);
	return err;
}

/* A client that can't restore its image can do without it, by command. */
static void handover_test_discard_claimed(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *c = test_client_make(next, "c", "");

	c->restore_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_register(c), 0);
	KUNIT_EXPECT_EQ(test, test_command(next, "c", "discard"), 0);
	test_expect_state(next, "c", "idle");
	test_expect_log(next, "Rc Fc");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "prepare"), 0);
	test_expect_log(next, "P1c");
	expect_nothing_kept(next);
}

/* What is committed can't be had back, and who asks for it had better know. */
static void handover_test_abort_finish(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *c = test_client_add(next, "c", "");

	c->during_finish = abort_meanwhile;
	KUNIT_EXPECT_EQ(test, test_command(next, "c", "finish"), 0);
	KUNIT_EXPECT_EQ(test, abort_result(), -EBUSY);
	test_expect_log(next, "Rc Fc");
	test_expect_state(next, "c", "idle");
	expect_nothing_kept(next);
}

/* --- handing on --- */

static void restore_all(struct test_world *w)
{
	test_client_add(w, "a", "");
	test_client_add(w, "b", "a");
	test_client_add(w, "c", "");
	test_expect_log(w, "Ra Rb Rc");
	expect_restored(w, "a", 0x40);
	expect_restored(w, "b", 0x41);
	expect_restored(w, "c", 0x42);
}

static void publish(struct test_world *w)
{
	guard(mutex)(&w->m.lock);
	KUNIT_ASSERT_EQ(w->test, kho_handover_publish(&w->m), 0);
}

/* A kernel that has let nothing in hands everything on. */
static void handover_test_hand_on_all(struct kunit *test)
{
	struct test_world *second = after_kexec(test, NULL);
	struct test_world *third = test_world_new(test);

	publish(second);
	KUNIT_ASSERT_EQ(test, test_kexec(second, third, NULL), 0);
	restore_all(third);
	KUNIT_EXPECT_EQ(test, third->m.generation, 2);
	KUNIT_EXPECT_EQ(test, test_command(third, NULL, "finish"), 0);
	test_world_end(second);
	expect_nothing_kept(third);
}

/* Images that nobody claims travel along with those that are saved anew. */
static void handover_test_hand_on_some(struct kunit *test)
{
	struct test_world *second = after_kexec(test, NULL);
	struct test_world *third = test_world_new(test);

	test_client_add(second, "a", "")->value = 0x77;
	KUNIT_ASSERT_EQ(test, test_command(second, NULL, "finish"), 0);
	KUNIT_ASSERT_EQ(test, test_command(second, NULL, "save"), 0);
	test_expect_state(second, NULL, "saved");
	KUNIT_ASSERT_EQ(test, test_kexec(second, third, NULL), 0);

	KUNIT_EXPECT_EQ(test, list_count_nodes(&third->m.nodes), 3);
	test_client_add(third, "a", "");
	test_client_add(third, "b", "a");
	test_client_add(third, "c", "");
	expect_restored(third, "a", 0x77);
	expect_restored(third, "b", 0x41);
	expect_restored(third, "c", 0x42);
	KUNIT_EXPECT_EQ(test, test_command(third, NULL, "finish"), 0);
	test_world_end(second);
	expect_nothing_kept(third);
}

/* What is discarded while it is already part of a handover is not. */
static void handover_test_discard_saved(struct kunit *test)
{
	struct test_world *second = after_kexec(test, NULL);
	struct test_world *third = test_world_new(test);

	test_client_add(second, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(second, NULL, "finish"), 0);
	KUNIT_ASSERT_EQ(test, test_command(second, NULL, "save"), 0);
	KUNIT_EXPECT_EQ(test, test_command(second, "b", "discard"), 0);
	KUNIT_EXPECT_FALSE(test, second->m.published);
	test_expect_state(second, NULL, "saved");

	publish(second);
	KUNIT_ASSERT_EQ(test, test_kexec(second, third, NULL), 0);
	KUNIT_EXPECT_STREQ(test, third->m.error, "");
	KUNIT_EXPECT_EQ(test, list_count_nodes(&third->m.nodes), 2);
	test_expect_state(third, "a", "restoring");
	test_expect_state(third, "c", "restoring");
	test_world_end(second);
	expect_nothing_kept(third);
}

/* An image that is claimed after the others were saved stays as it is. */
static void handover_test_claimed_too_late(struct kunit *test)
{
	struct test_world *second = after_kexec(test, NULL);
	struct test_world *third = test_world_new(test);

	test_client_add(second, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(second, NULL, "finish"), 0);
	KUNIT_ASSERT_EQ(test, test_command(second, NULL, "save"), 0);
	second->log[0] = '\0';
	test_client_add(second, "c", "");
	test_expect_log(second, "");
	KUNIT_EXPECT_EQ(test, test_command(second, "c", "restore"), -EBUSY);
	test_expect_log(second, "");
	test_expect_state(second, "c", "restoring");
	test_expect_state(second, NULL, "saved");

	KUNIT_ASSERT_EQ(test, test_kexec(second, third, NULL), 0);
	test_client_add(third, "c", "");
	expect_restored(third, "c", 0x42);
	test_world_end(second);
	expect_nothing_kept(third);
}

static void handover_test_claimed_too_late_aborted(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);

	test_client_add(next, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(next, NULL, "finish"), 0);
	KUNIT_ASSERT_EQ(test, test_command(next, NULL, "prepare"), 0);
	test_client_add(next, "c", "");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "save"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "abort"), 0);
	next->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "restore"), 0);
	test_expect_log(next, "Rc");
	expect_restored(next, "c", 0x42);
	expect_nothing_kept(next);
}

/* --- rolling back --- */

static void expect_pristine(struct test_world *w)
{
	struct kho_node *node;

	list_for_each_entry(node, &w->m.nodes, link) {
		KUNIT_ASSERT_NOT_NULL(w->test, node->image);
		KUNIT_EXPECT_NULL(w->test, kho_image_verify(node->image));
	}
}

static void handover_test_rollback(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *b;

	test_client_add(next, "a", "");
	b = test_client_add(next, "b", "a");
	next->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "abort"), 0);
	test_expect_log(next, "Ab Aa");
	test_expect_state(next, "a", "restoring");
	test_expect_state(next, "b", "restoring");
	test_expect_state(next, NULL, "restoring");
	expect_pristine(next);

	/* From now on, clients restore only on command. */
	test_client_add(next, "c", "");
	kho_machine_unregister(&next->m, &b->client);
	KUNIT_EXPECT_EQ(test, test_register(b), 0);
	test_expect_log(next, "");

	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "restore"), 0);
	test_expect_log(next, "Ra Rb Rc");
	test_expect_state(next, NULL, "restored");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	expect_nothing_kept(next);
}

/* The next kernel, or the one before, can have them all as they were. */
static void handover_test_rollback_hand_on(struct kunit *test)
{
	struct test_world *second = after_kexec(test, NULL);
	struct test_world *third = test_world_new(test);

	restore_all(second);
	KUNIT_EXPECT_EQ(test, test_command(second, NULL, "abort"), 0);
	test_expect_log(second, "Ac Ab Aa");
	publish(second);
	KUNIT_ASSERT_EQ(test, test_kexec(second, third, NULL), 0);
	restore_all(third);
	KUNIT_EXPECT_EQ(test, test_command(third, NULL, "finish"), 0);
	test_world_end(second);
	expect_nothing_kept(third);
}

/* Nothing comes in by itself if that was called off before anybody came. */
static void handover_test_abort_first(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);

	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "abort"), 0);
	test_client_add(next, "a", "");
	test_expect_log(next, "");
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "restore"), 0);
	test_expect_log(next, "Ra");
	expect_nothing_kept(next);
}

static void handover_test_rollback_one(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);

	restore_all(next);
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "abort"), -EBUSY);
	test_expect_log(next, "");
	KUNIT_EXPECT_EQ(test, test_command(next, "b", "abort"), 0);
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "abort"), 0);
	test_expect_log(next, "Ab Aa");
	test_expect_state(next, "c", "restored");
	test_expect_state(next, NULL, "restoring");
	expect_nothing_kept(next);
}

/* --- refusals --- */

static void handover_test_refused(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *a = test_client_make(next, "a", "");

	/* Nobody is there. */
	test_expect_refusals(next, "abort");

	/* One is there and can't restore. */
	a->restore_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_register(a), 0);
	next->log[0] = '\0';
	test_expect_refusals(next, "abort restore");

	/* All are there. */
	a->restore_err = 0;
	test_client_add(next, "b", "a");
	test_client_add(next, "c", "");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "restore"), 0);
	next->log[0] = '\0';
	test_expect_state(next, NULL, "restored");
	test_expect_refusals(next, "abort finish");
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "prepare"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, "a", "discard"), -EBUSY);

	/* A new one can't begin an update while the last one isn't over. */
	test_client_add(next, "d", "");
	KUNIT_EXPECT_EQ(test, test_command(next, "d", "prepare"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(next, "d", "save"), -EBUSY);
	test_expect_refusals(next, "abort finish");
	expect_nothing_kept(next);
}

/* --- going --- */

static void handover_test_leave(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *c = test_client_add(next, "c", "");

	/* It lets go by itself; its image waits for the driver's return. */
	kho_machine_unregister(&next->m, &c->client);
	test_expect_log(next, "Rc");
	test_expect_state(next, "c", "restoring");
	c->restored = 0;
	KUNIT_EXPECT_EQ(test, test_register(c), 0);
	test_expect_log(next, "Rc");
	expect_restored(next, "c", 0x42);

	KUNIT_EXPECT_EQ(test, test_command(next, "c", "finish"), 0);
	kho_machine_unregister(&next->m, &c->client);
	test_expect_log(next, "Fc");
	flush_work(&next->m.bury);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&next->m.nodes), 2);
	expect_nothing_kept(next);
}

/* A refused client does not take the image of its name along. */
static void handover_test_refused_claim(struct kunit *test)
{
	struct test_world *next = after_kexec(test, NULL);
	struct test_client *c = test_client_make(next, "c", "x");

	KUNIT_EXPECT_EQ(test, test_register(c), -ENOENT);
	test_expect_state(next, "c", "restoring");
	c->client.after = NULL;
	KUNIT_EXPECT_EQ(test, test_register(c), 0);
	expect_restored(next, "c", 0x42);
	expect_nothing_kept(next);
}

/* --- damage --- */

static int node_of(const void *manifest, const char *name)
{
	int images = fdt_subnode_offset(manifest, 0, "images");

	return fdt_subnode_offset(manifest, images, name);
}

static fdt64_t *cells_of(void *manifest, const char *name, const char *prop)
{
	return fdt_getprop_w(manifest, node_of(manifest, name), prop, NULL);
}

static void *memory_at(void *manifest, const char *name, const char *prop)
{
	return phys_to_virt(fdt64_ld(cells_of(manifest, name, prop)));
}

/* As whoever has the last word about the manifest can do. */
static void reseal(void *manifest)
{
	struct kho_image image = { .fdt = manifest };
	fdt64_t seal = 0;

	fdt_setprop_inplace(manifest, 0, "seal", &seal, sizeof(seal));
	seal = cpu_to_fdt64(kho_image_checksum(&image));
	fdt_setprop_inplace(manifest, 0, "seal", &seal, sizeof(seal));
}

static void flip_image(void *manifest)
{
	*((u8 *)memory_at(manifest, "b", "image") + 60) ^= 1;
}

static void flip_magic(void *manifest)
{
	*(u8 *)memory_at(manifest, "b", "image") ^= 1;
}

static void flip_memory(void *manifest)
{
	*((u8 *)memory_at(manifest, "b", "memory") + PAGE_SIZE) ^= 1;
}

static void change_cell(void *manifest, const char *prop, unsigned int i,
			u64 val)
{
	cells_of(manifest, "b", prop)[i] = cpu_to_fdt64(val);
	reseal(manifest);
}

static void wrong_op(void *manifest)
{
	change_cell(manifest, "spans", 0, KHO_NR_OPS);
}

/* What can't be is not shown. */
static void handover_test_client_timeline_nonsense(struct kunit *test)
{
	static const enum kho_op ops[] = { KHO_OP_SAVE, KHO_OP_RESTORE };
	struct test_world *next = after_kexec(test, wrong_op);
	struct kho_node *node;

	test_client_add(next, "a", "");
	node = test_client_add(next, "b", "a")->client.node;
	expect_spans(test, node, ops, 2);
	expect_nothing_kept(next);
}

static void image_of_another(void *manifest)
{
	change_cell(manifest, "image", 0,
		    fdt64_ld(cells_of(manifest, "a", "image")));
}

static void image_in_manifest(void *manifest)
{
	change_cell(manifest, "image", 0, virt_to_phys(manifest));
}

static void image_nowhere(void *manifest)
{
	change_cell(manifest, "image", 0, 1ULL << 50);
}

static void image_at_0(void *manifest)
{
	change_cell(manifest, "image", 0, 0);
}

static void image_not_aligned(void *manifest)
{
	change_cell(manifest, "image", 0,
		    fdt64_ld(cells_of(manifest, "b", "image")) + 8);
}

static void image_of_no_size(void *manifest)
{
	change_cell(manifest, "image", 1, 0);
}

static void image_of_odd_size(void *manifest)
{
	change_cell(manifest, "image", 1, 100);
}

static void image_too_long(void *manifest)
{
	change_cell(manifest, "image", 1, 2 * PAGE_SIZE);
}

static void image_much_too_long(void *manifest)
{
	change_cell(manifest, "image", 1, -PAGE_SIZE);
}

static void image_seal(void *manifest)
{
	change_cell(manifest, "seal", 0, 1);
}

static void memory_of_another(void *manifest)
{
	change_cell(manifest, "memory", 0,
		    fdt64_ld(cells_of(manifest, "a", "memory")));
}

static void memory_is_image(void *manifest)
{
	change_cell(manifest, "memory", 1, 1);
	change_cell(manifest, "memory", 0,
		    fdt64_ld(cells_of(manifest, "b", "image")));
}

static void memory_too_long(void *manifest)
{
	change_cell(manifest, "memory", 1, TEST_MEM_PAGES + 1);
}

static void memory_much_too_long(void *manifest)
{
	change_cell(manifest, "memory", 1, -1);
}

static void memory_of_no_size(void *manifest)
{
	change_cell(manifest, "memory", 1, 0);
}

static void memory_seal(void *manifest)
{
	change_cell(manifest, "memory", 2, 1);
}

static void cut_prop(void *manifest, const char *prop, int len)
{
	char val[16] = {};

	fdt_setprop(manifest, node_of(manifest, "b"), prop, val, len);
	reseal(manifest);
}

static void short_image(void *manifest)
{
	cut_prop(manifest, "image", 8);
}

static void short_seal(void *manifest)
{
	cut_prop(manifest, "seal", 4);
}

static void short_memory(void *manifest)
{
	cut_prop(manifest, "memory", 16);
}

static void no_memory(void *manifest)
{
	fdt_delprop(manifest, node_of(manifest, "b"), "memory");
	reseal(manifest);
}

static void bad_name(void *manifest)
{
	fdt_set_name(manifest, node_of(manifest, "b"), "@");
	reseal(manifest);
}

static void unit_name(void *manifest)
{
	fdt_set_name(manifest, node_of(manifest, "b"), "a@");
	reseal(manifest);
}

struct damage {
	const char *name;
	void (*meddle)(void *manifest);
	const char *error;
	bool kept;	/* the image is there, though it can't be read */
};

#define LOST		"b: image lost: "
#define UNREADABLE	"b: image kept, but unreadable: "

static const struct damage damages[] = {
	{ "byte of image", flip_image,
	  UNREADABLE "seal of the image is broken", true },
	{ "magic of image", flip_magic,
	  UNREADABLE "no valid FDT header", true },
	{ "byte of memory", flip_memory,
	  UNREADABLE "seal of the memory it refers to is broken", true },
	{ "seal of image", image_seal,
	  UNREADABLE "seal of the image is broken", true },
	{ "seal of memory", memory_seal,
	  UNREADABLE "seal of the memory it refers to is broken", true },
	{ "image of another", image_of_another,
	  LOST "its memory belongs to another image, too" },
	{ "image in the manifest", image_in_manifest,
	  LOST "its memory belongs to another image, too" },
	{ "image nowhere", image_nowhere, LOST "its memory isn't preserved" },
	{ "image at 0", image_at_0, LOST "its memory isn't preserved" },
	{ "image not aligned", image_not_aligned,
	  LOST "its memory isn't preserved" },
	{ "image of no size", image_of_no_size,
	  LOST "its memory isn't preserved" },
	{ "image of odd size", image_of_odd_size,
	  LOST "image has an impossible size" },
	{ "image much too long", image_much_too_long,
	  LOST "image has an impossible size" },
	{ "memory of another", memory_of_another,
	  LOST "its memory belongs to another image, too" },
	{ "memory is the image", memory_is_image,
	  LOST "its memory belongs to another image, too" },
	{ "memory much too long", memory_much_too_long,
	  LOST "its memory isn't preserved" },
	{ "memory of no size", memory_of_no_size,
	  LOST "its memory isn't preserved" },
	{ "place of image cut", short_image,
	  LOST "manifest doesn't say where the image is" },
	{ "seal of image cut", short_seal,
	  LOST "manifest doesn't say where the image is" },
	{ "list of memory cut", short_memory,
	  LOST "manifest has no valid list of memory" },
	{ "no list of memory", no_memory,
	  LOST "manifest has no valid list of memory" },
	{ "name that is none", bad_name,
	  "manifest: \"@\" can't be a client" },
	{ "name that is almost another's", unit_name,
	  "manifest: \"a@\" can't be a client" },
};

KUNIT_ARRAY_PARAM_DESC(damage, damages, name);

/* What is broken is said to be; the others don't notice. */
static void handover_test_damage(struct kunit *test)
{
	const struct damage *d = test->param_value;
	struct test_world *next = after_kexec(test, d->meddle);

	KUNIT_EXPECT_STREQ(test, next->m.error, d->error);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&next->m.nodes),
			d->kept ? 3 : 2);
	test_client_add(next, "a", "");
	test_client_add(next, "b", "a");
	test_client_add(next, "c", "");
	test_expect_log(next, "Ra Rc");
	expect_restored(next, "a", 0x40);
	expect_restored(next, "c", 0x42);
	test_expect_state(next, "b", d->kept ? "restoring" : "idle");

	/* If need be, it is done without. */
	if (d->kept) {
		KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"),
				-EBUSY);
		KUNIT_EXPECT_EQ(test, test_command(next, "b", "restore"),
				-EBADMSG);
		KUNIT_EXPECT_EQ(test, test_command(next, "b", "discard"), 0);
	}
	test_expect_log(next, d->kept ? "Fb" : "");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "finish"), 0);
	test_expect_state(next, NULL, "idle");
	KUNIT_EXPECT_GT_MSG(test, kho_test_incoming_pages(), 0,
			    "memory in doubt was freed");
	test_world_end(next);
}

/* What is behind it may be preserved, too, by chance: then the seal tells. */
static void handover_test_too_long(struct kunit *test)
{
	static void (* const meddles[])(void *manifest) = {
		image_too_long, memory_too_long,
	};
	struct test_world *next;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(meddles); i++) {
		next = after_kexec(test, meddles[i]);
		KUNIT_EXPECT_TRUE(test, strstarts(next->m.error, "b: image "));
		test_client_add(next, "c", "");
		expect_restored(next, "c", 0x42);
		test_world_end(next);
		test_world_end(test->priv);
		test->priv = test_world_new(test);
	}
}

/* Broken images are handed on as well: perhaps somebody can make use of them. */
static void handover_test_damage_handed_on(struct kunit *test)
{
	struct test_world *second = after_kexec(test, flip_image);
	struct test_world *third = test_world_new(test);

	publish(second);
	KUNIT_ASSERT_EQ(test, test_kexec(second, third, NULL), 0);
	KUNIT_EXPECT_STREQ(test, third->m.error,
			   UNREADABLE "seal of the image is broken");
	test_expect_state(third, "b", "restoring");
	test_client_add(third, "a", "");
	expect_restored(third, "a", 0x40);
	test_world_end(second);
	test_world_end(third);
}

static void short_extras(void *manifest)
{
	cut_prop(manifest, "pass", 2);
	cut_prop(manifest, "bytes", 2);
	cut_prop(manifest, "us", 2);
}

/* What is there for information only may be missing. */
static void handover_test_no_extras(struct kunit *test)
{
	struct test_world *next = after_kexec(test, short_extras);
	struct test_client *b;

	KUNIT_EXPECT_STREQ(test, next->m.error, "");
	test_client_add(next, "a", "");
	b = test_client_add(next, "b", "a");
	expect_restored(next, "b", 0x41);
	KUNIT_EXPECT_EQ(test, b->client.node->pass, 0);
	KUNIT_EXPECT_EQ(test, b->client.node->bytes, 0);
	expect_nothing_kept(next);
}

static void no_images(void *manifest)
{
	fdt_del_node(manifest, fdt_subnode_offset(manifest, 0, "images"));
	reseal(manifest);
}

static void handover_test_no_images(struct kunit *test)
{
	struct test_world *next = after_kexec(test, no_images);

	test_expect_state(next, NULL, "idle");
	KUNIT_EXPECT_TRUE(test, list_empty(&next->m.nodes));
	test_world_end(next);
}

static void manifest_flipped(void *manifest)
{
	*(u8 *)cells_of(manifest, "b", "bytes") ^= 1;
}

static void manifest_of_other_format(void *manifest)
{
	fdt_setprop_string(manifest, 0, "compatible", "kho-fsm-v0");
	reseal(manifest);
}

static void manifest_without_seal(void *manifest)
{
	fdt_delprop(manifest, 0, "seal");
}

static void manifest_truncated(void *manifest)
{
	fdt_set_totalsize(manifest, KHO_IMAGE_MAX);
}

static void manifest_zeroed(void *manifest)
{
	memset(manifest, 0, PAGE_SIZE);
}

static const struct damage manifest_damages[] = {
	{ "flipped", manifest_flipped, "seal is broken" },
	{ "other format", manifest_of_other_format,
	  "format isn't kho-fsm-v1" },
	{ "no seal", manifest_without_seal, "no seal" },
	{ "truncated", manifest_truncated, "FDT is truncated" },
	{ "zeroed", manifest_zeroed, "no valid FDT header" },
};

KUNIT_ARRAY_PARAM_DESC(manifest_damage, manifest_damages, name);

static void handover_test_manifest_damage(struct kunit *test)
{
	const struct damage *d = test->param_value;
	struct test_world *w = test->priv, *next = test_world_new(test);
	u64 incoming;
	char error[80];

	test_client_add(w, "a", "")->with_mem = true;
	test_client_add(w, "b", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	KUNIT_EXPECT_EQ(test, test_kexec(w, next, d->meddle), -EBADMSG);
	snprintf(error, sizeof(error), "manifest: %s: no image can be read",
		 d->error);
	KUNIT_EXPECT_STREQ(test, next->m.error, error);
	test_expect_state(next, NULL, "idle");

	/* All goes on without; the memory is not touched. */
	incoming = kho_test_incoming_pages();
	KUNIT_EXPECT_GT(test, incoming, TEST_MEM_PAGES);
	test_client_add(next, "a", "");
	test_expect_log(next, "");
	KUNIT_EXPECT_EQ(test, test_command(next, NULL, "save"), 0);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), incoming);
	test_world_end(next);
}

static void handover_test_manifest_sizes(struct kunit *test)
{
	static const size_t sizes[] = { 1, 39, KHO_IMAGE_MAX + 1, SIZE_MAX };
	struct test_world *w = test->priv;
	struct kho_image *manifest;
	unsigned int i;

	manifest = kho_image_create(NULL, test_formats);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, manifest);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		guard(mutex)(&w->m.lock);
		KUNIT_EXPECT_EQ(test, kho_manifest_read(&w->m,
							virt_to_phys(manifest->fdt),
							sizes[i]), -EBADMSG);
	}
	kho_image_condemn(manifest);
}

/* --- the system's own machine --- */

static const char * const rings[] = { "rings", NULL };

struct pulled {
	struct test_world *w;
	unsigned int nr;
};

/* A driver that makes its devices from the images that it finds. */
static int make_device(const char *name, void *data)
{
	struct pulled *pulled = data;
	struct test_client *c;

	c = test_client_make(pulled->w, pulled->nr++ ? "kunit.b" : "kunit.a",
			     "");
	c->client.features = rings;
	KUNIT_EXPECT_STREQ(pulled->w->test, name, c->client.name);
	return kho_client_register(&c->client);
}

/* Called by prepare. */
static void require_rings(struct test_client *c)
{
	kho_image_require(c->client.node->image, rings);
}

static void handover_test_drivers_api(struct kunit *test)
{
	static const char * const other[] = { "other-v1", NULL };
	struct test_world *w = test->priv, *next = test_world_new(test);
	struct pulled pulled = { .w = next };
	const struct kho_image *image, *required;
	struct test_client *a, *b;
	u32 value;

	if (!kho_kobj || kho_machine.state != KHO_IDLE)
		kunit_skip(test, "the system's own machine can't be used");

	a = test_client_make(w, "kunit.a", "");
	b = test_client_make(w, "kunit.b", "");
	b->during = require_rings;
	KUNIT_ASSERT_EQ(test, kho_client_register(&a->client), 0);
	KUNIT_ASSERT_EQ(test, kho_client_register(&b->client), 0);
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	KUNIT_EXPECT_NULL(test, kho_image_pull("kunit.a", test_formats, NULL));
	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
	a->entered = false;
	b->entered = false;

	KUNIT_EXPECT_NULL(test, kho_image_pull("kunit.x", test_formats, NULL));
	KUNIT_EXPECT_NULL(test, kho_image_pull("kunit.a", other, NULL));
	image = kho_image_pull("kunit.a", test_formats, NULL);
	KUNIT_ASSERT_NOT_NULL(test, image);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "value", &value), 0);
	KUNIT_EXPECT_EQ(test, value, 0x40);

	KUNIT_EXPECT_NULL(test, kho_image_pull("kunit.b", test_formats, NULL));
	required = kho_image_pull("kunit.b", test_formats, rings);
	KUNIT_EXPECT_NOT_NULL(test, required);
	kho_image_put(required);

	KUNIT_EXPECT_EQ(test, kho_incoming_for_each(other, make_device,
						    &pulled), 0);
	KUNIT_EXPECT_EQ(test, pulled.nr, 0);
	KUNIT_EXPECT_EQ(test, kho_incoming_for_each(test_formats, make_device,
						    &pulled), 0);
	KUNIT_EXPECT_EQ(test, pulled.nr, 2);
	test_expect_log(next, "Rkunit.a Rkunit.b");

	/* A driver may hold on to an image beyond finish. */
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("finish"), 0);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image, 0, "value", &value), 0);
	KUNIT_EXPECT_GT(test, kho_test_incoming_pages(), 0);
	kho_image_put(image);
	kho_image_put(NULL);
	KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), 0);

	kho_client_unregister(&next->clients[0].client);
	kho_client_unregister(&next->clients[1].client);
	flush_work(&kho_machine.bury);
	KUNIT_EXPECT_EQ(test, kho_machine.state, KHO_IDLE);
	w->preserved = kho_test_preserved_pages();
}

/* If the root FDT has no room for the images, all run on. */
static void handover_test_root_full(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_make(w, "kunit.a", "");
	void *blob = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	unsigned int n;
	char name[16];

	KUNIT_ASSERT_NOT_NULL(test, blob);
	if (!kho_kobj || kho_machine.state != KHO_IDLE)
		kunit_skip(test, "the system's own machine can't be used");

	KUNIT_ASSERT_EQ(test, kho_client_register(&a->client), 0);
	for (n = 0; n < PAGE_SIZE; n++) {
		snprintf(name, sizeof(name), "kunit%u", n);
		if (kho_add_subtree(name, blob + n, 1))
			break;
	}
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("save"), -ENOSPC);
	test_expect_log(w, "P1kunit.a Skunit.a Akunit.a");
	KUNIT_EXPECT_EQ(test, kho_machine.state, KHO_IDLE);
	KUNIT_EXPECT_STREQ(test, kho_machine.error,
			   "handover can't be written: -ENOSPC");

	kho_remove_subtree(blob + --n);
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("save"), 0);
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("abort"), 0);
	while (n--)
		kho_remove_subtree(blob + n);
	kho_client_unregister(&a->client);
	flush_work(&kho_machine.bury);
}

static struct kunit_case handover_test_cases[] = {
	KUNIT_CASE(handover_test_round_trip),
	KUNIT_CASE(handover_test_takes_memory),
	KUNIT_CASE(handover_test_timeline),
	KUNIT_CASE(handover_test_client_timeline),
	KUNIT_CASE(handover_test_client_timeline_nonsense),
	KUNIT_CASE(handover_test_timeline_nonsense),
	KUNIT_CASE(handover_test_older_driver),
	KUNIT_CASE(handover_test_consumer_first),
	KUNIT_CASE(handover_test_new_client),
	KUNIT_CASE(handover_test_retry),
	KUNIT_CASE(handover_test_retry_all),
	KUNIT_CASE(handover_test_retry_one),
	KUNIT_CASE(handover_test_unknown_format),
	KUNIT_CASE(handover_test_orphan),
	KUNIT_CASE(handover_test_discard_claimed),
	KUNIT_CASE(handover_test_abort_finish),
	KUNIT_CASE(handover_test_hand_on_all),
	KUNIT_CASE(handover_test_hand_on_some),
	KUNIT_CASE(handover_test_discard_saved),
	KUNIT_CASE(handover_test_claimed_too_late),
	KUNIT_CASE(handover_test_claimed_too_late_aborted),
	KUNIT_CASE(handover_test_rollback),
	KUNIT_CASE(handover_test_rollback_hand_on),
	KUNIT_CASE(handover_test_abort_first),
	KUNIT_CASE(handover_test_rollback_one),
	KUNIT_CASE(handover_test_refused),
	KUNIT_CASE(handover_test_leave),
	KUNIT_CASE(handover_test_refused_claim),
	KUNIT_CASE_PARAM(handover_test_damage, damage_gen_params),
	KUNIT_CASE(handover_test_too_long),
	KUNIT_CASE(handover_test_damage_handed_on),
	KUNIT_CASE(handover_test_no_extras),
	KUNIT_CASE(handover_test_no_images),
	KUNIT_CASE_PARAM(handover_test_manifest_damage,
			 manifest_damage_gen_params),
	KUNIT_CASE(handover_test_manifest_sizes),
	KUNIT_CASE(handover_test_drivers_api),
	KUNIT_CASE(handover_test_root_full),
	{}
};

static struct kunit_suite handover_test_suite = {
	.name = "kho_handover",
	.init = handover_test_init,
	.exit = handover_test_exit,
	.test_cases = handover_test_cases,
};

kunit_test_suite(handover_test_suite);
