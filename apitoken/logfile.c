/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A log file, line by line: from its beginning, its last lines, and on as it
 * grows, is renamed or cut off.  Memory is one line, whatever is in the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"

#define READ_SIZE 65536
#define PAUSE_MS 200 /* between two looks at a file that may have grown */

struct logfile {
	const char *path;
	int fd;
	off_t at; /* that far it was read */
	size_t held; /* bytes of a line without its end */
	bool skipping; /* the rest of a line that is too long */
	char line[LOG_LINE_MAX + 1];
};

static volatile sig_atomic_t interrupted;

static void
note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* ---- opening ---- */
static int
fail(const struct logfile *f)
{
	const int code =
	    errno == EACCES || errno == EPERM ? NOT_PERMITTED : UNAVAILABLE;

	return complain(code, f->path, "%s", strerror(errno));
}

/* O_NONBLOCK: a FIFO put there must not hang us. */
static int
open_regular(const char *path)
{
	const int fd =
	    open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return -1;
}

struct logfile *
logfile_open(const char *path, bool wait, int *code)
{
	struct logfile *f = calloc(1, sizeof(*f));

	if (!f) {
		*code = complain(UNAVAILABLE, path, "out of memory");
		return NULL;
	}
	f->path = path;
	f->fd = open_regular(path);
	if (f->fd == -1 && !(wait && errno == ENOENT)) {
		*code = fail(f);
		free(f);
		return NULL;
	}
	return f;
}

void
logfile_close(struct logfile *f)
{
	if (f && f->fd != -1)
		(void)close(f->fd);
	free(f);
}

/* ---- lines ---- */
/* What is held is a line, or the beginning of one. */
static bool
give(struct logfile *f, log_line_fn *fn, void *arg, bool whole)
{
	const size_t len = f->held;

	f->line[len] = '\0';
	f->held = 0;
	return fn(arg, f->line, len, whole);
}

/* Some bytes of one line; false: fn said to stop. */
static bool
take(struct logfile *f, const char *data, size_t len, log_line_fn *fn,
     void *arg)
{
	const size_t room = LOG_LINE_MAX - f->held;

	if (f->skipping)
		return true;
	memcpy(f->line + f->held, data, len < room ? len : room);
	f->held += len < room ? len : room;
	if (len <= room)
		return true;
	f->skipping = true;
	return give(f, fn, arg, false);
}

static bool
split(struct logfile *f, const char *data, size_t len, log_line_fn *fn,
      void *arg)
{
	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		const size_t part = end ? (size_t)(end - data) : len;

		if (!take(f, data, part, fn, arg))
			return false;
		if (end && !f->skipping && !give(f, fn, arg, true))
			return false;
		if (end)
			f->skipping = false;
		data += part + (end != NULL);
		len -= part + (end != NULL);
	}
	return true;
}

enum reading
logfile_read(struct logfile *f, log_line_fn *fn, void *arg)
{
	char data[READ_SIZE];

	while (f->fd != -1) {
		const ssize_t n = pread(f->fd, data, sizeof(data), f->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)fail(f);
			return READ_FAILED;
		}
		if (n == 0)
			break;
		f->at += n;
		if (!split(f, data, (size_t)n, fn, arg))
			return READ_STOPPED;
	}
	return READ_TO_END;
}

bool
logfile_rest(struct logfile *f, log_line_fn *fn, void *arg)
{
	const bool some = f->held > 0;

	f->skipping = false;
	return !some || give(f, fn, arg, true);
}

/* Forgets what was read: the next byte is the first of a line. */
static void
start_at(struct logfile *f, off_t at)
{
	f->at = at;
	f->held = 0;
	f->skipping = false;
}

bool
logfile_near_end(struct logfile *f, size_t bytes)
{
	struct stat st;
	char before;

	start_at(f, 0);
	if (f->fd == -1 || fstat(f->fd, &st) != 0 ||
	    (size_t)st.st_size <= bytes)
		return true;
	start_at(f, st.st_size - (off_t)bytes);
	/* In the middle of a line, what is left of it does not count. */
	f->skipping =
	    pread(f->fd, &before, 1, f->at - 1) != 1 || before != '\n';
	return false;
}

/* ---- following ---- */
/* Does the path lead to another file by now? */
static bool
was_replaced(const struct logfile *f)
{
	struct stat there, ours;

	if (stat(f->path, &there) != 0)
		return false;
	return f->fd == -1 || fstat(f->fd, &ours) != 0 ||
	       there.st_dev != ours.st_dev || there.st_ino != ours.st_ino;
}

static bool
was_cut(const struct logfile *f)
{
	struct stat st;

	return f->fd != -1 && fstat(f->fd, &st) == 0 && st.st_size < f->at;
}

/* Goes over to the file that has the name now, if it can be read. */
static bool
go_over(struct logfile *f, log_line_fn *fn, void *arg)
{
	const int fd = open_regular(f->path);
	bool go_on;

	if (fd == -1)
		return true;
	go_on = logfile_rest(f, fn, arg);
	if (f->fd != -1)
		(void)close(f->fd);
	f->fd = fd;
	start_at(f, 0);
	return go_on;
}

/* Waits a moment; false: nobody wants any more. */
static bool
pause_a_moment(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	/* A reader that left shows without anything being written. */
	if (poll(&out, 1, PAUSE_MS) > 0)
		return false;
	return !interrupted;
}

enum reading
logfile_follow(struct logfile *f, log_line_fn *fn, void *arg)
{
	struct sigaction action = { .sa_handler = note_interrupt };
	enum reading reading = READ_TO_END;
	bool replaced = false;

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	while (reading == READ_TO_END && flush_output() && pause_a_moment()) {
		/* A file that was renamed gets a last look: someone may just
		 * have been writing to it. */
		const bool go = replaced;

		replaced = was_replaced(f);
		if (was_cut(f))
			start_at(f, 0);
		reading = logfile_read(f, fn, arg);
		if (reading == READ_TO_END && go && replaced) {
			if (!go_over(f, fn, arg))
				return READ_STOPPED;
			replaced = false;
		}
	}
	return reading;
}
