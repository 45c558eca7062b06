/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What several unit tests need: a directory of their own that goes away again,
 * files in it, and one set of primitives.  Includes cmocka and what that needs.
 */
#ifndef TEST_COMMON_H
#define TEST_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "crypto.h"
#include "pages.h"
#include "tokencore.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* 32 printable characters that every test may know. */
#define TEST_SECRET "0123456789abcdef0123456789abcdef"

/* cmocka's setup and teardown: *state is the path of a new directory, 0700. */
int test_dir_make(void **state);
int test_dir_remove(void **state);

/* DIR/NAME in memory that the next 8 calls leave alone. */
const char *test_path(const void *dir, const char *name);

/* Makes or replaces a file; mode whatever the umask says. */
void test_write(const char *path, mode_t mode, const void *data, size_t len);
void test_text(const char *path, mode_t mode, const char *text);

/* A whole file, with a NUL behind it, freed by the caller. */
char *test_read(const char *path, size_t *len);

/* Opened at the first call, closed at exit. */
const struct tc_crypto *test_crypto(void);

/* A map in a data file of its own. */
struct test_map {
	struct tc_map map;
	struct tc_head head;
	struct tc_held held; /* for who sets map.held */
};

/* Makes the file with empty pages. */
void test_map_make(struct test_map *m, const char *path);
/* Opens it again and reads its head; -1 when that is not possible. */
int test_map_open(struct test_map *m, const char *path, enum tc_gdbm_mode mode);
/* Writes the head, if it was open for writing, and closes. */
void test_map_close(struct test_map *m, enum tc_gdbm_mode mode);

/* Does memory hold these bytes? */
int test_holds(const void *haystack, size_t len, const void *needle,
	       size_t needle_len);

/* Numbers that are the same in every run: xorshift, from a seed not 0. */
uint32_t test_random(uint32_t *seed);

#endif
