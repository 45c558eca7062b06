/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Big-endian numbers in byte strings, and a reader and a writer that cannot
 * run past their end: overrunning sets a flag that is looked at once.
 */
#ifndef TC_BYTES_H
#define TC_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct tc_reader {
	const unsigned char *at, *end;
	int bad;
};

/* The writer's buffer grows; tc_writer_free() wipes it.  Start from zero. */
struct tc_writer {
	unsigned char *data;
	size_t len, size;
	int bad;
};

/* NULL when fewer than len bytes are left.  Here, since a list calls it forty
 * times for each token. */
static inline const unsigned char *
tc_take(struct tc_reader *r, size_t len)
{
	const unsigned char *here = r->at;

	if (r->bad || len > (size_t)(r->end - r->at)) {
		r->bad = 1;
		return NULL;
	}
	r->at += len;
	return here;
}

static inline uint64_t
tc_get(struct tc_reader *r, unsigned n_bytes)
{
	const unsigned char *p = tc_take(r, n_bytes);
	uint64_t value = 0;

	for (unsigned i = 0; p && i < n_bytes; i++)
		value = (value << 8) | p[i];
	return value;
}

void tc_put(struct tc_writer *w, uint64_t value, unsigned n_bytes);
void tc_put_bytes(struct tc_writer *w, const void *data, size_t len);
void tc_writer_free(struct tc_writer *w);

/* What was called before may have left secrets on the stack, below the
 * caller's part of it: so does the loader, which saves the registers that
 * something was copied with when a function is called for the first time. */
void tc_wipe_stack(void);
/* And those registers, before the loader saves them. */
void tc_wipe_registers(void);

#endif
