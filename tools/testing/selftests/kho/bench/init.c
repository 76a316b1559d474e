// SPDX-License-Identifier: GPL-2.0-only
/*
 * First process of the benchmark's guest, without a C library: prints what the
 * kernel has logged about KHO, then starts the next kernel, or ends when it is
 * the next kernel's.
 */
#define SYSLOG_READ_ALL	3
#define TAG		"] kho"

static char line[4096];
static char kernel_log[1 << 18];

static int fail(const char *what)
{
	printf("bench: %s failed: %d\n", what, errno);
	return reboot(LINUX_REBOOT_CMD_RESTART);
}

/* The console is slow, so the kernel itself is quiet. */
static void print_log(void)
{
	int length = my_syscall3(__NR_syslog, SYSLOG_READ_ALL, kernel_log,
				 sizeof(kernel_log) - 1);
	char *here = kernel_log, *end;

	kernel_log[length > 0 ? length : 0] = '\0';
	for (; (end = strchr(here, '\n')); here = end + 1) {
		const char *text = strchr(here, ']');

		*end = '\0';
		if (text && text < end && !memcmp(text, TAG, strlen(TAG)))
			printf("%s\n", here);
	}
}

static int read_command_line(void)
{
	int file, length;

	if (mount("proc", "/proc", "proc", 0, NULL))
		return -1;
	file = open("/proc/cmdline", O_RDONLY);
	length = read(file, line, sizeof(line) - 1);
	if (length <= 0)
		return -1;
	line[length - 1] = '\0';
	return length;
}

int main(void)
{
	int kernel = open("/bzImage", O_RDONLY), length;
	int initrd = open("/initrd", O_RDONLY);

	print_log();
	if (kernel < 0) {
		printf("bench: done\n");
		return reboot(LINUX_REBOOT_CMD_RESTART);
	}

	length = read_command_line();
	if (length < 0)
		return fail("reading the command line");
	if (my_syscall5(__NR_kexec_file_load, kernel, initrd, length, line, 0))
		return fail("kexec_file_load");
	reboot(LINUX_REBOOT_CMD_KEXEC);
	return fail("kexec");
}
