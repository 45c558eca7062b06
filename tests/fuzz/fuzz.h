/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the targets share.  Each of them is one file with one function, which
 * is given any bytes at all and ends the program when something is wrong.
 * It is called by libFuzzer, or by main.c with seeds and what became of them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "pages.h"

/* 32 printable characters that every test may know. */
#define FUZZ_SECRET "0123456789abcdef0123456789abcdef"
/* The token that doc/FORMAT.md gives for it: alice's. */
#define FUZZ_TOKEN                                                             \
	"tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmera093qkebdc59wkn11gg"

/* The target; always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What has to be true of any input. */
#define CHECK(truth)                                                           \
	((truth) ? (void)0 : fuzz_found(__FILE__, __LINE__, #truth))
_Noreturn void fuzz_found(const char *file, int line, const char *what);

/* What every machine has, and a test cannot go on without. */
#define NEED(truth)                                                            \
	((truth) ? (void)0 : fuzz_cannot(__FILE__, __LINE__, #truth))
_Noreturn void fuzz_cannot(const char *file, int line, const char *what);

/* Opened at the first call. */
const struct tc_crypto *fuzz_crypto(void);

/* ---- input, taken from its beginning ---- */
struct fuzz {
	const uint8_t *at;
	size_t left;
};

/* Behind the end there are zeros. */
uint64_t fuzz_number(struct fuzz *in, unsigned n_bytes);
/* At most len bytes; *got says how many. */
const uint8_t *fuzz_take(struct fuzz *in, size_t len, size_t *got);
/* Up to the next such byte, which is skipped, or the end: malloced, with a NUL
 * behind it, so that a step too far is noticed. */
char *fuzz_until(struct fuzz *in, uint8_t stop);
/* All that is left, in the same way. */
char *fuzz_rest(struct fuzz *in);

/* ---- what is looked for in texts ---- */
/* Printable, one line, at most max bytes? */
int fuzz_is_line(const char *text, size_t max);
/* Does the token stand in it, in whatever case it is spelt? */
int fuzz_holds_token(const char *text, size_t len, const char *token);

/* ---- files ---- */
/* A file without a name that holds these bytes; the caller closes it. */
int fuzz_file(const void *data, size_t len);
/* All of a file; malloced. */
unsigned char *fuzz_content(int fd, size_t *len);
/* A directory that goes away when the program ends. */
const char *fuzz_dir(void);
/* DIR/NAME, in memory that the next 8 calls leave alone. */
const char *fuzz_path(const char *name);

/* A map in a data file. */
struct fuzz_map {
	struct tc_map map;
	struct tc_head head;
};

/* Empty, in a new file; the descriptor stays the caller's. */
void fuzz_map_make(struct fuzz_map *m, int fd);
/* 0, or -1 when it cannot be opened or has no head. */
int fuzz_map_open(struct fuzz_map *m, int fd, enum tc_gdbm_mode mode);
void fuzz_map_close(struct fuzz_map *m);

/*
 * Bytes that are changed: commands, one after the other, until the input ends.
 *
 *	offset(3) length(1) bytes	0 to 255 of them, put there
 *	offset(3) length(1) from(3)	offset's highest bit is set: a copy of
 *					as many times 16 bytes from there
 * Offsets are taken modulo the length.
 */
void fuzz_patch(struct fuzz *in, unsigned char *data, size_t len);

#endif
