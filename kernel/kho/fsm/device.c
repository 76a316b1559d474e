// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that stand for a device.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "internal.h"

/**
 * kho_node_link_device - show which device a client stands for
 * @node: the client; clients/NAME/device leads to its device, if it has one
 *
 * Context: its machine's lock held; may sleep.
 */
void kho_node_link_device(struct kho_node *node)
{
	struct device *dev = node->client->dev;

	if (!dev || !node->kobj.state_in_sysfs)
		return;
	if (sysfs_create_link(&node->kobj, &dev->kobj, "device"))
		pr_warn("%s: no link to its device in sysfs\n", node->name);
}

/**
 * kho_node_unlink_device - undo kho_node_link_device()
 * @node: the client
 *
 * Context: its machine's lock held; may sleep.
 */
void kho_node_unlink_device(struct kho_node *node)
{
	if (node->client->dev && node->kobj.state_in_sysfs)
		sysfs_remove_link(&node->kobj, "device");
}

static void unregister(void *client)
{
	kho_client_unregister(client);
}

/**
 * devm_kho_client_register - take part in live updates while a driver is bound
 * @dev: the device, which clients/NAME/device shows
 * @client: the client, filled in
 *
 * To be called in probe, when the device is ready to be restored: an image that
 * waits for it is restored before this returns. The client is unregistered
 * before what has been allocated earlier with devm functions is freed, but after
 * the driver's remove: that must leave alone what callbacks use.
 *
 * Context: as kho_client_register(); callbacks must not take @dev's lock, which
 * is held in probe.
 * Return: as kho_client_register(); -ENOMEM.
 */
int devm_kho_client_register(struct device *dev, struct kho_client *client)
{
	int err;

	client->dev = dev;
	err = kho_client_register(client);
	if (err)
		return err;
	return devm_add_action_or_reset(dev, unregister, client);
}
EXPORT_SYMBOL_GPL(devm_kho_client_register);

/**
 * kho_client_keep_device - leave the device alone when this kernel ends
 * @client: a client with a device
 *
 * Neither its shutdown callback nor those of the devices above it are called
 * then: it goes on with what it does, DMA to preserved memory, say, and the next
 * kernel finds it so.
 *
 * Context: save callback.
 */
void kho_client_keep_device(struct kho_client *client)
{
	if (client->node)
		client->node->keeps_device = true;
}
EXPORT_SYMBOL_GPL(kho_client_keep_device);

static bool is_above(const struct device *dev, const struct device *below)
{
	for (; below; below = below->parent)
		if (below == dev)
			return true;
	return false;
}

/**
 * kho_machine_keeps - is a device to be left alone?
 * @m: the machine
 * @dev: the device
 *
 * Context: takes @m->list_lock; may sleep.
 * Return: whether it is, or one below it.
 */
bool kho_machine_keeps(struct kho_machine *m, const struct device *dev)
{
	struct kho_node *node;

	guard(mutex)(&m->list_lock);

	list_for_each_entry(node, &m->nodes, link)
		if (node->keeps_device && node->client &&
		    is_above(dev, node->client->dev))
			return true;
	return false;
}
