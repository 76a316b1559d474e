/* SPDX-License-Identifier: GPL-2.0-only */
/* There is no sysfs here: structures carry an object and nobody looks at it. */
#ifndef _KHO_SHIM_KOBJECT_H
#define _KHO_SHIM_KOBJECT_H

#include <sys/types.h>

struct kobject {
	const char *name;
};

struct kobj_type;

#endif /* _KHO_SHIM_KOBJECT_H */
