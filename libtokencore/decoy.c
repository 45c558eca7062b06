/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a peer is shown of a token that it may not log in with.  It
 * sees salt and iterations, and it may ask as often as it likes, of every
 * process of the server: a salt that changes from one attempt to the next
 * would tell that there is no such token, and one that appears with a refusal
 * would tell why.  So a token that is there keeps its salt, and of one that is
 * not the salt follows from the name.
 */
#include "decoy.h"

#include <string.h>

#include <openssl/crypto.h>

/* A key of the installation's own, the same in every process: of the oldest,
 * which a change of keys leaves alone. */
static int
decoy_key(tc_handle *h, const struct tc_policy *p,
	  unsigned char out[TC_HASH_LEN])
{
	static const struct tc_bytes label = { "DEC1 SCRAM-SHA-256", 18 };
	const struct tc_key *oldest = &p->keys.key[0];

	for (size_t i = 1; i < p->keys.n; i++)
		if (p->keys.key[i].kid < oldest->kid)
			oldest = &p->keys.key[i];
	return tc_hmac(h->crypto, oldest->mac, sizeof(oldest->mac), &label, 1,
		       out);
}

/*
 * Several beginnings of one id have one salt, and those that are no
 * beginning of it have others.  A peer that knows this and tries would find
 * tokens by it; so each beginning is continued, character by character, to
 * the id of a token that there might be.
 */
static int
salt_of_name(tc_handle *h, const struct tc_policy *p, const char *user,
	     const char *beginning, unsigned char salt[TC_SCRAM_SALT])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	char id[TC_ID_LEN];
	size_t len = strnlen(beginning, sizeof(id));
	unsigned char key[TC_HASH_LEN], mac[TC_HASH_LEN];
	struct tc_bytes parts[] = {
		{ user, strlen(user) + 1 },
		{ id, 0 },
	};
	int rc = decoy_key(h, p, key);

	memcpy(id, beginning, len);
	while (rc == 0) {
		parts[1].len = len;
		rc = tc_hmac(h->crypto, key, sizeof(key), parts, 2, mac);
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
tc_decoy_make(tc_handle *h, const struct tc_policy *p, const char *user,
	      const char *beginning, const unsigned char *salt,
	      struct tc_scram *out)
{
	struct tc_scram made = { .iterations = TC_SCRAM_ITERATIONS };

	if (salt_of_name(h, p, user, beginning, made.salt) != 0)
		return -1;
	if (salt)
		memcpy(made.salt, salt, sizeof(made.salt));
	if (tc_random(h->crypto, made.stored_key, sizeof(made.stored_key)) !=
		0 ||
	    tc_random(h->crypto, made.server_key, sizeof(made.server_key)) != 0)
		return -1;
	*out = made;
	return 0;
}
