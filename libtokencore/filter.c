/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "filter.h"

#include <string.h>

/* The same in every locale. */
static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int
begins(const char *text, const char *part)
{
	while (*part && lower(*text) == lower(*part)) {
		text++;
		part++;
	}
	return *part == '\0';
}

static int
holds(const char *text, const char *part)
{
	int found = begins(text, part);

	while (!found && *text)
		found = begins(++text, part);
	return found;
}

static int
mentions(const struct tc_record *r, const char *part)
{
	if (holds(r->label, part) || holds(r->user, part))
		return 1;
	for (size_t i = 0; i < r->n_properties; i++)
		if (holds(r->properties[i].key, part) ||
		    holds(r->properties[i].value, part))
			return 1;
	return 0;
}

int
tc_filter_record(const struct tc_filter *f, const struct tc_record *r)
{
	if (!f)
		return 1;
	if (f->user && strcmp(r->user, f->user) != 0)
		return 0;
	if (f->expires_before &&
	    (!r->expires || r->expires > f->expires_before))
		return 0;
	if (f->unused_since && r->created >= f->unused_since)
		return 0;
	return !f->search || mentions(r, f->search);
}

int
tc_filter_standing(const struct tc_filter *f, const struct tc_record *r)
{
	return !f || !f->standings || f->standings & 1U << r->standing;
}

int
tc_filter_use(const struct tc_filter *f, const struct tc_record *r)
{
	return !f || r->last_used < f->unused_since || !f->unused_since;
}
