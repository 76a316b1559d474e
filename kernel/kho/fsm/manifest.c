// SPDX-License-Identifier: GPL-2.0-only
/*
 * The manifest: the FDT that tells the next kernel which images there are,
 * where, and what they must hold. Format "kho-fsm-v1", numbers big-endian:
 *
 *	/ {
 *		compatible = "kho-fsm-v1";
 *		seal = <u64 XXH64 of this FDT with the seal 0>;
 *		generation = <u64 live updates since the last cold boot>;
 *		events = <u64 ticks, one for each enum kho_event>;
 *		images {
 *			NAME {
 *				image = <u64 address, u64 bytes allocated>;
 *				seal = <u64 XXH64 of the image's FDT>;
 *				memory = <u64 address, u64 pages, u64 XXH64, ...>;
 *				pass = <u32>; bytes = <u64>;
 *				us = <u64 duration, one for each enum kho_op>;
 *				spans = <u64 enum kho_op, u64 start, u64 end, ...>;
 *			};
 *		};
 *	};
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/fsm.h>
#include <linux/libfdt.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../internal.h"
#include "internal.h"

#define MAX_EXTENTS	(KHO_IMAGE_MAX / sizeof(struct kho_extent))

static const char * const manifest_formats[] = { KHO_FSM_COMPATIBLE, NULL };

/* Numbers as they stand in an FDT; @cells and @vals may be the same memory. */
static void to_cells(fdt64_t *cells, const u64 *vals, unsigned int n)
{
	while (n--)
		cells[n] = cpu_to_fdt64(vals[n]);
}

static void from_cells(u64 *vals, const void *cells, unsigned int n)
{
	const fdt64_t *cell = cells;

	while (n--)
		vals[n] = fdt64_ld(&cell[n]);
}

static int set_u64s(struct kho_image *manifest, const char *prop,
		    const u64 *vals, unsigned int n)
{
	fdt64_t *cells;
	int err;

	cells = kmalloc_array(n ?: 1, sizeof(*cells), GFP_KERNEL);
	if (!cells)
		return -ENOMEM;
	to_cells(cells, vals, n);
	err = kho_image_set(manifest, prop, cells, n * sizeof(*cells));
	kfree(cells);
	return err;
}

static int write_image(struct kho_image *manifest, const struct kho_node *node)
{
	const struct kho_image *image = node->image;
	u64 place[] = { virt_to_phys(image->fdt), image->capacity };
	int err;

	err = kho_image_enter(manifest, node->name);
	if (err)
		return err;

	err = set_u64s(manifest, "image", place, ARRAY_SIZE(place)) ?:
	      kho_image_set_u64(manifest, "seal", image->seal) ?:
	      set_u64s(manifest, "memory", (const u64 *)image->extents,
		       image->nr_extents * sizeof(*image->extents) /
		       sizeof(u64)) ?:
	      kho_image_set_u32(manifest, "pass", node->pass) ?:
	      kho_image_set_u64(manifest, "bytes", node->bytes) ?:
	      set_u64s(manifest, "us", node->us, ARRAY_SIZE(node->us)) ?:
	      set_u64s(manifest, "spans", (const u64 *)node->spans,
		       node->nr_spans * sizeof(*node->spans) / sizeof(u64));
	kho_image_leave(manifest);
	return err;
}

static int write_images(struct kho_machine *m)
{
	struct kho_node *node;
	int err;

	kho_image_rewind(m->manifest);
	kho_image_delete(m->manifest, "images");
	err = kho_image_enter(m->manifest, "images");
	if (err)
		return err;

	/* A new node becomes the first one. */
	list_for_each_entry_reverse(node, &m->nodes, link) {
		if (!node->image || !node->image->fdt)
			continue;
		err = write_image(m->manifest, node);
		if (err)
			break;
	}
	kho_image_leave(m->manifest);
	return err;
}

static int write_root(struct kho_machine *m)
{
	return kho_image_set_u64(m->manifest, "seal", 0) ?:
	       kho_image_set_u64(m->manifest, "generation", m->generation) ?:
	       set_u64s(m->manifest, "events", m->clock, KHO_NR_EVENTS);
}

/**
 * kho_manifest_reserve - have room for the manifest before the blackout
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 * Return: 0; -E2BIG; -ENOMEM.
 */
int kho_manifest_reserve(struct kho_machine *m)
{
	lockdep_assert_held(&m->lock);

	if (!m->manifest) {
		struct kho_image *manifest =
			kho_image_create("manifest", manifest_formats);

		if (IS_ERR(manifest))
			return PTR_ERR(manifest);
		m->manifest = manifest;
	}
	return write_root(m) ?: write_images(m);
}

/**
 * kho_manifest_write - write down which images there are
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 * Return: as kho_manifest_reserve().
 */
int kho_manifest_write(struct kho_machine *m)
{
	int err = kho_manifest_reserve(m);

	if (!err)
		kho_manifest_stamp(m);
	return err;
}

/**
 * kho_manifest_stamp - write the timeline down, and seal the manifest
 * @m: the machine, which has a manifest
 *
 * Context: @m->lock held; doesn't sleep.
 */
void kho_manifest_stamp(struct kho_machine *m)
{
	fdt64_t events[KHO_NR_EVENTS], zero = 0, seal;
	void *fdt = m->manifest->fdt;

	lockdep_assert_held(&m->lock);

	to_cells(events, m->clock, KHO_NR_EVENTS);
	fdt_setprop_inplace(fdt, 0, "events", events, sizeof(events));
	fdt_setprop_inplace(fdt, 0, "seal", &zero, sizeof(zero));
	seal = cpu_to_fdt64(kho_image_checksum(m->manifest));
	fdt_setprop_inplace(fdt, 0, "seal", &seal, sizeof(seal));
}

/**
 * kho_manifest_drop - there is nothing to hand over any more
 * @m: the machine
 *
 * Context: @m->lock held; may sleep.
 */
void kho_manifest_drop(struct kho_machine *m)
{
	lockdep_assert_held(&m->lock);

	if (m->manifest)
		kho_image_condemn(m->manifest);
	m->manifest = NULL;
}

static int get_u64s(const void *fdt, int node, const char *prop, u64 *vals,
		    unsigned int n)
{
	int len;
	const void *cells = fdt_getprop(fdt, node, prop, &len);

	if (!cells || len != n * sizeof(u64))
		return -EINVAL;
	from_cells(vals, cells, n);
	return 0;
}

/* Hostile or not, no two may refer to the same memory: one would free it. */
static const char *claim(u64 phys, u64 nr_pages)
{
	switch (kho_in_claim(phys, nr_pages)) {
	case 0:
		return NULL;
	case -EEXIST:
		return "its memory belongs to another image, too";
	case -ENOMEM:
		return "out of memory";
	default:
		return "its memory isn't preserved";
	}
}

static struct kho_extent *read_extents(const void *fdt, int node,
				       unsigned int *nr, const char **bad)
{
	struct kho_extent *extents;
	unsigned int i;
	int len;
	const void *cells = fdt_getprop(fdt, node, "memory", &len);

	if (!cells || len % sizeof(*extents) ||
	    len / sizeof(*extents) > MAX_EXTENTS) {
		*bad = "manifest has no valid list of memory";
		return NULL;
	}

	*nr = len / sizeof(*extents);
	extents = kcalloc(*nr ?: 1, sizeof(*extents), GFP_KERNEL);
	if (!extents) {
		*bad = "out of memory";
		return NULL;
	}
	from_cells((u64 *)extents, cells, len / sizeof(u64));

	for (i = 0; i < *nr; i++) {
		*bad = claim(extents[i].phys, extents[i].nr_pages);
		if (!*bad)
			continue;
		kfree(extents);
		return NULL;
	}
	return extents;
}

static struct kho_image *read_image(const void *fdt, int node, const char **bad)
{
	struct kho_extent *extents;
	struct kho_image *image;
	unsigned int nr_extents;
	u64 place[2], seal;

	if (get_u64s(fdt, node, "image", place, 2) ||
	    get_u64s(fdt, node, "seal", &seal, 1)) {
		*bad = "manifest doesn't say where the image is";
		return NULL;
	}
	if (place[1] > KHO_IMAGE_MAX || !PAGE_ALIGNED(place[1])) {
		*bad = "image has an impossible size";
		return NULL;
	}
	*bad = claim(place[0], PHYS_PFN(place[1]));
	if (*bad)
		return NULL;

	extents = read_extents(fdt, node, &nr_extents, bad);
	if (!extents)
		return NULL;

	image = kho_image_adopt(place[0], place[1], seal, extents, nr_extents);
	if (!image) {
		*bad = "out of memory";
		kfree(extents);
		return NULL;
	}
	image->broken = kho_image_verify(image);
	return image;
}

static unsigned int get_pass(const void *fdt, int node)
{
	int len;
	const fdt32_t *pass = fdt_getprop(fdt, node, "pass", &len);

	return pass && len == sizeof(*pass) ? fdt32_ld(pass) : 0;
}

/* For information only: what makes no sense is left out. */
static void read_spans(struct kho_node *node, const void *fdt, int offset)
{
	struct kho_span *span = node->spans;
	unsigned int i, nr;
	int len;
	const void *cells = fdt_getprop(fdt, offset, "spans", &len);

	if (!cells || len > sizeof(node->spans) || len % sizeof(*span))
		return;
	nr = len / sizeof(*span);
	for (i = 0; i < nr; i++) {
		from_cells((u64 *)span, cells + i * sizeof(*span), 3);
		if (span->op < KHO_NR_OPS && span->start <= span->end)
			span++;
	}
	node->nr_spans = span - node->spans;
}

static int receive_image(struct kho_machine *m, const void *fdt, int offset)
{
	const char *name = fdt_get_name(fdt, offset, NULL);
	const char *bad = NULL;
	struct kho_image *image;
	struct kho_node *node;
	u64 us[KHO_NR_OPS];

	if (!kho_client_name_valid(name) || kho_node_find(m, name)) {
		kho_machine_error(m, "manifest: \"%.63s\" can't be a client",
				  name);
		return -EINVAL;
	}

	image = read_image(fdt, offset, &bad);
	if (!image) {
		kho_machine_error(m, "%s: image lost: %s", name, bad);
		return -EINVAL;
	}
	if (image->broken)
		kho_machine_error(m, "%s: image kept, but unreadable: %s",
				  name, image->broken);

	node = kho_node_create(m, name);
	if (IS_ERR(node)) {
		kho_image_drop(image);
		return PTR_ERR(node);
	}
	kho_node_set_image(node, image);
	node->state = KHO_RESTORING;

	/* For information only: what is missing is 0. */
	node->pass = get_pass(fdt, offset);
	get_u64s(fdt, offset, "bytes", &node->bytes, 1);
	if (!get_u64s(fdt, offset, "us", us, KHO_NR_OPS)) {
		memcpy(node->us, us, sizeof(us));
		node->us[KHO_OP_RESTORE] = 0;
	}
	read_spans(node, fdt, offset);
	return 0;
}

/* Works on a copy, as the seal counts as 0 in what it seals. */
static const char *check_manifest(void *fdt, size_t size)
{
	struct kho_image manifest = { .fdt = fdt };
	const char *bad = kho_fdt_check(fdt, size);
	fdt64_t zero = 0;
	u64 seal;

	if (bad)
		return bad;
	if (fdt_node_check_compatible(fdt, 0, KHO_FSM_COMPATIBLE))
		return "format isn't " KHO_FSM_COMPATIBLE;
	if (get_u64s(fdt, 0, "seal", &seal, 1))
		return "no seal";

	fdt_setprop_inplace(fdt, 0, "seal", &zero, sizeof(zero));
	if (kho_image_checksum(&manifest) != seal)
		return "seal is broken";
	return NULL;
}

static void receive_images(struct kho_machine *m, const void *fdt)
{
	int images = fdt_subnode_offset(fdt, 0, "images"), node;

	fdt_for_each_subnode(node, fdt, images)
		receive_image(m, fdt, node);

	if (!get_u64s(fdt, 0, "generation", &m->generation, 1))
		m->generation++;
	get_u64s(fdt, 0, "events", m->clock, KHO_NR_EVENTS);
	m->clock[KHO_EV_BOOT] = kho_boot_clock();
	m->clock[KHO_EV_RESTORE] = 0;
	m->clock[KHO_EV_RESTORED] = 0;
	m->clock[KHO_EV_FINISH] = 0;
}

/**
 * kho_manifest_read - take over the images of the previous kernel
 * @m: the machine
 * @phys: physical address of the manifest in bytes, preserved
 * @size: bytes that it has there
 *
 * An image that fails a check does not affect the others.
 *
 * Context: @m->lock held; may sleep.
 * Return: 0; -EBADMSG if the manifest can't be read; -ENOMEM.
 */
int kho_manifest_read(struct kho_machine *m, phys_addr_t phys, size_t size)
{
	unsigned long nr_pages = kho_in_blocks(phys, PFN_UP(size));
	const char *bad;
	void *copy;

	lockdep_assert_held(&m->lock);

	if (size > KHO_IMAGE_MAX) {
		kho_machine_error(m, "manifest: too large: %zu bytes", size);
		return -EBADMSG;
	}
	copy = kvmalloc(size, GFP_KERNEL);
	if (!copy) {
		kho_machine_error(m, "manifest: no memory to read it");
		return -ENOMEM;
	}
	memcpy(copy, phys_to_virt(phys), size);

	bad = check_manifest(copy, size);
	if (bad) {
		kho_machine_error(m, "manifest: %s: no image can be read", bad);
	} else {
		kho_in_claim(phys, nr_pages);
		receive_images(m, copy);
		kho_in_claims_done();
		kho_in_free(phys, nr_pages);
	}
	kvfree(copy);

	kho_machine_update(m);
	return bad ? -EBADMSG : 0;
}
