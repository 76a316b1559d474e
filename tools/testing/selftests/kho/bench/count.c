// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU that counts the guest's instructions, exactly.
 *
 *	-plugin count.so,marks=FILE,log=FILE[,profile=FILE,from=NAME,to=NAME]
 *
 * Each line of the file of marks names a place in the guest's code, either
 *
 *	NAME ADDRESS		a virtual address, in hexadecimal
 *	NAME BYTES		what the code there looks like, for code that runs
 *				who knows where: pairs of hexadecimal digits with
 *				blanks between them, or ?? for what may differ
 *
 * Each time that the guest comes by one, the log gets a line with the number of
 * instructions until then, and the name. A profile has, for each block of code
 * that ran between two marks, a line with its address and the number of
 * instructions.
 *
 * For guests with one CPU: counters have no lock.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define MAX_MARKS	64
#define MAX_BYTES	32
#define MAX_HITS	100000
#define HASH_SIZE	65536
#define ANY_BYTE	0x100

struct mark {
	char name[64];
	uint64_t address;
	unsigned int nr_bytes;		/* 0: it is found by its address */
	uint16_t bytes[MAX_BYTES];
};

/* The instructions of a block of code, which begins at an address. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t count;
};

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct mark marks[MAX_MARKS];
static unsigned int nr_marks, nr_hits;
static uint64_t instructions;
static FILE *log_file;

static struct block *blocks[HASH_SIZE];
static const char *profile_path;	/* "": no profile is wanted */
static const char *profile_from, *profile_to;
static bool profiling;

/* The last time that the guest goes from one mark to the other is what stays. */
static void begin_profile(void)
{
	struct block *block;
	unsigned int i;

	for (i = 0; i < HASH_SIZE; i++)
		for (block = blocks[i]; block; block = block->next)
			block->count = 0;
	profiling = true;
}

static void end_profile(void)
{
	FILE *file = fopen(profile_path, "w");
	struct block *block;
	unsigned int i;

	profiling = false;
	if (!file)
		return;
	for (i = 0; i < HASH_SIZE; i++)
		for (block = blocks[i]; block; block = block->next)
			if (block->count)
				fprintf(file, "%llx %llu\n",
					(unsigned long long)block->address,
					(unsigned long long)block->count);
	fclose(file);
}

static void hit(unsigned int cpu, void *data)
{
	struct mark *mark = data;

	if (nr_hits++ < MAX_HITS)
		fprintf(log_file, "%llu %s\n",
			(unsigned long long)instructions, mark->name);
	if (profiling && !strcmp(mark->name, profile_to))
		end_profile();
	if (*profile_path && !strcmp(mark->name, profile_from))
		begin_profile();
}

static struct block *find_block(uint64_t address)
{
	unsigned int hash = (address ^ address >> 16) % HASH_SIZE;
	struct block *block = blocks[hash];

	while (block && block->address != address)
		block = block->next;
	if (block)
		return block;

	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->next = blocks[hash];
	blocks[hash] = block;
	return block;
}

/* Are these the bytes of the block of code from an instruction on? */
static bool looks_like(const struct mark *mark, const struct qemu_plugin_tb *tb,
		       size_t index)
{
	size_t nr_insns = qemu_plugin_tb_n_insns(tb);
	unsigned int seen = 0;

	for (; index < nr_insns && seen < mark->nr_bytes; index++) {
		struct qemu_plugin_insn *insn =
			qemu_plugin_tb_get_insn(tb, index);
		const uint8_t *data = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn), i;

		for (i = 0; i < size && seen < mark->nr_bytes; i++, seen++)
			if (mark->bytes[seen] != ANY_BYTE &&
			    mark->bytes[seen] != data[i])
				return false;
	}
	return seen == mark->nr_bytes;
}

static bool is_at(const struct mark *mark, const struct qemu_plugin_tb *tb,
		  size_t index)
{
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);

	return mark->nr_bytes ? looks_like(mark, tb, index) :
				mark->address == qemu_plugin_insn_vaddr(insn);
}

static void add_one(struct qemu_plugin_insn *insn, uint64_t *sum)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn,
						   QEMU_PLUGIN_INLINE_ADD_U64,
						   sum, 1);
}

static void translate_insn(struct qemu_plugin_tb *tb, size_t index)
{
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
	struct mark *mark;

	for (mark = marks; mark < marks + nr_marks; mark++)
		if (is_at(mark, tb, index))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, hit,
							       QEMU_PLUGIN_CB_NO_REGS,
							       mark);
	add_one(insn, &instructions);
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t nr_insns = qemu_plugin_tb_n_insns(tb), i;
	struct block *block;

	for (i = 0; i < nr_insns; i++)
		translate_insn(tb, i);
	if (!*profile_path)
		return;

	block = find_block(qemu_plugin_tb_vaddr(tb));
	for (i = 0; i < nr_insns; i++)
		add_one(qemu_plugin_tb_get_insn(tb, i), &block->count);
}

static bool parse_bytes(struct mark *mark, char *text)
{
	char *word, *end;

	for (word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		if (mark->nr_bytes == MAX_BYTES)
			return false;
		if (!strcmp(word, "??")) {
			mark->bytes[mark->nr_bytes++] = ANY_BYTE;
			continue;
		}
		mark->bytes[mark->nr_bytes++] = strtoul(word, &end, 16);
		if (*end)
			return false;
	}
	return mark->nr_bytes;
}

static bool parse_mark(char *line)
{
	struct mark *mark = &marks[nr_marks++];
	char *where, *end;

	line[strcspn(line, "\n")] = '\0';
	where = strchr(line, ' ');
	if (!where || where - line >= (int)sizeof(mark->name))
		return false;
	*where++ = '\0';
	memcpy(mark->name, line, where - line);

	if (strchr(where, ' '))
		return parse_bytes(mark, where);
	mark->address = strtoull(where, &end, 16);
	return !*end;
}

static bool read_marks(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];
	bool good = file;

	while (good && fgets(line, sizeof(line), file))
		good = nr_marks < MAX_MARKS && parse_mark(line);
	if (file)
		fclose(file);
	return good;
}

static bool is_mark(const char *name)
{
	unsigned int m;

	for (m = 0; m < nr_marks; m++)
		if (!strcmp(marks[m].name, name))
			return true;
	return false;
}

static void end(uint64_t id, void *data)
{
	fclose(log_file);
}

/* QEMU's own copy of the arguments doesn't stay. */
static const char *argument(int argc, char **argv, const char *name)
{
	size_t length = strlen(name);
	int i;

	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			return strdup(argv[i] + length + 1);
	return "";
}

static bool read_profile(int argc, char **argv)
{
	profile_path = argument(argc, argv, "profile");
	profile_from = argument(argc, argv, "from");
	profile_to = argument(argc, argv, "to");
	return !*profile_path ||
	       (is_mark(profile_from) && is_mark(profile_to));
}

/**
 * qemu_plugin_install - called by QEMU when it has loaded the plugin
 * @id: what QEMU calls this plugin
 * @info: unused
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: 0, or -1 if the arguments make no sense, which ends QEMU.
 */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	log_file = fopen(argument(argc, argv, "log"), "w");
	if (!log_file || !read_marks(argument(argc, argv, "marks")) ||
	    !read_profile(argc, argv)) {
		fprintf(stderr, "count: bad marks, log or profile\n");
		return -1;
	}

	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, end, NULL);
	return 0;
}
