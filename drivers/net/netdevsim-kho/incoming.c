// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a record back to a device. What a device can't exist without is checked
 * before anything is created; the rest degrades item by item.
 */
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "internal.h"

#define VFS_MAX	(NSIM_DEV_VF_PORT_INDEX_MAX - NSIM_DEV_VF_PORT_INDEX_BASE)

__printf(2, 3)
static int bad_record(struct nsim_kho *kho, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	kho_client_explain(&kho->client, "record is damaged: %pV", &vaf);
	va_end(args);
	return -EBADMSG;
}

static int read_numbers(struct nsim_kho *kho)
{
	struct nsim_kho_incoming *in = &kho->in;
	u32 id = 0;
	const struct {
		const char *name;
		u32 *val;
		u32 min;
		u32 max;
	} numbers[] = {
		{ "id", &id, kho->id, kho->id },
		{ "port-count", &in->port_count, 0, U32_MAX },
		{ "num-queues", &in->num_queues, NSIM_KHO_QUEUES_MIN,
		  NSIM_KHO_QUEUES_MAX },
		{ "max-vfs", &in->max_vfs, 0, VFS_MAX },
		{ "num-vfs", &in->num_vfs, 0, VFS_MAX },
		{ "eswitch-mode", &in->esw_mode, DEVLINK_ESWITCH_MODE_LEGACY,
		  DEVLINK_ESWITCH_MODE_SWITCHDEV },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (kho_image_get_u32(in->image, 0, numbers[i].name,
				      numbers[i].val))
			return bad_record(kho, "no %s", numbers[i].name);
		if (*numbers[i].val < numbers[i].min ||
		    *numbers[i].val > numbers[i].max)
			return bad_record(kho, "%s %u is out of range",
				       numbers[i].name, *numbers[i].val);
	}
	if (in->num_vfs > in->max_vfs)
		return bad_record(kho, "%u VFs of at most %u", in->num_vfs,
			       in->max_vfs);
	return 0;
}

static int read_port(struct nsim_kho *kho, int list, u32 i)
{
	struct nsim_kho_port *port = &kho->in.ports[i];
	u32 j, is_vf;

	port->node = kho_image_find_item(kho->in.image, list, "port", i);
	if (port->node < 0)
		return bad_record(kho, "no port@%u", i);
	if (kho_image_get_u32(kho->in.image, port->node, "index",
			      &port->index) ||
	    kho_image_get_u32(kho->in.image, port->node, "is-vf", &is_vf) ||
	    is_vf > 1)
		return bad_record(kho, "port@%u is no port", i);

	port->type = is_vf ? NSIM_DEV_PORT_TYPE_VF : NSIM_DEV_PORT_TYPE_PF;
	if (is_vf && (port->index < NSIM_DEV_VF_PORT_INDEX_BASE ||
		      port->index - NSIM_DEV_VF_PORT_INDEX_BASE >=
		      kho->in.num_vfs))
		return bad_record(kho, "port %u belongs to no VF", port->index);
	for (j = 0; j < i; j++)
		if (kho->in.ports[j].index == port->index)
			return bad_record(kho, "port %u is there twice",
				       port->index);
	return 0;
}

static int read_ports(struct nsim_kho *kho)
{
	struct nsim_kho_incoming *in = &kho->in;
	int err, list = kho_image_find(in->image, 0, "ports");
	u32 i;

	if (list < 0 || kho_image_get_u32(in->image, list, "count",
					  &in->nr_ports))
		return bad_record(kho, "no ports");
	if (in->nr_ports > NSIM_KHO_PORTS_MAX)
		return bad_record(kho, "%u ports", in->nr_ports);

	in->ports = kcalloc(in->nr_ports, sizeof(*in->ports), GFP_KERNEL);
	if (!in->ports)
		return -ENOMEM;
	for (i = 0; i < in->nr_ports; i++) {
		err = read_port(kho, list, i);
		if (err)
			return err;
	}
	return 0;
}

static void delete_device(struct nsim_kho *kho)
{
	struct nsim_bus_dev *bus_dev = nsim_bus_dev_take(kho->id);

	/* Otherwise the user is about to delete it. */
	if (!IS_ERR(bus_dev)) {
		nsim_bus_dev_del(bus_dev);
		kho->bus_dev = NULL;
	}
	nsim_kho_free_parked(kho);
}

static int create_device(struct nsim_kho *kho)
{
	const struct nsim_kho_incoming *in = &kho->in;
	struct nsim_bus_dev *bus_dev;

	kho->in.probing = true;
	bus_dev = nsim_bus_dev_add(kho->id, in->port_count, in->num_queues,
				   in->max_vfs, &init_net);
	if (IS_ERR(bus_dev)) {
		kho_client_explain(&kho->client, "device can't be created");
		return PTR_ERR(bus_dev);
	}
	kho->bus_dev = bus_dev;

	if (!in->probed) {
		kho_client_explain(&kho->client, "device can't be probed");
		delete_device(kho);
		return -ENXIO;
	}
	return 0;
}

static int connect_device(struct nsim_kho *kho)
{
	struct nsim_dev *nsim_dev = nsim_kho_hold(kho);

	if (!nsim_dev) {
		kho_client_explain(&kho->client, "device lost its driver");
		return -ENXIO;
	}
	rtnl_lock();
	nsim_kho_restore_links(kho, nsim_dev);
	nsim_kho_restore_rx(kho, nsim_dev);
	nsim_kho_restore_up(kho, nsim_dev);
	nsim_kho_resume_rx(kho);
	rtnl_unlock();
	nsim_kho_release(kho, nsim_dev);
	return 0;
}

static int restore_device(struct nsim_kho *kho)
{
	int err;

	err = create_device(kho);
	if (err)
		return err;
	err = connect_device(kho);
	if (err)
		goto err_delete;
	nsim_kho_check_extra(kho);
	err = nsim_kho_obey(kho, NSIM_KHO_RESTORE);
	if (err)
		goto err_delete;
	return 0;

err_delete:
	delete_device(kho);
	return err;
}

/* The device isn't there any more, but may come again. */
static void stand_by(struct nsim_kho *kho)
{
	nsim_kho_reserve(kho);
	nsim_kho_knobs_stand_in(kho);
}

/**
 * nsim_kho_restore - create a device from its image
 * @kho: client
 * @image: incoming image
 *
 * Context: restore callback; may sleep.
 * Return: 0; -EBADMSG for a damaged record; an errno of the creation.
 */
int nsim_kho_restore(struct nsim_kho *kho, const struct kho_image *image)
{
	int err;

	if (kho->stand_in)
		nsim_kho_lost_clear(kho);
	nsim_kho_knobs_step_aside(kho);

	kho->in.image = image;
	nsim_kho_restore_lost(kho);
	err = read_numbers(kho);
	if (!err)
		err = read_ports(kho);
	if (!err)
		err = restore_device(kho);
	kfree(kho->in.ports);
	memset(&kho->in, 0, sizeof(kho->in));

	if (err) {
		stand_by(kho);
		return err;
	}
	kho->restored = true;
	nsim_kho_lost_warn(kho);
	return 0;
}

/**
 * nsim_kho_rollback - let go of a restored device
 * @kho: client, restored and not committed
 *
 * Context: abort callback; may sleep.
 */
void nsim_kho_rollback(struct nsim_kho *kho)
{
	kho->restored = false;
	delete_device(kho);
	if (!kho->bus_dev)
		stand_by(kho);
}

/**
 * nsim_kho_adopt - read what is needed of an image that waits
 * @kho: client that isn't registered yet
 *
 * Context: may sleep; takes the state machine's locks and rtnl.
 */
void nsim_kho_adopt(struct nsim_kho *kho)
{
	const struct kho_image *image;

	if (kho->adopted)
		return;
	image = kho_image_pull(kho->name, nsim_kho_readable, NULL);
	if (!image)
		return;

	kho->adopted = true;
	nsim_kho_read_knobs(kho, image);
	nsim_kho_read_ifindexes(kho, image);
	nsim_kho_reserve(kho);
	kho_image_put(image);
}
