/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <openssl/crypto.h>

#include "record.h"
#include "text.h"

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* What keyboards and editors leave where nobody sees it. */
static int
has_loose_ends(const char *text, size_t len)
{
	static const char *const blanks[] = {
		" ", "\xc2\xa0", /* no-break space */
		"\xe3\x80\x80", /* ideographic space */
		"\xef\xbb\xbf", /* byte order mark */
	};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		size_t n = strlen(blanks[i]);

		if (memcmp(text, blanks[i], n) == 0 ||
		    memcmp(text + len - n, blanks[i], n) == 0)
			return 1;
	}
	return 0;
}

const char *
tc_imported_fault(const char *value, size_t len)
{
	char text[TC_IMPORT_MAX + 1];
	const char *fault = NULL;

	if (!value || len < TC_IMPORT_MIN)
		return "has fewer than 20 characters";
	if (len > TC_IMPORT_MAX)
		return "has more than 255 bytes";
	memcpy(text, value, len);
	text[len] = '\0';
	if (strlen(text) != len || !tc_text_fits(text, 1, TC_IMPORT_MAX))
		fault = "is not UTF-8 without control characters";
	else if (characters(text) < TC_IMPORT_MIN)
		fault = "has fewer than 20 characters";
	else if (has_loose_ends(text, len))
		fault = "begins or ends with white space";
	else if (tc_is_token(text, len))
		fault = "begins like a token of this program";
	OPENSSL_cleanse(text, sizeof(text));
	return fault;
}

int
tc_imported_id(const struct tc_crypto *c, const struct tc_key *key,
	       const char *user, const char *value, size_t len,
	       unsigned char id[TC_ID_BYTES])
{
	unsigned char mac[TC_HASH_LEN];
	size_t user_len = strnlen(user, TC_USER_MAX);
	unsigned char len8 = (unsigned char)user_len;
	struct tc_bytes parts[] = {
		{ "TKIV", 4 }, { &len8, 1 }, { user, user_len }, { value, len }
	};

	if (tc_hmac(c, key->imp, TC_KEY_LEN, parts, 4, mac))
		return -1;
	memcpy(id, mac, TC_ID_BYTES);
	OPENSSL_cleanse(mac, sizeof(mac));
	return 0;
}

int
tc_imported_wanted(const struct tc_request *req)
{
	return (req->flags & TC_IMPORTED) && req->user &&
	       !tc_imported_fault(req->authtok, req->authtok_len);
}

enum tc_verdict
tc_imported_unavailable(struct tc_trial *t, const char *why)
{
	char line[2 * TC_ERROR_MAX];
	size_t len;

	len = (size_t)snprintf(line, sizeof(line), "%s",
			       "imported values cannot be looked up: ");
	tc_escape(why, 0, line + len, sizeof(line) - len);
	if (t->h && t->h->log && (!t->policy || t->policy->config.syslog))
		t->h->log(t->h->log_arg, LOG_ERR, line);
	return tc_trial_say(t, TC_NOT_A_TOKEN, line);
}

/* The record was found by a hash of the value: it is this value's, unless
 * somebody tampered with the store. */
static enum tc_verdict
judge(struct tc_trial *t, const struct tc_lookup *item,
      const struct tc_key *key)
{
	struct tc_proof proof = { .caveats_len = 0 };
	const struct tc_record *r;

	tc_record_free(t->record);
	r = t->record = tc_record_read(item->key, item->value, item->len);
	if (!r)
		return tc_trial_say(t, TC_UNAVAILABLE, "the record is damaged");
	if (!tc_record_sealed(t->h->crypto, key->rec, item->key, item->value,
			      item->len))
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the record's seal does not fit");
	if (!r->imported || r->kid != key->kid ||
	    strcmp(r->user, t->claimed) != 0)
		return tc_trial_say(t, TC_UNAVAILABLE,
				    "the record is not of this value");
	memcpy(proof.id, item->key + 1, TC_ID_BYTES);
	return tc_trial_judge(t, &proof, key);
}

/* Whatever was found has to be valid: a value that was refused under one key
 * does not come in under another. */
static enum tc_verdict
judge_all(struct tc_trial *t, const struct tc_lookup *items,
	  const struct tc_key *const *keys, size_t n)
{
	enum tc_verdict verdict = TC_NOT_A_TOKEN;

	for (size_t i = 0; i < n; i++) {
		if (!items[i].found)
			continue;
		verdict = judge(t, &items[i], keys[i]);
		if (verdict != TC_VALID)
			return verdict;
	}
	if (verdict == TC_NOT_A_TOKEN && t->policy->stale)
		return tc_imported_unavailable(t, "the keys changed and this "
						  "process may not read them");
	return verdict;
}

/* items has room for all keys and for the user's mark. */
static enum tc_verdict
look_up(struct tc_trial *t, struct tc_lookup *items)
{
	const struct tc_keys *all = &t->policy->keys;
	const struct tc_request *req = t->req;
	const struct tc_key *keys[TC_KEYS_MAX];
	unsigned char id[TC_ID_BYTES];
	struct tc_error err;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (all->key[i].state == TC_KEY_RETIRED)
			continue;
		keys[n] = &all->key[i];
		if (tc_imported_id(t->h->crypto, keys[n], t->claimed,
				   req->authtok, req->authtok_len, id))
			return tc_imported_unavailable(t, "no HMAC");
		tc_key_token(&items[n++], id);
	}
	tc_key_user(&items[n], t->claimed);
	if (tc_store_read(&t->policy->store, items, n + 1, &t->head, &err))
		return tc_imported_unavailable(t, err.text);
	t->items[1] = items[n];
	items[n].value = NULL;
	return judge_all(t, items, keys, n);
}

enum tc_verdict
tc_imported_verify(struct tc_trial *t)
{
	const size_t n = t->policy->keys.n + 1;
	struct tc_lookup *items;
	enum tc_verdict verdict;

	if (!t->policy->config.enabled || tc_trial_claim(t))
		return TC_NOT_A_TOKEN;
	items = calloc(n, sizeof(*items));
	if (!items)
		return tc_imported_unavailable(t, "out of memory");
	verdict = look_up(t, items);
	tc_lookup_free(items, n);
	free(items);
	return verdict;
}
