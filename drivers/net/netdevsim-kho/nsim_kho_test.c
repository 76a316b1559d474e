// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices saved, deleted, restored and compared, without a kexec: what was
 * handed over is looped back into this kernel.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/libfdt.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>

#include "../../../kernel/kho/fsm/internal.h"
#include "../../../kernel/kho/fsm/test.h"
#include "../../../net/core/dev.h"
#include "internal.h"

#define DEV_A		990
#define DEV_B		991
#define NAME_A		"netdevsim990"
#define NAME_B		"netdevsim991"
#define NR_PORTS	4
#define NR_QUEUES	8

/* Devices, as the bus makes and deletes them. */

static struct nsim_dev *make_device(struct kunit *test, unsigned int id)
{
	struct nsim_bus_dev *bus_dev;
	int err;

	nsim_kho_lock();
	err = nsim_kho_create(id);
	if (!err) {
		bus_dev = nsim_bus_dev_add(id, NR_PORTS, NR_QUEUES,
					   NSIM_BUS_DEV_MAX_VFS, &init_net);
		err = PTR_ERR_OR_ZERO(bus_dev);
	}
	if (!err)
		err = nsim_kho_register(id, bus_dev);
	nsim_kho_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);

	return dev_get_drvdata(&bus_dev->dev);
}

static int delete_device(unsigned int id)
{
	struct nsim_bus_dev *bus_dev;

	nsim_kho_lock();
	bus_dev = nsim_bus_dev_take(id);
	if (!IS_ERR(bus_dev)) {
		nsim_kho_unregister(id);
		nsim_bus_dev_del(bus_dev);
		nsim_kho_destroy(id);
	}
	nsim_kho_unlock();
	return PTR_ERR_OR_ZERO(bus_dev);
}

static struct nsim_kho *client_of(unsigned int id)
{
	struct nsim_kho *kho;

	nsim_kho_lock();
	kho = nsim_kho_find(id);
	nsim_kho_unlock();
	return kho;
}

static struct nsim_dev *device_of(unsigned int id)
{
	struct nsim_kho *kho = client_of(id);

	return kho && kho->bus_dev ? dev_get_drvdata(&kho->bus_dev->dev) : NULL;
}

static struct netdevsim *port_of(struct nsim_dev *nsim_dev, u32 index)
{
	struct nsim_dev_port *port;

	list_for_each_entry(port, &nsim_dev->port_list, list)
		if (port->port_index == index)
			return port->ns;
	return NULL;
}

static void forget_pages(struct nsim_kho_pages *pages)
{
	kfree(pages->chunks);
	memset(pages, 0, sizeof(*pages));
}

/* What a kexec does to a device: it is gone, what it preserved isn't. */
static void forget_device(struct kunit *test, unsigned int id)
{
	struct nsim_kho *kho = client_of(id);

	forget_pages(&kho->extra.pages);
	forget_pages(&kho->rx);
	kho->frozen = false;
	KUNIT_ASSERT_EQ(test, delete_device(id), 0);
}

static void hand_over(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
}

static const struct kho_image *pull(struct kunit *test)
{
	const struct kho_image *image;

	image = kho_image_pull(NAME_A, nsim_kho_readable, NULL);
	KUNIT_ASSERT_NOT_NULL(test, image);
	return image;
}

static bool is_listed(unsigned int id, const char *text,
		      int (*show)(struct seq_file *seq, void *unused))
{
	struct nsim_kho *kho = client_of(id);
	struct seq_file seq = { .private = kho, .size = PAGE_SIZE };
	bool found;

	mutex_init(&seq.lock);
	seq.buf = kzalloc(seq.size, GFP_KERNEL);
	show(&seq, NULL);
	found = text ? !!strstr(seq.buf, text) : seq.count > 0;
	if (!found && text)
		pr_info("lost: no \"%s\" in:\n%s", text, seq.buf);
	if (found && !text)
		pr_info("lost:\n%s", seq.buf);
	kfree(seq.buf);
	return found;
}

/* Something, if @text is NULL. */
static bool is_lost(unsigned int id, const char *text)
{
	return is_listed(id, text, nsim_kho_lost_show);
}

static bool was_lost(unsigned int id, const char *text)
{
	return is_listed(id, text, nsim_kho_lost_before_show);
}

/* A device with something of everything that can be set. */

static void fill_fields(void *from, void *to)
{
	u32 *field;

	for (field = from; field < (u32 *)to; field++)
		*field = 1000 + (field - (u32 *)from);
}

static void configure_port(struct kunit *test, struct netdevsim *ns, u32 i)
{
	struct nsim_ethtool *ethtool = &ns->ethtool;
	struct net_device *dev = ns->netdev;
	struct sockaddr mac = { .sa_family = ARPHRD_ETHER,
		.sa_data_min = { 0x02, 0x00, 0x5e, 0x00, 0x00, 0x10 + i } };
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "khotest%u", i);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_change_name(dev, name), 0);
	KUNIT_EXPECT_EQ(test, dev_set_mtu(dev, 2000 + i), 0);
	KUNIT_EXPECT_EQ(test, dev_set_mac_address(dev, &mac, NULL), 0);
	KUNIT_EXPECT_GT(test, dev_set_alias(dev, "an alias", 8), 0);
	dev->tx_queue_len = 100 + i;
	dev->group = 7 + i;
	dev->wanted_features &= ~NETIF_F_GRO;
	dev->wanted_features |= NETIF_F_HW_TC;
	netdev_update_features(dev);
	KUNIT_EXPECT_EQ(test, netif_set_real_num_queues(dev, 3, 3), 0);
	rtnl_unlock();

	ns->tx_packets = 100000 + i;
	ns->tx_bytes = 1ULL << 40 | i;
	ns->tx_dropped = 300 + i;
	ns->ipsec.tx = 5;
	ns->ipsec.ok = 6;
	ns->bpf_tc_accept ^= 1;
	ns->bpf_tc_non_bound_accept ^= 1;
	ns->bpf_xdpdrv_accept ^= 1;
	ns->bpf_xdpoffload_accept ^= 1;
	ns->bpf_map_accept ^= 1;
	ns->udp_ports.sleep = 1;
	ns->udp_ports.inject_error = 2;

	ethtool->channels = 3;
	ethtool->get_err = 11;
	ethtool->set_err = 12;
	ethtool->pauseparam.rx = true;
	ethtool->pauseparam.tx = true;
	ethtool->pauseparam.report_stats_rx = false;
	ethtool->pauseparam.report_stats_tx = false;
	fill_fields(&ethtool->coalesce.rx_coalesce_usecs,
		    &ethtool->coalesce + 1);
	fill_fields(&ethtool->ring.rx_max_pending, &ethtool->ring + 1);
	ethtool->fec.fec = ETHTOOL_FEC_RS;
	ethtool->fec.active_fec = ETHTOOL_FEC_RS;
}

static void configure_vfs(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct devlink *devlink = priv_to_devlink(nsim_dev);
	unsigned int i;

	devl_lock(devlink);
	nsim_dev->esw_mode = DEVLINK_ESWITCH_MODE_SWITCHDEV;
	devl_unlock(devlink);
	KUNIT_ASSERT_EQ(test,
			nsim_drv_configure_vfs(nsim_dev->nsim_bus_dev, 2), 0);

	for (i = 0; i < 3; i++) {
		struct nsim_vf_config *vf = &nsim_dev->vfconfigs[i];

		vf->link_state = IFLA_VF_LINK_STATE_DISABLE;
		vf->min_tx_rate = 3;
		vf->max_tx_rate = 33;
		vf->vlan = 100 + i;
		vf->vlan_proto = htons(ETH_P_8021AD);
		vf->qos = 3;
		vf->vf_mac[0] = 2;
		vf->vf_mac[5] = i;
		vf->spoofchk_enabled = true;
		vf->trusted = true;
		vf->rss_query_enabled = true;
	}
}

static struct nsim_rate_node *add_group(struct kunit *test,
					struct nsim_dev *nsim_dev, char *name)
{
	struct nsim_rate_node *group = nsim_rate_node_alloc(nsim_dev, name);

	KUNIT_ASSERT_NOT_NULL(test, group);
	group->devlink_rate = devl_rate_node_create(priv_to_devlink(nsim_dev),
						    group, name, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group->devlink_rate);
	group->tx_share = 5;
	group->tx_max = 50;
	group->devlink_rate->tx_share = 5 * NSIM_LINK_SPEED_UNIT;
	group->devlink_rate->tx_max = 50 * NSIM_LINK_SPEED_UNIT;
	return group;
}

static void set_parent(struct devlink_rate *rate, char **parent_name,
		       struct nsim_rate_node *parent)
{
	rate->parent = parent->devlink_rate;
	refcount_inc(&parent->devlink_rate->refcnt);
	*parent_name = parent->devlink_rate->name;
}

/* A child that is older than its parent, and a VF port below it. */
static void configure_rates(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct netdevsim *vf = port_of(nsim_dev, NSIM_DEV_VF_PORT_INDEX_BASE);
	struct nsim_rate_node *child, *parent;
	struct devlink_rate *leaf;

	KUNIT_ASSERT_NOT_NULL(test, vf);
	devl_lock(priv_to_devlink(nsim_dev));
	child = add_group(test, nsim_dev, "child/group");
	parent = add_group(test, nsim_dev, "parent");
	set_parent(child->devlink_rate, &child->parent_name, parent);

	leaf = vf->nsim_dev_port->devlink_port.devlink_rate;
	leaf->tx_share = NSIM_LINK_SPEED_UNIT;
	leaf->tx_max = 10 * NSIM_LINK_SPEED_UNIT;
	set_parent(leaf, &vf->nsim_dev_port->parent_name, child);
	devl_unlock(priv_to_devlink(nsim_dev));
}

static void configure_traps(struct nsim_dev *nsim_dev)
{
	struct nsim_trap_data *traps = nsim_dev->trap_data;
	int i;

	for (i = 0; i < NSIM_TRAP_COUNT; i++)
		traps->trap_items_arr[i].action = (i + 1) % 3;
	for (i = 0; i < NSIM_TRAP_GROUP_COUNT; i++)
		traps->group_policer_ids[i] = NSIM_TRAP_POLICER_COUNT - i % 4;
	for (i = 0; i < NSIM_TRAP_POLICER_COUNT; i++) {
		traps->policer_cfgs[i].rate = 4000 + i;
		traps->policer_cfgs[i].burst = 64 << i;
		traps->trap_policers_cnt_arr[i] = 70 + i;
	}
	traps->trap_pkt_cnt = 77;
}

static void configure_psample(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_psample *psample = nsim_dev->psample;

	if (!IS_ENABLED(CONFIG_PSAMPLE))
		return;
	psample->rate = 55;
	psample->group_num = 56;
	psample->trunc_size = 57;
	psample->in_ifindex = 58;
	psample->out_ifindex = 59;
	psample->out_tc = 6;
	psample->out_tc_occ_max = 61;
	psample->latency_max = 62;
	KUNIT_EXPECT_EQ(test, nsim_dev_psample_enable(nsim_dev), 0);
	psample->group_num = 63;
}

static int enable_hwstats(struct nsim_dev *nsim_dev, int ifindex)
{
	struct nsim_dev_hwstats *hwstats = &nsim_dev->hwstats;
	int err;

	rtnl_lock();
	err = nsim_dev_hwstats_enable_ifindex(hwstats, ifindex,
					      NETDEV_OFFLOAD_XSTATS_TYPE_L3,
					      &hwstats->l3_list);
	rtnl_unlock();
	return err;
}

static struct nsim_dev_hwstats_netdev *hwstats_of(struct nsim_dev *nsim_dev)
{
	return list_first_entry_or_null(&nsim_dev->hwstats.l3_list,
					struct nsim_dev_hwstats_netdev, list);
}

static void fill_counters(struct rtnl_hw_stats64 *stats)
{
	u64 *counter;

	for (counter = (u64 *)stats; counter < (u64 *)(stats + 1); counter++)
		*counter = (1ULL << 40) + (counter - (u64 *)stats);
}

static void configure_hwstats(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_hwstats_netdev *entry;

	KUNIT_ASSERT_EQ(test, enable_hwstats(nsim_dev,
					     init_net.loopback_dev->ifindex), 0);
	entry = hwstats_of(nsim_dev);
	fill_counters(&entry->stats);
	entry->fail_enable = true;
}

static void configure_params(struct nsim_dev *nsim_dev)
{
	struct devlink *devlink = priv_to_devlink(nsim_dev);
	union devlink_param_value val = { .vu32 = 16 };

	devl_lock(devlink);
	devl_param_driverinit_value_set(devlink,
					DEVLINK_PARAM_GENERIC_ID_MAX_MACS, val);
	val.vbool = false;
	devl_param_driverinit_value_set(devlink, NSIM_DEVLINK_PARAM_ID_TEST1,
					val);
	devl_unlock(devlink);
	nsim_dev->max_macs = 64;
}

static const u64 resource_ids[] = {
	NSIM_RESOURCE_IPV4, NSIM_RESOURCE_IPV4_FIB,
	NSIM_RESOURCE_IPV4_FIB_RULES, NSIM_RESOURCE_IPV6,
	NSIM_RESOURCE_IPV6_FIB, NSIM_RESOURCE_IPV6_FIB_RULES,
	NSIM_RESOURCE_NEXTHOPS,
};

static void configure_resources(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct devlink *devlink = priv_to_devlink(nsim_dev);
	int i;

	devl_lock(devlink);
	for (i = 0; i < ARRAY_SIZE(resource_ids); i++)
		KUNIT_EXPECT_EQ(test,
				devl_resource_size_new_set(devlink,
							   resource_ids[i],
							   1000 + i), 0);
	devl_unlock(devlink);
}

static void configure_health(struct nsim_dev *nsim_dev)
{
	const struct devlink_health_reporter_settings settings = {
		.graceful_period = 5000,
		.error_count = 3,
		.recovery_count = 2,
		.health_state = DEVLINK_HEALTH_REPORTER_STATE_ERROR,
	};
	struct nsim_dev_health *health = &nsim_dev->health;

	devl_lock(priv_to_devlink(nsim_dev));
	devl_health_reporter_settings_set(health->dummy_reporter, &settings);
	devl_unlock(priv_to_devlink(nsim_dev));
	health->binary_len = 99;
	health->fail_recover = true;
	health->recovered_break_msg = kstrdup("broken", GFP_KERNEL);
}

static void configure_flags(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct nsim_fib_fail_flags *fib = nsim_fib_fail_flags(nsim_dev->fib_data);
	struct flow_action_cookie *cookie;

	nsim_dev->test1 ^= 1;
	nsim_dev->fw_update_status ^= 1;
	nsim_dev->fw_update_overwrite_mask = 3;
	nsim_dev->dont_allow_reload ^= 1;
	nsim_dev->fail_reload ^= 1;
	nsim_dev->fail_trap_group_set ^= 1;
	nsim_dev->fail_trap_policer_set ^= 1;
	nsim_dev->fail_trap_policer_counter_get ^= 1;
	nsim_dev->fail_trap_drop_counter_get ^= 1;
	nsim_dev->bpf_bind_accept ^= 1;
	nsim_dev->bpf_bind_verifier_accept ^= 1;
	nsim_dev->bpf_bind_verifier_delay = 9;
	nsim_dev->prog_id_gen = 10;
	nsim_dev->udp_ports.sync_all ^= 1;
	nsim_dev->udp_ports.open_only ^= 1;
	nsim_dev->udp_ports.ipv4_only ^= 1;
	nsim_dev->udp_ports.shared ^= 1;
	nsim_dev->udp_ports.static_iana_vxlan ^= 1;
	nsim_dev->udp_ports.sleep = 3;
	fib->route_offload = true;
	fib->res_nexthop_group_replace = true;
	fib->nexthop_bucket_replace = true;
	fib->route_delete = true;

	cookie = kzalloc(struct_size(cookie, cookie, 5), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cookie);
	cookie->cookie_len = 5;
	memset(cookie->cookie, 0xaa, 5);
	nsim_dev->fa_cookie = cookie;
}

static void configure_knobs(unsigned int id)
{
	struct nsim_kho_knobs *knobs = &client_of(id)->knobs;

	knobs->extra_kib = 300;
	knobs->dirty_kib_per_s = 20;
	knobs->delay_ms[NSIM_KHO_PREPARE] = 1;
	knobs->delay_ms[NSIM_KHO_SAVE] = 2;
	knobs->delay_ms[NSIM_KHO_RESTORE] = 3;
	knobs->hold_rx = true;
	memset(knobs->leave, true, sizeof(knobs->leave));
}

/* Frames as they lie in the rings of a port. */

#define ETH_P_TEST	0x88b5
#define RX_FRAME_MAX	60000

static const struct rx_frame {
	unsigned int queue;
	unsigned int len;
	unsigned int linear;
	unsigned int segment;
} rx_frames[] = {
	{ .queue = 0, .len = 60, .linear = 60 },
	{ .queue = 0, .len = RX_FRAME_MAX, .linear = 100 },
	{ .queue = 0, .len = ETH_HLEN, .linear = ETH_HLEN },
	{ .queue = 0, .len = RX_FRAME_MAX, .linear = 100 },
	{ .queue = 5, .len = 4054, .linear = 128, .segment = 1000 },
	{ .queue = 5, .len = RX_FRAME_MAX - 1, .linear = 100 },
};

/* Each can be told from the others; what is to be segmented is TCP. */
static const u8 *frame_bytes(struct kunit *test, const struct rx_frame *frame)
{
	u8 *bytes = kunit_kmalloc(test, RX_FRAME_MAX, GFP_KERNEL);
	struct ethhdr *eth = (void *)bytes;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	for (i = 0; i < RX_FRAME_MAX; i++)
		bytes[i] = i * 7 + (frame - rx_frames);
	eth_broadcast_addr(eth->h_dest);
	eth->h_proto = htons(frame->segment ? ETH_P_IP : ETH_P_TEST);
	if (frame->segment) {
		ip->version = IPVERSION;
		ip->ihl = sizeof(*ip) / 4;
		ip->tot_len = htons(frame->len - ETH_HLEN);
		ip->frag_off = 0;
		ip->protocol = IPPROTO_TCP;
		tcp->doff = sizeof(*tcp) / 4;
	}
	return bytes;
}

static void receive(struct kunit *test, struct netdevsim *ns,
		    const struct rx_frame *frame)
{
	unsigned int rest = frame->len - frame->linear;
	const u8 *bytes = frame_bytes(test, frame);
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(frame->linear, rest, 0, &err, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put(skb, frame->linear);
	skb->data_len = rest;
	skb->len += rest;
	KUNIT_ASSERT_EQ(test, skb_store_bits(skb, 0, bytes, frame->len), 0);
	if (frame->segment) {
		skb_partial_csum_set(skb, ETH_HLEN + sizeof(struct iphdr),
				     offsetof(struct tcphdr, check));
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
		skb_shinfo(skb)->gso_size = frame->segment;
	}
	skb->mark = 1 + (frame - rx_frames);
	skb->priority = 10 + (frame - rx_frames);
	skb->protocol = eth_type_trans(skb, ns->netdev);
	skb_queue_tail(&ns->rq[frame->queue].skb_queue, skb);
}

static void receive_all(struct kunit *test, struct netdevsim *ns)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rx_frames); i++)
		receive(test, ns, &rx_frames[i]);
}

static void expect_frame(struct kunit *test, const struct rx_frame *frame,
			 struct sk_buff *skb)
{
	const u8 *bytes = frame_bytes(test, frame);
	bool segment = frame->segment;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, ntohs(skb->protocol),
			segment ? ETH_P_IP : ETH_P_TEST);
	KUNIT_EXPECT_EQ(test, skb->mark, 1 + (frame - rx_frames));
	KUNIT_EXPECT_EQ(test, skb->priority, 10 + (frame - rx_frames));
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed,
			segment ? CHECKSUM_PARTIAL : CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, frame->segment);

	skb_push(skb, ETH_HLEN);
	KUNIT_ASSERT_EQ(test, skb->len, frame->len);
	KUNIT_ASSERT_EQ(test, skb_linearize(skb), 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(skb->data, bytes, frame->len));
	if (segment) {
		KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb),
				ETH_HLEN + sizeof(struct iphdr));
		KUNIT_EXPECT_EQ(test, skb->csum_offset,
				offsetof(struct tcphdr, check));
	}
	kfree_skb(skb);
}

static void configure(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct nsim_bus_dev *bus_dev = nsim_dev->nsim_bus_dev;
	u32 i;

	/* A hole, and a newcomer. */
	KUNIT_ASSERT_EQ(test, nsim_drv_port_del(bus_dev, NSIM_DEV_PORT_TYPE_PF,
						1), 0);
	KUNIT_ASSERT_EQ(test, nsim_drv_port_add(bus_dev, NSIM_DEV_PORT_TYPE_PF,
						9), 0);
	for (i = 0; i < 10; i++)
		if (port_of(nsim_dev, i))
			configure_port(test, port_of(nsim_dev, i), i);

	configure_vfs(test, nsim_dev);
	configure_rates(test, nsim_dev);
	configure_traps(nsim_dev);
	configure_psample(test, nsim_dev);
	configure_hwstats(test, nsim_dev);
	configure_params(nsim_dev);
	configure_resources(test, nsim_dev);
	configure_health(nsim_dev);
	configure_flags(test, nsim_dev);
	configure_knobs(nsim_dev->nsim_bus_dev->dev.id);
	receive_all(test, port_of(nsim_dev, 9));
}

/* Records are compared as a whole: what isn't restored is saved differently. */

static bool is_reference(const char *prop)
{
	return !strncmp(prop, "chunk-", strlen("chunk-"));
}

static void compare_props(struct kunit *test, const void *a, int node_a,
			  const void *b, int node_b)
{
	const char *where = fdt_get_name(a, node_a, NULL);
	int prop, count = 0;

	fdt_for_each_property_offset(prop, a, node_a) {
		const void *val_a, *val_b;
		const char *name;
		int len_a, len_b;

		val_a = fdt_getprop_by_offset(a, prop, &name, &len_a);
		val_b = fdt_getprop(b, node_b, name, &len_b);
		count++;
		if (is_reference(name))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, len_a, len_b, "%s: %s", where, name);
		if (len_a == len_b)
			KUNIT_EXPECT_TRUE_MSG(test, !memcmp(val_a, val_b, len_a),
					      "%s: %s: %*ph became %*ph", where,
					      name, len_a, val_a, len_b, val_b);
	}
	fdt_for_each_property_offset(prop, b, node_b)
		count--;
	KUNIT_EXPECT_EQ_MSG(test, count, 0, "%s: number of properties", where);
}

static void compare_nodes(struct kunit *test, const void *a, int node_a,
			  const void *b, int node_b)
{
	int child_a, child_b, count = 0;

	compare_props(test, a, node_a, b, node_b);
	fdt_for_each_subnode(child_a, a, node_a) {
		const char *name = fdt_get_name(a, child_a, NULL);

		child_b = fdt_subnode_offset(b, node_b, name);
		KUNIT_EXPECT_GE_MSG(test, child_b, 0, "%s is gone", name);
		if (child_b >= 0)
			compare_nodes(test, a, child_a, b, child_b);
		count++;
	}
	fdt_for_each_subnode(child_b, b, node_b)
		count--;
	KUNIT_EXPECT_EQ_MSG(test, count, 0, "%s: number of nodes",
			    fdt_get_name(a, node_a, NULL));
}

/* In the records, all but what is meant to must differ. */
static void expect_all_set(struct kunit *test, const void *plain, int node_p,
			   const void *set, int node_s)
{
	/* Identical by nature, or as ports that are down have it. */
	static const char * const same[] = {
		"compatible", "id", "port-count", "num-queues", "max-vfs",
		"ifindex", "index", "is-vf", "has-peer", "peer-id",
		"peer-port", "flags", "carrier", "name-assign-type",
		"restore-delay-ms", "fail-phase", "rx-udp_tunnel-port-offload",
		"rx-gro-list", "rx-udp-gro-forwarding", "tx-nocache-copy",
		"tx-generic-segmentation", "ipv4-fib", "ipv4-fib-rules",
		"ipv6-fib", "ipv6-fib-rules", "nexthops", "switch-id",
		"mac-assign-type", "elsewhere", "lost",
	};
	int prop, child, other;

	fdt_for_each_property_offset(prop, plain, node_p) {
		const void *val_p, *val_s;
		const char *name;
		int len_p, len_s;

		val_p = fdt_getprop_by_offset(plain, prop, &name, &len_p);
		val_s = fdt_getprop(set, node_s, name, &len_s);
		if (match_string(same, ARRAY_SIZE(same), name) >= 0 || !val_s)
			continue;
		KUNIT_EXPECT_FALSE_MSG(test, len_p == len_s &&
				       !memcmp(val_p, val_s, len_p),
				       "%s: %s is as in any device",
				       fdt_get_name(plain, node_p, NULL), name);
	}
	fdt_for_each_subnode(child, plain, node_p) {
		const char *name = fdt_get_name(plain, child, NULL);

		other = fdt_subnode_offset(set, node_s, name);
		if (other >= 0 && strcmp(name, "actions") &&
		    strcmp(name, "groups") && strcmp(name, "empty"))
			expect_all_set(test, plain, child, set, other);
	}
}

static const struct kho_image *save_and_pull(struct kunit *test)
{
	hand_over(test);
	forget_device(test, DEV_A);
	return pull(test);
}

/* A record can't show that a field is taken for another one; the device can. */
struct settings {
	struct nsim_ethtool ethtool;
	struct nsim_vf_config vfs[NSIM_BUS_DEV_MAX_VFS];
	struct nsim_fib_fail_flags fib;
	u64 new_sizes[ARRAY_SIZE(resource_ids)];
};

static void copy_settings(struct nsim_dev *nsim_dev, struct settings *settings)
{
	int i;

	settings->ethtool = port_of(nsim_dev, 9)->ethtool;
	memcpy(settings->vfs, nsim_dev->vfconfigs, sizeof(settings->vfs));
	settings->fib = *nsim_fib_fail_flags(nsim_dev->fib_data);
	devl_lock(priv_to_devlink(nsim_dev));
	for (i = 0; i < ARRAY_SIZE(resource_ids); i++)
		devl_resource_size_new_get(priv_to_devlink(nsim_dev),
					   resource_ids[i],
					   &settings->new_sizes[i]);
	devl_unlock(priv_to_devlink(nsim_dev));
}

static void test_round_trip(struct kunit *test)
{
	const struct kho_image *plain, *before, *after;
	struct settings *settings;
	struct nsim_dev *nsim_dev;

	settings = kunit_kcalloc(test, 2, sizeof(*settings), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, settings);

	make_device(test, DEV_A);
	plain = save_and_pull(test);
	nsim_kho_init();
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("finish"), 0);

	nsim_dev = device_of(DEV_A);
	KUNIT_ASSERT_NOT_NULL(test, nsim_dev);
	configure(test, nsim_dev);
	copy_settings(nsim_dev, &settings[0]);
	before = save_and_pull(test);
	expect_all_set(test, plain->fdt, 0, before->fdt, 0);
	nsim_kho_init();
	KUNIT_EXPECT_FALSE(test, is_lost(DEV_A, NULL));
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("finish"), 0);

	nsim_dev = device_of(DEV_A);
	KUNIT_ASSERT_NOT_NULL(test, nsim_dev);
	KUNIT_ASSERT_NOT_NULL(test, port_of(nsim_dev, 9));
	copy_settings(nsim_dev, &settings[1]);
	KUNIT_EXPECT_MEMEQ(test, &settings[0], &settings[1], sizeof(*settings));
	after = save_and_pull(test);
	compare_nodes(test, before->fdt, 0, after->fdt, 0);

	kho_image_put(plain);
	kho_image_put(before);
	kho_image_put(after);
}

static void test_identity(struct kunit *test)
{
	struct nsim_dev *nsim_dev = make_device(test, DEV_A);
	struct net_device *dev;
	u8 switch_id[MAX_PHYS_ITEM_ID_LEN];
	int ifindex;

	configure_port(test, port_of(nsim_dev, 2), 2);
	ifindex = port_of(nsim_dev, 2)->netdev->ifindex;
	memcpy(switch_id, nsim_dev->switch_id.id, sizeof(switch_id));

	hand_over(test);
	forget_device(test, DEV_A);
	nsim_kho_init();

	nsim_dev = device_of(DEV_A);
	KUNIT_ASSERT_NOT_NULL(test, nsim_dev);
	dev = port_of(nsim_dev, 2)->netdev;
	KUNIT_EXPECT_STREQ(test, dev->name, "khotest2");
	KUNIT_EXPECT_EQ(test, dev->ifindex, ifindex);
	KUNIT_EXPECT_EQ(test, dev->dev_addr[5], 0x12);
	KUNIT_EXPECT_EQ(test, dev->mtu, 2002);
	KUNIT_EXPECT_EQ(test, dev->real_num_rx_queues, 3);
	KUNIT_EXPECT_FALSE(test, dev->features & NETIF_F_GRO);
	KUNIT_EXPECT_MEMEQ(test, nsim_dev->switch_id.id, switch_id,
			   sizeof(switch_id));
}

static void expect_linked(struct kunit *test)
{
	struct netdevsim *a = port_of(device_of(DEV_A), 0);
	struct netdevsim *b = port_of(device_of(DEV_B), 3);

	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(a->peer), b);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(b->peer), a);
	KUNIT_EXPECT_TRUE(test, netif_running(a->netdev));
	KUNIT_EXPECT_TRUE(test, netif_running(b->netdev));
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(a->netdev));
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(b->netdev));
	KUNIT_EXPECT_FALSE(test,
			   netif_running(port_of(device_of(DEV_A), 1)->netdev));
}

static void test_linked_pair(struct kunit *test)
{
	struct netdevsim *a = port_of(make_device(test, DEV_A), 0);
	struct netdevsim *b = port_of(make_device(test, DEV_B), 3);

	rtnl_lock();
	nsim_peers_link(a, b);
	KUNIT_EXPECT_EQ(test, dev_change_flags(a->netdev, IFF_UP, NULL), 0);
	KUNIT_EXPECT_EQ(test, dev_change_flags(b->netdev,
					       IFF_UP | IFF_PROMISC, NULL), 0);
	rtnl_unlock();
	expect_linked(test);

	hand_over(test);
	forget_device(test, DEV_A);
	forget_device(test, DEV_B);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_B));
	expect_linked(test);
	b = port_of(device_of(DEV_B), 3);
	KUNIT_EXPECT_TRUE(test, b->netdev->flags & IFF_PROMISC);
}

/* Statistics for a netdev that comes back later. */
static void test_parked_hwstats(struct kunit *test)
{
	struct nsim_dev *nsim_dev = make_device(test, DEV_A);
	struct netdevsim *other = port_of(make_device(test, DEV_B), 2);
	struct nsim_dev_hwstats_netdev *entry;

	configure_port(test, other, 2);
	KUNIT_ASSERT_EQ(test, enable_hwstats(nsim_dev, other->netdev->ifindex),
			0);
	hwstats_of(nsim_dev)->stats.rx_packets = 81;

	hand_over(test);
	forget_device(test, DEV_A);
	forget_device(test, DEV_B);
	nsim_kho_init();

	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	entry = hwstats_of(device_of(DEV_A));
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_STREQ(test, entry->netdev->name, "khotest2");
	KUNIT_EXPECT_EQ(test, entry->stats.rx_packets, 81);
}

static void rename_netdev(struct kunit *test, struct netdevsim *ns,
			  const char *name)
{
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_change_name(ns->netdev, name), 0);
	rtnl_unlock();
}

/* The netdev that statistics wait for comes two kernels later, by renaming. */
static void test_parked_twice(struct kunit *test)
{
	struct netdevsim *other = port_of(make_device(test, DEV_B), 2);
	struct nsim_dev *nsim_dev = make_device(test, DEV_A);
	struct rtnl_hw_stats64 stats;
	struct nsim_dev_hwstats_netdev *entry;
	const struct kho_image *image;
	int node;

	configure_port(test, other, 2);
	KUNIT_ASSERT_EQ(test, enable_hwstats(nsim_dev, other->netdev->ifindex),
			0);
	fill_counters(&stats);
	hwstats_of(nsim_dev)->stats = stats;

	image = save_and_pull(test);
	forget_device(test, DEV_B);
	node = fdt_path_offset(image->fdt, "/hwstats/entry@0");
	KUNIT_ASSERT_EQ(test, fdt_setprop_inplace(image->fdt, node, "netdev",
						  "khotest7", 9), 0);
	kho_image_put(image);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_NULL(test, hwstats_of(device_of(DEV_A)));
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("finish"), 0);

	hand_over(test);
	forget_device(test, DEV_A);
	forget_device(test, DEV_B);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_B));
	KUNIT_EXPECT_NULL(test, hwstats_of(device_of(DEV_A)));

	rename_netdev(test, port_of(device_of(DEV_B), 2), "khotest7");
	entry = hwstats_of(device_of(DEV_A));
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_STREQ(test, entry->netdev->name, "khotest7");
	KUNIT_EXPECT_MEMEQ(test, &entry->stats, &stats, sizeof(stats));
}

static void set_xdp(struct netdevsim *ns, bool on)
{
	ns->xdp.prog = on ? (void *)ns : NULL;
}

static void set_xdp_hw(struct netdevsim *ns, bool on)
{
	ns->xdp_hw.prog = on ? (void *)ns : NULL;
}

static void set_ipsec(struct netdevsim *ns, bool on)
{
	ns->ipsec.count = on;
}

static void set_macsec(struct netdevsim *ns, bool on)
{
	ns->macsec.nsim_secy_count = on;
}

static void set_page(struct netdevsim *ns, bool on)
{
	ns->page = on ? virt_to_page(ns) : NULL;
}

static const struct refusal {
	const char *name;
	void (*set)(struct netdevsim *ns, bool on);
	const char *why;
	enum nsim_kho_item item;
} refusals[] = {
	{ "XDP", set_xdp, "XDP", NSIM_KHO_BPF },
	{ "XDP in hardware", set_xdp_hw, "XDP", NSIM_KHO_BPF },
	{ "IPsec", set_ipsec, "IPsec", NSIM_KHO_IPSEC },
	{ "MACsec", set_macsec, "MACsec", NSIM_KHO_MACSEC },
	{ "pp_hold", set_page, "pp_hold", NSIM_KHO_PAGE },
};

static void refusal_name(const struct refusal *refusal, char *name)
{
	strscpy(name, refusal->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refusal, refusals, refusal_name);

static void test_refusals(struct kunit *test)
{
	struct netdevsim *ns = port_of(make_device(test, DEV_A), 2);
	const struct refusal *refusal = test->param_value;

	refusal->set(ns, true);
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("prepare"), -EBUSY);
	KUNIT_EXPECT_NOT_NULL(test, strstr(kho_machine.error, refusal->why));
	refusal->set(ns, false);
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("prepare"), 0);

	/* Also if it appears in between. */
	refusal->set(ns, true);
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("save"), -EBUSY);
	KUNIT_EXPECT_TRUE(test, netif_device_present(ns->netdev));
	KUNIT_EXPECT_FALSE(test, nsim_kho_frozen(ns->nsim_dev));

	/* Unless the user prefers to go on without. */
	client_of(DEV_A)->knobs.leave[refusal->item] = true;
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("save"), 0);
	KUNIT_EXPECT_TRUE(test, is_lost(DEV_A, refusal->why));
	refusal->set(ns, false);

	/* The next kernel remembers. */
	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
	forget_device(test, DEV_A);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_FALSE(test, is_lost(DEV_A, NULL));
	KUNIT_EXPECT_TRUE(test, was_lost(DEV_A, refusal->why));
}

static void expect_runs(struct kunit *test, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;

	KUNIT_EXPECT_FALSE(test, nsim_kho_frozen(nsim_dev));
	list_for_each_entry(port, &nsim_dev->port_list, list)
		KUNIT_EXPECT_TRUE(test, netif_device_present(port->ns->netdev));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&nsim_dev->trap_data->trap_report_dw));
	KUNIT_EXPECT_EQ(test, nsim_kho_change(nsim_dev, NULL), 0);
}

static void test_failing_phases(struct kunit *test)
{
	struct nsim_dev *nsim_dev = make_device(test, DEV_A);
	struct nsim_kho_knobs *knobs = &client_of(DEV_A)->knobs;

	knobs->fail_phase = NSIM_KHO_PREPARE;
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("prepare"), -EIO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(kho_machine.error, "fail_phase"));
	expect_runs(test, nsim_dev);

	knobs->fail_phase = NSIM_KHO_SAVE;
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("prepare"), 0);
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("save"), -EIO);
	expect_runs(test, nsim_dev);

	knobs->fail_phase = NSIM_KHO_RESTORE;
	hand_over(test);
	forget_device(test, DEV_A);
	nsim_kho_init();
	KUNIT_EXPECT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_EQ(test, (int)kho_machine.state, KHO_RESTORING);

	client_of(DEV_A)->knobs.fail_phase = NSIM_KHO_NO_PHASE;
	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("restore"), 0);
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	expect_runs(test, device_of(DEV_A));
}

static void test_frozen(struct kunit *test)
{
	struct nsim_dev *nsim_dev = make_device(test, DEV_A);
	struct nsim_bus_dev *bus_dev = nsim_dev->nsim_bus_dev;
	struct net_device *dev = port_of(nsim_dev, 0)->netdev;

	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	KUNIT_EXPECT_TRUE(test, nsim_kho_frozen(nsim_dev));
	KUNIT_EXPECT_FALSE(test, netif_device_present(dev));
	KUNIT_EXPECT_EQ(test, nsim_drv_port_add(bus_dev, NSIM_DEV_PORT_TYPE_PF,
						9), -EBUSY);
	KUNIT_EXPECT_EQ(test, nsim_drv_port_del(bus_dev, NSIM_DEV_PORT_TYPE_PF,
						0), -EBUSY);
	KUNIT_EXPECT_EQ(test, nsim_drv_configure_vfs(bus_dev, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, delete_device(DEV_A), -EBUSY);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&nsim_dev->trap_data->trap_report_dw));

	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("abort"), 0);
	expect_runs(test, nsim_dev);
	KUNIT_EXPECT_EQ(test, nsim_drv_port_add(bus_dev, NSIM_DEV_PORT_TYPE_PF,
						9), 0);
	KUNIT_EXPECT_EQ(test, nsim_drv_configure_vfs(bus_dev, 1), 0);
}

static void test_reprepare(struct kunit *test)
{
	struct nsim_dev *nsim_dev = make_device(test, DEV_A);
	struct nsim_kho *kho = client_of(DEV_A);
	const struct kho_image *image;
	u32 count;

	kho->knobs.extra_kib = 512;
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("prepare"), 0);
	KUNIT_EXPECT_EQ(test, kho->client.node->pass, 1);
	KUNIT_EXPECT_GE(test, kho->client.node->bytes, 512 * 1024);

	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("prepare"), 0);
	KUNIT_EXPECT_EQ(test, kho->client.node->pass, 2);
	KUNIT_EXPECT_LT(test, kho->client.node->bytes, 100);

	/* A change is noticed; a list becomes shorter. */
	KUNIT_EXPECT_FALSE(test, kho->client.node->stale);
	KUNIT_EXPECT_EQ(test, nsim_drv_port_del(nsim_dev->nsim_bus_dev,
						NSIM_DEV_PORT_TYPE_PF, 0), 0);
	KUNIT_EXPECT_TRUE(test, kho->client.node->stale);
	image = save_and_pull(test);
	KUNIT_EXPECT_EQ(test, kho_image_get_u32(image,
						kho_image_find(image, 0, "ports"),
						"count", &count), 0);
	KUNIT_EXPECT_EQ(test, count, NR_PORTS - 1);
	kho_image_put(image);

	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_NULL(test, port_of(device_of(DEV_A), 0));
	KUNIT_EXPECT_NOT_NULL(test, port_of(device_of(DEV_A), NR_PORTS - 1));
}

static void test_rx(struct kunit *test)
{
	struct netdevsim *ns = port_of(make_device(test, DEV_A), 1);
	unsigned int i;

	receive_all(test, ns);
	hand_over(test);
	forget_device(test, DEV_A);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_FALSE(test, is_lost(DEV_A, NULL));

	ns = port_of(device_of(DEV_A), 1);
	for (i = 0; i < ARRAY_SIZE(rx_frames); i++)
		expect_frame(test, &rx_frames[i],
			     skb_dequeue(&ns->rq[rx_frames[i].queue].skb_queue));
	for (i = 0; i < NR_QUEUES; i++)
		KUNIT_EXPECT_TRUE(test, skb_queue_empty(&ns->rq[i].skb_queue));
}

/* The stack, as far as it has to do with these frames. */
struct stack {
	struct packet_type type;
	atomic_t received;
	u32 order;
};

static int stack_receive(struct sk_buff *skb, struct net_device *dev,
			 struct packet_type *type, struct net_device *orig_dev)
{
	struct stack *stack = container_of(type, struct stack, type);

	if (netdev_is_nsim(dev)) {
		stack->order = stack->order * 10 + skb->mark;
		atomic_inc(&stack->received);
	}
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static void expect_received(struct kunit *test, struct stack *stack, u32 order)
{
	u32 count = 0, rest;
	int try;

	for (rest = order; rest; rest /= 10)
		count++;
	for (try = 0; try < 1000; try++) {
		if (atomic_read(&stack->received) == count)
			break;
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_EQ(test, stack->order, order);
	stack->order = 0;
	atomic_set(&stack->received, 0);
}

static void set_up(struct kunit *test, struct netdevsim *ns)
{
	int err;

	rtnl_lock();
	err = dev_change_flags(ns->netdev, IFF_UP, NULL);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void remove_stack(void *stack)
{
	dev_remove_pack(&((struct stack *)stack)->type);
}

static struct stack *add_stack(struct kunit *test)
{
	struct stack *stack = kunit_kzalloc(test, sizeof(*stack), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stack);
	stack->type.type = htons(ETH_P_TEST);
	stack->type.func = stack_receive;
	dev_add_pack(&stack->type);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remove_stack,
							stack), 0);
	return stack;
}

static void release_rx(unsigned int id)
{
	struct nsim_kho *kho = client_of(id);

	rtnl_lock();
	kho->knobs.hold_rx = false;
	nsim_kho_resume_rx(kho);
	rtnl_unlock();
}

/* Nothing that has been received gets to the stack of a kernel that ends. */
static void test_rx_waits(struct kunit *test)
{
	struct netdevsim *ns = port_of(make_device(test, DEV_A), 1);
	struct stack *stack = add_stack(test);

	set_up(test, ns);

	client_of(DEV_A)->knobs.hold_rx = true;
	receive(test, ns, &rx_frames[0]);
	receive(test, ns, &rx_frames[1]);
	rtnl_lock();
	nsim_kho_resume_rx(client_of(DEV_A));
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	release_rx(DEV_A);
	expect_received(test, stack, 0);

	/* Called off: to the stack, after all. */
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("abort"), 0);
	expect_received(test, stack, 12);

	/* With the next kernel: to its stack. */
	receive(test, ns, &rx_frames[2]);
	receive(test, ns, &rx_frames[0]);
	hand_over(test);
	forget_device(test, DEV_A);
	nsim_kho_init();
	expect_received(test, stack, 31);
}

/* In the first format there is no place for them. */
static void test_first_format(struct kunit *test)
{
	struct netdevsim *ns = port_of(make_device(test, DEV_A), 1);
	struct nsim_kho *kho = client_of(DEV_A);
	const struct kho_image *image;
	int err;

	kho->knobs.hold_rx = true;
	receive(test, ns, &rx_frames[0]);
	receive(test, ns, &rx_frames[1]);
	scoped_guard(mutex, &kho_machine.lock)
		err = kho_node_save_as(kho->client.node, "netdevsim-v1");
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	KUNIT_EXPECT_TRUE(test, is_lost(DEV_A, "2 received packets"));

	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
	forget_device(test, DEV_A);
	image = pull(test);
	KUNIT_EXPECT_LT(test, kho_image_find(image, 0, "rx"), 0);
	kho_image_put(image);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_FALSE(test, is_lost(DEV_A, NULL));
	KUNIT_EXPECT_FALSE(test, client_of(DEV_A)->knobs.hold_rx);
}

static void test_rollback(struct kunit *test)
{
	int ifindex = port_of(make_device(test, DEV_A), 0)->netdev->ifindex;

	hand_over(test);
	forget_device(test, DEV_A);
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));

	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("abort"), 0);
	KUNIT_EXPECT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_EQ(test, xa_insert(&init_net.dev_by_index, ifindex, NULL,
					GFP_KERNEL), -EBUSY);
	nsim_kho_lock();
	KUNIT_EXPECT_EQ(test, nsim_kho_create(DEV_A), -EEXIST);
	nsim_kho_unlock();

	KUNIT_EXPECT_EQ(test, kho_fsm_test_command("restore"), 0);
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_EQ(test, port_of(device_of(DEV_A), 0)->netdev->ifindex,
			ifindex);
}

static void test_name_in_use(struct kunit *test)
{
	struct netdevsim *ns = port_of(make_device(test, DEV_A), 2);
	struct nsim_dev *thief;
	int ifindex = ns->netdev->ifindex;

	configure_port(test, ns, 2);
	hand_over(test);
	forget_device(test, DEV_A);
	thief = make_device(test, DEV_B);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_change_name(port_of(thief, 0)->netdev,
					      "khotest2"), 0);
	rtnl_unlock();

	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_TRUE(test, is_lost(DEV_A, "port 2: ifname: khotest2 is in use"));
	ns = port_of(device_of(DEV_A), 2);
	KUNIT_ASSERT_NOT_NULL(test, ns);
	KUNIT_EXPECT_STRNEQ(test, ns->netdev->name, "khotest2");
	KUNIT_EXPECT_TRUE(test, ns->netdev->ifindex == ifindex ||
			  is_lost(DEV_A, "ifindex"));
}

/* What is wrong with a record, and what comes of it. */
static const struct damage {
	const char *path;
	const char *prop;
	s64 value;	/* -1: the property is missing */
	const char *fatal;
	const char *lost;
} damages[] = {
	{ "/", "id", 5, "id 5 is out of range" },
	{ "/", "num-queues", 0, "num-queues 0 is out of range" },
	{ "/", "num-queues", -1, "no num-queues" },
	{ "/", "num-vfs", 1000, "1000 VFs of at most" },
	{ "/", "eswitch-mode", 2, "eswitch-mode 2 is out of range" },
	{ "/ports", "count", 5, "no port@4" },
	{ "/ports", "count", 1 << 20, "1048576 ports" },
	{ "/ports", "count", -1, "no ports" },
	{ "/ports/port@1", "index", 3, "port 3 is there twice" },
	{ "/ports/port@1", "is-vf", 1, "port 1 belongs to no VF" },
	{ "/ports/port@1", "is-vf", 2, "port@1 is no port" },
	{ "/ports/port@1", "mtu", 10, NULL, "port 1: mtu: 10 is out of range" },
	{ "/ports/port@1", "mtu", 1 << 20, NULL, "port 1: mtu: 1048576" },
	{ "/ports/port@1", "ifindex", 1, NULL, "port 1: ifindex: 1 is in use" },
	{ "/ports/port@1", "ifindex", 0, NULL, "port 1: ifindex: 0" },
	{ "/ports/port@1", "ifname", -1, NULL, "port 1: ifname" },
	{ "/ports/port@1", "mac", -1, NULL, "port 1: mac" },
	{ "/ports/port@1", "flags", -1, NULL, "port 1: flags" },
	{ "/ports/port@1/ethtool", "channels", 99, NULL, "port 1: channels" },
	{ "/ports/port@1/ethtool", "ring-rx", -1, NULL, "port 1: ring-rx" },
	{ "/", "switch-id", -1, NULL, "switch-id" },
	{ "/", "fail-reload", 7, NULL, "fail-reload: 7 is out of range" },
	{ "/vfs", "count", 77, NULL, "VFs: count: 77" },
	{ "/traps/policer@1", "rate", -1, NULL, "policer 1: rate" },
	{ "/traps/groups", "l2_drops", 4, NULL, "trap groups: l2_drops: 4" },
	{ "/resources", "nexthops", -1, NULL, "resources: nexthops" },
	{ "/resources-new", "ipv4", -1, NULL, "resources-new: ipv4" },
	{ "/psample", "active", 2, NULL, "psample: active: 2" },
	{ "/kho", "fail-phase", 9, NULL, "knobs: fail-phase: 9" },
	{ "/kho", "hold-rx", -1, NULL, "knobs: hold-rx" },
	{ "/extra", "chunk-0", -1, NULL, "extra state: chunk-0 is missing" },
	{ "/rx", "frames", -1, NULL, "received packets: frames" },
	{ "/rx", "frames", 4, NULL, "received packets: 6 of 4" },
	{ "/rx", "count", 9, NULL, "received packets: chunk-2 is missing" },
	{ "/rx", "chunk-0", -1, NULL, "received packets: chunk-0 is missing" },
};

static void damage_name(const struct damage *damage, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s %s %lld", damage->path,
		 damage->prop, damage->value);
}

KUNIT_ARRAY_PARAM(damage, damages, damage_name);

static void test_damage(struct kunit *test)
{
	const struct damage *damage = test->param_value;
	const struct kho_image *image;
	int node, err;

	receive_all(test, port_of(make_device(test, DEV_A), 1));
	client_of(DEV_A)->knobs.extra_kib = 4;
	image = save_and_pull(test);
	node = fdt_path_offset(image->fdt, damage->path);
	KUNIT_ASSERT_GE(test, node, 0);
	if (damage->value < 0)
		err = fdt_nop_property(image->fdt, node, damage->prop);
	else
		err = fdt_setprop_inplace_u32(image->fdt, node, damage->prop,
					      damage->value);
	KUNIT_ASSERT_EQ(test, err, 0);
	kho_image_put(image);

	nsim_kho_init();
	if (damage->fatal) {
		KUNIT_EXPECT_NULL(test, device_of(DEV_A));
		KUNIT_EXPECT_EQ(test, (int)kho_machine.state, KHO_RESTORING);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(kho_machine.error,
						       damage->fatal),
					  "%s", kho_machine.error);
	} else {
		KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
		KUNIT_EXPECT_TRUE(test, is_lost(DEV_A, damage->lost));
		KUNIT_EXPECT_NOT_NULL(test, port_of(device_of(DEV_A), 1));
	}
}

static void test_damaged_extra(struct kunit *test)
{
	struct nsim_kho *kho;

	make_device(test, DEV_A);
	kho = client_of(DEV_A);
	kho->knobs.extra_kib = 64;
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	/* After the seal, and before it is verified: nobody may believe it. */
	*(u8 *)page_address(kho->extra.pages.chunks[0].page) ^= 1;
	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
	forget_device(test, DEV_A);
	nsim_kho_init();
	KUNIT_EXPECT_NULL(test, device_of(DEV_A));
}

static void test_damaged_lost(struct kunit *test)
{
	struct netdevsim *ns = port_of(make_device(test, DEV_A), 1);
	const struct kho_image *image;
	char *texts;
	int len;

	set_macsec(ns, true);
	client_of(DEV_A)->knobs.leave[NSIM_KHO_MACSEC] = true;
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	set_macsec(ns, false);
	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
	forget_device(test, DEV_A);
	image = pull(test);
	texts = fdt_getprop_w((void *)image->fdt, 0, "lost", &len);
	KUNIT_ASSERT_NOT_NULL(test, texts);
	texts[len - 1] = 'x';
	kho_image_put(image);

	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_TRUE(test, is_lost(DEV_A, "lost: no list of texts"));
	KUNIT_EXPECT_FALSE(test, was_lost(DEV_A, NULL));
}

/* In the head of the first of six frames; the sixth has a chunk of its own. */
static const struct rx_damage {
	const char *what;
	size_t offset;
	u32 value;
	const char *lost;
} rx_damages[] = {
	{ "no length", 0, 0, "1 of 6" },
	{ "too short", 0, ETH_HLEN - 1, "1 of 6" },
	{ "longer than any", 0, SZ_128K - 31, "1 of 6" },
	{ "longer than the chunk", 0, SZ_128K, "1 of 6" },
	{ "longer than memory", 0, U32_MAX, "1 of 6" },
	{ "no such port", 4, 99, "5 of 6" },
	{ "no such queue", 8, NR_QUEUES, "5 of 6" },
	{ "checksum and segments of no kind", 20, U32_MAX, "5 of 6" },
};

static void rx_damage_name(const struct rx_damage *damage, char *name)
{
	strscpy(name, damage->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rx_damage, rx_damages, rx_damage_name);

static void test_damaged_rx(struct kunit *test)
{
	const struct rx_damage *damage = test->param_value;
	void *chunk;

	receive_all(test, port_of(make_device(test, DEV_A), 1));
	KUNIT_ASSERT_EQ(test, kho_fsm_test_command("save"), 0);
	chunk = page_address(client_of(DEV_A)->rx.chunks[0].page);
	KUNIT_ASSERT_EQ(test, kho_fsm_test_handover(), 0);
	forget_device(test, DEV_A);

	/* The seal has been verified, and this is what the driver had sealed. */
	kho_image_put(pull(test));
	*(u32 *)(chunk + damage->offset) = damage->value;
	nsim_kho_init();
	KUNIT_ASSERT_NOT_NULL(test, device_of(DEV_A));
	KUNIT_EXPECT_TRUE(test, is_lost(DEV_A, damage->lost));
}

/* Discards what waits for a device, and deletes the device. */
static void clean_up_one(unsigned int id, const char *name)
{
	struct kho_node *node;

	scoped_guard(mutex, &kho_machine.lock)
		node = kho_node_find(&kho_machine, name);
	if (node && node->state == KHO_RESTORING)
		kho_machine_command(&kho_machine, node, KHO_CMD_DISCARD);

	if (!delete_device(id))
		return;
	nsim_kho_lock();
	nsim_kho_unregister(id);
	nsim_kho_destroy(id);
	nsim_kho_unlock();
}

static void clean_up(struct kunit *test)
{
	kho_fsm_test_command("abort");
	clean_up_one(DEV_A, NAME_A);
	clean_up_one(DEV_B, NAME_B);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_round_trip),
	KUNIT_CASE(test_identity),
	KUNIT_CASE(test_linked_pair),
	KUNIT_CASE(test_parked_hwstats),
	KUNIT_CASE(test_parked_twice),
	KUNIT_CASE_PARAM(test_refusals, refusal_gen_params),
	KUNIT_CASE(test_failing_phases),
	KUNIT_CASE(test_frozen),
	KUNIT_CASE(test_reprepare),
	KUNIT_CASE(test_rx),
	KUNIT_CASE(test_rx_waits),
	KUNIT_CASE(test_first_format),
	KUNIT_CASE(test_rollback),
	KUNIT_CASE(test_name_in_use),
	KUNIT_CASE_PARAM(test_damage, damage_gen_params),
	KUNIT_CASE(test_damaged_extra),
	KUNIT_CASE(test_damaged_lost),
	KUNIT_CASE_PARAM(test_damaged_rx, rx_damage_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "kho_netdevsim",
	.exit = clean_up,
	.test_cases = cases,
};

kunit_test_suite(suite);
