/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
value_refuse(struct value *v, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(v->why, sizeof(v->why), format, args);
	va_end(args);
	return false;
}

void
value_begin(struct value *v, struct tc_import *item, int64_t now)
{
	*v = (struct value){ .item = item, .now = now };
	*item = (struct tc_import){
		.spec = { .expires = TC_EXPIRES_DEFAULT,
			  .services = v->services,
			  .sources = v->sources,
			  .properties = v->properties },
	};
}

void
value_free(struct value *v)
{
	if (v->text)
		explicit_bzero(v->text, v->size);
	free(v->text);
	json_decref(v->json);
	v->text = NULL;
	v->json = NULL;
}

static bool
set_value(struct value *v, const char *text)
{
	v->item->value = text;
	v->item->len = strlen(text);
	return true;
}

static bool
set_user(struct value *v, const char *text)
{
	v->item->spec.user = text;
	return true;
}

static bool
set_label(struct value *v, const char *text)
{
	v->item->spec.label = text;
	return true;
}

static bool
set_expires(struct value *v, const char *text)
{
	struct tc_error err = { 0 };

	if (tc_parse_when(text, v->now, &v->item->spec.expires, &err) != TC_OK)
		return value_refuse(v, "expires: %s", err.text);
	return true;
}

bool
is_service(const char *name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	const size_t len = strlen(name);

	return len > 0 && len <= TC_SERVICE_MAX && strspn(name, set) == len;
}

static bool
add_service(struct value *v, const char *name)
{
	if (v->item->spec.n_services == TC_SERVICES_MAX)
		return value_refuse(v, "services: at most %d", TC_SERVICES_MAX);
	if (!is_service(name))
		return value_refuse(v, "services: " NO_SERVICE);
	v->services[v->item->spec.n_services++] = name;
	return true;
}

static bool
add_source(struct value *v, const char *text)
{
	struct tc_error err = { 0 };

	if (v->item->spec.n_sources == TC_SOURCES_MAX)
		return value_refuse(v, "sources: at most %d", TC_SOURCES_MAX);
	if (tc_parse_source(text, &v->sources[v->item->spec.n_sources], &err) !=
	    TC_OK)
		return value_refuse(v, "sources: %s", err.text);
	v->item->spec.n_sources++;
	return true;
}

static bool
add_property(struct value *v, const char *key, const char *text)
{
	if (v->item->spec.n_properties == TC_PROPERTIES_MAX)
		return value_refuse(v, "properties: at most %d",
				    TC_PROPERTIES_MAX);
	v->properties[v->item->spec.n_properties++] =
	    (struct tc_property){ .key = key, .value = text };
	return true;
}

static bool
take_property(struct value *v, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return value_refuse(v, "properties: not KEY=VALUE");
	*equals = '\0';
	return add_property(v, text, equals + 1);
}

/* The names are those of the columns and of the members. */
static const struct member members[] = {
	{ "value", true, set_value, NULL },
	{ "user", true, set_user, NULL },
	{ "label", true, set_label, NULL },
	{ "expires", false, set_expires, NULL },
	{ "services", false, NULL, add_service },
	{ "sources", false, NULL, add_source },
	{ "properties", false, NULL, NULL },
};

const struct member *
member_at(size_t i)
{
	return i < COUNT(members) ? &members[i] : NULL;
}

const struct member *
member_find(const char *name)
{
	for (size_t i = 0; i < COUNT(members); i++) {
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	}
	return NULL;
}

/* ---- a field of CSV ---- */
bool
value_field(struct value *v, const struct member *member, char *text)
{
	char *word;

	/* Nothing in a field is nothing said. */
	if (member->text)
		return (*text == '\0' && !member->needed) ||
		       member->text(v, text);
	while ((word = strsep(&text, member->list ? " ;" : ";")) != NULL) {
		if (*word == '\0')
			continue;
		if (!(member->list ? member->list(v, word)
				   : take_property(v, word)))
			return false;
	}
	return true;
}

/* ---- a member in JSON ---- */
static bool
take_array(struct value *v, const struct member *member, const json_t *is)
{
	if (!json_is_array(is))
		return value_refuse(v, "%s: not an array", member->name);
	for (size_t i = 0; i < json_array_size(is); i++) {
		const char *text = json_string_value(json_array_get(is, i));

		if (!text)
			return value_refuse(v, "%s: not all are strings",
					    member->name);
		if (!member->list(v, text))
			return false;
	}
	return true;
}

static bool
take_object(struct value *v, const struct member *member, json_t *is)
{
	const char *key;
	json_t *text;

	if (!json_is_object(is))
		return value_refuse(v, "%s: not an object", member->name);
	json_object_foreach(is, key, text)
	{
		if (!json_is_string(text))
			return value_refuse(v, "%s: not all are strings",
					    member->name);
		if (!add_property(v, key, json_string_value(text)))
			return false;
	}
	return true;
}

bool
value_member(struct value *v, const struct member *member, json_t *is)
{
	if (!member->text)
		return member->list ? take_array(v, member, is)
				    : take_object(v, member, is);
	if (!json_is_string(is))
		return value_refuse(v, "%s: not a string", member->name);
	return member->text(v, json_string_value(is));
}
