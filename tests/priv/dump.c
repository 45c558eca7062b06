/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump OUT COMMAND [ARGUMENT...]
 *
 * Runs a command and writes all memory that it can write to, as it is when it
 * ends, to OUT.end; and, each time it sends itself SIGUSR2, to OUT.1, OUT.2
 * and so on.  Ends with the command's exit code.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK ((size_t)1 << 16)

static void
copy_range(int mem, FILE *out, unsigned long from, unsigned long to)
{
	static char block[BLOCK];

	while (from < to) {
		size_t want = to - from < BLOCK ? to - from : BLOCK;
		ssize_t n = pread(mem, block, want, (off_t)from);

		if (n <= 0)
			err(2, "memory at %lx", from);
		if (fwrite(block, 1, (size_t)n, out) != (size_t)n)
			err(2, "fwrite");
		from += (unsigned long)n;
	}
}

/* The kernel's own pages ([vvar] and the like) hold nothing of a program. */
static void
dump(pid_t pid, const char *out_name, const char *suffix)
{
	char name[4096], line[4096];
	FILE *maps, *out;
	int mem;

	(void)snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	mem = open(name, O_RDONLY | O_CLOEXEC);
	if (mem < 0)
		err(2, "%s", name);
	(void)snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "re");
	if (!maps)
		err(2, "%s", name);
	(void)snprintf(name, sizeof(name), "%s.%s", out_name, suffix);
	out = fopen(name, "wxe");
	if (!out)
		err(2, "%s", name);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char *at;

		from = strtoul(line, &at, 16);
		to = strtoul(at + 1, &at, 16);
		if (strncmp(at, " rw", 3) == 0 && !strstr(line, "[v"))
			copy_range(mem, out, from, to);
	}
	if (fclose(out) != 0)
		err(2, "%s", name);
	(void)fclose(maps);
	(void)close(mem);
}

static int
follow(pid_t pid, const char *out)
{
	unsigned asked = 0;
	int status = 0;

	for (;;) {
		int deliver = 0;

		if (waitpid(pid, &status, 0) != pid)
			err(2, "waitpid");
		if (!WIFSTOPPED(status))
			break;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
			dump(pid, out, "end");
		} else if (WSTOPSIG(status) == SIGUSR2) {
			char suffix[16];

			(void)snprintf(suffix, sizeof(suffix), "%u", ++asked);
			dump(pid, out, suffix);
		} else if (WSTOPSIG(status) != SIGTRAP) {
			deliver = WSTOPSIG(status);
		}
		if (ptrace(PTRACE_CONT, pid, NULL, (long)deliver) != 0)
			err(2, "PTRACE_CONT");
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
	int status;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: dump OUT COMMAND [ARGUMENT...]");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			err(126, "PTRACE_TRACEME");
		(void)raise(SIGSTOP);
		(void)execv(argv[2], argv + 2);
		err(126, "%s", argv[2]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(2, "may not trace");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options) != 0 ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL) != 0)
		err(2, "ptrace");
	return follow(pid, argv[1]);
}
