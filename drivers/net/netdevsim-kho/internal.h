/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NSIM_KHO_INTERNAL_H
#define _NSIM_KHO_INTERNAL_H

#include <linux/kho_fsm.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "../netdevsim/netdevsim.h"

/* More than this in a record is taken for damage. */
#define NSIM_KHO_PORTS_MAX	4096
#define NSIM_KHO_QUEUES_MIN	1
#define NSIM_KHO_QUEUES_MAX	0xffff	/* as the stack has it */
#define NSIM_KHO_LIST_MAX	4096
#define NSIM_KHO_EXTRA_KIB_MAX	SZ_1M

enum nsim_kho_phase {
	NSIM_KHO_NO_PHASE,
	NSIM_KHO_PREPARE,
	NSIM_KHO_SAVE,
	NSIM_KHO_RESTORE,
	NSIM_KHO_NR_PHASES
};

/* What can't be handed over: a reason to refuse, unless the user prefers to go. */
enum nsim_kho_item {
	NSIM_KHO_NETNS,
	NSIM_KHO_BPF,
	NSIM_KHO_IPSEC,
	NSIM_KHO_MACSEC,
	NSIM_KHO_PAGE,
	NSIM_KHO_NR_ITEMS
};

/**
 * struct nsim_kho_knobs - how the phases go; debugfs, no lock
 * @extra_kib: size of the extra state
 * @dirty_kib_per_s: how fast the extra state goes dirty
 * @delay_ms: how long each phase takes longer
 * @fail_phase: enum nsim_kho_phase, the one that fails
 * @hold_rx: whether received frames wait, as in a host that is busy
 * @leave: whether to go on without an item, by enum nsim_kho_item
 */
struct nsim_kho_knobs {
	u32 extra_kib;
	u32 dirty_kib_per_s;
	u32 delay_ms[NSIM_KHO_NR_PHASES];
	u32 fail_phase;
	bool hold_rx;
	bool leave[NSIM_KHO_NR_ITEMS];
};

/**
 * struct nsim_kho_chunk - adjacent pages
 * @page: the first one
 * @order: log2 of their number
 */
struct nsim_kho_chunk {
	struct page *page;
	unsigned int order;
};

/**
 * struct nsim_kho_pages - pages that an image refers to; only touched by the
 *	callbacks
 * @chunks: where they are
 * @nr_chunks: how many
 */
struct nsim_kho_pages {
	struct nsim_kho_chunk *chunks;
	unsigned int nr_chunks;
};

/**
 * struct nsim_kho_extra - the extra state; only touched by the callbacks
 * @pages: its memory; kept from one update to the next
 * @kib: size of all of it
 * @written: when it was last written, 0 for never
 */
struct nsim_kho_extra {
	struct nsim_kho_pages pages;
	u32 kib;
	ktime_t written;
};

/**
 * struct nsim_kho_port - a port in an incoming record
 * @node: its node in the image
 * @index: the port's index
 * @type: what port it is
 */
struct nsim_kho_port {
	int node;
	u32 index;
	enum nsim_dev_port_type type;
};

/**
 * struct nsim_kho_incoming - a restore under way
 * @image: what is restored, or NULL
 * @port_count: ports at creation and after a reload
 * @num_queues: queues per port
 * @max_vfs: most VFs
 * @num_vfs: VFs there are
 * @esw_mode: mode of the eswitch
 * @ports: the ports, in order of creation
 * @nr_ports: how many
 * @port: the one that is being created
 * @udp_open_only: a setting that is put off until there are ports
 * @probing: the device is being probed; under devl_lock, from then on
 * @probed: it has come up
 */
struct nsim_kho_incoming {
	const struct kho_image *image;
	u32 port_count;
	u32 num_queues;
	u32 max_vfs;
	u32 num_vfs;
	u32 esw_mode;
	struct nsim_kho_port *ports;
	u32 nr_ports;
	const struct nsim_kho_port *port;
	bool udp_open_only;
	bool probing;
	bool probed;
};

/**
 * struct nsim_kho - a device's part in live updates
 *
 * Lives from the device's creation, or from the boot with an image of it, to
 * the device's deletion; a device that is let go of on a rollback is survived
 * by it. What no lock is named for is written before registration and by the
 * client's callbacks, which the state machine serializes.
 *
 * @client: what is registered
 * @name: the client's name
 * @id: of the bus device
 * @list: in the list of all, see client.c
 * @registered: protected by nsim_kho_lock()
 * @orphan: there is neither a device nor an image any more
 * @adopted: what concerns an image that waits has been read from it
 * @bus_dev: the device, or NULL while there is none
 * @frozen: the device is saved and must not change; written under devl_lock
 *	and rtnl
 * @watched: prepared; changes make the image stale
 * @restored: restored, and not yet committed
 * @in: the restore under way
 * @knobs: debugfs
 * @stand_in: debugfs folder of the device while there is none, or NULL
 * @extra: extra state
 * @rx: received frames of a device that has been saved, until the next update
 * @ifindexes: what the image's ports were known by, to be kept free
 * @nr_ifindexes: how many
 * @lost_lock: protects @lost, @lost_before and its size
 * @lost: what was not preserved or not restored
 * @lost_before: what the kernel before has listed, each text with its NUL
 * @lost_before_size: size of it in bytes
 * @parked: hwstats of netdevs that aren't there yet; protected by rtnl
 */
struct nsim_kho {
	struct kho_client client;
	char name[24];
	unsigned int id;
	struct list_head list;
	bool registered;
	bool orphan;
	bool adopted;
	struct nsim_bus_dev *bus_dev;
	bool frozen;
	bool watched;
	bool restored;
	struct nsim_kho_incoming in;
	struct nsim_kho_knobs knobs;
	struct dentry *stand_in;
	struct nsim_kho_extra extra;
	struct nsim_kho_pages rx;
	u32 *ifindexes;
	unsigned int nr_ifindexes;
	struct mutex lost_lock; /* protects lost, lost_before */
	struct list_head lost;
	char *lost_before;
	size_t lost_before_size;
	struct list_head parked;
};

/* client.c */
extern const char * const nsim_kho_readable[];
bool nsim_kho_first_format(const struct kho_image *image);
struct nsim_kho *nsim_kho_find(unsigned int id);
struct nsim_dev *nsim_kho_hold(struct nsim_kho *kho);
void nsim_kho_release(struct nsim_kho *kho, struct nsim_dev *nsim_dev);

/* incoming.c */
int nsim_kho_restore(struct nsim_kho *kho, const struct kho_image *image);
void nsim_kho_rollback(struct nsim_kho *kho);
void nsim_kho_adopt(struct nsim_kho *kho);

/* fields.c */
void nsim_kho_restore_fields(struct nsim_kho *kho, int node, const char *where,
			     const struct kho_field *fields, size_t nr,
			     void *base);
bool nsim_kho_get_u32(struct nsim_kho *kho, int node, const char *where,
		      const char *prop, u32 max, u32 *val);
bool nsim_kho_get_u64(struct nsim_kho *kho, int node, const char *where,
		      const char *prop, u64 max, u64 *val);

/* lost.c */
__printf(2, 3)
void nsim_kho_lost(struct nsim_kho *kho, const char *fmt, ...);
void nsim_kho_lost_clear(struct nsim_kho *kho);
void nsim_kho_lost_again(struct nsim_kho *kho);
void nsim_kho_lost_warn(struct nsim_kho *kho);
int nsim_kho_lost_show(struct seq_file *seq, void *unused);
int nsim_kho_save_lost(struct nsim_kho *kho, struct kho_image *image);
void nsim_kho_restore_lost(struct nsim_kho *kho);
int nsim_kho_lost_before_show(struct seq_file *seq, void *unused);

/* refuse.c */
int nsim_kho_refuse(struct nsim_kho *kho, struct nsim_dev *nsim_dev);
void nsim_kho_note_lost(struct nsim_kho *kho, struct nsim_dev *nsim_dev);

/* freeze.c */
int nsim_kho_freeze(struct nsim_kho *kho, struct nsim_dev *nsim_dev);
void nsim_kho_thaw(struct nsim_kho *kho);

/* knobs.c */
void nsim_kho_knobs_stand_in(struct nsim_kho *kho);
void nsim_kho_knobs_step_aside(struct nsim_kho *kho);
int nsim_kho_save_knobs(struct nsim_kho *kho, struct kho_image *image);
void nsim_kho_read_knobs(struct nsim_kho *kho, const struct kho_image *image);
int nsim_kho_obey(struct nsim_kho *kho, enum nsim_kho_phase phase);

/* pages.c */
int nsim_kho_pages_add(struct nsim_kho_pages *pages, unsigned int order);
void nsim_kho_pages_free(struct nsim_kho_pages *pages);
int nsim_kho_pages_refer(const struct nsim_kho_pages *pages,
			 struct kho_image *image);
const void *nsim_kho_pages_get(struct nsim_kho *kho, int node, unsigned int i,
			       size_t *size);

/* extra.c */
int nsim_kho_save_extra(struct nsim_kho *kho, struct kho_image *image);
void nsim_kho_check_extra(struct nsim_kho *kho);
void nsim_kho_free_extra(struct nsim_kho *kho);
u64 nsim_kho_extra_dirty(const struct nsim_kho *kho);

/* identity.c */
void nsim_kho_read_ifindexes(struct nsim_kho *kho,
			     const struct kho_image *image);
void nsim_kho_reserve(struct nsim_kho *kho);
void nsim_kho_unreserve(struct nsim_kho *kho);
int nsim_kho_save_identity(struct kho_image *image, struct net_device *dev);
void nsim_kho_restore_identity(struct nsim_kho *kho, int node,
			       const char *where, struct net_device *dev);

/* device.c */
int nsim_kho_save_device(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			 struct kho_image *image);

/* port.c */
struct nsim_dev_port *nsim_kho_find_port(struct nsim_dev *nsim_dev, u32 index);
int nsim_kho_save_ports(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			struct kho_image *image);
void nsim_kho_restore_links(struct nsim_kho *kho, struct nsim_dev *nsim_dev);
void nsim_kho_restore_up(struct nsim_kho *kho, struct nsim_dev *nsim_dev);

/* rx.c */
u64 nsim_kho_rx_dirty(struct nsim_dev *nsim_dev);
int nsim_kho_save_rx(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
		     struct kho_image *image);
void nsim_kho_restore_rx(struct nsim_kho *kho, struct nsim_dev *nsim_dev);
void nsim_kho_resume_rx(struct nsim_kho *kho);

/* netdev.c */
int nsim_kho_save_netdev(struct kho_image *image, struct netdevsim *ns);
void nsim_kho_restore_registered(struct nsim_kho *kho, int node,
				 const char *where, struct net_device *dev);

/* rate.c */
int nsim_kho_save_rate_nodes(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			     struct kho_image *image);
int nsim_kho_save_rate_leaf(struct kho_image *image,
			    struct nsim_dev_port *port);
void nsim_kho_restore_rates(struct nsim_kho *kho, struct nsim_dev *nsim_dev);

/* trap.c */
int nsim_kho_save_traps(struct nsim_dev *nsim_dev, struct kho_image *image);
void nsim_kho_restore_trap_counters(struct nsim_kho *kho,
				    struct nsim_dev *nsim_dev);

/* hwstats.c */
int nsim_kho_save_hwstats(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			  struct kho_image *image);
void nsim_kho_restore_hwstats(struct nsim_kho *kho, struct nsim_dev *nsim_dev);
void nsim_kho_hwstats_appeared(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
			       struct net_device *dev);
void nsim_kho_free_parked(struct nsim_kho *kho);

#endif /* _NSIM_KHO_INTERNAL_H */
