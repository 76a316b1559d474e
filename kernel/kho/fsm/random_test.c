// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many live updates in a row, with everything that may happen happening at
 * random: what has to hold always does, and no value is lost on the way.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "test_clients.h"

#define SEEDS		20
#define NR_STEPS	2000
#define NR_CLIENTS	5

static const struct {
	const char *name;
	const char *after;
} clients[NR_CLIENTS] = {
	{ "a", "" }, { "b", "a" }, { "c", "a" }, { "d", "bc" }, { "e", "" },
};

/**
 * struct chaos - a random run
 * @test: the test
 * @w: the machine of the kernel that runs now
 * @rnd: decides what happens
 * @side_by_side: are independent clients called at the same time?
 * @saved: what has been handed over for each client; 0 for nothing
 * @kexecs: number of live updates
 * @restores: number of clients seen to have been restored
 */
struct chaos {
	struct kunit *test;
	struct test_world *w;
	struct rnd_state rnd;
	bool side_by_side;
	u32 saved[NR_CLIENTS];
	unsigned int kexecs;
	unsigned int restores;
};

static u32 roll(struct chaos *x, u32 sides)
{
	return prandom_u32_state(&x->rnd) % sides;
}

static void new_world(struct chaos *x)
{
	unsigned int i;

	x->w = test_world_new(x->test);
	if (x->side_by_side)
		x->w->m.at_once = UINT_MAX;
	for (i = 0; i < NR_CLIENTS; i++) {
		struct test_client *c;

		c = test_client_make(x->w, clients[i].name, clients[i].after);
		c->with_mem = roll(x, 2);
		c->value = 1 + roll(x, 1000);
	}
}

static struct kho_node *node_of(struct chaos *x, unsigned int i)
{
	guard(mutex)(&x->w->m.lock);
	return kho_node_find(&x->w->m, clients[i].name);
}

/* --- what happens --- */

static void command_all(struct chaos *x)
{
	kho_machine_command(&x->w->m, NULL, roll(x, KHO_NR_USER_COMMANDS));
}

static void forget_if_gone(struct chaos *x, unsigned int i)
{
	struct kho_node *node;

	flush_work(&x->w->m.bury);
	node = node_of(x, i);
	if (!node || !node->image)
		x->saved[i] = 0;
}

static void command_one(struct chaos *x)
{
	unsigned int i = roll(x, NR_CLIENTS), command;
	struct kho_node *node = node_of(x, i);

	if (!node)
		return;
	/* Not too often, or there will be nothing left. */
	command = roll(x, 20) ? roll(x, KHO_CMD_DISCARD) : KHO_CMD_DISCARD;
	if (!kho_machine_command(&x->w->m, node, command) &&
	    command == KHO_CMD_DISCARD)
		forget_if_gone(x, i);
}

static void change_temper(struct chaos *x)
{
	struct test_client *c = &x->w->clients[roll(x, NR_CLIENTS)];
	bool fails = roll(x, 3) == 0;

	c->prepare_err = fails && roll(x, 2) ? -EIO : 0;
	c->prepare_err_pass = roll(x, 3);
	c->save_err = fails && roll(x, 2) ? -EIO : 0;
	c->restore_err = fails && roll(x, 2) ? -EIO : 0;
}

static void change_value(struct chaos *x)
{
	struct test_client *c = &x->w->clients[roll(x, NR_CLIENTS)];

	/* A device that is saved stands still. */
	if (c->client.node && c->client.node->state == KHO_SAVED)
		return;
	c->value = 1 + roll(x, 1000);
	if (roll(x, 2))
		kho_client_invalidate(&c->client);
}

static bool has_consumers(struct chaos *x, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < NR_CLIENTS; j++)
		if (x->w->clients[j].client.node &&
		    strchr(clients[j].after, clients[i].name[0]))
			return true;
	return false;
}

static void come_or_go(struct chaos *x)
{
	unsigned int i = roll(x, NR_CLIENTS);
	struct test_client *c = &x->w->clients[i];
	int err;

	if (!c->client.node) {
		err = test_register(c);
		KUNIT_ASSERT_TRUE(x->test, !err || err == -ENOENT);
	} else if (roll(x, 4) == 0 && !has_consumers(x, i)) {
		kho_machine_unregister(&x->w->m, &c->client);
		c->restored = 0;
	}
}

static void note_saved(struct chaos *x)
{
	unsigned int i;

	for (i = 0; i < NR_CLIENTS; i++) {
		struct kho_node *node = node_of(x, i);

		if (!node || !node->image)
			x->saved[i] = 0;
		else if (node->state == KHO_SAVED)
			x->saved[i] = x->w->clients[i].value;
	}
}

static void try_kexec(struct chaos *x)
{
	struct test_world *old = x->w;
	bool restoring;

	scoped_guard(mutex, &old->m.lock) {
		restoring = old->m.state == KHO_RESTORING &&
			    !kho_machine_any_client(&old->m,
						    BIT(KHO_RESTORED));
		if (old->m.state != KHO_SAVED && !restoring)
			return;
		KUNIT_ASSERT_EQ(x->test, kho_handover_publish(&old->m), 0);
	}
	note_saved(x);
	new_world(x);
	KUNIT_ASSERT_EQ(x->test, test_kexec(old, x->w, NULL), 0);
	KUNIT_EXPECT_STREQ(x->test, x->w->m.error, "");
	test_world_end(old);
	x->kexecs++;
}

static void one_step(struct chaos *x)
{
	x->w->log[0] = '\0';
	switch (roll(x, 16)) {
	case 0 ... 4:
		return command_all(x);
	case 5 ... 6:
		return command_one(x);
	case 7:
		return change_temper(x);
	case 8 ... 9:
		return change_value(x);
	case 10 ... 13:
		return come_or_go(x);
	default:
		return try_kexec(x);
	}
}

/* --- what has to hold --- */

static void check_client(struct chaos *x, unsigned int i)
{
	const unsigned int outgoing = BIT(KHO_PREPARED) | BIT(KHO_SAVED);
	const unsigned int resting = outgoing | BIT(KHO_IDLE) |
				     BIT(KHO_RESTORING) | BIT(KHO_RESTORED);
	struct test_client *c = &x->w->clients[i];
	struct kho_node *node = node_of(x, i);
	enum kho_state state = node ? node->state : KHO_IDLE;
	struct kunit *test = x->test;

	KUNIT_ASSERT_TRUE(test, resting & BIT(state));
	KUNIT_ASSERT_EQ(test, c->entered, !!(outgoing & BIT(state)));
	KUNIT_ASSERT_EQ(test, !!c->restored, state == KHO_RESTORED);
	KUNIT_ASSERT_EQ(test, node && node->image, state != KHO_IDLE);
	KUNIT_ASSERT_FALSE_MSG(test, c->wrong, "%s at the wrong time: %s",
			       clients[i].name, x->w->log);
	if (state == KHO_RESTORED) {
		KUNIT_ASSERT_EQ(test, c->restored, x->saved[i]);
		x->restores++;
	}
	if (state == KHO_RESTORING)
		KUNIT_ASSERT_NE(test, x->saved[i], 0);
}

static void check_all(struct chaos *x)
{
	const unsigned int published = BIT(KHO_SAVED) | BIT(KHO_PREPARING);
	struct kho_machine *m = &x->w->m;
	unsigned int i;

	for (i = 0; i < NR_CLIENTS; i++)
		check_client(x, i);
	if (m->published)
		KUNIT_ASSERT_TRUE(x->test, published & BIT(m->state));
	if (m->state == KHO_IDLE)
		KUNIT_ASSERT_NULL(x->test, m->manifest);
	KUNIT_ASSERT_FALSE(x->test, m->running || m->cancel);
}

static void random_test_updates(struct kunit *test)
{
	unsigned int seed, i, kexecs = 0, restores = 0;

	for (seed = 1; seed <= SEEDS; seed++) {
		struct chaos x = {
			.test = test,
			.side_by_side = seed % 2,
		};

		prandom_seed_state(&x.rnd, seed);
		new_world(&x);
		for (i = 0; i < NR_STEPS; i++) {
			one_step(&x);
			check_all(&x);
		}
		test_world_end(x.w);
		if (x.kexecs)
			KUNIT_EXPECT_EQ(test, kho_test_incoming_pages(), 0);
		kexecs += x.kexecs;
		restores += x.restores;
	}
	/* Otherwise, this has tested nothing. */
	KUNIT_EXPECT_GT(test, kexecs, 10 * SEEDS);
	KUNIT_EXPECT_GT(test, restores, 100 * SEEDS);
	kunit_info(test, "%u updates", kexecs);
}

static struct kunit_case random_test_cases[] = {
	KUNIT_CASE(random_test_updates),
	{}
};

static struct kunit_suite random_test_suite = {
	.name = "kho_random",
	.test_cases = random_test_cases,
};

kunit_test_suite(random_test_suite);
