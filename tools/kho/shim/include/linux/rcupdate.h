/* SPDX-License-Identifier: GPL-2.0-only */
/* Nobody is waited for. */
#ifndef _KHO_SHIM_RCUPDATE_H
#define _KHO_SHIM_RCUPDATE_H

struct rcu_head {
	void *unused;
};

#endif /* _KHO_SHIM_RCUPDATE_H */
