/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "error.h"
#include "trust.h"

#define MODE 0640

/* Has it an access control list of that kind, or may it have one? */
static int
has_list(int fd, const char *kind)
{
	return fgetxattr(fd, kind, NULL, 0) >= 0 ||
	       (errno != ENODATA && errno != EOPNOTSUPP);
}

/* Is it what a new file would be?  One with another name would change under
 * that as well; and what the folder's list gives to its new files, the mode
 * does not tell. */
static int
is_as_new(const struct tc_store *s, int fd, const struct stat *st)
{
	struct stat dir;

	return st->st_nlink == 1 && (st->st_mode & 07777) == MODE &&
	       st->st_uid == geteuid() && fstat(s->dir, &dir) == 0 &&
	       st->st_gid == (dir.st_mode & S_ISGID ? dir.st_gid : getegid()) &&
	       !has_list(fd, "system.posix_acl_access") &&
	       !has_list(s->dir, "system.posix_acl_default");
}

/* -1 with errno. */
static int
make_new(const struct tc_store *s)
{
	const char *name = tc_store_names[TC_FILE_SPARE];
	int fd;

	if (unlinkat(s->dir, name, 0) && errno != ENOENT)
		return -1;
	fd = openat(s->dir, name,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, MODE) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
open_spare(const struct tc_store *s, int *is_new)
{
	struct tc_error unused;
	struct stat st;
	int fd = tc_trust_file(s->dir, tc_store_names[TC_FILE_SPARE], "",
			       O_RDWR, TC_GROUP_MAY_READ, &st, &unused);

	*is_new = fd < 0 || !is_as_new(s, fd, &st);
	if (!*is_new)
		return fd;
	if (fd >= 0)
		close(fd);
	return make_new(s);
}

/* Of one that was there only what is in it has to be on disk. */
static int
fill(int fd, const struct tc_writer *w, int is_new)
{
	const off_t len = (off_t)w->len;
	struct stat st;

	if (tc_write_all(fd, w->data, w->len) || fstat(fd, &st) ||
	    (st.st_size != len && ftruncate(fd, len)))
		return -1;
	return is_new ? fsync(fd) : fdatasync(fd);
}

static int
write_spare(const struct tc_store *s, const struct tc_writer *w,
	    struct tc_error *err)
{
	int is_new, rc = TC_OK, fd = open_spare(s, &is_new);

	if (fd < 0 || fill(fd, w, is_new))
		rc = tc_fail_errno(err, "%s", s->paths[TC_FILE_SPARE]);
	if (fd >= 0)
		close(fd);
	return rc;
}

int
tc_spare_write(const struct tc_store *s, const struct tc_state_file *state,
	       struct tc_error *err)
{
	struct tc_writer w = { 0 };
	int rc;

	tc_state_write(s->crypto, &w, state);
	rc = w.bad ? tc_fail(err, TC_E_NOMEM, "out of memory")
		   : write_spare(s, &w, err);
	tc_writer_free(&w);
	return rc;
}

/* Where names cannot be exchanged, because of the file system or since the
 * store is new, the next spare has to be made. */
static int
exchange(int dir, const char *name)
{
	const char *spare = tc_store_names[TC_FILE_SPARE];

#ifdef RENAME_EXCHANGE
	if (renameat2(dir, spare, dir, name, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOENT)
		return -1;
#endif
	return renameat(dir, spare, dir, name);
}

int
tc_spare_publish(const struct tc_store *s, int *renamed, struct tc_error *err)
{
	const char *path = s->paths[TC_FILE_STATE];

	*renamed = 0;
	if (exchange(s->dir, tc_store_names[TC_FILE_STATE]))
		return tc_fail_errno(err, "%s", path);
	*renamed = 1;
	if (fsync(s->dir))
		return tc_fail_errno(err,
				     "%s is in force but may not survive a "
				     "power cut",
				     path);
	return TC_OK;
}
