// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who depends on whom, and whose turn it is: providers before consumers, or
 * consumers before providers, whoever has no need to wait at once.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

static void connect(struct kho_edge *edge, struct kho_node *provider)
{
	edge->provider = provider;
	if (provider)
		list_add_tail(&edge->link, &provider->consumers);
}

static void disconnect(struct kho_edge *edge)
{
	if (edge->provider)
		list_del(&edge->link);
	edge->provider = NULL;
}

/**
 * kho_graph_add - connect a new node with the clients that wait for it
 * @node: the node, which is in its machine's list
 *
 * Context: its machine's lock held.
 */
void kho_graph_add(struct kho_node *node)
{
	struct kho_node *other;
	unsigned int i;

	lockdep_assert_held(&node->machine->lock);

	list_for_each_entry(other, &node->machine->nodes, link)
		for (i = 0; i < other->nr_edges; i++)
			if (!other->edges[i].provider &&
			    !strcmp(other->client->after[i], node->name))
				connect(&other->edges[i], node);
}

/**
 * kho_graph_remove - a node goes, its consumers stay
 * @node: the node
 *
 * Context: its machine's lock held.
 */
void kho_graph_remove(struct kho_node *node)
{
	struct kho_edge *edge, *tmp;

	lockdep_assert_held(&node->machine->lock);

	list_for_each_entry_safe(edge, tmp, &node->consumers, link)
		disconnect(edge);
}

/**
 * kho_graph_leave - forget whom a client depends on
 * @node: the client's node
 *
 * Context: its machine's lock held.
 */
void kho_graph_leave(struct kho_node *node)
{
	unsigned int i;

	lockdep_assert_held(&node->machine->lock);

	for (i = 0; i < node->nr_edges; i++)
		disconnect(&node->edges[i]);
	kfree(node->edges);
	node->edges = NULL;
	node->nr_edges = 0;
}

/**
 * kho_graph_mark - mark a node, and all that depend on it, directly or not
 * @m: the machine
 * @goal: the node
 *
 * The result is in the nodes' @marked.
 *
 * Context: @m->lock held; the list of nodes is sorted, but for @goal.
 */
void kho_graph_mark(struct kho_machine *m, const struct kho_node *goal)
{
	struct kho_node *node;
	unsigned int i;

	lockdep_assert_held(&m->lock);

	list_for_each_entry(node, &m->nodes, link)
		node->marked = node == goal;
	list_for_each_entry(node, &m->nodes, link)
		for (i = 0; i < node->nr_edges && !node->marked; i++)
			node->marked = node->edges[i].provider &&
				       node->edges[i].provider->marked;
}

static int connect_all(struct kho_node *node)
{
	const char * const *after = node->client->after;
	unsigned int i;

	for (i = 0; i < node->nr_edges; i++) {
		struct kho_node *provider = kho_node_find(node->machine,
							  after[i]);

		if (!provider) {
			pr_err("%s: client refused: it comes after %s, which isn't known\n",
			       node->name, after[i]);
			return -ENOENT;
		}
		node->edges[i].consumer = node;
		connect(&node->edges[i], provider);
	}
	return 0;
}

/* Names the client by way of which @node depends on itself. */
static int check_cycle(struct kho_node *node)
{
	unsigned int i;

	kho_graph_mark(node->machine, node);
	for (i = 0; i < node->nr_edges; i++) {
		if (!node->edges[i].provider->marked)
			continue;
		pr_err("%s: client refused: it comes after %s, which depends on it\n",
		       node->name, node->edges[i].provider->name);
		return -ELOOP;
	}
	return 0;
}

/**
 * kho_graph_join - take in whom a new client depends on
 * @node: the client's node
 *
 * Context: its machine's lock held; may sleep.
 * Return: 0; -ENOENT if a provider isn't known; -ELOOP for a cycle; -ENOMEM.
 */
int kho_graph_join(struct kho_node *node)
{
	const char * const *after = node->client->after;
	unsigned int nr = 0;
	int err;

	lockdep_assert_held(&node->machine->lock);

	while (after && after[nr])
		nr++;
	if (!nr)
		return 0;

	node->edges = kcalloc(nr, sizeof(*node->edges), GFP_KERNEL);
	if (!node->edges)
		return -ENOMEM;
	node->nr_edges = nr;

	err = connect_all(node);
	if (!err)
		err = check_cycle(node);
	if (err)
		kho_graph_leave(node);
	return err;
}

/* Among those who need not wait, the order is that of the list. */
static void make_ready(struct kho_turns *turns, struct kho_node *node)
{
	struct kho_node *other;

	list_for_each_entry_reverse(other, &turns->ready, turn)
		if (turns->consumers_first ? other->index > node->index :
					     other->index < node->index)
			break;
	list_add(&node->turn, &other->turn);
}

static unsigned int count_providers(const struct kho_node *node)
{
	unsigned int i, n = 0;

	for (i = 0; i < node->nr_edges; i++)
		n += !!node->edges[i].provider;
	return n;
}

/**
 * kho_turns_begin - begin to go through all nodes in order
 * @turns: filled in
 * @m: the machine, whose list of nodes must not change until the end
 * @consumers_first: which order?
 *
 * Context: @m->lock held until kho_turns_end().
 */
void kho_turns_begin(struct kho_turns *turns, struct kho_machine *m,
		     bool consumers_first)
{
	struct kho_node *node;
	unsigned int i = 0;

	lockdep_assert_held(&m->lock);

	INIT_LIST_HEAD(&turns->ready);
	turns->consumers_first = consumers_first;

	list_for_each_entry(node, &m->nodes, link) {
		node->index = i++;
		node->waits = consumers_first ?
			      list_count_nodes(&node->consumers) :
			      count_providers(node);
	}
	if (consumers_first) {
		list_for_each_entry_reverse(node, &m->nodes, link)
			if (!node->waits)
				make_ready(turns, node);
	} else {
		list_for_each_entry(node, &m->nodes, link)
			if (!node->waits)
				make_ready(turns, node);
	}
}

/**
 * kho_turns_next - whose turn is it?
 * @turns: the order
 *
 * Return: a node that need not wait for another one; NULL if there is none now.
 */
struct kho_node *kho_turns_next(struct kho_turns *turns)
{
	struct kho_node *node;

	node = list_first_entry_or_null(&turns->ready, struct kho_node, turn);
	if (node)
		list_del(&node->turn);
	return node;
}

static void pass_on(struct kho_turns *turns, struct kho_node *node)
{
	if (node && !--node->waits)
		make_ready(turns, node);
}

/**
 * kho_turns_done - a node has had its turn
 * @turns: the order
 * @node: the node, from kho_turns_next()
 */
void kho_turns_done(struct kho_turns *turns, struct kho_node *node)
{
	struct kho_edge *edge;
	unsigned int i;

	if (turns->consumers_first) {
		for (i = 0; i < node->nr_edges; i++)
			pass_on(turns, node->edges[i].provider);
	} else {
		list_for_each_entry(edge, &node->consumers, link)
			pass_on(turns, edge->consumer);
	}
}

/**
 * kho_graph_sort - bring the list of nodes in order, providers first
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 */
void kho_graph_sort(struct kho_machine *m)
{
	struct kho_turns turns;
	struct kho_node *node;
	LIST_HEAD(sorted);

	kho_turns_begin(&turns, m, false);
	guard(mutex)(&m->list_lock);
	while ((node = kho_turns_next(&turns))) {
		kho_turns_done(&turns, node);
		list_move_tail(&node->link, &sorted);
	}
	list_splice(&sorted, &m->nodes);
}
