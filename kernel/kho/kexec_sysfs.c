// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/kho/kexec: how images are loaded, and how the loaded one is.
 */
#include <linux/capability.h>
#include <linux/container_of.h>
#include <linux/kexec.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "../../kernel/kexec_internal.h"

#include "internal.h"
#include "kexec_image.h"

static const char * const verify_names[] = {
	[KHO_VERIFY_SAVE] = "save",
	[KHO_VERIFY_PURGATORY] = "purgatory",
};

static ssize_t verify_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", verify_names[READ_ONCE(kho_verify)]);
}

static ssize_t verify_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	int i = sysfs_match_string(verify_names, buf);

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (i < 0)
		return i;
	WRITE_ONCE(kho_verify, i);
	return count;
}

/* What is done with the images that are loaded from now on, or isn't. */
struct kexec_switch {
	struct kobj_attribute attr;
	bool *on;
};

static bool *switch_of(struct kobj_attribute *attr)
{
	return container_of(attr, struct kexec_switch, attr)->on;
}

static ssize_t switch_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(*switch_of(attr)));
}

static ssize_t switch_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	bool on;
	int err = kstrtobool(buf, &on);

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (err)
		return err;
	WRITE_ONCE(*switch_of(attr), on);
	return count;
}

#ifdef CONFIG_ARCH_SUPPORTS_KEXEC_IN_PLACE
static struct kexec_switch in_place = {
	__ATTR(in_place, 0600, switch_show, switch_store), &kho_in_place
};
#endif

#ifdef CONFIG_KHO_UNPACK
static struct kexec_switch unpack = {
	__ATTR(unpack, 0600, switch_show, switch_store), &kho_unpack_image
};
#endif

static int segment_show(char *buf, int at, const struct kexec_segment *segment,
			const struct kho_segment *own)
{
	return sysfs_emit_at(buf, at, "%#lx %#zx%s%s%s%s\n", segment->mem,
			     segment->memsz,
			     own->in_place ? " in-place" : " copied",
			     own->read_only ? " read-only" : "",
			     own->hashed ? " verified" : "",
			     own->unpacked ? " unpacked" : "");
}

/* One line for each segment of the image that kexec would execute. */
static ssize_t image_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	const struct kimage *image;
	unsigned int i;
	int len = 0;

	if (!kexec_trylock())
		return -EBUSY;

	image = kexec_image;
	for (i = 0; image && image->kho.segment && i < image->nr_segments; i++)
		len += segment_show(buf, len, &image->segment[i],
				    &image->kho.segment[i]);

	kexec_unlock();
	return len;
}

static struct kobj_attribute verify_attr = __ATTR(verify, 0600, verify_show,
						  verify_store);
static struct kobj_attribute image_attr = __ATTR(image, 0400, image_show, NULL);

static struct attribute *kexec_attrs[] = {
#ifdef CONFIG_ARCH_SUPPORTS_KEXEC_IN_PLACE
	&in_place.attr.attr,
#endif
#ifdef CONFIG_KHO_UNPACK
	&unpack.attr.attr,
#endif
	&verify_attr.attr,
	&image_attr.attr,
	NULL
};

static const struct attribute_group kexec_group = {
	.name = "kexec",
	.attrs = kexec_attrs,
};

/**
 * kho_kexec_sysfs_init - add the folder kexec to /sys/kernel/kho
 *
 * Context: initcall.
 * Return: 0, or -ENOMEM.
 */
int __init kho_kexec_sysfs_init(void)
{
	return sysfs_create_group(kho_kobj, &kexec_group);
}
