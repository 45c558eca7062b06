/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
test_dir_make(void **state)
{
	char *path = strdup("/tmp/apitoken-unit-XXXXXX");

	if (!path || !mkdtemp(path)) {
		free(path);
		return -1;
	}
	*state = path;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
test_dir_remove(void **state)
{
	int rc = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	*state = NULL;
	return rc;
}

const char *
test_path(const void *dir, const char *name)
{
	static char paths[8][300];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)dir,
		       name);
	return path;
}

void
test_write(const char *path, mode_t mode, const void *data, size_t len)
{
	FILE *f;

	(void)unlink(path); /* it may be one that we may not write to */
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

void
test_text(const char *path, mode_t mode, const char *text)
{
	test_write(path, mode, text, strlen(text));
}

char *
test_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *data;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*len = (size_t)st.st_size;
	data = malloc(*len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *len, f), *len);
	data[*len] = '\0';
	(void)fclose(f);
	return data;
}

const struct tc_crypto *
test_crypto(void)
{
	assert_non_null(tc_crypto());
	return tc_crypto();
}

void
test_map_make(struct test_map *m, const char *path)
{
	const char *why = "";
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	memset(m, 0, sizeof(*m));
	m->map.head = &m->head;
	m->map.crypto = test_crypto();
	m->map.file = tc_gdbm_open(fd, TC_GDBM_NEW, &why);
	if (!m->map.file)
		fail_msg("%s: %s", path, why);
	assert_int_equal(tc_map_create(&m->map), 0);
	assert_int_equal(tc_map_put_head(&m->map), 0);
}

int
test_map_open(struct test_map *m, const char *path, enum tc_gdbm_mode mode)
{
	const char *why = "";
	int fd =
	    open(path, (mode == TC_GDBM_READ ? O_RDONLY : O_RDWR) | O_CLOEXEC);

	assert_true(fd >= 0);
	memset(m, 0, sizeof(*m));
	m->map.head = &m->head;
	m->map.crypto = test_crypto();
	m->map.file = tc_gdbm_open(fd, mode, &why);
	if (!m->map.file)
		return -1;
	if (tc_map_get_head(&m->map, &m->head) == 0)
		return 0;
	tc_gdbm_close(m->map.file);
	return -1;
}

void
test_map_close(struct test_map *m, enum tc_gdbm_mode mode)
{
	const char *why;

	if (mode == TC_GDBM_READ) {
		tc_gdbm_close(m->map.file);
		return;
	}
	assert_int_equal(tc_map_put_head(&m->map), 0);
	assert_int_equal(tc_gdbm_finish(m->map.file, &why), 0);
}

int
test_holds(const void *haystack, size_t len, const void *needle,
	   size_t needle_len)
{
	return memmem(haystack, len, needle, needle_len) != NULL;
}

uint32_t
test_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}
