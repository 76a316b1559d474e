/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_WAIT_H
#define _KHO_SHIM_WAIT_H

typedef struct {
	int unused;
} wait_queue_head_t;

#endif /* _KHO_SHIM_WAIT_H */
