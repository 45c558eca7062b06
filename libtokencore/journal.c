/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal.h"

#include <string.h>

#define TIME_AT 12 /* behind length and seq */
#define COUNT_AT 20 /* and time */

static void
patch(unsigned char *at, uint64_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		at[i] = (unsigned char)(value >> (8 * (n_bytes - 1 - i)));
}

void
tc_journal_start(unsigned char out[TC_JOURNAL_START],
		 const unsigned char store_id[TC_STORE_ID_LEN])
{
	static const unsigned char magic[4] = { 'T', 'C', 'J', '1' };

	memcpy(out, magic, sizeof(magic));
	memcpy(out + sizeof(magic), store_id, TC_STORE_ID_LEN);
}

void
tc_entry_begin(struct tc_writer *w, uint64_t seq)
{
	tc_put(w, 0, 4);
	tc_put(w, seq, 8);
	tc_put(w, 0, 8);
	tc_put(w, 0, 4);
}

void
tc_entry_op(struct tc_writer *w, enum tc_op op, const void *key, size_t key_len,
	    const void *value, size_t len)
{
	struct tc_reader count = { w->data + COUNT_AT, w->data + COUNT_AT + 4,
				   w->bad };

	if (w->bad)
		return;
	patch(w->data + COUNT_AT, tc_get(&count, 4) + 1, 4);
	tc_put(w, op, 1);
	tc_put(w, key_len, 2);
	tc_put(w, len, 4);
	tc_put_bytes(w, key, key_len);
	tc_put_bytes(w, value, len);
}

void
tc_entry_time(struct tc_writer *w, int64_t time)
{
	if (!w->bad)
		patch(w->data + TIME_AT, (uint64_t)time, 8);
}

void
tc_entry_end(const struct tc_crypto *c, struct tc_writer *w)
{
	if (w->bad)
		return;
	patch(w->data, w->len + TC_DIGEST_LEN, 4);
	tc_digest_write(c, w, 0);
}

static int
mark_key(struct tc_map *m, const unsigned char *key, size_t key_len,
	 const unsigned char *value, size_t len)
{
	struct tc_head *head = m->head;
	struct tc_reader k = { key, key + key_len, 0 };
	struct tc_reader v = { value, value + len, 0 };
	unsigned kid = (unsigned)tc_get(&k, 2), i = 0;
	int64_t before = (int64_t)tc_get(&v, 8);

	if (k.bad || v.bad || k.at != k.end || v.at != v.end)
		return -1;
	while (i < head->n_marks && head->marks[i].kid != kid)
		i++;
	if (i == TC_MARKS_MAX) {
		m->why = "too many keys are marked";
		return -1;
	}
	head->marks[i].kid = kid;
	if (before > head->marks[i].before)
		head->marks[i].before = before;
	if (i == head->n_marks)
		head->n_marks++;
	return 0;
}

static int
mark_all(struct tc_map *m, size_t key_len, const unsigned char *value,
	 size_t len)
{
	struct tc_reader v = { value, value + len, 0 };
	int64_t before = (int64_t)tc_get(&v, 8);

	if (key_len || v.bad || v.at != v.end)
		return -1;
	if (before > m->head->all_before)
		m->head->all_before = before;
	return 0;
}

static int
apply_op(struct tc_map *m, unsigned op, struct tc_reader *r)
{
	size_t key_len = (size_t)tc_get(r, 2);
	size_t len = (size_t)tc_get(r, 4);
	const unsigned char *key = tc_take(r, key_len);
	const unsigned char *value = tc_take(r, len);

	m->why = "the journal is damaged";
	if (r->bad)
		return -1;
	switch (op) {
	case TC_OP_PUT:
		return tc_map_put(m, key, key_len, value, len);
	case TC_OP_DELETE:
		return tc_map_delete(m, key, key_len);
	case TC_OP_MARK_KEY:
		return mark_key(m, key, key_len, value, len);
	case TC_OP_MARK_ALL:
		return mark_all(m, key_len, value, len);
	}
	return -1;
}

int
tc_entry_puts(const unsigned char *entry, size_t len, tc_item_fn *fn, void *arg)
{
	struct tc_reader r = { entry, entry + len, 0 };
	uint64_t count;
	int rc = 0;

	(void)tc_take(&r, COUNT_AT);
	for (count = tc_get(&r, 4); rc == 0 && count > 0; count--) {
		unsigned op = (unsigned)tc_get(&r, 1);
		size_t key_len = (size_t)tc_get(&r, 2);
		size_t value_len = (size_t)tc_get(&r, 4);
		const unsigned char *key = tc_take(&r, key_len);
		const unsigned char *value = tc_take(&r, value_len);

		if (r.bad)
			return -1;
		if (op == TC_OP_PUT)
			rc = fn(arg, key, key_len, value, value_len);
	}
	return r.bad ? -1 : rc;
}

int
tc_entry_apply(struct tc_map *m, const unsigned char *entry, size_t len)
{
	struct tc_reader r = { entry, entry + len, 0 };
	uint64_t count;

	m->why = "the journal is damaged";
	if (!tc_digest_fits(m->crypto, entry, len) || tc_get(&r, 4) != len)
		return -1;
	r.end -= TC_DIGEST_LEN;
	if (tc_get(&r, 8) != m->head->seq + 1) {
		m->why = "the journal is of another commit";
		return -1;
	}
	m->head->seq++;
	m->head->time = (int64_t)tc_get(&r, 8);
	for (count = tc_get(&r, 4); count > 0; count--)
		if (apply_op(m, (unsigned)tc_get(&r, 1), &r) < 0)
			return -1;
	m->why = "the journal is damaged";
	return r.bad || r.at != r.end ? -1 : 0;
}
