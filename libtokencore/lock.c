/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "error.h"
#include "trust.h"

#define LOCK_WAIT_MS 10000

/* flock() that gives up; a writer may be stopped while it has the lock. */
static int
wait_for_lock(int fd, const char *path, struct tc_error *err)
{
	const struct timespec nap = { .tv_nsec = 2000000 };

	for (int waited = 0; waited < LOCK_WAIT_MS; waited += 2) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return TC_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return tc_fail_errno(err, "%s", path);
		nanosleep(&nap, NULL);
	}
	return tc_fail(err, TC_E_UNAVAILABLE,
		       "%s: another change has held "
		       "it for %d seconds",
		       path, LOCK_WAIT_MS / 1000);
}

/* Could others hold it, or is it gone by now? */
static int
check(int fd, const char *path, struct tc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_nlink == 0)
		return tc_fail(err, TC_E_UNAVAILABLE, "%s: was taken away",
			       path);
	if (st.st_mode & 077)
		return tc_fail(err, TC_E_UNAVAILABLE,
			       "%s: others could hold it and stop every "
			       "change (chmod 600)",
			       path);
	return TC_OK;
}

int
tc_lock_take(const struct tc_store *s, struct tc_error *err)
{
	const char *name = tc_store_names[TC_FILE_LOCK];
	const char *path = s->paths[TC_FILE_LOCK];
	struct stat st;
	int rc, fd;

	/* Made with the mode that keeps readers from locking writers out. */
	fd = openat(s->dir, name,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		    0600);
	if (fd < 0) {
		tc_fail_errno(err, "%s", path);
		return -1;
	}
	close(fd);
	fd = tc_trust_file(s->dir, name, path, O_RDWR, TC_GROUP_MAY_READ, &st,
			   err);
	if (fd < 0)
		return -1;
	/* Before, since others may hold it for ever; and after, since it may
	 * have gone meanwhile. */
	rc = check(fd, path, err);
	if (rc == TC_OK)
		rc = wait_for_lock(fd, path, err);
	if (rc == TC_OK)
		rc = check(fd, path, err);
	if (rc == TC_OK)
		return fd;
	close(fd);
	return -1;
}

/* Another commit, another file, or the same under its name again, is another
 * note. */
static void
put_note(struct tc_writer *w, uint64_t seq, const struct tc_stamp *state)
{
	tc_put_bytes(w, "TCL1", 4);
	tc_put(w, seq, 8);
	tc_put(w, (uint64_t)state->dev, 8);
	tc_put(w, (uint64_t)state->ino, 8);
	tc_put(w, (uint64_t)state->ctime.tv_sec, 8);
	tc_put(w, (uint64_t)state->ctime.tv_nsec, 4);
}

void
tc_lock_note(int lock_fd, const struct tc_store *s, uint64_t seq)
{
	struct tc_writer w = { 0 };
	struct tc_stamp state;
	struct stat st;

	if (fstatat(s->dir, tc_store_names[TC_FILE_STATE], &st,
		    AT_SYMLINK_NOFOLLOW))
		return;
	state = tc_stamp_of(&st);
	put_note(&w, seq, &state);
	if (!w.bad)
		(void)!pwrite(lock_fd, w.data, w.len, 0);
	tc_writer_free(&w);
}

int
tc_lock_forget(int lock_fd)
{
	return ftruncate(lock_fd, 0);
}

int
tc_lock_noted(int lock_fd, const struct tc_view *v)
{
	struct tc_writer w = { 0 };
	unsigned char note[64];
	ssize_t n = pread(lock_fd, note, sizeof(note), 0);
	int noted;

	put_note(&w, v->state.head.seq, &v->stamp);
	noted =
	    !w.bad && n == (ssize_t)w.len && memcmp(note, w.data, w.len) == 0;
	tc_writer_free(&w);
	return noted;
}
