/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list CONFIG FILE ROUNDS	all tokens, and a search among them, beside
 *				reading the same data file: its bytes, and its
 *				items by GDBM
 * list CONFIG			lists once and prints "memory KIB", the most
 *				that the process had
 */
#include <fcntl.h>
#include <gdbm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tokencore.h"
#include "turns.h"

struct bench {
	tc_handle *h;
	const char *file;
	struct tc_filter *filter;
};

static int
count(void *arg, const struct tc_record *rec)
{
	*(uint64_t *)arg += rec->created > 0;
	return 0;
}

static void
list(void *arg)
{
	struct bench *b = arg;
	struct tc_error err;
	uint64_t n = 0;

	if (tc_list(b->h, NULL, b->filter, count, &n, &err))
		turns_die("list: %s", err.text);
}

static void
search(void *arg)
{
	struct bench b = *(struct bench *)arg;
	struct tc_filter filter = { .search = "mobile" };

	b.filter = &filter;
	list(&b);
}

static void
bytes(void *arg)
{
	const struct bench *b = arg;
	static char block[1 << 20];
	int fd = open(b->file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		;
	if (n < 0)
		turns_die("%s", b->file);
	close(fd);
}

static void
items(void *arg)
{
	const struct bench *b = arg;
	GDBM_FILE f = gdbm_open(
	    b->file, 0, GDBM_READER | GDBM_NOLOCK | GDBM_NOMMAP, 0, NULL);
	datum key, next, value;

	if (!f)
		turns_die("%s: %s", b->file, gdbm_strerror(gdbm_errno));
	for (key = gdbm_firstkey(f); key.dptr; key = next) {
		value = gdbm_fetch(f, key);
		free(value.dptr);
		next = gdbm_nextkey(f, key);
		free(key.dptr);
	}
	gdbm_close(f);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct tc_options options = { .config = argv[1] };
	struct tc_error err;
	struct rusage usage;

	if (argc < 2 || tc_open(&b.h, &options, &err))
		turns_die("usage: see the source");
	if (argc == 4) {
		b.file = argv[2];
		turns_take((struct turn[]){ { "bytes", bytes, &b, 1 },
					    { "items", items, &b, 1 },
					    { "list", list, &b, 1 },
					    { "search", search, &b, 1 } },
			   4, turns_number(argv[3], 100));
	} else {
		list(&b);
		getrusage(RUSAGE_SELF, &usage);
		printf("memory %ld\n", usage.ru_maxrss);
	}
	tc_free(b.h);
	return 0;
}
