// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small driver whose device survives live updates. What it does, and why, is
 * explained step by step in Documentation/kho-drivers.rst.
 *
 * The device is a notebook: what is written to /dev/kho-sample is appended to
 * what is there, and all of it can be read.
 */
#include <linux/fs.h>
#include <linux/kexec_handover.h>
#include <linux/kho_fsm.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define NAME		"kho-sample"
#define ORDER		2
#define SIZE		(PAGE_SIZE << ORDER)

static bool old;
module_param(old, bool, 0444);
MODULE_PARM_DESC(old, "be the driver that knew version 1 only");

/**
 * struct notebook - the device
 * @client: its part in live updates
 * @misc: /dev/kho-sample
 * @lock: protects what follows; innermost, callbacks take it
 * @text: pages with what was written
 * @used: bytes in @text
 * @writes: how often something was written; unknown to version 1
 * @frozen: saved: nothing may change
 */
struct notebook {
	struct kho_client client;
	struct miscdevice misc;
	struct mutex lock;	/* see above */
	char *text;
	u32 used;
	u32 writes;
	bool frozen;
};

static struct notebook *of_client(struct kho_client *client)
{
	return container_of(client, struct notebook, client);
}

/* --- the device --- */

static struct notebook *of_file(struct file *file)
{
	return container_of(file->private_data, struct notebook, misc);
}

static ssize_t notebook_read(struct file *file, char __user *buf, size_t count,
			     loff_t *pos)
{
	struct notebook *nb = of_file(file);

	guard(mutex)(&nb->lock);
	return simple_read_from_buffer(buf, count, pos, nb->text, nb->used);
}

static ssize_t notebook_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *pos)
{
	struct notebook *nb = of_file(file);

	guard(mutex)(&nb->lock);
	if (nb->frozen)
		return -EBUSY;
	if (count > SIZE - nb->used)
		return -ENOSPC;
	if (copy_from_user(nb->text + nb->used, buf, count))
		return -EFAULT;

	nb->used += count;
	nb->writes++;
	return count;
}

static const struct file_operations notebook_fops = {
	.owner = THIS_MODULE,
	.read = notebook_read,
	.write = notebook_write,
};

/* --- its part in live updates --- */

static const char * const formats[] = { "kho-sample-v2", NULL };
static const char * const old_formats[] = { "kho-sample-v1", NULL };

static int notebook_prepare(struct kho_client *client, struct kho_image *image,
			    unsigned int pass)
{
	struct notebook *nb = of_client(client);

	return kho_image_set_pages(image, "text", virt_to_page(nb->text),
				   1 << ORDER);
}

static int notebook_save(struct kho_client *client, struct kho_image *image)
{
	struct notebook *nb = of_client(client);
	int err;

	guard(mutex)(&nb->lock);
	nb->frozen = true;
	kho_client_keep_device(client);

	err = kho_image_set_u32(image, "used", nb->used);
	if (!err && kho_image_format(image, formats))
		err = kho_image_set_u32(image, "writes", nb->writes);
	return err;
}

static void notebook_abort(struct kho_client *client)
{
	struct notebook *nb = of_client(client);

	guard(mutex)(&nb->lock);
	nb->frozen = false;
}

static int notebook_restore(struct kho_client *client,
			    const struct kho_image *image)
{
	struct notebook *nb = of_client(client);
	unsigned long nr_pages;
	const void *text;
	u32 used, writes = 0;
	int err;

	text = kho_image_get_pages(image, 0, "text", &nr_pages);
	if (!text)
		return -EINVAL;
	err = kho_image_get_u32(image, 0, "used", &used);
	if (!err && kho_image_format(image, formats))
		err = kho_image_get_u32(image, 0, "writes", &writes);
	if (err)
		return err;
	if (used > SIZE || used > nr_pages << PAGE_SHIFT) {
		kho_client_explain(client, "%u bytes in %lu pages", used,
				   nr_pages);
		return -EINVAL;
	}

	guard(mutex)(&nb->lock);
	memcpy(nb->text, text, used);
	nb->used = used;
	nb->writes = writes;
	return 0;
}

static const struct kho_client_ops notebook_ops = {
	.prepare = notebook_prepare,
	.save = notebook_save,
	.abort = notebook_abort,
	.restore = notebook_restore,
};

/* --- the driver --- */

static ssize_t writes_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct notebook *nb = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(nb->writes));
}
static DEVICE_ATTR_RO(writes);

static struct attribute *notebook_attrs[] = { &dev_attr_writes.attr, NULL };
ATTRIBUTE_GROUPS(notebook);

static void free_text(void *text)
{
	free_pages((unsigned long)text, ORDER);
}

static void deregister(void *misc)
{
	misc_deregister(misc);
}

static int notebook_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct notebook *nb;
	struct folio *folio;
	int err;

	nb = devm_kzalloc(dev, sizeof(*nb), GFP_KERNEL);
	if (!nb)
		return -ENOMEM;
	mutex_init(&nb->lock);
	platform_set_drvdata(pdev, nb);

	folio = kho_folio_alloc(ORDER);
	if (!folio)
		return -ENOMEM;
	nb->text = folio_address(folio);
	err = devm_add_action_or_reset(dev, free_text, nb->text);
	if (err)
		return err;

	nb->client.name = NAME;
	nb->client.compatible = old ? old_formats : formats;
	nb->client.older = old ? NULL : old_formats;
	nb->client.ops = &notebook_ops;
	err = devm_kho_client_register(dev, &nb->client);
	if (err)
		return err;

	nb->misc.minor = MISC_DYNAMIC_MINOR;
	nb->misc.name = NAME;
	nb->misc.fops = &notebook_fops;
	err = misc_register(&nb->misc);
	if (err)
		return err;
	return devm_add_action_or_reset(dev, deregister, &nb->misc);
}

/* What a device forgets when the kernel ends, unless it is left alone. */
static void notebook_shutdown(struct platform_device *pdev)
{
	dev_info(&pdev->dev, "shut down\n");
}

static struct platform_driver notebook_driver = {
	.probe = notebook_probe,
	.shutdown = notebook_shutdown,
	.driver = {
		.name = NAME,
		.dev_groups = notebook_groups,
	},
};

static struct platform_device *notebook_device;

static int __init sample_init(void)
{
	int err = platform_driver_register(&notebook_driver);

	if (err)
		return err;
	notebook_device = platform_device_register_simple(NAME,
							  PLATFORM_DEVID_NONE,
							  NULL, 0);
	if (!IS_ERR(notebook_device))
		return 0;
	platform_driver_unregister(&notebook_driver);
	return PTR_ERR(notebook_device);
}
module_init(sample_init);

static void __exit sample_exit(void)
{
	platform_device_unregister(notebook_device);
	platform_driver_unregister(&notebook_driver);
}
module_exit(sample_exit);

MODULE_DESCRIPTION("A device that survives live updates");
MODULE_LICENSE("GPL");
