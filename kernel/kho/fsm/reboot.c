// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate that kexec has to pass: state is never lost silently.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/bits.h>
#include <linux/kexec.h>
#include <linux/kho_fsm.h>
#include <linux/printk.h>

#include "../internal.h"
#include "internal.h"

static int hand_over(struct kho_machine *m)
{
	switch (m->state) {
	case KHO_PREPARED:
		return kho_machine_run(m, NULL, KHO_CMD_SAVE);
	case KHO_SAVED:
		/* A client that has left may have taken the manifest along. */
		return kho_handover_publish(m);
	case KHO_RESTORING:
		/* Nothing has been let in yet, so all can be handed on. */
		if (!kho_machine_any_client(m, BIT(KHO_RESTORED)))
			return kho_handover_publish(m);
		fallthrough;
	default:
		kho_machine_error(m, "kexec: refused in state %s",
				  kho_state_names[m->state]);
		return -EBUSY;
	}
}

/* Would something be lost with an image that carries no handover? */
static bool loses_state(const struct kho_machine *m,
			const struct kimage *image)
{
	if (m->state != KHO_IDLE)
		return true;
	/* Who comes back has lost nothing. */
	return (kho_out_pending() || kho_in_pending()) &&
	       !image->preserve_context;
}

/* Why can't this image carry the handover? */
static const char *unfit(const struct kho_machine *m,
			 const struct kimage *image)
{
	if (image->preserve_context || !image->kho.fdt)
		return "load the image with kexec_file_load";
	if (image->kho.memory_epoch != kho_memory_epoch())
		return KHO_STALE_IMAGE;
	return NULL;
}

/* Can it carry what there is, and read it? */
static int check_image(struct kho_machine *m, const struct kimage *image)
{
	const char *why = loses_state(m, image) ? unfit(m, image) : NULL;

	if (why) {
		kho_machine_error(m, "kexec: refused, %s", why);
		return -EBUSY;
	}
	return m->state == KHO_IDLE ? 0 :
	       kho_formats_check(m, NULL, "kexec", image->kho.formats);
}

/* What a save writes may ask for more than what was prepared did. */
static int save_for(struct kho_machine *m, const struct kimage *image)
{
	bool saves = m->state == KHO_PREPARED;
	int err = hand_over(m);

	if (err || !saves)
		return err;
	err = check_image(m, image);
	if (err)
		kho_machine_run(m, NULL, KHO_CMD_ABORT);
	return err;
}

/**
 * kho_fsm_reboot - may this image be executed now?
 * @image: the image
 *
 * When it may, everything that is to survive has been saved and sealed.
 *
 * Context: called by kernel_kexec(), kexec lock held; may sleep.
 * Return: 0; -EBUSY if state would be lost; -EPROTO if the next kernel couldn't
 * read it; -EBADMSG if the image has changed since it was loaded; the error of
 * a client's save, or of kho_in_hand_on_subtrees(). The system runs on then.
 */
int kho_fsm_reboot(struct kimage *image)
{
	struct kho_machine *m = &kho_machine;
	int err;

	if (!kho_machine_lock(m)) {
		pr_err("kexec: refused while a command runs\n");
		return -EBUSY;
	}

	/* Nothing has changed yet, and all can go on. */
	err = m->state == KHO_SAVED ? kho_kexec_verify_again(image) :
				      kho_kexec_verify(image);
	if (err) {
		kho_machine_error(m, "kexec: refused, the loaded image is damaged");
		goto out;
	}

	err = check_image(m, image);
	if (err)
		goto out;
	/* Only what has become nobody's since the image was loaded. */
	err = image->kho.fdt ? kho_in_hand_on_subtrees() : 0;
	if (err) {
		kho_machine_error(m, "kexec: refused, what came in can't be handed on: %pe",
				  ERR_PTR(err));
		goto out;
	}
	if (m->state != KHO_IDLE) {
		err = save_for(m, image);
		if (err)
			goto out;
		kho_timeline_mark(m, KHO_EV_EXEC);
		kho_manifest_stamp(m);
	}

	/* It comes back from one that preserves its context. */
	m->executing = !image->preserve_context;
	kho_out_seal();
out:
	mutex_unlock(&m->lock);
	return err;
}

/**
 * kho_keeps_device - is a device to be left alone when this kernel ends?
 * @dev: the device
 *
 * Context: device_shutdown(); may sleep.
 * Return: whether it is: its client has saved it, and wants it so.
 */
bool kho_keeps_device(const struct device *dev)
{
	return kho_machine.executing && kho_machine_keeps(&kho_machine, dev);
}
