/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver state machine: what a driver sees of a live update.
 *
 * A driver registers a client; the core calls it phase by phase and hands it
 * the image to write to or to read from. See Documentation/kho-states.rst.
 */
#ifndef _LINUX_KHO_FSM_H
#define _LINUX_KHO_FSM_H

#include <linux/err.h>
#include <linux/stddef.h>
#include <linux/types.h>

struct device;
struct kho_client;
struct kho_image;
struct kho_node;
struct kimage;
struct module;
struct page;

/* A name is a sysfs folder and an FDT node, so it is short and has no '/'. */
#define KHO_NAME_MAX	63

/**
 * struct kho_client_ops - the phases of a live update, as one client sees them
 *
 * All of them run in process context, may sleep, and are called with no lock
 * held but the machine's own, so they may take whatever the driver needs
 * (device lock, RTNL, ...). They must not register or unregister clients.
 * Callbacks of clients that don't depend on each other run side by side.
 *
 * @prepare: Serialize what can be serialized while the device runs on, without
 *	disturbing it. Called once or many times before @save; @pass counts
 *	from 1. The image still holds what the last pass wrote, and writing an
 *	unchanged value costs nothing, so a later pass writes the difference.
 * @save: Quiesce the device and write the last difference. Once it has
 *	returned 0, neither the image nor preserved memory may change any more.
 * @abort: Undo, and run on. Called exactly once for every client whose
 *	@prepare was entered, whatever failed; cannot fail. Also called for a
 *	restored client when the update is rolled back: it lets go of the
 *	device and gives back what it took from the image, so that the image can
 *	be handed on unchanged.
 * @restore: Bring the device back as @image describes it. On failure the
 *	image is kept and restore may be tried again.
 * @finish: The update is committed, or an image that could not be restored is
 *	given up; it is freed right afterwards. Optional.
 */
struct kho_client_ops {
	int (*prepare)(struct kho_client *client, struct kho_image *image,
		       unsigned int pass);
	int (*save)(struct kho_client *client, struct kho_image *image);
	void (*abort)(struct kho_client *client);
	int (*restore)(struct kho_client *client,
		       const struct kho_image *image);
	void (*finish)(struct kho_client *client);
};

/**
 * struct kho_client - a driver instance that takes part in live updates
 * @name: unique name of the instance, "netdevsim10"; letters, digits and
 *	",._+-", at most %KHO_NAME_MAX characters
 * @compatible: NULL-terminated list of the formats that its images have, all of
 *	them at once, most specific first: who knows one of them can read it
 * @older: NULL-terminated list of other formats that it reads, and writes when
 *	the administrator wants it to (clients/NAME/save_as), or NULL; prepare
 *	asks kho_image_format() which one it is to be
 * @features: NULL-terminated list of the features that an image may require,
 *	see kho_image_require(), or NULL
 * @after: NULL-terminated list of the names of the clients that it depends on
 *	(its providers), or NULL. They prepare and restore before it, and save
 *	and abort after it. Each must be registered, or be an incoming image.
 * @ops: the callbacks
 * @dev: the device that it stands for, or NULL
 *
 * The structure and all it points to must stay until the client has been
 * unregistered.
 */
struct kho_client {
	const char *name;
	const char * const *compatible;
	const char * const *older;
	const char * const *features;
	const char * const *after;
	const struct kho_client_ops *ops;
	struct device *dev;
	/* private: */
	struct kho_node *node;
};

/**
 * struct kho_field - a number in a structure and in an image
 * @name: of the property
 * @offset: in the structure, in bytes
 * @size: in the structure, in bytes; up to 4 are a cell, 8 are two
 * @max: largest value that is believed
 */
struct kho_field {
	const char *name;
	u32 offset;
	u32 size;
	u64 max;
};

/* KHO_FIELD(name, max, type, member) */
#define KHO_FIELD(_name, _max, ...)			\
	{						\
		.name = _name,				\
		.offset = offsetof(__VA_ARGS__),	\
		.size = sizeof_field(__VA_ARGS__),	\
		.max = _max,				\
	}

/**
 * kho_client_registered - does a client take part in live updates?
 * @client: the client
 *
 * Context: whoever registers and unregisters it.
 * Return: whether it does.
 */
static inline bool kho_client_registered(const struct kho_client *client)
{
	return client->node;
}

#ifdef CONFIG_KHO

int kho_client_register(struct kho_client *client);
int kho_clients_register(struct kho_client * const *clients, unsigned int nr);
void kho_client_unregister(struct kho_client *client);
int devm_kho_client_register(struct device *dev, struct kho_client *client);
void kho_client_keep_device(struct kho_client *client);
void kho_client_set_dirty(struct kho_client *client, u64 bytes);
void kho_client_set_estimate(struct kho_client *client, u64 save_us,
			     u64 restore_us);
void kho_client_invalidate(struct kho_client *client);
bool kho_client_cancelled(const struct kho_client *client);
__printf(2, 3)
void kho_client_explain(struct kho_client *client, const char *fmt, ...);

int kho_incoming_for_each(const char * const *compatible,
			  int (*fn)(const char *name, void *data), void *data);
bool kho_image_waits(const char *name);
const struct kho_image *kho_image_pull(const char *name,
				       const char * const *compatible,
				       const char * const *features);
void kho_image_put(const struct kho_image *image);

/* Writing, in prepare and save only. */
int kho_image_enter(struct kho_image *image, const char *node);
void kho_image_leave(struct kho_image *image);
int kho_image_delete(struct kho_image *image, const char *node);
int kho_image_set(struct kho_image *image, const char *prop, const void *data,
		  size_t len);
int kho_image_set_u32(struct kho_image *image, const char *prop, u32 val);
int kho_image_set_u64(struct kho_image *image, const char *prop, u64 val);
int kho_image_set_string(struct kho_image *image, const char *prop,
			 const char *str);
int kho_image_set_pages(struct kho_image *image, const char *prop,
			struct page *page, unsigned long nr_pages);
int kho_image_require(struct kho_image *image, const char * const *features);
int kho_image_set_fields(struct kho_image *image,
			 const struct kho_field *fields, size_t nr,
			 const void *base);
int kho_image_enter_item(struct kho_image *image, const char *prefix,
			 unsigned int i);
int kho_image_end_list(struct kho_image *image, const char *prefix,
		       unsigned int nr);
void kho_image_wrote(struct kho_image *image, size_t bytes);

/* Reading; a node is an offset as in libfdt, the root is node 0. */
const char *kho_image_format(const struct kho_image *image,
			     const char * const *compatible);
int kho_image_find(const struct kho_image *image, int parent,
		   const char *name);
int kho_image_first(const struct kho_image *image, int parent);
int kho_image_next(const struct kho_image *image, int node);
const char *kho_image_name(const struct kho_image *image, int node);
const void *kho_image_get(const struct kho_image *image, int node,
			  const char *prop, size_t *len);
int kho_image_get_fixed(const struct kho_image *image, int node,
			const char *prop, void *data, size_t len);
int kho_image_get_u32(const struct kho_image *image, int node,
		      const char *prop, u32 *val);
int kho_image_get_u64(const struct kho_image *image, int node,
		      const char *prop, u64 *val);
int kho_image_get_string(const struct kho_image *image, int node,
			 const char *prop, const char **str);
int kho_image_get_field(const struct kho_image *image, int node,
			const struct kho_field *field, void *base, u64 *val);
int kho_image_get_fields(const struct kho_image *image, int node,
			 const struct kho_field *fields, size_t nr, void *base);
int kho_image_find_item(const struct kho_image *image, int parent,
			const char *prefix, unsigned int i);
const void *kho_image_get_pages(const struct kho_image *image, int node,
				const char *prop, unsigned long *nr_pages);

#else /* CONFIG_KHO */

static inline int kho_client_register(struct kho_client *client)
{
	return 0;
}

static inline int kho_clients_register(struct kho_client * const *clients,
				       unsigned int nr)
{
	return 0;
}

static inline void kho_client_unregister(struct kho_client *client)
{
}

static inline int devm_kho_client_register(struct device *dev,
					   struct kho_client *client)
{
	return 0;
}

#endif /* CONFIG_KHO */

#ifdef CONFIG_KEXEC_HANDOVER
int kho_fsm_reboot(struct kimage *image);
bool kho_keeps_device(const struct device *dev);
#else
static inline int kho_fsm_reboot(struct kimage *image)
{
	return 0;
}

static inline bool kho_keeps_device(const struct device *dev)
{
	return false;
}
#endif

#endif /* _LINUX_KHO_FSM_H */
