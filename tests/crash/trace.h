/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process did to the files below one folder, in order: written by the
 * shim, read by whoever replays it.  A trace is a row of entries, each a struct
 * trace_head, the path, the other path and, for TRACE_WRITE, the bytes.  Paths
 * are relative to the folder and neither ends in NUL.
 */
#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum trace_type {
	TRACE_NONE, /* it failed, or changed nothing */
	TRACE_CREATE, /* path, mode */
	TRACE_WRITE, /* path, offset, size bytes of data */
	TRACE_SIZE, /* path, size */
	TRACE_MODE, /* path, mode */
	TRACE_SYNC, /* path, of a file or a folder */
	TRACE_RENAME, /* path, other */
	TRACE_EXCHANGE, /* path, other: both names stay */
	TRACE_LINK, /* path, other: the new name */
	TRACE_UNLINK, /* path */
	TRACE_MKDIR, /* path, mode */
	TRACE_RMDIR, /* path */
	TRACE_START, /* a process begins; not an operation */
	TRACE_DONE, /* it was told that its change is done; neither */
	TRACE_FAILED, /* it was told that its change failed; neither */
	TRACE_TYPES
};

struct trace_head {
	uint32_t type, mode, path_len, other_len;
	uint64_t offset, size;
};

struct trace_op {
	enum trace_type type;
	unsigned mode;
	char *path, *other; /* "" where there is none */
	uint64_t offset, size;
	const unsigned char *data; /* of a TRACE_WRITE */
};

struct trace {
	struct trace_op *op;
	size_t n;
	unsigned char *bytes; /* the file; data points there */
};

/* The word for a type, such as "rename". */
const char *trace_word(enum trace_type type);

/* Reads a whole trace; ends the program where it cannot. */
void trace_load(struct trace *t, const char *file);
void trace_free(struct trace *t);

/* How many operations the last process in it made. */
unsigned trace_count(const struct trace *t);

/* The shim's, looked up by dlsym(): the change is done, or has failed. */
typedef void trace_mark_fn(enum trace_type type);

#endif
