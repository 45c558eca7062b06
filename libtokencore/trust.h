/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that grant access are trusted by what their descriptor says, never by
 * their name: regular, owned by root or the effective user, writable by no
 * one else, and the same for every folder above them (where a sticky one may
 * be writable by all).  A folder's path may have symbolic links of root's and
 * the effective user's; a file may not be one.
 */
#ifndef TC_TRUST_H
#define TC_TRUST_H

#include <sys/stat.h>

#include "tokencore.h"

/* Who may read a file beyond its owner. */
enum tc_readers { TC_WORLD_MAY_READ, TC_GROUP_MAY_READ };

/* Opens a folder and checks it and all above it.  The descriptor, or -1.  real,
 * which may be NULL: the path without links and dots, malloced. */
int tc_trust_dir(const char *path, char **real, struct tc_error *err);

/* The same for one in which files are made.  It may not be writable by others
 * even if it is sticky: what they put there under our names could be neither
 * used nor removed. */
int tc_trust_own_dir(const char *path, struct tc_error *err);

/* Only the links on the way have to be ours; to look for names in. */
int tc_trust_links(const char *path, struct tc_error *err);

/* The check of tc_trust_own_dir() for a folder that is open already and whose
 * path may no longer lead there.  0, or -1. */
int tc_trust_open_dir(int fd, const char *path, struct tc_error *err);

/* Opens name in a folder that was checked; flags such as O_RDONLY.  path is
 * for the message.  The descriptor, or -1 with errno ENOENT only if the file
 * is not there. */
int tc_trust_file(int dir, const char *name, const char *path, int flags,
		  enum tc_readers readers, struct stat *st,
		  struct tc_error *err);

/* Tells whether a file is still the one that was read. */
struct tc_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct tc_stamp tc_stamp_of(const struct stat *st);
int tc_stamp_fits(const struct tc_stamp *stamp, const struct stat *st);

/* Splits into a newly allocated folder and a pointer to the last component
 * of path; NULL when out of memory. */
char *tc_dirname(const char *path, const char **base);

/* "folder/name", newly allocated; NULL when out of memory. */
char *tc_join(const char *folder, const char *name);

/* Reads a whole descriptor, at most max bytes, into memory that ends in NUL
 * and that the caller wipes and frees with OPENSSL_clear_free(*out, *len + 1).
 */
int tc_read_all(int fd, const char *path, size_t max, char **out, size_t *len,
		struct tc_error *err);

/* Writes all of it; 0 or -1 with errno. */
int tc_write_all(int fd, const void *data, size_t len);

/* May a file grow to that size?  Writing behind the process's limit would kill
 * it, and it may be somebody's server. */
int tc_may_write(off_t end);

#endif
