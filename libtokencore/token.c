/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base32.h"
#include "bytes.h"
#include "caveat.h"

#define PAYLOAD_MIN (TC_HEADER_LEN + TC_TAG_LEN)
#define PAYLOAD_MAX (PAYLOAD_MIN + TC_CAVEAT_BYTES)

static const char prefix[TC_PREFIX_LEN] = { 't', 'k', 'c', '1', '_' };

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What people and programs leave around a pasted value. */
static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && is_space(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && is_space((*text)[*len - 1]))
		(*len)--;
}

static int
has_prefix(const char *text, size_t len)
{
	char canon[TC_PREFIX_LEN - 1];

	if (len < TC_PREFIX_LEN || text[TC_PREFIX_LEN - 1] != '_')
		return 0;
	memcpy(canon, text, sizeof(canon));
	tc_b32_canonical(canon, sizeof(canon));
	return memcmp(canon, prefix, sizeof(canon)) == 0;
}

int
tc_is_token(const char *text, size_t len)
{
	if (!text)
		return 0;
	trim(&text, &len);
	return has_prefix(text, len);
}

/* What may stand in for a token in a message is shorter: "tkc1_...". */
#define LOOKS_LIKE 8

const char *
tc_token_in(const char *text, size_t *len)
{
	static const char more[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	while ((text = strpbrk(text, "tT")) != NULL) {
		const size_t n = strnlen(text, TC_PREFIX_LEN);
		const size_t rest =
		    has_prefix(text, n) ? strspn(text + n, more) : 0;

		if (rest >= LOOKS_LIKE) {
			*len = n + rest;
			return text;
		}
		text++;
	}
	return NULL;
}

void
tc_token_hide(char *text)
{
	static const char put_in[] = "...";
	const size_t put_len = sizeof(put_in) - 1;
	const char *found;
	size_t len;

	while ((found = tc_token_in(text, &len)) != NULL) {
		char *at = text + (found - text) + TC_PREFIX_LEN;
		const char *behind = found + len;

		memcpy(at, put_in, put_len);
		memmove(at + put_len, behind, strlen(behind) + 1);
		text = at + put_len;
	}
}

static int
checksum_fits(const char *canon, size_t text_len)
{
	uint32_t crc = tc_crc32(canon, text_len);
	unsigned char be[4] = { (unsigned char)(crc >> 24),
				(unsigned char)(crc >> 16),
				(unsigned char)(crc >> 8), (unsigned char)crc };
	char want[TC_CHECKSUM_CHARS + 1];

	tc_b32_encode(be, sizeof(be), want);
	return memcmp(canon + text_len, want, TC_CHECKSUM_CHARS) == 0;
}

/* Header, caveats and tag out of the decoded bytes. */
static enum tc_verdict
split(const unsigned char *bytes, size_t len, struct tc_token *tok)
{
	if (len < PAYLOAD_MIN || len > PAYLOAD_MAX)
		return TC_MALFORMED;
	tok->caveats_len = len - PAYLOAD_MIN;
	memcpy(tok->header, bytes, TC_HEADER_LEN);
	memcpy(tok->caveats, bytes + TC_HEADER_LEN, tok->caveats_len);
	memcpy(tok->tag, bytes + len - TC_TAG_LEN, TC_TAG_LEN);
	if (tok->header[0] != TC_FORMAT_BYTE || tc_token_kid(tok) == 0 ||
	    tc_caveats_check(tok->caveats, tok->caveats_len) < 0)
		return TC_MALFORMED;
	return TC_VALID;
}

/* canon is the canonical spelling, prefix and checksum included. */
static enum tc_verdict
decode(const char *canon, size_t len, struct tc_token *tok)
{
	unsigned char bytes[TC_B32_BYTES(TC_TOKEN_MAX)];
	size_t text_len = len - TC_CHECKSUM_CHARS;
	size_t body = text_len - TC_PREFIX_LEN;
	enum tc_verdict verdict = TC_MALFORMED;

	/* The checksum comes first: a slip of the finger in the last
	 * character would otherwise be called a malformed token. */
	if (!checksum_fits(canon, text_len))
		return TC_BAD_CHECKSUM;
	if (tc_b32_decode(canon + TC_PREFIX_LEN, body, bytes) == 0)
		verdict = split(bytes, TC_B32_BYTES(body), tok);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return verdict;
}

enum tc_verdict
tc_token_read(const char *text, size_t len, struct tc_token *tok)
{
	char canon[TC_TOKEN_MAX];
	enum tc_verdict verdict;

	memset(tok, 0, sizeof(*tok));
	if (!tc_is_token(text, len))
		return TC_NOT_A_TOKEN;
	trim(&text, &len);
	if (len > TC_TOKEN_MAX ||
	    len < TC_PREFIX_LEN + TC_CHECKSUM_CHARS + TC_B32_CHARS(PAYLOAD_MIN))
		return TC_MALFORMED;
	memcpy(canon, text, len);
	memcpy(canon, prefix, TC_PREFIX_LEN);
	tc_b32_canonical(canon + TC_PREFIX_LEN, len - TC_PREFIX_LEN);
	verdict =
	    memchr(canon, '\0', len) ? TC_MALFORMED : decode(canon, len, tok);
	if (verdict != TC_VALID)
		OPENSSL_cleanse(tok, sizeof(*tok));
	OPENSSL_cleanse(canon, sizeof(canon));
	tc_wipe_registers();
	return verdict;
}

void
tc_token_write(const struct tc_token *tok, char out[TC_TOKEN_MAX + 1])
{
	unsigned char bytes[PAYLOAD_MAX];
	size_t len = 0, text_len;
	uint32_t crc;
	unsigned char be[4];

	memcpy(bytes, tok->header, TC_HEADER_LEN);
	len += TC_HEADER_LEN;
	memcpy(bytes + len, tok->caveats, tok->caveats_len);
	len += tok->caveats_len;
	memcpy(bytes + len, tok->tag, TC_TAG_LEN);
	len += TC_TAG_LEN;
	memcpy(out, prefix, TC_PREFIX_LEN);
	tc_b32_encode(bytes, len, out + TC_PREFIX_LEN);
	text_len = TC_PREFIX_LEN + TC_B32_CHARS(len);
	crc = tc_crc32(out, text_len);
	for (int i = 0; i < 4; i++)
		be[i] = (unsigned char)(crc >> (24 - 8 * i));
	tc_b32_encode(be, sizeof(be), out + text_len);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

unsigned
tc_token_kid(const struct tc_token *tok)
{
	return (unsigned)tok->header[1] << 8 | tok->header[2];
}

int
tc_derive_key(const struct tc_crypto *c, const char *purpose, unsigned kid,
	      const void *secret, size_t len, unsigned char key[TC_KEY_LEN])
{
	unsigned char info[16];
	size_t n = strlen(purpose);
	struct tc_bytes whole = { info, n + 3 };

	if (n + 3 > sizeof(info))
		return -1;
	memcpy(info, purpose, n);
	info[n] = 0;
	info[n + 1] = (unsigned char)(kid >> 8);
	info[n + 2] = (unsigned char)kid;
	return tc_hkdf(c, "tokencore/v1", secret, len, &whole, key);
}

/* tag_i = HMAC(tag_{i-1}, "CAV1" type len value) */
int
tc_token_chain(const struct tc_crypto *c, unsigned char tag[TC_TAG_LEN],
	       const unsigned char *caveat, size_t len)
{
	struct tc_bytes parts[] = { { "CAV1", 4 }, { caveat, len } };
	unsigned char mac[TC_HASH_LEN];
	int rc = tc_hmac(c, tag, TC_TAG_LEN, parts, 2, mac);

	memcpy(tag, mac, TC_TAG_LEN);
	OPENSSL_cleanse(mac, sizeof(mac));
	return rc;
}

static int
chain_all(const struct tc_crypto *c, const struct tc_token *tok,
	  unsigned char tag[TC_TAG_LEN])
{
	const unsigned char *at = tok->caveats;
	const unsigned char *end = at + tok->caveats_len;
	int rc = 0;

	while (rc == 0 && at < end) {
		size_t len = 2 + (size_t)at[1];

		rc = tc_token_chain(c, tag, at, len);
		at += len;
	}
	return rc;
}

int
tc_token_tag(const struct tc_crypto *c, const unsigned char key[TC_KEY_LEN],
	     const char *user, const struct tc_token *tok,
	     unsigned char tag[TC_TAG_LEN])
{
	unsigned char mac[TC_HASH_LEN];
	size_t user_len = strnlen(user, TC_USER_MAX);
	unsigned char len8 = (unsigned char)user_len;
	struct tc_bytes parts[] = { { "TKC1", 4 },
				    { &len8, 1 },
				    { user, user_len },
				    { tok->header, TC_HEADER_LEN } };
	int rc = -1;

	memset(tag, 0, TC_TAG_LEN);
	if (tc_hmac(c, key, TC_KEY_LEN, parts, 4, mac) == 0 &&
	    chain_all(c, tok, mac) == 0) {
		memcpy(tag, mac, TC_TAG_LEN);
		rc = 0;
	}
	OPENSSL_cleanse(mac, sizeof(mac));
	return rc;
}

int
tc_token_id(const struct tc_crypto *c, const struct tc_token *tok,
	    unsigned char id[TC_ID_BYTES])
{
	struct tc_bytes parts[] = { { "TKID", 4 },
				    { tok->header, TC_HEADER_LEN } };
	unsigned char hash[TC_HASH_LEN];

	if (tc_sha256(c, parts, 2, hash))
		return -1;
	memcpy(id, hash, TC_ID_BYTES);
	return 0;
}

void
tc_id_text(const unsigned char id[TC_ID_BYTES], char out[TC_ID_LEN + 1])
{
	tc_b32_encode(id, TC_ID_BYTES, out);
}

int
tc_id_bytes(const char *text, unsigned char id[TC_ID_BYTES])
{
	return strnlen(text, TC_ID_LEN + 1) == TC_ID_LEN
		   ? tc_b32_decode(text, TC_ID_LEN, id)
		   : -1;
}
