/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "token.h"

static const char head_key[] = { 'h', 'e', 'a', 'd' };

static int
fail(struct tc_map *m, const char *why)
{
	m->why = why;
	return -1;
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
is_item(const struct tc_item *item, const void *key, size_t key_len)
{
	return item->key_len == key_len && memcmp(item->key, key, key_len) == 0;
}

static int
copy_value(struct tc_map *m, const struct tc_item *item, unsigned char **value,
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
tc_map_get_alike(struct tc_map *m, const void *key, size_t key_len,
		 size_t usual_len, unsigned char **value, size_t *len)
{
	struct tc_item item, found = { .key = NULL };
	struct tc_page page;
	struct tc_reader r;
	uint32_t hash;
	int rc;

	if (hash_of(m, key, key_len, &hash))
		return fail(m, "no SHA-256");
	if (tc_page_fetch(m, address(m->head->pages, hash), &page))
		return -1;
	r = tc_page_items(&page);
	/* To the end, also behind the one that was found: absence takes no
	 * longer than presence. */
	while ((rc = tc_page_next(&r, &item)) > 0)
		if (is_item(&item, key, key_len))
			found = item;
	if (rc < 0)
		fail(m, "a page is damaged");
	else if (found.key)
		rc = copy_value(m, &found, value, len);
	else if (usual_len > 0)
		rc = tc_page_charge(m, &page, &r, 2 + 4 + key_len + usual_len);
	tc_page_free(&page);
	return rc;
}

int
tc_map_get(struct tc_map *m, const void *key, size_t key_len,
	   unsigned char **value, size_t *len)
{
	return tc_map_get_alike(m, key, key_len, 0, value, len);
}

/* Moves what belongs there from its page to a new one at the end. */
static int
split(struct tc_map *m)
{
	uint32_t fresh = m->head->pages, from = fresh - level(fresh);
	struct tc_writer stay = { 0 }, go = { 0 };
	struct tc_page page;
	struct tc_reader r;
	struct tc_item item;
	int rc;

	if (fresh == UINT32_MAX)
		return 0;
	if (tc_page_fetch(m, from, &page))
		return -1;
	r = tc_page_items(&page);
	while ((rc = tc_page_next(&r, &item)) > 0) {
		uint32_t hash;

		rc = hash_of(m, item.key, item.key_len, &hash);
		if (rc < 0)
			break;
		tc_page_put(address(fresh + 1, hash) == fresh ? &go : &stay,
			    &item);
	}
	if (rc < 0)
		fail(m, "a page is damaged");
	else if (tc_page_store(m, fresh, &go, 0) ||
		 tc_page_store(m, from, &stay, page.stored))
		rc = -1;
	else
		m->head->pages++;
	tc_writer_free(&go);
	tc_writer_free(&stay);
	tc_page_free(&page);
	return rc;
}

/* Rewrites the item's page without it and, if value is given, with the new
 * one.  Tells whether it was there. */
static int
rewrite(struct tc_map *m, const void *key, size_t key_len, const void *value,
	size_t len)
{
	struct tc_writer w = { 0 };
	struct tc_page page;
	struct tc_reader r;
	struct tc_item item;
	uint32_t hash;
	int rc, there = 0;

	if (hash_of(m, key, key_len, &hash))
		return fail(m, "no SHA-256");
	if (tc_page_relieve(m) ||
	    tc_page_fetch(m, address(m->head->pages, hash), &page))
		return -1;
	r = tc_page_items(&page);
	while ((rc = tc_page_next(&r, &item)) > 0) {
		if (is_item(&item, key, key_len))
			there = 1;
		else
			tc_page_put(&w, &item);
	}
	if (value)
		tc_page_put(&w, &(struct tc_item){ key, value, key_len, len });
	if (rc < 0)
		fail(m, "a page is damaged");
	else if (there || value)
		rc = tc_page_store(m, page.number, &w, page.stored);
	tc_writer_free(&w);
	tc_page_free(&page);
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

/* Counts with the bits turned around. */
uint32_t
tc_map_after(uint32_t pages, uint32_t page)
{
	do {
		uint32_t bit = level(pages);

		for (; page & bit; bit /= 2)
			page -= bit;
		page += bit;
	} while (page > 0 && page >= pages);
	return page;
}

int
tc_map_page(struct tc_map *m, uint32_t number, tc_item_fn *fn, void *arg)
{
	struct tc_page page;
	struct tc_reader r;
	struct tc_item item;
	uint32_t hash;
	int rc;

	if (tc_page_fetch(m, number, &page))
		return -1;
	r = tc_page_items(&page);
	while ((rc = tc_page_next(&r, &item)) > 0) {
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
	tc_page_free(&page);
	return rc;
}

int
tc_map_create(struct tc_map *m)
{
	m->head->pages = TC_PAGES_START;
	m->head->items = m->head->tokens = 0;
	for (uint32_t i = 0; i < m->head->pages; i++) {
		struct tc_writer w = { 0 };
		int rc = tc_page_store(m, i, &w, 0);

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

	if (tc_page_flush(m))
		return -1;
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
	uint32_t i = 0;
	int rc = 0;

	from->why = to->why = NULL;
	do {
		unsigned char key[TC_PAGE_KEY];
		struct tc_page page;

		if (tc_page_fetch(from, i, &page))
			return -1;
		tc_page_key(i, key);
		rc = tc_gdbm_store(to->file, key, sizeof(key), page.owned,
				   page.stored);
		if (rc)
			fail(to, tc_gdbm_why(to->file));
		tc_page_free(&page);
		i = tc_map_after(from->head->pages, i);
	} while (rc == 0 && i > 0);
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
