/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_X86_KHO_H
#define _ASM_X86_KHO_H

#include <linux/types.h>

struct boot_params;
struct kexec_buf;
struct kimage;
struct setup_header;

#ifdef CONFIG_KEXEC_HANDOVER
void kho_clock_early(void);
void kho_add_setup_data(u64 pa_data, u32 data_len);
unsigned int kho_setup_data_size(void);
unsigned int kho_setup_data(struct kimage *image, struct boot_params *params,
			    unsigned long params_load_addr,
			    unsigned int offset);
int kho_e820_add_memory(const struct kimage *image, struct boot_params *params);
#else
static inline void kho_clock_early(void)
{
}

static inline void kho_add_setup_data(u64 pa_data, u32 data_len)
{
}

static inline unsigned int kho_setup_data_size(void)
{
	return 0;
}

static inline unsigned int kho_setup_data(struct kimage *image,
					  struct boot_params *params,
					  unsigned long params_load_addr,
					  unsigned int offset)
{
	return 0;
}

static inline int kho_e820_add_memory(const struct kimage *image,
				      struct boot_params *params)
{
	return 0;
}
#endif

#ifdef CONFIG_KHO_UNPACK
unsigned long kho_unpack_kernel(struct kimage *image,
				const struct setup_header *hdr,
				const char *cmdline, struct kexec_buf *kbuf);
#else
/* A compressed kernel is entered there by 64-bit boot loaders. */
static inline unsigned long kho_unpack_kernel(struct kimage *image,
					      const struct setup_header *hdr,
					      const char *cmdline,
					      struct kexec_buf *kbuf)
{
	return 0x200;
}
#endif

#endif /* _ASM_X86_KHO_H */
