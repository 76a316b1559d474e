// SPDX-License-Identifier: GPL-2.0-only
/*
 * For KUnit tests: clients that do as they are told, and their world.
 */
#include <linux/debug_locks.h>
#include <linux/fault-inject.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "../fault.h"
#include "../internal.h"
#include "../map.h"
#include "../root_fdt.h"
#include "test.h"
#include "test_clients.h"

#define MEM_SIZE	(TEST_MEM_PAGES * PAGE_SIZE)

const char * const test_formats[] = { "test-v2", "test-v1", NULL };

__printf(2, 3)
static void note(struct test_client *c, const char *fmt, ...)
{
	va_list args;
	size_t len;

	spin_lock(&c->world->log_lock);
	len = strlen(c->world->log);
	va_start(args, fmt);
	len += scnprintf(c->world->log + len, sizeof(c->world->log) - len, "%s",
			 len ? " " : "");
	vscnprintf(c->world->log + len, sizeof(c->world->log) - len, fmt, args);
	va_end(args);
	spin_unlock(&c->world->log_lock);
}

static struct test_client *of(struct kho_client *client)
{
	return container_of(client, struct test_client, client);
}

/* Are all that depend on this client in one of these states? */
static bool consumers_in(struct test_client *c, unsigned int states)
{
	struct kho_edge *edge;

	list_for_each_entry(edge, &c->client.node->consumers, link)
		if (!(states & BIT(READ_ONCE(edge->consumer->state))))
			return false;
	return true;
}

static bool providers_in(struct test_client *c, unsigned int states)
{
	struct kho_node *node = c->client.node;
	unsigned int i;

	for (i = 0; i < node->nr_edges; i++) {
		struct kho_node *provider = node->edges[i].provider;

		if (provider && provider->client &&
		    !(states & BIT(READ_ONCE(provider->state))))
			return false;
	}
	return true;
}

static void must(struct test_client *c, bool right)
{
	c->wrong |= !right;
}

static int write_mem(struct test_client *c, struct kho_image *image)
{
	if (!c->with_mem)
		return 0;
	if (!c->mem)
		c->mem = alloc_pages_exact(MEM_SIZE, GFP_KERNEL);
	if (!c->mem)
		return -ENOMEM;
	memset(c->mem, c->value, MEM_SIZE);
	return kho_image_set_pages(image, "mem", virt_to_page(c->mem),
				   TEST_MEM_PAGES);
}

static int fake_prepare(struct kho_client *client, struct kho_image *image,
			unsigned int pass)
{
	struct test_client *c = of(client);

	note(c, "P%u%s", pass, client->name);
	must(c, c->entered == (pass > 1) && !c->restored);
	must(c, providers_in(c, BIT(KHO_PREPARED) | BIT(KHO_SAVED)));
	c->entered = true;
	if (c->during)
		c->during(c);
	if (c->prepare_err &&
	    (!c->prepare_err_pass || c->prepare_err_pass == pass)) {
		kho_client_explain(client, "told to fail");
		return c->prepare_err;
	}
	return kho_image_set_u32(image, "value", c->value) ?:
	       write_mem(c, image);
}

static int fake_save(struct kho_client *client, struct kho_image *image)
{
	struct test_client *c = of(client);

	note(c, "S%s", client->name);
	must(c, c->entered && consumers_in(c, BIT(KHO_SAVED)));
	return c->save_err ?: kho_image_set_u32(image, "saved", 1) ?:
	       kho_image_set_u32(image, "value", c->value) ?:
	       write_mem(c, image);
}

/**
 * test_free_mem - free the memory that is a client's
 * @c: the client
 */
void test_free_mem(struct test_client *c)
{
	if (c->mem)
		free_pages_exact(c->mem, MEM_SIZE);
	c->mem = NULL;
}

static void fake_abort(struct kho_client *client)
{
	struct test_client *c = of(client);

	note(c, "A%s", client->name);
	must(c, c->entered || c->restored);
	must(c, consumers_in(c, BIT(KHO_IDLE) | BIT(KHO_RESTORING)));
	c->aborts++;
	c->entered = false;
	c->restored = 0;
	c->restored_mem = 0;
	test_free_mem(c);
}

static int read_mem(struct test_client *c, const struct kho_image *image)
{
	unsigned long nr_pages;
	const void *mem = kho_image_get_pages(image, 0, "mem", &nr_pages);

	if (!mem)
		return 0;
	if (nr_pages != TEST_MEM_PAGES ||
	    memchr_inv(mem, c->restored, MEM_SIZE))
		return -EILSEQ;
	c->restored_mem = virt_to_phys((void *)mem);
	return 0;
}

static int fake_restore(struct kho_client *client,
			const struct kho_image *image)
{
	struct test_client *c = of(client);
	u32 saved;

	note(c, "R%s", client->name);
	must(c, !c->entered && !c->restored);
	must(c, providers_in(c, ~(u32)BIT(KHO_RESTORING)));
	if (c->during_restore)
		c->during_restore(c);
	if (c->restore_err)
		return c->restore_err;
	return kho_image_get_u32(image, 0, "saved", &saved) ?:
	       kho_image_get_u32(image, 0, "value", &c->restored) ?:
	       read_mem(c, image);
}

static void fake_finish(struct kho_client *client)
{
	struct test_client *c = of(client);
	struct page *page;

	note(c, "F%s", client->name);
	must(c, !c->entered);
	if (c->during_finish)
		c->during_finish(c);
	c->restored = 0;
	if (!c->takes_mem || !c->restored_mem)
		return;
	page = kho_restore_pages(c->restored_mem, TEST_MEM_PAGES);
	c->mem = page ? page_address(page) : NULL;
}

static const struct kho_client_ops fake_ops = {
	.prepare = fake_prepare,
	.save = fake_save,
	.abort = fake_abort,
	.restore = fake_restore,
	.finish = fake_finish,
};

/**
 * test_world_new - make a machine without clients
 * @test: the test
 *
 * Return: the world, which test_world_end() ends.
 */
struct test_world *test_world_new(struct kunit *test)
{
	struct test_world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->test = test;
	spin_lock_init(&w->log_lock);
	kho_machine_init(&w->m);
	/* Most tests want to know who is called first. */
	w->m.at_once = 1;
	w->preserved = kho_test_preserved_pages();
	return w;
}

static void discard_all(struct kho_machine *m)
{
	struct kho_node *node, *tmp;

	guard(mutex)(&m->lock);
	list_for_each_entry_safe(node, tmp, &m->nodes, link)
		kho_machine_run(m, node, KHO_CMD_DISCARD);
}

/**
 * test_world_end - take everything down, and see that nothing is left
 * @w: the world
 */
void test_world_end(struct test_world *w)
{
	unsigned int i;

	for (i = TEST_CLIENTS; i--;)
		kho_machine_unregister(&w->m, &w->clients[i].client);
	discard_all(&w->m);
	flush_work(&w->m.bury);

	KUNIT_EXPECT_TRUE(w->test, list_empty(&w->m.nodes));
	KUNIT_EXPECT_TRUE(w->test, list_empty(&w->m.dead));
	KUNIT_EXPECT_EQ(w->test, w->m.state, KHO_IDLE);
	KUNIT_EXPECT_NULL(w->test, w->m.manifest);
	KUNIT_EXPECT_EQ(w->test, kho_test_preserved_pages(), w->preserved);
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		KUNIT_EXPECT_TRUE(w->test, debug_locks);
	for (i = 0; i < TEST_CLIENTS; i++) {
		KUNIT_EXPECT_FALSE(w->test, w->clients[i].entered);
		KUNIT_EXPECT_FALSE_MSG(w->test, w->clients[i].wrong,
				       "%s was called at the wrong time",
				       w->clients[i].client.name);
		KUNIT_EXPECT_NULL(w->test, w->clients[i].mem);
	}
}

/**
 * test_client - look a client up
 * @w: the world
 * @name: its name
 *
 * Return: the client, or NULL.
 */
struct test_client *test_client(struct test_world *w, const char *name)
{
	unsigned int i;

	for (i = 0; i < TEST_CLIENTS; i++)
		if (w->clients[i].client.name &&
		    !strcmp(w->clients[i].client.name, name))
			return &w->clients[i];
	return NULL;
}

/**
 * test_client_make - fill a client in, but don't register it
 * @w: the world
 * @name: its name
 * @after: names of its providers, one letter each
 *
 * Return: the client.
 */
struct test_client *test_client_make(struct test_world *w, const char *name,
				     const char *after)
{
	struct test_client *c;
	unsigned int i;

	for (c = w->clients; c->client.name; c++)
		KUNIT_ASSERT_LT(w->test, c - w->clients, TEST_CLIENTS - 1);

	for (i = 0; after[i]; i++) {
		c->letters[i][0] = after[i];
		c->after[i] = c->letters[i];
	}
	c->world = w;
	c->value = 0x40 + (c - w->clients);
	c->client.name = name;
	c->client.compatible = test_formats;
	c->client.after = c->after;
	c->client.ops = &fake_ops;
	return c;
}

/**
 * test_register - register a client
 * @c: the client
 *
 * Return: as kho_client_register().
 */
int test_register(struct test_client *c)
{
	struct kho_client *client = &c->client;

	return kho_machine_register(&c->world->m, &client, 1);
}

/**
 * test_client_add - make a client and register it
 * @w: the world
 * @name: its name
 * @after: names of its providers, one letter each
 *
 * Return: the client.
 */
struct test_client *test_client_add(struct test_world *w, const char *name,
				    const char *after)
{
	struct test_client *c = test_client_make(w, name, after);

	KUNIT_ASSERT_EQ(w->test, test_register(c), 0);
	return c;
}

static struct kho_node *find_node(struct test_world *w, const char *name)
{
	struct kho_node *node;

	scoped_guard(mutex, &w->m.lock)
		node = kho_node_find(&w->m, name);
	KUNIT_ASSERT_NOT_NULL_MSG(w->test, node, "no client %s", name);
	return node;
}

/**
 * test_command - give a command
 * @w: the world
 * @target: name of one client, or NULL
 * @command: the command
 *
 * Return: as kho_machine_command().
 */
int test_command(struct test_world *w, const char *target, const char *command)
{
	int i = match_string(kho_command_names, KHO_NR_USER_COMMANDS, command);

	KUNIT_ASSERT_GE_MSG(w->test, i, 0, "%s", command);
	return kho_machine_command(&w->m, target ? find_node(w, target) : NULL,
				   i);
}

/**
 * test_expect_log - this has been asked of the clients since the last time
 * @w: the world
 * @log: see struct test_world
 */
void test_expect_log(struct test_world *w, const char *log)
{
	KUNIT_EXPECT_STREQ(w->test, w->log, log);
	w->log[0] = '\0';
}

/**
 * test_expect_state - a client, or the whole, is in this state
 * @w: the world
 * @target: name of one client, or NULL
 * @state: name of the state
 */
void test_expect_state(struct test_world *w, const char *target,
		       const char *state)
{
	enum kho_state is = target ? find_node(w, target)->state : w->m.state;

	KUNIT_EXPECT_STREQ_MSG(w->test, kho_state_names[is], state,
			       "state of %s", target ?: "the whole");
}

/**
 * test_word_in - is this one of the words?
 * @word: the word
 * @words: words with one space between them
 *
 * Return: whether it is.
 */
bool test_word_in(const char *word, const char *words)
{
	size_t len = strlen(word), skip;

	for (; *words; words += skip + !!words[skip]) {
		skip = strcspn(words, " ");
		if (skip == len && !strncmp(words, word, len))
			return true;
	}
	return false;
}

/**
 * test_snapshot - all states of a world in one number
 * @w: the world
 *
 * Return: a number that changes when a state does.
 */
u64 test_snapshot(struct test_world *w)
{
	struct kho_node *node;
	u64 states = w->m.state;

	list_for_each_entry(node, &w->m.nodes, link)
		states = states * 8 + node->state;
	return states * 2 + w->m.published;
}

/**
 * test_expect_refusals - all commands but some are refused and change nothing
 * @w: the world, whose log is empty
 * @allowed: names of the commands that are not tried
 */
void test_expect_refusals(struct test_world *w, const char *allowed)
{
	u64 preserved = kho_test_preserved_pages(), before = test_snapshot(w);
	struct kunit *test = w->test;
	unsigned int i;

	for (i = 0; i < KHO_NR_USER_COMMANDS; i++) {
		if (test_word_in(kho_command_names[i], allowed))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, kho_machine_command(&w->m, NULL, i),
				    i == KHO_CMD_DISCARD ? -EINVAL : -EBUSY,
				    "%s", kho_command_names[i]);
		test_expect_log(w, "");
		KUNIT_EXPECT_EQ(test, test_snapshot(w), before);
		KUNIT_EXPECT_EQ(test, kho_test_preserved_pages(), preserved);
	}
}

/**
 * test_kexec - hand over to another machine
 * @from: the machine of this kernel
 * @to: the machine of the next one, without clients
 * @meddle: called in between, to do damage; or NULL
 *
 * Return: as kho_manifest_read().
 */
int test_kexec(struct test_world *from, struct test_world *to,
	       void (*meddle)(void *manifest))
{
	struct kunit *test = from->test;
	unsigned int i;
	void *manifest;
	size_t size;

	scoped_guard(mutex, &from->m.lock) {
		KUNIT_ASSERT_TRUE(test, from->m.published);
		manifest = from->m.manifest->fdt;
		size = from->m.manifest->capacity;
	}
	KUNIT_ASSERT_EQ(test, kho_test_leave(&from->m), 0);
	for (i = 0; i < TEST_CLIENTS; i++) {
		from->clients[i].mem = NULL;
		from->clients[i].entered = false;
	}
	from->preserved = kho_test_preserved_pages();
	to->preserved = from->preserved;
	if (meddle)
		meddle(manifest);

	guard(mutex)(&to->m.lock);
	return kho_manifest_read(&to->m, virt_to_phys(manifest), size);
}

/* A second look at a map of the core. */
static struct kho_radix_tree map = KHO_MAP_INIT(map);

static void look_at_map_of(const void *fdt)
{
	phys_addr_t root;

	map.root = NULL;
	if (fdt && !kho_root_check(fdt, KHO_ROOT_SIZE, &root))
		map.root = phys_to_virt(root);
}

/**
 * kho_test_preserved - are these pages handed over?
 * @phys: physical address of the first one in bytes
 * @nr_pages: number of pages
 *
 * Return: whether blocks that start at @phys cover just these pages.
 */
bool kho_test_preserved(phys_addr_t phys, unsigned long nr_pages)
{
	look_at_map_of(kho_out_fdt());
	while (nr_pages) {
		int order = kho_map_order(&map, phys);

		if (order < 0 || BIT(order) > nr_pages)
			return false;
		phys += PAGE_SIZE << order;
		nr_pages -= BIT(order);
	}
	return true;
}

static int count_block(phys_addr_t phys, unsigned int order, void *data)
{
	*(u64 *)data += BIT_ULL(order);
	return 0;
}

static u64 count_pages(const void *fdt)
{
	static const struct kho_map_walker walker = { .block = count_block };
	u64 pages = 0;

	look_at_map_of(fdt);
	kho_map_walk(&map, &walker, &pages);
	return pages;
}

/**
 * kho_test_preserved_pages - how much is handed over?
 *
 * Return: number of pages.
 */
u64 kho_test_preserved_pages(void)
{
	return count_pages(kho_out_fdt());
}

/**
 * kho_test_incoming_pages - how much was handed over to us and not taken yet?
 *
 * Return: number of pages.
 */
u64 kho_test_incoming_pages(void)
{
	return count_pages(kho_in_fdt());
}

static void drop_image(void *image)
{
	kho_image_condemn(image);
}

/**
 * test_image_new - an image of no client, until the test ends
 * @test: the test
 *
 * Return: the image, in %test_formats.
 */
struct kho_image *test_image_new(struct kunit *test)
{
	struct kho_image *image = kho_image_create(NULL, test_formats);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, image);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_image,
							image), 0);
	return image;
}

#ifdef CONFIG_KHO_FAULT_INJECTION
/**
 * test_fail_after - have something fail, once
 * @points: how many points at which something can fail are passed before
 */
void test_fail_after(unsigned int points)
{
	kho_fault_attr.probability = 100;
	atomic_set(&kho_fault_attr.space, points);
	atomic_set(&kho_fault_attr.times, 1);
}

/**
 * test_fail_no_more - undo test_fail_after()
 */
void test_fail_no_more(void)
{
	kho_fault_attr.probability = 0;
}

/**
 * test_has_failed - was there such a point?
 *
 * Return: whether something has been made fail.
 */
bool test_has_failed(void)
{
	return !atomic_read(&kho_fault_attr.times);
}
#endif
