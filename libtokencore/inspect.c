/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <openssl/crypto.h>

#include "caveat.h"
#include "token.h"

enum tc_verdict
tc_inspect(const char *text, size_t len, struct tc_inspected *out)
{
	struct tc_token tok;
	const struct tc_crypto *crypto = NULL;
	unsigned char id[TC_ID_BYTES];
	enum tc_verdict verdict = tc_token_read(text, len, &tok);

	if (verdict == TC_VALID)
		crypto = tc_crypto();
	if (verdict == TC_VALID && (!crypto || tc_token_id(crypto, &tok, id)))
		verdict = TC_UNAVAILABLE;
	if (verdict == TC_VALID) {
		memset(out, 0, sizeof(*out));
		tc_id_text(id, out->id);
		out->format = tok.header[0] >> 4;
		out->type = tok.header[0] & 15;
		out->kid = tc_token_kid(&tok);
		out->n_caveats = tc_caveats_decode(tok.caveats, tok.caveats_len,
						   out->caveats);
	}
	OPENSSL_cleanse(&tok, sizeof(tok));
	return verdict;
}
