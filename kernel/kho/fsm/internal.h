/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_FSM_INTERNAL_H
#define _KHO_FSM_INTERNAL_H

#include <linux/kho_fsm.h>
#include <linux/kobject.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "table.h"

#define KHO_IMAGE_MAX	(4UL << 20)	/* bytes; what is larger is referenced */
#define KHO_IMAGE_DEPTH	12		/* nested nodes */

/* Found out about by save if it can, otherwise by the gate before kexec. */
#define KHO_STALE_IMAGE \
	"memory was added after the image was loaded, load it again"

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
 * struct kho_index - where the properties, or the children, of a node are
 * @node: the node
 * @shape: what the image's shape was at the last look
 * @valid: @at is as the image is
 * @nr: how many there are
 * @next: the one that is written next, if the order is the same as before
 * @size: entries allocated at @at
 * @at: their offsets, in the order of the FDT
 */
struct kho_index {
	int node;
	u32 shape;
	bool valid;
	unsigned int nr;
	unsigned int next;
	unsigned int size;
	int *at;
};

/**
 * struct kho_index_kind - how to go through a node
 * @first: offset of the first one, or negative
 * @next: offset of the one after it, or negative
 * @name: its name
 */
struct kho_index_kind {
	int (*first)(const void *fdt, int node);
	int (*next)(const void *fdt, int offset);
	const char *(*name)(const void *fdt, int offset);
};

/**
 * struct kho_image - what one client hands over
 * @ref: the node's reference, and those of kho_image_pull()
 * @owner: name of the client that writes it, which it doesn't outlive; or NULL
 * @fdt: the image
 * @capacity: bytes allocated at @fdt, whole pages
 * @seal: checksum of the FDT, once sealed
 * @extents: preserved memory that it refers to
 * @nr_extents: how many
 * @incoming: it comes from the previous kernel and is not to be changed
 * @is_protected: nobody can write to it and its memory
 * @condemned: its memory goes with the last reference
 * @broken: why it can't be read, or NULL
 * @wrote: bytes written since the phase began
 * @depth: number of nodes entered
 * @node: offsets of the nodes entered, the root first. A write moves only what
 *	is behind it in the FDT, so they stay valid.
 * @shape: changes whenever something in the FDT moves
 * @props: where the properties of the nodes entered are
 * @children: where their children are
 *
 * An outgoing image is written by its client alone, in its callbacks; an
 * incoming one does not change.
 */
struct kho_image {
	struct kref ref;
	const char *owner;
	void *fdt;
	size_t capacity;
	u64 seal;
	struct kho_extent *extents;
	unsigned int nr_extents;
	bool incoming;
	bool is_protected;
	bool condemned;
	const char *broken;
	u64 wrote;
	unsigned int depth;
	int node[KHO_IMAGE_DEPTH + 1];
	u32 shape;
	struct kho_index props[KHO_IMAGE_DEPTH + 1];
	struct kho_index children[KHO_IMAGE_DEPTH + 1];
};

struct kho_image *kho_image_create(const char *owner,
				   const char * const *compatible);
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

/* image_index.c */
extern const struct kho_index_kind kho_index_props, kho_index_children;
int kho_index_find(const struct kho_index_kind *kind,
		   const struct kho_image *image, struct kho_index *index,
		   int node, const char *name);
void kho_index_free(struct kho_image *image);

/* protect.c */
#ifdef CONFIG_KHO_PROTECT
void kho_image_protect(struct kho_image *image);
void kho_image_unprotect(struct kho_image *image);
#else
static inline void kho_image_protect(struct kho_image *image)
{
}

static inline void kho_image_unprotect(struct kho_image *image)
{
}
#endif

/**
 * struct kho_prediction - the blackout to come, in microseconds
 * @save_us: until the last client is saved
 * @kexec_us: from there to the first restore; 0 if that isn't known
 * @restore_us: until the last client is restored
 * @total_us: sum
 */
struct kho_prediction {
	u64 save_us;
	u64 kexec_us;
	u64 restore_us;
	u64 total_us;
};

/* What to do when the next kernel can't read an image, as far as it says. */
enum kho_unreadable {
	KHO_UNREADABLE_REFUSE,
	KHO_UNREADABLE_ALLOW,
	KHO_NR_UNREADABLE
};

extern const char * const kho_unreadable_names[KHO_NR_UNREADABLE];

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

/* The first callbacks and the last ones are remembered. */
#define KHO_SPANS	12

/**
 * struct kho_span - when a client was called; also the format in the manifest
 * @op: what it was asked, an enum kho_op
 * @start: when, in ticks of kho_clock()
 * @end: when it was done
 */
struct kho_span {
	u64 op;
	u64 start;
	u64 end;
};

/**
 * struct kho_edge - one client depends on another one
 * @provider: the other one; NULL while there is none of that name
 * @consumer: the client
 * @link: in the provider's list of consumers
 */
struct kho_edge {
	struct kho_node *provider;
	struct kho_node *consumer;
	struct list_head link;
};

/**
 * struct kho_watch - where the monitor has seen a client last
 * @round: since when; it does not count if that was in another round
 * @state: the state of the automaton
 */
struct kho_watch {
	unsigned int round;
	u8 state;
};

/**
 * struct kho_node - one client, or an image that waits for one
 * @link: in the machine's list
 * @kobj: clients/<name>; also counts references
 * @machine: where it belongs
 * @name: the client's
 * @rcu: a client may still be about to write to it
 * @client: NULL while no driver claims the image; set under the machine's lock,
 *	and cleared under that of the list, too
 * @state: written under the machine's lock, read anywhere
 * @image: outgoing or incoming, by @state
 * @pass: prepare passes done
 * @save_as: the entry of its client's lists that it has to write, NULL for the
 *	client's choice; under the machine's lock, as in kho_call()
 * @keeps_device: the client's device is not shut down after it was saved
 * @bytes: written by the last phase
 * @dirty: bytes to write if saved now, as the client says; any context
 * @stale: what was prepared is out of date, as the client says; any context
 * @us: duration of the last callback of each kind, in microseconds
 * @spans: when the client was called in this update, by this kernel and the
 *	one before; under the machine's lock, as in kho_call()
 * @nr_spans: how many
 * @estimate_us: duration of the next callback of each kind in microseconds, as
 *	the client says; 0 for unknown; any context
 * @path_us: for predictions; under the machine's lock
 * @reason: the client's own words about a failure
 * @tried: restore has failed, and is not repeated without a command
 * @deadline_ms: for each kind of callback, in milliseconds; 0 for the machine's;
 *	any context
 * @edges: whom the client depends on, in the order of its @after
 * @nr_edges: how many
 * @consumers: edges of those who depend on this node
 * @marked: by kho_graph_mark()
 * @called: takes part in the next kho_sweep()
 * @index: place in the machine's list, and
 * @waits: number of nodes to wait for, while turns are taken
 * @turn: in the list of those who need not wait, or of those that have ended
 * @work: calls the client, and leaves
 * @op: what it is asked,
 * @err: the answer,
 * @started: when it was asked, in jiffies, and
 * @running: whether the answer is waited for
 * @watch: for the monitor; as in kho_call(), or under the machine's lock
 */
struct kho_node {
	struct list_head link;
	struct kobject kobj;
	struct rcu_head rcu;
	struct kho_machine *machine;
	const char *name;
	struct kho_client *client;
	enum kho_state state;
	struct kho_image *image;
	unsigned int pass;
	const char *save_as;
	bool keeps_device;
	u64 bytes;
	u64 dirty;
	bool stale;
	u64 us[KHO_NR_OPS];
	struct kho_span spans[KHO_SPANS];
	unsigned int nr_spans;
	u64 estimate_us[KHO_NR_OPS];
	u64 path_us;
	char reason[160];
	bool tried;
	unsigned int deadline_ms[KHO_NR_OPS];

	/* The graph: under the machine's lock. */
	struct kho_edge *edges;
	unsigned int nr_edges;
	struct list_head consumers;
	bool marked;

	/* Calls: as the graph; @err and @turn also under @ended_wait.lock. */
	bool called;
	unsigned int index;
	unsigned int waits;
	struct list_head turn;
	struct work_struct work;
	enum kho_op op;
	int err;
	unsigned long started;
	bool running;

#ifdef CONFIG_KHO_MONITOR
	struct kho_watch watch;
#endif
};

/**
 * struct kho_turns - goes through all nodes in the order of the graph
 * @ready: those who need not wait
 * @consumers_first: which order?
 */
struct kho_turns {
	struct list_head ready;
	bool consumers_first;
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
 * @state: derived from @count; read anywhere
 * @count: number of nodes in each state
 * @running: a command runs; written under @lock, read anywhere
 * @last: the command that runs, or has run last; under @lock
 * @cancel: an abort waits for the running command to give up
 * @giving_up: the running command has failed, and will be undone; written under
 *	@lock, read anywhere
 * @ended: nodes whose callbacks have come to an end, under @ended_wait.lock
 * @ended_wait: for who waits for them
 * @at_once: how many callbacks may run at the same time
 * @deadline_ms: for each kind of callback, in milliseconds; 0 for none; any
 *	context
 * @hold: after a rollback, clients restore only on command
 * @executing: the gate has let kexec pass; nothing may change any more
 * @manifest: what is handed over about the images, while there is any
 * @published: @manifest is part of the handover; protected by @lock
 * @global: the machine that /sys/kernel/kho shows and that is handed over
 * @generation: live updates since the last cold boot
 * @kexec_us: from the gate to the first restore in the last update, in
 *	microseconds; 0 if there was none
 * @downtime_limit_us: the longest blackout that is allowed, in microseconds; 0
 *	for any; any context
 * @unreadable: what to do about a kernel that can't read an image; any context
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
	unsigned int count[KHO_NR_STATES];
	bool running;
	enum kho_command last;
	bool cancel;
	bool giving_up;
	struct list_head ended;
	wait_queue_head_t ended_wait;
	unsigned int at_once;
	unsigned int deadline_ms[KHO_NR_OPS];
	bool hold;
	bool executing;
	struct kho_image *manifest;
	bool published;
	bool global;
	u64 generation;
	u64 kexec_us;
	u64 downtime_limit_us;
	enum kho_unreadable unreadable;
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
void kho_node_set_state(struct kho_node *node, enum kho_state state);
bool kho_providers_restored(const struct kho_node *node);
__printf(2, 3)
void kho_machine_error(struct kho_machine *m, const char *fmt, ...);

/* ops.c */
int kho_call(struct kho_node *node, enum kho_op op);

/* schedule.c */
int kho_schedule_init(void);
int kho_sweep(struct kho_machine *m, enum kho_command command, enum kho_op op,
	      bool consumers_first);
int kho_call_here(struct kho_node *node, enum kho_command command,
		  enum kho_op op);
void kho_call_work(struct work_struct *work);

/* graph.c */
void kho_graph_add(struct kho_node *node);
void kho_graph_remove(struct kho_node *node);
int kho_graph_join(struct kho_node *node);
void kho_graph_leave(struct kho_node *node);
void kho_graph_mark(struct kho_machine *m, const struct kho_node *goal);
void kho_graph_sort(struct kho_machine *m);
void kho_turns_begin(struct kho_turns *turns, struct kho_machine *m,
		     bool consumers_first);
struct kho_node *kho_turns_next(struct kho_turns *turns);
void kho_turns_done(struct kho_turns *turns, struct kho_node *node);

/* client.c */
int kho_machine_register(struct kho_machine *m,
			 struct kho_client * const *clients, unsigned int nr);
void kho_machine_unregister(struct kho_machine *m, struct kho_client *client);
struct kho_node *kho_node_create(struct kho_machine *m, const char *name);
struct kho_node *kho_node_find(struct kho_machine *m, const char *name);
void kho_node_bury(struct kho_node *node);
void kho_bury_dead(struct work_struct *work);
void kho_node_set_image(struct kho_node *node, struct kho_image *image);

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
u64 kho_timeline_between(const struct kho_machine *m, enum kho_event from,
			 enum kho_event to);
void kho_timeline_add(struct kho_node *node, enum kho_op op, u64 start);
ssize_t kho_timeline_show(struct kho_machine *m, char *buf);
ssize_t kho_timeline_show_node(struct kho_node *node, char *buf);

/* predict.c */
void kho_predict(struct kho_machine *m, struct kho_prediction *p);
int kho_predict_allows(struct kho_machine *m);

/* formats.c */
extern const char kho_mark[];

bool kho_formats_include(const char *list, const char *format,
			 const char *feature);
int kho_formats_check(struct kho_machine *m, const struct kho_node *target,
		      const char *what, const char *list);
int kho_formats_check_loaded(struct kho_machine *m,
			     const struct kho_node *target);
int kho_node_save_as(struct kho_node *node, const char *name);
struct kho_image *kho_node_image_create(struct kho_node *node);
const char *kho_image_missing(const struct kho_image *image,
			      const char * const *features);
bool kho_client_reads(struct kho_client *client, const struct kho_image *image);

/* device.c */
void kho_node_link_device(struct kho_node *node);
void kho_node_unlink_device(struct kho_node *node);
bool kho_machine_keeps(struct kho_machine *m, const struct device *dev);

/* extents.c */
int kho_extents_check(struct kho_machine *m);
void kho_extents_hold(const struct kho_image *image);

/* handover.c */
extern struct kho_machine kho_machine;

bool kho_images_received(void);
int kho_handover_publish(struct kho_machine *m);
void kho_handover_withdraw(struct kho_machine *m);

/* sysfs.c */
extern const struct kobj_type kho_node_type;

int kho_fsm_sysfs_init(void);
int kho_node_show(struct kho_node *node);
void kho_node_changed(struct kho_node *node, enum kho_state old);
void kho_machine_changed(struct kho_machine *m, enum kho_state old);

#endif /* _KHO_FSM_INTERNAL_H */
