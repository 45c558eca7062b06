/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token's record in words and in JSON.  Every verb that shows one uses the
 * same names for its members.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"

static const struct standing standings[] = {
	{ TC_VALID, "active" },	      { TC_EXPIRED, "expired" },
	{ TC_REVOKED, "revoked" },    { TC_NOT_YET_VALID, "not-yet-valid" },
	{ TC_UNKNOWN_KEY, "no-key" }, { TC_UNAVAILABLE, "damaged" },
};

const struct standing *
standing_table(size_t *n)
{
	*n = COUNT(standings);
	return standings;
}

const char *
record_state(const struct tc_record *rec)
{
	for (size_t i = 0; i < COUNT(standings); i++) {
		if (standings[i].standing == rec->standing)
			return standings[i].word;
	}
	return tc_verdict_name(rec->standing);
}

/* Joins n strings by commas; get gives the one at i, in buf or elsewhere. */
static char *
join(const struct tc_record *rec, size_t n,
     const char *(*get)(const struct tc_record *, size_t, char *))
{
	char buf[48], *text, *at;
	size_t size = sizeof("any");

	for (size_t i = 0; i < n; i++)
		size += strlen(get(rec, i, buf)) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	at = stpcpy(text, n ? "" : "any");
	for (size_t i = 0; i < n; i++) {
		at = stpcpy(at, i ? "," : "");
		at = stpcpy(at, get(rec, i, buf));
	}
	return text;
}

static const char *
service_at(const struct tc_record *rec, size_t i, char *buf)
{
	(void)buf;
	return rec->services[i];
}

static const char *
source_at(const struct tc_record *rec, size_t i, char *buf)
{
	tc_format_source(&rec->sources[i], buf);
	return buf;
}

char *
record_services(const struct tc_record *rec)
{
	return join(rec, rec->n_services, service_at);
}

char *
record_sources(const struct tc_record *rec)
{
	return join(rec, rec->n_sources, source_at);
}

char *
record_properties(const struct tc_record *rec)
{
	size_t size = 1;
	char *text, *at;

	for (size_t i = 0; i < rec->n_properties; i++)
		size += strlen(rec->properties[i].key) +
			strlen(rec->properties[i].value) + 2;
	text = malloc(size);
	if (!text)
		return NULL;
	at = stpcpy(text, "");
	for (size_t i = 0; i < rec->n_properties; i++) {
		at = stpcpy(at, i ? "," : "");
		at = stpcpy(at, rec->properties[i].key);
		at = stpcpy(at, "=");
		at = stpcpy(at, rec->properties[i].value);
	}
	return text;
}

char *
record_last_source(const struct tc_record *rec)
{
	char text[48] = "";

	if (rec->last_source.family != 0)
		tc_format_source(&rec->last_source, text);
	return strdup(text);
}

static json_t *
json_services(const struct tc_record *rec)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < rec->n_services; i++)
		list = json_with(list, json_text(rec->services[i]));
	return list;
}

static json_t *
json_sources(const struct tc_record *rec)
{
	json_t *list = json_array();
	char text[48];

	for (size_t i = 0; list && i < rec->n_sources; i++) {
		tc_format_source(&rec->sources[i], text);
		list = json_with(list, json_string(text));
	}
	return list;
}

static json_t *
json_properties(const struct tc_record *rec)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < rec->n_properties; i++) {
		json_t *key = json_text(rec->properties[i].key);

		failed |=
		    json_object_set_new(object, json_string_value(key),
					json_text(rec->properties[i].value));
		json_decref(key);
	}
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Null where there is nothing to say. */
static json_t *
json_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

static json_t *
json_last_source(const struct tc_record *rec)
{
	char *text = record_last_source(rec);
	json_t *value = text ? json_or_null(text) : NULL;

	free(text);
	return value;
}

json_t *
record_json(const struct tc_record *rec)
{
	const struct {
		const char *name;
		json_t *value;
	} members[] = {
		{ "id", json_text(rec->id) },
		{ "user", json_text(rec->user) },
		{ "label", json_text(rec->label) },
		{ "state", json_string(record_state(rec)) },
		{ "kid", json_integer((json_int_t)rec->kid) },
		{ "created", json_when(rec->created) },
		{ "created_by", json_or_null(rec->created_by) },
		{ "expires", json_when(rec->expires) },
		{ "services", json_services(rec) },
		{ "sources", json_sources(rec) },
		{ "properties", json_properties(rec) },
		{ "revoked", json_when(rec->revoked) },
		{ "revoked_by", json_or_null(rec->revoked_by) },
		{ "revoked_reason", json_or_null(rec->revoked_reason) },
		{ "replaces", json_or_null(rec->replaces) },
		{ "replaced_by", json_or_null(rec->replaced_by) },
		{ "imported", json_boolean(rec->imported) },
		{ "scram", json_boolean(rec->scram) },
		{ "last_used", json_when(rec->last_used) },
		{ "last_service", json_or_null(rec->last_service) },
		{ "last_source", json_last_source(rec) },
	};
	json_t *object = json_object();
	int failed = 0;

	/* Setting takes over the value, also when it fails. */
	for (size_t i = 0; i < COUNT(members); i++)
		failed |= json_object_set_new(object, members[i].name,
					      members[i].value);
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

void
record_name(const char *user, const char *label, char out[ESCAPED_MAX])
{
	char text[TC_USER_MAX + TC_LABEL_MAX + 2];

	(void)snprintf(text, sizeof(text), "%s/%s", user, label);
	escape(out, ESCAPED_MAX, text);
}

bool
record_find(struct app *app, const char *name, struct tc_record **rec)
{
	struct tc_error err = { 0 };
	char id[TC_ID_LEN + 1];
	int code;

	code = tc_find(app->handle, &app->actor, name, id, &err);
	if (code == TC_OK)
		code = tc_show(app->handle, &app->actor, id, rec, &err);
	if (code != TC_OK)
		app->exit = complain_tc(code, &err);
	return code == TC_OK;
}
