/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One page of a map (pages.h): as it lies in the file, and as it is held in
 * memory while a commit is applied, so that it is written once however often
 * the commit changes it.
 */
#ifndef TC_PAGE_H
#define TC_PAGE_H

#include "pages.h"

#define TC_PAGE_KEY 5

struct tc_page {
	uint32_t number;
	const unsigned char *items;
	size_t len;
	size_t stored; /* how long its value in the file is */
	unsigned char *owned; /* what tc_page_free() frees */
};

/* One item of a page, pointing into it. */
struct tc_item {
	const unsigned char *key, *value;
	size_t key_len, len;
};

void tc_page_key(uint32_t number, unsigned char key[TC_PAGE_KEY]);
/* 0 or -1.  It is good until the next tc_page_store(). */
int tc_page_fetch(struct tc_map *m, uint32_t number, struct tc_page *page);
void tc_page_free(struct tc_page *page);
/* Hashes once more what would be twice as long with one more item of that
 * length.  items: what tc_page_next() came to the end with.  0 or -1. */
int tc_page_charge(struct tc_map *m, const struct tc_page *page,
		   const struct tc_reader *items, size_t item_len);
struct tc_reader tc_page_items(const struct tc_page *page);
/* 1, 0 at the end of the page, -1 for damage. */
int tc_page_next(struct tc_reader *r, struct tc_item *item);

void tc_page_put(struct tc_writer *w, const struct tc_item *item);
/* Makes the items in w the page's, and empties w.  stored: as in struct
 * tc_page, 0 for a page that is not there yet. */
int tc_page_store(struct tc_map *m, uint32_t number, struct tc_writer *w,
		  size_t stored);
/* Writes what is held; relieve does when that is much.  No struct tc_page is
 * good any more. */
int tc_page_flush(struct tc_map *m);
int tc_page_relieve(struct tc_map *m);

#endif
