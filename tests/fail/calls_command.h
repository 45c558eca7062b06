/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The further calls of the command that can fail; see calls.h.  What goes to
 * stderr does not: there is no other place to complain to. */
/* clang-format off */

CALL(reallocarray, MEMORY, void *, (void *p, size_t n, size_t size), (p, n, size), NULL, ENOMEM, 0)

/* output and input by streams */
HAND(vprintf)
HAND(__vprintf_chk)
HAND(vfprintf)
HAND(__vfprintf_chk)
HAND(fprintf)
HAND(__fprintf_chk)
HAND(fputs)
HAND(fputc)
HAND(fwrite)
HAND(fgets)
HAND(__getdelim)
HAND(getline)
AFTER(fflush, SPACE, int, (FILE *f), (f), EOF, ENOSPC, EIO)
CALL(setvbuf, MEMORY, int, (FILE *f, char *room, int how, size_t size), (f, room, how, size), -1, ENOMEM, 0)
CALL(fdopen, MEMORY, FILE *, (int fd, const char *mode), (fd, mode), NULL, ENOMEM, 0)
CALL(tmpfile, SPACE, FILE *, (void), (), NULL, ENOSPC, EMFILE)
CALL(open_memstream, MEMORY, FILE *, (char **text, size_t *len), (text, len), NULL, ENOMEM, 0)

/* files */
CALL(mkostemp, SPACE, int, (char *name, int flags), (name, flags), -1, ENOSPC, EACCES)
CALL(rename, SPACE, int, (const char *from, const char *to), (from, to), -1, ENOSPC, EACCES)
CALL(opendir, MEMORY, DIR *, (const char *path), (path), NULL, ENOMEM, EACCES)
CALL(readdir, PLAIN, struct dirent *, (DIR *dir), (dir), NULL, EIO, 0)
CALL(glob, MEMORY, int, (const char *pattern, int flags, int (*error)(const char *, int), glob_t *out), (pattern, flags, error, out), inject_in_other_way() ? GLOB_ABORTED : GLOB_NOSPACE, ENOMEM, EIO)
CALL(lgetxattr, PLAIN, ssize_t, (const char *path, const char *name, void *out, size_t size), (path, name, out, size), -1, EIO, EACCES)

/* the terminal */
HAND(isatty)
HAND(ioctl)
CALL(tcgetattr, PLAIN, int, (int fd, struct termios *out), (fd, out), -1, EIO, 0)
HAND(tcsetattr)

/* the process */
HAND(prctl)
CALL(setrlimit, PLAIN, int, (__rlimit_resource_t what, const struct rlimit *limit), (what, limit), -1, EPERM, 0)
CALL(signal, PLAIN, sighandler_t, (int number, sighandler_t handler), (number, handler), SIG_ERR, EINVAL, 0)
CALL(setlocale, MEMORY, char *, (int category, const char *locale), (category, locale), NULL, ENOMEM, 0)
CALL(getgroups, PLAIN, int, (int size, gid_t *groups), (size, groups), -1, EINVAL, 0)
CALL(getpwnam, MEMORY, struct passwd *, (const char *name), (name), NULL, ENOMEM, EIO)
CALL(getpwuid, MEMORY, struct passwd *, (uid_t uid), (uid), NULL, ENOMEM, EIO)
CALL(adjtimex, PLAIN, int, (struct timex *timex), (timex), -1, EPERM, 0)

/* jansson */
CALL(json_array, MEMORY, json_t *, (void), (), NULL, ENOMEM, 0)
CALL(json_object, MEMORY, json_t *, (void), (), NULL, ENOMEM, 0)
CALL(json_string, MEMORY, json_t *, (const char *text), (text), NULL, ENOMEM, 0)
CALL(json_stringn, MEMORY, json_t *, (const char *text, size_t len), (text, len), NULL, ENOMEM, 0)
HAND(json_array_append_new)
HAND(json_object_set_new)
HAND(json_loadb)
HAND(json_unpack_ex)

/* qrencode */
CALL(QRcode_encodeData, MEMORY, QRcode *, (int size, const unsigned char *data, int version, QRecLevel level), (size, data, version, level), NULL, ENOMEM, 0)

/* clang-format on */
