// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device itself: all of a record but its ports, traps and rates.
 */
#include <linux/etherdevice.h>
#include <linux/if_link.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/psample.h>

#include "internal.h"

#define DEV_FIELD(_name, _member, _max) \
	KHO_FIELD(_name, _max, struct nsim_dev, _member)

/* The ports' creation depends on these. */
static const struct kho_field early_fields[] = {
	DEV_FIELD("max-macs", max_macs, U32_MAX),
	DEV_FIELD("test1", test1, 1),
	DEV_FIELD("udp-ports-sync-all", udp_ports.sync_all, 1),
	DEV_FIELD("udp-ports-open-only", udp_ports.open_only, 1),
	DEV_FIELD("udp-ports-ipv4-only", udp_ports.ipv4_only, 1),
	DEV_FIELD("udp-ports-shared", udp_ports.shared, 1),
	DEV_FIELD("udp-ports-static-iana-vxlan", udp_ports.static_iana_vxlan,
		  1),
	DEV_FIELD("udp-ports-sleep", udp_ports.sleep, U32_MAX),
};

static const struct kho_field late_fields[] = {
	DEV_FIELD("fw-update-status", fw_update_status, 1),
	DEV_FIELD("fw-update-overwrite-mask", fw_update_overwrite_mask,
		  U32_MAX),
	DEV_FIELD("dont-allow-reload", dont_allow_reload, 1),
	DEV_FIELD("fail-reload", fail_reload, 1),
	DEV_FIELD("fail-trap-group-set", fail_trap_group_set, 1),
	DEV_FIELD("fail-trap-policer-set", fail_trap_policer_set, 1),
	DEV_FIELD("fail-trap-policer-counter-get",
		  fail_trap_policer_counter_get, 1),
	DEV_FIELD("fail-trap-drop-counter-get", fail_trap_drop_counter_get, 1),
	DEV_FIELD("bpf-bind-accept", bpf_bind_accept, 1),
	DEV_FIELD("bpf-bind-verifier-accept", bpf_bind_verifier_accept, 1),
	DEV_FIELD("bpf-bind-verifier-delay", bpf_bind_verifier_delay, U32_MAX),
	DEV_FIELD("bpf-prog-id-gen", prog_id_gen, U32_MAX),
};

static const struct kho_field health_fields[] = {
	KHO_FIELD("binary-len", U32_MAX, struct nsim_dev_health, binary_len),
	KHO_FIELD("fail-recover", 1, struct nsim_dev_health, fail_recover),
};

#define REPORTER_FIELD(_name, _member, _max)				\
	KHO_FIELD(_name, _max, struct devlink_health_reporter_settings,	\
		  _member)

static const struct kho_field reporter_fields[] = {
	REPORTER_FIELD("graceful-period", graceful_period, U64_MAX),
	REPORTER_FIELD("error-count", error_count, U64_MAX),
	REPORTER_FIELD("recovery-count", recovery_count, U64_MAX),
	REPORTER_FIELD("state", health_state,
		       DEVLINK_HEALTH_REPORTER_STATE_ERROR),
	REPORTER_FIELD("auto-recover", auto_recover, 1),
	REPORTER_FIELD("auto-dump", auto_dump, 1),
};

#define FIB_FIELD(_name, _member) \
	KHO_FIELD(_name, 1, struct nsim_fib_fail_flags, _member)

static const struct kho_field fib_fields[] = {
	FIB_FIELD("fail-route-offload", route_offload),
	FIB_FIELD("fail-res-nexthop-group-replace", res_nexthop_group_replace),
	FIB_FIELD("fail-nexthop-bucket-replace", nexthop_bucket_replace),
	FIB_FIELD("fail-route-delete", route_delete),
};

#define PSAMPLE_FIELD(_name, _member, _max) \
	KHO_FIELD(_name, _max, struct nsim_dev_psample, _member)

static const struct kho_field psample_fields[] = {
	PSAMPLE_FIELD("rate", rate, U32_MAX),
	PSAMPLE_FIELD("group-num", group_num, U32_MAX),
	PSAMPLE_FIELD("trunc-size", trunc_size, U32_MAX),
	PSAMPLE_FIELD("in-ifindex", in_ifindex, U32_MAX),
	PSAMPLE_FIELD("out-ifindex", out_ifindex, U32_MAX),
	PSAMPLE_FIELD("out-tc", out_tc, U16_MAX),
	PSAMPLE_FIELD("out-tc-occ-max", out_tc_occ_max, U64_MAX),
	PSAMPLE_FIELD("latency-max", latency_max, U64_MAX),
};

#define VF_FIELD(_name, _member, _max) \
	KHO_FIELD(_name, _max, struct nsim_vf_config, _member)

static const struct kho_field vf_fields[] = {
	VF_FIELD("link-state", link_state, IFLA_VF_LINK_STATE_DISABLE),
	VF_FIELD("min-tx-rate", min_tx_rate, U16_MAX),
	VF_FIELD("max-tx-rate", max_tx_rate, U16_MAX),
	VF_FIELD("vlan", vlan, VLAN_N_VID - 1),
	VF_FIELD("qos", qos, 7),
	VF_FIELD("spoofchk", spoofchk_enabled, 1),
	VF_FIELD("trusted", trusted, 1),
	VF_FIELD("rss-query", rss_query_enabled, 1),
};

/* A sum is checked when a reload is asked for, and limits nothing. */
static const struct {
	const char *name;
	u64 id;
	bool sum;
} resources[] = {
	{ "ipv4-fib", NSIM_RESOURCE_IPV4_FIB },
	{ "ipv4-fib-rules", NSIM_RESOURCE_IPV4_FIB_RULES },
	{ "ipv6-fib", NSIM_RESOURCE_IPV6_FIB },
	{ "ipv6-fib-rules", NSIM_RESOURCE_IPV6_FIB_RULES },
	{ "nexthops", NSIM_RESOURCE_NEXTHOPS },
	{ "ipv4", NSIM_RESOURCE_IPV4, true },
	{ "ipv6", NSIM_RESOURCE_IPV6, true },
};

/* What a reload takes for the field: what is pending, or the last reload's. */
static int get_param(struct nsim_dev *nsim_dev, u32 id,
		     union devlink_param_value *val)
{
	struct devlink *devlink = priv_to_devlink(nsim_dev);
	int err = devl_param_driverinit_value_new_get(devlink, id, val);

	return err != -ENOENT ? err :
	       devl_param_driverinit_value_get(devlink, id, val);
}

static int save_params(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	union devlink_param_value macs, test1;
	int err;

	err = get_param(nsim_dev, DEVLINK_PARAM_GENERIC_ID_MAX_MACS, &macs);
	if (!err)
		err = get_param(nsim_dev, NSIM_DEVLINK_PARAM_ID_TEST1, &test1);
	if (!err)
		err = kho_image_enter(image, "params");
	if (err)
		return err;
	err = kho_image_set_u32(image, "max-macs", macs.vu32);
	if (!err)
		err = kho_image_set_u32(image, "test1", test1.vbool);
	kho_image_leave(image);
	return err;
}

static void restore_params(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct devlink *devlink = priv_to_devlink(nsim_dev);
	int node = kho_image_find(kho->in.image, 0, "params");
	union devlink_param_value val;
	u32 num;

	if (node < 0) {
		nsim_kho_lost(kho, "params: not in the record");
		return;
	}
	if (nsim_kho_get_u32(kho, node, "params", "max-macs", U32_MAX, &num)) {
		val.vu32 = num;
		devl_param_driverinit_value_set(devlink,
						DEVLINK_PARAM_GENERIC_ID_MAX_MACS,
						val);
	}
	if (nsim_kho_get_u32(kho, node, "params", "test1", 1, &num)) {
		val.vbool = num;
		devl_param_driverinit_value_set(devlink,
						NSIM_DEVLINK_PARAM_ID_TEST1,
						val);
	}
}

static int save_resources(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	int i, err;

	err = kho_image_enter(image, "resources");
	if (err)
		return err;
	for (i = 0; !err && i < ARRAY_SIZE(resources); i++)
		if (!resources[i].sum)
			err = kho_image_set_u64(image, resources[i].name,
						nsim_fib_get_val(nsim_dev->fib_data,
								 resources[i].id,
								 true));
	kho_image_leave(image);
	return err;
}

static int save_resources_new(struct nsim_dev *nsim_dev,
			      struct kho_image *image)
{
	int i, err;
	u64 size;

	if (nsim_kho_first_format(image))
		return 0;
	err = kho_image_enter(image, "resources-new");
	if (err)
		return err;
	for (i = 0; !err && i < ARRAY_SIZE(resources); i++) {
		err = devl_resource_size_new_get(priv_to_devlink(nsim_dev),
						 resources[i].id, &size);
		if (!err)
			err = kho_image_set_u64(image, resources[i].name, size);
	}
	kho_image_leave(image);
	return err;
}

/* Absent from a record of the first days of the second format, too. */
static void restore_resources_new(struct nsim_kho *kho,
				  struct nsim_dev *nsim_dev)
{
	int node = kho_image_find(kho->in.image, 0, "resources-new");
	int i, err;
	u64 size;

	if (node < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		if (!nsim_kho_get_u64(kho, node, "resources-new",
				      resources[i].name, U64_MAX, &size))
			continue;
		err = devl_resource_size_new_set(priv_to_devlink(nsim_dev),
						 resources[i].id, size);
		if (err)
			nsim_kho_lost(kho, "resources-new: %s: %pe",
				      resources[i].name, ERR_PTR(err));
	}
}

/**
 * nsim_kho_resource_size - how large is a resource to be registered?
 * @nsim_dev: device that is being probed
 * @id: the resource
 *
 * Context: devl_lock held; may sleep.
 * Return: its size, unlimited for a device that isn't restored.
 */
u64 nsim_kho_resource_size(struct nsim_dev *nsim_dev, u64 id)
{
	struct nsim_kho *kho = nsim_dev->kho;
	u64 size = U64_MAX;
	int i, node;

	if (!nsim_kho_restoring(nsim_dev))
		return size;

	node = kho_image_find(kho->in.image, 0, "resources");
	for (i = 0; i < ARRAY_SIZE(resources); i++) {
		if (resources[i].id != id)
			continue;
		if (node < 0)
			nsim_kho_lost(kho, "resources: %s: not in the record",
				      resources[i].name);
		else
			nsim_kho_get_u64(kho, node, "resources",
					 resources[i].name, U64_MAX, &size);
	}
	return size;
}

static int save_vf(struct kho_image *image, const struct nsim_vf_config *vf)
{
	int err;

	err = kho_image_set_fields(image, vf_fields, ARRAY_SIZE(vf_fields), vf);
	if (!err)
		err = kho_image_set_u32(image, "vlan-proto",
					ntohs(vf->vlan_proto));
	if (!err)
		err = kho_image_set(image, "mac", vf->vf_mac, ETH_ALEN);
	return err;
}

/* Settings stay when a VF goes away, so the last one set is the last one. */
static unsigned int count_vfs(const struct nsim_dev *nsim_dev)
{
	unsigned int nr = nsim_dev->nsim_bus_dev->max_vfs;
	const struct nsim_vf_config *vfs = nsim_dev->vfconfigs;

	while (nr > nsim_dev->nsim_bus_dev->num_vfs &&
	       !memchr_inv(&vfs[nr - 1], 0, sizeof(*vfs)))
		nr--;
	return nr;
}

static int save_vfs(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
		    struct kho_image *image)
{
	unsigned int i, nr = count_vfs(nsim_dev);
	int err;

	err = kho_image_enter(image, "vfs");
	if (err)
		return err;
	for (i = 0; !err && i < nr; i++) {
		err = kho_image_enter_item(image, "vf", i);
		if (err)
			break;
		err = save_vf(image, &nsim_dev->vfconfigs[i]);
		kho_image_leave(image);
	}
	if (!err)
		err = kho_image_end_list(image, "vf", nr);
	kho_image_leave(image);
	return err;
}

static void restore_vf(struct nsim_kho *kho, int node, unsigned int i,
		       struct nsim_vf_config *vf)
{
	char where[24];
	u8 mac[ETH_ALEN] __aligned(2);
	u32 proto;

	snprintf(where, sizeof(where), "VF %u", i);
	nsim_kho_restore_fields(kho, node, where, vf_fields,
				ARRAY_SIZE(vf_fields), vf);
	if (node < 0)
		return;
	if (nsim_kho_get_u32(kho, node, where, "vlan-proto", U16_MAX, &proto))
		vf->vlan_proto = htons(proto);
	if (kho_image_get_fixed(kho->in.image, node, "mac", mac, sizeof(mac)) ||
	    is_multicast_ether_addr(mac))
		nsim_kho_lost(kho, "%s: mac: not in the record, or no address",
			      where);
	else
		memcpy(vf->vf_mac, mac, ETH_ALEN);
}

static void restore_vfs(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	int node = kho_image_find(kho->in.image, 0, "vfs");
	u32 i, nr;

	if (node < 0) {
		nsim_kho_lost(kho, "VFs: not in the record");
		return;
	}
	if (!nsim_kho_get_u32(kho, node, "VFs", "count", kho->in.max_vfs, &nr))
		return;
	for (i = 0; i < nr; i++)
		restore_vf(kho, kho_image_find_item(kho->in.image, node, "vf", i), i,
			   &nsim_dev->vfconfigs[i]);
}

static int save_reporter(struct kho_image *image, const char *name,
			 const struct devlink_health_reporter *reporter)
{
	struct devlink_health_reporter_settings settings;
	int err;

	devl_health_reporter_settings_get(reporter, &settings);
	err = kho_image_enter(image, name);
	if (err)
		return err;
	err = kho_image_set_fields(image, reporter_fields,
				   ARRAY_SIZE(reporter_fields), &settings);
	kho_image_leave(image);
	return err;
}

static void restore_reporter(struct nsim_kho *kho, int health,
			     const char *name,
			     struct devlink_health_reporter *reporter)
{
	int node = kho_image_find(kho->in.image, health, name);
	struct devlink_health_reporter_settings settings;

	devl_health_reporter_settings_get(reporter, &settings);
	nsim_kho_restore_fields(kho, node, "health reporter", reporter_fields,
				ARRAY_SIZE(reporter_fields), &settings);
	devl_health_reporter_settings_set(reporter, &settings);
}

static int save_health(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	struct nsim_dev_health *health = &nsim_dev->health;
	int err;

	err = kho_image_enter(image, "health");
	if (err)
		return err;
	err = kho_image_set_fields(image, health_fields,
				   ARRAY_SIZE(health_fields), health);
	if (!err)
		err = kho_image_set_string(image, "recovered-break-msg",
					   health->recovered_break_msg ?: "");
	if (!err)
		err = save_reporter(image, "empty", health->empty_reporter);
	if (!err)
		err = save_reporter(image, "dummy", health->dummy_reporter);
	kho_image_leave(image);
	return err;
}

static void restore_health(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	int node = kho_image_find(kho->in.image, 0, "health");
	struct nsim_dev_health *health = &nsim_dev->health;
	const char *msg;

	nsim_kho_restore_fields(kho, node, "health", health_fields,
				ARRAY_SIZE(health_fields), health);
	if (node < 0)
		return;
	restore_reporter(kho, node, "empty", health->empty_reporter);
	restore_reporter(kho, node, "dummy", health->dummy_reporter);
	if (kho_image_get_string(kho->in.image, node, "recovered-break-msg",
				 &msg)) {
		nsim_kho_lost(kho, "health: recovered-break-msg: not in the record");
		return;
	}
	if (*msg)
		health->recovered_break_msg = kstrdup(msg, GFP_KERNEL);
}

static int save_fib(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	int err = kho_image_enter(image, "fib");

	if (err)
		return err;
	err = kho_image_set_fields(image, fib_fields, ARRAY_SIZE(fib_fields),
				   nsim_fib_fail_flags(nsim_dev->fib_data));
	kho_image_leave(image);
	return err;
}

/* Sampling can be switched off at any time, which gives the group back. */
static bool active_group(struct nsim_dev_psample *psample, u32 *group_num)
{
	guard(rcu)();

	if (!READ_ONCE(psample->is_active))
		return false;
	*group_num = psample->group->group_num;
	return true;
}

static int save_psample(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	struct nsim_dev_psample *psample = nsim_dev->psample;
	u32 group_num = 0;
	bool active;
	int err;

	if (!IS_ENABLED(CONFIG_PSAMPLE))
		return 0;

	err = kho_image_enter(image, "psample");
	if (err)
		return err;
	err = kho_image_set_fields(image, psample_fields,
				   ARRAY_SIZE(psample_fields), psample);
	active = active_group(psample, &group_num);
	if (!err)
		err = kho_image_set_u32(image, "active", active);
	if (!err)
		err = kho_image_set_u32(image, "active-group-num", group_num);
	kho_image_leave(image);
	return err;
}

static void restore_psample(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	int node = kho_image_find(kho->in.image, 0, "psample");
	struct nsim_dev_psample *psample = nsim_dev->psample;
	u32 active = 0, active_group, group_num;

	if (!IS_ENABLED(CONFIG_PSAMPLE)) {
		if (node >= 0)
			nsim_kho_lost(kho, "psample: this kernel hasn't got it");
		return;
	}

	nsim_kho_restore_fields(kho, node, "psample", psample_fields,
				ARRAY_SIZE(psample_fields), psample);
	if (node < 0 ||
	    !nsim_kho_get_u32(kho, node, "psample", "active", 1, &active) ||
	    !active ||
	    !nsim_kho_get_u32(kho, node, "psample", "active-group-num",
			      U32_MAX, &active_group))
		return;

	/* The number may have been changed for the next time it is enabled. */
	group_num = psample->group_num;
	rtnl_lock();
	psample->group_num = active_group;
	if (nsim_dev_psample_enable(nsim_dev))
		nsim_kho_lost(kho, "psample: it can't be enabled");
	psample->group_num = group_num;
	rtnl_unlock();
}

static int save_cookie(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	struct flow_action_cookie *cookie = NULL;
	int err;

	spin_lock_bh(&nsim_dev->fa_cookie_lock);
	if (nsim_dev->fa_cookie) {
		cookie = kmemdup(nsim_dev->fa_cookie,
				 struct_size(cookie, cookie,
					     nsim_dev->fa_cookie->cookie_len),
				 GFP_ATOMIC);
		if (!cookie) {
			spin_unlock_bh(&nsim_dev->fa_cookie_lock);
			return -ENOMEM;
		}
	}
	spin_unlock_bh(&nsim_dev->fa_cookie_lock);

	err = kho_image_set_u32(image, "has-trap-cookie", !!cookie);
	if (!err)
		err = kho_image_set(image, "trap-cookie",
				    cookie ? cookie->cookie : NULL,
				    cookie ? cookie->cookie_len : 0);
	kfree(cookie);
	return err;
}

static void restore_cookie(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct flow_action_cookie *cookie;
	const void *val;
	size_t len;
	u32 has;

	if (!nsim_kho_get_u32(kho, 0, "trap cookie", "has-trap-cookie", 1,
			      &has) || !has)
		return;
	val = kho_image_get(kho->in.image, 0, "trap-cookie", &len);
	cookie = val ? kmalloc(struct_size(cookie, cookie, len),
			       GFP_KERNEL | __GFP_NOWARN) : NULL;
	if (!cookie) {
		nsim_kho_lost(kho, "trap cookie: not in the record, or no memory");
		return;
	}
	cookie->cookie_len = len;
	memcpy(cookie->cookie, val, len);

	spin_lock_bh(&nsim_dev->fa_cookie_lock);
	nsim_dev->fa_cookie = cookie;
	spin_unlock_bh(&nsim_dev->fa_cookie_lock);
}

/* What a new device is created from; without it there is none. */
static int save_creation(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	const struct nsim_bus_dev *bus_dev = nsim_dev->nsim_bus_dev;
	const struct {
		const char *name;
		u32 val;
	} numbers[] = {
		{ "id", bus_dev->dev.id },
		{ "port-count", bus_dev->port_count },
		{ "num-queues", bus_dev->num_queues },
		{ "max-vfs", bus_dev->max_vfs },
		{ "num-vfs", bus_dev->num_vfs },
		{ "eswitch-mode", nsim_dev->esw_mode },
	};
	int i, err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(numbers); i++)
		err = kho_image_set_u32(image, numbers[i].name,
					numbers[i].val);
	return err ?: kho_image_set(image, "switch-id", nsim_dev->switch_id.id,
				    nsim_dev->switch_id.id_len);
}

/**
 * nsim_kho_save_device - write the whole record
 * @kho: client
 * @nsim_dev: its device
 * @image: outgoing image
 *
 * Context: prepare or save callback; devl_lock and rtnl held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_device(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			 struct kho_image *image)
{
	int err;

	err = save_creation(nsim_dev, image);
	if (!err)
		err = kho_image_set_fields(image, early_fields,
					   ARRAY_SIZE(early_fields), nsim_dev);
	if (!err)
		err = kho_image_set_fields(image, late_fields,
					   ARRAY_SIZE(late_fields), nsim_dev);
	if (!err)
		err = save_cookie(nsim_dev, image);
	if (!err)
		err = nsim_kho_save_knobs(kho, image);
	if (!err)
		err = save_params(nsim_dev, image);
	if (!err)
		err = save_resources(nsim_dev, image);
	if (!err)
		err = save_resources_new(nsim_dev, image);
	if (!err)
		err = save_vfs(kho, nsim_dev, image);
	if (!err)
		err = save_health(nsim_dev, image);
	if (!err)
		err = save_fib(nsim_dev, image);
	if (!err)
		err = save_psample(nsim_dev, image);
	if (!err)
		err = nsim_kho_save_traps(nsim_dev, image);
	if (!err)
		err = nsim_kho_save_hwstats(kho, nsim_dev, image);
	if (!err)
		err = nsim_kho_save_rate_nodes(kho, nsim_dev, image);
	if (!err)
		err = nsim_kho_save_ports(kho, nsim_dev, image);
	if (!err)
		err = nsim_kho_save_rx(kho, nsim_dev, image);
	return err ?: nsim_kho_save_lost(kho, image);
}

static void restore_switch_id(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct netdev_phys_item_id *id = &nsim_dev->switch_id;
	const void *val;
	size_t len;

	val = kho_image_get(kho->in.image, 0, "switch-id", &len);
	if (!val || !len || len > sizeof(id->id)) {
		nsim_kho_lost(kho, "switch-id: not in the record, or no ID");
		return;
	}
	memcpy(id->id, val, len);
	id->id_len = len;
}

/**
 * nsim_kho_restore_early - give a device what it must have before its ports
 * @nsim_dev: device that is being probed; its VFs' settings are allocated
 *
 * Context: devl_lock held, rtnl not; may sleep.
 */
void nsim_kho_restore_early(struct nsim_dev *nsim_dev)
{
	struct nsim_kho *kho = nsim_dev->kho;

	if (!nsim_kho_restoring(nsim_dev))
		return;

	restore_switch_id(kho, nsim_dev);
	nsim_kho_restore_fields(kho, 0, "device", early_fields,
				ARRAY_SIZE(early_fields), nsim_dev);
	restore_vfs(kho, nsim_dev);
	nsim_bus_dev_set_vfs(nsim_dev->nsim_bus_dev, kho->in.num_vfs);

	/* Possible as a setting, but ports can't be created with it. */
	kho->in.udp_open_only = nsim_dev->udp_ports.open_only;
	if (nsim_dev->udp_ports.shared)
		nsim_dev->udp_ports.open_only = false;
}

/**
 * nsim_kho_restore_late - give a device what its probe would overwrite
 * @nsim_dev: device that has been probed
 *
 * Context: devl_lock held, rtnl not; may sleep.
 */
void nsim_kho_restore_late(struct nsim_dev *nsim_dev)
{
	struct nsim_kho *kho = nsim_dev->kho;

	if (!nsim_kho_restoring(nsim_dev))
		return;

	nsim_dev->udp_ports.open_only = kho->in.udp_open_only;
	nsim_dev->esw_mode = kho->in.esw_mode;
	nsim_kho_restore_fields(kho, 0, "device", late_fields,
				ARRAY_SIZE(late_fields), nsim_dev);
	restore_params(kho, nsim_dev);
	restore_resources_new(kho, nsim_dev);
	nsim_kho_restore_fields(kho, kho_image_find(kho->in.image, 0, "fib"),
				"fib", fib_fields, ARRAY_SIZE(fib_fields),
				nsim_fib_fail_flags(nsim_dev->fib_data));
	restore_health(kho, nsim_dev);
	restore_cookie(kho, nsim_dev);
	nsim_kho_restore_trap_counters(kho, nsim_dev);
	nsim_kho_restore_rates(kho, nsim_dev);
	nsim_kho_restore_hwstats(kho, nsim_dev);
	restore_psample(kho, nsim_dev);
	/* What others make of the device from now on is none of the image's. */
	kho->in.probed = true;
	kho->in.probing = false;
}
