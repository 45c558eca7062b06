/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token's text.  The input is the text; if it begins with a NUL, the rest is
 * the bytes that a text with the right checksum is made of.  What the library
 * makes of it is compared with another reader (reread.c); what was read is
 * written back; and it is narrowed by a limit that the input's end chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "reread.h"
#include "token.h"

static void
same_reading(const struct reread *r, const struct tc_token *tok)
{
	char text[TC_TOKEN_MAX + 1];

	CHECK(tok->caveats_len == r->caveats_len);
	CHECK(memcmp(tok->header, r->bytes, TC_HEADER_LEN) == 0);
	CHECK(memcmp(tok->caveats, r->bytes + TC_HEADER_LEN, r->caveats_len) ==
	      0);
	CHECK(memcmp(tok->tag, r->bytes + TC_HEADER_LEN + r->caveats_len,
		     TC_TAG_LEN) == 0);
	CHECK(tc_token_kid(tok) == r->kid);
	tc_token_write(tok, text);
	CHECK(strcmp(text, r->canonical) == 0);
}

static void
same_parts(const struct reread *r, const struct tc_inspected *seen)
{
	unsigned char id[TC_ID_BYTES];

	CHECK(seen->format == 1 && seen->type == 1 && seen->kid == r->kid);
	CHECK(seen->n_caveats == r->n_caveats);
	CHECK(strlen(seen->id) == TC_ID_LEN && tc_id_bytes(seen->id, id) == 0);
	for (size_t i = 0; i < seen->n_caveats; i++) {
		const struct tc_caveat *c = &seen->caveats[i];
		const uint8_t *raw = r->caveat[i];

		CHECK(c->type == raw[0]);
		if (c->type == TC_CAVEAT_SERVICE)
			CHECK(strlen(c->services) == raw[1] &&
			      memcmp(c->services, raw + 2, raw[1]) == 0);
		else if (c->type == TC_CAVEAT_NOT_AFTER)
			CHECK(c->not_after >> 32 == raw[2] &&
			      (c->not_after & 0xff) == raw[6]);
		else
			CHECK(c->source.family == (raw[1] == 5 ? 4 : 6) &&
			      c->source.prefix == raw[1 + raw[1]]);
	}
}

/* A limit, good or not, out of bytes. */
static struct tc_caveat
limit_of(struct fuzz *in)
{
	struct tc_caveat c = { .type = (enum tc_caveat_type)(
				   fuzz_number(in, 1) % 5) };
	size_t got;
	const uint8_t *bytes;

	c.not_after = (int64_t)fuzz_number(in, 6);
	c.source.family = (unsigned char)fuzz_number(in, 1);
	c.source.prefix = (unsigned char)fuzz_number(in, 1);
	bytes = fuzz_take(in, sizeof(c.services) - 1, &got);
	if (got > 0)
		memcpy(c.services, bytes, got);
	memcpy(c.source.addr, c.services, sizeof(c.source.addr));
	return c;
}

static void
narrowed(const char *text, size_t len, const struct reread *r, struct fuzz *in)
{
	struct tc_caveat c = limit_of(in);
	struct tc_inspected before, after;
	char out[TC_TOKEN_MAX + 1];
	int rc = tc_narrow(text, len, &c, 1, out, NULL);

	if (rc != TC_OK) {
		CHECK(out[0] == '\0');
		return;
	}
	CHECK(tc_inspect(text, len, &before) == TC_VALID);
	CHECK(tc_inspect(out, strlen(out), &after) == TC_VALID);
	CHECK(strcmp(before.id, after.id) == 0 && before.kid == after.kid);
	CHECK(after.n_caveats == before.n_caveats + 1);
	CHECK(memcmp(after.caveats, before.caveats,
		     before.n_caveats * sizeof(before.caveats[0])) == 0);
	CHECK(after.caveats[before.n_caveats].type == c.type);
	CHECK(r->verdict == TC_VALID);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char made[REREAD_MADE_MAX];
	const char *text = (const char *)data;
	struct fuzz in = { data, len };
	size_t text_len = len;
	struct reread r;
	struct tc_token tok;
	struct tc_inspected seen;

	if (len > 0 && data[0] == '\0') {
		text_len = reread_make(data + 1, len - 1, made);
		text = made;
	}
	reread(text, text_len, &r);
	CHECK(tc_is_token(text, text_len) == (r.verdict != TC_NOT_A_TOKEN));
	CHECK(tc_token_read(text, text_len, &tok) == r.verdict);
	CHECK(tc_inspect(text, text_len, &seen) == r.verdict);
	if (r.verdict == TC_VALID) {
		same_reading(&r, &tok);
		same_parts(&r, &seen);
		in.at += len > 40 ? len - 40 : 0;
		in.left = len > 40 ? 40 : len;
		narrowed(text, text_len, &r, &in);
	}
	return 0;
}
