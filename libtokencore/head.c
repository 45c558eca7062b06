/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "head.h"

#include <string.h>

#include <openssl/crypto.h>

static const char magic[] = "TCS1";

void
tc_head_write(struct tc_writer *w, const struct tc_head *head)
{
	tc_put_bytes(w, head->store_id, TC_STORE_ID_LEN);
	tc_put(w, head->seq, 8);
	tc_put(w, (uint64_t)head->time, 8);
	tc_put(w, head->pages, 4);
	tc_put(w, head->items, 8);
	tc_put(w, head->tokens, 8);
	tc_put(w, (uint64_t)head->all_before, 8);
	tc_put(w, head->n_marks, 2);
	for (unsigned i = 0; i < head->n_marks; i++) {
		tc_put(w, head->marks[i].kid, 2);
		tc_put(w, (uint64_t)head->marks[i].before, 8);
	}
}

void
tc_head_read(struct tc_reader *r, struct tc_head *head)
{
	const unsigned char *id = tc_take(r, TC_STORE_ID_LEN);

	memset(head, 0, sizeof(*head));
	if (id)
		memcpy(head->store_id, id, TC_STORE_ID_LEN);
	head->seq = tc_get(r, 8);
	head->time = (int64_t)tc_get(r, 8);
	head->pages = (uint32_t)tc_get(r, 4);
	head->items = tc_get(r, 8);
	head->tokens = tc_get(r, 8);
	head->all_before = (int64_t)tc_get(r, 8);
	head->n_marks = (unsigned)tc_get(r, 2);
	if (head->n_marks > TC_MARKS_MAX || head->pages == 0)
		r->bad = 1;
	for (unsigned i = 0; !r->bad && i < head->n_marks; i++) {
		head->marks[i].kid = (unsigned)tc_get(r, 2);
		head->marks[i].before = (int64_t)tc_get(r, 8);
	}
}

void
tc_digest_write(const struct tc_crypto *c, struct tc_writer *w, size_t from)
{
	unsigned char hash[TC_HASH_LEN];
	struct tc_bytes whole = { w->data + from, w->len - from };

	if (w->bad || tc_sha256(c, &whole, 1, hash)) {
		w->bad = 1;
		return;
	}
	tc_put_bytes(w, hash, TC_DIGEST_LEN);
}

int
tc_digest_fits(const struct tc_crypto *c, const unsigned char *text, size_t len)
{
	unsigned char hash[TC_HASH_LEN];
	struct tc_bytes whole = { text, len - TC_DIGEST_LEN };

	return len > TC_DIGEST_LEN && tc_sha256(c, &whole, 1, hash) == 0 &&
	       CRYPTO_memcmp(hash, text + whole.len, TC_DIGEST_LEN) == 0;
}

void
tc_state_write(const struct tc_crypto *c, struct tc_writer *w,
	       const struct tc_state_file *state)
{
	tc_put_bytes(w, magic, 4);
	tc_put(w, state->side == TC_LEFT ? 'L' : 'R', 1);
	tc_put(w, state->journal_len, 8);
	tc_put(w, state->journal_last, 8);
	tc_head_write(w, &state->head);
	tc_digest_write(c, w, 0);
}

int
tc_state_read(const struct tc_crypto *c, const unsigned char *text, size_t len,
	      struct tc_state_file *state)
{
	struct tc_reader r = { text, text + len, 0 };
	const unsigned char *start = tc_take(&r, 4);
	unsigned side;

	memset(state, 0, sizeof(*state));
	if (!start || memcmp(start, magic, 4) != 0 ||
	    !tc_digest_fits(c, text, len))
		return -1;
	r.end -= TC_DIGEST_LEN;
	side = (unsigned)tc_get(&r, 1);
	state->side = side == 'L' ? TC_LEFT : TC_RIGHT;
	state->journal_len = tc_get(&r, 8);
	state->journal_last = tc_get(&r, 8);
	tc_head_read(&r, &state->head);
	if (r.bad || r.at != r.end || (side != 'L' && side != 'R'))
		return -1;
	return 0;
}
