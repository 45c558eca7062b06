/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only door to GDBM.  No locks and no mmap: a reader is told by the state
 * file when to look again (store.h), so it can neither be locked out nor lock
 * anyone out, and a file that shrinks cannot kill it.
 */
#ifndef TC_GDBMFILE_H
#define TC_GDBMFILE_H

#include <stddef.h>

enum tc_gdbm_mode { TC_GDBM_READ, TC_GDBM_WRITE, TC_GDBM_NEW };

struct tc_gdbm;

/* Takes the descriptor, also when it fails.  NULL: see *why. */
struct tc_gdbm *tc_gdbm_open(int fd, enum tc_gdbm_mode mode, const char **why);
/* Writes what is pending, syncs it and closes: 0, or -1 with *why and errno. */
int tc_gdbm_finish(struct tc_gdbm *g, const char **why);
/* For what was read, or is of no use. */
void tc_gdbm_close(struct tc_gdbm *g);

/* 1: found, *value is malloced; 0: GDBM says it is not there; -1: trouble */
int tc_gdbm_fetch(struct tc_gdbm *g, const void *key, size_t key_len,
		  unsigned char **value, size_t *len);
int tc_gdbm_store(struct tc_gdbm *g, const void *key, size_t key_len,
		  const void *value, size_t len);
int tc_gdbm_fd(struct tc_gdbm *g);
const char *tc_gdbm_why(struct tc_gdbm *g);

#endif
