// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs knobs that make the phases of a live update slow, large or fail, and
 * that tell which losses are acceptable.
 * They are part of the record, so that they act in the next kernel as well.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>

#include "internal.h"

#define POLL_MS		10

static const char * const phase_names[NSIM_KHO_NR_PHASES] = {
	[NSIM_KHO_NO_PHASE] = "none",
	[NSIM_KHO_PREPARE] = "prepare",
	[NSIM_KHO_SAVE] = "save",
	[NSIM_KHO_RESTORE] = "restore",
};

static const struct kho_field knob_fields[] = {
	KHO_FIELD("extra-kib", NSIM_KHO_EXTRA_KIB_MAX,
		  struct nsim_kho_knobs, extra_kib),
	KHO_FIELD("dirty-kib-per-s", U32_MAX, struct nsim_kho_knobs,
		  dirty_kib_per_s),
	KHO_FIELD("prepare-delay-ms", U32_MAX, struct nsim_kho_knobs,
		  delay_ms[NSIM_KHO_PREPARE]),
	KHO_FIELD("save-delay-ms", U32_MAX, struct nsim_kho_knobs,
		  delay_ms[NSIM_KHO_SAVE]),
	KHO_FIELD("restore-delay-ms", U32_MAX, struct nsim_kho_knobs,
		  delay_ms[NSIM_KHO_RESTORE]),
	KHO_FIELD("fail-phase", NSIM_KHO_NR_PHASES - 1,
		  struct nsim_kho_knobs, fail_phase),
};

/* Images of the first format don't have them. */
static const struct kho_field newer_fields[] = {
	KHO_FIELD("hold-rx", 1, struct nsim_kho_knobs, hold_rx),
	KHO_FIELD("leave-netns", 1, struct nsim_kho_knobs,
		  leave[NSIM_KHO_NETNS]),
	KHO_FIELD("leave-bpf", 1, struct nsim_kho_knobs, leave[NSIM_KHO_BPF]),
	KHO_FIELD("leave-ipsec", 1, struct nsim_kho_knobs,
		  leave[NSIM_KHO_IPSEC]),
	KHO_FIELD("leave-macsec", 1, struct nsim_kho_knobs,
		  leave[NSIM_KHO_MACSEC]),
	KHO_FIELD("leave-page", 1, struct nsim_kho_knobs,
		  leave[NSIM_KHO_PAGE]),
};

static const char * const item_names[NSIM_KHO_NR_ITEMS] = {
	[NSIM_KHO_NETNS] = "netns",
	[NSIM_KHO_BPF] = "bpf",
	[NSIM_KHO_IPSEC] = "ipsec",
	[NSIM_KHO_MACSEC] = "macsec",
	[NSIM_KHO_PAGE] = "page",
};

static ssize_t fail_phase_read(struct file *file, char __user *data,
			       size_t count, loff_t *ppos)
{
	struct nsim_kho *kho = file->private_data;
	char text[16];
	int len;

	len = scnprintf(text, sizeof(text), "%s\n",
			phase_names[READ_ONCE(kho->knobs.fail_phase)]);
	return simple_read_from_buffer(data, count, ppos, text, len);
}

static ssize_t fail_phase_write(struct file *file, const char __user *data,
				size_t count, loff_t *ppos)
{
	struct nsim_kho *kho = file->private_data;
	char text[16] = {};
	int phase;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, data, count))
		return -EFAULT;

	phase = sysfs_match_string(phase_names, text);
	if (phase < 0) {
		pr_err("%s: fail_phase is one of: none prepare save restore\n",
		       kho->name);
		return phase;
	}
	WRITE_ONCE(kho->knobs.fail_phase, phase);
	return count;
}

static const struct file_operations fail_phase_fops = {
	.open = simple_open,
	.read = fail_phase_read,
	.write = fail_phase_write,
	.llseek = generic_file_llseek,
	.owner = THIS_MODULE,
};

static ssize_t hold_rx_read(struct file *file, char __user *data, size_t count,
			    loff_t *ppos)
{
	struct nsim_kho *kho = file->private_data;
	const char *text = READ_ONCE(kho->knobs.hold_rx) ? "Y\n" : "N\n";

	return simple_read_from_buffer(data, count, ppos, text, 2);
}

static ssize_t hold_rx_write(struct file *file, const char __user *data,
			     size_t count, loff_t *ppos)
{
	struct nsim_kho *kho = file->private_data;
	bool hold;
	int err;

	err = kstrtobool_from_user(data, count, &hold);
	if (err)
		return err;

	rtnl_lock();
	WRITE_ONCE(kho->knobs.hold_rx, hold);
	nsim_kho_resume_rx(kho);
	rtnl_unlock();
	return count;
}

static const struct file_operations hold_rx_fops = {
	.open = simple_open,
	.read = hold_rx_read,
	.write = hold_rx_write,
	.llseek = generic_file_llseek,
	.owner = THIS_MODULE,
};

DEFINE_SHOW_ATTRIBUTE(nsim_kho_lost);
DEFINE_SHOW_ATTRIBUTE(nsim_kho_lost_before);

static void create_leave_files(struct nsim_kho_knobs *knobs,
			       struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("leave_behind", parent);
	int i;

	for (i = 0; i < NSIM_KHO_NR_ITEMS; i++)
		debugfs_create_bool(item_names[i], 0600, dir,
				    &knobs->leave[i]);
}

static void create_files(struct nsim_kho *kho, struct dentry *parent)
{
	struct nsim_kho_knobs *knobs = &kho->knobs;
	struct dentry *dir = debugfs_create_dir("kho", parent);

	debugfs_create_u32("extra_kib", 0600, dir, &knobs->extra_kib);
	debugfs_create_u32("dirty_kib_per_s", 0600, dir,
			   &knobs->dirty_kib_per_s);
	debugfs_create_u32("prepare_delay_ms", 0600, dir,
			   &knobs->delay_ms[NSIM_KHO_PREPARE]);
	debugfs_create_u32("save_delay_ms", 0600, dir,
			   &knobs->delay_ms[NSIM_KHO_SAVE]);
	debugfs_create_u32("restore_delay_ms", 0600, dir,
			   &knobs->delay_ms[NSIM_KHO_RESTORE]);
	debugfs_create_file("fail_phase", 0600, dir, kho, &fail_phase_fops);
	debugfs_create_file("hold_rx", 0600, dir, kho, &hold_rx_fops);
	debugfs_create_file("lost", 0400, dir, kho, &nsim_kho_lost_fops);
	debugfs_create_file("lost_before", 0400, dir, kho,
			    &nsim_kho_lost_before_fops);
	create_leave_files(knobs, dir);
}

/**
 * nsim_kho_debugfs_init - add the knobs to a device's debugfs folder
 * @nsim_dev: the device, being probed
 *
 * They go away with the folder.
 */
void nsim_kho_debugfs_init(struct nsim_dev *nsim_dev)
{
	if (nsim_dev->kho)
		create_files(nsim_dev->kho, nsim_dev->ddir);
}

/**
 * nsim_kho_knobs_stand_in - show the knobs where the device would
 * @kho: client without a device: its restore failed, or was rolled back
 *
 * Context: may sleep.
 */
void nsim_kho_knobs_stand_in(struct nsim_kho *kho)
{
	kho->stand_in = debugfs_create_dir(kho->name, nsim_dev_debugfs_root());
	create_files(kho, kho->stand_in);
}

/**
 * nsim_kho_knobs_step_aside - make way for the device's own folder
 * @kho: client
 *
 * Context: may sleep.
 */
void nsim_kho_knobs_step_aside(struct nsim_kho *kho)
{
	debugfs_remove_recursive(kho->stand_in);
	kho->stand_in = NULL;
}

/**
 * nsim_kho_save_knobs - write the knobs to the record
 * @kho: client
 * @image: outgoing image
 *
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_knobs(struct nsim_kho *kho, struct kho_image *image)
{
	int err = kho_image_enter(image, "kho");

	if (err)
		return err;
	err = kho_image_set_fields(image, knob_fields, ARRAY_SIZE(knob_fields),
				   &kho->knobs);
	if (!err && !nsim_kho_first_format(image))
		err = kho_image_set_fields(image, newer_fields,
					   ARRAY_SIZE(newer_fields),
					   &kho->knobs);
	kho_image_leave(image);
	return err;
}

/**
 * nsim_kho_read_knobs - take the knobs from the record
 * @kho: client of the image
 * @image: incoming image
 *
 * Once only: what is written to them in this kernel counts more.
 */
void nsim_kho_read_knobs(struct nsim_kho *kho, const struct kho_image *image)
{
	int node = kho_image_find(image, 0, "kho");

	kho->in.image = image;
	nsim_kho_restore_fields(kho, node, "knobs", knob_fields,
				ARRAY_SIZE(knob_fields), &kho->knobs);
	if (!nsim_kho_first_format(image))
		nsim_kho_restore_fields(kho, node, "knobs", newer_fields,
					ARRAY_SIZE(newer_fields), &kho->knobs);
	kho->in.image = NULL;
}

/**
 * nsim_kho_obey - take long, or fail, as the knobs say
 * @kho: client
 * @phase: the phase that is about to succeed
 *
 * Context: callback of the client; sleeps.
 * Return: 0; -ECANCELED if the user has lost patience; -EIO.
 */
int nsim_kho_obey(struct nsim_kho *kho, enum nsim_kho_phase phase)
{
	unsigned long end = jiffies +
		msecs_to_jiffies(READ_ONCE(kho->knobs.delay_ms[phase]));

	while (time_before(jiffies, end)) {
		if (kho_client_cancelled(&kho->client)) {
			kho_client_explain(&kho->client, "cancelled");
			return -ECANCELED;
		}
		msleep(POLL_MS);
	}

	if (READ_ONCE(kho->knobs.fail_phase) == phase) {
		kho_client_explain(&kho->client, "fail_phase is set to %s",
				   phase_names[phase]);
		return -EIO;
	}
	return 0;
}
