// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the generated part of Documentation/kho-states.rst, from the very
 * table that the kernel uses. Called by scripts/kho/docs.py.
 */
#include <stdio.h>

#include "../../kernel/kho/fsm/table.c"

#define COLUMN	11

static const char *next_name(enum kho_state state, enum kho_command command)
{
	const struct kho_transition *hop = kho_transition(state, command);

	return hop ? kho_state_names[hop->next] : "\\-";
}

static void rule(unsigned int columns)
{
	while (columns--)
		printf("%.*s%s", COLUMN, "=====================",
		       columns ? " " : "\n");
}

/* One row of a simple table; no blanks at the end of a line. */
static void row(const char *const *cells, unsigned int columns)
{
	unsigned int i;

	for (i = 0; i + 1 < columns; i++)
		printf("%-*s ", COLUMN, cells[i]);
	printf("%s\n", cells[i]);
}

static void transitions(void)
{
	const char *cells[KHO_NR_COMMANDS + 1] = { "state" };
	unsigned int state, command;

	rule(KHO_NR_COMMANDS + 1);
	for (command = 0; command < KHO_NR_COMMANDS; command++)
		cells[command + 1] = kho_command_names[command];
	row(cells, KHO_NR_COMMANDS + 1);
	rule(KHO_NR_COMMANDS + 1);

	for (state = 0; state < KHO_NR_STATES; state++) {
		cells[0] = kho_state_names[state];
		for (command = 0; command < KHO_NR_COMMANDS; command++)
			cells[command + 1] = next_name(state, command);
		row(cells, KHO_NR_COMMANDS + 1);
	}
	rule(KHO_NR_COMMANDS + 1);
}

static void operations(void)
{
	unsigned int state, command;
	const char *head[] = { "in state", "command", "leads to", "and does" };

	rule(4);
	row(head, 4);
	rule(4);
	for (state = 0; state < KHO_NR_STATES; state++) {
		for (command = 0; command < KHO_NR_COMMANDS; command++) {
			const struct kho_transition *hop;
			const char *cells[4];

			hop = kho_transition(state, command);
			if (!hop || hop->op == KHO_OP_NONE)
				continue;
			cells[0] = kho_state_names[state];
			cells[1] = kho_command_names[command];
			cells[2] = kho_state_names[hop->next];
			cells[3] = kho_op_names[hop->op];
			row(cells, 4);
		}
	}
	rule(4);
}

static void diagram(void)
{
	unsigned int state, command;

	printf(".. kernel-render:: DOT\n");
	printf("   :alt: States of a client and the commands between them\n\n");
	printf("   digraph kho {\n");
	for (state = 0; state < KHO_NR_STATES; state++) {
		for (command = 0; command < KHO_NR_COMMANDS; command++) {
			const struct kho_transition *hop;

			hop = kho_transition(state, command);
			if (hop)
				printf("      %s -> %s [label=\"%s\"]\n",
				       kho_state_names[state],
				       kho_state_names[hop->next],
				       kho_command_names[command]);
		}
	}
	printf("   }\n");
}

int main(void)
{
	diagram();
	printf("\nThe state that follows; ``-`` is refused with ``-EBUSY`` and changes nothing:\n\n");
	transitions();
	printf("\nWhat is done with the client on the way:\n\n");
	operations();
	return 0;
}
