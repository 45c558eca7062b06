/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records: what is written comes back, what was altered loses its seal, and
 * nothing that can lie in a file makes the reader stumble. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#include "record.h"

#define ID "k7mm6hetf9w81mhq2mpvx68f"
#define ID2 "000000000000000000000001"

static const unsigned char rec_key[TC_KEY_LEN] = "a key for the seal";

static struct tc_lookup
item(const char *id)
{
	struct tc_lookup at = { .key_len = 0 };
	unsigned char bytes[TC_ID_BYTES];

	assert_int_equal(tc_id_bytes(id, bytes), 0);
	tc_key_token(&at, bytes);
	return at;
}

static const struct tc_record minimal = {
	.id = ID,
	.user = "alice",
	.label = "laptop",
	.kid = 1,
	.created = 1,
	.created_by = "",
	.state = TC_STATE_ACTIVE,
	.revoked_by = "",
	.revoked_reason = "",
};

static const char *const some_services[] = { "imap", "smtp" };
static const struct tc_source some_sources[] = {
	{ 4, 24, { 192, 0, 2 } },
	{ 6, 32, { 0x20, 1, 0x0d, 0xb8 } },
};
static const struct tc_property some_properties[] = {
	{ "purpose", "mail on the train" },
	{ "empty", "" },
};
static const struct tc_record ordinary = {
	.id = ID,
	.user = "J\xc3\xbcrgen",
	.label = "Laptop, \"new\"",
	.kid = 65535,
	.created = INT64_C(1795294800),
	.created_by = "root",
	.expires = INT64_C(253402300800),
	.n_services = 2,
	.n_sources = 2,
	.n_properties = 2,
	.services = some_services,
	.sources = some_sources,
	.properties = some_properties,
	.state = TC_STATE_REVOKED,
	.revoked = 1795294900,
	.revoked_by = "admin",
	.revoked_reason = "lost",
	.replaces = ID2,
	.replaced_by = ID,
};

/* What is left of one that was deleted. */
static const struct tc_record deleted = {
	.id = ID,
	.user = "alice",
	.label = "",
	.kid = 1,
	.created = 1,
	.created_by = "",
	.state = TC_STATE_DELETED,
	.revoked = 2,
	.revoked_by = "admin",
	.revoked_reason = "",
	.imported = 1,
};

/* Everything as long and as often as it may be. */
static struct tc_record
largest(void)
{
	static char user[TC_USER_MAX + 1], label[TC_LABEL_MAX + 1];
	static char reason[TC_REASON_MAX + 1], key[TC_PROP_KEY_MAX + 1];
	static char value[TC_PROP_VALUE_MAX + 1], name[TC_SERVICE_MAX + 1];
	static const char *services[TC_SERVICES_MAX];
	static struct tc_source sources[TC_SOURCES_MAX];
	static struct tc_property properties[TC_PROPERTIES_MAX];
	struct tc_record r = ordinary;

	memset(user, 'u', TC_USER_MAX);
	memset(label, 'l', TC_LABEL_MAX);
	memset(reason, 'r', TC_REASON_MAX);
	memset(key, 'k', TC_PROP_KEY_MAX);
	memset(value, 'v', TC_PROP_VALUE_MAX);
	memset(name, 's', TC_SERVICE_MAX);
	for (int i = 0; i < TC_SERVICES_MAX; i++)
		services[i] = name;
	for (int i = 0; i < TC_SOURCES_MAX; i++)
		sources[i] = (struct tc_source){ 6, 128, { 1, [15] = 1 } };
	for (int i = 0; i < TC_PROPERTIES_MAX; i++)
		properties[i] = (struct tc_property){ key, value };
	r.user = r.created_by = r.revoked_by = user;
	r.label = label;
	r.revoked_reason = reason;
	r.services = services;
	r.sources = sources;
	r.properties = properties;
	r.n_services = TC_SERVICES_MAX;
	r.n_sources = TC_SOURCES_MAX;
	r.n_properties = TC_PROPERTIES_MAX;
	return r;
}

static void
same(const struct tc_record *a, const struct tc_record *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->kid, b->kid);
	assert_true(a->created == b->created && a->expires == b->expires);
	assert_string_equal(a->created_by, b->created_by);
	test_same_parameters(a, b);
	assert_int_equal(a->state, b->state);
	assert_true(a->revoked == b->revoked);
	assert_string_equal(a->revoked_by, b->revoked_by);
	assert_string_equal(a->revoked_reason, b->revoked_reason);
	assert_string_equal(a->replaces, b->replaces);
	assert_string_equal(a->replaced_by, b->replaced_by);
	assert_int_equal(a->imported, b->imported);
}

static struct tc_writer
encode(const struct tc_record *r)
{
	struct tc_writer w = { 0 };
	struct tc_lookup at = item(r->id);

	tc_record_write(test_crypto(), &w, rec_key, &at, r);
	assert_false(w.bad);
	return w;
}

static int
sealed(const struct tc_lookup *at, const unsigned char *data, size_t len)
{
	return tc_record_sealed(test_crypto(), rec_key, at->key, data, len);
}

static void
copied(struct tc_record *r)
{
	struct tc_record *copy;

	r->standing = TC_EXPIRED;
	r->last_used = 7;
	(void)snprintf(r->last_service, sizeof(r->last_service), "imap");
	copy = tc_record_copy(test_crypto(), r);
	assert_non_null(copy);
	same(copy, r);
	assert_int_equal(copy->standing, TC_EXPIRED);
	assert_true(copy->last_used == 7);
	assert_string_equal(copy->last_service, "imap");
	tc_record_free(copy);
}

static void
round_trips(void **state)
{
	const struct tc_record all[] = { minimal, ordinary, largest(),
					 deleted };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct tc_writer w = encode(&all[i]);
		struct tc_lookup at = item(ID);
		struct tc_record *r = tc_record_read(at.key, w.data, w.len);

		assert_non_null(r);
		same(r, &all[i]);
		copied(r);
		assert_true(sealed(&at, w.data, w.len));
		assert_true(w.len <= 8192);
		tc_record_free(r);
		tc_writer_free(&w);
	}
}

/* Whatever was read into that memory before, and none stays after damage. */
static void
read_again(void **state)
{
	const struct tc_record all[] = { largest(), minimal,   ordinary,
					 deleted,   largest(), minimal };
	struct tc_lookup at = item(ID);
	struct tc_record *r = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct tc_writer w = encode(&all[i]);

		r = tc_record_reread(r, at.key, w.data, w.len);
		assert_non_null(r);
		same(r, &all[i]);
		assert_true(r->last_used == 0 && r->standing == 0);
		r->last_used = 7;
		r->standing = TC_EXPIRED;
		tc_writer_free(&w);
	}
	r = tc_record_reread(r, at.key, (const unsigned char *)"x", 1);
	assert_null(r);
}

static void
altered(void **state)
{
	struct tc_writer w = encode(&ordinary);
	struct tc_lookup at = item(ID), other = item(ID2);
	static const unsigned char no_key[TC_KEY_LEN];

	(void)state;
	assert_true(sealed(&at, w.data, w.len));
	for (size_t i = 0; i < w.len; i++) {
		for (unsigned bit = 0; bit < 9; bit++) {
			unsigned char x =
			    (unsigned char)(bit < 8 ? 1U << bit : 0xff);

			w.data[i] ^= x;
			if (sealed(&at, w.data, w.len))
				fail_msg("byte %zu, bit %u", i, bit);
			w.data[i] ^= x;
		}
	}
	for (size_t len = 0; len < w.len; len++)
		assert_false(sealed(&at, w.data, len));
	assert_false(sealed(&other, w.data, w.len));
	assert_false(
	    tc_record_sealed(test_crypto(), no_key, at.key, w.data, w.len));
	assert_true(sealed(&at, w.data, w.len));
	tc_writer_free(&w);
}

/* ---- what is not a record ---- */

/* Reads from memory of exactly that size; tells whether it was taken. */
static int
taken(const unsigned char *data, size_t len)
{
	unsigned char *copy = test_malloc(len ? len : 1);
	struct tc_lookup at = item(ID);
	struct tc_record *r;
	int ok;

	if (len > 0)
		memcpy(copy, data, len);
	r = tc_record_read(at.key, copy, len);
	ok = r != NULL;
	if (r) {
		assert_true(*r->user && r->kid);
		assert_true((*r->label == '\0') ==
			    (r->state == TC_STATE_DELETED));
		assert_true(strlen(r->user) <= TC_USER_MAX);
		assert_true(strlen(r->label) <= TC_LABEL_MAX);
		assert_true(r->n_services <= TC_SERVICES_MAX);
		assert_true(r->n_sources <= TC_SOURCES_MAX);
		assert_true(r->n_properties <= TC_PROPERTIES_MAX);
		assert_true(r->state == TC_STATE_ACTIVE ||
			    r->state == TC_STATE_REVOKED ||
			    r->state == TC_STATE_DELETED);
	}
	tc_record_free(r);
	test_free(copy);
	return ok;
}

static void
every_byte_changed(void **state)
{
	struct tc_writer w = encode(&ordinary);

	(void)state;
	for (size_t len = 0; len < w.len; len++)
		(void)taken(w.data, len);
	for (size_t i = 0; i < w.len; i++) {
		unsigned char was = w.data[i];

		for (unsigned v = 0; v < 256; v += 3) {
			w.data[i] = (unsigned char)v;
			(void)taken(w.data, w.len);
		}
		w.data[i] = was;
	}
	assert_true(taken(w.data, w.len));
	tc_writer_free(&w);
}

#define SEAL "................"
#define USER "\1\0\1u"
#define LABEL "\2\0\1l"
#define KID "\3\0\2\0\1"
#define CREATED "\4\0\x08\0\0\0\0\0\0\0\1"
#define STATE "\x0a\0\1\1"
#define START "\1" USER LABEL KID CREATED
#define RAW(text)                                                              \
	{                                                                      \
		text SEAL, sizeof(text SEAL) - 1                               \
	}

struct raw {
	const char *bytes;
	size_t len;
};

static const struct raw good[] = {
	RAW(START STATE),
	RAW(START "\5\0\1r" STATE),
	RAW(START "\7\0\1a\7\0\1b" STATE),
	RAW(START "\x08\0\5\x20\1\2\3\4" STATE),
	RAW(START "\x09\0\1\0" STATE),
	RAW(START "\x09\0\3\1kv" STATE),
	RAW(START STATE "\x0d\0\0"),
	RAW(START STATE "\x11\0\0"), /* imported */
	RAW("\1" USER KID CREATED "\x0a\0\1\3"), /* deleted */
};

static const struct raw bad[] = {
	RAW(""),
	RAW("\1"),
	RAW("\0" USER LABEL KID CREATED STATE),
	RAW("\2" USER LABEL KID CREATED STATE),
	RAW(START), /* something is missing */
	RAW("\1" LABEL KID CREATED STATE),
	RAW("\1" USER KID CREATED STATE),
	RAW("\1" USER LABEL CREATED STATE),
	RAW("\1" USER LABEL KID STATE),
	RAW("\1\1\0\0" LABEL KID CREATED STATE), /* or empty */
	RAW("\1" USER "\2\0\0" KID CREATED STATE),
	RAW("\1" USER LABEL "\3\0\2\0\0" CREATED STATE),
	RAW("\1" USER LABEL KID "\4\0\x08\0\0\0\0\0\0\0\0" STATE),
	RAW("\1" USER LABEL KID "\4\0\x08\xff\0\0\0\0\0\0\0" STATE),
	RAW(START "\x0a\0\1\0"),
	RAW(START "\x0a\0\1\3"),
	RAW("\1" KID CREATED "\x0a\0\1\3"),
	RAW(START "\x0a\0\1\4"),
	RAW(START STATE "\x11\0\1\1"),
	RAW(START STATE "\x12\0\0"),
	RAW("\1" LABEL USER KID CREATED STATE), /* in another order */
	RAW(START STATE "\5\0\1r"),
	RAW(START STATE STATE), /* twice */
	RAW("\1" USER USER LABEL KID CREATED STATE),
	RAW("\1" USER LABEL LABEL KID CREATED STATE),
	RAW("\1" USER LABEL "\3\0\1\1" CREATED STATE), /* of a wrong length */
	RAW("\1" USER LABEL "\3\0\3\0\0\1" CREATED STATE),
	RAW("\1" USER LABEL KID "\4\0\4\0\0\0\1" STATE),
	RAW(START "\6\0\0" STATE),
	RAW(START "\x0a\0\2\0\1"),
	RAW(START STATE "\x0e\0\1x"),
	RAW(START STATE "\x0e\0\x10xxxxxxxxxxxxxxxx"),
	RAW(START "\7\0\0" STATE), /* services */
	RAW(START "\7\0\1A" STATE),
	RAW(START "\7\0\3a,b" STATE),
	RAW(START "\x08\0\0" STATE), /* sources */
	RAW(START "\x08\0\1\x20" STATE),
	RAW(START "\x08\0\5\x21\1\2\3\4" STATE),
	RAW(START "\x08\0\6\x20\1\2\3\4\5" STATE),
	RAW(START "\x08\0\x11\x81"
		  "0123456789abcdef" STATE),
	RAW(START "\x09\0\0" STATE), /* properties */
	RAW(START "\x09\0\1\1" STATE),
	RAW(START "\x09\0\2\2k" STATE),
	RAW(START "\x09\0\2\xffk" STATE),
	RAW(START STATE "\0\0\0"), /* of no known kind */
	RAW("\1\0\0\0" USER LABEL KID CREATED STATE),
	RAW(START STATE "\x10\0\0"),
	RAW(START STATE "\xff\0\0"),
	RAW(START STATE "\x0d"), /* cut off */
	RAW(START STATE "\x0d\0"),
	RAW(START STATE "\x0d\0\1"),
	RAW(START STATE "\x0d\xff\xffx"),
};

static void
by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!taken((const unsigned char *)good[i].bytes, good[i].len))
			fail_msg("good record %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (taken((const unsigned char *)bad[i].bytes, bad[i].len))
			fail_msg("bad record %zu", i);
}

static void
put(struct tc_writer *w, unsigned tag, const void *data, size_t len)
{
	tc_put(w, tag, 1);
	tc_put(w, len, 2);
	tc_put_bytes(w, data, len);
}

/* START, then n times a field of those bytes, then STATE. */
static int
repeated(unsigned tag, const void *data, size_t len, unsigned n)
{
	struct tc_writer w = { 0 };
	int ok;

	tc_put_bytes(&w, START, sizeof(START) - 1);
	for (unsigned i = 0; i < n; i++)
		put(&w, tag, data, len);
	tc_put_bytes(&w, STATE, sizeof(STATE) - 1);
	tc_put_bytes(&w, SEAL, sizeof(SEAL) - 1);
	ok = taken(w.data, w.len);
	tc_writer_free(&w);
	return ok;
}

static void
bounds(void **state)
{
	char text[TC_USER_MAX + 1];
	struct tc_writer w = { 0 };

	(void)state;
	assert_true(repeated(7, "a", 1, TC_SERVICES_MAX));
	assert_false(repeated(7, "a", 1, TC_SERVICES_MAX + 1));
	assert_true(repeated(8, "\x20\1\2\3\4", 5, TC_SOURCES_MAX));
	assert_false(repeated(8, "\x20\1\2\3\4", 5, TC_SOURCES_MAX + 1));
	assert_true(repeated(9, "\1kv", 3, TC_PROPERTIES_MAX));
	assert_false(repeated(9, "\1kv", 3, TC_PROPERTIES_MAX + 1));
	memset(text, 'x', sizeof(text));
	for (size_t len = TC_USER_MAX; len <= TC_USER_MAX + 1; len++) {
		tc_put(&w, 1, 1);
		put(&w, 1, text, len);
		tc_put_bytes(&w, LABEL KID CREATED STATE SEAL,
			     sizeof(LABEL KID CREATED STATE SEAL) - 1);
		assert_int_equal(taken(w.data, w.len), len == TC_USER_MAX);
		tc_writer_free(&w);
	}
	for (size_t len = TC_LABEL_MAX; len <= TC_LABEL_MAX + 1; len++) {
		tc_put_bytes(&w, "\1" USER, 1 + sizeof(USER) - 1);
		put(&w, 2, text, len);
		tc_put_bytes(&w, KID CREATED STATE SEAL,
			     sizeof(KID CREATED STATE SEAL) - 1);
		assert_int_equal(taken(w.data, w.len), len == TC_LABEL_MAX);
		tc_writer_free(&w);
	}
}

/* Fields at random, many of them nearly right. */
static void
at_random(void **state)
{
	uint32_t seed = 20261121;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct tc_writer w = { 0 };
		unsigned char junk[40];

		if (test_random(&seed) % 2)
			tc_put_bytes(&w, START, sizeof(START) - 1);
		else
			tc_put(&w, 1, 1);
		for (unsigned n = test_random(&seed) % 8; n > 0; n--) {
			size_t len = test_random(&seed) % sizeof(junk);

			for (size_t i = 0; i < len; i++)
				junk[i] = (unsigned char)test_random(&seed);
			tc_put(&w, test_random(&seed) % 19, 1);
			tc_put(&w,
			       test_random(&seed) % 8 ? len
						      : test_random(&seed),
			       2);
			tc_put_bytes(&w, junk, len);
		}
		tc_put_bytes(&w, SEAL, test_random(&seed) % 18);
		(void)taken(w.data, w.len);
		tc_writer_free(&w);
	}
}

/* It costs what a record costs only as long as it is read to its end. */
static void
is_blank(size_t len, int scram)
{
	struct tc_lookup at = item(ID);
	struct tc_record *r;

	at.usual_len = len;
	assert_int_equal(tc_record_blank(&at), 0);
	r = tc_record_read(at.key, at.value, at.len);
	assert_non_null(r);
	assert_int_equal(r->scram != NULL, scram);
	assert_int_equal(r->n_services, 2);
	assert_false(
	    tc_record_sealed(test_crypto(), rec_key, at.key, at.value, at.len));
	assert_int_equal(at.len, len);
	tc_record_free(r);
	tc_lookup_free(&at, 1);
}

static void
blank(void **state)
{
	(void)state;
	is_blank(TC_RECORD_USUAL, 1);
	is_blank(TC_RECORD_BARE, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(read_again),
		cmocka_unit_test(altered),
		cmocka_unit_test(every_byte_changed),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(bounds),
		cmocka_unit_test(at_random),
		cmocka_unit_test(blank),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
