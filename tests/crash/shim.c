/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands under a program, by LD_PRELOAD, and sees every call that changes or
 * syncs something below one folder.  In the environment:
 *
 *	CRASH_FOLDER	the folder, a real path
 *	CRASH_TRACE	file that every operation is appended to, with its data
 *	CRASH_AT	an operation, by its number from 1, or by type and name
 *			as in "rename:state" (the first such one)
 *	CRASH_HOW	what happens there: SIGKILL "before" it, "after" it, in
 *			the middle of a write ("half"); or it fails, with
 *			ENOSPC ("fail") or as what the file system does not
 *			know ("unknown")
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

enum how { HOW_NOT, HOW_BEFORE, HOW_AFTER, HOW_HALF, HOW_FAIL, HOW_UNKNOWN };

static struct {
	int ready, trace;
	const char *folder, *at;
	size_t folder_len;
	enum how how;
	unsigned count;
} shim = { .trace = -1 };

static void
append(const void *data, size_t len)
{
	if (syscall(SYS_write, shim.trace, data, len) != (long)len)
		abort();
}

static void
record(const struct op *op)
{
	struct trace_head h = {
		.type = op->type,
		.mode = op->mode,
		.path_len = (uint32_t)strlen(op->path),
		.other_len = (uint32_t)strlen(op->other),
		.offset = op->offset,
		.size = op->size,
	};

	if (shim.trace < 0)
		return;
	append(&h, sizeof(h));
	append(op->path, h.path_len);
	append(op->other, h.other_len);
	if (op->type == TRACE_WRITE)
		append(op->data, op->size);
}

static void
mark(enum trace_type type)
{
	static struct op op;

	op.type = type;
	record(&op);
}

static enum how
how_of(const char *word)
{
	static const char *const words[] = {
		[HOW_BEFORE] = "before",   [HOW_AFTER] = "after",
		[HOW_HALF] = "half",	   [HOW_FAIL] = "fail",
		[HOW_UNKNOWN] = "unknown",
	};

	for (int i = HOW_BEFORE; word && i <= HOW_UNKNOWN; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum how)i;
	return HOW_NOT;
}

static void
prepare(void)
{
	const char *trace = getenv("CRASH_TRACE");

	if (shim.ready)
		return;
	shim.ready = 1;
	shim.folder = getenv("CRASH_FOLDER");
	shim.folder_len = shim.folder ? strlen(shim.folder) : 0;
	shim.at = getenv("CRASH_AT");
	shim.how = how_of(getenv("CRASH_HOW"));
	if (shim.folder && trace) {
		shim.trace = (int)syscall(
		    SYS_openat, AT_FDCWD, trace,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		if (shim.trace < 0)
			abort();
		mark(TRACE_START);
	}
}

/* ---- which file is it? ---- */

/* Takes the folder off a path; 0 if the path lies elsewhere. */
static int
below(char *path)
{
	size_t n = shim.folder_len;

	if (n == 0 || strncmp(path, shim.folder, n) != 0 ||
	    (path[n] != '/' && path[n] != '\0'))
		return 0;
	memmove(path, path + n + (path[n] == '/'), strlen(path + n) + 1);
	return 1;
}

static int
path_of_fd(int fd, char path[PATH_MAX])
{
	char link[64];
	long n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
	path[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

static void
reset(struct op *op)
{
	prepare();
	op->type = TRACE_NONE;
	op->path[0] = op->other[0] = '\0';
	op->offset = op->size = 0;
	op->data = NULL;
	op->mode = 0;
	op->here = 0;
}

int
shim_watches_fd(int fd, struct op *op)
{
	static const char gone[] = " (deleted)";
	int saved = errno, watched;
	size_t len;

	reset(op);
	watched = path_of_fd(fd, op->path) && below(op->path);
	len = strlen(op->path);
	/* What has no name any more no crash can show. */
	if (watched && len >= sizeof(gone) - 1 &&
	    strcmp(op->path + len - (sizeof(gone) - 1), gone) == 0)
		watched = 0;
	errno = saved;
	return watched;
}

static int
place(int dir, const char *path, char out[PATH_MAX])
{
	size_t len = 0;

	out[0] = '\0';
	if (path[0] != '/') {
		if (dir == AT_FDCWD || !path_of_fd(dir, out))
			return 0;
		len = strlen(out);
	}
	return snprintf(out + len, PATH_MAX - len, "%s%s", len ? "/" : "",
			path) < (int)(PATH_MAX - len) &&
	       below(out);
}

int
shim_watches(int dir, const char *path, struct op *op)
{
	int saved = errno, watched;

	reset(op);
	watched = place(dir, path, op->path);
	errno = saved;
	return watched;
}

/* ---- before and after each call ---- */

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
is_here(const struct op *op)
{
	char name[PATH_MAX];
	char *end;
	unsigned long n;

	if (!shim.at || shim.how == HOW_NOT)
		return 0;
	n = strtoul(shim.at, &end, 10);
	if (*end == '\0')
		return n == shim.count;
	(void)snprintf(name, sizeof(name), "%s:%.200s", trace_word(op->type),
		       base_of(*op->other ? op->other : op->path));
	return strcmp(name, shim.at) == 0;
}

static void
die(void)
{
	(void)syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	for (;;)
		(void)syscall(SYS_sched_yield);
}

int
shim_before(struct op *op)
{
	shim.count++;
	op->here = is_here(op);
	if (op->here && (shim.how == HOW_BEFORE ||
			 (shim.how == HOW_HALF && op->type != TRACE_WRITE)))
		die();
	if (op->here && (shim.how == HOW_FAIL || shim.how == HOW_UNKNOWN)) {
		const int why = shim.how == HOW_FAIL ? ENOSPC : EINVAL;

		shim.how = HOW_NOT; /* the next one of this name works */
		op->type = TRACE_NONE;
		record(op);
		errno = why;
		return -1;
	}
	return 0;
}

long
shim_after(struct op *op, long rc)
{
	int saved = errno;

	if (rc < 0)
		op->type = TRACE_NONE;
	record(op);
	if (op->here && (shim.how == HOW_AFTER || shim.how == HOW_HALF))
		die();
	errno = saved;
	return rc;
}

/* In the middle of a write means: a part of it, and death. */
size_t
shim_portion(const struct op *op, size_t len)
{
	return op->here && shim.how == HOW_HALF ? len / 2 : len;
}

SHOWN void crash_mark(enum trace_type type);

void
crash_mark(enum trace_type type)
{
	prepare();
	mark(type);
}
