/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What netdevsim calls so that its devices take part in live updates.
 *
 * Lock order: nsim_kho_lock() -> the state machine's own lock ->
 * nsim_bus_dev_list_lock -> device_lock -> devl_lock -> rtnl.
 */
#ifndef _NSIM_KHO_H
#define _NSIM_KHO_H

#include <linux/types.h>
#include <net/devlink.h>

struct net_device;
struct netdevsim;
struct nsim_bus_dev;
struct nsim_dev;
struct nsim_trap_data;

#ifdef CONFIG_NETDEVSIM_KHO

void nsim_kho_init(void);
void nsim_kho_exit(void);
void nsim_kho_cleanup(void);

/* The life of a client beside that of its device; see client.c. */
void nsim_kho_lock(void);
void nsim_kho_unlock(void);
int nsim_kho_create(unsigned int id);
int nsim_kho_register(unsigned int id, struct nsim_bus_dev *nsim_bus_dev);
void nsim_kho_unregister(unsigned int id);
void nsim_kho_destroy(unsigned int id);

/* The stages of a probe; all but the first are for devices that come back. */
void nsim_kho_probe(struct nsim_dev *nsim_dev);
bool nsim_kho_restoring(const struct nsim_dev *nsim_dev);
void nsim_kho_restore_early(struct nsim_dev *nsim_dev);
u64 nsim_kho_resource_size(struct nsim_dev *nsim_dev, u64 id);
int nsim_kho_restore_traps(struct nsim_dev *nsim_dev,
			   struct nsim_trap_data *traps);
void nsim_kho_free_traps(struct nsim_trap_data *traps);
void nsim_kho_restore_ports(struct nsim_dev *nsim_dev);
void nsim_kho_restore_netdev(struct netdevsim *ns);
void nsim_kho_restore_late(struct nsim_dev *nsim_dev);
void nsim_kho_debugfs_init(struct nsim_dev *nsim_dev);
void nsim_kho_remove(struct nsim_dev *nsim_dev);

/* While the device runs. */
int nsim_kho_change(struct nsim_dev *nsim_dev, struct netlink_ext_ack *extack);
bool nsim_kho_frozen(const struct nsim_dev *nsim_dev);
bool nsim_kho_holds_rx(const struct netdevsim *ns);
void nsim_kho_netdev_event(struct nsim_dev *nsim_dev, struct net_device *dev,
			   unsigned long event);

#else /* CONFIG_NETDEVSIM_KHO */

static inline void nsim_kho_init(void)
{
}

static inline void nsim_kho_exit(void)
{
}

static inline void nsim_kho_cleanup(void)
{
}

static inline void nsim_kho_lock(void)
{
}

static inline void nsim_kho_unlock(void)
{
}

static inline int nsim_kho_create(unsigned int id)
{
	return 0;
}

static inline int nsim_kho_register(unsigned int id,
				    struct nsim_bus_dev *nsim_bus_dev)
{
	return 0;
}

static inline void nsim_kho_unregister(unsigned int id)
{
}

static inline void nsim_kho_destroy(unsigned int id)
{
}

static inline void nsim_kho_probe(struct nsim_dev *nsim_dev)
{
}

static inline bool nsim_kho_restoring(const struct nsim_dev *nsim_dev)
{
	return false;
}

static inline void nsim_kho_restore_early(struct nsim_dev *nsim_dev)
{
}

static inline u64 nsim_kho_resource_size(struct nsim_dev *nsim_dev, u64 id)
{
	return U64_MAX;
}

static inline int nsim_kho_restore_traps(struct nsim_dev *nsim_dev,
					 struct nsim_trap_data *traps)
{
	return 0;
}

static inline void nsim_kho_free_traps(struct nsim_trap_data *traps)
{
}

static inline void nsim_kho_restore_ports(struct nsim_dev *nsim_dev)
{
}

static inline void nsim_kho_restore_netdev(struct netdevsim *ns)
{
}

static inline void nsim_kho_restore_late(struct nsim_dev *nsim_dev)
{
}

static inline void nsim_kho_debugfs_init(struct nsim_dev *nsim_dev)
{
}

static inline void nsim_kho_remove(struct nsim_dev *nsim_dev)
{
}

static inline int nsim_kho_change(struct nsim_dev *nsim_dev,
				  struct netlink_ext_ack *extack)
{
	return 0;
}

static inline bool nsim_kho_frozen(const struct nsim_dev *nsim_dev)
{
	return false;
}

static inline bool nsim_kho_holds_rx(const struct netdevsim *ns)
{
	return false;
}

static inline void nsim_kho_netdev_event(struct nsim_dev *nsim_dev,
					 struct net_device *dev,
					 unsigned long event)
{
}

#endif /* CONFIG_NETDEVSIM_KHO */

#endif /* _NSIM_KHO_H */
