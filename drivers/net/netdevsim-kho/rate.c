// SPDX-License-Identifier: GPL-2.0-only
/*
 * devlink rates: groups of VF ports that share bandwidth, in a tree. devlink
 * calls groups nodes; to the record they are groups.
 */
#include <linux/slab.h>
#include <net/devlink.h>

#include "internal.h"

#define TX_MAX	((u64)NSIM_LINK_SPEED_MAX * NSIM_LINK_SPEED_UNIT)

static int save_rate(struct kho_image *image, const struct devlink_rate *rate)
{
	int err;

	err = kho_image_set_u64(image, "tx-share", rate->tx_share);
	if (!err)
		err = kho_image_set_u64(image, "tx-max", rate->tx_max);
	return err ?: kho_image_set_string(image, "parent",
					   rate->parent ? rate->parent->name :
					   "");
}

/**
 * nsim_kho_save_rate_leaf - write a VF port's rates to the current node
 * @image: outgoing image
 * @port: the port
 *
 * Context: devl_lock held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_rate_leaf(struct kho_image *image, struct nsim_dev_port *port)
{
	int err;

	if (!port->devlink_port.devlink_rate)
		return 0;
	err = kho_image_enter(image, "rate");
	if (err)
		return err;
	err = save_rate(image, port->devlink_port.devlink_rate);
	kho_image_leave(image);
	return err;
}

/**
 * nsim_kho_save_rate_nodes - write the groups
 * @kho: client
 * @nsim_dev: its device
 * @image: outgoing image, at the root
 *
 * Context: devl_lock held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_rate_nodes(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			     struct kho_image *image)
{
	struct nsim_rate_node *node;
	unsigned int i = 0;
	int err;

	err = kho_image_enter(image, "rate-groups");
	if (err)
		return err;
	list_for_each_entry(node, &nsim_dev->rate_nodes, list) {
		err = kho_image_enter_item(image, "group", i++);
		if (err)
			break;
		err = kho_image_set_string(image, "group-name",
					   node->devlink_rate->name);
		if (!err)
			err = save_rate(image, node->devlink_rate);
		kho_image_leave(image);
		if (err)
			break;
	}
	if (!err)
		err = kho_image_end_list(image, "group", i);
	kho_image_leave(image);
	return err;
}

static struct nsim_rate_node *find_group(struct nsim_dev *nsim_dev,
					 const char *name)
{
	struct nsim_rate_node *node;

	list_for_each_entry(node, &nsim_dev->rate_nodes, list)
		if (!strcmp(node->devlink_rate->name, name))
			return node;
	return NULL;
}

static bool is_at_or_below(const struct devlink_rate *rate,
			   const struct devlink_rate *top)
{
	for (; rate; rate = rate->parent)
		if (rate == top)
			return true;
	return false;
}

static void restore_number(struct nsim_kho *kho, int node, const char *where,
			   const char *prop, u64 *rate)
{
	u64 val;
	u32 rem;

	if (!nsim_kho_get_u64(kho, node, where, prop, TX_MAX, &val))
		return;
	div_u64_rem(val, NSIM_LINK_SPEED_UNIT, &rem);
	if (rem)
		nsim_kho_lost(kho, "%s: %s: %llu is no multiple of the unit",
			      where, prop, val);
	else
		*rate = val;
}

static void restore_rate(struct nsim_kho *kho, int node, const char *where,
			 struct devlink_rate *rate)
{
	restore_number(kho, node, where, "tx-share", &rate->tx_share);
	restore_number(kho, node, where, "tx-max", &rate->tx_max);
}

static void restore_parent(struct nsim_kho *kho, int node, const char *where,
			   struct nsim_dev *nsim_dev,
			   struct devlink_rate *rate, char **parent_name)
{
	struct nsim_rate_node *parent;
	const char *name;

	if (kho_image_get_string(kho->in.image, node, "parent", &name)) {
		nsim_kho_lost(kho, "%s: parent: not in the record", where);
		return;
	}
	if (!*name)
		return;

	parent = find_group(nsim_dev, name);
	if (!parent || is_at_or_below(parent->devlink_rate, rate)) {
		nsim_kho_lost(kho, "%s: parent: %s can't be it", where, name);
		return;
	}

	rate->parent = parent->devlink_rate;
	refcount_inc(&rate->parent->refcnt);
	*parent_name = rate->parent->name;
}

static void restore_group(struct nsim_kho *kho, int node, const char *where,
			  struct nsim_dev *nsim_dev)
{
	struct nsim_rate_node *group;
	struct devlink_rate *rate;
	const char *name;

	if (kho_image_get_string(kho->in.image, node, "group-name", &name) ||
	    !*name || find_group(nsim_dev, name)) {
		nsim_kho_lost(kho, "%s: no name, or one used twice", where);
		return;
	}

	group = nsim_rate_node_alloc(nsim_dev, name);
	if (!group) {
		nsim_kho_lost(kho, "%s: no memory", where);
		return;
	}
	rate = devl_rate_node_create(priv_to_devlink(nsim_dev), group,
				     (char *)name, NULL);
	if (IS_ERR(rate)) {
		nsim_kho_lost(kho, "%s: %pe", where, rate);
		nsim_rate_node_free(group);
		return;
	}
	group->devlink_rate = rate;
	restore_rate(kho, node, where, rate);
	group->tx_share = div_u64(rate->tx_share, NSIM_LINK_SPEED_UNIT);
	group->tx_max = div_u64(rate->tx_max, NSIM_LINK_SPEED_UNIT);
}

static void restore_group_parent(struct nsim_kho *kho, int node,
				 const char *where, struct nsim_dev *nsim_dev)
{
	struct nsim_rate_node *group;
	const char *name;

	if (kho_image_get_string(kho->in.image, node, "group-name", &name))
		return;
	group = find_group(nsim_dev, name);
	if (group && !group->devlink_rate->parent)
		restore_parent(kho, node, where, nsim_dev, group->devlink_rate,
			       &group->parent_name);
}

/* Any group may be the parent of any other one: first all, then parents. */
static void restore_groups(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			   bool parents)
{
	int node, list = kho_image_find(kho->in.image, 0, "rate-groups");
	char where[24];
	u32 i, nr;

	if (list < 0) {
		nsim_kho_lost(kho, "rate groups: not in the record");
		return;
	}
	if (!nsim_kho_get_u32(kho, list, "rate groups", "count",
			      NSIM_KHO_LIST_MAX, &nr))
		return;
	for (i = 0; i < nr; i++) {
		snprintf(where, sizeof(where), "rate group %u", i);
		node = kho_image_find_item(kho->in.image, list, "group", i);
		if (node < 0) {
			nsim_kho_lost(kho, "%s: not in the record", where);
			continue;
		}
		if (parents)
			restore_group_parent(kho, node, where, nsim_dev);
		else
			restore_group(kho, node, where, nsim_dev);
	}
}

/* The VF's settings may say otherwise, from legacy mode, and are kept. */
static void restore_leaf(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			 struct nsim_dev_port *port, int port_node)
{
	int node = kho_image_find(kho->in.image, port_node, "rate");
	struct devlink_rate *rate = port->devlink_port.devlink_rate;
	char where[32];

	snprintf(where, sizeof(where), "rate of port %u", port->port_index);
	if (node < 0 || !rate) {
		nsim_kho_lost(kho, "%s: not in the record", where);
		return;
	}
	restore_rate(kho, node, where, rate);
	restore_parent(kho, node, where, nsim_dev, rate, &port->parent_name);
}

/**
 * nsim_kho_restore_rates - restore groups, and the rates of VF ports
 * @kho: device that is being restored
 * @nsim_dev: its device, in switchdev mode if it shall have any
 *
 * Context: devl_lock held; may sleep.
 */
void nsim_kho_restore_rates(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	u32 i;

	if (!nsim_esw_mode_is_switchdev(nsim_dev))
		return;

	restore_groups(kho, nsim_dev, false);
	restore_groups(kho, nsim_dev, true);

	list_for_each_entry(port, &nsim_dev->port_list, list) {
		if (!nsim_dev_port_is_vf(port))
			continue;
		for (i = 0; i < kho->in.nr_ports; i++)
			if (kho->in.ports[i].index == port->port_index)
				restore_leaf(kho, nsim_dev, port,
					     kho->in.ports[i].node);
	}
}
