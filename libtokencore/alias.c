/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alias.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lists.h"
#include "match.h"

/* A name that is not NUL-terminated. */
static const struct tc_alias *
find(const struct tc_alias_table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->rows[i].name) == len &&
		    memcmp(t->rows[i].name, name, len) == 0)
			return &t->rows[i];
	return NULL;
}

const char *
tc_alias_add(struct tc_alias_table *t, const char *name, const char *value,
	     unsigned line)
{
	struct tc_alias *row = &t->rows[t->n];
	size_t len = strlen(name);
	const char *why;

	if (!tc_service_fits(name, len))
		return "not a service name, [a-z0-9_.-]{1,32}";
	if (find(t, name, len))
		return "stands here twice";
	if (t->n == TC_ALIASES_MAX)
		return "too many services";
	why = tc_list_join(value, tc_service_fits, TC_LIST_MAX,
			   "not a list of service names joined by commas",
			   &row->services);
	if (why)
		return why;
	(void)snprintf(row->name, sizeof(row->name), "%s", name);
	row->line = line;
	t->n++;
	return NULL;
}

static const char *
set_clash(const struct tc_alias_table *services,
	  const struct tc_alias_table *sets, const struct tc_alias *set)
{
	const char *at = set->services, *item;
	size_t len;

	if (find(services, set->name, strlen(set->name)))
		return "is the name of a set and of a service";
	while ((item = tc_list_next(&at, &len)) != NULL) {
		char name[TC_SERVICE_MAX + 1];

		if (find(sets, item, len))
			return "a set cannot hold a set";
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, item);
		if (tc_service_in(at, name))
			return "names a service twice";
	}
	return NULL;
}

const char *
tc_alias_clash(const struct tc_alias_table *services,
	       const struct tc_alias_table *sets, const struct tc_alias **where)
{
	for (size_t i = 0; i < sets->n; i++) {
		const char *why = set_clash(services, sets, &sets->rows[i]);

		*where = &sets->rows[i];
		if (why)
			return why;
	}
	return NULL;
}

static int
fits(const struct tc_alias_table *services, const char *name, size_t len,
     const char *service)
{
	const struct tc_alias *alias = find(services, name, len);

	if (strlen(service) == len && memcmp(name, service, len) == 0)
		return 1;
	return alias && tc_service_in(alias->services, service);
}

int
tc_alias_fits(const struct tc_alias_table *services,
	      const struct tc_alias_table *sets, const char *token_service,
	      const char *service)
{
	size_t len = strlen(token_service);
	const struct tc_alias *set = find(sets, token_service, len);
	const char *at, *item;

	if (!set)
		return fits(services, token_service, len, service);
	at = set->services;
	while ((item = tc_list_next(&at, &len)) != NULL)
		if (fits(services, item, len, service))
			return 1;
	return 0;
}

void
tc_alias_free(struct tc_alias_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->rows[i].services);
	memset(t, 0, sizeof(*t));
}
