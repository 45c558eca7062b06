/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store: two data files, left and right, and a state file that names the
 * current one.  Nothing ever writes to the current file; the one writer brings
 * the other up to date and then replaces the state file (commit.h).  A reader
 * takes no lock: it looks whether the state file is still the same one after
 * it has read, and starts over if not.
 */
#ifndef TC_STORE_H
#define TC_STORE_H

#include "pages.h"
#include "tokencore.h"
#include "trust.h"

enum tc_store_file {
	TC_FILE_LEFT, /* same order as enum tc_side */
	TC_FILE_RIGHT,
	TC_FILE_STATE,
	TC_FILE_SPARE, /* see spare.h */
	TC_FILE_JOURNAL,
	TC_FILE_LOCK,
	TC_FILE_LASTUSE, /* see lastuse.h */
	TC_STORE_FILES
};

extern const char *const tc_store_names[TC_STORE_FILES];

struct tc_store {
	int dir;
	int lastuse; /* -1: not open; see lastuse.h */
	const struct tc_crypto *crypto;
	char *paths[TC_STORE_FILES]; /* for messages */
	struct tc_keep *keep; /* see keep.h */
};

/* Takes the descriptor.  0, or -1 when out of memory. */
int tc_store_init(struct tc_store *s, int dir, const char *path,
		  const struct tc_crypto *crypto);
void tc_store_close(struct tc_store *s);

/* One item to be looked up. */
struct tc_lookup {
	unsigned char key[TC_ITEM_KEY_MAX];
	size_t key_len;
	int found; /* 1 or 0, set by tc_store_read() */
	unsigned char *value; /* malloced if found */
	size_t len;
	size_t usual_len; /* of tc_map_get_alike(); 0: does not matter */
	struct tc_stamp file; /* of the data file it was looked for in */
};

/* Looks all of them up in one commit's state.  After a failure nothing is
 * allocated.  TC_OK, or TC_E_UNAVAILABLE and the like. */
int tc_store_read(const struct tc_store *s, struct tc_lookup *items, size_t n,
		  struct tc_head *head, struct tc_error *err);
void tc_lookup_free(struct tc_lookup *items, size_t n);
/* The same of one item, for who reads once more from the same data file before
 * anything rests on it: tc_keep_seems() has to do.  item->value is NULL
 * before. */
int tc_store_glance(const struct tc_store *s, struct tc_lookup *item,
		    struct tc_head *head, struct tc_error *err);

/* A commit takes a millisecond and a lookup some microseconds: a reader that
 * was overtaken that often gives up, with this failure. */
#define TC_STORE_TRIES 1000
int tc_store_restless(const struct tc_store *s, struct tc_error *err);

/* A state file that was read, and the data file it names.  The state file is
 * not kept open: whoever closes a replaced one last waits until the disk has
 * taken it away, and that would be a login. */
struct tc_view {
	unsigned char text[TC_HEAD_MAX]; /* of the state file */
	size_t len;
	struct tc_stamp stamp, data_stamp; /* of the two files */
	struct tc_state_file state;
	struct tc_map map;
	uint64_t process; /* see keep.c */
};

/* TC_OK; -1 when the state moved meanwhile: try again; or a failure. */
int tc_view_open(const struct tc_store *s, struct tc_view *v,
		 struct tc_error *err);
void tc_view_close(struct tc_view *v);
/* Does the data file's descriptor still lead there?  Some hosts close whatever
 * they do not know, and what they opened since may have its number. */
int tc_view_open_still(const struct tc_view *v);
/* Is it not what is in force?  Asks for both files by their names, for the state
 * file with every check of its owner and mode. */
int tc_view_moved(const struct tc_store *s, const struct tc_view *v);
/* The same of a view that was in force before: the state file alone tells. */
int tc_state_moved(const struct tc_store *s, const struct tc_view *v);
/* stamp: of the file as it was opened; or NULL. */
int tc_side_open(const struct tc_store *s, enum tc_side side,
		 enum tc_gdbm_mode mode, struct tc_map *m,
		 struct tc_stamp *stamp, struct tc_error *err);

/* The keys of items. */
void tc_key_token(struct tc_lookup *item, const unsigned char id[15]);
void tc_key_user(struct tc_lookup *item, const char *user);

#endif
