/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A record and its seal.  What is read is within its bounds, and what is
 * written then can be read again and does not change any more; where the
 * input was as doc/FORMAT.md has it, it is the same bytes.
 */
#include "record.h"

#include <string.h>

#include "fuzz.h"

static const unsigned char rec_key[TC_KEY_LEN];

/* Is a field as it would be written: not empty, a text without NUL, a number
 * that says something? */
static int
field_fits(unsigned tag, const uint8_t *value, size_t len)
{
	static const char texts[] = { 1, 2, 5, 7, 12, 13 };
	static const uint8_t zero[8];
	size_t from = tag == 9 ? 1 : 0; /* a property's key's length */

	if (tag == 17)
		return 1;
	if (len == 0 || (tag == 6 && memcmp(value, zero, 8) == 0))
		return 0;
	if (tag != 9 && !memchr(texts, (int)tag, sizeof(texts)))
		return 1;
	return !memchr(value + from, 0, len - from);
}

/* The same for a record that was read. */
static int
is_canonical(const uint8_t *data, size_t len)
{
	struct fuzz in = { data + 1, len - 1 - TC_SEAL_LEN };
	int state = 0, revoked = 0, ok = 1;

	while (in.left > 0) {
		unsigned tag = (unsigned)fuzz_number(&in, 1);
		size_t n = (size_t)fuzz_number(&in, 2);
		const uint8_t *value = fuzz_take(&in, n, &n);

		ok = ok && field_fits(tag, value, n);
		if (tag == 10)
			state = value[0];
		revoked |= tag == 11;
	}
	return ok && revoked == (state != TC_STATE_ACTIVE);
}

static void
within_bounds(const struct tc_record *r)
{
	CHECK(*r->user && strlen(r->user) <= TC_USER_MAX);
	CHECK(strlen(r->label) <= TC_LABEL_MAX);
	CHECK(r->kid >= 1 && r->kid <= 65535 && r->created > 0);
	CHECK(r->n_services <= TC_SERVICES_MAX);
	CHECK(r->n_sources <= TC_SOURCES_MAX);
	CHECK(r->n_properties <= TC_PROPERTIES_MAX);
	for (size_t i = 0; i < r->n_services; i++)
		CHECK(*r->services[i] &&
		      strlen(r->services[i]) <= TC_SERVICE_MAX);
	for (size_t i = 0; i < r->n_sources; i++)
		CHECK(r->sources[i].prefix <=
		      (r->sources[i].family == 4 ? 32 : 128));
	CHECK(!r->scram || r->scram->iterations > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tc_lookup at = { .key = "tabcdefghijklmno", .key_len = 16 };
	const struct tc_crypto *c = fuzz_crypto();
	struct tc_writer first = { 0 }, second = { 0 };
	int sealed = tc_record_sealed(c, rec_key, at.key, data, len);
	struct tc_record *rec = tc_record_read(at.key, data, len);
	struct tc_record *copy;

	if (!rec)
		return 0;
	within_bounds(rec);
	tc_record_write(c, &first, rec_key, &at, rec);
	CHECK(!first.bad);
	CHECK(tc_record_sealed(c, rec_key, at.key, first.data, first.len));
	if (is_canonical(data, len))
		CHECK(first.len == len &&
		      memcmp(first.data, data,
			     len - (sealed ? 0 : TC_SEAL_LEN)) == 0);
	copy = tc_record_copy(c, rec);
	CHECK(copy && strcmp(copy->id, rec->id) == 0);
	tc_record_write(c, &second, rec_key, &at, copy);
	CHECK(second.len == first.len &&
	      memcmp(second.data, first.data, first.len) == 0);
	tc_record_free(rec);
	tc_record_free(copy);
	tc_writer_free(&first);
	tc_writer_free(&second);
	return 0;
}
