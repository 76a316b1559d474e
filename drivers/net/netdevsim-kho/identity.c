// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the rest of the system knows a port by: name, ifindex, MAC address.
 * Restored before the netdev is registered, so that nobody sees it without.
 *
 * Names can't be reserved, but ifindexes can, as registration itself does it:
 * with an entry that is taken and yet no netdev.
 */
#include <linux/etherdevice.h>
#include <linux/init.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "internal.h"

/* Of another namespace, where others' names and ifindexes may be the same. */
static bool is_from_elsewhere(const struct kho_image *image, int node)
{
	u32 elsewhere;

	return !kho_image_get_u32(image, node, "elsewhere", &elsewhere) &&
	       elsewhere;
}

/**
 * nsim_kho_read_ifindexes - note the ifindexes that an image needs
 * @kho: client of the image
 * @image: incoming image, not validated
 *
 * Context: may sleep.
 */
void nsim_kho_read_ifindexes(struct nsim_kho *kho,
			     const struct kho_image *image)
{
	int ports = kho_image_find(image, 0, "ports");
	unsigned int nr = 0;
	int node;

	if (ports < 0)
		return;
	for (node = kho_image_first(image, ports); node >= 0;
	     node = kho_image_next(image, node))
		nr++;

	kho->ifindexes = kcalloc(min(nr, NSIM_KHO_PORTS_MAX), sizeof(u32),
				 GFP_KERNEL);
	if (!kho->ifindexes)
		return;
	for (node = kho_image_first(image, ports);
	     node >= 0 && kho->nr_ifindexes < NSIM_KHO_PORTS_MAX;
	     node = kho_image_next(image, node)) {
		u32 ifindex;

		if (!is_from_elsewhere(image, node) &&
		    !kho_image_get_u32(image, node, "ifindex", &ifindex) &&
		    ifindex && ifindex <= INT_MAX)
			kho->ifindexes[kho->nr_ifindexes++] = ifindex;
	}
}

/**
 * nsim_kho_reserve - keep an image's ifindexes from being given away
 * @kho: client of the image; what is in use already is left alone
 *
 * Context: may sleep; takes rtnl.
 */
void nsim_kho_reserve(struct nsim_kho *kho)
{
	unsigned int i;

	rtnl_lock();
	for (i = 0; i < kho->nr_ifindexes; i++)
		if (xa_insert(&init_net.dev_by_index, kho->ifindexes[i], NULL,
			      GFP_KERNEL))
			pr_debug("%s: ifindex %u is in use\n", kho->name,
				 kho->ifindexes[i]);
	rtnl_unlock();
}

/* Under rtnl, an entry without a netdev can only be a reservation. */
static bool release(u32 ifindex)
{
	ASSERT_RTNL();

	if (xa_load(&init_net.dev_by_index, ifindex))
		return false;
	xa_erase(&init_net.dev_by_index, ifindex);
	return true;
}

/**
 * nsim_kho_unreserve - give back what was reserved and not used
 * @kho: client of the image
 *
 * Context: may sleep; takes rtnl.
 */
void nsim_kho_unreserve(struct nsim_kho *kho)
{
	unsigned int i;

	rtnl_lock();
	for (i = 0; i < kho->nr_ifindexes; i++)
		release(kho->ifindexes[i]);
	rtnl_unlock();

	kfree(kho->ifindexes);
	kho->ifindexes = NULL;
	kho->nr_ifindexes = 0;
}

/**
 * nsim_kho_save_identity - write a netdev's identity to the current node
 * @image: outgoing image
 * @dev: the netdev
 *
 * Context: rtnl held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_identity(struct kho_image *image, struct net_device *dev)
{
	int err;

	err = kho_image_set_u32(image, "elsewhere",
				!net_eq(dev_net(dev), &init_net));
	if (!err)
		err = kho_image_set_string(image, "ifname", dev->name);
	if (!err)
		err = kho_image_set_u32(image, "name-assign-type",
					dev->name_assign_type);
	if (!err)
		err = kho_image_set_u32(image, "ifindex", dev->ifindex);
	if (!err)
		err = kho_image_set(image, "mac", dev->dev_addr, ETH_ALEN);
	if (!err)
		err = kho_image_set_u32(image, "mac-assign-type",
					dev->addr_assign_type);
	return err;
}

static void restore_name(struct nsim_kho *kho, int node, const char *where,
			 struct net_device *dev)
{
	const char *name;
	u32 type;

	if (kho_image_get_string(kho->in.image, node, "ifname", &name) ||
	    !dev_valid_name(name) || strchr(name, '%')) {
		nsim_kho_lost(kho, "%s: ifname: not in the record, or no name",
			      where);
		return;
	}
	if (netdev_name_in_use(dev_net(dev), name)) {
		nsim_kho_lost(kho, "%s: ifname: %s is in use", where, name);
		return;
	}

	strscpy(dev->name, name);
	if (nsim_kho_get_u32(kho, node, where, "name-assign-type",
			     NET_NAME_RENAMED, &type))
		dev->name_assign_type = type;
}

static void restore_ifindex(struct nsim_kho *kho, int node, const char *where,
			    struct net_device *dev)
{
	u32 ifindex;

	if (!nsim_kho_get_u32(kho, node, where, "ifindex", INT_MAX, &ifindex))
		return;
	if (!ifindex || !release(ifindex)) {
		nsim_kho_lost(kho, "%s: ifindex: %u is in use", where, ifindex);
		return;
	}
	dev->ifindex = ifindex;
}

static void restore_mac(struct nsim_kho *kho, int node, const char *where,
			struct net_device *dev)
{
	u8 mac[ETH_ALEN] __aligned(2);
	u32 type;

	if (kho_image_get_fixed(kho->in.image, node, "mac", mac, sizeof(mac)) ||
	    !is_valid_ether_addr(mac)) {
		nsim_kho_lost(kho, "%s: mac: not in the record, or no address",
			      where);
		return;
	}

	eth_hw_addr_set(dev, mac);
	if (nsim_kho_get_u32(kho, node, where, "mac-assign-type", NET_ADDR_SET,
			     &type))
		dev->addr_assign_type = type;
}

/**
 * nsim_kho_restore_identity - give a netdev its identity
 * @kho: device that is being restored
 * @node: the port's node
 * @where: the port, for messages
 * @dev: the netdev, about to be registered
 *
 * Context: rtnl held until it is registered; may sleep.
 */
void nsim_kho_restore_identity(struct nsim_kho *kho, int node,
			       const char *where, struct net_device *dev)
{
	ASSERT_RTNL();

	if (is_from_elsewhere(kho->in.image, node)) {
		nsim_kho_lost(kho, "%s: name and ifindex: of another network namespace",
			      where);
	} else {
		restore_name(kho, node, where, dev);
		restore_ifindex(kho, node, where, dev);
	}
	restore_mac(kho, node, where, dev);
}
