// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet traps, their groups and policers. devlink takes what a trap is
 * registered with for its state, so a restored device registers copies that
 * begin where the last kernel's ended.
 */
#include <linux/slab.h>
#include <net/devlink.h>

#include "internal.h"

static int save_policers(const struct nsim_trap_data *traps,
			 struct kho_image *image)
{
	int i, err = 0;

	for (i = 0; !err && i < NSIM_TRAP_POLICER_COUNT; i++) {
		err = kho_image_enter_item(image, "policer",
					   traps->policers[i].id);
		if (err)
			break;
		err = kho_image_set_u64(image, "rate",
					traps->policer_cfgs[i].rate);
		if (!err)
			err = kho_image_set_u64(image, "burst",
						traps->policer_cfgs[i].burst);
		if (!err)
			err = kho_image_set_u64(image, "dropped",
						traps->trap_policers_cnt_arr[i]);
		kho_image_leave(image);
	}
	return err;
}

static int save_groups(const struct nsim_trap_data *traps,
		       struct kho_image *image)
{
	int i, err;

	err = kho_image_enter(image, "groups");
	if (err)
		return err;
	for (i = 0; !err && i < NSIM_TRAP_GROUP_COUNT; i++)
		err = kho_image_set_u32(image, traps->groups[i].name,
					traps->group_policer_ids[i]);
	kho_image_leave(image);
	return err;
}

static int save_actions(const struct nsim_trap_data *traps,
			struct kho_image *image)
{
	int i, err;

	err = kho_image_enter(image, "actions");
	if (err)
		return err;
	for (i = 0; !err && i < NSIM_TRAP_COUNT; i++)
		err = kho_image_set_u32(image, traps->traps[i].name,
					traps->trap_items_arr[i].action);
	kho_image_leave(image);
	return err;
}

/**
 * nsim_kho_save_traps - write traps, groups and policers
 * @nsim_dev: the device
 * @image: outgoing image, at the root
 *
 * Context: devl_lock held; may sleep.
 * Return: 0, or a negative errno of the image.
 */
int nsim_kho_save_traps(struct nsim_dev *nsim_dev, struct kho_image *image)
{
	const struct nsim_trap_data *traps = nsim_dev->trap_data;
	int err;

	err = kho_image_enter(image, "traps");
	if (err)
		return err;
	err = kho_image_set_u64(image, "dropped", traps->trap_pkt_cnt);
	if (!err)
		err = save_actions(traps, image);
	if (!err)
		err = save_groups(traps, image);
	if (!err)
		err = save_policers(traps, image);
	kho_image_leave(image);
	return err;
}

static bool get_from(struct nsim_kho *kho, int node, const char *where,
		     const char *prop, u64 min, u64 max, u64 *val)
{
	if (!nsim_kho_get_u64(kho, node, where, prop, max, val))
		return false;
	if (*val >= min)
		return true;
	nsim_kho_lost(kho, "%s: %s: %llu is out of range", where, prop, *val);
	return false;
}

static void restore_policer(struct nsim_kho *kho, int parent,
			    struct devlink_trap_policer *policer)
{
	int node = kho_image_find_item(kho->in.image, parent, "policer",
				       policer->id);
	char where[24];
	u64 val;

	snprintf(where, sizeof(where), "policer %u", policer->id);
	if (node < 0) {
		nsim_kho_lost(kho, "%s: not in the record", where);
		return;
	}
	if (get_from(kho, node, where, "rate", policer->min_rate,
		     policer->max_rate, &val))
		policer->init_rate = val;
	if (get_from(kho, node, where, "burst", policer->min_burst,
		     policer->max_burst, &val))
		policer->init_burst = val;
}

static void restore_groups(struct nsim_kho *kho, int parent,
			   struct devlink_trap_group *groups)
{
	int i, node = kho_image_find(kho->in.image, parent, "groups");
	u32 id;

	if (node < 0) {
		nsim_kho_lost(kho, "trap groups: not in the record");
		return;
	}
	/* Policers are numbered from 1, and 0 is none. */
	for (i = 0; i < NSIM_TRAP_GROUP_COUNT; i++)
		if (nsim_kho_get_u32(kho, node, "trap groups", groups[i].name,
				     NSIM_TRAP_POLICER_COUNT, &id))
			groups[i].init_policer_id = id;
}

static void restore_actions(struct nsim_kho *kho, int parent,
			    struct devlink_trap *traps)
{
	int i, node = kho_image_find(kho->in.image, parent, "actions");
	u32 action;

	if (node < 0) {
		nsim_kho_lost(kho, "traps: not in the record");
		return;
	}
	for (i = 0; i < NSIM_TRAP_COUNT; i++)
		if (nsim_kho_get_u32(kho, node, "traps", traps[i].name,
				     DEVLINK_TRAP_ACTION_MIRROR, &action))
			traps[i].init_action = action;
}

/**
 * nsim_kho_restore_traps - have a restored device's own traps registered
 * @nsim_dev: device that is being probed
 * @data: what is to be registered; nothing changes unless it is restored
 *
 * Context: devl_lock held; may sleep.
 * Return: 0, or -ENOMEM.
 */
int nsim_kho_restore_traps(struct nsim_dev *nsim_dev,
			   struct nsim_trap_data *data)
{
	struct nsim_kho *kho = nsim_dev->kho;
	struct devlink_trap_policer *policers;
	struct devlink_trap_group *groups;
	struct devlink_trap *traps;
	int i, node;

	if (!nsim_kho_restoring(nsim_dev))
		return 0;
	node = kho_image_find(kho->in.image, 0, "traps");
	if (node < 0) {
		nsim_kho_lost(kho, "traps: not in the record");
		return 0;
	}

	traps = kmemdup_array(data->traps, NSIM_TRAP_COUNT, sizeof(*traps),
			      GFP_KERNEL);
	groups = kmemdup_array(data->groups, NSIM_TRAP_GROUP_COUNT,
			       sizeof(*groups), GFP_KERNEL);
	policers = kmemdup_array(data->policers, NSIM_TRAP_POLICER_COUNT,
				 sizeof(*policers), GFP_KERNEL);
	if (!traps || !groups || !policers) {
		kfree(traps);
		kfree(groups);
		kfree(policers);
		return -ENOMEM;
	}

	restore_actions(kho, node, traps);
	restore_groups(kho, node, groups);
	for (i = 0; i < NSIM_TRAP_POLICER_COUNT; i++)
		restore_policer(kho, node, &policers[i]);

	data->traps = traps;
	data->groups = groups;
	data->policers = policers;
	data->own_arrays = true;
	return 0;
}

/**
 * nsim_kho_free_traps - free a restored device's own traps
 * @data: traps that are registered no more
 */
void nsim_kho_free_traps(struct nsim_trap_data *data)
{
	if (!data->own_arrays)
		return;
	kfree(data->traps);
	kfree(data->groups);
	kfree(data->policers);
}

/**
 * nsim_kho_restore_trap_counters - restore what traps have counted
 * @kho: device that is being restored
 * @nsim_dev: its device
 *
 * Context: devl_lock held; may sleep.
 */
void nsim_kho_restore_trap_counters(struct nsim_kho *kho,
				    struct nsim_dev *nsim_dev)
{
	struct nsim_trap_data *data = nsim_dev->trap_data;
	int i, policer, node;

	node = kho_image_find(kho->in.image, 0, "traps");
	if (node < 0)
		return;
	nsim_kho_get_u64(kho, node, "traps", "dropped", U64_MAX,
			 &data->trap_pkt_cnt);
	for (i = 0; i < NSIM_TRAP_POLICER_COUNT; i++) {
		policer = kho_image_find_item(kho->in.image, node, "policer",
					      data->policers[i].id);
		if (policer >= 0)
			nsim_kho_get_u64(kho, policer, "policer", "dropped",
					 U64_MAX,
					 &data->trap_policers_cnt_arr[i]);
	}
}
