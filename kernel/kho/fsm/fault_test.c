// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever fails in an update, and wherever: the clients run on as before, and
 * the next update succeeds.
 */
#include <kunit/test.h>
#include <linux/fault-inject.h>

#include "../fault.h"
#include "test_clients.h"

#define ENDLESS		10000

/**
 * struct graph - some clients, "a" being the first
 * @after: names of the providers of each, one letter each
 * @at_once: how many callbacks may run at the same time
 */
struct graph {
	const char *after[TEST_CLIENTS];
	unsigned int at_once;
};

static const struct graph graphs[] = {
	{ { "" }, 1 },
	{ { "", "", "" }, 1 },
	{ { "", "", "" }, UINT_MAX },
	{ { "", "a", "b" }, 1 },
	{ { "", "a", "a" }, UINT_MAX },
	{ { "", "", "ab" }, UINT_MAX },
	{ { "", "a", "a", "bc", "" }, 1 },
	{ { "", "a", "a", "bc", "" }, UINT_MAX },
};

static void describe(const struct graph *graph, char *text)
{
	const char * const *after;
	int at = 0;

	for (after = graph->after; *after; after++)
		at += snprintf(text + at, KUNIT_PARAM_DESC_SIZE - at, "%c(%s)",
			       (char)('a' + (after - graph->after)), *after);
	snprintf(text + at, KUNIT_PARAM_DESC_SIZE - at, " %s",
		 graph->at_once == 1 ? "one by one" : "side by side");
}

KUNIT_ARRAY_PARAM(graph, graphs, describe);

static struct test_world *new_world(struct kunit *test)
{
	static const char * const names[] = { "a", "b", "c", "d", "e" };
	const struct graph *graph = test->param_value;
	struct test_world *w = test_world_new(test);
	unsigned int i;

	w->m.at_once = graph->at_once;
	for (i = 0; graph->after[i]; i++) {
		struct test_client *c;

		c = test_client_make(w, names[i], graph->after[i]);
		/* Some have memory of their own. */
		c->with_mem = i % 2;
	}
	return w;
}

static unsigned int nr_clients(const struct test_world *w)
{
	unsigned int i = 0;

	while (i < TEST_CLIENTS && w->clients[i].client.name)
		i++;
	return i;
}

static void register_all(struct test_world *w)
{
	unsigned int i;

	for (i = 0; i < nr_clients(w); i++)
		KUNIT_ASSERT_EQ(w->test, test_register(&w->clients[i]), 0);
}

static int prepare_what_has_changed(struct test_world *w)
{
	unsigned int i;

	for (i = 0; i < nr_clients(w); i++)
		w->clients[i].value += 0x10;
	return test_command(w, NULL, "prepare");
}

static int update(struct test_world *w)
{
	return prepare_what_has_changed(w) ?: prepare_what_has_changed(w) ?:
	       test_command(w, NULL, "save");
}

static void expect_untouched(struct test_world *w)
{
	unsigned int i;

	test_expect_state(w, NULL, "idle");
	for (i = 0; i < nr_clients(w); i++) {
		KUNIT_EXPECT_FALSE(w->test, w->clients[i].entered);
		KUNIT_EXPECT_LE(w->test, w->clients[i].aborts, 1);
	}
}

/* Returns whether there are as many points at which it can fail. */
static bool outgoing_survives(struct kunit *test, unsigned int point)
{
	struct test_world *w = new_world(test);
	bool failed;
	int err;

	register_all(w);
	test_fail_after(point);
	err = update(w);
	failed = test_has_failed();
	test_fail_no_more();

	KUNIT_EXPECT_EQ_MSG(test, !!err, failed, "point %u", point);
	if (failed) {
		expect_untouched(w);
		KUNIT_EXPECT_EQ_MSG(test, update(w), 0, "after point %u",
				    point);
	}
	test_expect_state(w, NULL, "saved");
	KUNIT_EXPECT_EQ(test, test_command(w, NULL, "abort"), 0);
	test_world_end(w);
	return failed;
}

static bool incoming_survives(struct kunit *test, unsigned int point)
{
	struct test_world *from = new_world(test), *to = new_world(test);
	unsigned int i;
	bool failed;

	register_all(from);
	KUNIT_ASSERT_EQ(test, update(from), 0);
	KUNIT_ASSERT_EQ(test, test_kexec(from, to, NULL), 0);

	test_fail_after(point);
	register_all(to);
	failed = test_has_failed();
	test_fail_no_more();

	test_expect_state(to, NULL, failed ? "restoring" : "restored");
	if (failed)
		KUNIT_EXPECT_EQ_MSG(test, test_command(to, NULL, "restore"), 0,
				    "after point %u", point);
	test_expect_state(to, NULL, "restored");
	for (i = 0; i < nr_clients(to); i++)
		KUNIT_EXPECT_EQ(test, to->clients[i].restored,
				from->clients[i].value);

	KUNIT_EXPECT_EQ(test, test_command(to, NULL, "finish"), 0);
	test_world_end(from);
	test_world_end(to);
	return failed;
}

static void at_each_point(struct kunit *test,
			  bool (*survives)(struct kunit *test,
					   unsigned int point))
{
	unsigned int points = 0;

	while (points < ENDLESS && survives(test, points))
		points++;
	KUNIT_EXPECT_GT(test, points, 0);
	KUNIT_EXPECT_LT(test, points, ENDLESS);
	kunit_info(test, "%u points", points);
}

static void fault_test_outgoing(struct kunit *test)
{
	at_each_point(test, outgoing_survives);
}

static void fault_test_incoming(struct kunit *test)
{
	at_each_point(test, incoming_survives);
}

static void fault_test_exit(struct kunit *test)
{
	test_fail_no_more();
}

static struct kunit_case fault_test_cases[] = {
	KUNIT_CASE_PARAM(fault_test_outgoing, graph_gen_params),
	KUNIT_CASE_PARAM(fault_test_incoming, graph_gen_params),
	{}
};

static struct kunit_suite fault_test_suite = {
	.name = "kho_fault",
	.exit = fault_test_exit,
	.test_cases = fault_test_cases,
};

kunit_test_suite(fault_test_suite);
