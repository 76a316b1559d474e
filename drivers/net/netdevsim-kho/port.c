// SPDX-License-Identifier: GPL-2.0-only
/*
 * The set of ports, and what connects them: links to other ports, and being
 * up.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#include "internal.h"

/* A peer is known by its place; an ifindex says little about a device. */
static int save_peer(struct kho_image *image, struct netdevsim *ns)
{
	struct netdevsim *peer = rtnl_dereference(ns->peer);
	int err;

	err = kho_image_set_u32(image, "has-peer", !!peer);
	if (!err)
		err = kho_image_set_u32(image, "peer-id",
					peer ? peer->nsim_bus_dev->dev.id : 0);
	return err ?: kho_image_set_u32(image, "peer-port",
					peer ? peer->nsim_dev_port->port_index :
					0);
}

static int save_port(struct kho_image *image, struct nsim_dev_port *port)
{
	int err;

	err = kho_image_set_u32(image, "index", port->port_index);
	if (!err)
		err = kho_image_set_u32(image, "is-vf",
					nsim_dev_port_is_vf(port));
	if (!err)
		err = save_peer(image, port->ns);
	if (!err)
		err = nsim_kho_save_netdev(image, port->ns);
	return err ?: nsim_kho_save_rate_leaf(image, port);
}

/**
 * nsim_kho_save_ports - write the ports, in order of creation
 * @kho: client
 * @nsim_dev: its device
 * @image: outgoing image, at the root
 *
 * Context: devl_lock and rtnl held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_ports(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			struct kho_image *image)
{
	struct nsim_dev_port *port;
	unsigned int i = 0;
	int err;

	err = kho_image_enter(image, "ports");
	if (err)
		return err;
	list_for_each_entry_reverse(port, &nsim_dev->port_list, list) {
		err = kho_image_enter_item(image, "port", i++);
		if (err)
			break;
		err = save_port(image, port);
		kho_image_leave(image);
		if (err)
			break;
	}
	if (!err)
		err = kho_image_end_list(image, "port", i);
	kho_image_leave(image);
	return err;
}

static int restore_port(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			const struct nsim_kho_port *in)
{
	struct nsim_dev_port *port;
	char where[24];
	u32 index = in->index;
	int err;

	if (in->type == NSIM_DEV_PORT_TYPE_VF)
		index -= NSIM_DEV_VF_PORT_INDEX_BASE;

	kho->in.port = in;
	err = __nsim_dev_port_add(nsim_dev, in->type, index);
	if (err)
		return err;

	snprintf(where, sizeof(where), "port %u", in->index);
	port = list_first_entry(&nsim_dev->port_list, struct nsim_dev_port,
				list);
	rtnl_lock();
	nsim_kho_restore_registered(kho, in->node, where, port->ns->netdev);
	rtnl_unlock();
	return 0;
}

/**
 * nsim_kho_restore_ports - create the ports, those of VFs too
 * @nsim_dev: device that is being restored
 *
 * Context: devl_lock held, rtnl not; may sleep.
 */
void nsim_kho_restore_ports(struct nsim_dev *nsim_dev)
{
	struct nsim_kho *kho = nsim_dev->kho;
	u32 i;
	int err;

	for (i = 0; i < kho->in.nr_ports; i++) {
		err = restore_port(kho, nsim_dev, &kho->in.ports[i]);
		if (err)
			nsim_kho_lost(kho, "port %u: %pe",
				      kho->in.ports[i].index, ERR_PTR(err));
	}
}

/**
 * nsim_kho_find_port - find a port
 * @nsim_dev: its device
 * @index: its index
 *
 * Context: devl_lock held.
 * Return: the port, or NULL.
 */
struct nsim_dev_port *nsim_kho_find_port(struct nsim_dev *nsim_dev, u32 index)
{
	struct nsim_dev_port *port;

	list_for_each_entry(port, &nsim_dev->port_list, list)
		if (port->port_index == index)
			return port;
	return NULL;
}

static struct netdevsim *find_end(u32 id, u32 port_index)
{
	struct net_device *dev;
	struct netdevsim *ns;

	ASSERT_RTNL();

	for_each_netdev(&init_net, dev) {
		if (!netdev_is_nsim(dev))
			continue;
		ns = netdev_priv(dev);
		if (ns->nsim_bus_dev->dev.id == id &&
		    ns->nsim_dev_port->port_index == port_index)
			return ns;
	}
	return NULL;
}

static void restore_link(struct nsim_kho *kho, const struct nsim_kho_port *in,
			 struct netdevsim *ns)
{
	struct netdevsim *peer;
	u32 linked, id, port;
	char where[24];

	snprintf(where, sizeof(where), "port %u", in->index);
	if (!nsim_kho_get_u32(kho, in->node, where, "has-peer", 1, &linked) ||
	    !linked ||
	    !nsim_kho_get_u32(kho, in->node, where, "peer-id", INT_MAX, &id) ||
	    !nsim_kho_get_u32(kho, in->node, where, "peer-port", U32_MAX,
			      &port))
		return;

	/* Otherwise the link is made when the other end comes back. */
	peer = find_end(id, port);
	if (!peer || rtnl_dereference(ns->peer) == peer)
		return;
	if (peer == ns || rtnl_dereference(peer->peer) ||
	    rtnl_dereference(ns->peer))
		nsim_kho_lost(kho, "%s: link to port %u of netdevsim%u: an end is not free",
			      where, port, id);
	else
		nsim_peers_link(ns, peer);
}

/**
 * nsim_kho_restore_links - link the ports whose other end is there
 * @kho: device that is being restored
 * @nsim_dev: its device
 *
 * Context: devl_lock and rtnl held; may sleep.
 */
void nsim_kho_restore_links(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	u32 i;

	for (i = 0; i < kho->in.nr_ports; i++) {
		port = nsim_kho_find_port(nsim_dev, kho->in.ports[i].index);
		if (port && nsim_dev_port_is_pf(port))
			restore_link(kho, &kho->in.ports[i], port->ns);
	}
}

/**
 * nsim_kho_restore_up - the last step: the ports go up that were up
 * @kho: device that is being restored
 * @nsim_dev: its device
 *
 * Context: devl_lock and rtnl held; may sleep.
 */
void nsim_kho_restore_up(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	char where[24];
	u32 i, flags;
	int err;

	for (i = 0; i < kho->in.nr_ports; i++) {
		port = nsim_kho_find_port(nsim_dev, kho->in.ports[i].index);
		snprintf(where, sizeof(where), "port %u",
			 kho->in.ports[i].index);
		if (!port || !nsim_kho_get_u32(kho, kho->in.ports[i].node,
					       where, "flags", U16_MAX, &flags))
			continue;
		err = dev_change_flags(port->ns->netdev, flags, NULL);
		if (err)
			nsim_kho_lost(kho, "%s: flags: %pe", where,
				      ERR_PTR(err));
	}
}
