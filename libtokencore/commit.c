/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "commit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "error.h"
#include "journal.h"
#include "lastuse.h"
#include "lock.h"
#include "newfile.h"
#include "spare.h"
#include "standby.h"
#include "trust.h"

#define JOURNAL_MAX ((uint64_t)4 << 20) /* begun anew when it is longer */
#define ENTRY_MAX ((size_t)64 << 20)

struct tc_txn {
	const struct tc_store *s;
	int lock_fd, journal_fd; /* journal -1: has to be begun anew */
	struct tc_view now;
	struct tc_writer entry; /* what this commit does */
	unsigned char *previous; /* the entry the standby has not seen */
	size_t previous_len;
	enum tc_standby standby;
	struct tc_gdbm *standby_file; /* NULL: not open */
	int touched, begun_anew; /* what undo() has to know */
	int copied; /* the standby, a moment ago */
};

static void
txn_free(struct tc_txn *t)
{
	tc_view_close(&t->now);
	tc_gdbm_close(t->standby_file);
	tc_writer_free(&t->entry);
	OPENSSL_free(t->previous);
	if (t->journal_fd >= 0)
		close(t->journal_fd);
	if (t->lock_fd >= 0)
		close(t->lock_fd);
	OPENSSL_free(t);
}

/* Is it this store's? */
static int
journal_ours(const struct tc_txn *t)
{
	unsigned char start[TC_JOURNAL_START], ours[TC_JOURNAL_START];

	tc_journal_start(ours, t->now.state.head.store_id);
	return pread(t->journal_fd, start, sizeof(start), 0) ==
		   (ssize_t)sizeof(start) &&
	       memcmp(start, ours, sizeof(ours)) == 0;
}

/* Is its last entry the last commit?  One that was begun anew by a commit
 * that died may by chance have the right length. */
static int
journal_current(const struct tc_txn *t)
{
	const struct tc_state_file *state = &t->now.state;
	unsigned char seq[8];
	struct tc_reader r = { seq, seq + sizeof(seq), 0 };

	if (state->journal_last == state->journal_len)
		return state->journal_len == TC_JOURNAL_START;
	return pread(t->journal_fd, seq, sizeof(seq),
		     (off_t)state->journal_last + 4) == (ssize_t)sizeof(seq) &&
	       tc_get(&r, 8) == state->head.seq;
}

/* Closes a journal that cannot vouch for the standby, or that has another name,
 * under which somebody keeps a copy. */
static int
journal_clean(struct tc_txn *t, const struct stat *st)
{
	if (st->st_nlink == 1 &&
	    (uint64_t)st->st_size == t->now.state.journal_len &&
	    journal_ours(t) && journal_current(t))
		return 1;
	close(t->journal_fd);
	t->journal_fd = -1;
	return 0;
}

/* The last commit's entry, for a standby that is behind. */
static int
read_previous(struct tc_txn *t)
{
	const struct tc_state_file *state = &t->now.state;
	size_t len;

	if (state->journal_last < TC_JOURNAL_START ||
	    state->journal_last >= state->journal_len ||
	    state->journal_len - state->journal_last > ENTRY_MAX)
		return -1;
	len = (size_t)(state->journal_len - state->journal_last);
	t->previous = OPENSSL_malloc(len);
	if (!t->previous || pread(t->journal_fd, t->previous, len,
				  (off_t)state->journal_last) != (ssize_t)len)
		return -1;
	t->previous_len = len;
	return tc_digest_fits(t->s->crypto, t->previous, len) ? 0 : -1;
}

/* What an unclean stop left behind is found here and mended in prepare(). */
static int
look_around(struct tc_txn *t, struct tc_error *err)
{
	const char *path = t->s->paths[TC_FILE_JOURNAL];
	struct stat st;
	int rc;

	t->journal_fd =
	    tc_trust_file(t->s->dir, tc_store_names[TC_FILE_JOURNAL], path,
			  O_RDWR, TC_GROUP_MAY_READ, &st, err);
	if (t->journal_fd < 0 && errno != ENOENT)
		return err->code;
	rc = tc_standby_look(t->s, &t->now.state, TC_GDBM_WRITE, &t->standby,
			     &t->standby_file, err);
	if (rc != TC_OK)
		return rc;
	if (t->journal_fd < 0 || !journal_clean(t, &st))
		t->standby = TC_STANDBY_UNUSABLE;
	if (t->standby == TC_STANDBY_BEHIND && read_previous(t))
		t->standby = TC_STANDBY_UNUSABLE;
	return TC_OK;
}

int
tc_txn_begin(const struct tc_store *s, struct tc_txn **txn,
	     struct tc_error *err)
{
	struct tc_txn *t = OPENSSL_zalloc(sizeof(*t));
	int rc;

	*txn = NULL;
	if (!t)
		return tc_fail(err, TC_E_NOMEM, "out of memory");
	t->s = s;
	t->lock_fd = t->journal_fd = -1;
	t->lock_fd = tc_lock_take(s, err);
	rc = t->lock_fd < 0 ? err->code : TC_OK;
	if (rc == TC_OK)
		rc = tc_view_open(s, &t->now, err);
	/* The writer before may have died between rename and sync: what is
	 * current now has to be so on disk before anything rests on it. */
	if (rc == TC_OK && !tc_lock_noted(t->lock_fd, &t->now) && fsync(s->dir))
		rc = tc_fail_errno(err, "%s", s->paths[TC_FILE_STATE]);
	if (rc == TC_OK)
		rc = look_around(t, err);
	if (rc != TC_OK) {
		txn_free(t);
		return rc < 0 ? tc_fail(err, TC_E_UNAVAILABLE,
					"%s: changed under the lock",
					s->paths[TC_FILE_STATE])
			      : rc;
	}
	tc_entry_begin(&t->entry, t->now.state.head.seq + 1);
	*txn = t;
	return TC_OK;
}

void
tc_txn_end(struct tc_txn *t)
{
	if (t)
		txn_free(t);
}

struct tc_map *
tc_txn_map(struct tc_txn *t)
{
	return &t->now.map;
}

const char *
tc_txn_path(struct tc_txn *t)
{
	return t->s->paths[t->now.state.side];
}

void
tc_txn_put(struct tc_txn *t, const struct tc_lookup *key, const void *value,
	   size_t len)
{
	tc_entry_op(&t->entry, TC_OP_PUT, key->key, key->key_len, value, len);
}

static void
mark(struct tc_txn *t, enum tc_op op, const void *key, size_t key_len,
     int64_t before)
{
	unsigned char value[8];

	for (int i = 0; i < 8; i++)
		value[i] = (unsigned char)((uint64_t)before >> (56 - 8 * i));
	tc_entry_op(&t->entry, op, key, key_len, value, sizeof(value));
}

void
tc_txn_mark_key(struct tc_txn *t, unsigned kid, int64_t before)
{
	unsigned char key[2] = { (unsigned char)(kid >> 8),
				 (unsigned char)kid };

	mark(t, TC_OP_MARK_KEY, key, sizeof(key), before);
}

void
tc_txn_mark_all(struct tc_txn *t, int64_t before)
{
	mark(t, TC_OP_MARK_ALL, "", 0, before);
}

int
tc_txn_puts(struct tc_txn *t, tc_item_fn *fn, void *arg)
{
	return tc_entry_puts(t->entry.data, t->entry.len, fn, arg);
}

static enum tc_side
standby_side(const struct tc_txn *t)
{
	return t->now.state.side == TC_LEFT ? TC_RIGHT : TC_LEFT;
}

/* The standby that was opened is not the one that goes on. */
static void
leave_standby(struct tc_txn *t)
{
	tc_gdbm_close(t->standby_file);
	t->standby_file = NULL;
}

/* The standby gets a new file: whoever finds that but no word of a sync has to
 * sync the folder before it becomes current. */
static int
forget_note(struct tc_txn *t, struct tc_error *err)
{
	return tc_lock_forget(t->lock_fd)
		   ? tc_fail_errno(err, "%s", t->s->paths[TC_FILE_LOCK])
		   : TC_OK;
}

static int
rebuild(struct tc_txn *t, struct tc_error *err)
{
	int rc = forget_note(t, err);

	leave_standby(t);
	if (rc == TC_OK)
		rc = tc_standby_copy(t->s, t->now.state.side, err);
	if (rc == TC_OK) {
		t->standby = TC_STANDBY_EVEN;
		t->copied = 1;
	}
	return rc;
}

int
tc_txn_compact(struct tc_txn *t, struct tc_error *err)
{
	int rc = forget_note(t, err);

	if (rc == TC_OK)
		rc = tc_standby_rewrite(t->s, t->now.state.side, &t->now.map,
					err);
	if (rc != TC_OK)
		return rc;
	leave_standby(t);
	t->standby = TC_STANDBY_EVEN;
	t->copied = 1;
	if (t->journal_fd >= 0)
		close(t->journal_fd);
	t->journal_fd = -1;
	return TC_OK;
}

/* A journal that holds only what the next writer may need. */
static int
begin_journal(struct tc_txn *t, struct tc_state_file *next,
	      struct tc_error *err)
{
	const char *name = tc_store_names[TC_FILE_JOURNAL];
	unsigned char start[TC_JOURNAL_START];
	struct tc_writer w = { 0 };
	int rc;

	tc_journal_start(start, t->now.state.head.store_id);
	tc_put_bytes(&w, start, sizeof(start));
	next->journal_last = w.len;
	tc_put_bytes(&w, t->entry.data, t->entry.len);
	next->journal_len = w.len;
	t->begun_anew = 1;
	rc = w.bad ? tc_fail(err, TC_E_NOMEM, "out of memory")
		   : tc_new_file(t->s->dir, name, 0640, w.data, w.len, err);
	tc_writer_free(&w);
	return rc;
}

static int
append_journal(struct tc_txn *t, struct tc_state_file *next,
	       struct tc_error *err)
{
	uint64_t at = t->now.state.journal_len;

	if (t->journal_fd < 0 || at > JOURNAL_MAX)
		return begin_journal(t, next, err);
	next->journal_last = at;
	next->journal_len = at + t->entry.len;
	if (lseek(t->journal_fd, (off_t)at, SEEK_SET) < 0 ||
	    tc_write_all(t->journal_fd, t->entry.data, t->entry.len) ||
	    fdatasync(t->journal_fd))
		return tc_fail_errno(err, "%s", t->s->paths[TC_FILE_JOURNAL]);
	return TC_OK;
}

static int
apply(struct tc_txn *t, struct tc_head *head, struct tc_error *err)
{
	struct tc_entries entries = { .n = 0 };
	struct tc_gdbm *file = t->standby_file;

	if (t->standby == TC_STANDBY_BEHIND) {
		entries.data[entries.n] = t->previous;
		entries.len[entries.n++] = t->previous_len;
	}
	entries.data[entries.n] = t->entry.data;
	entries.len[entries.n++] = t->entry.len;
	t->touched = 1;
	t->standby_file = NULL;
	return tc_standby_apply(t->s, standby_side(t), file, &entries, head,
				err);
}

/* A standby whose damage shows only now is made anew once. */
static int
update_standby(struct tc_txn *t, struct tc_head *head, struct tc_error *err)
{
	int rc = TC_OK;

	if (t->standby_file &&
	    !tc_standby_still(t->s, standby_side(t), t->standby_file))
		rc = rebuild(t, err);
	if (rc == TC_OK)
		rc = apply(t, head, err);
	if (rc == TC_OK || errno == ENOSPC || errno == EDQUOT)
		return rc;
	if (t->copied)
		return rc;
	rc = rebuild(t, err);
	return rc == TC_OK ? apply(t, head, err) : rc;
}

/* Nothing of a commit that failed may show later.  The standby goes first:
 * a journal of the right length vouches for it. */
static void
undo(struct tc_txn *t)
{
	const struct tc_store *s = t->s;

	if (t->touched &&
	    ((unlinkat(s->dir, tc_store_names[standby_side(t)], 0) &&
	      errno != ENOENT) ||
	     fsync(s->dir)))
		return; /* the long journal says "unclean" instead */
	if (t->journal_fd >= 0 && !t->begun_anew &&
	    ftruncate(t->journal_fd, (off_t)t->now.state.journal_len) == 0)
		(void)fdatasync(t->journal_fd);
}

/* Everything up to the moment of no return. */
static int
prepare(struct tc_txn *t, struct tc_state_file *next, struct tc_error *err)
{
	int rc = TC_OK;

	if (t->standby == TC_STANDBY_UNUSABLE)
		rc = rebuild(t, err);
	if (rc == TC_OK)
		rc = append_journal(t, next, err);
	if (rc == TC_OK)
		rc = update_standby(t, &next->head, err);
	next->side = standby_side(t);
	return rc == TC_OK ? tc_spare_write(t->s, next, err) : rc;
}

int
tc_txn_commit(struct tc_txn *t, int64_t now,
	      int (*hook)(void *arg, struct tc_error *err), void *arg,
	      struct tc_error *err)
{
	struct tc_state_file next;
	int rc = TC_OK, renamed = 0;

	memset(&next, 0, sizeof(next));
	tc_entry_time(&t->entry, now);
	tc_entry_end(t->s->crypto, &t->entry);
	if (t->entry.bad || t->entry.len > ENTRY_MAX)
		rc = tc_fail(err, TC_E_NOMEM, "too much for one commit");
	if (rc == TC_OK)
		rc = prepare(t, &next, err);
	if (rc == TC_OK && hook)
		rc = hook(arg, err);
	if (rc == TC_OK)
		rc = tc_spare_publish(t->s, &renamed, err);
	if (rc != TC_OK && !renamed)
		undo(t);
	if (rc == TC_OK) {
		tc_lock_note(t->lock_fd, t->s, next.head.seq);
		tc_lastuse_fit(t->s, next.head.tokens);
	}
	close(t->lock_fd);
	t->lock_fd = -1;
	return rc;
}
