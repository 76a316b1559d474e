// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transition table against one that was written down independently of it,
 * from the documentation: what userspace may do in which state, and what it
 * gets.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/string.h>

#include "internal.h"

/*
 * One row for each state, one column for each command: the state that is
 * entered and what is done there, or NULL for refused.
 */
static const char * const commands[] = {
	"prepare", "save", "abort", "restore", "finish", "discard", "(done)",
	"(failed)", "(left)",
};

static const struct {
	const char *state;
	const char *cells[ARRAY_SIZE(commands)];
} expected[] = {
	{ "idle", {
		"preparing prepare",	/* prepare */
		"preparing prepare",	/* save */
	} },
	{ "preparing", {
		NULL,			/* prepare */
		NULL,			/* save */
		"aborting abort",	/* abort */
		NULL,			/* restore */
		NULL,			/* finish */
		NULL,			/* discard */
		"prepared -",		/* done */
		"aborting abort",	/* failed */
	} },
	{ "prepared", {
		"preparing prepare",	/* prepare */
		"saving save",		/* save */
		"aborting abort",	/* abort */
	} },
	{ "saving", {
		NULL,			/* prepare */
		NULL,			/* save */
		"aborting abort",	/* abort */
		NULL,			/* restore */
		NULL,			/* finish */
		NULL,			/* discard */
		"saved -",		/* done */
		"aborting abort",	/* failed */
	} },
	{ "saved", {
		NULL,			/* prepare */
		NULL,			/* save */
		"aborting abort",	/* abort */
	} },
	{ "aborting", {
		NULL,			/* prepare */
		NULL,			/* save */
		NULL,			/* abort */
		NULL,			/* restore */
		NULL,			/* finish */
		NULL,			/* discard */
		"idle -",		/* done */
	} },
	{ "restoring", {
		NULL,			/* prepare */
		NULL,			/* save */
		"restoring -",		/* abort */
		"restoring restore",	/* restore */
		NULL,			/* finish */
		"idle discard",		/* discard */
		"restored -",		/* done */
		"restoring -",		/* failed */
	} },
	{ "restored", {
		NULL,			/* prepare */
		NULL,			/* save */
		"restoring rollback",	/* abort */
		NULL,			/* restore */
		"idle finish",		/* finish */
		NULL,			/* discard */
		NULL,			/* done */
		NULL,			/* failed */
		"restoring -",		/* left */
	} },
};

static int state_called(const char *name)
{
	return match_string(kho_state_names, KHO_NR_STATES, name);
}

static int command_called(const char *name)
{
	return match_string(kho_command_names, KHO_NR_COMMANDS, name);
}

static void table_test_names(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(expected), KHO_NR_STATES);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(commands), KHO_NR_COMMANDS);
	for (i = 0; i < KHO_NR_STATES; i++)
		KUNIT_EXPECT_GE_MSG(test, state_called(expected[i].state), 0,
				    "no state %s", expected[i].state);
	for (i = 0; i < KHO_NR_COMMANDS; i++)
		KUNIT_EXPECT_GE_MSG(test, command_called(commands[i]), 0,
				    "no command %s", commands[i]);
	for (i = 0; i < KHO_NR_OPS; i++)
		KUNIT_EXPECT_NOT_NULL(test, kho_op_names[i]);
}

static void expect_cell(struct kunit *test, const char *state,
			const char *command, const char *wanted)
{
	const struct kho_transition *cell;
	char got[64] = "refused";

	cell = kho_transition(state_called(state), command_called(command));
	if (cell)
		snprintf(got, sizeof(got), "%s %s", kho_state_names[cell->next],
			 kho_op_names[cell->op]);
	KUNIT_EXPECT_STREQ_MSG(test, got, wanted ?: "refused", "%s in %s",
			       command, state);
}

static void table_test_every_cell(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(expected); i++)
		for (j = 0; j < ARRAY_SIZE(commands); j++)
			expect_cell(test, expected[i].state, commands[j],
				    expected[i].cells[j]);
}

/* Where each command, given in a state that is rested in, has to end. */
static const struct {
	const char *from;
	const char *command;
	const char *goal;
} goals[] = {
	{ "idle", "prepare", "prepared" },
	{ "idle", "save", "saved" },
	{ "prepared", "prepare", "prepared" },
	{ "prepared", "save", "saved" },
	{ "prepared", "abort", "idle" },
	{ "saved", "abort", "idle" },
	{ "restoring", "abort", "restoring" },
	{ "restoring", "restore", "restored" },
	{ "restoring", "discard", "idle" },
	{ "restored", "abort", "restoring" },
	{ "restored", "finish", "idle" },
};

/* One hop, and its end if it has one of its own. */
static int hop(struct kunit *test, int state, int command)
{
	const struct kho_transition *cell = kho_transition(state, command);

	KUNIT_ASSERT_NOT_NULL(test, cell);
	state = cell->next;
	if (!kho_op_completes(cell->op))
		return state;

	cell = kho_transition(state, KHO_CMD_DONE);
	KUNIT_ASSERT_NOT_NULL(test, cell);
	return cell->next;
}

static void table_test_goals(struct kunit *test)
{
	unsigned int i, hops;

	for (i = 0; i < ARRAY_SIZE(goals); i++) {
		int state = state_called(goals[i].from);
		int command = command_called(goals[i].command);

		for (hops = 0; hops < KHO_NR_STATES; hops++) {
			state = hop(test, state, command);
			if (kho_command_done(state, command))
				break;
		}
		KUNIT_EXPECT_STREQ_MSG(test, kho_state_names[state],
				       goals[i].goal, "%s from %s",
				       goals[i].command, goals[i].from);
	}
}

/* No other command from userspace is allowed where a client rests. */
static void table_test_no_other_goals(struct kunit *test)
{
	const unsigned int resting = BIT(KHO_IDLE) | BIT(KHO_PREPARED) |
				     BIT(KHO_SAVED) | BIT(KHO_RESTORING) |
				     BIT(KHO_RESTORED);
	unsigned int state, command, allowed = 0;

	for (state = 0; state < KHO_NR_STATES; state++)
		for (command = 0; command < KHO_NR_USER_COMMANDS; command++)
			if (resting & BIT(state) &&
			    kho_transition(state, command))
				allowed++;
	KUNIT_EXPECT_EQ(test, allowed, ARRAY_SIZE(goals));
}

/* Whatever fails, the client ends where it can be used on. */
static void table_test_failures(struct kunit *test)
{
	const enum kho_state during[] = {
		KHO_PREPARING, KHO_SAVING, KHO_RESTORING,
	};
	const enum kho_state after[] = { KHO_IDLE, KHO_IDLE, KHO_RESTORING };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(during); i++)
		KUNIT_EXPECT_EQ_MSG(test, hop(test, during[i], KHO_CMD_FAIL),
				    after[i], "failed in %s",
				    kho_state_names[during[i]]);
}

static void expect_done(struct kunit *test, const char *command,
			enum kho_state state, bool done)
{
	KUNIT_EXPECT_EQ_MSG(test, kho_command_done(state,
						   command_called(command)),
			    done, "%s in %s", command, kho_state_names[state]);
}

static void table_test_done(struct kunit *test)
{
	static const struct {
		const char *command;
		unsigned int states;
	} done[] = {
		{ "prepare", BIT(KHO_PREPARED) },
		{ "save", BIT(KHO_SAVED) },
		{ "abort", BIT(KHO_IDLE) | BIT(KHO_RESTORING) },
		{ "restore", BIT(KHO_RESTORED) | BIT(KHO_IDLE) },
		{ "finish", BIT(KHO_IDLE) },
		{ "discard", BIT(KHO_IDLE) },
	};
	unsigned int i, state;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(done), KHO_NR_USER_COMMANDS);
	for (i = 0; i < ARRAY_SIZE(done); i++)
		for (state = 0; state < KHO_NR_STATES; state++)
			expect_done(test, done[i].command, state,
				    done[i].states & BIT(state));
}

/* Of which mixtures of clients does the whole show which state? */
static const struct {
	const char *clients;
	const char *whole;
} mixtures[] = {
	{ "", "idle" },
	{ "idle", "idle" },
	{ "idle preparing", "preparing" },
	{ "prepared preparing", "preparing" },
	{ "prepared idle", "preparing" },
	{ "prepared", "prepared" },
	{ "prepared prepared", "prepared" },
	{ "prepared saved", "prepared" },
	{ "prepared saved idle", "preparing" },
	{ "prepared saving", "saving" },
	{ "saved saving", "saving" },
	{ "saved preparing", "preparing" },
	{ "saved idle", "preparing" },
	{ "saved", "saved" },
	{ "saved saved", "saved" },
	{ "saved restoring", "saved" },
	{ "prepared restoring", "prepared" },
	{ "saving preparing", "saving" },
	{ "aborting", "aborting" },
	{ "aborting idle", "aborting" },
	{ "aborting prepared saving preparing saved", "aborting" },
	{ "aborting restoring", "aborting" },
	{ "restoring", "restoring" },
	{ "restoring idle", "restoring" },
	{ "restoring restored", "restoring" },
	{ "restoring restored idle", "restoring" },
	{ "restored", "restored" },
	{ "restored idle", "restored" },
};

static void count_states(struct kunit *test, const char *clients,
			 unsigned int *count)
{
	char buf[64], *rest = buf, *word;

	strscpy(buf, clients);
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		KUNIT_ASSERT_GE(test, state_called(word), 0);
		count[state_called(word)]++;
	}
}

static void table_test_derive(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mixtures); i++) {
		unsigned int count[KHO_NR_STATES] = {};

		count_states(test, mixtures[i].clients, count);
		KUNIT_EXPECT_STREQ_MSG(test,
				       kho_state_names[kho_derive_state(count)],
				       mixtures[i].whole, "clients: %s",
				       mixtures[i].clients);
	}
}

/* "prepared" and "saved" promise something about all who take part. */
static void expect_promise(struct kunit *test, unsigned int mask)
{
	const unsigned int passing = BIT(KHO_PREPARING) | BIT(KHO_SAVING) |
				     BIT(KHO_ABORTING);
	unsigned int count[KHO_NR_STATES] = {}, state;
	enum kho_state whole;

	for (state = 0; state < KHO_NR_STATES; state++)
		count[state] = !!(mask & BIT(state));
	whole = kho_derive_state(count);

	KUNIT_EXPECT_EQ(test, !!(BIT(whole) & passing),
			(mask & passing) || (mask & BIT(KHO_IDLE) &&
			 mask & (BIT(KHO_PREPARED) | BIT(KHO_SAVED))));
	if (whole == KHO_SAVED)
		KUNIT_EXPECT_FALSE(test, mask & (BIT(KHO_PREPARED) |
						 BIT(KHO_IDLE)));
	if (whole == KHO_PREPARED)
		KUNIT_EXPECT_FALSE(test, mask & BIT(KHO_IDLE));
	if (whole == KHO_IDLE)
		KUNIT_EXPECT_FALSE(test, mask & ~BIT(KHO_IDLE));
	if (whole == KHO_RESTORED)
		KUNIT_EXPECT_FALSE(test, mask & BIT(KHO_RESTORING));
}

static void table_test_derive_promises(struct kunit *test)
{
	unsigned int mask;

	for (mask = 0; mask < BIT(KHO_NR_STATES); mask++)
		expect_promise(test, mask);
}

static struct kunit_case table_test_cases[] = {
	KUNIT_CASE(table_test_names),
	KUNIT_CASE(table_test_every_cell),
	KUNIT_CASE(table_test_goals),
	KUNIT_CASE(table_test_no_other_goals),
	KUNIT_CASE(table_test_failures),
	KUNIT_CASE(table_test_done),
	KUNIT_CASE(table_test_derive),
	KUNIT_CASE(table_test_derive_promises),
	{}
};

static struct kunit_suite table_test_suite = {
	.name = "kho_table",
	.test_cases = table_test_cases,
};

kunit_test_suite(table_test_suite);
