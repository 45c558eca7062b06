/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A map of items in pages, so that "not there" can be proved.
 *
 * GDBM's own "not found" cannot be told from a flipped bit in its tables.  So
 * items lie in numbered pages, every page from 0 to head.pages - 1 is always
 * there, and each carries a digest: an item is absent only if its page is
 * whole and does not hold it.  Pages split one at a time as the map grows
 * (linear hashing), so that no commit has to move more than one page's items.
 *
 * A page that is rewritten leaves no old copy of itself in the file's free
 * space: the pointer to a revoked token's page can be damaged, but not so that
 * it shows the page as it was before.
 */
#ifndef TC_PAGES_H
#define TC_PAGES_H

#include "gdbmfile.h"
#include "head.h"

#define TC_PAGES_START 16
#define TC_PAGE_ITEMS 8 /* on average, before one is split */
#define TC_ITEM_KEY_MAX 256

/* Pages that were changed and not written yet (page.h). */
struct tc_held {
	void *tree;
	struct tc_held_page *first;
	size_t bytes;
};
void tc_held_free(struct tc_held *held);

struct tc_map {
	struct tc_gdbm *file;
	const struct tc_crypto *crypto;
	struct tc_head *head;
	struct tc_held *held; /* NULL: each change is written at once */
	const char *why; /* set when a call gives -1 */
};

/* 1 found (*value malloced), 0 proved absent, -1 damage or trouble */
int tc_map_get(struct tc_map *m, const void *key, size_t key_len,
	       unsigned char **value, size_t *len);
/* The same, and not to find it takes as long as to find a value of usual_len:
 * whose page holds an item has one more than pages have on average. */
int tc_map_get_alike(struct tc_map *m, const void *key, size_t key_len,
		     size_t usual_len, unsigned char **value, size_t *len);
/* 1 new, 0 replaced, -1 */
int tc_map_put(struct tc_map *m, const void *key, size_t key_len,
	       const void *value, size_t len);
/* 1 removed, 0 was not there, -1 */
int tc_map_delete(struct tc_map *m, const void *key, size_t key_len);

/* Calls fn for each item of one page; a result other than 0 ends it. */
typedef int tc_item_fn(void *arg, const unsigned char *key, size_t key_len,
		       const unsigned char *value, size_t len);
int tc_map_page(struct tc_map *m, uint32_t page, tc_item_fn *fn, void *arg);

/* The page of all tokens whose ids begin with the same 30 bits, which is what
 * six characters of their text say. */
uint32_t tc_map_page_of_id(const struct tc_map *m, const unsigned char id[4]);

/* How far apart the pages lie that take over a page's items as the map grows.
 * While there are `pages` of them, `page` holds the items whose hash leaves it
 * as remainder of that step (a power of two); however often it is split later,
 * these lie in page, page + step, page + 2 step, ..., and nothing else does.
 * Pages never merge. */
uint64_t tc_map_step(uint32_t pages, uint32_t page);

/* All pages in the order that suits a list, from 0 until it is 0 again: what
 * the file of last uses has of one follows what it has of the one before, and a
 * copy has them in this order (lastuse.c). */
uint32_t tc_map_after(uint32_t pages, uint32_t page);

/* Makes the empty pages of a new file. */
int tc_map_create(struct tc_map *m);

/* Copies all pages and the head into an empty file.  -1: one of them says
 * why, the other's why is NULL. */
int tc_map_copy(struct tc_map *from, struct tc_map *to);

/* The head inside the file; put writes the held pages first, get gives -1 when
 * it is missing or damaged. */
int tc_map_put_head(struct tc_map *m);
int tc_map_get_head(struct tc_map *m, struct tc_head *head);

#endif
