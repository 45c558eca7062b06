/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "error.h"
#include "inifile.h"
#include "number.h"

static const char *const state_names[] = {
	[TC_KEY_ACTIVE] = "active",
	[TC_KEY_VERIFY] = "verify",
	[TC_KEY_RETIRED] = "retired",
};

struct parse {
	const struct tc_crypto *crypto;
	struct tc_keys *keys;
};

const char *
tc_key_state_name(enum tc_key_state state)
{
	if (state < TC_KEY_ACTIVE || state > TC_KEY_RETIRED)
		return "unknown";
	return state_names[state];
}

const char *
tc_secret_fault(const char *secret)
{
	size_t len = strlen(secret);

	if (len < TC_SECRET_MIN)
		return "shorter than 32 characters";
	if (len > TC_SECRET_MAX)
		return "longer than 180 characters";
	for (size_t i = 0; i < len; i++)
		if (secret[i] < ' ' || secret[i] > '~')
			return "holds more than printable ASCII";
	/* inih strips and cuts there; see inifile.c. */
	if (secret[0] == ' ' || secret[len - 1] == ' ' || strstr(secret, " ;"))
		return "begins or ends with a space or holds \" ;\"";
	return NULL;
}

static const char *
set_secret(struct parse *p, struct tc_key *key, const char *value)
{
	const char *fault = tc_secret_fault(value);
	size_t len = strlen(value);
	struct tc_bytes whole = { value, len };

	if (fault)
		return fault;
	if (tc_derive_key(p->crypto, "mac", key->kid, value, len, key->mac) ||
	    tc_derive_key(p->crypto, "rec", key->kid, value, len, key->rec) ||
	    tc_derive_key(p->crypto, "imp", key->kid, value, len, key->imp) ||
	    tc_sha256(p->crypto, &whole, 1, key->print))
		return "the key cannot be derived";
	key->has_secret = 1;
	for (struct tc_key *k = p->keys->key; k < key; k++)
		if (CRYPTO_memcmp(k->print, key->print, TC_KEY_LEN) == 0)
			return "another key has the same secret";
	return NULL;
}

static const char *
set_state(struct parse *p, struct tc_key *key, const char *value, unsigned line)
{
	for (int s = TC_KEY_ACTIVE; s <= TC_KEY_RETIRED; s++)
		if (strcmp(value, state_names[s]) == 0)
			key->state = (enum tc_key_state)s;
	if (!key->state)
		return "not active, verify or retired";
	key->state_line = line;
	for (struct tc_key *k = p->keys->key; k < key; k++)
		if (k->state == TC_KEY_ACTIVE && key->state == TC_KEY_ACTIVE)
			return "a second active key";
	return NULL;
}

static const char *
start_key(struct parse *p, const char *section)
{
	uint64_t kid;

	if (strncmp(section, "key ", 4) != 0 ||
	    tc_number(section + 4, TC_KID_MAX, &kid) || kid == 0)
		return "not a section \"[key N]\", N from 1 to 65535";
	if (tc_keys_find(p->keys, (unsigned)kid))
		return "a second section for this key";
	if (p->keys->n == TC_KEYS_MAX)
		return "too many keys";
	p->keys->key[p->keys->n++].kid = (unsigned)kid;
	return NULL;
}

static const char *
set_value(void *arg, const char *section, const char *name, const char *value,
	  unsigned line)
{
	struct parse *p = arg;
	struct tc_key *key;

	if (!name)
		return start_key(p, section);
	if (p->keys->n == 0)
		return "stands before any section \"[key N]\"";
	key = &p->keys->key[p->keys->n - 1];
	if (strcmp(name, "secret") == 0)
		return key->has_secret ? "stands here twice"
				       : set_secret(p, key, value);
	if (strcmp(name, "state") == 0)
		return key->state ? "stands here twice"
				  : set_state(p, key, value, line);
	return "unknown key";
}

/* What can only be said once everything was read. */
static int
check_whole(const struct parse *p, const char *path, struct tc_error *err)
{
	for (size_t i = 0; i < p->keys->n; i++) {
		const struct tc_key *key = &p->keys->key[i];

		if (!key->state)
			return tc_fail(err, TC_E_UNAVAILABLE,
				       "%s: key %u has no state", path,
				       key->kid);
		if (!key->has_secret)
			return tc_fail(err, TC_E_UNAVAILABLE,
				       "%s: key %u has no secret", path,
				       key->kid);
	}
	if (!tc_keys_active(p->keys))
		return tc_fail(err, TC_E_UNAVAILABLE, "%s: no key is active",
			       path);
	return TC_OK;
}

int
tc_keys_parse(const struct tc_crypto *c, struct tc_keys *keys, const char *text,
	      size_t len, const char *path, struct tc_error *err)
{
	struct parse p = { .crypto = c, .keys = keys };
	int rc;

	memset(keys, 0, sizeof(*keys));
	rc = tc_ini_parse(text, len, path, set_value, &p, err);
	tc_wipe_stack(); /* inih keeps a line there */
	if (rc == TC_OK)
		rc = check_whole(&p, path, err);
	if (rc != TC_OK)
		OPENSSL_cleanse(keys, sizeof(*keys));
	return rc;
}

const struct tc_key *
tc_keys_find(const struct tc_keys *keys, unsigned kid)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->key[i].kid == kid)
			return &keys->key[i];
	return NULL;
}

const struct tc_key *
tc_keys_active(const struct tc_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->key[i].state == TC_KEY_ACTIVE)
			return &keys->key[i];
	return NULL;
}

static void
hex(const unsigned char *in, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

int
tc_keys_write(const struct tc_crypto *c, struct tc_writer *w, unsigned kid,
	      const char *secret, enum tc_key_state state, struct tc_error *err)
{
	unsigned char random[32];
	char made[2 * sizeof(random) + 1], head[48], tail[32];
	const char *fault = secret ? tc_secret_fault(secret) : NULL;

	if (fault)
		return tc_fail(err, TC_E_INVALID, "the secret is %s", fault);
	if (!secret) {
		if (tc_random(c, random, sizeof(random)))
			return tc_fail(err, TC_E_UNAVAILABLE,
				       "no random numbers");
		hex(random, sizeof(random), made);
		secret = made;
	}
	(void)snprintf(head, sizeof(head), "[key %u]\nsecret = ", kid);
	(void)snprintf(tail, sizeof(tail), "\nstate = %s\n",
		       tc_key_state_name(state));
	tc_put_bytes(w, head, strlen(head));
	tc_put_bytes(w, secret, strlen(secret));
	tc_put_bytes(w, tail, strlen(tail));
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(made, sizeof(made));
	return w->bad ? tc_fail(err, TC_E_NOMEM, "out of memory") : TC_OK;
}
