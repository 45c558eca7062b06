/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "token.h"

/* items (key_len(2) len(4) key value)..., page number(4), digest(16) */
#define PAGE_END (TC_DIGEST_LEN + 4)

static const char head_key[] = { 'h', 'e', 'a', 'd' };

struct item {
	const unsigned char *key, *value;
	size_t key_len, len;
};

/* One page as it is in the file. */
struct page {
	uint32_t number;
	unsigned char *data;
	size_t len;
};

static int
fail(struct tc_map *m, const char *why)
{
	m->why = why;
	return -1;
}

static void
page_key(uint32_t number, unsigned char key[5])
{
	key[0] = 'p';
	for (int i = 0; i < 4; i++)
		key[1 + i] = (unsigned char)(number >> (24 - 8 * i));
}

static uint32_t
first_bits(const unsigned char *bytes, unsigned n)
{
	uint32_t bits = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			(uint32_t)bytes[2] << 8 | bytes[3];

	return bits >> (32 - n);
}

/* An id is a hash already.  Taking the bits that its first six characters
 * stand for puts all ids that begin alike into one page: that is how a token
 * is found by the beginning of its id. */
static int
hash_of(const struct tc_map *m, const void *key, size_t len, uint32_t *hash)
{
	struct tc_bytes whole = { key, len };
	unsigned char h[TC_HASH_LEN];
	const unsigned char *k = key;

	if (len == 1 + TC_ID_BYTES && k[0] == 't') {
		*hash = first_bits(k + 1, 30);
		return 0;
	}
	if (tc_sha256(m->crypto, &whole, 1, h))
		return -1;
	*hash = first_bits(h, 32);
	return 0;
}

/* The largest power of two that is not above n. */
static uint32_t
level(uint32_t n)
{
	uint32_t p = 1;

	while (p <= n / 2)
		p *= 2;
	return p;
}

static uint32_t
address(uint32_t pages, uint32_t hash)
{
	uint32_t p = level(pages);
	uint32_t at = hash & (2 * p - 1);

	return at < pages ? at : hash & (p - 1);
}

static int
page_fetch(struct tc_map *m, uint32_t number, struct page *page)
{
	unsigned char key[5];
	int rc;

	page_key(number, key);
	page->number = number;
	rc = tc_gdbm_fetch(m->file, key, sizeof(key), &page->data, &page->len);
	if (rc < 0)
		return fail(m, tc_gdbm_why(m->file));
	if (rc == 0)
		return fail(m, "a page is missing");
	if (page->len >= PAGE_END &&
	    memcmp(page->data + page->len - PAGE_END, key + 1, 4) == 0 &&
	    tc_digest_fits(m->crypto, page->data, page->len))
		return 0;
	free(page->data);
	return fail(m, "a page is damaged");
}

/* The next item, or 0 at the end of the page. */
static int
next_item(struct tc_reader *r, struct item *item)
{
	if (r->at == r->end)
		return 0;
	item->key_len = (size_t)tc_get(r, 2);
	item->len = (size_t)tc_get(r, 4);
	item->key = tc_take(r, item->key_len);
	item->value = tc_take(r, item->len);
	return r->bad ? -1 : 1;
}

static struct tc_reader
items_of(const struct page *page)
{
	struct tc_reader r = { page->data, page->data + page->len - PAGE_END,
			       0 };

	return r;
}

static int
is_item(const struct item *item, const void *key, size_t key_len)
{
	return item->key_len == key_len && memcmp(item->key, key, key_len) == 0;
}

static void
put_item(struct tc_writer *w, const void *key, size_t key_len,
	 const void *value, size_t len)
{
	tc_put(w, key_len, 2);
	tc_put(w, len, 4);
	tc_put_bytes(w, key, key_len);
	tc_put_bytes(w, value, len);
}

/* Writes the items in w as a page.  old_len is the length of what is there
 * now, 0 for nothing; GDBM writes in place only what keeps its length. */
static int
page_store(struct tc_map *m, uint32_t number, struct tc_writer *w,
	   size_t old_len)
{
	unsigned char key[5];
	int rc = 0;

	page_key(number, key);
	tc_put_bytes(w, key + 1, 4);
	tc_digest_write(m->crypto, w, 0);
	if (w->bad)
		return fail(m, "out of memory");
	if (old_len > 0 && old_len != w->len) {
		unsigned char *zeros = calloc(1, old_len);

		if (!zeros)
			return fail(m, "out of memory");
		rc = tc_gdbm_store(m->file, key, sizeof(key), zeros, old_len);
		free(zeros);
	}
	if (rc == 0)
		rc = tc_gdbm_store(m->file, key, sizeof(key), w->data, w->len);
	return rc ? fail(m, tc_gdbm_why(m->file)) : 0;
}

static int
copy_value(struct tc_map *m, const struct item *item, unsigned char **value,
	   size_t *len)
{
	*value = malloc(item->len + 1);
	if (!*value)
		return fail(m, "out of memory");
	memcpy(*value, item->value, item->len);
	*len = item->len;
	return 1;
}

int
tc_map_get(struct tc_map *m, const void *key, size_t key_len,
	   unsigned char **value, size_t *len)
{
	struct item item, found = { .key = NULL };
	struct page page;
	struct tc_reader r;
	uint32_t hash;
	int rc;

	if (hash_of(m, key, key_len, &hash))
		return fail(m, "no SHA-256");
	if (page_fetch(m, address(m->head->pages, hash), &page))
		return -1;
	r = items_of(&page);
	/* To the end, also behind the one that was found: absence takes no
	 * longer than presence. */
	while ((rc = next_item(&r, &item)) > 0)
		if (is_item(&item, key, key_len))
			found = item;
	if (rc < 0)
		fail(m, "a page is damaged");
	else if (found.key)
		rc = copy_value(m, &found, value, len);
	free(page.data);
	return rc;
}

/* Moves what belongs there from its page to a new one at the end. */
static int
split(struct tc_map *m)
{
	uint32_t fresh = m->head->pages, from = fresh - level(fresh);
	struct tc_writer stay = { 0 }, go = { 0 };
	struct page page;
	struct tc_reader r;
	struct item item;
	int rc;

	if (fresh == UINT32_MAX)
		return 0;
	if (page_fetch(m, from, &page))
		return -1;
	r = items_of(&page);
	while ((rc = next_item(&r, &item)) > 0) {
		uint32_t hash;

		rc = hash_of(m, item.key, item.key_len, &hash);
		if (rc < 0)
			break;
		put_item(address(fresh + 1, hash) == fresh ? &go : &stay,
			 item.key, item.key_len, item.value, item.len);
	}
	if (rc < 0)
		fail(m, "a page is damaged");
	else if (page_store(m, fresh, &go, 0) ||
		 page_store(m, from, &stay, page.len))
		rc = -1;
	else
		m->head->pages++;
	tc_writer_free(&go);
	tc_writer_free(&stay);
	free(page.data);
	return rc;
}

/* Rewrites the item's page without it and, if value is given, with the new
 * one.  Tells whether it was there. */
static int
rewrite(struct tc_map *m, const void *key, size_t key_len, const void *value,
	size_t len)
{
	struct tc_writer w = { 0 };
	struct page page;
	struct tc_reader r;
	struct item item;
	uint32_t hash;
	int rc, there = 0;

	if (hash_of(m, key, key_len, &hash))
		return fail(m, "no SHA-256");
	if (page_fetch(m, address(m->head->pages, hash), &page))
		return -1;
	r = items_of(&page);
	while ((rc = next_item(&r, &item)) > 0) {
		if (is_item(&item, key, key_len))
			there = 1;
		else
			put_item(&w, item.key, item.key_len, item.value,
				 item.len);
	}
	if (value)
		put_item(&w, key, key_len, value, len);
	if (rc < 0)
		fail(m, "a page is damaged");
	else if (there || value)
		rc = page_store(m, page.number, &w, page.len);
	tc_writer_free(&w);
	free(page.data);
	return rc < 0 ? -1 : there;
}

static void
count(struct tc_map *m, const void *key, int by)
{
	m->head->items += (uint64_t)(int64_t)by;
	if (*(const char *)key == 't')
		m->head->tokens += (uint64_t)(int64_t)by;
}

int
tc_map_put(struct tc_map *m, const void *key, size_t key_len, const void *value,
	   size_t len)
{
	int there;

	if (key_len < 1 || key_len > TC_ITEM_KEY_MAX)
		return fail(m, "an item's key is too long");
	there = rewrite(m, key, key_len, value, len);
	if (there < 0)
		return -1;
	if (there)
		return 0;
	count(m, key, 1);
	if (m->head->items > (uint64_t)m->head->pages * TC_PAGE_ITEMS &&
	    split(m))
		return -1;
	return 1;
}

int
tc_map_delete(struct tc_map *m, const void *key, size_t key_len)
{
	int there = rewrite(m, key, key_len, NULL, 0);

	if (there > 0)
		count(m, key, -1);
	return there;
}

uint32_t
tc_map_page_of_id(const struct tc_map *m, const unsigned char id[4])
{
	return address(m->head->pages, first_bits(id, 30));
}

uint64_t
tc_map_step(uint32_t pages, uint32_t page)
{
	uint64_t p = level(pages);

	/* Split already at this level, or made by such a split? */
	return page < pages - p || page >= p ? 2 * p : p;
}

int
tc_map_page(struct tc_map *m, uint32_t number, tc_item_fn *fn, void *arg)
{
	struct page page;
	struct tc_reader r;
	struct item item;
	uint32_t hash;
	int rc;

	if (page_fetch(m, number, &page))
		return -1;
	r = items_of(&page);
	while ((rc = next_item(&r, &item)) > 0) {
		if (hash_of(m, item.key, item.key_len, &hash) ||
		    address(m->head->pages, hash) != number)
			rc = -1;
		else
			rc = fn(arg, item.key, item.key_len, item.value,
				item.len);
		if (rc)
			break;
	}
	if (rc < 0)
		fail(m, "a page is damaged");
	free(page.data);
	return rc;
}

int
tc_map_create(struct tc_map *m)
{
	m->head->pages = TC_PAGES_START;
	m->head->items = m->head->tokens = 0;
	for (uint32_t i = 0; i < m->head->pages; i++) {
		struct tc_writer w = { 0 };
		int rc = page_store(m, i, &w, 0);

		tc_writer_free(&w);
		if (rc)
			return -1;
	}
	return 0;
}

int
tc_map_put_head(struct tc_map *m)
{
	struct tc_writer w = { 0 };
	int rc;

	tc_head_write(&w, m->head);
	tc_digest_write(m->crypto, &w, 0);
	rc = w.bad ? -1
		   : tc_gdbm_store(m->file, head_key, sizeof(head_key), w.data,
				   w.len);
	if (rc)
		m->why = w.bad ? "out of memory" : tc_gdbm_why(m->file);
	tc_writer_free(&w);
	return rc;
}

int
tc_map_copy(struct tc_map *from, struct tc_map *to)
{
	int rc = 0;

	from->why = to->why = NULL;
	for (uint32_t i = 0; rc == 0 && i < from->head->pages; i++) {
		unsigned char key[5];
		struct page page;

		if (page_fetch(from, i, &page))
			return -1;
		page_key(i, key);
		rc = tc_gdbm_store(to->file, key, sizeof(key), page.data,
				   page.len);
		if (rc)
			fail(to, tc_gdbm_why(to->file));
		free(page.data);
	}
	return rc ? -1 : tc_map_put_head(to);
}

int
tc_map_get_head(struct tc_map *m, struct tc_head *head)
{
	unsigned char *data;
	size_t len;
	struct tc_reader r;
	int rc =
	    tc_gdbm_fetch(m->file, head_key, sizeof(head_key), &data, &len);

	if (rc < 0)
		return fail(m, tc_gdbm_why(m->file));
	if (rc == 0)
		return fail(m, "the head is missing");
	rc = -1;
	if (tc_digest_fits(m->crypto, data, len)) {
		r = (struct tc_reader){ data, data + len - TC_DIGEST_LEN, 0 };
		tc_head_read(&r, head);
		rc = r.bad || r.at != r.end ? -1 : 0;
	}
	free(data);
	return rc ? fail(m, "the head is damaged") : 0;
}
