/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A memfd as a file of mainline's Live Update Orchestrator: what its data, an
 * address, leads to.
 */
#ifndef _LINUX_KHO_ABI_MEMFD_H
#define _LINUX_KHO_ABI_MEMFD_H

#include <linux/bits.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/types.h>

#define MEMFD_LUO_FH_COMPATIBLE		"memfd-v2"

/* State of a folio. */
#define MEMFD_LUO_FOLIO_DIRTY		BIT(0)
#define MEMFD_LUO_FOLIO_UPTODATE	BIT(1)

/**
 * struct memfd_luo_folio_ser - a folio
 * @pfn: its first page; 0 for a hole
 * @flags: MEMFD_LUO_FOLIO_*
 * @index: where in the file it is, in pages
 */
struct memfd_luo_folio_ser {
	u64 pfn:52;
	u64 flags:12;
	u64 index;
} __packed;

/* Whoever uses it includes <linux/fcntl.h>. */
#define MEMFD_LUO_ALL_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | \
				 F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | \
				 F_SEAL_EXEC)

/**
 * struct memfd_luo_ser - a memfd
 * @pos: position of the file
 * @size: bytes
 * @seals: F_SEAL_*, as many as %MEMFD_LUO_ALL_SEALS has
 * @flags: 0
 * @nr_folios: number of folios; with 0, @folios is zero, too
 * @folios: an array of struct memfd_luo_folio_ser
 */
struct memfd_luo_ser {
	u64 pos;
	u64 size;
	u32 seals;
	u32 flags;
	u64 nr_folios;
	struct kho_vmalloc folios;
} __packed;

#endif /* _LINUX_KHO_ABI_MEMFD_H */
