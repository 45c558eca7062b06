/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* items (key_len(2) len(4) key value)..., zeros, page number(4), digest(16) */
#define PAGE_END ((size_t)TC_DIGEST_LEN + 4)

/* With its key a page takes this, or twice, four times, eight times... as much:
 * what one leaves behind that moves is what others need, and most changes leave
 * a page where it is. */
#define PAGE_MIN ((size_t)512)

#define HELD_MAX ((size_t)16 << 20)

struct tc_held_page {
	uint32_t number;
	struct tc_writer items;
	size_t stored;
	struct tc_held_page *next;
};

static int
fail(struct tc_map *m, const char *why)
{
	m->why = why;
	return -1;
}

void
tc_page_key(uint32_t number, unsigned char key[TC_PAGE_KEY])
{
	key[0] = 'p';
	for (int i = 0; i < 4; i++)
		key[1 + i] = (unsigned char)(number >> (24 - 8 * i));
}

/* ---- in memory ---- */

static int
by_number(const void *a, const void *b)
{
	const struct tc_held_page *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static struct tc_held_page *
find_held(const struct tc_map *m, uint32_t number)
{
	const struct tc_held_page key = { .number = number };
	struct tc_held_page **at =
	    m->held ? tfind(&key, &m->held->tree, by_number) : NULL;

	return at ? *at : NULL;
}

static struct tc_held_page *
add_held(struct tc_held *held, uint32_t number, size_t stored)
{
	struct tc_held_page *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->number = number;
	h->stored = stored;
	if (!tsearch(h, &held->tree, by_number)) {
		free(h);
		return NULL;
	}
	h->next = held->first;
	held->first = h;
	held->bytes += sizeof(*h);
	return h;
}

static int
hold(struct tc_map *m, uint32_t number, struct tc_writer *w, size_t stored)
{
	struct tc_held_page *h = find_held(m, number);

	if (!h)
		h = add_held(m->held, number, stored);
	if (!h)
		return fail(m, "out of memory");
	m->held->bytes += w->size - h->items.size;
	tc_writer_free(&h->items);
	h->items = *w;
	memset(w, 0, sizeof(*w));
	return 0;
}

void
tc_held_free(struct tc_held *held)
{
	while (held->first) {
		struct tc_held_page *h = held->first;

		held->first = h->next;
		(void)tdelete(h, &held->tree, by_number);
		tc_writer_free(&h->items);
		free(h);
	}
	held->bytes = 0;
}

/* ---- in the file ---- */

static int
fetch(struct tc_map *m, uint32_t number, struct tc_page *page)
{
	unsigned char key[TC_PAGE_KEY];
	int rc;

	tc_page_key(number, key);
	rc = tc_gdbm_fetch(m->file, key, sizeof(key), &page->owned,
			   &page->stored);
	if (rc < 0)
		return fail(m, tc_gdbm_why(m->file));
	if (rc == 0)
		return fail(m, "a page is missing");
	page->items = page->owned;
	page->len = page->stored - PAGE_END;
	if (page->stored >= PAGE_END &&
	    memcmp(page->items + page->len, key + 1, 4) == 0 &&
	    tc_digest_fits(m->crypto, page->owned, page->stored))
		return 0;
	tc_page_free(page);
	return fail(m, "a page is damaged");
}

int
tc_page_charge(struct tc_map *m, const struct tc_page *page,
	       const struct tc_reader *items, size_t item_len)
{
	if (page->owned && (size_t)(items->end - items->at) < item_len &&
	    !tc_digest_fits(m->crypto, page->owned, page->stored))
		return fail(m, "no SHA-256");
	return 0;
}

/* GDBM writes in place only what keeps its length. */
static int
overwrite(struct tc_map *m, const unsigned char key[TC_PAGE_KEY], size_t len)
{
	unsigned char *zeros = calloc(1, len);
	int rc;

	if (!zeros)
		return fail(m, "out of memory");
	rc = tc_gdbm_store(m->file, key, TC_PAGE_KEY, zeros, len);
	free(zeros);
	return rc ? fail(m, tc_gdbm_why(m->file)) : 0;
}

static void
pad(struct tc_writer *w)
{
	static const unsigned char zeros[PAGE_MIN];
	size_t need = TC_PAGE_KEY + w->len + PAGE_END, room = PAGE_MIN;

	while (room < need)
		room *= 2;
	for (room -= need; room > sizeof(zeros); room -= sizeof(zeros))
		tc_put_bytes(w, zeros, sizeof(zeros));
	tc_put_bytes(w, zeros, room);
}

static int
write_page(struct tc_map *m, uint32_t number, struct tc_writer *w,
	   size_t stored)
{
	unsigned char key[TC_PAGE_KEY];

	tc_page_key(number, key);
	pad(w);
	tc_put_bytes(w, key + 1, 4);
	tc_digest_write(m->crypto, w, 0);
	if (w->bad)
		return fail(m, "out of memory");
	if (stored > 0 && stored != w->len && overwrite(m, key, stored))
		return -1;
	return tc_gdbm_store(m->file, key, sizeof(key), w->data, w->len)
		   ? fail(m, tc_gdbm_why(m->file))
		   : 0;
}

int
tc_page_flush(struct tc_map *m)
{
	int rc = 0;

	if (!m->held)
		return 0;
	for (struct tc_held_page *h = m->held->first; rc == 0 && h; h = h->next)
		rc = write_page(m, h->number, &h->items, h->stored);
	tc_held_free(m->held);
	return rc;
}

int
tc_page_relieve(struct tc_map *m)
{
	return m->held && m->held->bytes > HELD_MAX ? tc_page_flush(m) : 0;
}

/* ---- either ---- */

int
tc_page_fetch(struct tc_map *m, uint32_t number, struct tc_page *page)
{
	const struct tc_held_page *h = find_held(m, number);

	memset(page, 0, sizeof(*page));
	page->number = number;
	if (!h)
		return fetch(m, number, page);
	/* One that a split left empty has no memory; to count from NULL is
	 * undefined. */
	page->items = h->items.data ? h->items.data : (const void *)"";
	page->len = h->items.len;
	page->stored = h->stored;
	return 0;
}

void
tc_page_free(struct tc_page *page)
{
	free(page->owned);
	page->owned = NULL;
}

struct tc_reader
tc_page_items(const struct tc_page *page)
{
	struct tc_reader r = { page->items, page->items + page->len, 0 };

	return r;
}

/* No item's key is empty: where its length is 0, zeros fill up the page. */
int
tc_page_next(struct tc_reader *r, struct tc_item *item)
{
	if (r->end - r->at < 2)
		return 0;
	item->key_len = (size_t)tc_get(r, 2);
	if (item->key_len == 0)
		return 0;
	item->len = (size_t)tc_get(r, 4);
	item->key = tc_take(r, item->key_len);
	item->value = tc_take(r, item->len);
	return r->bad ? -1 : 1;
}

void
tc_page_put(struct tc_writer *w, const struct tc_item *item)
{
	tc_put(w, item->key_len, 2);
	tc_put(w, item->len, 4);
	tc_put_bytes(w, item->key, item->key_len);
	tc_put_bytes(w, item->value, item->len);
}

int
tc_page_store(struct tc_map *m, uint32_t number, struct tc_writer *w,
	      size_t stored)
{
	int rc;

	if (w->bad)
		return fail(m, "out of memory");
	if (m->held)
		return hold(m, number, w, stored);
	rc = write_page(m, number, w, stored);
	tc_writer_free(w);
	return rc;
}
