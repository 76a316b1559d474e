// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes tools/verification/models/kho.dot from the very table that the kernel
 * uses: what may be seen of one client. Called by scripts/kho/docs.py.
 *
 * Seen is that a state is entered, and that an operation starts, succeeds or
 * fails. So a client that enters a state because something is to be done there
 * is at "OP_due" until that starts, at "OP_runs" until it ends, and then, if the
 * end is a transition of its own, at "OP_done" or "OP_failed" until that comes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../kernel/kho/fsm/table.c"

#define MAX_EDGES	128
#define NAME_LEN	24

struct edge {
	char from[NAME_LEN];
	char to[NAME_LEN];
	char event[NAME_LEN];
};

static struct edge edges[MAX_EDGES];
static unsigned int nr_edges;

/* Commands that lead the same way are one edge. */
static void add(const char *from, const char *to, const char *event)
{
	struct edge *edge = &edges[nr_edges];
	unsigned int i;

	memset(edge, 0, sizeof(*edge));
	snprintf(edge->from, NAME_LEN, "%s", from);
	snprintf(edge->to, NAME_LEN, "%s", to);
	snprintf(edge->event, NAME_LEN, "%s", event);
	for (i = 0; i < nr_edges; i++)
		if (!memcmp(&edges[i], edge, sizeof(*edge)))
			return;
	if (nr_edges + 1 < MAX_EDGES)
		nr_edges++;
}

static const char *join(char *name, const char *first, const char *last)
{
	snprintf(name, NAME_LEN, "%s%s", first, last);
	return name;
}

/* An edge for what is seen when a state is entered. */
static void add_entry(const char *from, enum kho_state next, const char *to)
{
	char event[NAME_LEN];

	add(from, to, join(event, "to_", kho_state_names[next]));
}

static bool ends_operation(enum kho_command command)
{
	return command == KHO_CMD_DONE || command == KHO_CMD_FAIL;
}

/* Does a command lead the same way, but with something to do, or with nothing? */
static bool has_twin(enum kho_state state, const struct kho_transition *hop)
{
	unsigned int command;

	for (command = 0; command < KHO_NR_COMMANDS; command++) {
		const struct kho_transition *other;

		other = kho_transition(state, command);
		if (other && other->next == hop->next &&
		    !other->op != !hop->op && !ends_operation(command))
			return true;
	}
	return false;
}

/*
 * All ways out of a state in which nothing is being done. Where only what
 * follows tells whether an operation is due, it may be.
 */
static void ways_out(const char *from, enum kho_state state)
{
	unsigned int command;

	for (command = 0; command < KHO_NR_COMMANDS; command++) {
		const struct kho_transition *hop;
		char op[NAME_LEN], to[NAME_LEN];

		hop = kho_transition(state, command);
		if (!hop || ends_operation(command))
			continue;
		join(op, kho_op_names[hop->op], "_starts");
		if (hop->next == state && hop->op)
			add(from, join(to, kho_op_names[hop->op], "_runs"), op);
		else if (hop->next != state && !hop->op && !has_twin(state, hop))
			add_entry(from, hop->next, kho_state_names[hop->next]);
		else if (hop->next != state && hop->op)
			add_entry(from, hop->next,
				  join(to, kho_op_names[hop->op], "_due"));
	}
}

/* Where the end of an operation leads, if it may end so. */
static void add_end(enum kho_state state, enum kho_op op,
		    enum kho_command command, const char *event,
		    const char *ended)
{
	const struct kho_transition *hop = kho_transition(state, command);
	char runs[NAME_LEN], at[NAME_LEN], name[NAME_LEN], due[NAME_LEN];

	if (!hop)
		return;
	join(runs, kho_op_names[op], "_runs");
	join(name, kho_op_names[op], event);
	if (hop->next == state) {
		add(runs, kho_state_names[state], name);
		return;
	}
	join(at, kho_op_names[op], ended);
	add(runs, at, name);
	add_entry(at, hop->next, hop->op ?
		  join(due, kho_op_names[hop->op], "_due") :
		  kho_state_names[hop->next]);
}

static void operation(enum kho_state state, enum kho_op op)
{
	char due[NAME_LEN], runs[NAME_LEN], name[NAME_LEN];

	join(due, kho_op_names[op], "_due");
	join(runs, kho_op_names[op], "_runs");
	add(due, runs, join(name, kho_op_names[op], "_starts"));
	if (kho_op_completes(op)) {
		add_end(state, op, KHO_CMD_DONE, "_succeeds", "_done");
		add_end(state, op, KHO_CMD_FAIL, "_fails", "_failed");
	} else {
		add(runs, kho_state_names[state],
		    join(name, kho_op_names[op], "_succeeds"));
	}
}

static void add_all(void)
{
	unsigned int state, command;

	for (state = 0; state < KHO_NR_STATES; state++) {
		for (command = 0; command < KHO_NR_COMMANDS; command++) {
			const struct kho_transition *hop;
			char due[NAME_LEN];

			hop = kho_transition(state, command);
			if (!hop || !hop->op)
				continue;
			operation(hop->next, hop->op);
			if (hop->next != state && has_twin(state, hop))
				ways_out(join(due, kho_op_names[hop->op],
					      "_due"), hop->next);
		}
		ways_out(kho_state_names[state], state);
	}
}

static bool is_entered(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_edges; i++)
		if (!strcmp(edges[i].to, name))
			return true;
	return false;
}

/* An operation that always starts at once is never due, for example. */
static bool drop_unreachable(void)
{
	unsigned int i;

	for (i = 0; i < nr_edges; i++) {
		if (is_entered(edges[i].from))
			continue;
		memmove(&edges[i], &edges[i + 1],
			(--nr_edges - i) * sizeof(*edges));
		return true;
	}
	return false;
}

static void nodes(void)
{
	unsigned int i, j;

	for (i = 0; i < nr_edges; i++) {
		for (j = 0; j < i; j++)
			if (!strcmp(edges[j].from, edges[i].from))
				break;
		if (j == i)
			printf("\t{node [shape = circle] \"%s\"};\n",
			       edges[i].from);
	}
}

int main(void)
{
	const char *initial = kho_state_names[KHO_IDLE];
	unsigned int i;

	add_all();
	while (drop_unreachable())
		;

	printf("digraph state_automaton {\n");
	nodes();
	printf("\t{node [shape = plaintext, style=invis, label=\"\"] \"__init_%s\"};\n",
	       initial);
	printf("\t{node [shape = doublecircle] \"%s\"};\n", initial);
	printf("\t\"__init_%s\" -> \"%s\";\n", initial, initial);
	for (i = 0; i < nr_edges; i++)
		printf("\t\"%s\" -> \"%s\" [ label = \"%s\" ];\n",
		       edges[i].from, edges[i].to, edges[i].event);
	printf("\t{ rank = min ;\n\t\t\"__init_%s\";\n\t\t\"%s\";\n\t}\n}\n",
	       initial, initial);
	return 0;
}
