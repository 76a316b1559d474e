// SPDX-License-Identifier: GPL-2.0-only
/*
 * One client of the state machine for each netdevsim device, and for each
 * device that an image of the previous kernel describes.
 */
#include <linux/device.h>
#include <linux/init.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "internal.h"

/* Whether clients come and go; outermost, no callback takes it. */
static DEFINE_MUTEX(life_lock);
/* Protects the list; writers hold life_lock, too. Innermost. */
static DEFINE_MUTEX(list_lock);
static LIST_HEAD(clients);
/* The module is about to go; protected by life_lock. */
static bool closing;

/* The first one has no place for received frames. */
#define FIRST_FORMAT	"netdevsim-v1"
#define FORMAT		"netdevsim-v2"

static const char * const formats[] = { FORMAT, NULL };
static const char * const older_formats[] = { FIRST_FORMAT, NULL };
const char * const nsim_kho_readable[] = { FORMAT, FIRST_FORMAT, NULL };

/**
 * nsim_kho_first_format - does an image have the first format?
 * @image: incoming or outgoing image
 *
 * Return: whether it does.
 */
bool nsim_kho_first_format(const struct kho_image *image)
{
	return kho_image_format(image, older_formats);
}

/**
 * nsim_kho_find - find a client
 * @id: of the bus device
 *
 * Context: nsim_kho_lock() held, or the device is being probed.
 * Return: the client, or NULL.
 */
struct nsim_kho *nsim_kho_find(unsigned int id)
{
	struct nsim_kho *kho;

	guard(mutex)(&list_lock);
	list_for_each_entry(kho, &clients, list)
		if (kho->id == id)
			return kho;
	return NULL;
}

/**
 * nsim_kho_hold - lock a client's device
 * @kho: client
 *
 * Context: callback of the client; takes device_lock and devl_lock.
 * Return: the device; NULL, and nothing locked, if it has no driver.
 */
struct nsim_dev *nsim_kho_hold(struct nsim_kho *kho)
{
	struct nsim_dev *nsim_dev;

	if (!kho->bus_dev)
		return NULL;
	device_lock(&kho->bus_dev->dev);
	nsim_dev = dev_get_drvdata(&kho->bus_dev->dev);
	if (!nsim_dev) {
		device_unlock(&kho->bus_dev->dev);
		return NULL;
	}
	devl_lock(priv_to_devlink(nsim_dev));
	return nsim_dev;
}

/**
 * nsim_kho_release - unlock a client's device
 * @kho: client
 * @nsim_dev: what nsim_kho_hold() returned
 */
void nsim_kho_release(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	if (!nsim_dev)
		return;
	devl_unlock(priv_to_devlink(nsim_dev));
	device_unlock(&kho->bus_dev->dev);
}

static struct nsim_kho *to_nsim_kho(struct kho_client *client)
{
	return container_of(client, struct nsim_kho, client);
}

static int no_driver(struct nsim_kho *kho)
{
	kho_client_explain(&kho->client, "device has no driver");
	return -ENODEV;
}

/* Also tells how much a save would have to write now. */
static int prepare_device(struct nsim_kho *kho, struct kho_image *image,
			  u64 *dirty)
{
	struct nsim_dev *nsim_dev = nsim_kho_hold(kho);
	int err;

	if (!nsim_dev)
		return no_driver(kho);

	rtnl_lock();
	err = nsim_kho_refuse(kho, nsim_dev);
	if (!err) {
		nsim_kho_note_lost(kho, nsim_dev);
		WRITE_ONCE(kho->watched, true);
		err = nsim_kho_save_device(kho, nsim_dev, image);
	}
	rtnl_unlock();
	*dirty = nsim_kho_rx_dirty(nsim_dev);
	nsim_kho_release(kho, nsim_dev);
	return err;
}

static int client_prepare(struct kho_client *client, struct kho_image *image,
			  unsigned int pass)
{
	struct nsim_kho *kho = to_nsim_kho(client);
	u64 dirty;
	int err;

	if (pass == 1) {
		kho->extra.written = 0;
		nsim_kho_pages_free(&kho->rx);
		nsim_kho_lost_clear(kho);
	}

	nsim_kho_lost_again(kho);
	err = prepare_device(kho, image, &dirty);
	if (!err)
		err = nsim_kho_save_extra(kho, image);
	if (!err)
		err = nsim_kho_obey(kho, NSIM_KHO_PREPARE);
	if (err)
		return err;

	nsim_kho_lost_warn(kho);
	kho_client_set_dirty(client, dirty + nsim_kho_extra_dirty(kho));
	return 0;
}

static int save_device(struct nsim_kho *kho, struct kho_image *image)
{
	struct nsim_dev *nsim_dev = nsim_kho_hold(kho);
	int err;

	if (!nsim_dev)
		return no_driver(kho);

	nsim_kho_lost_again(kho);
	err = nsim_kho_freeze(kho, nsim_dev);
	if (!err) {
		rtnl_lock();
		/* What is changed without rtnl may have been on its way. */
		err = nsim_kho_refuse(kho, nsim_dev);
		if (!err) {
			nsim_kho_note_lost(kho, nsim_dev);
			err = nsim_kho_save_device(kho, nsim_dev, image);
		}
		rtnl_unlock();
	}
	nsim_kho_release(kho, nsim_dev);
	return err;
}

static int client_save(struct kho_client *client, struct kho_image *image)
{
	struct nsim_kho *kho = to_nsim_kho(client);
	int err;

	err = save_device(kho, image);
	if (!err)
		err = nsim_kho_save_extra(kho, image);
	if (!err)
		err = nsim_kho_obey(kho, NSIM_KHO_SAVE);
	if (err)
		return err;

	nsim_kho_lost_warn(kho);
	return 0;
}

static void client_abort(struct kho_client *client)
{
	struct nsim_kho *kho = to_nsim_kho(client);

	if (kho->restored) {
		nsim_kho_rollback(kho);
		return;
	}
	WRITE_ONCE(kho->watched, false);
	nsim_kho_thaw(kho);
	kho_client_set_dirty(client, 0);
}

static int client_restore(struct kho_client *client,
			  const struct kho_image *image)
{
	return nsim_kho_restore(to_nsim_kho(client), image);
}

static void free_orphans(struct work_struct *unused);
static DECLARE_WORK(orphans_work, free_orphans);

static void client_finish(struct kho_client *client)
{
	struct nsim_kho *kho = to_nsim_kho(client);

	kho->restored = false;
	if (kho->bus_dev)
		return;
	/* Its image is given up. A callback may not unregister it. */
	WRITE_ONCE(kho->orphan, true);
	schedule_work(&orphans_work);
}

static const struct kho_client_ops client_ops = {
	.prepare = client_prepare,
	.save = client_save,
	.abort = client_abort,
	.restore = client_restore,
	.finish = client_finish,
};

static struct nsim_kho *alloc_client(unsigned int id)
{
	struct nsim_kho *kho = kzalloc(sizeof(*kho), GFP_KERNEL);

	lockdep_assert_held(&life_lock);

	if (!kho)
		return NULL;
	kho->id = id;
	snprintf(kho->name, sizeof(kho->name), DRV_NAME "%u", id);
	kho->client.name = kho->name;
	kho->client.compatible = formats;
	kho->client.older = older_formats;
	kho->client.ops = &client_ops;
	mutex_init(&kho->lost_lock);
	INIT_LIST_HEAD(&kho->lost);
	INIT_LIST_HEAD(&kho->parked);

	guard(mutex)(&list_lock);
	list_add_tail(&kho->list, &clients);
	return kho;
}

static void unregister_client(struct nsim_kho *kho)
{
	lockdep_assert_held(&life_lock);

	if (kho->registered)
		kho_client_unregister(&kho->client);
	kho->registered = false;
}

static void free_client(struct nsim_kho *kho)
{
	lockdep_assert_held(&life_lock);

	scoped_guard(mutex, &list_lock)
		list_del(&kho->list);
	nsim_kho_knobs_step_aside(kho);
	nsim_kho_unreserve(kho);
	nsim_kho_free_extra(kho);
	nsim_kho_pages_free(&kho->rx);
	nsim_kho_free_parked(kho);
	nsim_kho_lost_clear(kho);
	kfree(kho->lost_before);
	kfree(kho);
}

/**
 * nsim_kho_lock - keep clients from coming and going
 *
 * Context: outermost; may sleep.
 */
void nsim_kho_lock(void)
{
	mutex_lock(&life_lock);
}

/**
 * nsim_kho_unlock - let clients come and go
 */
void nsim_kho_unlock(void)
{
	mutex_unlock(&life_lock);
}

/* Clients that have neither a device nor an image to make one of. */
static void free_orphans(struct work_struct *unused)
{
	struct nsim_kho *kho, *tmp;

	guard(mutex)(&life_lock);
	list_for_each_entry_safe(kho, tmp, &clients, list) {
		if (!READ_ONCE(kho->orphan))
			continue;
		unregister_client(kho);
		free_client(kho);
	}
}

/**
 * nsim_kho_create - make a client for a device that is about to be created
 * @id: of the device
 *
 * Context: nsim_kho_lock() held; may sleep.
 * Return: 0; -EEXIST while an image of such a device waits; -ENOSPC, as the
 * bus says it, if the ID is in use; -EBUSY if the module goes; -ENOMEM.
 */
int nsim_kho_create(unsigned int id)
{
	struct nsim_kho *kho = nsim_kho_find(id);
	char name[sizeof(kho->name)];

	if (closing)
		return -EBUSY;
	if (kho && kho->bus_dev)
		return -ENOSPC;

	snprintf(name, sizeof(name), DRV_NAME "%u", id);
	if (kho_image_waits(name)) {
		pr_err("%s: its image of the previous kernel waits: %sdiscard it first\n",
		       name, kho ? "restore or " : "");
		return -EEXIST;
	}
	if (kho) {
		/* Its image has been discarded. */
		unregister_client(kho);
		free_client(kho);
	}
	return alloc_client(id) ? 0 : -ENOMEM;
}

/**
 * nsim_kho_register - let a new device take part in live updates
 * @id: of the device
 * @nsim_bus_dev: the device
 *
 * Context: nsim_kho_lock() held, and none that a callback takes; may sleep.
 * Return: as kho_client_register().
 */
int nsim_kho_register(unsigned int id, struct nsim_bus_dev *nsim_bus_dev)
{
	struct nsim_kho *kho = nsim_kho_find(id);
	int err;

	kho->bus_dev = nsim_bus_dev;
	err = kho_client_register(&kho->client);
	kho->registered = !err;
	return err;
}

/**
 * nsim_kho_unregister - a device is about to be deleted
 * @id: of the device
 *
 * Context: nsim_kho_lock() held, and none that a callback takes; may sleep.
 */
void nsim_kho_unregister(unsigned int id)
{
	struct nsim_kho *kho = nsim_kho_find(id);

	if (kho)
		unregister_client(kho);
}

/**
 * nsim_kho_destroy - a device has been deleted
 * @id: of the device
 *
 * Context: nsim_kho_lock() held; may sleep.
 */
void nsim_kho_destroy(unsigned int id)
{
	struct nsim_kho *kho = nsim_kho_find(id);

	if (kho)
		free_client(kho);
}

/**
 * nsim_kho_probe - connect a device with its client
 * @nsim_dev: device that is being probed
 *
 * Context: device_lock and devl_lock held; may sleep.
 */
void nsim_kho_probe(struct nsim_dev *nsim_dev)
{
	nsim_dev->kho = nsim_kho_find(nsim_dev->nsim_bus_dev->dev.id);
}

/**
 * nsim_kho_remove - disconnect a device from its client
 * @nsim_dev: device that is being removed
 *
 * Context: device_lock and devl_lock held.
 */
void nsim_kho_remove(struct nsim_dev *nsim_dev)
{
	WRITE_ONCE(nsim_dev->kho, NULL);
}

/**
 * nsim_kho_restoring - is a device being created from an image?
 * @nsim_dev: device that is being probed
 *
 * Return: whether it is.
 */
bool nsim_kho_restoring(const struct nsim_dev *nsim_dev)
{
	return nsim_dev->kho && nsim_dev->kho->in.probing;
}

static int meet_image(const char *name, void *unused)
{
	unsigned int id;
	char again[sizeof_field(struct nsim_kho, name)];

	if (sscanf(name, DRV_NAME "%u", &id) != 1)
		return 0;
	snprintf(again, sizeof(again), DRV_NAME "%u", id);
	if (strcmp(name, again) || id > INT_MAX || nsim_kho_find(id))
		return 0;
	return alloc_client(id) ? 0 : -ENOMEM;
}

/* A client for each image; what it must keep free is reserved. */
static void meet_images(void)
{
	struct nsim_kho *kho;

	lockdep_assert_held(&life_lock);

	if (kho_incoming_for_each(nsim_kho_readable, meet_image, NULL))
		pr_err("kho: no memory for all images\n");
	list_for_each_entry(kho, &clients, list)
		nsim_kho_adopt(kho);
}

static bool can_register(const struct nsim_kho *kho)
{
	return !kho->registered && kho->adopted;
}

/* All at once: they are restored side by side then. */
static int register_clients(void)
{
	struct kho_client **batch;
	unsigned int nr = 0, i = 0;
	struct nsim_kho *kho;
	int err;

	list_for_each_entry(kho, &clients, list)
		nr += can_register(kho);
	if (!nr)
		return 0;

	batch = kcalloc(nr, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	list_for_each_entry(kho, &clients, list)
		if (can_register(kho))
			batch[i++] = &kho->client;
	err = kho_clients_register(batch, nr);
	kfree(batch);

	list_for_each_entry(kho, &clients, list)
		kho->registered = kho_client_registered(&kho->client);
	return err;
}

/**
 * nsim_kho_init - restore the devices of the previous kernel
 *
 * Context: the bus is there; may sleep.
 */
void nsim_kho_init(void)
{
	int err;

	guard(mutex)(&life_lock);
	meet_images();
	err = register_clients();
	if (err)
		pr_err("kho: not all devices are restored: %pe\n",
		       ERR_PTR(err));
}

/**
 * nsim_kho_exit - take part in live updates no more
 *
 * Context: before the devices are deleted; may sleep.
 */
void nsim_kho_exit(void)
{
	struct nsim_kho *kho;

	scoped_guard(mutex, &life_lock) {
		closing = true;
		list_for_each_entry(kho, &clients, list)
			unregister_client(kho);
	}
	cancel_work_sync(&orphans_work);
}

/**
 * nsim_kho_cleanup - free what is left
 *
 * Context: after the devices are deleted; may sleep.
 */
void nsim_kho_cleanup(void)
{
	struct nsim_kho *kho, *tmp;

	guard(mutex)(&life_lock);
	list_for_each_entry_safe(kho, tmp, &clients, list)
		free_client(kho);
}

#ifndef MODULE
/* After loopback, which has an ifindex of its own, and before other NICs. */
static int __init nsim_kho_early_init(void)
{
	guard(mutex)(&life_lock);
	meet_images();
	return 0;
}
fs_initcall(nsim_kho_early_init);
#endif
