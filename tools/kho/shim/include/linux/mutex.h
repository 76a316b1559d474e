/* SPDX-License-Identifier: GPL-2.0-only */
/* One thread: a lock only has to be taken where it isn't held. */
#ifndef _KHO_SHIM_MUTEX_H
#define _KHO_SHIM_MUTEX_H

#include <assert.h>
#include <linux/lockdep.h>

struct mutex {
	int held;
};

#define __MUTEX_INITIALIZER(name)	{ 0 }
#define DEFINE_MUTEX(name)		struct mutex name = { 0 }

static inline struct mutex *kho_shim_lock(struct mutex *lock)
{
	assert(!lock->held);
	lock->held = 1;
	return lock;
}

static inline void kho_shim_unlock(struct mutex **lock)
{
	(*lock)->held = 0;
}

#define guard(type)		kho_shim_guard_##type
#define kho_shim_paste(a, b)	a##b
#define kho_shim_name(line)	kho_shim_paste(held_lock_, line)
#define kho_shim_guard_mutex(lock) \
	struct mutex *kho_shim_name(__LINE__) \
		__attribute__((cleanup(kho_shim_unlock), unused)) = \
		kho_shim_lock(lock)

#endif /* _KHO_SHIM_MUTEX_H */
