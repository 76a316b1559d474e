/* SPDX-License-Identifier: GPL-2.0-only */
/* Userspace has no section that becomes read-only after boot. */
#ifndef _KHO_SHIM_CACHE_H
#define _KHO_SHIM_CACHE_H

#define __ro_after_init

#endif /* _KHO_SHIM_CACHE_H */
