/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file, or stdin, that is read once from its beginning, in bounded memory
 * that is wiped: it may hold passwords.
 */
#ifndef INFILE_H
#define INFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ROW_MAX 65536 /* bytes of one row or line */
#define INFILE_END (-1)

struct infile {
	int fd;
	const char *name; /* for errors; kept, not copied */
	off_t start; /* where infile_rewind() goes */
	uint64_t line; /* of the byte to come, from 1 */
	int error; /* errno of a read that failed, else 0 */
	size_t at, len;
	unsigned char chunk[16384];
};

/**
 * Opens a file and steps over a byte order mark.
 * @param name  NULL: standard input
 * @return false, and reported: it cannot be read
 */
bool infile_open(struct infile *in, const char *name)
    __attribute__((nonnull(1)));

/** Makes what infile_open() gave readable a second time, by a copy without a
 *  name if need be; false, and reported: it cannot be done. */
bool infile_keep(struct infile *in) __attribute__((nonnull));

/** Back to the beginning; only after infile_keep().  False, and reported: it
 *  cannot be done. */
bool infile_rewind(struct infile *in) __attribute__((nonnull));

/** The next byte, or INFILE_END: nothing is left, or in->error is set. */
int infile_byte(struct infile *in) __attribute__((nonnull));

enum line {
	LINE_READ,
	LINE_END, /* nothing is left, or in->error is set */
	LINE_LONG /* more than ROW_MAX bytes; it was passed over */
};

/**
 * Reads a line that is not blank.
 * @param buf     its bytes without the line end, and a NUL behind them
 * @param len     how many bytes
 * @param number  its number
 */
enum line infile_line(struct infile *in, char buf[ROW_MAX + 1], size_t *len,
		      uint64_t *number) __attribute__((nonnull));

/** Wipes and closes; what was never opened, too, if it is all zero. */
void infile_close(struct infile *in) __attribute__((nonnull));

#endif
