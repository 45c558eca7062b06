/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that appear whole or not at all: written beside the old one as
 * NAME.tmp, synced, renamed over it, the folder synced.
 */
#ifndef TC_NEWFILE_H
#define TC_NEWFILE_H

#include <sys/types.h>

#include "tokencore.h"

/* Makes NAME.tmp with mode 0600, in place of what an unclean stop left there;
 * the descriptor is open for reading and writing.  -1 with the reason. */
int tc_new_begin(int dir, const char *name, struct tc_error *err);

/* Gives fd its mode and syncs it. */
int tc_new_sync(int fd, mode_t mode, struct tc_error *err);

/* Renames NAME.tmp to NAME, or removes it, and syncs the folder.  renamed is
 * for a file that puts a change in force: *renamed tells whether it is, and so
 * does the error.  NULL: for any other. */
int tc_new_publish(int dir, const char *name, int *renamed,
		   struct tc_error *err);

/* Removes NAME.tmp. */
void tc_new_abandon(int dir, const char *name);

/* All of it for a file of a few bytes. */
int tc_new_file(int dir, const char *name, mode_t mode, const void *data,
		size_t len, struct tc_error *err);

#endif
