// SPDX-License-Identifier: GPL-2.0-only
/*
 * khodump: prints a handover that is in an image of physical memory, and checks
 * that its bytes are what mainline's format says. The parsing is the kernel's
 * own code.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/io.h>
#include <linux/mm.h>

#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/root_fdt.h"
#include "corpus.h"
#include "dump.h"
#include "dumpfile.h"
#include "physmem.h"
#include "report.h"

static const char usage[] =
	"usage: khodump [OPTION...] FILE\n"
	"Prints the Kexec HandOver in FILE: an ELF core dump, or bare memory.\n"
	"\n"
	"  --fdt=ADDR          physical address of the root FDT (\"with a handover\n"
	"                      at\" in the kernel's log); otherwise it is looked for\n"
	"  --scratch=ADDR,SIZE the array of scratch areas; otherwise it is looked\n"
	"                      for in x86's setup_data\n"
	"  --area=ADDR,SIZE    a scratch area, instead (repeatable)\n"
	"  --base=ADDR         physical address of the first byte of bare memory\n"
	"  --all               print all runs of preserved memory\n"
	"  --corpus=FILE       write the handover as an input of the fuzz target,\n"
	"                      and print no subtrees\n"
	"\n"
	"Status: 0 if all is as the format says, 1 if not (lines with !!), 2 if\n"
	"there is nothing to look at.\n";

static struct {
	u64 fdt;
	u64 array;
	u64 array_size;
	u64 base;
	int all;
	const char *corpus;
} options;

static const struct option long_options[] = {
	{ "fdt", required_argument, NULL, 'f' },
	{ "scratch", required_argument, NULL, 's' },
	{ "area", required_argument, NULL, 'a' },
	{ "base", required_argument, NULL, 'b' },
	{ "all", no_argument, &options.all, 1 },
	{ "corpus", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

void printk(const char *fmt, ...)
{
}

u64 kho_boot_clock(void)
{
	return 0;
}

void adjust_managed_page_count(struct page *page, long count)
{
}

static void __noreturn fail(const char *what, const char *why)
{
	fprintf(stderr, "khodump: %s: %s\n", what, why);
	exit(2);
}

static u64 number(const char *arg)
{
	char *end;
	u64 val = strtoull(arg, &end, 0);

	if (end == arg || *end)
		fail(arg, "not a number");
	return val;
}

static void pair(char *arg, u64 *addr, u64 *size)
{
	char *comma = strchr(arg, ',');

	if (!comma)
		fail(arg, "not ADDR,SIZE");
	*comma = 0;
	*addr = number(arg);
	*size = number(comma + 1);
}

static void area(char *arg)
{
	const char *bad;
	u64 addr, size;

	pair(arg, &addr, &size);
	bad = add_scratch(addr, size);
	if (bad)
		fail(arg, bad);
}

static void option(int which)
{
	switch (which) {
	case 'f':
		options.fdt = number(optarg);
		break;
	case 's':
		pair(optarg, &options.array, &options.array_size);
		break;
	case 'a':
		area(optarg);
		break;
	case 'b':
		options.base = number(optarg);
		break;
	case 'c':
		options.corpus = optarg;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case '?':
		fputs(usage, stderr);
		exit(2);
	}
}

static void dump_handover(void *fdt)
{
	phys_addr_t map;
	const char *bad = kho_root_check(fdt, PAGE_SIZE, &map);

	if (bad) {
		problem("root FDT at %#" PRIx64 ": %s", options.fdt, bad);
		return;
	}
	dump_root(fdt, options.fdt);
	dump_scratch(options.array, options.array_size, options.fdt);
	if (!physmem_at(map, PAGE_SIZE)) {
		problem("the map isn't in the dump");
		return;
	}
	dump_map(map, fdt, options.all);
	if (!is_preserved(options.fdt, PAGE_SIZE))
		problem("the root FDT isn't preserved");
	if (options.corpus) {
		if (!corpus_write(options.corpus, options.fdt))
			fail(options.corpus,
			     "can't be written, or scratch isn't known");
		return;
	}
	kho_in_set(fdt, phys_to_virt(map), false);
	dump_subtrees(fdt);
}

int main(int argc, char **argv)
{
	const char *bad;
	void *fdt;
	int which;

	while ((which = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		option(which);
	if (optind != argc - 1)
		option('?');

	bad = dumpfile_load(argv[optind], options.base);
	if (bad)
		fail(argv[optind], bad);
	if (!options.fdt)
		options.fdt = find_root();
	if (!options.fdt)
		fail(argv[optind], "not one root FDT of a handover, see --fdt");
	fdt = physmem_at(options.fdt, PAGE_SIZE);
	if (!fdt)
		fail(argv[optind], "no memory at the address of the root FDT");

	dump_handover(fdt);
	return report_problems ? 1 : 0;
}
