// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of what was not preserved, or not restored, for a human to read.
 */
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "internal.h"

struct lost_item {
	struct list_head list;
	char text[];
};

static void log_lost(struct nsim_kho *kho, const char *text)
{
	pr_warn("%s: lost in the live update: %s\n", kho->name, text);
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
	size_t size;

	va_start(args, fmt);
	size = vscnprintf(text, sizeof(text), fmt, args) + 1;
	va_end(args);

	item = kmalloc(struct_size(item, text, size), GFP_KERNEL);
	if (!item) {
		log_lost(kho, text);
		return;
	}
	memcpy(item->text, text, size);

	guard(mutex)(&kho->lost_lock);
	list_add_tail(&item->list, &kho->lost);
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

	if (kho->warned)
		return;
	kho->warned = true;

	guard(mutex)(&kho->lost_lock);
	list_for_each_entry(item, &kho->lost, list)
		log_lost(kho, item->text);
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
		seq_printf(seq, "%s\n", item->text);
	return 0;
}
