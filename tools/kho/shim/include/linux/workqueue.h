/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_WORKQUEUE_H
#define _KHO_SHIM_WORKQUEUE_H

struct work_struct {
	int unused;
};

#endif /* _KHO_SHIM_WORKQUEUE_H */
