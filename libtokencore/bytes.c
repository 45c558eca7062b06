/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bytes.h"

#include <string.h>

#include <openssl/crypto.h>

/* Grows by copying and wiping: realloc() would leave the old bytes behind. */
static int
reserve(struct tc_writer *w, size_t more)
{
	size_t size = w->size ? w->size : 512;
	unsigned char *data;

	if (w->bad || more > SIZE_MAX / 4 - w->len) {
		w->bad = 1;
		return -1;
	}
	if (w->data && w->len + more <= w->size)
		return 0;
	while (size < w->len + more)
		size *= 2;
	data = OPENSSL_malloc(size);
	if (!data) {
		w->bad = 1;
		return -1;
	}
	if (w->data)
		memcpy(data, w->data, w->len);
	OPENSSL_clear_free(w->data, w->size);
	w->data = data;
	w->size = size;
	return 0;
}

void
tc_put_bytes(struct tc_writer *w, const void *data, size_t len)
{
	if (len == 0 || !data || reserve(w, len))
		return;
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

void
tc_put(struct tc_writer *w, uint64_t value, unsigned n_bytes)
{
	unsigned char out[8];

	for (unsigned i = 0; i < n_bytes; i++)
		out[i] = (unsigned char)(value >> (8 * (n_bytes - 1 - i)));
	tc_put_bytes(w, out, n_bytes);
}

void
tc_writer_free(struct tc_writer *w)
{
	OPENSSL_clear_free(w->data, w->size);
	memset(w, 0, sizeof(*w));
}

__attribute__((noinline)) void
tc_wipe_stack(void)
{
	char area[32768];

	OPENSSL_cleanse(area, sizeof(area));
}

/* The C library copies by vectors, and what it copied last stays in those that
 * only it uses.  Half a kilobyte goes through all of them. */
void
tc_wipe_registers(void)
{
	static const unsigned char nothing[512];
	static void *(*const volatile copy)(void *, const void *, size_t) =
	    memmove;
	unsigned char area[sizeof(nothing)];

	copy(area, nothing, sizeof(area));
}
