// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out: registration, the order of the clients, unwinding, and what is
 * refused.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>

#include "test_clients.h"

static int machine_test_init(struct kunit *test)
{
	test->priv = test_world_new(test);
	return 0;
}

static void machine_test_exit(struct kunit *test)
{
	test_world_end(test->priv);
}

/* --- order --- */

/* Clients in the order of registration, with their providers. */
struct topology {
	const char *name;
	const char *clients[TEST_CLIENTS];
	/* Providers first, and consumers first. */
	const char *up;
	const char *down;
};

static const struct topology topologies[] = {
	{ "one", { "a" }, "a", "a" },
	{ "independent", { "a", "b", "c" }, "abc", "cba" },
	{ "chain", { "a", "ba", "cb", "dc" }, "abcd", "dcba" },
	{ "diamond", { "a", "ba", "ca", "dbc" }, "abcd", "dcba" },
	{ "two chains, mixed", { "a", "b", "ca", "db", "ec" }, "abcde",
	  "edcba" },
	{ "one provider of all", { "a", "ba", "ca", "da" }, "abcd", "dcba" },
	{ "one consumer of all", { "a", "b", "c", "dcba" }, "abcd", "dcba" },
};

KUNIT_ARRAY_PARAM_DESC(topology, topologies, name);

static const char * const letters[] = { "a", "b", "c", "d", "e", "f" };

static void add_topology(struct test_world *w, const struct topology *t)
{
	unsigned int i;

	for (i = 0; i < TEST_CLIENTS && t->clients[i]; i++)
		test_client_add(w, letters[t->clients[i][0] - 'a'],
				t->clients[i] + 1);
}

/* "abc" as a log of what all of these have been asked. */
static void add_to_log(char *log, size_t size, const char *what,
		       const char *who)
{
	for (; *who; who++)
		scnprintf(log + strlen(log), size - strlen(log), "%s%s%c",
			  log[0] ? " " : "", what, *who);
}

static void expect_each(struct test_world *w, const char *what, const char *who)
{
	char log[64] = "";

	add_to_log(log, sizeof(log), what, who);
	test_expect_log(w, log);
}

static void machine_test_order(struct kunit *test)
{
	const struct topology *t = test->param_value;
	struct test_world *w = test->priv;

	add_topology(w, t);
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	expect_each(w, "P1", t->up);
	test_expect_state(w, NULL, "prepared");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	expect_each(w, "P2", t->up);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	expect_each(w, "S", t->down);
	test_expect_state(w, NULL, "saved");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "abort"), 0);
	expect_each(w, "A", t->down);
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_STREQ(test, w->m.error, "");
}

/* A provider that goes and comes again still is called first. */
static void machine_test_order_provider_came_back(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");

	test_client_add(w, "b", "a");
	kho_machine_unregister(&w->m, &a->client);
	KUNIT_ASSERT_EQ(test, test_register(a), 0);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1a P1b Sb Sa");
}

/* From idle, save prepares everybody before it saves anybody. */
static void machine_test_save_from_idle(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "a");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1a P1b Sb Sa");
	test_expect_state(w, NULL, "saved");
	KUNIT_EXPECT_EQ(test, test_client(w, "a")->client.node->pass, 1);
}

/* --- unwinding --- */

enum failure {
	FAIL_FIRST_PASS,
	FAIL_SECOND_PASS,
	FAIL_SAVE,
	FAIL_SAVE_FROM_IDLE,
	FAIL_PASS_OF_SAVE_FROM_IDLE,
	FAIL_REFRESH,
	NR_FAILURES
};

static const struct {
	const char *before[2];	/* commands that succeed */
	const char *command;	/* the one that doesn't */
	unsigned int pass;	/* of prepare; 0 for save */
	bool stale;
} failures[NR_FAILURES] = {
	[FAIL_FIRST_PASS] = { { }, "prepare", 1 },
	[FAIL_SECOND_PASS] = { { "prepare" }, "prepare", 2 },
	[FAIL_SAVE] = { { "prepare", "prepare" }, "save", 0 },
	[FAIL_SAVE_FROM_IDLE] = { { }, "save", 0 },
	[FAIL_PASS_OF_SAVE_FROM_IDLE] = { { }, "save", 1 },
	[FAIL_REFRESH] = { { "prepare" }, "save", 2, true },
};

static void expect_failed(struct test_world *w, struct test_client *c, int err,
			  unsigned int pass)
{
	char text[64];

	snprintf(text, sizeof(text), "%s: %s: %pe%s", c->client.name,
		 pass ? "prepare" : "save", ERR_PTR(err),
		 pass ? ": told to fail" : "");
	KUNIT_EXPECT_STREQ(w->test, w->m.error, text);
}

static unsigned int count_in_log(const struct test_world *w, char what,
				 char who)
{
	unsigned int n = 0;
	const char *p;

	for (p = w->log; *p; p++)
		if (*p == what && (p == w->log || p[-1] == ' '))
			n += p[strcspn(p, " ") - 1] == who;
	return n;
}

/* Abort once for each whose prepare was entered, and for nobody else. */
static void expect_unwound(struct test_world *w, const struct topology *t)
{
	const char *down = t->down;
	char aborts[64] = "", entered[TEST_CLIENTS + 1] = "";

	for (; *down; down++) {
		bool in = count_in_log(w, 'P', *down);

		KUNIT_EXPECT_EQ_MSG(w->test, count_in_log(w, 'A', *down), in,
				    "aborts of %c in: %s", *down, w->log);
		if (in)
			strncat(entered, down, 1);
		test_expect_state(w, letters[*down - 'a'], "idle");
	}
	test_expect_state(w, NULL, "idle");

	/* They were the last thing that happened, consumers first. */
	add_to_log(aborts, sizeof(aborts), "A", entered);
	KUNIT_EXPECT_STREQ(w->test, w->log + strlen(w->log) - strlen(aborts),
			   aborts);
}

static void fail_once(struct test_world *w, const struct topology *t,
		      struct test_client *c, enum failure f)
{
	struct kunit *test = w->test;
	unsigned int i;

	w->log[0] = '\0';
	c->prepare_err = failures[f].pass ? -EIO : 0;
	c->prepare_err_pass = failures[f].pass;
	c->save_err = failures[f].pass ? 0 : -EREMOTEIO;

	for (i = 0; i < 2 && failures[f].before[i]; i++)
		KUNIT_ASSERT_EQ(test, test_command(w, NULL,
						   failures[f].before[i]), 0);
	if (failures[f].stale)
		kho_client_invalidate(&c->client);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, failures[f].command),
			c->prepare_err ?: c->save_err);
	expect_failed(w, c, c->prepare_err ?: c->save_err, failures[f].pass);
	expect_unwound(w, t);

	c->prepare_err = 0;
	c->save_err = 0;
}

static void machine_test_unwind(struct kunit *test)
{
	const struct topology *t = test->param_value;
	struct test_world *w = test->priv;
	struct test_client *c;
	unsigned int f;

	add_topology(w, t);
	for (c = w->clients; c->client.name; c++) {
		c->with_mem = true;
		for (f = 0; f < NR_FAILURES; f++) {
			fail_once(w, t, c, f);
			KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(),
					w->preserved);
		}
	}

	/* Nothing of all that stands in the way of one that works. */
	w->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	expect_each(w, "P1", t->up);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	expect_each(w, "S", t->down);
}

/* If there is not even an image, prepare isn't entered, nor abort called. */
static void machine_test_no_image(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *b;
	static char long_format[PAGE_SIZE];
	static const char * const formats[] = { long_format, NULL };

	test_client_add(w, "a", "");
	b = test_client_add(w, "b", "");
	test_client_add(w, "c", "");
	memset(long_format, 'x', PAGE_SIZE - 1);
	b->client.compatible = formats;

	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), -E2BIG);
	test_expect_log(w, "P1a Aa");
	test_expect_state(w, NULL, "idle");
	b->client.compatible = test_formats;
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
}

/* --- registration --- */

static void expect_refused(struct test_world *w, struct test_client *c, int err)
{
	KUNIT_EXPECT_EQ(w->test, test_register(c), err);
	KUNIT_EXPECT_NULL(w->test, c->client.node);
	flush_work(&w->m.bury);
	kho_machine_unregister(&w->m, &c->client);
}

static void machine_test_bad_names(struct kunit *test)
{
	static const char * const names[] = {
		"", ".", "..", "a/b", "a b", "a@1", "\xe4",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	struct test_world *w = test->priv;
	struct test_client *c = test_client_make(w, "a", "");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		c->client.name = names[i];
		expect_refused(w, c, -EINVAL);
	}
	c->client.name = NULL;
	expect_refused(w, c, -EINVAL);
	KUNIT_EXPECT_TRUE(test, list_empty(&w->m.nodes));
}

static void machine_test_lacking(struct kunit *test)
{
	static const char * const none[] = { NULL };
	struct test_world *w = test->priv;
	struct test_client *c = test_client_make(w, "a", "");
	const struct kho_client_ops *ops = c->client.ops;
	struct kho_client_ops lacking[4] = { *ops, *ops, *ops, *ops };
	struct kho_client_ops enough = *ops;
	unsigned int i;

	lacking[0].prepare = NULL;
	lacking[1].save = NULL;
	lacking[2].abort = NULL;
	lacking[3].restore = NULL;
	for (i = 0; i < ARRAY_SIZE(lacking); i++) {
		c->client.ops = &lacking[i];
		expect_refused(w, c, -EINVAL);
	}
	c->client.ops = NULL;
	expect_refused(w, c, -EINVAL);
	c->client.ops = ops;

	c->client.compatible = NULL;
	expect_refused(w, c, -EINVAL);
	c->client.compatible = none;
	expect_refused(w, c, -EINVAL);
	c->client.compatible = test_formats;

	enough.finish = NULL;
	c->client.ops = &enough;
	c->client.after = NULL;
	KUNIT_EXPECT_EQ(test, test_register(c), 0);
	kho_machine_unregister(&w->m, &c->client);
	KUNIT_EXPECT_NULL(test, c->client.node);
}

static void machine_test_duplicate(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *first = test_client_add(w, "a", "");

	expect_refused(w, test_client_make(w, "a", ""), -EEXIST);
	KUNIT_EXPECT_PTR_EQ(test, first->client.node->client, &first->client);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	test_expect_log(w, "P1a");
}

static void machine_test_unknown_provider(struct kunit *test)
{
	struct test_world *w = test->priv;

	expect_refused(w, test_client_make(w, "a", "x"), -ENOENT);
	KUNIT_EXPECT_TRUE(test, list_empty(&w->m.nodes));
	test_client_add(w, "b", "");
	expect_refused(w, test_client_make(w, "c", "bx"), -ENOENT);
}

static void machine_test_cycles(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a;

	expect_refused(w, test_client_make(w, "f", "f"), -ELOOP);
	a = test_client_add(w, "a", "");
	test_client_add(w, "b", "a");
	test_client_add(w, "c", "b");

	/* It comes again, and now wants to come after those that need it. */
	kho_machine_unregister(&w->m, &a->client);
	a->letters[0][0] = 'c';
	a->after[0] = a->letters[0];
	expect_refused(w, a, -ELOOP);
	test_expect_state(w, "b", "idle");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), 0);
	test_expect_log(w, "P1b P1c");
}

static void machine_test_no_clients(struct kunit *test)
{
	struct test_world *w = test->priv;
	unsigned int i;

	for (i = 0; i < KHO_CMD_DISCARD; i++)
		KUNIT_EXPECT_EQ(test, kho_machine_command(&w->m, NULL, i),
				-ENODEV);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "discard"), -EINVAL);
}

/* --- coming and going --- */

static void machine_test_late_client(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	test_client_add(w, "b", "a");
	test_expect_state(w, NULL, "preparing");
	test_expect_log(w, "P1a");

	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1b Sb Sa");
	test_expect_state(w, NULL, "saved");
}

static void machine_test_late_client_prepares(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	test_client_add(w, "b", "");
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "prepare"), 0);
	test_expect_state(w, NULL, "prepared");
	test_expect_log(w, "P1a P1b");
}

/* It came after the others were saved, and goes before it has taken part. */
static void machine_test_guest(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *guest;

	test_client_add(w, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	KUNIT_EXPECT_TRUE(test, w->m.published);
	guest = test_client_add(w, "b", "");
	test_expect_state(w, NULL, "preparing");
	kho_machine_unregister(&w->m, &guest->client);
	test_expect_state(w, NULL, "saved");
	test_expect_log(w, "P1a Sa");
}

static void leaves_in(struct test_world *w, const char *command,
		      const char *asked, const char *whole)
{
	struct kunit *test = w->test;
	struct test_client *b = test_client(w, "b");

	if (command)
		KUNIT_ASSERT_EQ(test, test_command(w, NULL, command), 0);
	w->log[0] = '\0';
	kho_machine_unregister(&w->m, &b->client);
	test_expect_log(w, asked);
	test_expect_state(w, NULL, whole);
	KUNIT_EXPECT_FALSE(test, w->m.published);
	KUNIT_EXPECT_NULL(test, b->client.node);
	kho_machine_unregister(&w->m, &b->client);

	if (command)
		KUNIT_ASSERT_EQ(test, test_command(w, NULL, "abort"), 0);
	KUNIT_ASSERT_EQ(test, test_register(b), 0);
	KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), w->preserved);
}

static void machine_test_leave(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "a")->with_mem = true;
	test_client_add(w, "c", "");

	leaves_in(w, NULL, "", "idle");
	leaves_in(w, "prepare", "Ab", "prepared");
	leaves_in(w, "save", "Ab", "saved");
}

/* Who depends on it can't do without, and is called first. */
static void machine_test_provider_leaves(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");

	test_client_add(w, "b", "a");
	test_client_add(w, "c", "b");
	test_client_add(w, "d", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	w->log[0] = '\0';
	kho_machine_unregister(&w->m, &a->client);
	test_expect_log(w, "Ac Ab Aa");
	test_expect_state(w, "c", "idle");
	test_expect_state(w, "d", "saved");
}

/* The rest can still be handed over, and then without the one that left. */
static void machine_test_leave_saved(struct kunit *test)
{
	struct test_world *w = test->priv, *next = test_world_new(test);
	struct test_client *a = test_client_add(w, "a", "");

	test_client_add(w, "b", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	kho_machine_unregister(&w->m, &a->client);
	scoped_guard(mutex, &w->m.lock)
		KUNIT_ASSERT_EQ(test, kho_handover_publish(&w->m), 0);

	KUNIT_EXPECT_EQ(test, test_kexec(w, next, NULL), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&next->m.nodes), 1);
	test_expect_state(next, "b", "restoring");
	test_world_end(next);
}

static void machine_test_all_leave(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");

	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	kho_machine_unregister(&w->m, &a->client);
	test_expect_log(w, "P1a Sa Aa");
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_NULL(test, w->m.manifest);
}

/* --- commands to one client --- */

static void machine_test_one_client(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "a");
	test_client_add(w, "c", "");

	/* A consumer can't be ahead of its provider. */
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "prepare"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "save"), -EBUSY);
	test_expect_log(w, "");
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "prepare"), 0);
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "prepare"), 0);
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "prepare"), 0);
	test_expect_log(w, "P1a P2a P1b");
	test_expect_state(w, NULL, "preparing");
	test_expect_state(w, "c", "idle");

	/* A provider serves until its consumer is saved. */
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "save"), -EBUSY);
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "abort"), -EBUSY);
	test_expect_log(w, "");
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "save"), 0);
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "save"), 0);
	test_expect_log(w, "Sb Sa");
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "abort"), -EBUSY);

	/* The rest follows with a command to all. */
	test_expect_state(w, NULL, "preparing");
	KUNIT_EXPECT_FALSE(test, w->m.published);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1c Sc");
	test_expect_state(w, NULL, "saved");
	KUNIT_EXPECT_TRUE(test, w->m.published);

	/* What is aborted by itself does not touch the others. */
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "abort"), 0);
	KUNIT_EXPECT_FALSE(test, w->m.published);
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "abort"), 0);
	test_expect_log(w, "Ab Aa");
	test_expect_state(w, "c", "saved");
	test_expect_state(w, NULL, "preparing");
}

static void machine_test_one_saves_from_idle(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "");
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "save"), 0);
	test_expect_log(w, "P1a Sa");
	test_expect_state(w, "a", "saved");
	test_expect_state(w, "b", "idle");
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "save"), 0);
	test_expect_state(w, NULL, "saved");
	KUNIT_EXPECT_TRUE(test, w->m.published);
}

/* Only the one that fails is rolled back. */
static void machine_test_one_fails(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *b;

	test_client_add(w, "a", "");
	b = test_client_add(w, "b", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	b->save_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_command(w, "b", "save"), -EIO);
	test_expect_log(w, "P1a P1b Sb Ab");
	test_expect_state(w, "a", "prepared");
	test_expect_state(w, "b", "idle");
	test_expect_state(w, NULL, "preparing");
}

/* It takes along who depends on it, by way of others too. */
static void machine_test_one_fails_again(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");

	test_client_add(w, "b", "a");
	test_client_add(w, "c", "b");
	test_client_add(w, "d", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, "c", "save"), 0);
	w->log[0] = '\0';
	a->prepare_err = -EIO;
	KUNIT_EXPECT_EQ(test, test_command(w, "a", "prepare"), -EIO);
	test_expect_log(w, "P2a Ac Ab Aa");
	test_expect_state(w, "c", "idle");
	test_expect_state(w, "d", "prepared");
}

/* --- what goes stale --- */

static void machine_test_stale(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");

	test_client_add(w, "b", "a");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	kho_client_invalidate(&a->client);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1a P1b P2a Sb Sa");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "abort"), 0);
	w->log[0] = '\0';

	/* Another pass, by command, does as well. */
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	kho_client_invalidate(&a->client);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1a P1b P2a P2b Sb Sa");
}

static void invalidate_a(struct test_client *c)
{
	kho_client_invalidate(&test_client(c->world, "a")->client);
}

/* While b prepares, a goes stale, and nobody asked for passes in between. */
static void machine_test_stale_meanwhile(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "")->during = invalidate_a;
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "save"), 0);
	test_expect_log(w, "P1a P1b P2a Sb Sa");
}

/* --- what is written --- */

static void machine_test_accounts(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");
	struct kho_node *node = a->client.node;

	kho_client_set_dirty(&a->client, 1234);
	KUNIT_EXPECT_EQ(test, node->dirty, 1234);

	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, node->pass, 1);
	KUNIT_EXPECT_EQ(test, node->bytes, 4);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, node->pass, 2);
	KUNIT_EXPECT_EQ(test, node->bytes, 0);
	a->value = 7;
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, node->pass, 3);
	KUNIT_EXPECT_EQ(test, node->bytes, 4);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	KUNIT_EXPECT_EQ(test, node->pass, 3);
	KUNIT_EXPECT_EQ(test, node->bytes, 4);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "abort"), 0);
	KUNIT_EXPECT_EQ(test, node->pass, 0);
	KUNIT_EXPECT_NULL(test, node->image);
}

static void machine_test_timeline(struct kunit *test)
{
	static const unsigned int reached[] = {
		KHO_EV_PREPARE, KHO_EV_PREPARED, KHO_EV_SAVE, KHO_EV_SAVED,
	};
	struct test_world *w = test->priv;
	u64 first;
	unsigned int i;

	test_client_add(w, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	first = w->m.clock[KHO_EV_PREPARE];
	KUNIT_EXPECT_GT(test, first, 0);
	KUNIT_EXPECT_EQ(test, w->m.clock[KHO_EV_SAVE], 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, w->m.clock[KHO_EV_PREPARE], first);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	for (i = 1; i < ARRAY_SIZE(reached); i++)
		KUNIT_EXPECT_GE(test, w->m.clock[reached[i]],
				w->m.clock[reached[i - 1]]);
	KUNIT_EXPECT_EQ(test, w->m.clock[KHO_EV_EXEC], 0);

	/* The next update has a timeline of its own. */
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "abort"), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_GT(test, w->m.clock[KHO_EV_PREPARE], first);
	KUNIT_EXPECT_EQ(test, w->m.clock[KHO_EV_SAVE], 0);
}

/* --- calling off --- */

struct order {
	struct test_world *w;
	const char *command;
	struct completion done;
	int err;
};

static int carry_out(void *data)
{
	struct order *order = data;

	order->err = test_command(order->w, NULL, order->command);
	complete(&order->done);
	return 0;
}

static void start_order(struct order *order, struct test_world *w,
			const char *command)
{
	struct task_struct *task;

	order->w = w;
	order->command = command;
	init_completion(&order->done);
	task = kthread_run(carry_out, order, "kho-test-%s", command);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, task);
}

static void expect_done(struct order *order, int err)
{
	struct kunit *test = order->w->test;

	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&order->done,
							    10 * HZ));
	KUNIT_EXPECT_EQ(test, order->err, err);
}

static DECLARE_COMPLETION(callback_entered);
static DECLARE_COMPLETION(callback_may_end);

static void wait_for_cancel(struct test_client *c)
{
	unsigned int i;

	complete(&callback_entered);
	for (i = 0; i < 10000 && !kho_client_cancelled(&c->client); i++)
		usleep_range(500, 1000);
	c->prepare_err = -ECANCELED;
}

static void wait_for_test(struct test_client *c)
{
	complete(&callback_entered);
	wait_for_completion_timeout(&callback_may_end, 10 * HZ);
}

static void begin_callback(struct test_world *w, struct order *order,
			   const char *command)
{
	reinit_completion(&callback_entered);
	reinit_completion(&callback_may_end);
	start_order(order, w, command);
	KUNIT_ASSERT_TRUE(w->test,
			  wait_for_completion_timeout(&callback_entered,
						      10 * HZ));
}

/* The callback looks, and gives up. */
static void machine_test_cancel(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct order prepare;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "")->during = wait_for_cancel;
	test_client_add(w, "c", "");
	begin_callback(w, &prepare, "prepare");
	KUNIT_EXPECT_EQ(test, READ_ONCE(w->m.state), KHO_PREPARING);
	KUNIT_EXPECT_EQ(test, kho_machine_command(&w->m, NULL, KHO_CMD_PREPARE),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, kho_machine_command(&w->m, NULL, KHO_CMD_SAVE),
			-EBUSY);

	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "abort"), 0);
	expect_done(&prepare, -ECANCELED);
	test_expect_log(w, "P1a P1b Ab Aa");
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_FALSE(test, w->m.cancel);
}

static void wait_until_cancelling(struct test_world *w)
{
	unsigned int i;

	for (i = 0; i < 10000 && !READ_ONCE(w->m.cancel); i++)
		usleep_range(500, 1000);
	KUNIT_ASSERT_TRUE(w->test, w->m.cancel);
	complete(&callback_may_end);
}

/* It doesn't look, but nobody is called after it. */
static void machine_test_cancel_between(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct order prepare, abort;

	test_client_add(w, "a", "")->during = wait_for_test;
	test_client_add(w, "b", "");
	begin_callback(w, &prepare, "save");
	start_order(&abort, w, "abort");
	wait_until_cancelling(w);

	expect_done(&prepare, -ECANCELED);
	expect_done(&abort, 0);
	test_expect_log(w, "P1a Aa");
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_STREQ(test, w->m.error, "b: prepare: aborted");
}

/* It comes too late to stop anything: then it undoes what has been done. */
static void machine_test_cancel_too_late(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct order prepare, abort;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "")->during = wait_for_test;
	begin_callback(w, &prepare, "prepare");
	start_order(&abort, w, "abort");
	wait_until_cancelling(w);

	expect_done(&prepare, 0);
	expect_done(&abort, 0);
	test_expect_log(w, "P1a P1b Ab Aa");
	test_expect_state(w, NULL, "idle");
}

/* To abort one client is all right if it has given up already. */
static void machine_test_cancel_one(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct order prepare;
	struct kho_node *node;

	node = test_client_add(w, "a", "")->client.node;
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	test_client_add(w, "b", "")->during = wait_for_cancel;
	begin_callback(w, &prepare, "save");
	KUNIT_EXPECT_EQ(test, kho_machine_command(&w->m, node, KHO_CMD_ABORT),
			0);
	expect_done(&prepare, -ECANCELED);
	test_expect_log(w, "P1a P1b Ab Aa");
	test_expect_state(w, "a", "idle");
}

/* Somebody who reads a file is no reason to refuse a command. */
static void machine_test_waits_for_readers(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct order prepare;

	test_client_add(w, "a", "");
	scoped_guard(mutex, &w->m.lock) {
		start_order(&prepare, w, "prepare");
		msleep(50);
		KUNIT_EXPECT_FALSE(test, completion_done(&prepare.done));
	}
	expect_done(&prepare, 0);
	test_expect_log(w, "P1a");
}

/* --- refusals --- */

/* How to get somewhere, and what then is allowed for all. */
struct situation {
	const char *name;
	const char *steps[3];	/* "command" or "command client" */
	bool late;		/* then another client comes */
	const char *state;
	const char *allowed;
};

static const struct situation situations[] = {
	{ "idle", { }, false, "idle", "prepare save" },
	{ "one prepared", { "prepare a" }, false, "preparing",
	  "prepare save abort" },
	{ "prepared", { "prepare" }, false, "prepared", "prepare save abort" },
	{ "prepared, late client", { "prepare" }, true, "preparing",
	  "prepare save abort" },
	{ "one saved, others prepared", { "prepare", "save c" }, false,
	  "prepared", "save abort" },
	{ "one saved, others idle", { "save c" }, false, "preparing",
	  "save abort" },
	{ "saved", { "save" }, false, "saved", "abort" },
	{ "saved, late client", { "save" }, true, "preparing", "save abort" },
};

KUNIT_ARRAY_PARAM_DESC(situation, situations, name);

static void take_steps(struct test_world *w, const struct situation *s)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s->steps) && s->steps[i]; i++) {
		char step[16], *target;

		strscpy(step, s->steps[i]);
		target = strchr(step, ' ');
		if (target)
			*target++ = '\0';
		KUNIT_ASSERT_EQ(w->test, test_command(w, target, step), 0);
	}
	if (s->late)
		test_client_add(w, "d", "");
	w->log[0] = '\0';
}

static void machine_test_refused(struct kunit *test)
{
	const struct situation *s = test->param_value;
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	test_client_add(w, "b", "a");
	test_client_add(w, "c", "");
	take_steps(w, s);
	test_expect_state(w, NULL, s->state);
	test_expect_refusals(w, s->allowed);
}

static void allow_one(struct kunit *test, const struct situation *s,
		      unsigned int command)
{
	struct test_world *w = test_world_new(test);

	test_client_add(w, "a", "");
	test_client_add(w, "b", "a");
	test_client_add(w, "c", "");
	take_steps(w, s);
	KUNIT_EXPECT_EQ_MSG(test, kho_machine_command(&w->m, NULL, command), 0,
			    "%s", kho_command_names[command]);
	test_world_end(w);
}

static void machine_test_allowed(struct kunit *test)
{
	const struct situation *s = test->param_value;
	unsigned int i;

	for (i = 0; i < KHO_NR_USER_COMMANDS; i++)
		if (test_word_in(kho_command_names[i], s->allowed))
			allow_one(test, s, i);
}

/* Each command to each single client, too. */
static void machine_test_refused_one(struct kunit *test)
{
	static const struct {
		const char *steps;
		const char *allowed;
	} rows[] = {
		{ NULL, "prepare save" },
		{ "prepare", "prepare save abort" },
		{ "save", "abort" },
	};
	struct test_world *w = test->priv;
	unsigned int i, j;
	u64 before;

	test_client_add(w, "a", "");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].steps)
			test_command(w, "a", rows[i].steps);
		w->log[0] = '\0';
		before = test_snapshot(w);
		for (j = 0; j < KHO_NR_USER_COMMANDS; j++) {
			if (test_word_in(kho_command_names[j], rows[i].allowed))
				continue;
			KUNIT_EXPECT_EQ_MSG(test,
					    test_command(w, "a",
							 kho_command_names[j]),
					    -EBUSY, "%s", kho_command_names[j]);
			test_expect_log(w, "");
			KUNIT_EXPECT_EQ(test, test_snapshot(w), before);
		}
	}
}

/* Once kexec has been let pass, nothing changes any more. */
static void machine_test_executing(struct kunit *test)
{
	struct test_world *w = test->priv;

	test_client_add(w, "a", "");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	w->log[0] = '\0';
	w->m.executing = true;
	test_expect_refusals(w, "discard");
	w->m.executing = false;
}

/* The next kernel could give it to one of them only. */
static void machine_test_shared_memory(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *a = test_client_add(w, "a", "");
	struct test_client *b = test_client_add(w, "b", "");
	void *mem = alloc_pages_exact(TEST_MEM_PAGES * PAGE_SIZE, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	/* Each of them frees it. */
	for (i = 0; i < TEST_MEM_PAGES; i++)
		get_page(virt_to_page(mem) + i);
	a->with_mem = true;
	b->with_mem = true;
	a->mem = mem;
	b->mem = mem;

	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "prepare"), -EEXIST);
	test_expect_log(w, "P1a P1b Ab Aa");
	test_expect_state(w, NULL, "idle");
	KUNIT_EXPECT_NOT_NULL(test, strstr(w->m.error,
					   " refer to the same memory at "));
}

/* Drivers leave as their devices are shut down, and some are about to come. */
static void machine_test_executing_drivers(struct kunit *test)
{
	struct test_world *w = test->priv, *next = test_world_new(test);
	struct test_client *a = test_client_add(w, "a", "");

	test_client_add(w, "b", "a");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	w->log[0] = '\0';
	w->m.executing = true;
	kho_machine_unregister(&w->m, &a->client);
	test_expect_log(w, "");
	test_expect_state(w, NULL, "saved");
	w->m.executing = false;

	KUNIT_ASSERT_EQ(test, test_kexec(w, next, NULL), 0);
	next->m.executing = true;
	test_client_add(next, "a", "");
	test_expect_log(next, "");
	test_expect_state(next, "a", "restoring");
	next->m.executing = false;

	test_client_add(next, "b", "a");
	test_expect_log(next, "Ra Rb");
	test_world_end(next);
}

static struct kunit_case machine_test_cases[] = {
	KUNIT_CASE_PARAM(machine_test_order, topology_gen_params),
	KUNIT_CASE(machine_test_order_provider_came_back),
	KUNIT_CASE(machine_test_save_from_idle),
	KUNIT_CASE_PARAM(machine_test_unwind, topology_gen_params),
	KUNIT_CASE(machine_test_no_image),
	KUNIT_CASE(machine_test_bad_names),
	KUNIT_CASE(machine_test_lacking),
	KUNIT_CASE(machine_test_duplicate),
	KUNIT_CASE(machine_test_unknown_provider),
	KUNIT_CASE(machine_test_cycles),
	KUNIT_CASE(machine_test_no_clients),
	KUNIT_CASE(machine_test_late_client),
	KUNIT_CASE(machine_test_late_client_prepares),
	KUNIT_CASE(machine_test_guest),
	KUNIT_CASE(machine_test_leave),
	KUNIT_CASE(machine_test_provider_leaves),
	KUNIT_CASE(machine_test_leave_saved),
	KUNIT_CASE(machine_test_all_leave),
	KUNIT_CASE(machine_test_one_client),
	KUNIT_CASE(machine_test_one_saves_from_idle),
	KUNIT_CASE(machine_test_one_fails),
	KUNIT_CASE(machine_test_one_fails_again),
	KUNIT_CASE(machine_test_stale),
	KUNIT_CASE(machine_test_stale_meanwhile),
	KUNIT_CASE(machine_test_accounts),
	KUNIT_CASE(machine_test_timeline),
	KUNIT_CASE(machine_test_cancel),
	KUNIT_CASE(machine_test_cancel_between),
	KUNIT_CASE(machine_test_cancel_too_late),
	KUNIT_CASE(machine_test_cancel_one),
	KUNIT_CASE(machine_test_waits_for_readers),
	KUNIT_CASE_PARAM(machine_test_refused, situation_gen_params),
	KUNIT_CASE_PARAM(machine_test_allowed, situation_gen_params),
	KUNIT_CASE(machine_test_refused_one),
	KUNIT_CASE(machine_test_executing),
	KUNIT_CASE(machine_test_executing_drivers),
	KUNIT_CASE(machine_test_shared_memory),
	{}
};

static struct kunit_suite machine_test_suite = {
	.name = "kho_machine",
	.init = machine_test_init,
	.exit = machine_test_exit,
	.test_cases = machine_test_cases,
};

kunit_test_suite(machine_test_suite);
