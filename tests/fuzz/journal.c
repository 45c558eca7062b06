/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An entry of the journal, applied to a small map.  The first byte of the
 * input says whether it is a whole entry (0), or the operations of one, which
 * gets its head and digest here.  An entry that was applied did what a plain
 * array says it does; one that was not gives a reason.
 */
#include "journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define SEQ 41
#define ITEMS_MAX 1000

struct item {
	const uint8_t *key, *value;
	size_t key_len, len;
};

struct model {
	struct item items[ITEMS_MAX];
	size_t n;
	struct tc_head head; /* its marks alone */
};

static const struct item first[] = {
	{ (const uint8_t *)"told", (const uint8_t *)"value", 4, 5 },
	{ (const uint8_t *)"ualice", (const uint8_t *)"12345678", 6, 8 },
	{ (const uint8_t *)"tabcdefghijklmno", (const uint8_t *)"", 16, 0 },
};
#define FIRST (sizeof(first) / sizeof(first[0]))

static unsigned char *image;
static size_t image_len;

static void
make_image(void)
{
	int fd = fuzz_file("", 0);
	struct fuzz_map m;

	fuzz_map_make(&m, fd);
	m.head.seq = SEQ;
	for (size_t i = 0; i < FIRST; i++)
		NEED(tc_map_put(&m.map, first[i].key, first[i].key_len,
				first[i].value, first[i].len) == 1);
	NEED(tc_map_put_head(&m.map) == 0);
	fuzz_map_close(&m);
	image = fuzz_content(fd, &image_len);
	close(fd);
}

/* ---- the plain array ---- */

static struct item *
find(struct model *m, const struct item *like)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].key_len == like->key_len &&
		    memcmp(m->items[i].key, like->key, like->key_len) == 0)
			return &m->items[i];
	return NULL;
}

static int64_t
number_of(const uint8_t *bytes, size_t len)
{
	struct fuzz in = { bytes, len };

	return (int64_t)fuzz_number(&in, (unsigned)len);
}

static void
mark(struct model *m, const struct item *op)
{
	unsigned kid = (unsigned)number_of(op->key, 2), i = 0;
	int64_t before = number_of(op->value, 8);

	while (i < m->head.n_marks && m->head.marks[i].kid != kid)
		i++;
	CHECK(i < TC_MARKS_MAX);
	m->head.n_marks += i == m->head.n_marks;
	m->head.marks[i].kid = kid;
	if (before > m->head.marks[i].before)
		m->head.marks[i].before = before;
}

static void
do_op(struct model *m, unsigned type, const struct item *op)
{
	struct item *is = find(m, op);

	if (type == TC_OP_PUT && is)
		*is = *op;
	else if (type == TC_OP_PUT && m->n < ITEMS_MAX)
		m->items[m->n++] = *op;
	else if (type == TC_OP_DELETE && is)
		*is = m->items[--m->n];
	else if (type == TC_OP_MARK_KEY)
		mark(m, op);
	else if (type == TC_OP_MARK_ALL &&
		 number_of(op->value, 8) > m->head.all_before)
		m->head.all_before = number_of(op->value, 8);
}

/* What is known to be well formed. */
static void
do_entry(struct model *m, const uint8_t *entry, size_t len)
{
	struct fuzz in = { entry + 20, len - 20 };

	m->n = FIRST;
	memcpy(m->items, first, sizeof(first));
	for (uint64_t n = fuzz_number(&in, 4); n > 0; n--) {
		unsigned type = (unsigned)fuzz_number(&in, 1);
		struct item op;

		op.key_len = (size_t)fuzz_number(&in, 2);
		op.len = (size_t)fuzz_number(&in, 4);
		op.key = fuzz_take(&in, op.key_len, &op.key_len);
		op.value = fuzz_take(&in, op.len, &op.len);
		do_op(m, type, &op);
	}
}

/* ---- and the map ---- */

static void
same_head(const struct tc_head *is, const struct model *want)
{
	size_t tokens = 0;

	for (size_t i = 0; i < want->n; i++)
		tokens += want->items[i].key[0] == 't';
	CHECK(is->seq == SEQ + 1);
	CHECK(is->items == want->n && is->tokens == tokens);
	CHECK(is->all_before == want->head.all_before);
	CHECK(is->n_marks == want->head.n_marks);
	for (unsigned i = 0; i < is->n_marks; i++)
		CHECK(is->marks[i].kid == want->head.marks[i].kid &&
		      is->marks[i].before == want->head.marks[i].before);
}

static int
count_item(void *arg, const unsigned char *key, size_t key_len,
	   const unsigned char *value, size_t len)
{
	(void)key;
	(void)key_len;
	(void)value;
	(void)len;
	++*(size_t *)arg;
	return 0;
}

static void
same_items(struct tc_map *map, const struct model *want)
{
	size_t n = 0;

	for (size_t i = 0; i < want->n; i++) {
		const struct item *item = &want->items[i];
		unsigned char *value;
		size_t len;

		CHECK(tc_map_get(map, item->key, item->key_len, &value, &len) ==
		      1);
		CHECK(len == item->len && memcmp(value, item->value, len) == 0);
		free(value);
	}
	for (uint32_t page = 0; page < map->head->pages; page++)
		CHECK(tc_map_page(map, page, count_item, &n) == 0);
	CHECK(n == want->n);
}

static void
apply(const uint8_t *entry, size_t len)
{
	static struct model want;
	int fd = fuzz_file(image, image_len);
	struct fuzz_map m;

	NEED(fuzz_map_open(&m, fd, TC_GDBM_WRITE) == 0);
	if (tc_entry_apply(&m.map, entry, len) == 0) {
		memset(&want, 0, sizeof(want));
		do_entry(&want, entry, len - TC_DIGEST_LEN);
		same_head(&m.head, &want);
		same_items(&m.map, &want);
	} else {
		CHECK(m.map.why && *m.map.why);
	}
	fuzz_map_close(&m);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t seq[8] = { [7] = SEQ + 1 };
	struct tc_writer w = { 0 };
	size_t unused = 0;

	if (!image)
		make_image();
	if (len < 2)
		return 0;
	if (data[0] == 0) {
		tc_put_bytes(&w, data + 1, len - 1);
	} else {
		tc_put(&w, 4 + 8 + len - 1 + TC_DIGEST_LEN, 4);
		tc_put_bytes(&w, seq, sizeof(seq));
		tc_put_bytes(&w, data + 1, len - 1);
		tc_digest_write(fuzz_crypto(), &w, 0);
	}
	NEED(!w.bad);
	(void)tc_entry_puts(w.data, w.len, count_item, &unused);
	apply(w.data, w.len);
	tc_writer_free(&w);
	return 0;
}
