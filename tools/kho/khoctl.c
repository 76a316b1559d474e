// SPDX-License-Identifier: GPL-2.0-only
/*
 * khoctl: a live update, for the administrator.
 *
 *	khoctl status			where everybody is
 *	khoctl converge [LIMIT_US]	prepare until the blackout would be short
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PASSES	30
/* A pass that does not shorten the blackout by a tenth did not help. */
#define HELPS_FRACTION	10
#define USELESS_PASSES	2

static const char *base = "/sys/kernel/kho";

enum {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_TOO_LONG,
};

static void fail(const char *fmt, ...)
{
	va_list args;

	fputs("khoctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILED);
}

/* A file below @base; false if it can't be read. */
static bool read_file(char *text, size_t size, const char *fmt, ...)
{
	char path[512];
	va_list args;
	ssize_t len;
	int fd, at;

	at = snprintf(path, sizeof(path), "%s/", base);
	va_start(args, fmt);
	vsnprintf(path + at, sizeof(path) - at, fmt, args);
	va_end(args);

	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return false;
	text[len] = '\0';
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return true;
}

static uint64_t read_number(const char *client, const char *file)
{
	char text[64];

	if (!read_file(text, sizeof(text), "clients/%s/%s", client, file))
		return 0;
	return strtoull(text, NULL, 10);
}

static void command(const char *word)
{
	char path[512], error[512] = "";
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/state", base);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	if (write(fd, word, strlen(word)) < 0)
		err = errno;
	close(fd);
	if (!err)
		return;
	read_file(error, sizeof(error), "last_error");
	fail("%s: %s%s%s", word, strerror(err), error[0] ? ": " : "", error);
}

/* The line "NAME NUMBER" of predicted_us. */
static uint64_t predicted(const char *name)
{
	char text[256];
	const char *line;

	if (!read_file(text, sizeof(text), "predicted_us"))
		fail("%s/predicted_us: %s", base, strerror(errno));
	line = strstr(text, name);
	if (!line)
		fail("predicted_us doesn't say \"%s\"", name);
	return strtoull(line + strlen(name), NULL, 10);
}

struct totals {
	uint64_t written;
	uint64_t dirty;
};

static void add_client(const char *name, struct totals *totals, bool show)
{
	uint64_t bytes = read_number(name, "bytes");
	uint64_t dirty = read_number(name, "dirty");
	char state[64];

	if (!read_file(state, sizeof(state), "clients/%s/state", name))
		return;
	totals->written += bytes;
	totals->dirty += dirty;
	if (show)
		printf("%-24s %-10s %4" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
		       name, state, read_number(name, "pass"), bytes, dirty);
}

static struct totals add_clients(bool show)
{
	struct totals totals = {};
	struct dirent *entry;
	char path[512];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/clients", base);
	dir = opendir(path);
	if (!dir)
		fail("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add_client(entry->d_name, &totals, show);
	closedir(dir);
	return totals;
}

/* --- status --- */

static int status(void)
{
	char state[64], error[512] = "";

	if (!read_file(state, sizeof(state), "state"))
		fail("%s/state: %s", base, strerror(errno));
	read_file(error, sizeof(error), "last_error");

	printf("state: %s\n", state);
	if (error[0])
		printf("last error: %s\n", error);
	printf("predicted blackout: %" PRIu64 " us\n\n", predicted("total "));
	printf("%-24s %-10s %4s %12s %12s\n", "client", "state", "pass",
	       "bytes", "dirty");
	add_clients(true);
	return EXIT_OK;
}

/* --- converge --- */

static uint64_t one_pass(unsigned int pass)
{
	struct totals totals;
	uint64_t blackout;

	command("prepare");
	totals = add_clients(false);
	blackout = predicted("total ");
	printf("pass %u: %" PRIu64 " bytes written, %" PRIu64
	       " dirty again, predicted blackout %" PRIu64 " us\n",
	       pass, totals.written, totals.dirty, blackout);
	fflush(stdout);
	return blackout;
}

static int converge(uint64_t limit)
{
	unsigned int pass, useless = 0;
	uint64_t best = UINT64_MAX;

	for (pass = 1; pass <= MAX_PASSES; pass++) {
		uint64_t blackout = one_pass(pass);

		if (blackout <= limit) {
			printf("within the limit of %" PRIu64 " us\n", limit);
			return EXIT_OK;
		}
		useless = blackout < best - best / HELPS_FRACTION ? 0 :
			  useless + 1;
		if (blackout < best)
			best = blackout;
		if (useless == USELESS_PASSES)
			break;
	}
	printf("more passes don't help: %" PRIu64 " us is over the limit of %"
	       PRIu64 " us\n", best, limit);
	return EXIT_TOO_LONG;
}

static uint64_t limit_of(const char *arg)
{
	char text[64], *end;
	uint64_t limit;

	if (!arg) {
		if (!read_file(text, sizeof(text), "downtime_limit_us"))
			fail("%s/downtime_limit_us: %s", base, strerror(errno));
		arg = text;
	}
	limit = strtoull(arg, &end, 10);
	if (end == arg || *end)
		fail("\"%s\" is no number of microseconds", arg);
	if (!limit)
		fail("there is no limit: give one, or write it to downtime_limit_us");
	return limit;
}

static int usage(void)
{
	fputs("usage: khoctl status\n"
	      "       khoctl converge [LIMIT_US]\n"
	      "converge prepares until the predicted blackout is within the limit\n"
	      "(default: downtime_limit_us), or passes no longer help: status 2.\n",
	      stderr);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "status"))
		return status();
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "converge"))
		return converge(limit_of(argv[2]));
	return usage();
}
