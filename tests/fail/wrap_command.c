/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wrap_command.c - the command as it is built, with calls that fail: which one
 * is said by FAIL_AT=PASS:NUMBER.  At its end it appends to the file
 * FAIL_REPORT how many it counted and which one failed first; with FAIL_WAYS
 * also a number for each, which is the same for two calls that are come to by
 * the same way.
 */
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include <jansson.h>
#include <qrencode.h>

#include "site.h"
#include "wrap.h"

#undef fputc
#undef getdelim

#define HANGS_AFTER 120 /* seconds */

#define HAND(name)
#include "calls_command.h"
#undef HAND

/* Its accounts are the host's. */
struct site site;

/* ---- which call ---- */
#define CALLS_MAX 65536

static uint64_t ways[CALLS_MAX];

static void __attribute__((constructor)) begin(void)
{
	const char *at = getenv("FAIL_AT");
	const char *colon = at ? strchr(at, ':') : NULL;

	if (!colon)
		return;
	(void)alarm(HANGS_AFTER);
	for (int pass = 0; pass < PASSES; pass++) {
		if (strncmp(at, inject_pass_names[pass],
			    (size_t)(colon - at)) == 0)
			inject_start((enum inject_pass)pass,
				     (unsigned)strtoul(colon + 1, NULL, 10));
	}
}

static void __attribute__((destructor)) end(void)
{
	const char *name = getenv("FAIL_REPORT");
	const unsigned n = getenv("FAIL_WAYS") ? inject_counted() : 0;
	int fd;

	(void)inject_stop();
	fd = name ? open(name, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	if (fd == -1)
		return;
	(void)dprintf(fd, "%u %s\n", inject_counted(), inject_what());
	for (unsigned i = 0; i < n && i < CALLS_MAX; i++)
		(void)dprintf(fd, "%" PRIx64 "\n", ways[i]);
	(void)close(fd);
}

/* ---- by which way it comes to a call ---- */
#define FRAMES 7 /* that tell one way from another */

int __real_inject_due(const char *name, enum inject_kind kind, int first,
		      int other);
int __wrap_inject_due(const char *name, enum inject_kind kind, int first,
		      int other);

/* Two for our own, then who called. */
static uint64_t
way(const char *name)
{
	uint64_t hash = 14695981039346656037U;
	void *frames[FRAMES + 2];
	int was_on = inject_pause();
	int n = backtrace(frames, FRAMES + 2);

	inject_resume(was_on);
	for (const char *s = name; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 1099511628211U;
	for (int i = 2; i < n; i++)
		hash = (hash ^ ((uintptr_t)frames[i] - (uintptr_t)way)) *
		       1099511628211U;
	return hash;
}

/* All calls pass here; with FAIL_WAYS they are kept for the report. */
int
__wrap_inject_due(const char *name, enum inject_kind kind, int first, int other)
{
	unsigned before = inject_counted();
	int due = __real_inject_due(name, kind, first, other);

	if (inject_counted() > before && before < CALLS_MAX &&
	    getenv("FAIL_WAYS"))
		ways[before] = way(name);
	return due;
}

/* ---- streams ---- */
#define STREAM_DUE(name, f) ((f) != stderr && DUE(name, SPACE, ENOSPC, EIO))

int __wrap_vprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));
int __wrap___vprintf_chk(int flag, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
int __wrap_vfprintf(FILE *f, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
int __wrap___vfprintf_chk(FILE *f, int flag, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
int __wrap_fprintf(FILE *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int __wrap___fprintf_chk(FILE *f, int flag, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int __real_vfprintf(FILE *f, const char *fmt, va_list ap);
int __real_fputs(const char *text, FILE *f);
int __wrap_fputs(const char *text, FILE *f);
int __real_fputc(int c, FILE *f);
int __wrap_fputc(int c, FILE *f);
size_t __real_fwrite(const void *data, size_t size, size_t n, FILE *f);
size_t __wrap_fwrite(const void *data, size_t size, size_t n, FILE *f);

/* As with a full disk some streams say so only by what they give back: the
 * mark that ferror() tells of is not set. */
int
__wrap_vfprintf(FILE *f, const char *fmt, va_list ap)
{
	return STREAM_DUE(vfprintf, f) ? -1 : __real_vfprintf(f, fmt, ap);
}

int
__wrap___vfprintf_chk(FILE *f, int flag, const char *fmt, va_list ap)
{
	(void)flag;
	return __wrap_vfprintf(f, fmt, ap);
}

int
__wrap_vprintf(const char *fmt, va_list ap)
{
	return __wrap_vfprintf(stdout, fmt, ap);
}

int
__wrap___vprintf_chk(int flag, const char *fmt, va_list ap)
{
	(void)flag;
	return __wrap_vfprintf(stdout, fmt, ap);
}

int
__wrap_fprintf(FILE *f, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = __wrap_vfprintf(f, fmt, ap);
	va_end(ap);
	return rc;
}

int
__wrap___fprintf_chk(FILE *f, int flag, const char *fmt, ...)
{
	va_list ap;
	int rc;

	(void)flag;
	va_start(ap, fmt);
	rc = __wrap_vfprintf(f, fmt, ap);
	va_end(ap);
	return rc;
}

int
__wrap_fputs(const char *text, FILE *f)
{
	return STREAM_DUE(fputs, f) ? EOF : __real_fputs(text, f);
}

int
__wrap_fputc(int c, FILE *f)
{
	return STREAM_DUE(fputc, f) ? EOF : __real_fputc(c, f);
}

size_t
__wrap_fwrite(const void *data, size_t size, size_t n, FILE *f)
{
	return STREAM_DUE(fwrite, f) ? 0 : __real_fwrite(data, size, n, f);
}

char *__real_fgets(char *out, int size, FILE *f);
char *__wrap_fgets(char *out, int size, FILE *f);
ssize_t __real___getdelim(char **line, size_t *size, int end, FILE *f);
ssize_t __wrap___getdelim(char **line, size_t *size, int end, FILE *f);
ssize_t __wrap_getline(char **line, size_t *size, FILE *f);

/* Reading fails in a way that ferror() tells from the end of the file: glibc
 * offers no call that sets the mark. */
static int
read_due(const char *name, FILE *f)
{
	int number = inject_due(name, INJECT_PLAIN, EIO, 0);

	if (!number)
		return 0;
	f->_flags |= 0x20; /* _IO_ERR_SEEN */
	errno = number;
	return 1;
}

char *
__wrap_fgets(char *out, int size, FILE *f)
{
	return read_due("fgets", f) ? NULL : __real_fgets(out, size, f);
}

ssize_t
__wrap___getdelim(char **line, size_t *size, int end, FILE *f)
{
	return read_due("getline", f) ? -1
				      : __real___getdelim(line, size, end, f);
}

ssize_t
__wrap_getline(char **line, size_t *size, FILE *f)
{
	return __wrap___getdelim(line, size, '\n', f);
}

/* ---- the terminal ---- */
int __real_ioctl(int fd, unsigned long what, ...);
int __wrap_ioctl(int fd, unsigned long what, ...);
int __real_isatty(int fd);
int __wrap_isatty(int fd);
int __real_tcsetattr(int fd, int when, const struct termios *how);
int __wrap_tcsetattr(int fd, int when, const struct termios *how);
int __real_prctl(int what, ...);
int __wrap_prctl(int what, ...);

int
__wrap_ioctl(int fd, unsigned long what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return DUE(ioctl, PLAIN, EIO, 0) ? -1 : __real_ioctl(fd, what, arg);
}

/* Hands in FAIL_TYPED, by the terminal's other end, once it is waited for: what
 * was there before is thrown away. */
static void
type(void)
{
	const char *text = getenv("FAIL_TYPED"), *to = getenv("FAIL_TYPES_TO");
	int was_on = inject_pause();

	if (text && to)
		(void)dprintf(atoi(to), "%s\004", text);
	(void)unsetenv("FAIL_TYPED");
	inject_resume(was_on);
}

int
__wrap_isatty(int fd)
{
	if (!DUE(isatty, PLAIN, EBADF, 0))
		return __real_isatty(fd);
	type();
	return 0;
}

int
__wrap_tcsetattr(int fd, int when, const struct termios *how)
{
	int rc;

	if (DUE(tcsetattr, PLAIN, EIO, 0))
		return -1;
	rc = __real_tcsetattr(fd, when, how);
	type();
	return rc;
}

int
__wrap_prctl(int what, ...)
{
	va_list ap;
	unsigned long arg;

	va_start(ap, what);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	return DUE(prctl, PLAIN, EPERM, 0) ? -1
					   : __real_prctl(what, arg, 0, 0, 0);
}

/* ---- jansson: what it is given it takes also when it fails ---- */
int __real_json_array_append_new(json_t *array, json_t *value);
int __wrap_json_array_append_new(json_t *array, json_t *value);
int __real_json_object_set_new(json_t *object, const char *key, json_t *value);
int __wrap_json_object_set_new(json_t *object, const char *key, json_t *value);
json_t *__real_json_loadb(const char *text, size_t len, size_t flags,
			  json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags,
			  json_error_t *error);
int __wrap_json_unpack_ex(json_t *from, json_error_t *error, size_t flags,
			  const char *fmt, ...);

int
__wrap_json_array_append_new(json_t *array, json_t *value)
{
	if (!DUE(json_array_append_new, MEMORY, ENOMEM, 0))
		return __real_json_array_append_new(array, value);
	json_decref(value);
	return -1;
}

int
__wrap_json_object_set_new(json_t *object, const char *key, json_t *value)
{
	if (!DUE(json_object_set_new, MEMORY, ENOMEM, 0))
		return __real_json_object_set_new(object, key, value);
	json_decref(value);
	return -1;
}

json_t *
__wrap_json_loadb(const char *text, size_t len, size_t flags,
		  json_error_t *error)
{
	if (!DUE(json_loadb, MEMORY, ENOMEM, 0))
		return __real_json_loadb(text, len, flags, error);
	if (error) {
		memset(error, 0, sizeof(*error));
		/* Where json_error_code() looks. */
		error->text[JSON_ERROR_TEXT_LENGTH - 1] =
		    json_error_out_of_memory;
	}
	return NULL;
}

int
__wrap_json_unpack_ex(json_t *from, json_error_t *error, size_t flags,
		      const char *fmt, ...)
{
	va_list ap;
	int rc = -1;

	if (DUE(json_unpack_ex, MEMORY, ENOMEM, 0))
		return rc;
	va_start(ap, fmt);
	rc = json_vunpack_ex(from, error, flags, fmt, ap);
	va_end(ap);
	return rc;
}
