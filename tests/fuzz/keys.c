/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret.conf.  Of what was taken exactly one key is active, and each key is
 * that of the secret that another reader finds; the error for what was not
 * repeats nothing of the text that could be part of a secret.
 */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "reini.h"

static void
same_key(const struct tc_key *key, const char *text)
{
	unsigned char mac[TC_KEY_LEN];
	char section[16], *secret, *state;

	(void)snprintf(section, sizeof(section), "key %u", key->kid);
	CHECK(reini(text, section, "secret", &secret) == 1);
	CHECK(reini(text, section, "state", &state) == 1);
	CHECK(strlen(secret) >= TC_SECRET_MIN &&
	      strlen(secret) <= TC_SECRET_MAX);
	CHECK(tc_derive_key(fuzz_crypto(), "mac", key->kid, secret,
			    strlen(secret), mac) == 0);
	CHECK(memcmp(mac, key->mac, TC_KEY_LEN) == 0);
	CHECK(strcmp(state, tc_key_state_name(key->state)) == 0);
	free(secret);
	free(state);
}

static void
taken(const struct tc_keys *keys, const char *text)
{
	size_t active = 0;

	CHECK(keys->n >= 1 && keys->n <= TC_KEYS_MAX);
	for (size_t i = 0; i < keys->n; i++) {
		const struct tc_key *key = &keys->key[i];

		CHECK(key->kid >= 1 && key->kid <= TC_KID_MAX);
		CHECK(tc_keys_find(keys, key->kid) == key);
		active += key->state == TC_KEY_ACTIVE;
		/* A number may be spelt "[key 01]": then look no further. */
		if (!strstr(text, "[key 0") && !strchr(text, '\t'))
			same_key(key, text);
	}
	CHECK(active == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const unsigned char zero[sizeof(struct tc_keys)];
	struct fuzz in = { data, len };
	char *text = fuzz_rest(&in);
	struct tc_error err = { .code = TC_OK };
	static struct tc_keys keys;

	if (tc_keys_parse(fuzz_crypto(), &keys, text, len, "test.conf", &err) ==
	    TC_OK) {
		taken(&keys, text);
	} else {
		CHECK(err.code == TC_E_UNAVAILABLE);
		CHECK(strncmp(err.text, "test.conf:", 10) == 0);
		CHECK(fuzz_is_line(err.text, TC_ERROR_MAX - 1));
		/* Names of up to 16 letters are told. */
		CHECK(!reini_repeats(err.text, text, 24));
		CHECK(memcmp(&keys, zero, sizeof(keys)) == 0);
	}
	free(text);
	return 0;
}
