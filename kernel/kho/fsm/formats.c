// SPDX-License-Identifier: GPL-2.0-only
/*
 * Versions: which format a client writes, and who can read it.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/err.h>
#include <linux/export.h>
#include <linux/kho/abi/formats.h>
#include <linux/libfdt.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../internal.h"
#include "internal.h"

#define REQUIRED	"required-features"

/* What this kernel reads, for who loads it, if its image isn't compressed. */
const char kho_mark[] = KHO_MARK KHO_FORMATS;

const char * const kho_unreadable_names[KHO_NR_UNREADABLE] = {
	[KHO_UNREADABLE_REFUSE] = "refuse",
	[KHO_UNREADABLE_ALLOW] = "allow",
};

/**
 * kho_formats_include - is a format in a list, or a feature of it?
 * @list: names, separated by spaces
 * @format: the format
 * @feature: the feature, "FORMAT+FEATURE" in the list; NULL for the format
 *
 * Return: whether it is.
 */
bool kho_formats_include(const char *list, const char *format,
			 const char *feature)
{
	size_t len = strlen(format), more = feature ? strlen(feature) : 0;
	const char *word;

	for (word = list; *word; word += strcspn(word, " ")) {
		const char *end;

		word += strspn(word, " ");
		if (strncmp(word, format, len))
			continue;
		end = word + len;
		if (feature) {
			if (*end != '+' || strncmp(end + 1, feature, more))
				continue;
			end += 1 + more;
		}
		if (!*end || *end == ' ')
			return true;
	}
	return false;
}

static const char *nth(const struct kho_image *image, const char *prop, int n)
{
	return fdt_stringlist_get(image->fdt, 0, prop, n, NULL);
}

static bool reads_format(const char *list, const struct kho_image *image,
			 const char *format)
{
	const char *feature;
	int i;

	if (!kho_formats_include(list, format, NULL))
		return false;
	for (i = 0; (feature = nth(image, REQUIRED, i)); i++)
		if (!kho_formats_include(list, format, feature))
			return false;
	return true;
}

static bool reads_image(const char *list, const struct kho_image *image)
{
	const char *format;
	int i;

	for (i = 0; (format = nth(image, "compatible", i)); i++)
		if (reads_format(list, image, format))
			return true;
	return false;
}

/* What the client has written so far; what came in travels on. */
static const struct kho_node *unreadable(struct kho_machine *m,
					 const struct kho_node *target,
					 const char *list)
{
	struct kho_node *node;

	list_for_each_entry(node, &m->nodes, link)
		if ((!target || node == target) && node->image &&
		    !node->image->incoming && !reads_image(list, node->image))
			return node;
	return NULL;
}

/**
 * kho_formats_check - can the kernel that is loaded read what is to be saved?
 * @m: the machine; its clients have images
 * @target: one client, or NULL for all
 * @what: what is to be done: "save", "kexec"
 * @list: formats that the kernel says it reads, see kho_mark_find(); or NULL
 *
 * Context: @m->lock held.
 * Return: 0; -EPROTO if it can't, or doesn't say, and that isn't allowed;
 * explained in last_error.
 */
int kho_formats_check(struct kho_machine *m, const struct kho_node *target,
		      const char *what, const char *list)
{
	const struct kho_node *node = NULL;
	char why[160];

	lockdep_assert_held(&m->lock);

	if (list && kho_formats_include(list, KHO_FSM_COMPATIBLE, NULL))
		node = unreadable(m, target, list);
	else
		list = NULL;
	if (list && !node)
		return 0;

	if (node)
		snprintf(why, sizeof(why), "doesn't read the image of %s (%s)",
			 node->name, nth(node->image, "compatible", 0));
	else
		strscpy(why, "can't restore clients, or doesn't say so");

	if (READ_ONCE(m->unreadable) == KHO_UNREADABLE_ALLOW) {
		pr_warn("%s: the loaded kernel %s\n", what, why);
		return 0;
	}
	kho_machine_error(m, "%s: refused, the loaded kernel %s", what, why);
	return -EPROTO;
}

/**
 * kho_formats_check_loaded - as kho_formats_check(), with the image loaded now
 * @m: the machine
 * @target: one client, or NULL for all
 *
 * If none is loaded yet, it is checked when it is executed.
 *
 * Context: @m->lock held; may sleep.
 * Return: as kho_formats_check(); -ENOMEM.
 */
int kho_formats_check_loaded(struct kho_machine *m,
			     const struct kho_node *target)
{
	bool loaded;
	char *list = kho_kexec_formats(&loaded);
	int err;

	if (IS_ERR(list))
		return PTR_ERR(list);
	err = loaded ? kho_formats_check(m, target, "save", list) : 0;
	kfree(list);
	return err;
}

static const char *find(const char * const *list, const char *name)
{
	int i = list ? __sysfs_match_string(list, -1, name) : -ENOENT;

	return i < 0 ? NULL : list[i];
}

/**
 * kho_node_save_as - have a client write another format
 * @node: the client
 * @name: name of the format; "" for the client's own choice
 *
 * Context: its machine's lock held.
 * Return: 0; -EINVAL if it can't write that; -EBUSY if it is writing already;
 * -ENODEV if there is no client.
 */
int kho_node_save_as(struct kho_node *node, const char *name)
{
	const char *format = NULL;

	if (!node->client)
		return -ENODEV;
	lockdep_assert_held(&node->machine->lock);
	if (node->image)
		return -EBUSY;

	if (!sysfs_streq(name, "")) {
		format = find(node->client->compatible, name) ?:
			 find(node->client->older, name);
		if (!format)
			return -EINVAL;
	}
	node->save_as = format;
	return 0;
}

/**
 * kho_node_image_create - begin a client's image, in the format it has to have
 * @node: the client
 *
 * Context: as kho_call(); may sleep.
 * Return: the image, or an ERR_PTR().
 */
struct kho_image *kho_node_image_create(struct kho_node *node)
{
	const char * const *formats = node->client->compatible;
	const char *only[] = { node->save_as, NULL };

	if (node->save_as) {
		/* One that is written has all formats that follow it, too. */
		while (*formats && *formats != node->save_as)
			formats++;
		if (!*formats)
			formats = only;
	}
	return kho_image_create(node->name, formats);
}

/**
 * kho_image_missing - what does an image require that a driver doesn't have?
 * @image: the image
 * @features: NULL-terminated list of the features that the driver has, or NULL
 *
 * Return: the first such feature, or NULL.
 */
const char *kho_image_missing(const struct kho_image *image,
			      const char * const *features)
{
	const char *feature;
	int i;

	for (i = 0; (feature = nth(image, REQUIRED, i)); i++)
		if (!find(features, feature))
			return feature;
	return NULL;
}

/**
 * kho_client_reads - can a driver read an image?
 * @client: its client
 * @image: the image
 *
 * Context: a callback of the client; the reason is explained.
 * Return: whether it can.
 */
bool kho_client_reads(struct kho_client *client, const struct kho_image *image)
{
	const char *feature;

	if (!kho_image_format(image, client->compatible) &&
	    !kho_image_format(image, client->older)) {
		kho_client_explain(client, "image has no format that this driver knows");
		return false;
	}
	feature = kho_image_missing(image, client->features);
	if (!feature)
		return true;
	kho_client_explain(client, "image requires \"%.63s\", which this driver doesn't know",
			   feature);
	return false;
}

/**
 * kho_image_require - name what a reader has to understand
 * @image: the image, with no node entered
 * @features: NULL-terminated list of names, which replaces the last one
 *
 * A driver whose &struct kho_client doesn't list all of them is not given the
 * image. What a reader can do without needs no name: it is a property that
 * older drivers don't look at.
 *
 * Context: client's prepare or save; may sleep.
 * Return: 0; -EINVAL inside of a node; otherwise as kho_image_set().
 */
int kho_image_require(struct kho_image *image, const char * const *features)
{
	size_t size = 0, at = 0;
	unsigned int i;
	char *list;
	int err;

	if (image->depth)
		return -EINVAL;
	for (i = 0; features[i]; i++)
		size += strlen(features[i]) + 1;
	if (!size) {
		if (!fdt_delprop(image->fdt, 0, REQUIRED))
			image->shape++;
		return 0;
	}

	list = kmalloc(size, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	for (i = 0; features[i]; i++)
		at += strscpy(list + at, features[i], size - at) + 1;
	err = kho_image_set(image, REQUIRED, list, size);
	kfree(list);
	return err;
}
EXPORT_SYMBOL_GPL(kho_image_require);
