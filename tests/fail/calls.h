/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calls that can fail: one line for each function that libtokencore and
 * the plug-ins take from libc, OpenSSL, GDBM, inih and jansson.  The linker
 * wraps what stands here; calls.t compares it with what the objects import.
 *
 *	CALL(name, kind, type, (parameters), (arguments), result, errno, other)
 *
 * is a call that does nothing and gives result; other is a second errno that
 * the code may treat differently, 0 if there is none.  AFTER is one that fails
 * after it did its work, HAND one that has its own wrapper in wrap.c.
 *
 * No include guard: included for what its lines are made into.
 */
/* clang-format off */

/* memory */
CALL(malloc, MEMORY, void *, (size_t size), (size), NULL, ENOMEM, 0)
CALL(calloc, MEMORY, void *, (size_t n, size_t size), (n, size), NULL, ENOMEM, 0)
CALL(realloc, MEMORY, void *, (void *p, size_t size), (p, size), NULL, ENOMEM, 0)
CALL(strdup, MEMORY, char *, (const char *s), (s), NULL, ENOMEM, 0)
CALL(strndup, MEMORY, char *, (const char *s, size_t n), (s, n), NULL, ENOMEM, 0)
CALL(tsearch, MEMORY, void *, (const void *key, void **root, __compar_fn_t fn), (key, root, fn), NULL, ENOMEM, 0)
HAND(asprintf)
HAND(__asprintf_chk)

/* files */
HAND(open)
HAND(__open_2)
HAND(openat)
HAND(__openat_2)
HAND(fcntl)
HAND(read)
HAND(pread)
HAND(write)
HAND(pwrite)
CALL(getcwd, PLAIN, char *, (char *out, size_t size), (out, size), NULL, ENOENT, EACCES)
CALL(mmap, MEMORY, void *, (void *at, size_t len, int prot, int flags, int fd, off_t from), (at, len, prot, flags, fd, from), MAP_FAILED, ENOMEM, 0)
CALL(madvise, PLAIN, int, (void *at, size_t len, int advice), (at, len, advice), -1, EINVAL, 0)
CALL(readlink, PLAIN, ssize_t, (const char *path, char *out, size_t size), (path, out, size), -1, EIO, EACCES)
AFTER(close, PLAIN, int, (int fd), (fd), -1, EIO, EINTR)
CALL(lseek, PLAIN, off_t, (int fd, off_t at, int from), (fd, at, from), -1, EIO, 0)
CALL(stat, PLAIN, int, (const char *path, struct stat *st), (path, st), -1, EIO, EACCES)
CALL(lstat, PLAIN, int, (const char *path, struct stat *st), (path, st), -1, EIO, EACCES)
CALL(fstat, PLAIN, int, (int fd, struct stat *st), (fd, st), -1, EIO, 0)
CALL(fstatat, PLAIN, int, (int dir, const char *name, struct stat *st, int flags), (dir, name, st, flags), -1, EIO, EACCES)
CALL(fgetxattr, PLAIN, ssize_t, (int fd, const char *name, void *value, size_t size), (fd, name, value, size), -1, EIO, EOPNOTSUPP)
CALL(access, PLAIN, int, (const char *path, int mode), (path, mode), -1, EIO, EACCES)
CALL(faccessat, PLAIN, int, (int dir, const char *name, int mode, int flags), (dir, name, mode, flags), -1, EIO, EACCES)
CALL(fsync, SPACE, int, (int fd), (fd), -1, EIO, 0)
CALL(fdatasync, SPACE, int, (int fd), (fd), -1, EIO, 0)
CALL(ftruncate, PLAIN, int, (int fd, off_t size), (fd, size), -1, EIO, 0)
CALL(flock, PLAIN, int, (int fd, int how), (fd, how), -1, ENOLCK, EINTR)
CALL(renameat2, SPACE, int, (int from_dir, const char *from, int to_dir, const char *to, unsigned flags), (from_dir, from, to_dir, to, flags), -1, ENOSPC, EINVAL)
CALL(renameat, SPACE, int, (int from_dir, const char *from, int to_dir, const char *to), (from_dir, from, to_dir, to), -1, ENOSPC, EACCES)
CALL(unlink, PLAIN, int, (const char *path), (path), -1, EIO, 0)
CALL(unlinkat, PLAIN, int, (int dir, const char *name, int flags), (dir, name, flags), -1, EIO, EACCES)
CALL(mkdir, SPACE, int, (const char *path, mode_t mode), (path, mode), -1, ENOSPC, EACCES)
CALL(rmdir, PLAIN, int, (const char *path), (path), -1, EIO, 0)
CALL(chmod, PLAIN, int, (const char *path, mode_t mode), (path, mode), -1, EIO, EPERM)
CALL(fchmod, PLAIN, int, (int fd, mode_t mode), (fd, mode), -1, EIO, EPERM)
CALL(chown, SPACE, int, (const char *path, uid_t uid, gid_t gid), (path, uid, gid), -1, EDQUOT, EPERM)
CALL(fchown, SPACE, int, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), -1, EDQUOT, EPERM)
HAND(fopen)
CALL(ferror, PLAIN, int, (FILE *f), (f), 1, EIO, 0)
AFTER(fclose, PLAIN, int, (FILE *f), (f), EOF, EIO, 0)

CALL(getrlimit, PLAIN, int, (__rlimit_resource_t what, struct rlimit *limit), (what, limit), -1, EPERM, 0)

/* time */
CALL(time, PLAIN, time_t, (time_t *out), (out), -1, EOVERFLOW, 0)
CALL(clock_gettime, PLAIN, int, (clockid_t id, struct timespec *out), (id, out), -1, EINVAL, 0)
CALL(nanosleep, PLAIN, int, (const struct timespec *want, struct timespec *left), (want, left), -1, EINTR, 0)
CALL(gmtime_r, PLAIN, struct tm *, (const time_t *t, struct tm *out), (t, out), NULL, EOVERFLOW, 0)
CALL(localtime_r, PLAIN, struct tm *, (const time_t *t, struct tm *out), (t, out), NULL, EOVERFLOW, 0)
CALL(mktime, PLAIN, time_t, (struct tm *tm), (tm), -1, EOVERFLOW, 0)
CALL(timegm, PLAIN, time_t, (struct tm *tm), (tm), -1, EOVERFLOW, 0)

/* accounts: these give the errno back */
HAND(getpwnam_r)
CALL(getspnam_r, PLAIN, int, (const char *name, struct spwd *out, char *room, size_t size, struct spwd **found), (name, out, room, size, found), errno, EIO, EACCES)
CALL(getgrnam_r, PLAIN, int, (const char *name, struct group *out, char *room, size_t size, struct group **found), (name, out, room, size, found), errno, EIO, ENOMEM)
CALL(getdelim, MEMORY, ssize_t, (char **line, size_t *size, int end, FILE *f), (line, size, end, f), -1, ENOMEM, EIO)
CALL(getgrouplist, MEMORY, int, (const char *user, gid_t gid, gid_t *groups, int *n), (user, gid, groups, n), -1, ENOMEM, 0)

/* threads */
CALL(pthread_mutex_init, MEMORY, int, (pthread_mutex_t *lock, const pthread_mutexattr_t *attr), (lock, attr), errno, ENOMEM, 0)

/* OpenSSL */
CALL(CRYPTO_malloc, MEMORY, void *, (size_t size, const char *file, int line), (size, file, line), NULL, ENOMEM, 0)
CALL(CRYPTO_zalloc, MEMORY, void *, (size_t size, const char *file, int line), (size, file, line), NULL, ENOMEM, 0)
CALL(OSSL_LIB_CTX_new, MEMORY, OSSL_LIB_CTX *, (void), (), NULL, ENOMEM, 0)
CALL(EVP_MD_fetch, MEMORY, EVP_MD *, (OSSL_LIB_CTX *lib, const char *name, const char *props), (lib, name, props), NULL, ENOMEM, 0)
CALL(EVP_MD_CTX_new, MEMORY, EVP_MD_CTX *, (void), (), NULL, ENOMEM, 0)
CALL(EVP_MD_CTX_copy_ex, MEMORY, int, (EVP_MD_CTX *out, const EVP_MD_CTX *in), (out, in), 0, ENOMEM, 0)
CALL(EVP_DigestInit_ex2, MEMORY, int, (EVP_MD_CTX *ctx, const EVP_MD *md, const OSSL_PARAM *params), (ctx, md, params), 0, ENOMEM, 0)
CALL(EVP_DigestUpdate, PLAIN, int, (EVP_MD_CTX *ctx, const void *data, size_t len), (ctx, data, len), 0, EIO, 0)
CALL(EVP_DigestFinal_ex, PLAIN, int, (EVP_MD_CTX *ctx, unsigned char *out, unsigned *len), (ctx, out, len), 0, EIO, 0)
CALL(EVP_KDF_fetch, MEMORY, EVP_KDF *, (OSSL_LIB_CTX *lib, const char *name, const char *props), (lib, name, props), NULL, ENOMEM, 0)
CALL(EVP_KDF_CTX_new, MEMORY, EVP_KDF_CTX *, (EVP_KDF *kdf), (kdf), NULL, ENOMEM, 0)
CALL(EVP_KDF_derive, PLAIN, int, (EVP_KDF_CTX *ctx, unsigned char *out, size_t len, const OSSL_PARAM *params), (ctx, out, len, params), 0, EIO, 0)
CALL(RAND_bytes_ex, PLAIN, int, (OSSL_LIB_CTX *lib, unsigned char *out, size_t len, unsigned strength), (lib, out, len, strength), 0, EIO, 0)

/* GDBM */
HAND(gdbm_fd_open)
HAND(gdbm_fetch)
HAND(gdbm_store)
HAND(gdbm_close)
CALL(gdbm_setopt, MEMORY, int, (GDBM_FILE f, int what, void *value, int size), (f, what, value, size), -1, ENOMEM, 0)

/* inih */
CALL(ini_parse_stream, MEMORY, int, (ini_reader reader, void *stream, ini_handler handler, void *arg), (reader, stream, handler, arg), -2, ENOMEM, 0)

/* jansson */
HAND(json_pack)
CALL(json_integer, MEMORY, json_t *, (json_int_t value), (value), NULL, ENOMEM, 0)
CALL(json_dumpb, MEMORY, size_t, (const json_t *json, char *out, size_t size, size_t flags), (json, out, size, flags), 0, ENOMEM, 0)

/* clang-format on */
