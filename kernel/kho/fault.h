/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_FAULT_H
#define _KHO_FAULT_H

#include <linux/types.h>

/* Where fail_kho can make something fail. */
enum kho_fault {
	KHO_FAULT_PREPARE,	/* after a client's callback */
	KHO_FAULT_SAVE,		/* after a client's callback */
	KHO_FAULT_RESTORE,	/* instead of a client's callback */
	KHO_FAULT_IMAGE,	/* memory for an image */
	KHO_FAULT_WRITE,	/* a write to an image or to the manifest */
	KHO_FAULT_PRESERVE,	/* preserving memory */
	KHO_FAULT_SUBTREE,	/* adding a subtree */
	KHO_NR_FAULTS
};

#ifdef CONFIG_KHO_FAULT_INJECTION

extern struct fault_attr kho_fault_attr;

bool kho_fault(enum kho_fault point, const char *client);

#else

static inline bool kho_fault(enum kho_fault point, const char *client)
{
	return false;
}

#endif

#endif /* _KHO_FAULT_H */
