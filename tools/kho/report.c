// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of khodump's tree. A problem stands where it was found, marked with
 * "!!", and makes the program end with status 1.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "report.h"

#define BYTES_SHOWN	64
#define BYTES_PER_LINE	16

/* Lines are indented by it. */
unsigned int report_depth;
unsigned int report_problems;

static void line(const char *mark, const char *fmt, va_list args)
{
	printf("%*s%s", 2 * report_depth, "", mark);
	vprintf(fmt, args);
	putchar('\n');
}

/**
 * say - print a line of the tree
 * @fmt: as printf()
 */
void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line("", fmt, args);
	va_end(args);
}

/**
 * problem - something is not as the format wants it
 * @fmt: as printf()
 */
void problem(const char *fmt, ...)
{
	va_list args;

	report_problems++;
	va_start(args, fmt);
	line("!! ", fmt, args);
	va_end(args);
}

/**
 * say_bytes - print the beginning of something unknown
 * @mem: what it is
 * @size: bytes
 */
void say_bytes(const void *mem, size_t size)
{
	const unsigned char *byte = mem;
	size_t shown = size < BYTES_SHOWN ? size : BYTES_SHOWN;
	size_t at, i;

	for (at = 0; at < shown; at += BYTES_PER_LINE) {
		printf("%*s%04zx ", 2 * report_depth, "", at);
		for (i = at; i < at + BYTES_PER_LINE; i++)
			i < shown ? printf(" %02x", byte[i]) : printf("   ");
		printf("  ");
		for (i = at; i < at + BYTES_PER_LINE && i < shown; i++)
			putchar(isprint(byte[i]) ? byte[i] : '.');
		putchar('\n');
	}
	if (shown < size)
		say("... %zu bytes in all", size);
}
