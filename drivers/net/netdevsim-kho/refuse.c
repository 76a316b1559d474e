// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a live update can't take along: where going on would lose something
 * that matters it is refused, the rest is listed.
 */
#include <linux/device.h>
#include <net/net_namespace.h>

#include "internal.h"

static bool in_other_netns(const struct netdevsim *ns)
{
	return !net_eq(dev_net(ns->netdev), &init_net);
}

static bool has_xdp(const struct netdevsim *ns)
{
	return ns->xdp.prog || ns->xdp_hw.prog || ns->bpf_offloaded;
}

static bool has_ipsec(const struct netdevsim *ns)
{
	return ns->ipsec.count;
}

static bool has_macsec(const struct netdevsim *ns)
{
	return ns->macsec.nsim_secy_count;
}

static bool holds_page(const struct netdevsim *ns)
{
	return ns->page;
}

static const struct {
	enum nsim_kho_item item;
	bool (*applies)(const struct netdevsim *ns);
	int err;
	const char *why;
	const char *lost;
} netdev_reasons[] = {
	{ NSIM_KHO_NETNS, in_other_netns, -EOPNOTSUPP,
	  "it is in a network namespace that the next kernel won't have",
	  "its network namespace" },
	{ NSIM_KHO_BPF, has_xdp, -EBUSY,
	  "an XDP or BPF program is attached to it", "its XDP or BPF program" },
	/* A key used again with a sequence that restarts repeats nonces. */
	{ NSIM_KHO_IPSEC, has_ipsec, -EBUSY,
	  "IPsec states are offloaded to it", "offloaded IPsec states" },
	{ NSIM_KHO_MACSEC, has_macsec, -EBUSY,
	  "MACsec devices are offloaded to it", "offloaded MACsec devices" },
	{ NSIM_KHO_PAGE, holds_page, -EBUSY,
	  "pp_hold holds a page of its page pool", "the page that pp_hold holds" },
};

static bool may_leave(const struct nsim_kho *kho, enum nsim_kho_item item)
{
	return READ_ONCE(kho->knobs.leave[item]);
}

static int refuse_netdev(struct nsim_kho *kho, const struct netdevsim *ns)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(netdev_reasons); i++) {
		if (!netdev_reasons[i].applies(ns) ||
		    may_leave(kho, netdev_reasons[i].item))
			continue;
		kho_client_explain(&kho->client, "%s can't be handed over: %s",
				   ns->netdev->name, netdev_reasons[i].why);
		return netdev_reasons[i].err;
	}
	return 0;
}

static void note_netdev(struct nsim_kho *kho, const struct netdevsim *ns)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(netdev_reasons); i++)
		if (netdev_reasons[i].applies(ns))
			nsim_kho_lost(kho, "%s: %s", ns->netdev->name,
				      netdev_reasons[i].lost);
	if (ns->phc)
		nsim_kho_lost(kho, "%s: time of its PTP clock",
			      ns->netdev->name);
}

static bool devlink_in_other_netns(struct nsim_dev *nsim_dev)
{
	return !net_eq(devlink_net(priv_to_devlink(nsim_dev)), &init_net);
}

static bool has_bpf(struct nsim_dev *nsim_dev)
{
	if (!IS_ENABLED(CONFIG_BPF_SYSCALL))
		return false;

	/* Maps are bound under rtnl. */
	guard(mutex)(&nsim_dev->progs_list_lock);
	return !list_empty(&nsim_dev->bpf_bound_progs) ||
	       !list_empty(&nsim_dev->bpf_bound_maps);
}

/**
 * nsim_kho_refuse - is there anything that must not get lost?
 * @kho: client
 * @nsim_dev: its device
 *
 * Context: prepare or save callback; devl_lock and rtnl held.
 * Return: 0; or an errno, explained.
 */
int nsim_kho_refuse(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	unsigned int queues;
	int err;

	ASSERT_RTNL();

	if (devlink_in_other_netns(nsim_dev) &&
	    !may_leave(kho, NSIM_KHO_NETNS)) {
		kho_client_explain(&kho->client,
				   "its devlink instance is in a network namespace that the next kernel won't have");
		return -EOPNOTSUPP;
	}
	queues = nsim_dev->nsim_bus_dev->num_queues;
	if (queues < NSIM_KHO_QUEUES_MIN || queues > NSIM_KHO_QUEUES_MAX) {
		kho_client_explain(&kho->client,
				   "it can't be created again with %u queues",
				   queues);
		return -EOPNOTSUPP;
	}
	if (devlink_is_reload_failed(priv_to_devlink(nsim_dev))) {
		kho_client_explain(&kho->client,
				   "its last devlink reload failed");
		return -EBUSY;
	}
	if (has_bpf(nsim_dev) && !may_leave(kho, NSIM_KHO_BPF)) {
		kho_client_explain(&kho->client,
				   "BPF programs or maps are bound to it");
		return -EBUSY;
	}

	list_for_each_entry(port, &nsim_dev->port_list, list) {
		err = refuse_netdev(kho, port->ns);
		if (err)
			return err;
	}
	return 0;
}

static void note_dump(struct nsim_kho *kho, const char *name,
		      const struct devlink_health_reporter *reporter)
{
	struct devlink_health_reporter_settings settings;

	devl_health_reporter_settings_get(reporter, &settings);
	if (settings.has_dump)
		nsim_kho_lost(kho, "dump of health reporter %s", name);
}

/**
 * nsim_kho_note_lost - list what is not preserved, and no reason to refuse
 * @kho: client
 * @nsim_dev: its device
 *
 * Context: prepare or save callback; devl_lock and rtnl held; may sleep.
 */
void nsim_kho_note_lost(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	unsigned int snapshots = atomic_read(&nsim_dev->snapshots);
	struct nsim_dev_port *port;

	ASSERT_RTNL();

	note_dump(kho, "dummy", nsim_dev->health.dummy_reporter);
	note_dump(kho, "empty", nsim_dev->health.empty_reporter);
	if (snapshots)
		nsim_kho_lost(kho, "%u snapshots of the dummy region",
			      snapshots);

	if (devlink_in_other_netns(nsim_dev))
		nsim_kho_lost(kho, "its network namespace, L3 statistics there");
	if (has_bpf(nsim_dev))
		nsim_kho_lost(kho, "bound BPF programs and maps");
	list_for_each_entry(port, &nsim_dev->port_list, list)
		note_netdev(kho, port->ns);
}
