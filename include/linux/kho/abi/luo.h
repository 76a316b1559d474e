/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subtree "LUO": what mainline's Live Update Orchestrator hands over. A session
 * belongs to a process, and has files; a file has data that its handler knows,
 * named by a compatible string; handlers share objects ("file-lifecycle bound",
 * FLB). All addresses are physical, and lists are blocks, see block.h.
 */
#ifndef _LINUX_KHO_ABI_LUO_H
#define _LINUX_KHO_ABI_LUO_H

#include <linux/kho/abi/block.h>
#include <linux/types.h>

#define LUO_KHO_ENTRY_NAME	"LUO"
#define LUO_ABI_COMPATIBLE	"luo-v5"
/* Its length, rounded up to 8 bytes. */
#define LUO_ABI_COMPAT_LEN	((sizeof(LUO_ABI_COMPATIBLE) + 7) / 8 * 8)

#define LIVEUPDATE_SESSION_NAME_LENGTH	64
#define LIVEUPDATE_HNDL_COMPAT_LENGTH	48
#define LIVEUPDATE_FLB_COMPAT_LENGTH	48

/**
 * struct luo_ser - the subtree
 * @compatible: %LUO_ABI_COMPATIBLE
 * @liveupdate_num: live updates since the last cold boot
 * @sessions_pa: first block of struct luo_session_ser; 0 for none
 * @flbs_pa: page with a struct luo_flb_header_ser; 0 for none
 */
struct luo_ser {
	char compatible[LUO_ABI_COMPAT_LEN];
	u64 liveupdate_num;
	u64 sessions_pa;
	u64 flbs_pa;
} __packed;

/**
 * struct luo_file_ser - a file
 * @compatible: which handler has written @data, and in which format
 * @data: the handler's, in most cases an address
 * @token: by which its process asks for it
 */
struct luo_file_ser {
	char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];
	u64 data;
	u64 token;
} __packed;

/**
 * struct luo_file_set_ser - the files of a session
 * @files: first block of struct luo_file_ser; 0 for none
 * @count: number of files
 */
struct luo_file_set_ser {
	u64 files;
	u64 count;
} __packed;

/**
 * struct luo_session_ser - a session
 * @name: its name
 * @file_set_ser: its files
 */
struct luo_session_ser {
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	struct luo_file_set_ser file_set_ser;
} __packed;

/**
 * struct luo_flb_header_ser - the shared objects: a page of struct luo_flb_ser
 * @pgcnt: pages that they take, with this header: 1
 * @count: number of objects
 */
struct luo_flb_header_ser {
	u64 pgcnt;
	u64 count;
} __packed;

/**
 * struct luo_flb_ser - a shared object
 * @name: its compatible string
 * @data: its owner's, in most cases an address
 * @count: number of files that use it
 */
struct luo_flb_ser {
	char name[LIVEUPDATE_FLB_COMPAT_LENGTH];
	u64 data;
	u64 count;
} __packed;

#endif /* _LINUX_KHO_ABI_LUO_H */
