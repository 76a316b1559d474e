// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of what was not preserved, or not restored, for a human to read; and
 * the one of the kernel before, which is told no more once it is gone.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/**
 * struct lost_item - something that is lost
 * @list: in the client's list
 * @found: since nsim_kho_lost_again(); others are past
 * @logged: in this update
 * @text: what and why
 */
struct lost_item {
	struct list_head list;
	bool found;
	bool logged;
	char text[];
};

static void log_lost(struct nsim_kho *kho, const char *text)
{
	pr_warn("%s: lost in the live update: %s\n", kho->name, text);
}

static struct lost_item *find_item(struct nsim_kho *kho, const char *text)
{
	struct lost_item *item;

	lockdep_assert_held(&kho->lost_lock);

	list_for_each_entry(item, &kho->lost, list)
		if (!strcmp(item->text, text))
			return item;
	return NULL;
}

static struct lost_item *add_item(struct nsim_kho *kho, const char *text)
{
	size_t size = strlen(text) + 1;
	struct lost_item *item;

	lockdep_assert_held(&kho->lost_lock);

	item = kzalloc(struct_size(item, text, size), GFP_KERNEL);
	if (!item)
		return NULL;
	memcpy(item->text, text, size);
	list_add_tail(&item->list, &kho->lost);
	return item;
}

/**
 * nsim_kho_lost - note something that is lost
 * @kho: whose
 * @fmt: what and why, without a line feed
 *
 * Context: may sleep.
 */
void nsim_kho_lost(struct nsim_kho *kho, const char *fmt, ...)
{
	struct lost_item *item;
	char text[160];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	guard(mutex)(&kho->lost_lock);
	item = find_item(kho, text) ?: add_item(kho, text);
	if (item)
		item->found = true;
	else
		log_lost(kho, text);
}

/**
 * nsim_kho_lost_again - look anew at what is lost
 * @kho: whose
 *
 * What is still lost is not logged once more.
 *
 * Context: may sleep.
 */
void nsim_kho_lost_again(struct nsim_kho *kho)
{
	struct lost_item *item;

	guard(mutex)(&kho->lost_lock);
	list_for_each_entry(item, &kho->lost, list)
		item->found = false;
}

/**
 * nsim_kho_lost_clear - begin a new list
 * @kho: whose
 *
 * Context: may sleep.
 */
void nsim_kho_lost_clear(struct nsim_kho *kho)
{
	struct lost_item *item, *tmp;

	guard(mutex)(&kho->lost_lock);
	list_for_each_entry_safe(item, tmp, &kho->lost, list) {
		list_del(&item->list);
		kfree(item);
	}
}

/**
 * nsim_kho_lost_warn - log the list, once per update
 * @kho: whose
 *
 * Context: may sleep.
 */
void nsim_kho_lost_warn(struct nsim_kho *kho)
{
	struct lost_item *item;

	guard(mutex)(&kho->lost_lock);
	list_for_each_entry(item, &kho->lost, list) {
		if (item->found && !item->logged)
			log_lost(kho, item->text);
		item->logged |= item->found;
	}
}

/**
 * nsim_kho_lost_show - the list as a debugfs file
 * @seq: the file, of a struct nsim_kho
 * @unused: unused
 *
 * Return: 0.
 */
int nsim_kho_lost_show(struct seq_file *seq, void *unused)
{
	struct nsim_kho *kho = seq->private;
	struct lost_item *item;

	guard(mutex)(&kho->lost_lock);
	list_for_each_entry(item, &kho->lost, list)
		if (item->found)
			seq_printf(seq, "%s\n", item->text);
	return 0;
}

/**
 * nsim_kho_save_lost - write the list to the record
 * @kho: client; what has to be noted has been
 * @image: outgoing image, at the root
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM; or a negative errno of the image.
 */
int nsim_kho_save_lost(struct nsim_kho *kho, struct kho_image *image)
{
	size_t size = 0, at = 0;
	struct lost_item *item;
	char *texts;
	int err;

	if (nsim_kho_first_format(image))
		return 0;

	guard(mutex)(&kho->lost_lock);
	list_for_each_entry(item, &kho->lost, list)
		size += item->found ? strlen(item->text) + 1 : 0;
	texts = kmalloc(size, GFP_KERNEL);
	if (!texts)
		return -ENOMEM;
	list_for_each_entry(item, &kho->lost, list)
		if (item->found)
			at += strscpy(texts + at, item->text, size - at) + 1;
	err = kho_image_set(image, "lost", texts, size);
	kfree(texts);
	return err;
}

/**
 * nsim_kho_restore_lost - take over what the kernel before has listed
 * @kho: client that is being restored
 *
 * Absent from the first format, and from early images of the second.
 *
 * Context: may sleep.
 */
void nsim_kho_restore_lost(struct nsim_kho *kho)
{
	size_t size;
	const char *texts = kho_image_get(kho->in.image, 0, "lost", &size);

	if (!size)
		return;
	if (texts[size - 1]) {
		nsim_kho_lost(kho, "lost: no list of texts");
		return;
	}

	guard(mutex)(&kho->lost_lock);
	kfree(kho->lost_before);
	kho->lost_before = kmemdup(texts, size, GFP_KERNEL);
	kho->lost_before_size = kho->lost_before ? size : 0;
}

/**
 * nsim_kho_lost_before_show - the list of the kernel before as a debugfs file
 * @seq: the file, of a struct nsim_kho
 * @unused: unused
 *
 * Return: 0.
 */
int nsim_kho_lost_before_show(struct seq_file *seq, void *unused)
{
	struct nsim_kho *kho = seq->private;
	const char *text;

	guard(mutex)(&kho->lost_lock);
	for (text = kho->lost_before;
	     text < kho->lost_before + kho->lost_before_size;
	     text += strlen(text) + 1)
		seq_printf(seq, "%s\n", text);
	return 0;
}
