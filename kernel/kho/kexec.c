// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec_file_load(): the next kernel goes into scratch and takes the handover
 * along.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../../kernel/kexec_internal.h"

#include "internal.h"
#include "kexec_image.h"
#include "mark.h"

/* Read once by each load. */
bool kho_unpack_image = true;

static bool carries_handover(const struct kimage *image)
{
	return kho_out_fdt() && image->type != KEXEC_TYPE_CRASH;
}

/* What the kernel that is being loaded says that it reads, if it does. */
static int note_formats(struct kimage *image)
{
	const char *list = kho_mark_find(image->kernel_buf,
					 image->kernel_buf_len);

	if (!list)
		return 0;
	image->kho.formats = kstrdup(list, GFP_KERNEL);
	return image->kho.formats ? 0 : -ENOMEM;
}

/**
 * kho_fill_kimage - have an image carry the handover
 * @image: the image that is being loaded
 *
 * The root FDT stays where it is, and is read when the next kernel boots: what
 * is preserved after this is handed over, too. What the previous kernel has
 * handed over for somebody that this one doesn't know is handed on.
 *
 * Context: kexec lock held; may sleep.
 * Return: 0, the error with which the segment was refused, or that of
 * kho_in_hand_on_subtrees().
 */
int kho_fill_kimage(struct kimage *image)
{
	size_t size = array_size(kho_scratch_cnt, sizeof(*kho_scratch));
	struct kexec_buf kbuf = {
		.image = image,
		.buffer = kho_scratch,
		.bufsz = size,
		.memsz = size,
		.mem = KEXEC_BUF_MEM_UNKNOWN,
		.buf_align = SZ_64K,
		.buf_max = ULONG_MAX,
		.top_down = true,
	};
	int err;

	if (!carries_handover(image))
		return 0;

	/* Not in the blackout. */
	err = kho_in_hand_on_subtrees();
	if (!err)
		err = kexec_add_buffer(&kbuf);
	if (err)
		return err;

	image->kho.fdt = virt_to_phys(kho_out_fdt());
	image->kho.scratch = kbuf.mem;
	image->kho.scratch_size = size;
	image->kho.memory_epoch = kho_memory_epoch();
	return note_formats(image);
}

/**
 * kho_kexec_formats - what does the loaded kernel say that it reads?
 * @loaded: set to whether a kernel is loaded
 *
 * While one is being loaded or executed, it counts as none, and so does one that
 * can't carry a handover: it will be refused, and another one loaded.
 *
 * Context: may sleep.
 * Return: names of formats, separated by spaces, for the caller to kfree();
 * NULL if none is loaded, or it says nothing; or an ERR_PTR(): -ENOMEM.
 */
char *kho_kexec_formats(bool *loaded)
{
	char *formats = NULL;

	*loaded = false;
	if (!kexec_trylock())
		return NULL;
	if (kexec_image && kexec_image->kho.fdt) {
		*loaded = true;
		formats = kstrdup(kexec_image->kho.formats, GFP_KERNEL);
		if (!formats && kexec_image->kho.formats)
			formats = ERR_PTR(-ENOMEM);
	}
	kexec_unlock();
	return formats;
}

/**
 * kho_is_carried - will an image hand over what is preserved?
 * @image: the image
 *
 * Context: kexec lock held; after kho_fill_kimage().
 * Return: whether it will; then all of it has to be in scratch.
 */
bool kho_is_carried(const struct kimage *image)
{
	return image->kho.fdt;
}

/*
 * Which area to try after @area, or at first. A loader that goes upwards places
 * the kernel first and all else above it: it has to begin with the lowest area,
 * which can be any of them. NULL after the last one.
 */
static const struct kho_scratch *next_area(const struct kho_scratch *area,
					   bool top_down)
{
	const struct kho_scratch *end = kho_scratch + kho_scratch_cnt;
	const struct kho_scratch *i, *next = NULL;

	if (top_down) {
		next = area ? area + 1 : kho_scratch;
		return next < end ? next : NULL;
	}

	for (i = kho_scratch; i < end; i++)
		if (i->size && (!area || i->addr > area->addr) &&
		    (!next || i->addr < next->addr))
			next = i;
	return next;
}

static int ask_areas(struct kexec_buf *kbuf,
		     int (*func)(struct resource *res, void *arg),
		     bool in_place)
{
	const struct kho_scratch *area = NULL;
	int ret = 0;

	while (ret != 1 && (area = next_area(area, kbuf->top_down))) {
		struct resource res = {
			.start = area->addr,
			.end = area->addr + area->size - 1,
		};

		if (!area->size)
			continue;
		ret = in_place ? kho_locate_in_place(kbuf, &res, func) :
				 func(&res, kbuf);
	}
	return ret;
}

/**
 * kho_locate_mem_hole - find room for a segment in scratch
 * @kbuf: the segment
 * @func: asked about one area after the other; 1 if it has taken it
 *
 * Context: kexec lock held.
 * Return: 0 if there is room, -EADDRNOTAVAIL if there is none, 1 if the segment
 * may go anywhere, as the image carries no handover.
 */
int kho_locate_mem_hole(struct kexec_buf *kbuf,
			int (*func)(struct resource *res, void *arg))
{
	if (!carries_handover(kbuf->image))
		return 1;

	if (ask_areas(kbuf, func, true) == 1 ||
	    ask_areas(kbuf, func, false) == 1)
		return 0;

	pr_err("no scratch area has room for a segment of %lu bytes, see kho_scratch=\n",
	       kbuf->memsz);
	return -EADDRNOTAVAIL;
}
