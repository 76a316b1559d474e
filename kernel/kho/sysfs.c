// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core in sysfs: the FDTs, and where scratch is.
 */
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/kobject.h>
#include <linux/libfdt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"
#include "kexec_image.h"
#include "root_fdt.h"

static ssize_t dt_read(struct file *file, struct kobject *kobj,
		       struct bin_attribute *attr, char *buf, loff_t pos,
		       size_t count)
{
	const void *fdt = attr->private ?: kho_out_fdt();

	return memory_read_from_buffer(buf, count, &pos, fdt,
				       fdt_totalsize(fdt));
}

/* Another kernel's FDT is in one place, ours in another; both are a page. */
static struct bin_attribute dt_out_attr = {
	.attr = { .name = "dt", .mode = 0400 },
	.read = dt_read,
};

static struct bin_attribute dt_in_attr = {
	.attr = { .name = "dt", .mode = 0400 },
	.read = dt_read,
};

static ssize_t dt_max_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%lu\n", KHO_ROOT_SIZE);
}

static ssize_t scratch_phys_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < kho_scratch_cnt; i++)
		len += sysfs_emit_at(buf, len, "%#llx\n",
				     (u64)kho_scratch[i].addr);
	return len;
}

static ssize_t scratch_len_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < kho_scratch_cnt; i++)
		len += sysfs_emit_at(buf, len, "%#llx\n",
				     (u64)kho_scratch[i].size);
	return len;
}

static ssize_t scratch_short_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", kho_scratch_short);
}

static ssize_t incoming_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	if (kho_lost_because())
		return sysfs_emit(buf, "lost: %s\n", kho_lost_because());
	return sysfs_emit(buf, "%s\n", kho_in_fdt() ? "received" : "none");
}

static ssize_t kexec_count_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", kho_kexec_count());
}

struct page_of_text {
	char *buf;
	int len;
};

static void show_subtree(const char *name, u64 size, void *data)
{
	struct page_of_text *text = data;

	text->len += sysfs_emit_at(text->buf, text->len, "%s %llu\n", name,
				   size);
}

static ssize_t unclaimed_show(struct kobject *kobj,
			      struct kobj_attribute *attr, char *buf)
{
	struct page_of_text text = { .buf = buf };

	kho_in_each_pending(show_subtree, &text);
	return text.len;
}

static ssize_t unclaimed_store(struct kobject *kobj,
			       struct kobj_attribute *attr, const char *buf,
			       size_t count)
{
	char *name __free(kfree) = kstrndup(buf, count, GFP_KERNEL);

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (!name)
		return -ENOMEM;
	return kho_in_discard(strim(name)) ?: count;
}

static struct kobj_attribute dt_max_attr = __ATTR(dt_max, 0400, dt_max_show,
						  NULL);
static struct kobj_attribute scratch_phys_attr =
	__ATTR(scratch_phys, 0400, scratch_phys_show, NULL);
static struct kobj_attribute scratch_len_attr =
	__ATTR(scratch_len, 0400, scratch_len_show, NULL);

static struct kobj_attribute scratch_short_attr =
	__ATTR(scratch_short, 0400, scratch_short_show, NULL);
static struct kobj_attribute incoming_attr = __ATTR(incoming, 0400,
						    incoming_show, NULL);
static struct kobj_attribute kexec_count_attr = __ATTR(kexec_count, 0400,
						       kexec_count_show, NULL);

static struct kobj_attribute unclaimed_attr =
	__ATTR(unclaimed, 0600, unclaimed_show, unclaimed_store);

static struct attribute *core_attrs[] = {
	&dt_max_attr.attr,
	&incoming_attr.attr,
	&kexec_count_attr.attr,
	&scratch_phys_attr.attr,
	&scratch_len_attr.attr,
	&scratch_short_attr.attr,
	&unclaimed_attr.attr,
	NULL
};

static struct bin_attribute *core_bin_attrs[] = {
	&dt_out_attr,
	NULL
};

static const struct attribute_group core_group = {
	.attrs = core_attrs,
	.bin_attrs = core_bin_attrs,
};

static int __init show_incoming(void)
{
	struct kobject *kobj;
	int err;

	if (!kho_in_fdt())
		return 0;

	kobj = kobject_create_and_add("kho", firmware_kobj);
	if (!kobj)
		return -ENOMEM;

	dt_in_attr.private = (void *)kho_in_fdt();
	err = sysfs_create_bin_file(kobj, &dt_in_attr);
	if (err)
		kobject_put(kobj);
	return err;
}

/**
 * kho_sysfs_init - show the core in /sys/kernel/kho and /sys/firmware/kho
 *
 * Context: initcall.
 * Return: 0, or -ENOMEM.
 */
int __init kho_sysfs_init(void)
{
	int err = sysfs_create_group(kho_kobj, &core_group);

	if (!err)
		err = kho_kexec_sysfs_init();
	return err ?: show_incoming();
}
