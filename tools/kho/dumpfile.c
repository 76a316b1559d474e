// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that hold physical memory: ELF core dumps, as QEMU's
 * dump-guest-memory and /proc/vmcore are, and the bare bytes.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dumpfile.h"
#include "physmem.h"

static const char *add_segments(unsigned char *file, size_t size)
{
	const Elf64_Ehdr *elf = (const void *)file;
	unsigned int i;

	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_type != ET_CORE ||
	    elf->e_phentsize != sizeof(Elf64_Phdr))
		return "not a 64-bit ELF core dump";
	if (elf->e_phoff > size ||
	    elf->e_phnum > (size - elf->e_phoff) / sizeof(Elf64_Phdr))
		return "truncated ELF headers";

	for (i = 0; i < elf->e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file + elf->e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD || !segment.p_filesz)
			continue;
		if (segment.p_offset > size ||
		    segment.p_filesz > size - segment.p_offset)
			return "truncated segment";
		if (physmem_add(segment.p_paddr, segment.p_filesz,
				file + segment.p_offset))
			return "segments that can't be memory";
	}
	return physmem_nr ? NULL : "no memory in it";
}

static const char *add_file(unsigned char *file, size_t size, uint64_t base)
{
	if (size >= sizeof(Elf64_Ehdr) && !memcmp(file, ELFMAG, SELFMAG))
		return add_segments(file, size);
	return physmem_add(base, size, file) ? "impossible address" : NULL;
}

/**
 * dumpfile_load - take the memory in a file for that of the other system
 * @path: the file, which is not changed
 * @base: physical address of its first byte, unless it says so itself
 *
 * Return: NULL, or what is wrong.
 */
const char *dumpfile_load(const char *path, uint64_t base)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *file;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &status) || status.st_size <= 0) {
		close(fd);
		return "not a file with memory in it";
	}

	file = mmap(NULL, status.st_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return strerror(errno);
	return add_file(file, status.st_size, base);
}
