/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gdbmfile.h"

#include <errno.h>
#include <gdbm.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* GDBM's handle under our name: the struct is never defined. */
static GDBM_FILE
dbf(struct tc_gdbm *g)
{
	return (GDBM_FILE)(void *)g;
}

/* GDBM takes its inputs by pointers that are not const. */
static datum
datum_of(const void *data, size_t len)
{
	union {
		const void *in;
		char *out;
	} cast = { .in = data };
	datum d = { .dptr = cast.out, .dsize = (int)len };

	return d;
}

/* GDBM allocates where its header says that the file ends, and writes real
 * blocks up to there: a damaged number would fill the disk.  The field lies at
 * 32 in both of the formats that GDBM has for 64-bit offsets. */
#define NEXT_BLOCK_AT 32

static int
end_fits(int fd)
{
	struct stat st;
	int64_t next_block;

	return fstat(fd, &st) == 0 &&
	       pread(fd, &next_block, sizeof(next_block), NEXT_BLOCK_AT) ==
		   (ssize_t)sizeof(next_block) &&
	       next_block == st.st_size;
}

/* GDBM would keep every bucket that it read, and who lists reads them all. */
static void
forget_buckets(GDBM_FILE f)
{
	size_t n = 64;

	(void)gdbm_setopt(f, GDBM_SETCACHESIZE, &n, sizeof(n));
}

struct tc_gdbm *
tc_gdbm_open(int fd, enum tc_gdbm_mode mode, const char **why)
{
	static const int flags[] = {
		[TC_GDBM_READ] = GDBM_READER,
		[TC_GDBM_WRITE] = GDBM_WRITER,
		[TC_GDBM_NEW] = GDBM_NEWDB,
	};
	GDBM_FILE f;

	if (mode != TC_GDBM_NEW && !end_fits(fd)) {
		*why = "is damaged: it does not end where its header says";
		close(fd);
		return NULL;
	}
	/* No fatal_func: with one, GDBM would call exit() behind it. */
	f = gdbm_fd_open(fd, "", 0,
			 flags[mode] | GDBM_NOLOCK | GDBM_NOMMAP |
			     GDBM_CLOEXEC | GDBM_CLOERROR,
			 NULL);
	if (!f)
		*why = gdbm_strerror(gdbm_errno);
	else if (mode == TC_GDBM_READ)
		forget_buckets(f);
	return (struct tc_gdbm *)(void *)f;
}

/* To close is to sync, says GDBM's manual; to do both would make the disk
 * flush its cache twice. */
int
tc_gdbm_finish(struct tc_gdbm *g, const char **why)
{
	if (gdbm_close(dbf(g)) == 0)
		return 0;
	*why = gdbm_strerror(gdbm_errno);
	return -1;
}

void
tc_gdbm_close(struct tc_gdbm *g)
{
	int saved = errno;

	if (g)
		(void)gdbm_close(dbf(g));
	errno = saved;
}

int
tc_gdbm_fetch(struct tc_gdbm *g, const void *key, size_t key_len,
	      unsigned char **value, size_t *len)
{
	datum d = gdbm_fetch(dbf(g), datum_of(key, key_len));

	if (d.dptr && d.dsize >= 0) {
		*value = (unsigned char *)d.dptr;
		*len = (size_t)d.dsize;
		return 1;
	}
	free(d.dptr);
	return gdbm_last_errno(dbf(g)) == GDBM_ITEM_NOT_FOUND ? 0 : -1;
}

int
tc_gdbm_store(struct tc_gdbm *g, const void *key, size_t key_len,
	      const void *value, size_t len)
{
	if (len > INT_MAX / 2)
		return -1;
	return gdbm_store(dbf(g), datum_of(key, key_len), datum_of(value, len),
			  GDBM_REPLACE) == 0
		   ? 0
		   : -1;
}

int
tc_gdbm_fd(struct tc_gdbm *g)
{
	return gdbm_fdesc(dbf(g));
}

const char *
tc_gdbm_why(struct tc_gdbm *g)
{
	return gdbm_db_strerror(dbf(g));
}
