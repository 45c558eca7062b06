/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The new file of --output, or stdout: what is written to it counts once it
 * is there as a whole, and what is there is never overwritten. */
#ifndef OUTFILE_H
#define OUTFILE_H

#include "apitoken.h"

/** Makes the file, 0600; -1, and reported: it cannot be had. */
int outfile_open(const char *name) __attribute__((nonnull));

/** Makes sure that it is on disk; false and errno. */
bool outfile_sync(const char *name, int fd) __attribute__((nonnull));

/** Takes it away again, if the name still means the file that we made. */
void outfile_remove(const char *name, int fd) __attribute__((nonnull));

/** A token and a line end, to any descriptor, leaving no copy; false and
 *  errno. */
bool write_token(int fd, const char *token) __attribute__((nonnull));

/**
 * An object of JSON with the token as its first member, to stdout, leaving no
 * copy; false and errno.
 * @param object  the text of the others; NULL: there was no memory for it
 */
bool write_token_json(const char *token, const char *object)
    __attribute__((nonnull(1)));

/** False, and reported: stdout is closed.  It is looked at while there is
 *  nothing to lose yet. */
bool stdout_writable(void);

#endif
