/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "standby.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "error.h"
#include "journal.h"
#include "newfile.h"
#include "trust.h"

#define COPY_BYTES ((size_t)1 << 20)
#define LOOK_PAGES 8 /* of the standby, at each commit */

static enum tc_side
other(enum tc_side side)
{
	return side == TC_LEFT ? TC_RIGHT : TC_LEFT;
}

static int
nothing(void *arg, const unsigned char *key, size_t key_len,
	const unsigned char *value, size_t len)
{
	(void)arg;
	(void)key;
	(void)key_len;
	(void)value;
	(void)len;
	return 0;
}

/* A commit touches few pages.  Damage in the others would become current with
 * it, so a few are looked at each time, in turn. */
static int
some_pages_whole(struct tc_map *m)
{
	uint32_t pages = m->head->pages;

	for (uint32_t i = 0; i < LOOK_PAGES && i < pages; i++) {
		/* One file sees every second commit. */
		uint32_t page =
		    (uint32_t)((m->head->seq / 2 * LOOK_PAGES + i) % pages);

		if (tc_map_page(m, page, nothing, NULL))
			return 0;
	}
	return 1;
}

static enum tc_standby
standing_of(struct tc_gdbm *file, const struct tc_store *s,
	    const struct tc_head *current)
{
	struct tc_head head;
	struct tc_map m = { .file = file, .crypto = s->crypto, .head = &head };

	if (tc_map_get_head(&m, &head) || !some_pages_whole(&m) ||
	    memcmp(head.store_id, current->store_id, TC_STORE_ID_LEN) != 0)
		return TC_STANDBY_UNUSABLE;
	if (head.seq == current->seq)
		return TC_STANDBY_EVEN;
	return head.seq + 1 == current->seq ? TC_STANDBY_BEHIND
					    : TC_STANDBY_UNUSABLE;
}

static int
open_standby(const struct tc_store *s, enum tc_side side, int flags,
	     struct stat *st, struct tc_error *err)
{
	return tc_trust_file(s->dir, tc_store_names[side], s->paths[side],
			     flags, TC_GROUP_MAY_READ, st, err);
}

int
tc_standby_look(const struct tc_store *s, const struct tc_state_file *state,
		enum tc_gdbm_mode mode, enum tc_standby *standing,
		struct tc_gdbm **file, struct tc_error *err)
{
	enum tc_side side = other(state->side);
	enum tc_gdbm_mode opened = mode;
	const char *why;
	struct stat st;
	int fd;

	*file = NULL;
	*standing = TC_STANDBY_UNUSABLE;
	fd = open_standby(s, side, mode == TC_GDBM_READ ? O_RDONLY : O_RDWR,
			  &st, err);
	/* Whoever may not write to it may make it anew, unless it is not one
	 * to be trusted. */
	if (fd < 0 && errno == EACCES && mode != TC_GDBM_READ) {
		opened = TC_GDBM_READ;
		fd = open_standby(s, side, O_RDONLY, &st, err);
	}
	if (fd < 0)
		return errno == ENOENT ? TC_OK : err->code;
	/* Another name for it is a copy that somebody made in no time: what is
	 * written to ours would change that, too. */
	if (st.st_nlink > 1) {
		close(fd);
		return TC_OK;
	}
	*file = tc_gdbm_open(fd, opened, &why);
	if (*file)
		*standing = standing_of(*file, s, &state->head);
	if (*standing == TC_STANDBY_UNUSABLE || opened != mode) {
		tc_gdbm_close(*file);
		*file = NULL;
	}
	return TC_OK;
}

int
tc_standby_still(const struct tc_store *s, enum tc_side side,
		 struct tc_gdbm *file)
{
	struct stat open, named;

	return fstat(tc_gdbm_fd(file), &open) == 0 && open.st_nlink == 1 &&
	       fstatat(s->dir, tc_store_names[side], &named,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

static int
copy_bytes(int from, int to)
{
	char *block = OPENSSL_malloc(COPY_BYTES);
	ssize_t n = block ? 1 : -1;

	while (n > 0) {
		n = read(from, block, COPY_BYTES);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0 && tc_write_all(to, block, (size_t)n))
			n = -1;
	}
	OPENSSL_free(block);
	return n < 0 ? -1 : 0;
}

static int
publish(const struct tc_store *s, enum tc_side side, int rc,
	struct tc_error *err)
{
	if (rc == TC_OK)
		return tc_new_publish(s->dir, tc_store_names[side], NULL, err);
	tc_new_abandon(s->dir, tc_store_names[side]);
	return rc;
}

int
tc_standby_copy(const struct tc_store *s, enum tc_side current,
		struct tc_error *err)
{
	enum tc_side side = other(current);
	struct stat st;
	int rc = TC_OK, to, from;

	from = tc_trust_file(s->dir, tc_store_names[current], s->paths[current],
			     O_RDONLY, TC_GROUP_MAY_READ, &st, err);
	if (from < 0)
		return err->code;
	to = tc_new_begin(s->dir, tc_store_names[side], err);
	if (to < 0) {
		close(from);
		return err->code;
	}
	if (copy_bytes(from, to))
		rc = tc_fail_errno(err, "%s", s->paths[side]);
	if (rc == TC_OK)
		rc = tc_new_sync(to, 0640, err);
	close(from);
	close(to);
	return publish(s, side, rc, err);
}

int
tc_standby_rewrite(const struct tc_store *s, enum tc_side current,
		   struct tc_map *map, struct tc_error *err)
{
	enum tc_side side = other(current);
	struct tc_map to = { .crypto = s->crypto, .head = map->head };
	const char *why = "";
	int rc = TC_OK, fd = tc_new_begin(s->dir, tc_store_names[side], err);

	if (fd < 0)
		return err->code;
	if (fchmod(fd, 0640))
		rc = tc_fail_errno(err, "%s", s->paths[side]);
	to.file = tc_gdbm_open(fd, TC_GDBM_NEW, &why);
	if (!to.file)
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", s->paths[side],
			     why);
	if (rc == TC_OK && tc_map_copy(map, &to))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s",
			     s->paths[map->why ? current : side],
			     map->why ? map->why : to.why);
	if (rc != TC_OK)
		tc_gdbm_close(to.file);
	else if (tc_gdbm_finish(to.file, &why))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s", s->paths[side],
			     why);
	return publish(s, side, rc, err);
}

int
tc_standby_apply(const struct tc_store *s, enum tc_side side,
		 struct tc_gdbm *file, const struct tc_entries *entries,
		 struct tc_head *head, struct tc_error *err)
{
	struct tc_held held = { .bytes = 0 };
	struct tc_map m = {
		.crypto = s->crypto, .file = file, .head = head, .held = &held
	};
	int rc =
	    file ? TC_OK : tc_side_open(s, side, TC_GDBM_WRITE, &m, NULL, err);

	if (rc != TC_OK)
		return rc;
	errno = 0;
	rc = tc_map_get_head(&m, head);
	for (unsigned i = 0; rc == 0 && i < entries->n; i++)
		rc = tc_entry_apply(&m, entries->data[i], entries->len[i]);
	if (rc == 0)
		rc = tc_map_put_head(&m);
	if (rc == 0) {
		rc = tc_gdbm_finish(m.file, &m.why);
		m.file = NULL;
	}
	if (rc)
		rc = tc_fail(err, TC_E_UNAVAILABLE, "%s: %s%s%s",
			     s->paths[side], m.why, errno ? ": " : "",
			     errno ? strerror(errno) : "");
	tc_held_free(&held);
	tc_gdbm_close(m.file);
	return rc;
}
