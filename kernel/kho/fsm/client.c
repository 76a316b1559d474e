// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry: clients, the images that wait for one, and the order in which
 * they depend on each other.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/export.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../internal.h"
#include "internal.h"

/**
 * kho_node_create - add a node
 * @m: the machine
 * @name: its name, which is copied
 *
 * Context: @m->lock held; may sleep.
 * Return: the node, in state idle, or an ERR_PTR().
 */
struct kho_node *kho_node_create(struct kho_machine *m, const char *name)
{
	struct kho_node *node;
	int err;

	lockdep_assert_held(&m->lock);

	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return ERR_PTR(-ENOMEM);

	node->machine = m;
	kobject_init(&node->kobj, &kho_node_type);
	INIT_LIST_HEAD(&node->link);
	INIT_LIST_HEAD(&node->consumers);
	INIT_WORK(&node->work, kho_call_work);
	node->name = kstrdup(name, GFP_KERNEL);
	err = node->name ? kho_node_show(node) : -ENOMEM;
	if (err) {
		kobject_put(&node->kobj);
		return ERR_PTR(err);
	}

	scoped_guard(mutex, &m->list_lock)
		list_add_tail(&node->link, &m->nodes);
	kho_graph_add(node);
	return node;
}

/**
 * kho_bury_dead - take dead nodes out of sysfs and free them
 * @work: the machine's
 *
 * Context: workqueue; no lock held, as users of a node's files may want it.
 */
void kho_bury_dead(struct work_struct *work)
{
	struct kho_machine *m = container_of(work, struct kho_machine, bury);
	struct kho_node *node, *tmp;
	LIST_HEAD(dead);

	scoped_guard(mutex, &m->list_lock)
		list_splice_init(&m->dead, &dead);

	list_for_each_entry_safe(node, tmp, &dead, link) {
		list_del(&node->link);
		if (node->kobj.state_in_sysfs)
			kobject_del(&node->kobj);
		kobject_put(&node->kobj);
	}
}

/**
 * kho_node_bury - a node has neither client nor image any more
 * @node: the node
 *
 * Context: its machine's lock held.
 */
void kho_node_bury(struct kho_node *node)
{
	struct kho_machine *m = node->machine;

	lockdep_assert_held(&m->lock);

	kho_graph_remove(node);
	scoped_guard(mutex, &m->list_lock) {
		node->machine = NULL;
		list_move(&node->link, &m->dead);
	}
	schedule_work(&m->bury);
}

/**
 * kho_node_set_image - give a node another image
 * @node: the node
 * @image: the image, whose reference becomes the node's; or NULL
 *
 * Context: as kho_call(), or the machine's lock held; may sleep.
 */
void kho_node_set_image(struct kho_node *node, struct kho_image *image)
{
	guard(mutex)(&node->machine->list_lock);
	node->image = image;
}

static int check_client(const struct kho_client *client)
{
	const struct kho_client_ops *ops = client->ops;

	if (!kho_client_name_valid(client->name)) {
		pr_err("client refused: \"%s\" is no name\n",
		       client->name ?: "(null)");
		return -EINVAL;
	}
	if (!client->compatible || !client->compatible[0] || !ops ||
	    !ops->prepare || !ops->save || !ops->abort || !ops->restore) {
		pr_err("%s: client refused: no format or not all callbacks\n",
		       client->name);
		return -EINVAL;
	}
	return 0;
}

static int attach(struct kho_machine *m, struct kho_client *client)
{
	struct kho_node *node = kho_node_find(m, client->name);
	int err;

	if (node && node->client) {
		pr_err("%s: client refused: there is one of that name\n",
		       client->name);
		return -EEXIST;
	}
	if (!node)
		node = kho_node_create(m, client->name);
	if (IS_ERR(node))
		return PTR_ERR(node);

	node->client = client;
	err = kho_graph_join(node);
	if (err) {
		node->client = NULL;
		if (!node->image)
			kho_node_bury(node);
		return err;
	}

	client->node = node;
	kho_node_link_device(node);
	node->tried = false;
	kho_graph_sort(m);
	kho_machine_update(m);
	return 0;
}

/* A node of the same name may still be on its way out of sysfs. */
static void lock_without_dead(struct kho_machine *m)
{
	for (;;) {
		flush_work(&m->bury);
		mutex_lock(&m->lock);
		if (!work_busy(&m->bury))
			return;
		mutex_unlock(&m->lock);
	}
}

/**
 * kho_machine_register - add clients
 * @m: the machine
 * @clients: the clients
 * @nr: how many
 *
 * Context: takes @m->lock; may sleep.
 * Return: as kho_clients_register().
 */
int kho_machine_register(struct kho_machine *m,
			 struct kho_client * const *clients, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	lock_without_dead(m);
	for (i = 0; i < nr; i++) {
		int bad = check_client(clients[i]) ?: attach(m, clients[i]);

		err = err ?: bad;
	}
	kho_machine_restore_ready(m);
	mutex_unlock(&m->lock);
	return err;
}

/**
 * kho_machine_unregister - take a client out
 * @m: the machine
 * @client: the client; not being registered is no error
 *
 * Context: takes @m->lock; may sleep.
 */
void kho_machine_unregister(struct kho_machine *m, struct kho_client *client)
{
	struct kho_node *node;

	guard(mutex)(&m->lock);

	node = client->node;
	if (!node)
		return;

	kho_machine_leave(m, node);
}

/**
 * kho_client_register - take part in live updates
 * @client: the client, filled in
 *
 * If there is an image for it, its restore callback has been called when this
 * returns, on another thread, unless that has to wait for a provider, or for the
 * restore command as others are already prepared or saved for the next update.
 * If restore fails, the client is registered all the same, and its image is kept.
 *
 * Context: takes the machine's lock, which is the outermost; so the caller
 * must hold no lock that a client's callback takes. May sleep.
 * Return: 0, also if KHO is off; -EINVAL for a client that lacks something;
 * -EEXIST if there is one of that name; -ENOENT if a provider isn't known;
 * -ELOOP for a cycle; -EAGAIN before images have been read, which is done by a
 * postcore_initcall_sync(); -ENOMEM.
 */
int kho_client_register(struct kho_client *client)
{
	return kho_clients_register(&client, 1);
}
EXPORT_SYMBOL_GPL(kho_client_register);

static void expect_listed(const struct kho_client *client)
{
	const char *format = client->compatible[0];

	if (!kho_formats_include(kho_mark, format, NULL))
		pr_notice("%s: this kernel doesn't say that it reads %s: no other one will hand such an image over to it\n",
			  client->name, format);
}

/**
 * kho_clients_register - take part in live updates, with several clients
 * @clients: the clients, filled in; providers among them first
 * @nr: how many
 *
 * As kho_client_register(), but those that don't depend on each other are
 * restored side by side. Whether a client is registered also if there was an
 * error with another one, kho_client_registered() tells.
 *
 * Context: as kho_client_register().
 * Return: 0, or the first error of those of kho_client_register().
 */
int kho_clients_register(struct kho_client * const *clients, unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++)
		clients[i]->node = NULL;
	/* Its image would be taken for another client's of the same name. */
	if (WARN_ON_ONCE(!kho_images_received()))
		return -EAGAIN;
	if (!kho_kobj)
		return 0;

	err = kho_machine_register(&kho_machine, clients, nr);
	for (i = 0; i < nr; i++)
		if (kho_client_registered(clients[i]))
			expect_listed(clients[i]);
	return err;
}
EXPORT_SYMBOL_GPL(kho_clients_register);

/**
 * kho_client_unregister - take part no more
 * @client: the client; if it never was registered, nothing happens
 *
 * In the middle of an update, the abort callbacks of those that depend on it
 * are called, and its own. If it had been restored, it isn't; the image is kept
 * until finish or until it is claimed.
 *
 * When the kernel is about to be left, as in a shutdown callback, nobody is
 * called: what is saved is for the next one, and so is the memory that it leads
 * to, which must stay as it is.
 *
 * Context: as kho_client_register().
 */
void kho_client_unregister(struct kho_client *client)
{
	kho_machine_unregister(&kho_machine, client);
}
EXPORT_SYMBOL_GPL(kho_client_unregister);

/**
 * kho_client_set_dirty - tell how much there would be to write
 * @client: the client
 * @bytes: estimate of what save would write now, in bytes
 *
 * Context: any, while registered.
 */
void kho_client_set_dirty(struct kho_client *client, u64 bytes)
{
	struct kho_node *node;

	guard(rcu)();
	node = READ_ONCE(client->node);
	if (node)
		WRITE_ONCE(node->dirty, bytes);
}
EXPORT_SYMBOL_GPL(kho_client_set_dirty);

/**
 * kho_client_invalidate - what was prepared is out of date
 * @client: the client
 *
 * It is prepared once more before it is saved.
 *
 * Context: any, while registered.
 */
void kho_client_invalidate(struct kho_client *client)
{
	struct kho_node *node;

	guard(rcu)();
	node = READ_ONCE(client->node);
	if (node)
		WRITE_ONCE(node->stale, true);
}
EXPORT_SYMBOL_GPL(kho_client_invalidate);

/**
 * kho_client_cancelled - had this callback better give up?
 * @client: the client
 *
 * So it had when an abort waits for it, another client has failed, or a deadline
 * is over: all that it does will be undone.
 *
 * Context: prepare or save callback. It then returns -ECANCELED.
 * Return: whether it had.
 */
bool kho_client_cancelled(const struct kho_client *client)
{
	const struct kho_machine *m;

	if (!client->node)
		return false;
	m = client->node->machine;
	return READ_ONCE(m->cancel) || READ_ONCE(m->giving_up);
}
EXPORT_SYMBOL_GPL(kho_client_cancelled);

/**
 * kho_client_explain - say why a callback is going to fail
 * @client: the client
 * @fmt: text, without a line feed; shown in last_error
 *
 * Context: any callback of the client.
 */
void kho_client_explain(struct kho_client *client, const char *fmt, ...)
{
	va_list args;

	if (!client->node)
		return;
	va_start(args, fmt);
	vscnprintf(client->node->reason, sizeof(client->node->reason), fmt,
		   args);
	va_end(args);
}
EXPORT_SYMBOL_GPL(kho_client_explain);

static bool waits_for(const struct kho_node *node,
		      const char * const *compatible)
{
	return node->image && node->image->incoming && !node->client &&
	       !node->image->broken &&
	       kho_image_format(node->image, compatible);
}

/* The first image after @index others that waits for such a driver. */
static char *waiting_name(struct kho_machine *m,
			  const char * const *compatible, unsigned int index)
{
	struct kho_node *node;

	guard(mutex)(&m->list_lock);

	list_for_each_entry(node, &m->nodes, link)
		if (waits_for(node, compatible) && !index--)
			return kstrdup(node->name, GFP_KERNEL);
	return NULL;
}

static unsigned int count_waiting(struct kho_machine *m,
				  const char * const *compatible)
{
	struct kho_node *node;
	unsigned int n = 0;

	guard(mutex)(&m->list_lock);

	list_for_each_entry(node, &m->nodes, link)
		n += waits_for(node, compatible);
	return n;
}

/**
 * kho_incoming_for_each - for each image that waits for a driver like this
 * @compatible: NULL-terminated list of formats. Features don't count here: a
 *	client that lacks one is told so when it is to be restored
 * @fn: called with the name of each; may register a client of that name.
 *	A value other than 0 ends it.
 * @data: passed to @fn
 *
 * Context: no lock held that @fn or a client's callback takes; may sleep.
 * Return: 0; what @fn returned; or -ENOMEM.
 */
int kho_incoming_for_each(const char * const *compatible,
			  int (*fn)(const char *name, void *data), void *data)
{
	unsigned int n = count_waiting(&kho_machine, compatible), i;
	char **names;
	int err = 0;

	if (!n)
		return 0;

	/* @fn changes the list, so the names are collected first. */
	names = kcalloc(n, sizeof(*names), GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		names[i] = waiting_name(&kho_machine, compatible, i);

	for (i = 0; i < n && !err; i++)
		if (names[i])
			err = fn(names[i], data);

	for (i = 0; i < n; i++)
		kfree(names[i]);
	kfree(names);
	return err;
}
EXPORT_SYMBOL_GPL(kho_incoming_for_each);

/**
 * kho_image_waits - is there an incoming image?
 * @name: name of the client
 *
 * Context: any that may sleep, also a client's callbacks.
 * Return: whether there is, also if it is one that can't be read.
 */
bool kho_image_waits(const char *name)
{
	struct kho_node *node;

	guard(mutex)(&kho_machine.list_lock);

	node = kho_node_find(&kho_machine, name);
	return node && node->image && node->image->incoming;
}
EXPORT_SYMBOL_GPL(kho_image_waits);

/**
 * kho_image_pull - get at an incoming image ahead of the restore callback
 * @name: name of the client
 * @compatible: NULL-terminated list of formats
 * @features: NULL-terminated list of features, as in &struct kho_client, or
 *	NULL
 *
 * Context: any that may sleep, also a client's callbacks.
 * Return: the image, with a reference for kho_image_put(); NULL if there is no
 * such image, or none that can be read.
 */
const struct kho_image *kho_image_pull(const char *name,
				       const char * const *compatible,
				       const char * const *features)
{
	struct kho_node *node;

	guard(mutex)(&kho_machine.list_lock);

	node = kho_node_find(&kho_machine, name);
	if (!node || !node->image || !node->image->incoming ||
	    node->image->broken || !kho_image_format(node->image, compatible) ||
	    kho_image_missing(node->image, features))
		return NULL;

	kref_get(&node->image->ref);
	return node->image;
}
EXPORT_SYMBOL_GPL(kho_image_pull);

/**
 * kho_image_put - give a reference of kho_image_pull() back
 * @image: the image, or NULL
 *
 * Context: may sleep.
 */
void kho_image_put(const struct kho_image *image)
{
	if (image)
		kho_image_drop((struct kho_image *)image);
}
EXPORT_SYMBOL_GPL(kho_image_put);
