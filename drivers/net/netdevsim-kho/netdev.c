// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port's netdev: everything but its identity.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "internal.h"

/* User-visible flags; the others belong to the stack or to the driver. */
#define FLAGS	(IFF_UP | IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | \
		 IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST | IFF_PORTSEL | \
		 IFF_AUTOMEDIA | IFF_DYNAMIC)

static const struct kho_field netdev_fields[] = {
	KHO_FIELD("mtu", ETH_MAX_MTU, struct net_device, mtu),
	KHO_FIELD("tx-queue-len", U32_MAX, struct net_device,
		  tx_queue_len),
	KHO_FIELD("group", INT_MAX, struct net_device, group),
};

static const struct kho_field ns_fields[] = {
	KHO_FIELD("tx-packets", U64_MAX, struct netdevsim, tx_packets),
	KHO_FIELD("tx-bytes", U64_MAX, struct netdevsim, tx_bytes),
	KHO_FIELD("tx-dropped", U64_MAX, struct netdevsim, tx_dropped),
	KHO_FIELD("ipsec-tx", U32_MAX, struct netdevsim, ipsec.tx),
	KHO_FIELD("ipsec-ok", U32_MAX, struct netdevsim, ipsec.ok),
	KHO_FIELD("bpf-tc-accept", 1, struct netdevsim, bpf_tc_accept),
	KHO_FIELD("bpf-tc-non-bound-accept", 1, struct netdevsim,
		  bpf_tc_non_bound_accept),
	KHO_FIELD("bpf-xdpdrv-accept", 1, struct netdevsim,
		  bpf_xdpdrv_accept),
	KHO_FIELD("bpf-xdpoffload-accept", 1, struct netdevsim,
		  bpf_xdpoffload_accept),
	KHO_FIELD("bpf-map-accept", 1, struct netdevsim, bpf_map_accept),
	KHO_FIELD("udp-ports-inject-error", U32_MAX, struct netdevsim,
		  udp_ports.inject_error),
	KHO_FIELD("udp-ports-sleep", U32_MAX, struct netdevsim,
		  udp_ports.sleep),
};

#define ETHTOOL_FIELD(_name, _member, _max) \
	KHO_FIELD(_name, _max, struct nsim_ethtool, _member)
#define COALESCE_FIELD(_name, _member) \
	ETHTOOL_FIELD("coalesce-" _name, coalesce._member, U32_MAX)
#define RING_FIELD(_name, _member) \
	ETHTOOL_FIELD("ring-" _name, ring._member, U32_MAX)

static const struct kho_field ethtool_fields[] = {
	ETHTOOL_FIELD("get-err", get_err, U32_MAX),
	ETHTOOL_FIELD("set-err", set_err, U32_MAX),
	ETHTOOL_FIELD("pause-rx", pauseparam.rx, 1),
	ETHTOOL_FIELD("pause-tx", pauseparam.tx, 1),
	ETHTOOL_FIELD("pause-report-stats-rx", pauseparam.report_stats_rx, 1),
	ETHTOOL_FIELD("pause-report-stats-tx", pauseparam.report_stats_tx, 1),
	COALESCE_FIELD("rx-usecs", rx_coalesce_usecs),
	COALESCE_FIELD("rx-frames", rx_max_coalesced_frames),
	COALESCE_FIELD("rx-usecs-irq", rx_coalesce_usecs_irq),
	COALESCE_FIELD("rx-frames-irq", rx_max_coalesced_frames_irq),
	COALESCE_FIELD("tx-usecs", tx_coalesce_usecs),
	COALESCE_FIELD("tx-frames", tx_max_coalesced_frames),
	COALESCE_FIELD("tx-usecs-irq", tx_coalesce_usecs_irq),
	COALESCE_FIELD("tx-frames-irq", tx_max_coalesced_frames_irq),
	COALESCE_FIELD("stats-block-usecs", stats_block_coalesce_usecs),
	COALESCE_FIELD("adaptive-rx", use_adaptive_rx_coalesce),
	COALESCE_FIELD("adaptive-tx", use_adaptive_tx_coalesce),
	COALESCE_FIELD("pkt-rate-low", pkt_rate_low),
	COALESCE_FIELD("rx-usecs-low", rx_coalesce_usecs_low),
	COALESCE_FIELD("rx-frames-low", rx_max_coalesced_frames_low),
	COALESCE_FIELD("tx-usecs-low", tx_coalesce_usecs_low),
	COALESCE_FIELD("tx-frames-low", tx_max_coalesced_frames_low),
	COALESCE_FIELD("pkt-rate-high", pkt_rate_high),
	COALESCE_FIELD("rx-usecs-high", rx_coalesce_usecs_high),
	COALESCE_FIELD("rx-frames-high", rx_max_coalesced_frames_high),
	COALESCE_FIELD("tx-usecs-high", tx_coalesce_usecs_high),
	COALESCE_FIELD("tx-frames-high", tx_max_coalesced_frames_high),
	COALESCE_FIELD("sample-interval", rate_sample_interval),
	RING_FIELD("rx", rx_pending),
	RING_FIELD("rx-mini", rx_mini_pending),
	RING_FIELD("rx-jumbo", rx_jumbo_pending),
	RING_FIELD("tx", tx_pending),
	RING_FIELD("rx-max", rx_max_pending),
	RING_FIELD("rx-mini-max", rx_mini_max_pending),
	RING_FIELD("rx-jumbo-max", rx_jumbo_max_pending),
	RING_FIELD("tx-max", tx_max_pending),
	ETHTOOL_FIELD("fec", fec.fec, U32_MAX),
	ETHTOOL_FIELD("fec-active", fec.active_fec, U32_MAX),
};

/* Bit numbers are the kernel's own; names are what userspace knows. */
static const struct {
	const char *name;
	netdev_features_t bit;
} features[] = {
	{ "rx-gro", NETIF_F_GRO },
	{ "rx-gro-list", NETIF_F_GRO_FRAGLIST },
	{ "rx-udp-gro-forwarding", NETIF_F_GRO_UDP_FWD },
	{ "rx-udp_tunnel-port-offload", NETIF_F_RX_UDP_TUNNEL_PORT },
	{ "tx-generic-segmentation", NETIF_F_GSO },
	{ "tx-nocache-copy", NETIF_F_NOCACHE_COPY },
	{ "hw-tc-offload", NETIF_F_HW_TC },
};

static int save_features(struct kho_image *image, const struct net_device *dev)
{
	int i, err;

	err = kho_image_enter(image, "features");
	if (err)
		return err;
	for (i = 0; !err && i < ARRAY_SIZE(features); i++)
		err = kho_image_set_u32(image, features[i].name,
					!!(dev->wanted_features &
					   features[i].bit));
	kho_image_leave(image);
	return err;
}

static void restore_features(struct nsim_kho *kho, int port, const char *where,
			     struct net_device *dev)
{
	int i, node = kho_image_find(kho->in.image, port, "features");
	u32 on;

	if (node < 0) {
		nsim_kho_lost(kho, "%s: features: not in the record", where);
		return;
	}

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		if (!nsim_kho_get_u32(kho, node, where, features[i].name, 1,
				      &on))
			continue;
		if (on)
			dev->wanted_features |= features[i].bit;
		else
			dev->wanted_features &= ~features[i].bit;
	}
	netdev_update_features(dev);
}

static int save_alias(struct kho_image *image, const struct net_device *dev)
{
	const struct dev_ifalias *alias;
	char text[IFALIASZ] = "";

	rcu_read_lock();
	alias = rcu_dereference(dev->ifalias);
	if (alias)
		strscpy(text, alias->ifalias);
	rcu_read_unlock();
	return kho_image_set_string(image, "alias", text);
}

static void restore_alias(struct nsim_kho *kho, int node, const char *where,
			  struct net_device *dev)
{
	const char *alias;
	int err;

	err = kho_image_get_string(kho->in.image, node, "alias", &alias);
	if (!err && *alias)
		err = dev_set_alias(dev, alias, strlen(alias));
	if (err < 0)
		nsim_kho_lost(kho, "%s: alias: %pe", where, ERR_PTR(err));
}

static int save_ethtool(struct kho_image *image, struct netdevsim *ns)
{
	int err = kho_image_enter(image, "ethtool");

	if (err)
		return err;
	err = kho_image_set_fields(image, ethtool_fields,
				   ARRAY_SIZE(ethtool_fields), &ns->ethtool);
	if (!err)
		err = kho_image_set_u32(image, "channels",
					ns->ethtool.channels);
	kho_image_leave(image);
	return err;
}

static void restore_ethtool(struct nsim_kho *kho, int port, const char *where,
			    struct netdevsim *ns)
{
	int node = kho_image_find(kho->in.image, port, "ethtool");
	u32 channels;

	nsim_kho_restore_fields(kho, node, where, ethtool_fields,
				ARRAY_SIZE(ethtool_fields), &ns->ethtool);
	if (node < 0 ||
	    !nsim_kho_get_u32(kho, node, where, "channels",
			      ns->nsim_bus_dev->num_queues, &channels))
		return;
	if (netif_set_real_num_queues(ns->netdev, channels, channels))
		nsim_kho_lost(kho, "%s: channels: %u can't be set", where,
			      channels);
	else
		ns->ethtool.channels = channels;
}

/**
 * nsim_kho_save_netdev - write a netdev to the current node
 * @image: outgoing image
 * @ns: the netdev
 *
 * Context: devl_lock and rtnl held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_netdev(struct kho_image *image, struct netdevsim *ns)
{
	struct net_device *dev = ns->netdev;
	int err;

	err = nsim_kho_save_identity(image, dev);
	if (!err)
		err = kho_image_set_fields(image, netdev_fields,
					   ARRAY_SIZE(netdev_fields), dev);
	if (!err)
		err = kho_image_set_fields(image, ns_fields,
					   ARRAY_SIZE(ns_fields), ns);
	if (!err)
		err = kho_image_set_u32(image, "flags",
					dev_get_flags(dev) & FLAGS);
	if (!err)
		err = kho_image_set_u32(image, "carrier",
					netif_carrier_ok(dev));
	if (!err)
		err = save_alias(image, dev);
	if (!err)
		err = save_features(image, dev);
	return err ?: save_ethtool(image, ns);
}

/**
 * nsim_kho_restore_netdev - give a netdev what it must have before it is seen
 * @ns: netdev that is about to be registered
 *
 * Context: devl_lock and rtnl held; may sleep.
 */
void nsim_kho_restore_netdev(struct netdevsim *ns)
{
	struct nsim_kho *kho = ns->nsim_dev->kho;
	char where[24];
	u32 carrier;
	int node;

	if (!nsim_kho_restoring(ns->nsim_dev))
		return;

	node = kho->in.port->node;
	snprintf(where, sizeof(where), "port %u", kho->in.port->index);
	nsim_kho_restore_identity(kho, node, where, ns->netdev);
	nsim_kho_restore_fields(kho, node, where, netdev_fields,
				ARRAY_SIZE(netdev_fields), ns->netdev);
	nsim_kho_restore_fields(kho, node, where, ns_fields,
				ARRAY_SIZE(ns_fields), ns);
	if (ns->netdev->mtu < ns->netdev->min_mtu) {
		nsim_kho_lost(kho, "%s: mtu: %u is out of range", where,
			      ns->netdev->mtu);
		ns->netdev->mtu = ETH_DATA_LEN;
	}
	restore_ethtool(kho, node, where, ns);
	if (nsim_kho_get_u32(kho, node, where, "carrier", 1, &carrier) &&
	    !carrier)
		netif_carrier_off(ns->netdev);
}

/**
 * nsim_kho_restore_registered - give a netdev what it can only get afterwards
 * @kho: device that is being restored
 * @node: the port's node
 * @where: the port, for messages
 * @dev: the netdev, registered
 *
 * Context: rtnl held; may sleep.
 */
void nsim_kho_restore_registered(struct nsim_kho *kho, int node,
				 const char *where, struct net_device *dev)
{
	ASSERT_RTNL();

	restore_features(kho, node, where, dev);
	restore_alias(kho, node, where, dev);
}
