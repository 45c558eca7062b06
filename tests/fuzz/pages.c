/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A data file in which bytes were changed (fuzz_patch()).  Whatever they are,
 * an item has the value that was put last, or it cannot be read: it never has
 * another one, and it is never taken for absent.  That goes for reading and
 * for writing to such a file, which must not swell either.
 */
#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define ITEMS 80 /* every fourth was put and taken away again */
#define KEY_LEN 16
#define VALUE_MAX 200
#define GROWTH (1 << 20)

static unsigned char *image;
static size_t image_len;

/* Behind the first byte of a token's key the id begins, whose first bits
 * choose the page. */
static void
key_of(unsigned i, char key[KEY_LEN])
{
	memset(key, 'k', KEY_LEN);
	key[0] = i % 3 == 0 ? 'u' : 't';
	key[1] = (char)(i * 37);
	key[4] = (char)(i * 101);
	key[5] = (char)i;
}

static size_t
value_of(unsigned i, const char *word, char value[VALUE_MAX])
{
	int n = snprintf(value, VALUE_MAX, "<%s %u>", word, i);

	memset(value + n, 'x', VALUE_MAX - (size_t)n);
	return (size_t)n + i * 11 % 90;
}

static int
is_there(unsigned i)
{
	return i % 4 != 3;
}

static void
put(struct tc_map *m, unsigned i, const char *word)
{
	char key[KEY_LEN], value[VALUE_MAX];

	key_of(i, key);
	NEED(tc_map_put(m, key, KEY_LEN, value, value_of(i, word, value)) >= 0);
}

static void
make_image(void)
{
	int fd = fuzz_file("", 0);
	struct fuzz_map m;
	char key[KEY_LEN];

	fuzz_map_make(&m, fd);
	for (unsigned i = 0; i < ITEMS; i++)
		put(&m.map, i, "before the last");
	for (unsigned i = 0; i < ITEMS; i++) {
		key_of(i, key);
		if (is_there(i))
			put(&m.map, i, "last");
		else
			NEED(tc_map_delete(&m.map, key, KEY_LEN) == 1);
	}
	NEED(m.head.items == ITEMS - ITEMS / 4);
	NEED(tc_map_put_head(&m.map) == 0);
	fuzz_map_close(&m);
	image = fuzz_content(fd, &image_len);
	close(fd);
}

/* Item i has to be that of `word`; NULL: absent. */
static void
look(struct tc_map *m, unsigned i, const char *word)
{
	char key[KEY_LEN], want[VALUE_MAX];
	unsigned char *value = NULL;
	size_t len = 0, want_len = value_of(i, word ? word : "", want);
	int rc;

	key_of(i, key);
	rc = tc_map_get(m, key, KEY_LEN, &value, &len);
	CHECK(rc == (word != NULL) || rc == -1);
	CHECK(rc != -1 || (m->why && *m->why));
	if (rc != 1)
		return;
	CHECK(len == want_len && memcmp(value, want, len) == 0);
	free(value);
}

static void
look_at_all(struct tc_map *m)
{
	for (unsigned i = 0; i < ITEMS; i++)
		look(m, i, is_there(i) ? "last" : NULL);
}

static int
is_ours(void *arg, const unsigned char *key, size_t key_len,
	const unsigned char *value, size_t len)
{
	(void)arg;
	(void)value;
	CHECK(key_len == KEY_LEN && len < VALUE_MAX);
	CHECK(key[0] == 't' || key[0] == 'u');
	return 0;
}

static void
read_all(int fd)
{
	struct fuzz_map m;

	if (fuzz_map_open(&m, fd, TC_GDBM_READ))
		return;
	CHECK(m.head.items == ITEMS - ITEMS / 4);
	look_at_all(&m.map);
	for (uint32_t page = 0; page < m.head.pages; page++)
		(void)tc_map_page(&m.map, page, is_ours, NULL);
	fuzz_map_close(&m);
}

/* Changes some items; each change is there, or said not to be. */
static void
write_some(int fd)
{
	char key[KEY_LEN], value[VALUE_MAX];
	struct fuzz_map m;
	struct stat st;

	if (fuzz_map_open(&m, fd, TC_GDBM_WRITE))
		return;
	for (unsigned i = 0; i < ITEMS; i += 9) {
		int rc;

		key_of(i, key);
		rc = tc_map_put(&m.map, key, KEY_LEN, value,
				value_of(i, "much newer", value));
		if (rc < 0)
			break; /* the file is not used any more */
		CHECK(rc == !is_there(i));
		look(&m.map, i, "much newer");
		look(&m.map, i + 1, is_there(i + 1) ? "last" : NULL);
	}
	fuzz_map_close(&m);
	NEED(fstat(fd, &st) == 0);
	CHECK((size_t)st.st_size < image_len + GROWTH);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	unsigned char *changed;
	int fd;

	if (!image)
		make_image();
	changed = malloc(image_len);
	NEED(changed);
	memcpy(changed, image, image_len);
	fuzz_patch(&in, changed, image_len);
	fd = fuzz_file(changed, image_len);
	read_all(fd);
	write_some(fd);
	close(fd);
	free(changed);
	return 0;
}
