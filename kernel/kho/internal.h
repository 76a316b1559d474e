/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KHO_INTERNAL_H
#define _KERNEL_KHO_INTERNAL_H

#include <linux/kexec_handover.h>
#include <linux/types.h>

struct kobject;

/* How fast the clocks are, as the architecture hands it over. */
#define KHO_CLOCK_SUBTREE	"kho-clock"

/* fdt_check.c */
const char *kho_fdt_check(const void *fdt, size_t size);

/* refuse.c */
const char *kho_refuse(unsigned long pfn, unsigned long nr_pages);

/* preserve.c: what this kernel hands over */
int kho_out_init(void);
void *kho_out_fdt(void);
int kho_out_mark(phys_addr_t phys, unsigned int order);
void kho_out_unmark(phys_addr_t phys, unsigned int order);
int kho_out_add(const char *name, void *blob, size_t size);
bool kho_out_is_own(const char *name);
bool kho_out_pending(void);
void kho_out_seal(void);
int kho_test_loop_back(void);

/* restore.c: what this kernel was handed */
void kho_in_set(void *fdt, void *map_root, bool sound);
void kho_in_strike_unless(bool (*fit)(phys_addr_t phys, u64 size));
const void *kho_in_fdt(void);
unsigned long kho_in_blocks(phys_addr_t phys, unsigned long nr_pages);
bool kho_in_covers(phys_addr_t phys, unsigned long nr_pages);
int kho_in_claim(phys_addr_t phys, unsigned long nr_pages);
void kho_in_claims_done(void);
void kho_in_free(phys_addr_t phys, unsigned long nr_pages);
bool kho_in_take(phys_addr_t phys, unsigned long nr_pages);
int kho_in_look_up(const char *name, phys_addr_t *phys, u64 *size);
bool kho_in_ask_for(const char *name, bool on);
void kho_in_drop_seal(void);
int kho_in_hand_on(void);
bool kho_in_pending(void);
void kho_in_each_pending(void (*func)(const char *name, u64 size, void *data),
			 void *data);
int kho_in_discard(const char *name);
int kho_in_hand_on_subtrees(void);
void kho_in_forget(void);

/* metadata.c */
u32 kho_kexec_count(void);
void kho_metadata_receive(void);
int kho_metadata_add(void);

/* init.c: /sys/kernel/kho, or NULL while KHO is off */
extern struct kobject *kho_kobj;

#ifdef CONFIG_KEXEC_HANDOVER

/* early.c */
u64 kho_boot_clock(void);
phys_addr_t kho_in_fdt_phys(void);
const char *kho_lost_because(void);
void kho_check_lost(void);
u64 kho_early_preserved(phys_addr_t phys, u64 size);
const void *kho_early_subtree(const char *name, u64 *size);

/* deferred.c */
#ifdef CONFIG_DEFERRED_STRUCT_PAGE_INIT
void kho_note_deferred_pages(void);
#else
static inline void kho_note_deferred_pages(void)
{
}
#endif

/* reserve_mem.c */
struct kho_reserved_list;
extern struct kho_reserved_list kho_reserved;
u64 kho_reserve_mem_in_use(void);

/* hotplug.c */
unsigned int kho_memory_epoch(void);
bool kho_is_late_memory(unsigned long pfn, unsigned long nr_pages);

/* sysfs.c */
int kho_sysfs_init(void);

/* boot_use.c */
u64 kho_boot_use(phys_addr_t start, phys_addr_t end, int nid);

/* kexec_digest.c */
int kho_kexec_verify(struct kimage *image);
int kho_kexec_verify_again(struct kimage *image);
int kho_kexec_verify_loaded(void);

/* kexec.c */
char *kho_kexec_formats(bool *loaded);

/* scratch_areas.c */

/*
 * One area for low memory, one for all, one for each node; the previous kernel
 * may have known more nodes than this one does.
 */
#define KHO_MAX_SCRATCH		((MAX_NUMNODES > 64 ? MAX_NUMNODES : 64) + 2)

extern struct kho_scratch kho_scratch[KHO_MAX_SCRATCH];
extern unsigned int kho_scratch_cnt;

void kho_scratch_set(const struct kho_scratch *areas, unsigned int nr);
bool kho_scratch_overlap(phys_addr_t phys, u64 size);

/* scratch.c */
extern u64 kho_scratch_short;

void kho_scratch_demote(void);
void kho_scratch_off(void);
void kho_scratch_measure(void);
void kho_scratch_reserve(void);
void kho_scratch_release(void);

#else

static inline u64 kho_boot_clock(void)
{
	return 0;
}

static inline void kho_check_lost(void)
{
}

static inline int kho_sysfs_init(void)
{
	return 0;
}

static inline void kho_scratch_release(void)
{
}

static inline int kho_kexec_verify(struct kimage *image)
{
	return 0;
}

static inline int kho_kexec_verify_again(struct kimage *image)
{
	return 0;
}

static inline int kho_kexec_verify_loaded(void)
{
	return 0;
}

static inline bool kho_is_late_memory(unsigned long pfn,
				      unsigned long nr_pages)
{
	return false;
}

static inline char *kho_kexec_formats(bool *loaded)
{
	*loaded = false;
	return NULL;
}

static inline bool kho_scratch_overlap(phys_addr_t phys, u64 size)
{
	return false;
}
#endif

#ifdef CONFIG_KEXEC_HANDOVER_DEBUGFS

/* debugfs.c */
void kho_debugfs_init(void);
void kho_debugfs_show_root(const void *fdt);
void kho_debugfs_add(const char *name, const void *mem, size_t size);
void kho_debugfs_remove(const void *mem);

#else

static inline void kho_debugfs_init(void)
{
}

static inline void kho_debugfs_show_root(const void *fdt)
{
}

static inline void kho_debugfs_add(const char *name, const void *mem,
				   size_t size)
{
}

static inline void kho_debugfs_remove(const void *mem)
{
}

#endif

/*
 * The architecture's clock, which goes on counting through kexec, and its
 * rate. clock.c has one that does not, for where there is no kexec.
 */
u64 kho_clock(void);
u32 kho_clock_khz(void);

#endif /* _KERNEL_KHO_INTERNAL_H */
