/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "site.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/fill.h"
#include "token.h"

#define AT_ONCE 10000u
#define CREATED 1700000000

const char *const site_names[KINDS] = {
	[UNKNOWN] = "unknown-token",
	[FORGED] = "forged",
	[REVOKED] = "revoked",
	[WRONG_USER] = "wrong-user",
	[UNKNOWN_KEY] = "unknown-key",
	[EXPIRED] = "expired",
	[WRONG_SERVICE] = "wrong-service",
	[REVOKED_LONG] = "revoked,-with-a-reason",
	[ACCEPTED] = "valid",
};

const enum tc_verdict site_verdicts[KINDS] = {
	[UNKNOWN] = TC_UNKNOWN_TOKEN,
	[FORGED] = TC_FORGED,
	[REVOKED] = TC_REVOKED,
	[WRONG_USER] = TC_WRONG_USER,
	[UNKNOWN_KEY] = TC_UNKNOWN_KEY,
	[EXPIRED] = TC_EXPIRED,
	[WRONG_SERVICE] = TC_WRONG_SERVICE,
	[REVOKED_LONG] = TC_REVOKED,
	[ACCEPTED] = TC_VALID,
};

/* What a token's record says, and whether there is one at all. */
enum pool { LIVE, ENDED, ENDED_LONG, LAPSED, NOWHERE };

static enum pool
pool_of(enum kind kind)
{
	switch (kind) {
	case REVOKED:
		return ENDED;
	case REVOKED_LONG:
		return ENDED_LONG;
	case EXPIRED:
		return LAPSED;
	case UNKNOWN:
	case UNKNOWN_KEY:
		return NOWHERE;
	default:
		return LIVE;
	}
}

static const struct tc_crypto *
crypto(void)
{
	const struct tc_crypto *c = tc_crypto();

	if (!c)
		errx(3, "no OpenSSL");
	return c;
}

/* The nonce is the same in every run. */
static struct tc_token
token_of(enum pool pool, unsigned kid, unsigned i)
{
	struct tc_token tok = { .header = { TC_FORMAT_BYTE } };
	const unsigned seed[] = { pool, i };
	struct tc_bytes whole = { seed, sizeof(seed) };
	unsigned char hash[TC_HASH_LEN];

	tok.header[1] = (unsigned char)(kid >> 8);
	tok.header[2] = (unsigned char)kid;
	if (tc_sha256(crypto(), &whole, 1, hash))
		errx(3, "no SHA-256");
	memcpy(tok.header + 3, hash, TC_NONCE_LEN);
	return tok;
}

static void
name_user(char out[16], unsigned i)
{
	(void)snprintf(out, 16, "u%05u", i);
}

/* A revocation adds to a record, its moment at the least: a field of 11 bytes.
 * What is to be alike has as many of both; what length does is another matter.
 */
static const char *
made_by(enum pool pool)
{
	return pool == ENDED ? "" : "operator";
}

static struct tc_record
record_of(enum pool pool, unsigned i, const char *user)
{
	static const char *const services[] = { SITE_SERVICE, "imap" };
	static const struct tc_scram scram = { .iterations = 4096 };
	const struct tc_token tok = token_of(pool, 1, i);
	struct tc_record r = { .user = user,
			       .label = "token",
			       .kid = 1,
			       .created = CREATED,
			       .created_by = made_by(pool),
			       .n_services = 2,
			       .services = services,
			       .scram = &scram,
			       .revoked_by = "",
			       .revoked_reason = "" };
	unsigned char id[TC_ID_BYTES];

	r.expires = pool == LAPSED ? CREATED + 1 : INT64_C(4102444800);
	r.state = TC_STATE_ACTIVE;
	if (pool == ENDED || pool == ENDED_LONG) {
		r.state = TC_STATE_REVOKED;
		r.revoked = CREATED + 1;
	}
	if (pool == ENDED_LONG) {
		r.revoked_by = "an operator";
		r.revoked_reason = "the laptop was left on a train";
	}
	if (tc_token_id(crypto(), &tok, id))
		errx(3, "no SHA-256");
	tc_id_text(id, r.id);
	return r;
}

static void
fill(tc_handle *h, enum pool pool, unsigned from, unsigned n, int verifiers)
{
	struct tc_record *recs = calloc(n, sizeof(*recs));
	char(*users)[16] = calloc(n, sizeof(*users));
	struct tc_error error;

	if (!recs || !users)
		errx(3, "out of memory");
	for (unsigned i = 0; i < n; i++) {
		name_user(users[i], from + i);
		recs[i] = record_of(pool, from + i, users[i]);
		if (!verifiers)
			recs[i].scram = NULL;
	}
	if (test_fill(h, recs, n, &error))
		errx(3, "%s", error.text);
	free(recs);
	free(users);
}

void
site_make(const char *config, unsigned n, int verifiers)
{
	const struct tc_options options = { .config = config };
	struct tc_error error;
	tc_handle *h = NULL;

	if (tc_init(config, SITE_SECRET, &error) != TC_OK ||
	    tc_open(&h, &options, &error) != TC_OK)
		errx(3, "%s", error.text);
	for (enum pool pool = LIVE; pool < NOWHERE; pool++)
		for (unsigned i = 0; i < n; i += AT_ONCE)
			fill(h, pool, i, n - i < AT_ONCE ? n - i : AT_ONCE,
			     verifiers);
	tc_free(h);
}

static const unsigned char *
mac_key(unsigned kid)
{
	static unsigned char keys[3][TC_KEY_LEN];
	static int made[3];

	if (!made[kid] && tc_derive_key(crypto(), "mac", kid, SITE_SECRET,
					strlen(SITE_SECRET), keys[kid]))
		errx(3, "no HMAC");
	made[kid] = 1;
	return keys[kid];
}

void
site_login(enum kind kind, unsigned i, struct site_login *login)
{
	const unsigned kid = kind == UNKNOWN_KEY ? 2 : 1;
	struct tc_token tok = token_of(pool_of(kind), kid, i);

	memset(login, 0, sizeof(*login));
	name_user(login->user, i);
	login->service = kind == WRONG_SERVICE ? "smtp" : SITE_SERVICE;
	if (tc_token_tag(crypto(), mac_key(kid), login->user, &tok, tok.tag))
		errx(3, "no HMAC");
	/* A tag that nobody who has no key can do better than.  Where it
	 * differs changes from one to the next. */
	if (kind == FORGED || kind == UNKNOWN || kind == UNKNOWN_KEY)
		tok.tag[i % TC_TAG_LEN] ^= 1;
	tc_token_write(&tok, login->token);
	/* Of another who has a token, too. */
	if (kind == WRONG_USER)
		name_user(login->user, i ^ 1);
}

struct tc_request
site_request(const struct site_login *login)
{
	return (struct tc_request){ .authtok = login->token,
				    .authtok_len = strlen(login->token),
				    .user = login->user,
				    .service = login->service,
				    .rhost = "192.0.2.7" };
}
