// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which kernel has handed over, and how often that has happened since the last
 * cold boot. For information only: nothing depends on it.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/err.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_metadata.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "internal.h"

/* Written by an initcall alone. */
static u32 kexec_count;

/**
 * kho_kexec_count - number of handovers since the last cold boot
 *
 * Return: that number, 0 if nobody has told.
 */
u32 kho_kexec_count(void)
{
	return kexec_count;
}

static const char *check(const struct kho_kexec_metadata *metadata, size_t size)
{
	if (size != sizeof(*metadata))
		return "unknown size";
	if (metadata->version != KHO_KEXEC_METADATA_VERSION)
		return "unknown version";
	if (!memchr(metadata->previous_release, 0,
		    sizeof(metadata->previous_release)))
		return "release has no end";
	return NULL;
}

/**
 * kho_metadata_receive - read and free what the previous kernel says of itself
 *
 * Context: initcall; may sleep.
 */
void kho_metadata_receive(void)
{
	const struct kho_kexec_metadata *metadata;
	const char *bad;
	phys_addr_t phys;
	size_t size;
	int err;

	err = kho_retrieve_subtree(KHO_METADATA_NODE_NAME, &phys, &size);
	if (err == -ENOENT)
		return;
	if (err) {
		pr_warn("kexec-metadata ignored: %pe\n", ERR_PTR(err));
		return;
	}

	metadata = phys_to_virt(phys);
	bad = check(metadata, size);
	if (bad) {
		pr_warn("kexec-metadata ignored: %s\n", bad);
	} else {
		kexec_count = metadata->kexec_count;
		pr_info("handed over by %s (kexec %u since the last cold boot)\n",
			metadata->previous_release, kexec_count);
	}
	kho_restore_free(phys_to_virt(phys));
}

/**
 * kho_metadata_add - tell the next kernel who has handed over
 *
 * Context: initcall; may sleep.
 * Return: 0, or an error of the core.
 */
int kho_metadata_add(void)
{
	struct kho_kexec_metadata *metadata;
	int err;

	metadata = kho_alloc_preserve(sizeof(*metadata));
	if (IS_ERR(metadata))
		return PTR_ERR(metadata);

	metadata->version = KHO_KEXEC_METADATA_VERSION;
	metadata->kexec_count = kexec_count + 1;
	strscpy(metadata->previous_release, init_uts_ns.name.release);

	err = kho_add_subtree(KHO_METADATA_NODE_NAME, metadata,
			      sizeof(*metadata));
	if (err)
		kho_unpreserve_free(metadata);
	return err;
}
