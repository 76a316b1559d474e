/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_FSM_INTERNAL_H
#define _KHO_FSM_INTERNAL_H

#include <linux/kho_fsm.h>
#include <linux/kobject.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "table.h"

#define KHO_IMAGE_MAX	(4UL << 20)	/* bytes; what is larger is referenced */
#define KHO_IMAGE_DEPTH	12		/* nested nodes */

/**
 * struct kho_extent - memory that an image refers to
 * @phys: physical address in bytes
 * @nr_pages: number of pages
 * @seal: checksum, once sealed
 */
struct kho_extent {
	u64 phys;
	u64 nr_pages;
	u64 seal;
};

/**
 * struct kho_image - what one client hands over
 * @ref: the node's reference, and those of kho_image_pull()
 * @fdt: the image
 * @capacity: bytes allocated at @fdt, whole pages
 * @seal: checksum of the FDT, once sealed
 * @extents: preserved memory that it refers to
 * @nr_extents: how many
 * @incoming: it comes from the previous kernel and is not to be changed
 * @condemned: its memory goes with the last reference
 * @broken: why it can't be read, or NULL
 * @wrote: bytes written since the phase began
 * @depth: number of nodes entered
 * @node: offsets of the nodes entered, the root first. A write moves only what
 *	is behind it in the FDT, so they stay valid.
 *
 * An outgoing image is written by its client alone, in its callbacks; an
 * incoming one does not change.
 */
struct kho_image {
	struct kref ref;
	void *fdt;
	size_t capacity;
	u64 seal;
	struct kho_extent *extents;
	unsigned int nr_extents;
	bool incoming;
	bool condemned;
	const char *broken;
	u64 wrote;
	unsigned int depth;
	int node[KHO_IMAGE_DEPTH + 1];
};

struct kho_image *kho_image_create(const char * const *compatible);
struct kho_image *kho_image_adopt(phys_addr_t phys, size_t capacity, u64 seal,
				  struct kho_extent *extents,
				  unsigned int nr_extents);
void kho_image_drop(struct kho_image *image);
void kho_image_condemn(struct kho_image *image);
int kho_image_grow(struct kho_image *image);
void kho_image_rewind(struct kho_image *image);
void kho_image_seal(struct kho_image *image);
const char *kho_image_verify(const struct kho_image *image);
u64 kho_image_checksum(const struct kho_image *image);
struct kho_extent *kho_image_find_extent(const struct kho_image *image,
					 u64 phys, u64 nr_pages);

/* What the timeline knows, in the order in which it happens. */
enum kho_event {
	KHO_EV_PREPARE,
	KHO_EV_PREPARED,
	KHO_EV_SAVE,
	KHO_EV_SAVED,
	KHO_EV_EXEC,
	KHO_EV_BOOT,
	KHO_EV_RESTORE,
	KHO_EV_RESTORED,
	KHO_EV_FINISH,
	KHO_NR_EVENTS
};

extern const char * const kho_event_names[KHO_NR_EVENTS];

struct kho_machine;

/**
 * struct kho_node - one client, or an image that waits for one
 * @link: in the machine's list
 * @kobj: clients/<name>; also counts references
 * @machine: where it belongs
 * @name: the client's
 * @client: NULL while no driver claims the image
 * @state: written under the machine's lock, read anywhere
 * @image: outgoing or incoming, by @state
 * @pass: prepare passes done
 * @bytes: written by the last phase
 * @dirty: bytes to write if saved now, as the client says; any context
 * @stale: what was prepared is out of date, as the client says; any context
 * @us: duration of the last callback of each kind, in microseconds
 * @reason: the client's own words about a failure
 * @tried: restore has failed, and is not repeated without a command
 * @sorting: mark of the topological sort
 * @order: its result
 */
struct kho_node {
	struct list_head link;
	struct kobject kobj;
	struct kho_machine *machine;
	const char *name;
	struct kho_client *client;
	enum kho_state state;
	struct kho_image *image;
	unsigned int pass;
	u64 bytes;
	u64 dirty;
	bool stale;
	u64 us[KHO_NR_OPS];
	char reason[160];
	bool tried;
	bool sorting;
	struct list_head order;
};

/**
 * struct kho_machine - all clients of a live update
 * @lock: serializes commands and the registry, held while callbacks run; the
 *	outermost lock
 * @list_lock: protects @nodes, and which image a node has, against readers that
 *	don't take @lock; writers hold both
 * @nodes: providers before what depends on them
 * @dead: nodes to be taken out of sysfs by @bury, which takes no @lock:
 *	sysfs waits for its users, who may be waiting for @lock
 * @bury: empties @dead
 * @state: derived from the nodes; read anywhere
 * @running: a command runs; written under @lock, read anywhere
 * @cancel: an abort waits for the running command to give up
 * @hold: after a rollback, clients restore only on command
 * @executing: the gate has let kexec pass; nothing may change any more
 * @manifest: what is handed over about the images, while there is any
 * @published: @manifest is part of the handover; protected by @lock
 * @global: the machine that /sys/kernel/kho shows and that is handed over
 * @generation: live updates since the last cold boot
 * @clock: when the events happened, in ticks of kho_clock(), 0 for not yet
 * @error_lock: protects @error
 * @error: who failed, in which phase, why
 */
struct kho_machine {
	struct mutex lock;	/* see above */
	struct mutex list_lock;	/* see above */
	struct list_head nodes;
	struct list_head dead;
	struct work_struct bury;
	enum kho_state state;
	bool running;
	bool cancel;
	bool hold;
	bool executing;
	struct kho_image *manifest;
	bool published;
	bool global;
	u64 generation;
	u64 clock[KHO_NR_EVENTS];
	spinlock_t error_lock;	/* see above */
	char error[320];
};

/* machine.c */
void kho_machine_init(struct kho_machine *m);
bool kho_machine_lock(struct kho_machine *m);
int kho_machine_command(struct kho_machine *m, struct kho_node *target,
			enum kho_command command);
int kho_machine_run(struct kho_machine *m, struct kho_node *target,
		    enum kho_command command);
bool kho_machine_any_client(struct kho_machine *m, unsigned int states);
void kho_machine_restore_ready(struct kho_machine *m);
void kho_machine_update(struct kho_machine *m);
void kho_machine_leave(struct kho_machine *m, struct kho_node *node);
__printf(2, 3)
void kho_machine_error(struct kho_machine *m, const char *fmt, ...);

/* client.c */
int kho_machine_register(struct kho_machine *m, struct kho_client *client);
void kho_machine_unregister(struct kho_machine *m, struct kho_client *client);
struct kho_node *kho_node_create(struct kho_machine *m, const char *name);
struct kho_node *kho_node_find(struct kho_machine *m, const char *name);
void kho_node_bury(struct kho_node *node);
void kho_bury_dead(struct work_struct *work);
void kho_node_set_image(struct kho_node *node, struct kho_image *image);
bool kho_node_depends(const struct kho_node *node, const char *provider);
bool kho_node_needs(const struct kho_node *node, const struct kho_node *goal);

/* name.c */
bool kho_name_valid(const char *name);
bool kho_client_name_valid(const char *name);

/* manifest.c */
int kho_manifest_reserve(struct kho_machine *m);
int kho_manifest_write(struct kho_machine *m);
void kho_manifest_stamp(struct kho_machine *m);
void kho_manifest_drop(struct kho_machine *m);
int kho_manifest_read(struct kho_machine *m, phys_addr_t phys, size_t size);

/* timeline.c */
void kho_timeline_mark(struct kho_machine *m, enum kho_event event);
void kho_timeline_restart(struct kho_machine *m);
ssize_t kho_timeline_show(struct kho_machine *m, char *buf);

/* handover.c */
extern struct kho_machine kho_machine;

int kho_handover_publish(struct kho_machine *m);
void kho_handover_withdraw(struct kho_machine *m);

/* sysfs.c */
extern const struct kobj_type kho_node_type;

int kho_fsm_sysfs_init(void);
int kho_node_show(struct kho_node *node);
void kho_node_changed(struct kho_node *node, enum kho_state old);
void kho_machine_changed(struct kho_machine *m, enum kho_state old);

#endif /* _KHO_FSM_INTERNAL_H */
