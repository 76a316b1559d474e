// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated system's memory: one region, all zeros but for what the input
 * puts there, and some marks for each page.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/bitmap.h>
#include <linux/mm.h>

#include "../physmem.h"
#include "layout.h"
#include "memory.h"

#define NR_PAGES	(FUZZ_MEMORY / PAGE_SIZE)
#define MAX_WRITTEN	4096

static unsigned char *memory;
static DECLARE_BITMAP(marks[NR_MARKS], NR_PAGES);

/* Pages that aren't zero any more. */
static u32 written[MAX_WRITTEN];
static unsigned int nr_written;

void wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "fuzz-kho: ");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

/* Both ends: a sanitizer has no gaps within what was allocated as one. */
void touch(const void *mem, size_t size)
{
	const unsigned char *bytes = mem;

	if (size)
		asm volatile("" : : "r" (bytes[0]), "r" (bytes[size - 1]));
}

/**
 * memory_init - have memory; once
 */
void memory_init(void)
{
	memory = mmap(NULL, FUZZ_MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED || physmem_add(0, FUZZ_MEMORY, memory))
		wrong("no memory");
}

/**
 * memory_reset - make it as it was at the beginning
 *
 * The code under test writes only where something is already.
 */
void memory_reset(void)
{
	while (nr_written)
		memset(memory + written[--nr_written] * PAGE_SIZE, 0,
		       PAGE_SIZE);
	memset(marks, 0, sizeof(marks));
}

/**
 * memory_write - write something that doesn't cross pages
 * @phys: physical address in bytes
 * @bytes: what to write
 * @len: bytes
 */
void memory_write(u64 phys, const void *bytes, size_t len)
{
	if (nr_written == MAX_WRITTEN)
		return;
	written[nr_written++] = phys / PAGE_SIZE;
	memcpy(memory + phys, bytes, len);
}

/**
 * memory_lay_out - put an input's pieces where they belong
 * @pieces: the pieces; what isn't one ends them
 * @size: bytes
 */
void memory_lay_out(const void *pieces, size_t size)
{
	struct fuzz_piece piece;

	while (size >= sizeof(piece)) {
		memcpy(&piece, pieces, sizeof(piece));
		pieces += sizeof(piece);
		size -= sizeof(piece);
		if (piece.page >= NR_PAGES || piece.len > size ||
		    piece.offset + piece.len > PAGE_SIZE)
			return;
		memory_write(piece.page * PAGE_SIZE + piece.offset, pieces,
			     piece.len);
		pieces += piece.len;
		size -= piece.len;
	}
}

/* The pages of a range, cut to the memory that there is. */
static u64 first_page(u64 phys)
{
	return min_t(u64, phys / PAGE_SIZE, NR_PAGES);
}

static u64 end_page(u64 phys, u64 size)
{
	if (phys >= FUZZ_MEMORY || size > FUZZ_MEMORY - phys)
		return NR_PAGES;
	return PFN_UP(phys + size);
}

void memory_mark(enum mark mark, u64 phys, u64 size)
{
	u64 page = first_page(phys), end = end_page(phys, size);

	while (page < end) {
		if (page % BITS_PER_LONG || end - page < BITS_PER_LONG) {
			__set_bit(page++, marks[mark]);
			continue;
		}
		marks[mark][page / BITS_PER_LONG] = ~0UL;
		page += BITS_PER_LONG;
	}
}

void memory_unmark(enum mark mark)
{
	memset(marks[mark], 0, sizeof(marks[mark]));
}

bool memory_any(enum mark mark, u64 phys, u64 size)
{
	u64 end = end_page(phys, size);

	return find_next_bit(marks[mark], end, first_page(phys)) < end;
}

bool memory_all(enum mark mark, u64 phys, u64 size)
{
	u64 end = end_page(phys, size);

	return find_next_zero_bit(marks[mark], end, first_page(phys)) >= end;
}
