/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "records.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

/* Characters that n bytes become, without a NUL. */
#define BASE64(n) (((n) + 2) / 3 * 4)

/* The moment up to which what a retired key made has ended. */
#define FOR_GOOD INT64_MAX

/* ---- writing ---- */
static json_t *
base64(const unsigned char *bytes, size_t len)
{
	unsigned char text[BASE64(TC_SCRAM_KEY) + 1];
	json_t *value;

	(void)EVP_EncodeBlock(text, bytes, (int)len);
	value = json_string((const char *)text);
	explicit_bzero(text, sizeof(text));
	return value;
}

static json_t *
scram_json(const struct tc_scram *scram)
{
	return json_pack(
	    "{s:i, s:o, s:o, s:o}", "iterations", (int)scram->iterations,
	    "salt", base64(scram->salt, sizeof(scram->salt)), "stored_key",
	    base64(scram->stored_key, sizeof(scram->stored_key)), "server_key",
	    base64(scram->server_key, sizeof(scram->server_key)));
}

json_t *
record_export(const struct tc_record *rec, bool verifier)
{
	json_t *object = record_json(rec);
	int failed = !object;

	/* Here it is the verifier itself. */
	if (object)
		failed |= json_object_del(object, "scram");
	if (object && rec->scram && verifier)
		failed |= json_object_set_new(object, "scram",
					      scram_json(rec->scram));
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

json_t *
mark_export(const struct tc_ended *ended)
{
	return json_pack(
	    "{s:{s:o, s:o, s:o}}", "ended", "user",
	    *ended->user ? json_text(ended->user) : json_null(), "kid",
	    ended->kid ? json_integer((json_int_t)ended->kid) : json_null(),
	    "before",
	    ended->before == FOR_GOOD ? json_null() : json_when(ended->before));
}

/* ---- reading ---- */
bool
parse_utc(const char *text, int64_t *when)
{
	/* 31 December 9999 is the last day that can be typed, and this is
	 * where it ends. */
	if (strcmp(text, "10000-01-01T00:00:00Z") == 0) {
		*when = INT64_C(253402300800);
		return true;
	}
	/* Nothing else of that length and shape is understood. */
	return strlen(text) == sizeof("2027-03-31T12:00:00Z") - 1 &&
	       text[10] == 'T' && tc_parse_when(text, 0, when, NULL) == TC_OK;
}

static bool
take_when(struct restored *r, void *to, const json_t *is)
{
	const char *text = json_string_value(is);

	(void)r;
	return text && parse_utc(text, to);
}

static bool
take_text(struct restored *r, void *to, const json_t *is)
{
	const char *text = json_string_value(is);

	(void)r;
	*(const char **)to = text;
	return text != NULL;
}

static bool
take_id(struct restored *r, void *to, const json_t *is)
{
	(void)r;
	if (json_string_length(is) != TC_ID_LEN)
		return false;
	memcpy(to, json_string_value(is), TC_ID_LEN + 1);
	return true;
}

static bool
take_kid(struct restored *r, void *to, const json_t *is)
{
	const json_int_t kid = json_integer_value(is);

	(void)r;
	*(unsigned *)to = (unsigned)kid;
	return kid >= 1 && kid <= 65535;
}

static bool
take_flag(struct restored *r, void *to, const json_t *is)
{
	(void)r;
	*(int *)to = json_is_true(is);
	return json_is_boolean(is);
}

static bool
take_services(struct restored *r, void *to, const json_t *is)
{
	const size_t n = json_array_size(is);

	*(size_t *)to = n;
	if (!json_is_array(is) || n > TC_SERVICES_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		r->services[i] = json_string_value(json_array_get(is, i));
		if (!r->services[i])
			return false;
	}
	return true;
}

static bool
take_sources(struct restored *r, void *to, const json_t *is)
{
	const size_t n = json_array_size(is);

	*(size_t *)to = n;
	if (!json_is_array(is) || n > TC_SOURCES_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(is, i));

		if (!text ||
		    tc_parse_source(text, &r->sources[i], NULL) != TC_OK)
			return false;
	}
	return true;
}

static bool
take_properties(struct restored *r, void *to, const json_t *is)
{
	size_t n = 0;
	const char *key;
	json_t *value;

	if (!json_is_object(is) || json_object_size(is) > TC_PROPERTIES_MAX)
		return false;
	json_object_foreach((json_t *)is, key, value)
	{
		r->properties[n].key = key;
		r->properties[n].value = json_string_value(value);
		if (!r->properties[n++].value)
			return false;
	}
	*(size_t *)to = n;
	return true;
}

/* Taken only in the spelling that EVP_EncodeBlock() gives. */
static bool
from_base64(const json_t *is, unsigned char *out, size_t len)
{
	unsigned char bytes[TC_SCRAM_KEY + 2];
	unsigned char again[BASE64(TC_SCRAM_KEY) + 1];
	const char *text = json_string_value(is);
	bool ok = json_string_length(is) == BASE64(len) &&
		  EVP_DecodeBlock(bytes, (const unsigned char *)text,
				  (int)BASE64(len)) >= (int)len;

	if (ok) {
		(void)EVP_EncodeBlock(again, bytes, (int)len);
		ok = strcmp((const char *)again, text) == 0;
		memcpy(out, bytes, len);
	}
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(again, sizeof(again));
	return ok;
}

static bool
take_scram(struct restored *r, void *to, const json_t *is)
{
	struct tc_scram *s = &r->scram;
	const json_int_t iterations =
	    json_integer_value(json_object_get(is, "iterations"));

	*(const struct tc_scram **)to = s;
	s->iterations = (unsigned)iterations;
	return json_object_size(is) == 4 && iterations >= 1 &&
	       iterations <= INT32_MAX &&
	       from_base64(json_object_get(is, "salt"), s->salt,
			   sizeof(s->salt)) &&
	       from_base64(json_object_get(is, "stored_key"), s->stored_key,
			   sizeof(s->stored_key)) &&
	       from_base64(json_object_get(is, "server_key"), s->server_key,
			   sizeof(s->server_key));
}

/* How a member is spelt that need not be there at all. */
enum need { NEEDED, OR_NULL, OPTIONAL };

static const struct restorable {
	const char *name;
	enum need need;
	bool (*take)(struct restored *, void *to, const json_t *);
	size_t to;
} restorables[] = {
#define TO(member) offsetof(struct tc_record, member)
	{ "id", NEEDED, take_id, TO(id) },
	{ "user", NEEDED, take_text, TO(user) },
	{ "label", NEEDED, take_text, TO(label) },
	{ "kid", NEEDED, take_kid, TO(kid) },
	{ "created", NEEDED, take_when, TO(created) },
	{ "created_by", OR_NULL, take_text, TO(created_by) },
	{ "expires", OR_NULL, take_when, TO(expires) },
	{ "services", NEEDED, take_services, TO(n_services) },
	{ "sources", NEEDED, take_sources, TO(n_sources) },
	{ "properties", NEEDED, take_properties, TO(n_properties) },
	{ "revoked", OR_NULL, take_when, TO(revoked) },
	{ "revoked_by", OR_NULL, take_text, TO(revoked_by) },
	{ "revoked_reason", OR_NULL, take_text, TO(revoked_reason) },
	{ "replaces", OR_NULL, take_id, TO(replaces) },
	{ "replaced_by", OR_NULL, take_id, TO(replaced_by) },
	{ "imported", NEEDED, take_flag, TO(imported) },
	{ "scram", OPTIONAL, take_scram, TO(scram) },
	/* What it was when it was written. */
	{ "state", OPTIONAL, NULL, 0 },
	{ "last_used", OPTIONAL, NULL, 0 },
	{ "last_service", OPTIONAL, NULL, 0 },
	{ "last_source", OPTIONAL, NULL, 0 },
#undef TO
};

static bool
is_known(const char *name)
{
	for (size_t i = 0; i < COUNT(restorables); i++) {
		if (strcmp(restorables[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool
no_others(const json_t *json, char why[TC_ERROR_MAX])
{
	const char *name;
	json_t *is;

	json_object_foreach((json_t *)json, name, is)
	{
		if (!is_known(name)) {
			(void)snprintf(why, TC_ERROR_MAX,
				       "\"%.40s\" is not known", name);
			return false;
		}
	}
	return true;
}

static bool
take(struct restored *r, const struct restorable *m, char why[TC_ERROR_MAX])
{
	const json_t *is = json_object_get(r->json, m->name);

	if (!m->take || (!is && m->need == OPTIONAL) ||
	    (json_is_null(is) && m->need == OR_NULL))
		return true;
	if (is && m->take(r, (char *)&r->rec + m->to, is))
		return true;
	(void)snprintf(why, TC_ERROR_MAX, "\"%s\" is %s", m->name,
		       is ? "not what it has to be" : "missing");
	return false;
}

bool
record_restore(struct restored *r, json_t *json, char why[TC_ERROR_MAX])
{
	*r = (struct restored){ .json = json };
	r->rec = (struct tc_record){
		.created_by = "",
		.services = r->services,
		.sources = r->sources,
		.properties = r->properties,
		.revoked_by = "",
		.revoked_reason = "",
	};
	if (!no_others(json, why))
		return false;
	for (size_t i = 0; i < COUNT(restorables); i++) {
		if (!take(r, &restorables[i], why))
			return false;
	}
	r->rec.state = r->rec.revoked != 0 ? TC_STATE_REVOKED : TC_STATE_ACTIVE;
	return true;
}

void
restored_free(struct restored *r)
{
	explicit_bzero(&r->scram, sizeof(r->scram));
	json_decref(r->json);
	r->json = NULL;
}

bool
mark_restore(struct tc_ended *ended, const json_t *json, char why[TC_ERROR_MAX])
{
	const json_t *mark = json_object_get(json, "ended");
	const json_t *user = json_object_get(mark, "user");
	const json_t *kid = json_object_get(mark, "kid");
	const json_t *before = json_object_get(mark, "before");
	bool ok = json_object_size(json) == 1 && json_object_size(mark) == 3 &&
		  user && kid && before;

	*ended = (struct tc_ended){ .user = "" };
	if (ok && !json_is_null(user))
		ok = take_text(NULL, &ended->user, user);
	if (ok && !json_is_null(kid))
		ok = take_kid(NULL, &ended->kid, kid);
	if (ok && ended->kid && json_is_null(before))
		ended->before = FOR_GOOD;
	else
		ok = ok && take_when(NULL, &ended->before, before);
	if (!ok)
		(void)snprintf(why, TC_ERROR_MAX,
			       "\"ended\" is not what it "
			       "has to be");
	return ok;
}
