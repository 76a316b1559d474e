// SPDX-License-Identifier: GPL-2.0-only
/*
 * L3 statistics that the device keeps for other netdevs. Those are found by
 * name again: by the next kernel they may be made any time later.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "internal.h"

/* Statistics whose netdev isn't there yet. */
struct parked {
	struct list_head list;
	char name[IFNAMSIZ];
	struct rtnl_hw_stats64 stats;
	bool fail_enable;
};

#define STATS_FIELD(_name, _member) \
	KHO_FIELD(_name, U64_MAX, struct rtnl_hw_stats64, _member)

static const struct kho_field stats_fields[] = {
	STATS_FIELD("rx-packets", rx_packets),
	STATS_FIELD("tx-packets", tx_packets),
	STATS_FIELD("rx-bytes", rx_bytes),
	STATS_FIELD("tx-bytes", tx_bytes),
	STATS_FIELD("rx-errors", rx_errors),
	STATS_FIELD("tx-errors", tx_errors),
	STATS_FIELD("rx-dropped", rx_dropped),
	STATS_FIELD("tx-dropped", tx_dropped),
	STATS_FIELD("multicast", multicast),
};

static int save_entry(struct kho_image *image, const char *name,
		      const struct rtnl_hw_stats64 *stats, bool fail_enable)
{
	int err;

	err = kho_image_set_string(image, "netdev", name);
	if (!err)
		err = kho_image_set_u32(image, "fail-enable", fail_enable);
	return err ?: kho_image_set_fields(image, stats_fields,
					   ARRAY_SIZE(stats_fields), stats);
}

static int save_numbered(struct kho_image *image, unsigned int i,
			 const char *name, const struct rtnl_hw_stats64 *stats,
			 bool fail_enable)
{
	int err = kho_image_enter_item(image, "entry", i);

	if (err)
		return err;
	err = save_entry(image, name, stats, fail_enable);
	kho_image_leave(image);
	return err;
}

static int save_entries(struct nsim_kho *kho, struct nsim_dev_hwstats *hwstats,
			struct kho_image *image)
{
	struct nsim_dev_hwstats_netdev *entry;
	struct parked *parked;
	unsigned int i = 0;
	int err = 0;

	guard(mutex)(&hwstats->hwsdev_list_lock);
	list_for_each_entry(entry, &hwstats->l3_list, list) {
		/* Found by name, and there another one has it. */
		if (!net_eq(dev_net(entry->netdev), &init_net))
			continue;
		err = save_numbered(image, i++, entry->netdev->name,
				    &entry->stats, entry->fail_enable);
		if (err)
			return err;
	}
	list_for_each_entry(parked, &kho->parked, list) {
		err = save_numbered(image, i++, parked->name, &parked->stats,
				    parked->fail_enable);
		if (err)
			return err;
	}
	return kho_image_end_list(image, "entry", i);
}

/**
 * nsim_kho_save_hwstats - write the statistics, also those still parked
 * @kho: client
 * @nsim_dev: its device
 * @image: outgoing image, at the root
 *
 * Context: rtnl held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_hwstats(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			  struct kho_image *image)
{
	int err;

	ASSERT_RTNL();

	err = kho_image_enter(image, "hwstats");
	if (err)
		return err;
	err = save_entries(kho, &nsim_dev->hwstats, image);
	kho_image_leave(image);
	return err;
}

static void park(struct nsim_kho *kho, int node, unsigned int i)
{
	struct parked *parked;
	char where[24];
	const char *name;
	u32 fail;

	snprintf(where, sizeof(where), "hwstats %u", i);
	if (node < 0 ||
	    kho_image_get_string(kho->in.image, node, "netdev", &name) ||
	    !dev_valid_name(name)) {
		nsim_kho_lost(kho, "%s: not in the record, or no name", where);
		return;
	}
	parked = kzalloc(sizeof(*parked), GFP_KERNEL);
	if (!parked) {
		nsim_kho_lost(kho, "%s: no memory", where);
		return;
	}

	strscpy(parked->name, name);
	nsim_kho_restore_fields(kho, node, where, stats_fields,
				ARRAY_SIZE(stats_fields), &parked->stats);
	if (nsim_kho_get_u32(kho, node, where, "fail-enable", 1, &fail))
		parked->fail_enable = fail;
	list_add_tail(&parked->list, &kho->parked);
}

/**
 * nsim_kho_restore_hwstats - restore the statistics of netdevs that are there
 * @kho: device that is being restored
 * @nsim_dev: its device; its ports have been created
 *
 * Context: devl_lock held, rtnl not; may sleep.
 */
void nsim_kho_restore_hwstats(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	int node = kho_image_find(kho->in.image, 0, "hwstats");
	struct net_device *dev;
	u32 i, nr;

	if (node < 0) {
		nsim_kho_lost(kho, "hwstats: not in the record");
		return;
	}
	if (!nsim_kho_get_u32(kho, node, "hwstats", "count", NSIM_KHO_LIST_MAX,
			      &nr))
		return;

	rtnl_lock();
	for (i = 0; i < nr; i++)
		park(kho, kho_image_find_item(kho->in.image, node, "entry", i), i);
	for_each_netdev(nsim_dev_net(nsim_dev), dev)
		nsim_kho_hwstats_appeared(kho, nsim_dev, dev);
	rtnl_unlock();
}

static int unpark(struct nsim_dev_hwstats *hwstats, struct net_device *dev,
		  const struct parked *parked)
{
	struct nsim_dev_hwstats_netdev *entry;
	int err;

	err = nsim_dev_hwstats_enable_ifindex(hwstats, dev->ifindex,
					      NETDEV_OFFLOAD_XSTATS_TYPE_L3,
					      &hwstats->l3_list);
	if (err)
		return err;

	guard(mutex)(&hwstats->hwsdev_list_lock);
	list_for_each_entry(entry, &hwstats->l3_list, list) {
		if (entry->netdev != dev)
			continue;
		entry->stats = parked->stats;
		entry->fail_enable = parked->fail_enable;
	}
	return 0;
}

/**
 * nsim_kho_hwstats_appeared - a netdev is there
 * @kho: a device's client
 * @nsim_dev: the device
 * @dev: the netdev, for which there may be parked statistics
 *
 * Context: rtnl held; may sleep.
 */
void nsim_kho_hwstats_appeared(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			       struct net_device *dev)
{
	struct parked *parked, *tmp;
	int err;

	ASSERT_RTNL();

	list_for_each_entry_safe(parked, tmp, &kho->parked, list) {
		if (strcmp(parked->name, dev->name))
			continue;
		err = unpark(&nsim_dev->hwstats, dev, parked);
		if (err)
			nsim_kho_lost(kho, "hwstats of %s: %pe", dev->name,
				      ERR_PTR(err));
		list_del(&parked->list);
		kfree(parked);
	}
}

/**
 * nsim_kho_free_parked - drop statistics whose netdev has not come
 * @kho: client whose device is gone
 *
 * Context: may sleep; takes rtnl.
 */
void nsim_kho_free_parked(struct nsim_kho *kho)
{
	struct parked *parked, *tmp;

	rtnl_lock();
	list_for_each_entry_safe(parked, tmp, &kho->parked, list) {
		list_del(&parked->list);
		kfree(parked);
	}
	rtnl_unlock();
}
