/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decoy.c - what a peer is shown of a token that it may not log in with.  It
 * sees salt and iterations, and it may ask as often as it likes, of every
 * process of the server: a salt that changes from one attempt to the next
 * would tell that there is no such token, and one that appears with a refusal
 * would tell why.  So a token that is there keeps its salt, and of one that is
 * not the salt follows from the name.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "decoy.h"
#include "handle.h"

/* Of a token that is revoked, expired or made for another service. */
static int
salt_of_record(tc_handle *h, const char *user, const char *beginning,
	       unsigned char salt[TC_SCRAM_SALT])
{
	char id[TC_ID_LEN + 1];
	struct tc_record *rec = NULL;
	int rc = -1;

	if (tc_find(h, NULL, beginning, id, NULL) == TC_OK &&
	    tc_show(h, NULL, id, &rec, NULL) == TC_OK && rec->scram != NULL &&
	    strcmp(rec->user, user) == 0) {
		memcpy(salt, rec->scram->salt, TC_SCRAM_SALT);
		rc = 0;
	}
	tc_record_free(rec);
	return rc;
}

/* A key of the installation's own, the same in every process: of the oldest,
 * which a change of keys leaves alone. */
static int
decoy_key(tc_handle *h, unsigned char out[TC_HASH_LEN])
{
	static const struct tc_bytes label = { "DEC1 SCRAM-SHA-256", 18 };
	struct tc_policy *p = tc_policy_get(h, NULL);
	const struct tc_key *oldest = p ? &p->keys.key[0] : NULL;
	int rc = -1;

	for (size_t i = 1; p && i < p->keys.n; i++)
		if (p->keys.key[i].kid < oldest->kid)
			oldest = &p->keys.key[i];
	if (oldest)
		rc = tc_hmac(&h->crypto, oldest->mac, sizeof(oldest->mac),
			     &label, 1, out);
	tc_policy_put(h, p);
	return rc;
}

/*
 * Several beginnings of one id have one salt, and those that are no
 * beginning of it have others.  A peer that knows this and tries would find
 * tokens by it; so each beginning is continued, character by character, to
 * the id of a token that there might be.
 */
static int
salt_of_name(tc_handle *h, const char *user, const char *beginning,
	     unsigned char salt[TC_SCRAM_SALT])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	char id[TC_ID_LEN];
	size_t len = strnlen(beginning, sizeof(id));
	unsigned char key[TC_HASH_LEN], mac[TC_HASH_LEN];
	struct tc_bytes parts[] = {
		{ user, strlen(user) + 1 },
		{ id, 0 },
	};
	int rc = decoy_key(h, key);

	memcpy(id, beginning, len);
	while (rc == 0) {
		parts[1].len = len;
		rc = tc_hmac(&h->crypto, key, sizeof(key), parts, 2, mac);
		if (len == sizeof(id))
			break;
		id[len++] = digits[mac[0] & 31];
	}
	if (rc == 0)
		memcpy(salt, mac, TC_SCRAM_SALT);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int
decoy_make(tc_handle *h, const char *user, const char *beginning,
	   struct tc_scram *out)
{
	struct tc_scram made = { .iterations = TC_SCRAM_ITERATIONS };
	struct tc_policy *p = tc_policy_get(h, NULL);
	char owner[TC_USER_MAX + 1];

	/* A token's owner is found without the default realm, too. */
	if (p && tc_config_claim(&p->config, user, owner) == 0)
		user = owner;
	tc_policy_put(h, p);
	if (salt_of_record(h, user, beginning, made.salt) != 0 &&
	    salt_of_name(h, user, beginning, made.salt) != 0)
		return -1;
	if (tc_random(&h->crypto, made.stored_key, sizeof(made.stored_key)) !=
		0 ||
	    tc_random(&h->crypto, made.server_key, sizeof(made.server_key)) !=
		0)
		return -1;
	*out = made;
	return 0;
}
