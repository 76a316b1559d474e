// SPDX-License-Identifier: GPL-2.0-only
/*
 * The blackout of a device: it carries no traffic and does not change.
 */
#include <linux/jiffies.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>

#include "internal.h"

static void stop_works(struct nsim_dev *nsim_dev)
{
	cancel_delayed_work_sync(&nsim_dev->trap_data->trap_report_dw);
	cancel_delayed_work_sync(&nsim_dev->hwstats.traffic_dw);
	if (IS_ENABLED(CONFIG_PSAMPLE) && nsim_dev->psample->is_active)
		cancel_delayed_work_sync(&nsim_dev->psample->psample_dw);
}

static void start_works(struct nsim_dev *nsim_dev)
{
	queue_delayed_work(system_unbound_wq,
			   &nsim_dev->trap_data->trap_report_dw,
			   msecs_to_jiffies(NSIM_TRAP_REPORT_INTERVAL_MS));
	schedule_delayed_work(&nsim_dev->hwstats.traffic_dw,
			      msecs_to_jiffies(NSIM_DEV_HWSTATS_TRAFFIC_MS));
	if (IS_ENABLED(CONFIG_PSAMPLE) && nsim_dev->psample->is_active)
		schedule_delayed_work(&nsim_dev->psample->psample_dw,
				      msecs_to_jiffies(NSIM_PSAMPLE_REPORT_INTERVAL_MS));
}

/*
 * A device that has no queue must not stop it: the stack would complain about
 * each packet. nsim_start_xmit() drops them.
 */
static void detach(struct net_device *dev)
{
	netif_device_detach(dev);
	netif_tx_start_all_queues(dev);
}

/**
 * nsim_kho_freeze - stop a device, if there is nothing against it
 * @kho: client
 * @nsim_dev: its device
 *
 * Context: save callback; devl_lock held, rtnl not; sleeps.
 * Return: 0, or as nsim_kho_refuse().
 */
int nsim_kho_freeze(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	int err;

	devl_assert_locked(priv_to_devlink(nsim_dev));

	/* Much may have happened since prepare. */
	rtnl_lock();
	err = nsim_kho_refuse(kho, nsim_dev);
	if (err) {
		rtnl_unlock();
		return err;
	}
	WRITE_ONCE(kho->frozen, true);
	list_for_each_entry(port, &nsim_dev->port_list, list)
		detach(port->ns->netdev);
	/*
	 * A peer that is in the middle of sending to it, and a poll of what it
	 * has received, come to an end; with rtnl held, that is waited for in
	 * a hurry.
	 */
	synchronize_net();
	rtnl_unlock();

	stop_works(nsim_dev);
	return 0;
}

/**
 * nsim_kho_thaw - let a device run on
 * @kho: client; nothing happens if its device is not frozen
 *
 * Context: abort callback; sleeps.
 */
void nsim_kho_thaw(struct nsim_kho *kho)
{
	struct nsim_dev_port *port;
	struct nsim_dev *nsim_dev;

	if (!kho->frozen)
		return;

	nsim_dev = nsim_kho_hold(kho);
	rtnl_lock();
	WRITE_ONCE(kho->frozen, false);
	if (nsim_dev)
		list_for_each_entry(port, &nsim_dev->port_list, list)
			netif_device_attach(port->ns->netdev);
	nsim_kho_resume_rx(kho);
	/* What it looks at is changed with rtnl held. */
	if (nsim_dev && !devlink_is_reload_failed(priv_to_devlink(nsim_dev)))
		start_works(nsim_dev);
	rtnl_unlock();
	nsim_kho_release(kho, nsim_dev);
}

/**
 * nsim_kho_frozen - must a device not change?
 * @nsim_dev: the device
 *
 * Return: whether it is saved.
 */
bool nsim_kho_frozen(const struct nsim_dev *nsim_dev)
{
	return nsim_dev->kho && READ_ONCE(nsim_dev->kho->frozen);
}

/**
 * nsim_kho_change - may a device change, and if so, it does
 * @nsim_dev: the device
 * @extack: where to say why not, or NULL
 *
 * Context: before a change of what is part of the record, in the same section of
 * a lock that saving takes as well (devl_lock or rtnl, as a rule), or of RCU.
 * Return: 0, or -EBUSY while the device is saved.
 */
int nsim_kho_change(struct nsim_dev *nsim_dev, struct netlink_ext_ack *extack)
{
	struct nsim_kho *kho = nsim_dev->kho;

	if (!kho)
		return 0;
	if (READ_ONCE(kho->frozen)) {
		NL_SET_ERR_MSG_MOD(extack, "Device is saved for a live update");
		return -EBUSY;
	}
	if (READ_ONCE(kho->watched))
		kho_client_invalidate(&kho->client);
	return 0;
}

/**
 * nsim_kho_netdev_event - something happened to a netdev
 * @nsim_dev: a device
 * @dev: any netdev of its netns
 * @event: what happened
 *
 * Context: netdev notifier, rtnl held.
 */
void nsim_kho_netdev_event(struct nsim_dev *nsim_dev, struct net_device *dev,
			   unsigned long event)
{
	struct nsim_kho *kho = nsim_dev->kho;

	if (!kho)
		return;
	if (event == NETDEV_REGISTER || event == NETDEV_CHANGENAME)
		nsim_kho_hwstats_appeared(kho, nsim_dev, dev);
	if (READ_ONCE(kho->watched) && !READ_ONCE(kho->frozen) &&
	    dev->dev.parent == &nsim_dev->nsim_bus_dev->dev)
		kho_client_invalidate(&kho->client);
}
