/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls that the shim stands under.  Those of the system are made
 * directly, so that nothing else has to be loaded. */
#undef _FORTIFY_SOURCE /* its inline open() would be in the way of ours */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

static int
make_or_open(int dir, const char *path, int flags, unsigned mode)
{
	static struct op op;
	struct stat st;
	int there;
	long fd;

	if (!(flags & (O_CREAT | O_TRUNC)) || !shim_watches(dir, path, &op))
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	there = fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	op.type = !there	    ? TRACE_CREATE
		  : flags & O_TRUNC ? TRACE_SIZE
				    : TRACE_NONE;
	if (op.type == TRACE_NONE)
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	if (shim_before(&op))
		return -1;
	fd = syscall(SYS_openat, dir, path, flags, mode);
	if (fd >= 0 && fstat((int)fd, &st) == 0)
		op.mode = st.st_mode & 07777;
	return (int)shim_after(&op, fd);
}

static unsigned
mode_arg(int flags, va_list ap)
{
	return flags & O_CREAT ? va_arg(ap, unsigned) : 0;
}

#define OPENS(name)                                                            \
	SHOWN int name(const char *path, int flags, ...)                       \
	{                                                                      \
		unsigned mode;                                                 \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, flags);                                           \
		mode = mode_arg(flags, ap);                                    \
		va_end(ap);                                                    \
		return make_or_open(AT_FDCWD, path, flags, mode);              \
	}
#define OPENS_AT(name)                                                         \
	SHOWN int name(int dir, const char *path, int flags, ...)              \
	{                                                                      \
		unsigned mode;                                                 \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, flags);                                           \
		mode = mode_arg(flags, ap);                                    \
		va_end(ap);                                                    \
		return make_or_open(dir, path, flags, mode);                   \
	}

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

SHOWN ssize_t
write(int fd, const void *data, size_t len)
{
	static struct op op;
	struct stat st;
	long n;

	if (!shim_watches_fd(fd, &op))
		return syscall(SYS_write, fd, data, len);
	op.type = TRACE_WRITE;
	op.data = data;
	op.offset = (uint64_t)lseek(fd, 0, SEEK_CUR);
	if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &st) == 0)
		op.offset = (uint64_t)st.st_size;
	if (shim_before(&op))
		return -1;
	n = syscall(SYS_write, fd, data, shim_portion(&op, len));
	op.size = n > 0 ? (uint64_t)n : 0;
	return shim_after(&op, n);
}

static ssize_t
write_there(int fd, const void *data, size_t len, off_t at)
{
	static struct op op;
	long n;

	if (!shim_watches_fd(fd, &op))
		return syscall(SYS_pwrite64, fd, data, len, at);
	op.type = TRACE_WRITE;
	op.data = data;
	op.offset = (uint64_t)at;
	if (shim_before(&op))
		return -1;
	n = syscall(SYS_pwrite64, fd, data, shim_portion(&op, len), at);
	op.size = n > 0 ? (uint64_t)n : 0;
	return shim_after(&op, n);
}

SHOWN ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	return write_there(fd, data, len, at);
}

SHOWN ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	return write_there(fd, data, len, at);
}

static int
by_fd(int fd, enum trace_type type, long number, unsigned long arg)
{
	static struct op op;

	if (!shim_watches_fd(fd, &op))
		return (int)syscall(number, fd, arg);
	op.type = type;
	if (type == TRACE_SIZE)
		op.size = arg;
	else if (type == TRACE_MODE)
		op.mode = (unsigned)arg;
	return shim_before(&op)
		   ? -1
		   : (int)shim_after(&op, syscall(number, fd, arg));
}

SHOWN int
fsync(int fd)
{
	return by_fd(fd, TRACE_SYNC, SYS_fsync, 0);
}

SHOWN int
fdatasync(int fd)
{
	return by_fd(fd, TRACE_SYNC, SYS_fdatasync, 0);
}

SHOWN int
ftruncate(int fd, off_t size)
{
	return by_fd(fd, TRACE_SIZE, SYS_ftruncate, (unsigned long)size);
}

SHOWN int
ftruncate64(int fd, off64_t size)
{
	return by_fd(fd, TRACE_SIZE, SYS_ftruncate, (unsigned long)size);
}

SHOWN int
fchmod(int fd, mode_t mode)
{
	return by_fd(fd, TRACE_MODE, SYS_fchmod, mode);
}

SHOWN int
fchmodat(int dir, const char *path, mode_t mode, int flags)
{
	static struct op op;

	(void)flags;
	if (!shim_watches(dir, path, &op))
		return (int)syscall(SYS_fchmodat, dir, path, mode);
	op.type = TRACE_MODE;
	op.mode = mode;
	if (shim_before(&op))
		return -1;
	return (int)shim_after(&op, syscall(SYS_fchmodat, dir, path, mode));
}

SHOWN int
chmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, 0);
}

/* Two names below the folder, or none. */
static int
two_names(const int dirs[2], const char *const paths[2], enum trace_type type,
	  long number, unsigned flags)
{
	static struct op op, second;
	int watched = shim_watches(dirs[1], paths[1], &second);

	if (shim_watches(dirs[0], paths[0], &op) != watched)
		abort(); /* to or from elsewhere: the model has no such thing */
	if (!watched)
		return (int)syscall(number, dirs[0], paths[0], dirs[1],
				    paths[1], flags);
	op.type = type;
	memcpy(op.other, second.path, sizeof(op.other));
	if (shim_before(&op))
		return -1;
	return (int)shim_after(
	    &op, syscall(number, dirs[0], paths[0], dirs[1], paths[1], flags));
}

SHOWN int
renameat2(int old_dir, const char *old, int new_dir, const char *new,
	  unsigned flags)
{
	const int dirs[2] = { old_dir, new_dir };
	const char *const paths[2] = { old, new };

	if (flags != 0 && flags != RENAME_EXCHANGE)
		abort(); /* the model has no such thing */
	return two_names(dirs, paths, flags ? TRACE_EXCHANGE : TRACE_RENAME,
			 SYS_renameat2, flags);
}

SHOWN int
renameat(int old_dir, const char *old, int new_dir, const char *new)
{
	return renameat2(old_dir, old, new_dir, new, 0);
}

SHOWN int
rename(const char *old, const char *new)
{
	return renameat(AT_FDCWD, old, AT_FDCWD, new);
}

SHOWN int
linkat(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
	const int dirs[2] = { old_dir, new_dir };
	const char *const paths[2] = { old, new };

	(void)flags;
	return two_names(dirs, paths, TRACE_LINK, SYS_linkat, 0);
}

SHOWN int
link(const char *old, const char *new)
{
	return linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

SHOWN int
unlinkat(int dir, const char *path, int flags)
{
	static struct op op;

	if (!shim_watches(dir, path, &op))
		return (int)syscall(SYS_unlinkat, dir, path, flags);
	op.type = flags & AT_REMOVEDIR ? TRACE_RMDIR : TRACE_UNLINK;
	if (shim_before(&op))
		return -1;
	return (int)shim_after(&op, syscall(SYS_unlinkat, dir, path, flags));
}

SHOWN int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

SHOWN int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

SHOWN int
mkdirat(int dir, const char *path, mode_t mode)
{
	static struct op op;
	struct stat st;
	long rc;

	if (!shim_watches(dir, path, &op))
		return (int)syscall(SYS_mkdirat, dir, path, mode);
	op.type = TRACE_MKDIR;
	if (shim_before(&op))
		return -1;
	rc = syscall(SYS_mkdirat, dir, path, mode);
	if (rc == 0 && fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		op.mode = st.st_mode & 07777;
	return (int)shim_after(&op, rc);
}

SHOWN int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}
