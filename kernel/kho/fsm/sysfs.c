// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine in /sys/kernel/kho: read where it is, write a command.
 */
#include <linux/capability.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/libfdt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#define CREATE_TRACE_POINTS
#include <trace/events/kho.h>

#include "../internal.h"
#include "internal.h"

/* /sys/kernel/kho/clients */
static struct kobject *clients_kobj;

static int command_of(const char *buf)
{
	int command = __sysfs_match_string(kho_command_names,
					   KHO_NR_USER_COMMANDS, buf);

	return command < 0 ? -EINVAL : command;
}

static ssize_t give_command(struct kho_node *target, const char *buf,
			    size_t count)
{
	int command = command_of(buf), err;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (command < 0)
		return command;

	err = kho_machine_command(&kho_machine, target, command);
	return err ?: count;
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  kho_state_names[READ_ONCE(kho_machine.state)]);
}

static ssize_t state_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	return give_command(NULL, buf, count);
}

static ssize_t active_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  READ_ONCE(kho_machine.state) == KHO_SAVED);
}

static ssize_t active_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (err)
		return err;
	err = give_command(NULL, kho_command_names[on ? KHO_CMD_SAVE :
						   KHO_CMD_ABORT], count);
	return err;
}

static ssize_t last_error_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	int len;

	spin_lock(&kho_machine.error_lock);
	len = sysfs_emit(buf, "%s\n", kho_machine.error);
	spin_unlock(&kho_machine.error_lock);
	return len;
}

static ssize_t timeline_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return kho_timeline_show(&kho_machine, buf);
}

/* What goes out can be called off when it is late. */
static const enum kho_op with_deadline[] = { KHO_OP_PREPARE, KHO_OP_SAVE };

static ssize_t show_deadlines(const unsigned int *deadline_ms, char *buf)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < ARRAY_SIZE(with_deadline); i++)
		len += sysfs_emit_at(buf, len, "%s %u\n",
				     kho_op_names[with_deadline[i]],
				     READ_ONCE(deadline_ms[with_deadline[i]]));
	return len;
}

/* "save 200": the phase, and milliseconds; 0 for none. */
static ssize_t store_deadline(unsigned int *deadline_ms, const char *buf,
			      size_t count)
{
	unsigned int i, ms;
	char phase[16];

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (sscanf(buf, "%15s %u", phase, &ms) != 2)
		return -EINVAL;

	for (i = 0; i < ARRAY_SIZE(with_deadline); i++) {
		enum kho_op op = with_deadline[i];

		if (strcmp(phase, kho_op_names[op]))
			continue;
		WRITE_ONCE(deadline_ms[op], ms);
		return count;
	}
	return -EINVAL;
}

static ssize_t deadline_ms_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return show_deadlines(kho_machine.deadline_ms, buf);
}

static ssize_t deadline_ms_store(struct kobject *kobj,
				 struct kobj_attribute *attr, const char *buf,
				 size_t count)
{
	return store_deadline(kho_machine.deadline_ms, buf, count);
}

static ssize_t downtime_limit_us_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(kho_machine.downtime_limit_us));
}

static ssize_t downtime_limit_us_store(struct kobject *kobj,
				       struct kobj_attribute *attr,
				       const char *buf, size_t count)
{
	u64 limit;
	int err;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	err = kstrtou64(buf, 0, &limit);
	if (err)
		return err;
	WRITE_ONCE(kho_machine.downtime_limit_us, limit);
	return count;
}

static ssize_t unreadable_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	enum kho_unreadable now = READ_ONCE(kho_machine.unreadable);

	return sysfs_emit(buf, "%s\n", kho_unreadable_names[now]);
}

static ssize_t unreadable_store(struct kobject *kobj,
				struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	int i = sysfs_match_string(kho_unreadable_names, buf);

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (i < 0)
		return i;
	WRITE_ONCE(kho_machine.unreadable, i);
	return count;
}

static ssize_t predicted_us_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	struct kho_prediction p;

	scoped_guard(mutex, &kho_machine.lock)
		kho_predict(&kho_machine, &p);
	return sysfs_emit(buf, "save %llu\nkexec %llu\nrestore %llu\ntotal %llu\n",
			  p.save_us, p.kexec_us, p.restore_us, p.total_us);
}

static struct kobj_attribute limit_attr =
	__ATTR(downtime_limit_us, 0600, downtime_limit_us_show,
	       downtime_limit_us_store);
static struct kobj_attribute unreadable_attr =
	__ATTR(unreadable, 0600, unreadable_show, unreadable_store);
static struct kobj_attribute predicted_attr =
	__ATTR(predicted_us, 0400, predicted_us_show, NULL);
static struct kobj_attribute deadline_attr =
	__ATTR(deadline_ms, 0600, deadline_ms_show, deadline_ms_store);
static struct kobj_attribute state_attr = __ATTR(state, 0600, state_show,
						 state_store);
static struct kobj_attribute active_attr = __ATTR(active, 0600, active_show,
						  active_store);
static struct kobj_attribute last_error_attr =
	__ATTR(last_error, 0400, last_error_show, NULL);
static struct kobj_attribute timeline_attr = __ATTR(timeline, 0400,
						    timeline_show, NULL);

static struct attribute *machine_attrs[] = {
	&state_attr.attr,
	&active_attr.attr,
	&last_error_attr.attr,
	&timeline_attr.attr,
	&deadline_attr.attr,
	&limit_attr.attr,
	&unreadable_attr.attr,
	&predicted_attr.attr,
	NULL
};

static const struct attribute_group machine_group = {
	.attrs = machine_attrs,
};

static struct kho_node *node_of(struct kobject *kobj)
{
	return container_of(kobj, struct kho_node, kobj);
}

static ssize_t node_state_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  kho_state_names[READ_ONCE(node_of(kobj)->state)]);
}

static ssize_t node_state_store(struct kobject *kobj,
				struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	return give_command(node_of(kobj), buf, count);
}

static ssize_t save_as_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	guard(mutex)(&kho_machine.lock);
	return sysfs_emit(buf, "%s\n", node_of(kobj)->save_as ?: "");
}

static ssize_t save_as_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	int err;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (!kho_machine_lock(&kho_machine))
		return -EBUSY;
	err = kho_node_save_as(node_of(kobj), buf);
	mutex_unlock(&kho_machine.lock);
	return err ?: count;
}

static ssize_t node_deadline_ms_show(struct kobject *kobj,
				     struct kobj_attribute *attr, char *buf)
{
	return show_deadlines(node_of(kobj)->deadline_ms, buf);
}

static ssize_t node_deadline_ms_store(struct kobject *kobj,
				      struct kobj_attribute *attr,
				      const char *buf, size_t count)
{
	return store_deadline(node_of(kobj)->deadline_ms, buf, count);
}

static ssize_t node_timeline_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	struct kho_node *node = node_of(kobj);

	guard(mutex)(&kho_machine.lock);
	return node->machine ? kho_timeline_show_node(node, buf) : 0;
}

static ssize_t pass_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(node_of(kobj)->pass));
}

static ssize_t bytes_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(node_of(kobj)->bytes));
}

static ssize_t dirty_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(node_of(kobj)->dirty));
}

static ssize_t prepare_us_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", node_of(kobj)->us[KHO_OP_PREPARE]);
}

static ssize_t save_us_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llu\n", node_of(kobj)->us[KHO_OP_SAVE]);
}

static ssize_t restore_us_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", node_of(kobj)->us[KHO_OP_RESTORE]);
}

/* An incoming image says it itself, an image to come will have the client's. */
static ssize_t compatible_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	struct kho_node *node = node_of(kobj);
	const char * const *client;
	const char *format;
	int len = 0, i = 0;

	guard(mutex)(&kho_machine.lock);

	client = node->client ? node->client->compatible : NULL;
	for (;; i++) {
		if (node->image && !node->image->broken)
			format = fdt_stringlist_get(node->image->fdt, 0,
						    "compatible", i, NULL);
		else
			format = client ? client[i] : NULL;
		if (!format)
			break;
		len += sysfs_emit_at(buf, len, "%s\n", format);
	}
	return len;
}

/* Whom the client names, whether they are there or not. */
static ssize_t providers_show(struct kobject *kobj,
			      struct kobj_attribute *attr, char *buf)
{
	struct kho_node *node = node_of(kobj);
	const char * const *after;
	int len = 0;

	guard(mutex)(&kho_machine.lock);

	after = node->client ? node->client->after : NULL;
	for (; after && *after; after++)
		len += sysfs_emit_at(buf, len, "%s\n", *after);
	return len;
}

/* Empty while there is none. */
static ssize_t image_read(struct file *file, struct kobject *kobj,
			  struct bin_attribute *attr, char *buf, loff_t pos,
			  size_t count)
{
	const struct kho_image *image;

	guard(mutex)(&kho_machine.lock);

	image = node_of(kobj)->image;
	if (!image || image->broken)
		return 0;
	return memory_read_from_buffer(buf, count, &pos, image->fdt,
				       fdt_totalsize(image->fdt));
}

static struct kobj_attribute node_state_attr =
	__ATTR(state, 0600, node_state_show, node_state_store);
static struct kobj_attribute node_deadline_attr =
	__ATTR(deadline_ms, 0600, node_deadline_ms_show,
	       node_deadline_ms_store);
static struct kobj_attribute save_as_attr =
	__ATTR(save_as, 0600, save_as_show, save_as_store);
static struct kobj_attribute node_timeline_attr =
	__ATTR(timeline, 0400, node_timeline_show, NULL);
static struct kobj_attribute pass_attr = __ATTR(pass, 0400, pass_show, NULL);
static struct kobj_attribute bytes_attr = __ATTR(bytes, 0400, bytes_show, NULL);
static struct kobj_attribute dirty_attr = __ATTR(dirty, 0400, dirty_show, NULL);
static struct kobj_attribute prepare_us_attr =
	__ATTR(prepare_us, 0400, prepare_us_show, NULL);
static struct kobj_attribute save_us_attr =
	__ATTR(save_us, 0400, save_us_show, NULL);
static struct kobj_attribute restore_us_attr =
	__ATTR(restore_us, 0400, restore_us_show, NULL);
static struct kobj_attribute compatible_attr =
	__ATTR(compatible, 0400, compatible_show, NULL);
static struct kobj_attribute providers_attr =
	__ATTR(providers, 0400, providers_show, NULL);
static struct bin_attribute image_attr = {
	.attr = { .name = "image", .mode = 0400 },
	.read = image_read,
};

static struct attribute *node_attrs[] = {
	&node_state_attr.attr,
	&node_deadline_attr.attr,
	&save_as_attr.attr,
	&node_timeline_attr.attr,
	&pass_attr.attr,
	&bytes_attr.attr,
	&dirty_attr.attr,
	&prepare_us_attr.attr,
	&save_us_attr.attr,
	&restore_us_attr.attr,
	&compatible_attr.attr,
	&providers_attr.attr,
	NULL
};

static struct bin_attribute *node_bin_attrs[] = {
	&image_attr,
	NULL
};

static const struct attribute_group node_group = {
	.attrs = node_attrs,
	.bin_attrs = node_bin_attrs,
};

static const struct attribute_group *node_groups[] = {
	&node_group,
	NULL
};

static void node_release(struct kobject *kobj)
{
	struct kho_node *node = node_of(kobj);

	kfree(node->name);
	kfree_rcu(node, rcu);
}

const struct kobj_type kho_node_type = {
	.release = node_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = node_groups,
};

/**
 * kho_node_show - show a node in clients/
 * @node: the node; only those of the system's own machine are shown
 *
 * Context: may sleep.
 * Return: 0, or the error of sysfs.
 */
int kho_node_show(struct kho_node *node)
{
	if (!node->machine->global)
		return 0;
	return kobject_add(&node->kobj, clients_kobj, "%s", node->name);
}

/**
 * kho_node_changed - tell who watches that a client's state has changed
 * @node: the client
 * @old: its state before
 *
 * Context: may sleep.
 */
void kho_node_changed(struct kho_node *node, enum kho_state old)
{
	trace_kho_state(node, node->name, old, node->state);
	if (node->machine->global)
		sysfs_notify(&node->kobj, NULL, "state");
}

/**
 * kho_machine_changed - tell who watches that the whole's state has changed
 * @m: the machine
 * @old: its state before
 *
 * Context: may sleep.
 */
void kho_machine_changed(struct kho_machine *m, enum kho_state old)
{
	char state[32];
	char *env[] = { state, NULL };

	trace_kho_state(NULL, "kho", old, m->state);
	if (!m->global || !clients_kobj)
		return;

	snprintf(state, sizeof(state), "KHO_STATE=%s",
		 kho_state_names[m->state]);
	sysfs_notify(kho_kobj, NULL, "state");
	kobject_uevent_env(kho_kobj, KOBJ_CHANGE, env);
}

/**
 * kho_fsm_sysfs_init - make the files of the state machine
 *
 * Context: initcall.
 * Return: 0, or -ENOMEM.
 */
int __init kho_fsm_sysfs_init(void)
{
	clients_kobj = kobject_create_and_add("clients", kho_kobj);
	if (!clients_kobj)
		return -ENOMEM;
	return sysfs_create_group(kho_kobj, &machine_group);
}
