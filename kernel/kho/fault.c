// SPDX-License-Identifier: GPL-2.0-only
/*
 * "fail_kho": makes what can fail in a live update fail when it is wanted, by
 * the kernel's fault injection. See Documentation/kho-states.rst.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "fault.h"

static const char * const fault_names[KHO_NR_FAULTS] = {
	[KHO_FAULT_PREPARE]	= "prepare",
	[KHO_FAULT_SAVE]	= "save",
	[KHO_FAULT_RESTORE]	= "restore",
	[KHO_FAULT_IMAGE]	= "image",
	[KHO_FAULT_WRITE]	= "write",
	[KHO_FAULT_PRESERVE]	= "preserve",
	[KHO_FAULT_SUBTREE]	= "subtree",
};

#define ANY_POINT	KHO_NR_FAULTS

DECLARE_FAULT_ATTR(kho_fault_attr);

/* Any context; an enum kho_fault, or ANY_POINT. */
static unsigned int only_point = ANY_POINT;

/* Read under RCU, written by debugfs, which frees the old one; "" for any. */
static char *only_client;

static bool client_matches(const char *client)
{
	const char *only;

	guard(rcu)();
	only = rcu_dereference_raw(only_client);
	return !only || !only[0] || (client && !strcmp(client, only));
}

/**
 * kho_fault - is this to fail now?
 * @point: what is about to happen
 * @client: name of the client that it happens to, or NULL
 *
 * Context: any that may sleep.
 * Return: whether it is; the caller behaves as if it had failed by itself.
 */
bool kho_fault(enum kho_fault point, const char *client)
{
	unsigned int only = READ_ONCE(only_point);

	if ((only != ANY_POINT && only != point) || !client_matches(client) ||
	    !should_fail_ex(&kho_fault_attr, 1, FAULT_NOWARN))
		return false;

	pr_notice("fault injected: %s%s%s\n", fault_names[point],
		  client ? " of " : "", client ?: "");
	return true;
}

static int set_point(const char *name)
{
	int i = sysfs_match_string(fault_names, name);

	if (i < 0 && !sysfs_streq(name, "any"))
		return -EINVAL;
	WRITE_ONCE(only_point, i < 0 ? ANY_POINT : i);
	return 0;
}

static int point_show(struct seq_file *s, void *data)
{
	unsigned int only = READ_ONCE(only_point);

	seq_printf(s, "%s\n", only == ANY_POINT ? "any" : fault_names[only]);
	return 0;
}

static ssize_t point_write(struct file *file, const char __user *from,
			   size_t count, loff_t *pos)
{
	char name[16] = "";
	int err;

	if (count >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, count))
		return -EFAULT;
	err = set_point(name);
	return err ?: count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(point);

/* "interval,probability,space,times[,point[,client]]" */
static int __init setup_fail_kho(char *arg)
{
	char *rest = arg, *point;
	unsigned int i;

	if (!arg || !setup_fault_attr(&kho_fault_attr, arg))
		return -EINVAL;

	for (i = 0; i < 4 && rest; i++) {
		rest = strchr(rest, ',');
		if (rest)
			rest++;
	}
	point = strsep(&rest, ",");
	if (point && set_point(point))
		pr_warn("fail_kho=: no point \"%s\"\n", point);
	/* Stays until after fault_init(), which copies it. */
	only_client = rest;
	return 0;
}
early_param("fail_kho", setup_fail_kho);

static int __init fault_init(void)
{
	char *client = kstrdup(only_client ?: "", GFP_KERNEL);
	struct dentry *dir;

	if (!client)
		return -ENOMEM;
	only_client = client;

	dir = fault_create_debugfs_attr("fail_kho", NULL, &kho_fault_attr);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("point", 0600, dir, NULL, &point_fops);
	debugfs_create_str("client", 0600, dir, &only_client);
	return 0;
}
late_initcall(fault_init);
