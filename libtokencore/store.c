/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "keep.h"
#include "trust.h"

#define MOVED (-1)

const char *const tc_store_names[TC_STORE_FILES] = {
	[TC_FILE_LEFT] = "left.gdbm",  [TC_FILE_RIGHT] = "right.gdbm",
	[TC_FILE_STATE] = "state",     [TC_FILE_SPARE] = "state.spare",
	[TC_FILE_JOURNAL] = "journal", [TC_FILE_LOCK] = "lock",
	[TC_FILE_LASTUSE] = "lastuse",
};

int
tc_store_init(struct tc_store *s, int dir, const char *path,
	      const struct tc_crypto *crypto)
{
	memset(s, 0, sizeof(*s));
	s->dir = dir;
	s->lastuse = -1;
	s->crypto = crypto;
	s->keep = tc_keep_new();
	if (!s->keep)
		return -1;
	for (int i = 0; i < TC_STORE_FILES; i++) {
		if (asprintf(&s->paths[i], "%s/%s", path, tc_store_names[i]) <
		    0) {
			s->paths[i] = NULL;
			return -1;
		}
	}
	return 0;
}

void
tc_store_close(struct tc_store *s)
{
	tc_keep_free(s->keep);
	if (s->dir >= 0)
		close(s->dir);
	if (s->lastuse >= 0)
		close(s->lastuse);
	for (int i = 0; i < TC_STORE_FILES; i++)
		free(s->paths[i]);
	memset(s, 0, sizeof(*s));
	s->dir = s->lastuse = -1;
}

int
tc_side_open(const struct tc_store *s, enum tc_side side,
	     enum tc_gdbm_mode mode, struct tc_map *m, struct tc_stamp *stamp,
	     struct tc_error *err)
{
	const char *path = s->paths[side];
	const char *why = "";
	struct stat st;
	int fd = tc_trust_file(s->dir, tc_store_names[side], path,
			       mode == TC_GDBM_READ ? O_RDONLY : O_RDWR,
			       TC_GROUP_MAY_READ, &st, err);

	if (fd < 0)
		return err->code;
	if (stamp)
		*stamp = tc_stamp_of(&st);
	m->crypto = s->crypto;
	m->file = tc_gdbm_open(fd, mode, &why);
	if (!m->file)
		return tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", path, why);
	return TC_OK;
}

static int
read_text(const struct tc_store *s, struct tc_view *v, struct tc_error *err)
{
	const char *path = s->paths[TC_FILE_STATE];
	struct stat st;
	ssize_t n;
	int fd = tc_trust_file(s->dir, tc_store_names[TC_FILE_STATE], path,
			       O_RDONLY, TC_GROUP_MAY_READ, &st, err);

	v->len = 0;
	if (fd < 0)
		return err->code;
	n = pread(fd, v->text, sizeof(v->text), 0);
	close(fd);
	if (n < 0)
		return tc_fail_errno(err, "%s", path);
	v->stamp = tc_stamp_of(&st);
	v->len = (size_t)n;
	return TC_OK;
}

static int
read_state(const struct tc_store *s, struct tc_view *v, struct tc_error *err)
{
	const char *path = s->paths[TC_FILE_STATE];
	int rc = read_text(s, v, err);

	if (rc == TC_OK && tc_state_read(s->crypto, v->text, v->len, &v->state))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: is damaged", path);
	return rc;
}

/* An inode's number comes again, and two commits in one tick of the clock have
 * the same times: but what is in it differs. */
int
tc_state_moved(const struct tc_store *s, const struct tc_view *v)
{
	struct tc_view now;
	struct tc_error unused;

	return read_text(s, &now, &unused) ||
	       memcmp(&now.stamp, &v->stamp, sizeof(now.stamp)) != 0 ||
	       now.len != v->len || memcmp(now.text, v->text, v->len) != 0;
}

/* A commit that failed, which we read before it was in force, and the next one,
 * if they are of one tick, may have the same state file; but never the same
 * data file.  Looked at last: ours has no name any more before that commit is
 * in force. */
int
tc_view_moved(const struct tc_store *s, const struct tc_view *v)
{
	struct stat st;

	return tc_state_moved(s, v) ||
	       fstatat(s->dir, tc_store_names[v->state.side], &st,
		       AT_SYMLINK_NOFOLLOW) ||
	       st.st_dev != v->data_stamp.dev || st.st_ino != v->data_stamp.ino;
}

static int
same_head(const struct tc_head *a, const struct tc_head *b)
{
	struct tc_writer wa = { 0 }, wb = { 0 };
	int same;

	tc_head_write(&wa, a);
	tc_head_write(&wb, b);
	same = !wa.bad && !wb.bad && wa.len == wb.len &&
	       memcmp(wa.data, wb.data, wa.len) == 0;
	tc_writer_free(&wa);
	tc_writer_free(&wb);
	return same;
}

int
tc_view_open(const struct tc_store *s, struct tc_view *v, struct tc_error *err)
{
	struct tc_head inside;
	int rc;

	memset(v, 0, sizeof(*v));
	rc = read_state(s, v, err);
	if (rc == TC_OK)
		rc = tc_side_open(s, v->state.side, TC_GDBM_READ, &v->map,
				  &v->data_stamp, err);
	v->map.head = &v->state.head;
	if (rc == TC_OK && tc_map_get_head(&v->map, &inside))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s",
			     s->paths[v->state.side], v->map.why);
	else if (rc == TC_OK && !same_head(&inside, &v->state.head))
		rc = tc_fail(err, TC_E_UNAVAILABLE,
			     "%s: is not of the commit that %s names",
			     s->paths[v->state.side],
			     tc_store_names[TC_FILE_STATE]);
	if (rc == TC_OK)
		return TC_OK;
	/* What went wrong may be that a writer was already at this file. */
	if (v->len > 0 && tc_state_moved(s, v))
		rc = MOVED;
	tc_view_close(v);
	return rc;
}

int
tc_view_open_still(const struct tc_view *v)
{
	struct stat st;

	if (fstat(tc_gdbm_fd(v->map.file), &st))
		return errno != EBADF;
	return st.st_dev == v->data_stamp.dev && st.st_ino == v->data_stamp.ino;
}

/* What is not ours any more is not ours to close; GDBM frees nothing without
 * closing, so its memory stays. */
void
tc_view_close(struct tc_view *v)
{
	if (v->map.file && tc_view_open_still(v))
		tc_gdbm_close(v->map.file);
	v->map.file = NULL;
}

void
tc_lookup_free(struct tc_lookup *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(items[i].value);
		items[i].value = NULL;
		items[i].found = 0;
	}
}

/* What is no token is a mark.  Where the head counts none, its page need not be
 * looked at; the head is as whole as a page has to be. */
static int
fetch(struct tc_view *v, struct tc_lookup *item)
{
	const struct tc_head *head = &v->state.head;

	if (item->key[0] != 't' && head->items == head->tokens)
		return 0;
	return tc_map_get_alike(&v->map, item->key, item->key_len,
				item->usual_len, &item->value, &item->len);
}

static int
fetch_all(const struct tc_store *s, struct tc_view *v, struct tc_lookup *items,
	  size_t n, struct tc_error *err)
{
	for (size_t i = 0; i < n; i++) {
		items[i].file = v->data_stamp;
		items[i].found = fetch(v, &items[i]);
		if (items[i].found < 0)
			return tc_fail(err, TC_E_UNAVAILABLE, "%s: %s",
				       s->paths[v->state.side], v->map.why);
	}
	return TC_OK;
}

/* Gives the view back, to be kept if all went well. */
static int
done(const struct tc_store *s, struct tc_view *v, int rc,
     struct tc_lookup *items, size_t n, struct tc_head *head)
{
	*head = v->state.head;
	if (rc == TC_OK) {
		tc_keep_give(s->keep, v);
		return rc;
	}
	tc_lookup_free(items, n);
	tc_view_close(v);
	free(v);
	return rc;
}

typedef int holds_fn(const struct tc_store *s, const struct tc_view *v);

/* Whatever is wrong with a view that was kept, a new one will tell. */
static int
read_kept(const struct tc_store *s, struct tc_lookup *items, size_t n,
	  struct tc_head *head, holds_fn *holds)
{
	struct tc_view *v = tc_keep_take(s);
	struct tc_error unused;
	int good;

	if (!v)
		return MOVED;
	good = fetch_all(s, v, items, n, &unused) == TC_OK && holds(s, v);
	return done(s, v, good ? TC_OK : MOVED, items, n, head);
}

static int
read_once(const struct tc_store *s, struct tc_lookup *items, size_t n,
	  struct tc_head *head, struct tc_error *err)
{
	struct tc_view *v = malloc(sizeof(*v));
	int rc;

	if (!v)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	rc = tc_view_open(s, v, err);
	if (rc != TC_OK) {
		free(v);
		return rc;
	}
	rc = fetch_all(s, v, items, n, err);
	if (tc_view_moved(s, v))
		rc = MOVED;
	return done(s, v, rc, items, n, head);
}

int
tc_store_restless(const struct tc_store *s, struct tc_error *err)
{
	return tc_fail(err, TC_E_UNAVAILABLE, "%s: does not come to rest",
		       s->paths[TC_FILE_STATE]);
}

int
tc_store_read(const struct tc_store *s, struct tc_lookup *items, size_t n,
	      struct tc_head *head, struct tc_error *err)
{
	for (size_t i = 0; i < n; i++)
		items[i].value = NULL;
	if (read_kept(s, items, n, head, tc_keep_holds) == TC_OK)
		return TC_OK;
	for (int i = 0; i < TC_STORE_TRIES; i++) {
		int rc = read_once(s, items, n, head, err);

		if (rc != MOVED)
			return rc;
	}
	return tc_store_restless(s, err);
}

int
tc_store_glance(const struct tc_store *s, struct tc_lookup *item,
		struct tc_head *head, struct tc_error *err)
{
	return read_kept(s, item, 1, head, tc_keep_seems) == TC_OK
		   ? TC_OK
		   : tc_store_read(s, item, 1, head, err);
}

void
tc_key_token(struct tc_lookup *item, const unsigned char id[15])
{
	item->key[0] = 't';
	memcpy(item->key + 1, id, 15);
	item->key_len = 16;
}

void
tc_key_user(struct tc_lookup *item, const char *user)
{
	size_t len = strnlen(user, TC_USER_MAX);

	item->key[0] = 'u';
	memcpy(item->key + 1, user, len);
	item->key_len = len + 1;
}
