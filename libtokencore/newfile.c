/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "trust.h"

#define NAME_MAX_LEN 260

static void
tmp_name(const char *name, char out[NAME_MAX_LEN])
{
	(void)snprintf(out, NAME_MAX_LEN, "%.250s.tmp", name);
}

int
tc_new_begin(int dir, const char *name, struct tc_error *err)
{
	char tmp[NAME_MAX_LEN];
	int fd;

	tmp_name(name, tmp);
	if (unlinkat(dir, tmp, 0) && errno != ENOENT) {
		tc_fail_errno(err, "%s", tmp);
		return -1;
	}
	fd = openat(dir, tmp,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		tc_fail_errno(err, "%s", tmp);
	return fd;
}

int
tc_new_sync(int fd, mode_t mode, struct tc_error *err)
{
	if (fchmod(fd, mode) || fsync(fd))
		return tc_fail_errno(err, "cannot write to disk");
	return TC_OK;
}

int
tc_new_publish(int dir, const char *name, int *renamed, struct tc_error *err)
{
	char tmp[NAME_MAX_LEN];

	tmp_name(name, tmp);
	if (renamed)
		*renamed = 0;
	if (renameat(dir, tmp, dir, name)) {
		tc_fail_errno(err, "%s", name);
		(void)unlinkat(dir, tmp, 0);
		return err->code;
	}
	if (renamed)
		*renamed = 1;
	if (fsync(dir) == 0)
		return TC_OK;
	return renamed ? tc_fail_errno(err,
				       "%s is in force but may not "
				       "survive a power cut",
				       name)
		       : tc_fail_errno(err, "%s: its folder cannot be synced",
				       name);
}

void
tc_new_abandon(int dir, const char *name)
{
	char tmp[NAME_MAX_LEN];

	tmp_name(name, tmp);
	(void)unlinkat(dir, tmp, 0);
}

int
tc_new_file(int dir, const char *name, mode_t mode, const void *data,
	    size_t len, struct tc_error *err)
{
	int rc = TC_OK, fd = tc_new_begin(dir, name, err);

	if (fd < 0)
		return err->code;
	if (tc_write_all(fd, data, len))
		rc = tc_fail_errno(err, "%s", name);
	if (rc == TC_OK)
		rc = tc_new_sync(fd, mode, err);
	if (close(fd) && rc == TC_OK)
		rc = tc_fail_errno(err, "%s", name);
	if (rc == TC_OK)
		return tc_new_publish(dir, name, NULL, err);
	tc_new_abandon(dir, name);
	return rc;
}
