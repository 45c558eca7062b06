/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Narrowing a token: what its holder can do alone. */
#include <string.h>

#include <openssl/crypto.h>

#include "bytes.h"
#include "caveat.h"
#include "error.h"
#include "match.h"
#include "token.h"

#define NOT_AFTER_MAX ((INT64_C(1) << 40) - 1) /* what 5 bytes hold */

static int
put_not_after(struct tc_writer *w, const struct tc_caveat *c)
{
	if (c->not_after < 0 || c->not_after > NOT_AFTER_MAX)
		return -1;
	tc_put(w, 5, 1);
	tc_put(w, (uint64_t)c->not_after, 5);
	return 0;
}

static int
put_services(struct tc_writer *w, const struct tc_caveat *c)
{
	size_t len = strnlen(c->services, 256);

	if (len < 1 || len > 255)
		return -1;
	tc_put(w, len, 1);
	tc_put_bytes(w, c->services, len);
	return 0;
}

static int
put_source(struct tc_writer *w, const struct tc_caveat *c)
{
	size_t len = c->source.family == 4 ? 4 : 16;

	if (!tc_source_fits(&c->source))
		return -1;
	tc_put(w, len + 1, 1);
	tc_put_bytes(w, c->source.addr, len);
	tc_put(w, c->source.prefix, 1);
	return 0;
}

static int
put_caveat(struct tc_writer *w, const struct tc_caveat *c)
{
	tc_put(w, c->type, 1);
	switch (c->type) {
	case TC_CAVEAT_NOT_AFTER:
		return put_not_after(w, c);
	case TC_CAVEAT_SERVICE:
		return put_services(w, c);
	case TC_CAVEAT_SOURCE:
		return put_source(w, c);
	}
	return -1;
}

/* Appends one and chains the tag over it. */
static int
append(const struct tc_crypto *c, struct tc_token *tok,
       const struct tc_caveat *caveat, struct tc_error *err)
{
	struct tc_writer w = { 0 };
	int rc = TC_OK, bad = put_caveat(&w, caveat);

	if (w.bad)
		rc = tc_fail(err, TC_E_NOMEM, "out of memory");
	else if (bad || tc_caveats_check(w.data, w.len) != 1)
		rc = tc_fail(err, TC_E_INVALID,
			     "not a limit: a time, 1 to 8 service names joined "
			     "by commas, or a network");
	else if (tok->caveats_len + w.len > sizeof(tok->caveats) ||
		 tc_caveats_check(tok->caveats, tok->caveats_len) ==
		     TC_CAVEATS_MAX)
		rc = tc_fail(err, TC_E_INVALID,
			     "a token holds at most %d limits in %d "
			     "characters",
			     TC_CAVEATS_MAX, TC_TOKEN_MAX);
	else if (tc_token_chain(c, tok->tag, w.data, w.len))
		rc = tc_fail(err, TC_E_UNAVAILABLE, "no HMAC");
	if (rc == TC_OK) {
		memcpy(tok->caveats + tok->caveats_len, w.data, w.len);
		tok->caveats_len += w.len;
	}
	tc_writer_free(&w);
	return rc;
}

static int
narrow(struct tc_token *tok, const struct tc_caveat *caveats, size_t n,
       struct tc_error *err)
{
	const struct tc_crypto *crypto = tc_crypto();
	int rc = TC_OK;

	if (!crypto)
		return tc_fail(err, TC_E_UNAVAILABLE, "OpenSSL has no HMAC");
	for (size_t i = 0; rc == TC_OK && i < n; i++)
		rc = append(crypto, tok, &caveats[i], err);
	return rc;
}

int
tc_narrow(const char *text, size_t len, const struct tc_caveat *caveats,
	  size_t n, char out[TC_TOKEN_MAX + 1], struct tc_error *err)
{
	struct tc_error local;
	struct tc_token tok;
	enum tc_verdict verdict = tc_token_read(text, len, &tok);
	int rc;

	if (!err)
		err = &local;
	out[0] = '\0';
	if (verdict != TC_VALID)
		rc = tc_fail(err, TC_E_INVALID, "%s", tc_verdict_name(verdict));
	else if (n == 0)
		rc = tc_fail(err, TC_E_INVALID, "no limit is named");
	else
		rc = narrow(&tok, caveats, n, err);
	if (rc == TC_OK)
		tc_token_write(&tok, out);
	OPENSSL_cleanse(&tok, sizeof(tok));
	return rc;
}
