/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_LOCKDEP_H
#define _KHO_SHIM_LOCKDEP_H

#define lockdep_assert_held(lock)	((void)(lock))

#endif /* _KHO_SHIM_LOCKDEP_H */
