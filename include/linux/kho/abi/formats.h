/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats that this kernel reads, all of its drivers' too. Who adds a
 * format adds it here: before state is saved, the kernel that is to be executed
 * is asked whether it can read it. "FORMAT+FEATURE" is a feature that an image
 * may require.
 */
#ifndef _LINUX_KHO_ABI_FORMATS_H
#define _LINUX_KHO_ABI_FORMATS_H

#include <linux/kconfig.h>
#include <linux/kho/abi/fsm.h>
#include <linux/kho/abi/mark.h>

#if IS_ENABLED(CONFIG_NETDEVSIM_KHO)
#define KHO_FORMATS_NETDEVSIM	" netdevsim-v2 netdevsim-v1"
#else
#define KHO_FORMATS_NETDEVSIM	""
#endif

#define KHO_FORMATS	" " KHO_FSM_COMPATIBLE KHO_FORMATS_NETDEVSIM \
			" " CONFIG_KHO_OTHER_FORMATS

#endif /* _LINUX_KHO_ABI_FORMATS_H */
