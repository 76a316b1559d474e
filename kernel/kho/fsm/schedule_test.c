// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that are called side by side: who, how many, and what ends it.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "test_clients.h"

/* Much more than it takes, as hosts may be busy. */
#define PATIENCE_MS	10000

static atomic_t inside, most_inside;
static unsigned int wanted_inside;

static int schedule_test_init(struct kunit *test)
{
	struct test_world *w = test_world_new(test);

	w->m.at_once = UINT_MAX;
	atomic_set(&inside, 0);
	atomic_set(&most_inside, 0);
	test->priv = w;
	return 0;
}

static void schedule_test_exit(struct kunit *test)
{
	test_world_end(test->priv);
}

static bool wait_until(bool (*happened)(struct test_client *c),
		       struct test_client *c)
{
	unsigned int i;

	for (i = 0; i < PATIENCE_MS && !happened(c); i++)
		usleep_range(500, 1000);
	return happened(c);
}

static bool all_inside(struct test_client *c)
{
	return atomic_read(&most_inside) >= wanted_inside;
}

static void enter(void)
{
	int now = atomic_inc_return(&inside), most = atomic_read(&most_inside);

	while (now > most && !atomic_try_cmpxchg(&most_inside, &most, now))
		;
}

/* Who is alone waits for company, but not forever. */
static void meet(struct test_client *c)
{
	enter();
	wait_until(all_inside, c);
	atomic_dec(&inside);
}

static void linger(struct test_client *c)
{
	enter();
	msleep(20);
	atomic_dec(&inside);
}

static void add_all(struct test_world *w, void (*during)(struct test_client *))
{
	test_client_add(w, "a", "")->during = during;
	test_client_add(w, "b", "")->during = during;
	test_client_add(w, "c", "")->during = during;
	test_client_add(w, "d", "abc");
}

static void schedule_test_side_by_side(struct kunit *test)
{
	struct test_world *w = test->priv;

	wanted_inside = 3;
	add_all(w, meet);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&most_inside), 3);
	/* Their consumer came last; that it came too early would show, too. */
	KUNIT_EXPECT_STREQ(test, w->log + strlen(w->log) - 3, "P1d");
}

static void schedule_test_limit(struct kunit *test)
{
	struct test_world *w = test->priv;

	w->m.at_once = 2;
	add_all(w, linger);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&most_inside), 2);
}

/* The drivers of all come at the same time, in a kernel that was updated to. */
static void schedule_test_restored_side_by_side(struct kunit *test)
{
	struct test_world *w = test->priv, *next = test_world_new(test);
	struct kho_client *clients[4];
	unsigned int i;

	add_all(w, NULL);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	KUNIT_ASSERT_EQ(test, test_kexec(w, next, NULL), 0);

	next->m.at_once = UINT_MAX;
	wanted_inside = 3;
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		struct kho_client *before = &w->clients[i].client;
		struct test_client *c =
			test_client_make(next, before->name,
					 i == 3 ? "abc" : "");

		c->during_restore = i == 3 ? NULL : meet;
		clients[i] = &c->client;
	}
	KUNIT_EXPECT_EQ(test, kho_machine_register(&next->m, clients,
						   ARRAY_SIZE(clients)), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&most_inside), 3);
	test_expect_state(next, NULL, "restored");
	KUNIT_EXPECT_STREQ(test, next->log + strlen(next->log) - 2, "Rd");
	test_world_end(next);
}

/* One that can't be registered does not keep the others from it. */
static void schedule_test_registered_but_one(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct kho_client *clients[] = {
		&test_client_make(w, "a", "")->client,
		&test_client_make(w, "b", "x")->client,
		&test_client_make(w, "c", "a")->client,
	};

	KUNIT_EXPECT_EQ(test, kho_machine_register(&w->m, clients,
						   ARRAY_SIZE(clients)),
			-ENOENT);
	KUNIT_EXPECT_TRUE(test, kho_client_registered(clients[0]));
	KUNIT_EXPECT_FALSE(test, kho_client_registered(clients[1]));
	KUNIT_EXPECT_TRUE(test, kho_client_registered(clients[2]));
}

static bool cancelled(struct test_client *c)
{
	return kho_client_cancelled(&c->client);
}

static void wait_for_cancel(struct test_client *c)
{
	atomic_inc(&inside);
	c->prepare_err = wait_until(cancelled, c) ? -ECANCELED : -EIO;
}

static bool other_inside(struct test_client *c)
{
	return atomic_read(&inside) > 0;
}

static void fail_with_company(struct test_client *c)
{
	wait_until(other_inside, c);
	c->prepare_err = -EIO;
}

/* One fails: the others are told, nobody else is called, all are undone. */
static void schedule_test_failure(struct kunit *test)
{
	struct test_world *w = test->priv;
	unsigned int i;

	test_client_add(w, "a", "")->during = wait_for_cancel;
	test_client_add(w, "b", "")->during = fail_with_company;
	test_client_add(w, "c", "b");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), -EIO);
	KUNIT_EXPECT_EQ(test, w->clients[0].prepare_err, -ECANCELED);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, w->clients[i].aborts, i < 2);
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_FALSE(test, w->m.giving_up);
}

static void expect_overrun(struct kunit *test, const char *command)
{
	struct test_world *w = test->priv;

	KUNIT_EXPECT_EQ(test, test_command(w, NULL, command), -ETIME);
	KUNIT_EXPECT_EQ(test, w->clients[0].aborts, 1);
	KUNIT_EXPECT_EQ(test, w->clients[1].aborts, 1);
	test_expect_state(w, NULL, "idle");
}

static void schedule_test_deadline(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "")->during = wait_for_cancel;
	w->m.deadline_ms[KHO_OP_PREPARE] = 30;
	expect_overrun(test, "prepare");
	KUNIT_EXPECT_EQ(test, w->clients[1].prepare_err, -ECANCELED);
	KUNIT_EXPECT_STREQ(test, w->m.error,
			   "b: prepare: -ETIME: not done after 30 ms");
}

static void be_late(struct test_client *c)
{
	msleep(100);
}

/* It does not look whether it is late, and ends well: that's too late. */
static void schedule_test_deadline_ignored(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "")->during = be_late;
	w->clients[1].client.node->deadline_ms[KHO_OP_PREPARE] = 20;
	expect_overrun(test, "save");
	KUNIT_EXPECT_NOT_NULL(test, strstr(w->m.error, "b: prepare: "));
}

/* A client's own deadline counts, not the one for all. */
static void schedule_test_deadline_own(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");

	a->during = be_late;
	w->m.deadline_ms[KHO_OP_PREPARE] = 20;
	a->client.node->deadline_ms[KHO_OP_PREPARE] = PATIENCE_MS;
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
}

static void estimate(struct test_client *c, u64 save_us, u64 restore_us)
{
	kho_client_set_estimate(&c->client, save_us, restore_us);
}

/* The longest chain counts: a b d, out and in; c is on its own. */
static void schedule_test_predict(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct kho_prediction p;

	estimate(test_client_add(w, "a", ""), 1, 1000000);
	estimate(test_client_add(w, "b", "a"), 20, 200000);
	estimate(test_client_add(w, "c", ""), 300, 30000);
	estimate(test_client_add(w, "d", "ab"), 4000, 4000);
	w->m.kexec_us = 50000;

	scoped_guard(mutex, &w->m.lock)
		kho_predict(&w->m, &p);
	KUNIT_EXPECT_EQ(test, p.save_us, 4021);
	KUNIT_EXPECT_EQ(test, p.kexec_us, 50000);
	KUNIT_EXPECT_EQ(test, p.restore_us, 1204000);
	KUNIT_EXPECT_EQ(test, p.total_us, 1258021);

	w->m.downtime_limit_us = 1258020;
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), -ETIME);
	test_expect_state(w, NULL, "prepared");
	KUNIT_EXPECT_NOT_NULL(test, strstr(w->m.error, "1258021 us"));
	w->m.downtime_limit_us = 1258021;
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);

	/* What is saved is no part of the blackout any more. */
	scoped_guard(mutex, &w->m.lock)
		kho_predict(&w->m, &p);
	KUNIT_EXPECT_EQ(test, p.save_us, 0);
}

static u64 predicted_save(struct test_world *w)
{
	struct kho_prediction p;

	guard(mutex)(&w->m.lock);
	kho_predict(&w->m, &p);
	return p.save_us;
}

/* Nobody says how long it takes: what is dirty tells, and the last time. */
static void schedule_test_predict_dirty(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *c = test_client_add(w, "a", "");

	kho_client_set_dirty(&c->client, 2000);
	KUNIT_EXPECT_EQ(test, predicted_save(w), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);

	c->client.node->us[KHO_OP_PREPARE] = 1000;
	c->client.node->bytes = 4000;
	KUNIT_EXPECT_EQ(test, predicted_save(w), 500);
	kho_client_set_dirty(&c->client, 0);
	KUNIT_EXPECT_EQ(test, predicted_save(w), 0);

	c->client.node->us[KHO_OP_SAVE] = 700;
	KUNIT_EXPECT_EQ(test, predicted_save(w), 700);
	kho_client_set_dirty(&c->client, 4000);
	KUNIT_EXPECT_EQ(test, predicted_save(w), 1000);
	estimate(c, 5, 0);
	KUNIT_EXPECT_EQ(test, predicted_save(w), 5);

	/* A pass that wrote nothing says nothing. */
	estimate(c, 0, 0);
	c->client.node->bytes = 0;
	KUNIT_EXPECT_EQ(test, predicted_save(w), 700);
}

/* Whatever they say, no sum overflows. */
static void schedule_test_predict_much(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");
	struct test_client *b = test_client_add(w, "b", "a");
	const u64 year = 365ULL * 86400 * USEC_PER_SEC;

	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	a->client.node->us[KHO_OP_PREPARE] = 1000;
	a->client.node->bytes = 1;
	kho_client_set_dirty(&a->client, U64_MAX);
	KUNIT_EXPECT_EQ(test, predicted_save(w), year);
	estimate(b, U64_MAX, U64_MAX);
	KUNIT_EXPECT_EQ(test, predicted_save(w), 2 * year);
}

struct order {
	struct test_world *w;
	struct completion done;
	int err;
};

static int prepare(void *data)
{
	struct order *order = data;

	allow_signal(SIGINT);
	order->err = test_command(order->w, NULL, "prepare");
	complete(&order->done);
	return 0;
}

static void schedule_test_signal(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct order order = { .w = w };
	struct test_client *a = test_client_add(w, "a", "");
	struct task_struct *task;

	a->during = wait_for_cancel;
	init_completion(&order.done);
	task = kthread_create(prepare, &order, "kho-test-prepare");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	KUNIT_EXPECT_TRUE(test, wait_until(other_inside, a));
	send_sig(SIGINT, task, 1);
	put_task_struct(task);

	wait_for_completion(&order.done);
	KUNIT_EXPECT_EQ(test, order.err, -EINTR);
	KUNIT_EXPECT_STREQ(test, w->m.error, "prepare: interrupted");
	KUNIT_EXPECT_EQ(test, a->aborts, 1);
	test_expect_state(w, NULL, "idle");
}

static struct kunit_case schedule_test_cases[] = {
	KUNIT_CASE(schedule_test_side_by_side),
	KUNIT_CASE(schedule_test_limit),
	KUNIT_CASE(schedule_test_restored_side_by_side),
	KUNIT_CASE(schedule_test_registered_but_one),
	KUNIT_CASE(schedule_test_failure),
	KUNIT_CASE(schedule_test_deadline),
	KUNIT_CASE(schedule_test_deadline_ignored),
	KUNIT_CASE(schedule_test_deadline_own),
	KUNIT_CASE(schedule_test_predict),
	KUNIT_CASE(schedule_test_predict_dirty),
	KUNIT_CASE(schedule_test_predict_much),
	KUNIT_CASE(schedule_test_signal),
	{}
};

static struct kunit_suite schedule_test_suite = {
	.name = "kho_schedule",
	.init = schedule_test_init,
	.exit = schedule_test_exit,
	.test_cases = schedule_test_cases,
};

kunit_test_suite(schedule_test_suite);
