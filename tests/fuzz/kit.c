/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void
fuzz_found(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

_Noreturn void
fuzz_cannot(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: cannot go on: %s\n", file, line, what);
	exit(2);
}

const struct tc_crypto *
fuzz_crypto(void)
{
	NEED(tc_crypto() != NULL);
	return tc_crypto();
}

/* ---- input ---- */

uint64_t
fuzz_number(struct fuzz *in, unsigned n_bytes)
{
	uint64_t value = 0;

	for (; n_bytes > 0; n_bytes--) {
		value <<= 8;
		if (in->left > 0) {
			value |= *in->at++;
			in->left--;
		}
	}
	return value;
}

const uint8_t *
fuzz_take(struct fuzz *in, size_t len, size_t *got)
{
	const uint8_t *from = in->at;

	*got = len < in->left ? len : in->left;
	in->at += *got;
	in->left -= *got;
	return from;
}

static char *
text_of(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	NEED(text);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

char *
fuzz_until(struct fuzz *in, uint8_t stop)
{
	size_t len = 0, got;
	const uint8_t *from;

	while (len < in->left && in->at[len] != stop)
		len++;
	from = fuzz_take(in, len, &got);
	if (in->left > 0) {
		in->at++;
		in->left--;
	}
	return text_of(from, got);
}

char *
fuzz_rest(struct fuzz *in)
{
	size_t got;
	const uint8_t *from = fuzz_take(in, in->left, &got);

	return text_of(from, got);
}

/* ---- texts ---- */

int
fuzz_is_line(const char *text, size_t max)
{
	if (strnlen(text, max + 1) > max)
		return 0;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return 0;
	return 1;
}

/* As a reader of tokens takes it. */
static char
folded(char c)
{
	if (c == 'o' || c == 'O')
		return '0';
	if (c == 'i' || c == 'I' || c == 'l' || c == 'L')
		return '1';
	return (char)tolower((unsigned char)c);
}

int
fuzz_holds_token(const char *text, size_t len, const char *token)
{
	size_t want = strlen(token);

	for (size_t at = 0; at + want <= len; at++) {
		size_t n = 0;

		while (n < want && folded(text[at + n]) == folded(token[n]))
			n++;
		if (n == want)
			return 1;
	}
	return 0;
}

/* ---- files ---- */

int
fuzz_file(const void *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	NEED(fd >= 0);
	NEED(len == 0 || write(fd, data, len) == (ssize_t)len);
	return fd;
}

unsigned char *
fuzz_content(int fd, size_t *len)
{
	struct stat st;
	unsigned char *data;

	NEED(fstat(fd, &st) == 0);
	*len = (size_t)st.st_size;
	data = malloc(*len + 1);
	NEED(data && pread(fd, data, *len, 0) == (ssize_t)*len);
	return data;
}

static char *dir;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_dir(void)
{
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

const char *
fuzz_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (dir)
		return dir;
	NEED(asprintf(&dir, "%s/apitoken-fuzz-XXXXXX", base ? base : "/tmp") >
	     0);
	NEED(mkdtemp(dir));
	NEED(atexit(remove_dir) == 0);
	return dir;
}

const char *
fuzz_path(const char *name)
{
	static char paths[8][300];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", fuzz_dir(), name);
	return path;
}

/* ---- maps ---- */

static int
map_open(struct fuzz_map *m, int fd, enum tc_gdbm_mode mode)
{
	const char *why = "";
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	NEED(copy >= 0 && lseek(copy, 0, SEEK_SET) == 0);
	memset(m, 0, sizeof(*m));
	m->map.head = &m->head;
	m->map.crypto = fuzz_crypto();
	m->map.file = tc_gdbm_open(copy, mode, &why);
	CHECK(m->map.file || *why);
	return m->map.file ? 0 : -1;
}

void
fuzz_map_make(struct fuzz_map *m, int fd)
{
	NEED(map_open(m, fd, TC_GDBM_NEW) == 0);
	NEED(tc_map_create(&m->map) == 0);
	NEED(tc_map_put_head(&m->map) == 0);
}

int
fuzz_map_open(struct fuzz_map *m, int fd, enum tc_gdbm_mode mode)
{
	if (map_open(m, fd, mode))
		return -1;
	if (tc_map_get_head(&m->map, &m->head) == 0)
		return 0;
	CHECK(m->map.why && *m->map.why);
	tc_gdbm_close(m->map.file);
	return -1;
}

void
fuzz_map_close(struct fuzz_map *m)
{
	tc_gdbm_close(m->map.file);
}

void
fuzz_patch(struct fuzz *in, unsigned char *data, size_t len)
{
	while (in->left > 0 && len > 0) {
		uint64_t at = fuzz_number(in, 3);
		size_t n = (size_t)fuzz_number(in, 1), got = 16 * n;
		const unsigned char *from;
		int copy = at >> 23 != 0;

		at = (at & 0x7fffff) % len;
		if (copy) {
			size_t from_at = fuzz_number(in, 3) % len;

			from = data + from_at;
			if (got > len - from_at)
				got = len - from_at;
		} else {
			from = fuzz_take(in, n, &got);
		}
		if (got > len - at)
			got = len - at;
		memmove(data + at, from, got);
	}
}
