// SPDX-License-Identifier: GPL-2.0-only
/*
 * Brings the core up, once memory can be allocated.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/printk.h>

#include "internal.h"

struct kobject *kho_kobj;

/*
 * A child of /sys/kernel has no kset, and without one there are no uevents.
 * This one is not registered: it only names the subsystem.
 */
static struct kset kho_kset;

static void kho_kobj_release(struct kobject *kobj)
{
}

static const struct kobj_type kho_kobj_type = {
	.release = kho_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
};

static struct kobject kho_kobj_storage;

static int __init kho_kobj_init(void)
{
	int err;

	kset_init(&kho_kset);
	err = kobject_set_name(&kho_kset.kobj, "kho");
	if (err)
		return err;

	kho_kobj_storage.kset = &kho_kset;
	err = kobject_init_and_add(&kho_kobj_storage, &kho_kobj_type,
				   kernel_kobj, "kho");
	if (err)
		return err;

	kho_kobj = &kho_kobj_storage;
	return 0;
}

/* Under UML there is nothing to switch on: tests want it always. */
static bool __init wanted(void)
{
	return !IS_ENABLED(CONFIG_KEXEC_HANDOVER) || kho_is_enabled();
}

/* Early enough for drivers, which may ask for their images at any initcall. */
static int __init kho_init(void)
{
	int err;

	if (!wanted())
		return 0;

	kho_scratch_release();
	kho_debugfs_init();
	kho_in_drop_seal();
	kho_metadata_receive();

	err = kho_out_init();
	if (!err)
		err = kho_metadata_add();
	if (!err)
		err = kho_kobj_init();
	if (!err)
		kho_debugfs_show_root(kho_out_fdt());
	if (!err)
		err = kho_sysfs_init();
	if (err)
		pr_err("initialization failed: %d\n", err);
	return err;
}
postcore_initcall(kho_init);

/* As late as can be: where the console is a device, nobody would see why. */
static int __init stop_if_lost(void)
{
	kho_check_lost();
	return 0;
}
late_initcall_sync(stop_if_lost);
