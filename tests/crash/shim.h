/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside of the shim: shim.c sees what an operation is about and what is to
 * happen there, calls.c has the calls. */
#ifndef TESTS_CRASH_SHIM_H
#define TESTS_CRASH_SHIM_H

#include <limits.h>

#include "trace.h"

#define SHOWN __attribute__((visibility("default")))

struct op {
	enum trace_type type;
	char path[PATH_MAX], other[PATH_MAX];
	uint64_t offset, size;
	const void *data;
	unsigned mode;
	int here; /* this is the one that CRASH_AT means */
};

/* 1 if it lies below the folder; sets all of *op but the type. */
int shim_watches_fd(int fd, struct op *op);
int shim_watches(int dir, const char *path, struct op *op);

/* Before and after the system call: 0 to go on, -1 if it is to fail; rc. */
int shim_before(struct op *op);
long shim_after(struct op *op, long rc);
/* How many bytes of a write get done. */
size_t shim_portion(const struct op *op, size_t len);

#endif
