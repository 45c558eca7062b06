/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wrappers of calls.h.  Failing, they leave behind what the function they
 * stand for would: an errno, a closed descriptor, a pointer that is none. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <search.h>
#include <shadow.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <gdbm.h>
#include <ini.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "site.h"
#include "wrap.h"

/* Fortified headers make macros and inline functions of some of them. */
#undef strdup
#undef strndup

#define HAND(name)
#include "calls.h"
#undef HAND

/* ---- text in memory of its own ---- */

/* A pointer that must not be looked at: "the content of strp is undefined". */
#define POISON ((char *)16)

int __wrap_asprintf(char **out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **out, int flag, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int
__wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list ap;
	int rc = -1;

	*out = POISON;
	if (DUE(asprintf, MEMORY, ENOMEM, 0))
		return rc;
	va_start(ap, fmt);
	rc = vasprintf(out, fmt, ap);
	va_end(ap);
	return rc;
}

int
__wrap___asprintf_chk(char **out, int flag, const char *fmt, ...)
{
	va_list ap;
	int rc = -1;

	(void)flag;
	*out = POISON;
	if (DUE(__asprintf_chk, MEMORY, ENOMEM, 0))
		return rc;
	va_start(ap, fmt);
	rc = vasprintf(out, fmt, ap);
	va_end(ap);
	return rc;
}

/* ---- files ---- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap___open_2(const char *path, int flags);
int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap___openat_2(int dir, const char *path, int flags);
int __real_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...);
ssize_t __real_read(int fd, void *out, size_t len);
ssize_t __wrap_read(int fd, void *out, size_t len);
ssize_t __real_pread(int fd, void *out, size_t len, off_t at);
ssize_t __wrap_pread(int fd, void *out, size_t len, off_t at);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);

/* One that makes a file needs room for it. */
static int
open_due(const char *name, int flags)
{
	int number = flags & O_CREAT
			 ? inject_due(name, INJECT_SPACE, ENOSPC, EACCES)
			 : inject_due(name, INJECT_PLAIN, EMFILE, EACCES);

	if (number)
		errno = number;
	return number;
}

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_due("open", flags) ? -1 : __real_open(path, flags, mode);
}

int
__wrap___open_2(const char *path, int flags)
{
	return open_due("__open_2", flags) ? -1 : __real_open(path, flags);
}

int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_due("openat", flags)
		   ? -1
		   : __real_openat(dir, path, flags, mode);
}

int
__wrap___openat_2(int dir, const char *path, int flags)
{
	return open_due("__openat_2", flags) ? -1
					     : __real_openat(dir, path, flags);
}

int
__wrap_fcntl(int fd, int what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return DUE(fcntl, PLAIN, EMFILE, 0) ? -1 : __real_fcntl(fd, what, arg);
}

/* In their other way these are cut short: by a signal before anything was
 * read, or after a part. */
ssize_t
__wrap_read(int fd, void *out, size_t len)
{
	return DUE(read, PLAIN, EIO, EINTR) ? -1 : __real_read(fd, out, len);
}

ssize_t
__wrap_pread(int fd, void *out, size_t len, off_t at)
{
	if (!DUE(pread, PLAIN, EIO, EINTR))
		return __real_pread(fd, out, len, at);
	return inject_in_other_way() ? __real_pread(fd, out, len / 2, at) : -1;
}

ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	if (!DUE(write, SPACE, ENOSPC, EINTR))
		return __real_write(fd, data, len);
	return inject_in_other_way() ? __real_write(fd, data, len / 2) : -1;
}

ssize_t
__wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
	if (!DUE(pwrite, SPACE, ENOSPC, EINTR))
		return __real_pwrite(fd, data, len, at);
	return inject_in_other_way() ? __real_pwrite(fd, data, len / 2, at)
				     : -1;
}

/* ---- accounts ---- */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
int __real_getpwnam_r(const char *name, struct passwd *out, char *room,
		      size_t size, struct passwd **found);
int __wrap_getpwnam_r(const char *name, struct passwd *out, char *room,
		      size_t size, struct passwd **found);

/* Some scenarios have a list of accounts of their own. */
FILE *
__wrap_fopen(const char *path, const char *mode)
{
	if (DUE(fopen, PLAIN, EMFILE, ENOMEM))
		return NULL;
	if (site.passwd && strcmp(path, "/etc/passwd") == 0)
		path = site.passwd;
	return __real_fopen(path, mode);
}

int
__wrap_getpwnam_r(const char *name, struct passwd *out, char *room, size_t size,
		  struct passwd **found)
{
	if (DUE(getpwnam_r, PLAIN, EIO, ENOMEM))
		return errno;
	if (strcmp(name, SITE_ALIAS) == 0)
		name = "root";
	return __real_getpwnam_r(name, out, room, size, found);
}

/* ---- GDBM ---- */

GDBM_FILE __real_gdbm_fd_open(int fd, const char *name, int size, int flags,
			      void (*fatal)(const char *));
GDBM_FILE __wrap_gdbm_fd_open(int fd, const char *name, int size, int flags,
			      void (*fatal)(const char *));
datum __real_gdbm_fetch(GDBM_FILE f, datum key);
datum __wrap_gdbm_fetch(GDBM_FILE f, datum key);
int __real_gdbm_store(GDBM_FILE f, datum key, datum value, int how);
int __wrap_gdbm_store(GDBM_FILE f, datum key, datum value, int how);
int __real_gdbm_close(GDBM_FILE f);
int __wrap_gdbm_close(GDBM_FILE f);

GDBM_FILE
__wrap_gdbm_fd_open(int fd, const char *name, int size, int flags,
		    void (*fatal)(const char *))
{
	if (!DUE(gdbm_fd_open, MEMORY, ENOMEM, 0))
		return __real_gdbm_fd_open(fd, name, size, flags, fatal);
	if (flags & GDBM_CLOERROR)
		__real_close(fd);
	gdbm_errno = GDBM_MALLOC_ERROR;
	errno = ENOMEM;
	return NULL;
}

datum
__wrap_gdbm_fetch(GDBM_FILE f, datum key)
{
	datum none = { .dptr = NULL, .dsize = 0 };

	if (!DUE(gdbm_fetch, MEMORY, EIO, 0))
		return __real_gdbm_fetch(f, key);
	gdbm_set_errno(f, GDBM_FILE_READ_ERROR, 0);
	errno = EIO;
	return none;
}

static GDBM_FILE written; /* last */

int
__wrap_gdbm_store(GDBM_FILE f, datum key, datum value, int how)
{
	written = f;
	if (!DUE(gdbm_store, SPACE, ENOSPC, EIO))
		return __real_gdbm_store(f, key, value, how);
	gdbm_set_errno(f, GDBM_FILE_WRITE_ERROR, 0);
	errno = inject_in_other_way() ? EIO : ENOSPC;
	return -1;
}

/* It closes, whatever it says of the sync.  What was only read has none. */
int
__wrap_gdbm_close(GDBM_FILE f)
{
	int due, rc;

	if (f != written)
		return __real_gdbm_close(f);
	written = NULL;
	due = DUE(gdbm_close, SPACE, ENOSPC, EIO);
	rc = __real_gdbm_close(f);
	if (!due)
		return rc;
	gdbm_errno = GDBM_FILE_SYNC_ERROR;
	errno = inject_in_other_way() ? EIO : ENOSPC;
	return -1;
}

/* ---- jansson ---- */

json_t *__wrap_json_pack(const char *fmt, ...);

/* What it is given by "o" it takes also when it fails. */
json_t *
__wrap_json_pack(const char *fmt, ...)
{
	int due = DUE(json_pack, MEMORY, ENOMEM, 0);
	va_list ap;
	json_t *json;

	va_start(ap, fmt);
	json = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	if (!due)
		return json;
	json_decref(json);
	errno = ENOMEM;
	return NULL;
}
