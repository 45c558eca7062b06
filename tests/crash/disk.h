/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that can lose its power, as a model: what was synced of each file and
 * folder, and what was done to it since.  From it come the states that a crash
 * may leave.
 *
 * What is taken for granted is what POSIX says and ext4 does.  fsync() and
 * fdatasync() of a file make its bytes, size and mode last, not its name;
 * fsync() of a folder makes its names last; rename() is atomic.  Everything
 * else may be there or not: each 4 KiB page of a file as it was after any of
 * the writes since it was synced (in some states each 512 bytes), each size it
 * had since, each name that was made, taken or changed since, unless another
 * one that it builds upon is not there.
 */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include <stdint.h>

#include "trace.h"

struct disk;

/* Reads a folder, of which everything is taken to be synced. */
struct disk *disk_load(const char *folder);
void disk_free(struct disk *d);

void disk_apply(struct disk *d, const struct trace_op *op);
/* Takes back a TRACE_WRITE that was the last operation. */
void disk_undo(struct disk *d, const struct trace_op *op);

enum disk_cut {
	CUT_KILL, /* a process died: everything is there */
	CUT_NOTHING, /* a power cut, and nothing but what was synced */
	CUT_DATA, /* all files as they were, no names since */
	CUT_NAMES, /* all names, files as they were synced */
	CUT_SIZES, /* all names, and sizes, but zeros in place of bytes */
	CUT_RANDOM, /* some of each, by a seed */
	CUTS
};

const char *disk_cut_word(enum disk_cut cut);

/* A state that a crash leaves. */
struct image;

struct image *disk_crash(const struct disk *d, enum disk_cut cut,
			 uint64_t seed);
/* The same number for the same state; the audit log, which nothing reads, is
 * left out of account. */
uint64_t image_number(const struct image *image);
/* Puts it into a folder, in place of whatever is there. */
void image_write(const struct image *image, const char *folder);
/* Makes it independent of the model it came from. */
void image_keep(struct image *image);
void image_free(struct image *image);

/* Ends the program unless the folder is what a kill now would leave: then the
 * trace missed something. */
void disk_must_be(const struct disk *d, const char *folder);

#endif
