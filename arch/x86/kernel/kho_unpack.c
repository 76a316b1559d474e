// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bzImage that is unpacked when it is loaded, so that the blackout need not
 * wait for its decompressor. What else the decompressor does is done here, too,
 * or the image stays as it is: the kernel's virtual address is random.
 *
 * What is in a bzImage is described in Documentation/arch/x86/boot.rst.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/align.h>
#include <linux/cc_platform.h>
#include <linux/elf.h>
#include <linux/kexec.h>
#include <linux/pgtable.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include <asm/bootparam.h>
#include <asm/cmdline.h>
#include <asm/kho.h>
#include <asm/page.h>

#include "../../../kernel/kho/internal.h"
#include "../../../kernel/kho/kexec_image.h"
#include "../../../kernel/kho/unpack.h"

/* Where a 64-bit boot loader enters an image that is compressed. */
#define ENTRY_PACKED		0x200

/* How far up a kernel that can be moved may be, with CONFIG_RANDOMIZE_BASE. */
#define MAX_KERNEL_END		SZ_1G

/**
 * struct vmlinux - what was in a bzImage, and where it is going to
 * @elf: an ELF executable, and what moves it
 * @size: size of both in bytes
 * @elf_size: size of the executable alone
 * @base: physical address it was linked for
 * @out: the kernel as it stands in memory
 * @room: size of @out in bytes
 * @used: bytes at the beginning of @out that aren't all 0
 * @entry: offset of the entry point in @out
 */
struct vmlinux {
	const void *elf;
	size_t size;
	size_t elf_size;
	u64 base;
	void *out;
	size_t room;
	size_t used;
	u64 entry;
};

/* --- the executable --- */

static const struct elf64_phdr *program_headers(const struct vmlinux *vmlinux)
{
	const struct elf64_hdr *ehdr = vmlinux->elf;

	return vmlinux->elf + ehdr->e_phoff;
}

static bool inside(u64 offset, u64 size, u64 limit)
{
	return offset <= limit && size <= limit - offset;
}

/* Behind the executable stands what moves it: it ends with its last part. */
static bool find_end(struct vmlinux *vmlinux)
{
	const struct elf64_hdr *ehdr = vmlinux->elf;
	u64 headers = (u64)ehdr->e_shnum * sizeof(struct elf64_shdr);

	if (ehdr->e_shentsize != sizeof(struct elf64_shdr) ||
	    !inside(ehdr->e_shoff, headers, vmlinux->size))
		return false;
	vmlinux->elf_size = ehdr->e_shoff + headers;
	return true;
}

static bool check_header(struct vmlinux *vmlinux)
{
	const struct elf64_hdr *ehdr = vmlinux->elf;

	return vmlinux->size >= sizeof(*ehdr) &&
	       !memcmp(ehdr->e_ident, ELFMAG, SELFMAG) &&
	       ehdr->e_ident[EI_CLASS] == ELFCLASS64 &&
	       ehdr->e_machine == EM_X86_64 &&
	       ehdr->e_phentsize == sizeof(struct elf64_phdr) &&
	       IS_ALIGNED(ehdr->e_phoff, sizeof(u64)) &&
	       inside(ehdr->e_phoff,
		      (u64)ehdr->e_phnum * sizeof(struct elf64_phdr),
		      vmlinux->size) &&
	       find_end(vmlinux);
}

static bool place_segment(struct vmlinux *vmlinux,
			  const struct elf64_phdr *phdr)
{
	u64 offset = phdr->p_paddr - vmlinux->base;

	if (phdr->p_memsz < phdr->p_filesz ||
	    !inside(phdr->p_offset, phdr->p_filesz, vmlinux->elf_size) ||
	    !inside(offset, phdr->p_memsz, vmlinux->room))
		return false;

	memcpy(vmlinux->out + offset, vmlinux->elf + phdr->p_offset,
	       phdr->p_filesz);
	vmlinux->used = max_t(u64, vmlinux->used, offset + phdr->p_filesz);
	return true;
}

static const char *place_segments(struct vmlinux *vmlinux)
{
	const struct elf64_hdr *ehdr = vmlinux->elf;
	const struct elf64_phdr *phdr;
	unsigned int i;

	if (!check_header(vmlinux))
		return "it holds no 64-bit executable";

	phdr = program_headers(vmlinux);
	for (i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD &&
		    !place_segment(vmlinux, &phdr[i]))
			return "a part of it lies outside of its memory";

	vmlinux->entry = ehdr->e_entry - vmlinux->base;
	return vmlinux->entry < vmlinux->used ? NULL : "it begins nowhere";
}

/* --- moving it --- */

/*
 * Addresses of what depends on where the kernel is, 32 bits each, in groups
 * that begin with a 0. The first group, which is last to be read, is of 64-bit
 * values, and the last one of 32-bit values. Between them, a kernel whose
 * per-CPU variables begin at 0 has 32-bit values to be moved the other way.
 */
enum group { ADD32, SUBTRACT32, ADD64 };

static const enum group two_groups[] = { ADD32, ADD64 };
static const enum group three_groups[] = { ADD32, SUBTRACT32, ADD64 };

static const size_t value_size[] = {
	[ADD32] = sizeof(u32),
	[SUBTRACT32] = sizeof(u32),
	[ADD64] = sizeof(u64),
};

static void move_value(void *value, enum group group, u64 delta)
{
	switch (group) {
	case ADD32:
		put_unaligned_le32(get_unaligned_le32(value) + delta, value);
		break;
	case SUBTRACT32:
		put_unaligned_le32(get_unaligned_le32(value) - delta, value);
		break;
	case ADD64:
		put_unaligned_le64(get_unaligned_le64(value) + delta, value);
		break;
	}
}

static bool move_group(struct vmlinux *vmlinux, const __le32 **next,
		       enum group group, u64 delta)
{
	u32 entry;

	while ((entry = le32_to_cpup(*next))) {
		u64 offset = (u64)(s32)entry - __START_KERNEL_map -
			     vmlinux->base;

		if (!inside(offset, value_size[group], vmlinux->used))
			return false;
		move_value(vmlinux->out + offset, group, delta);
		(*next)--;
	}
	(*next)--;
	return true;
}

static const char *move_kernel(struct vmlinux *vmlinux, u64 delta)
{
	const __le32 *begin = vmlinux->elf + vmlinux->elf_size;
	const __le32 *end = vmlinux->elf + vmlinux->size;
	const enum group *groups = three_groups;
	unsigned int i, nr_groups = 0;
	const __le32 *next;

	for (next = begin; next < end; next++)
		nr_groups += !*next;
	if (nr_groups == ARRAY_SIZE(two_groups))
		groups = two_groups;
	else if (nr_groups != ARRAY_SIZE(three_groups))
		return "what moves it is of an unknown format";
	if (*begin)
		return "what moves it doesn't begin with a 0";

	next = end - 1;
	for (i = 0; i < nr_groups; i++)
		if (!move_group(vmlinux, &next, groups[i], delta))
			return "what moves it points outside of it";
	return NULL;
}

static const char *randomize(struct vmlinux *vmlinux,
			     const struct setup_header *hdr)
{
	size_t table = vmlinux->size - vmlinux->elf_size;
	u64 span = vmlinux->base + vmlinux->room;
	u64 slots, delta;

	if (!IS_ALIGNED(vmlinux->elf_size, sizeof(__le32)) ||
	    !IS_ALIGNED(table, sizeof(__le32)))
		return "what moves it isn't aligned";
	if (span > MAX_KERNEL_END)
		return "it is too large";

	slots = 1 + (MAX_KERNEL_END - span) / hdr->kernel_alignment;
	delta = (u64)get_random_u32_below(slots) * hdr->kernel_alignment;
	return delta ? move_kernel(vmlinux, delta) : NULL;
}

/* --- the image --- */

/* What only the decompressor can arrange. */
static const char *needs_decompressor(const struct setup_header *hdr,
				      const char *cmdline)
{
	char value[8];

	if (!hdr->kernel_alignment ||
	    !IS_ALIGNED(hdr->kernel_alignment, PMD_SIZE))
		return "its alignment is strange";
	if (READ_ONCE(kho_verify) == KHO_VERIFY_PURGATORY)
		return "purgatory would take longer to hash it";
	if (cc_platform_has(CC_ATTR_MEM_ENCRYPT) ||
	    cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) ||
	    cmdline_find_option(cmdline, "mem_encrypt", value,
				sizeof(value)) >= 0)
		return "memory is encrypted";
	if (pgtable_l5_enabled() &&
	    (!(hdr->xloadflags & XLF_5LEVEL_ENABLED) ||
	     cmdline_find_option_bool(cmdline, "no5lvl")))
		return "it has to leave 5-level paging";
	return NULL;
}

static const char *failure(int err)
{
	switch (err) {
	case 0:
		return NULL;
	case -EOPNOTSUPP:
		return "it is compressed in an unknown way";
	case -ENOMEM:
		return "there is no memory";
	default:
		return "its payload is damaged";
	}
}

static const char *unpack_payload(const struct setup_header *hdr,
				  const struct kexec_buf *kbuf,
				  struct vmlinux *vmlinux)
{
	const void *payload = kbuf->buffer + hdr->payload_offset;
	size_t size = hdr->payload_length;
	u32 unpacked_size;
	void *unpacked;

	if (!inside(hdr->payload_offset, size, kbuf->bufsz) ||
	    size < sizeof(unpacked_size))
		return "its payload ends behind the file";

	/* The build appends it, and gzip does, too. */
	unpacked_size = get_unaligned_le32(payload + size -
					   sizeof(unpacked_size));
	if (unpacked_size > hdr->init_size)
		return "its payload is larger than its memory";

	unpacked = vmalloc(unpacked_size);
	if (!unpacked)
		return "there is no memory";

	vmlinux->elf = unpacked;
	vmlinux->size = unpacked_size;
	return failure(kho_unpack(payload, size, unpacked, unpacked_size));
}

static const char *unpack(struct kimage *image, const struct setup_header *hdr,
			  const char *cmdline, const struct kexec_buf *kbuf,
			  struct vmlinux *vmlinux)
{
	const char *why = needs_decompressor(hdr, cmdline) ?:
			  unpack_payload(hdr, kbuf, vmlinux);

	if (why)
		return why;

	vmlinux->base = hdr->pref_address;
	vmlinux->room = hdr->init_size;
	vmlinux->out = vzalloc(vmlinux->room);
	if (!vmlinux->out)
		return "there is no memory";

	why = place_segments(vmlinux);
	if (!why && vmlinux->size > vmlinux->elf_size &&
	    !cmdline_find_option_bool(cmdline, "nokaslr")) {
		why = randomize(vmlinux, hdr);
		image->kho.randomized = !why;
	}
	return why;
}

/**
 * kho_unpack_kernel - unpack a kernel that is being loaded
 * @image: the image
 * @hdr: the kernel's setup header
 * @cmdline: command line for the kernel, or NULL
 * @kbuf: the kernel; it is replaced by what is in it
 *
 * If that can't be, the kernel stays as it is, and the log says why.
 *
 * Context: kexec lock held; may sleep.
 * Return: offset in bytes of the kernel's entry point.
 */
unsigned long kho_unpack_kernel(struct kimage *image,
				const struct setup_header *hdr,
				const char *cmdline, struct kexec_buf *kbuf)
{
	struct vmlinux vmlinux = {};
	const char *why;

	if (!image->kho.fdt || !READ_ONCE(kho_unpack_image))
		return ENTRY_PACKED;

	why = unpack(image, hdr, cmdline ?: "", kbuf, &vmlinux);
	vfree(vmlinux.elf);
	if (why) {
		vfree(vmlinux.out);
		pr_notice("the kernel decompresses itself when it is executed: %s\n",
			  why);
		return ENTRY_PACKED;
	}

	image->kho.unpacked = vmlinux.out;
	kbuf->buffer = vmlinux.out;
	kbuf->bufsz = vmlinux.used;
	return vmlinux.entry;
}
