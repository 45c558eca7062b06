/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing what is known of a token; its value stays. */
#include "edit.h"

#include <stdio.h>
#include <string.h>

#include "alter.h"
#include "error.h"
#include "spec.h"

#define KNOWN                                                                  \
	(TC_EDIT_LABEL | TC_EDIT_EXPIRES | TC_EDIT_SERVICES |                  \
	 TC_EDIT_SOURCES | TC_EDIT_PROPERTIES)

/* Sets one key, in its place if it is there already. */
static int
set_property(struct tc_edited *e, const struct tc_record *r,
	     const struct tc_property *p, struct tc_error *err)
{
	struct tc_create *spec = &e->spec;
	size_t at = 0;

	while (at < spec->n_properties &&
	       strcmp(e->properties[at].key, p->key) != 0)
		at++;
	if (!p->value) {
		if (at == spec->n_properties)
			return tc_fail(err, TC_E_INVALID,
				       "%s: there is no property %s", r->id,
				       p->key);
		spec->n_properties--;
		memmove(&e->properties[at], &e->properties[at + 1],
			(spec->n_properties - at) * sizeof(*p));
		return TC_OK;
	}
	if (at == TC_PROPERTIES_MAX)
		return tc_fail(err, TC_E_INVALID, "%s: at most %d properties",
			       r->id, TC_PROPERTIES_MAX);
	e->properties[at] = *p;
	spec->n_properties += at == spec->n_properties;
	return TC_OK;
}

int
tc_edit_merge(struct tc_edited *e, const struct tc_record *r,
	      const struct tc_edit *edit, struct tc_error *err)
{
	struct tc_create *spec = &e->spec;
	int rc = TC_OK;

	*spec = (struct tc_create){
		.user = r->user,
		.label = r->label,
		.expires = r->expires,
		.n_services = r->n_services,
		.n_sources = r->n_sources,
		.n_properties = r->n_properties,
		.services = r->services,
		.sources = r->sources,
		.properties = e->properties,
	};
	memcpy(e->properties, r->properties,
	       r->n_properties * sizeof(*r->properties));
	if (!edit)
		return TC_OK;
	if (edit->what & ~KNOWN)
		return tc_fail(err, TC_E_INVALID, "an unknown kind of change");
	if (edit->what & TC_EDIT_LABEL)
		spec->label = edit->label;
	if (edit->what & TC_EDIT_EXPIRES)
		spec->expires = edit->expires;
	if (edit->what & TC_EDIT_SERVICES) {
		spec->services = edit->services;
		spec->n_services = edit->n_services;
	}
	if (edit->what & TC_EDIT_SOURCES) {
		spec->sources = edit->sources;
		spec->n_sources = edit->n_sources;
	}
	if (!(edit->what & TC_EDIT_PROPERTIES))
		return TC_OK;
	for (size_t i = 0; rc == TC_OK && i < edit->n_properties; i++)
		rc = set_property(e, r, &edit->properties[i], err);
	return rc;
}

/* What one call edits with, for every record in turn. */
struct editing {
	const struct tc_edit *edit;
	struct tc_edited now;
	char why[64];
};

/* The log says what was changed, not to what. */
static void
name_changes(struct editing *e)
{
	static const char *const names[] = { "label", "expires", "services",
					     "sources", "properties" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at = strlen(e->why);

		if (e->edit->what & (1U << i))
			(void)snprintf(e->why + at, sizeof(e->why) - at, "%s%s",
				       at ? "," : "", names[i]);
	}
}

static int
edit_one(void *arg, struct tc_change *c, struct tc_record *r,
	 const struct tc_key *key, struct tc_error *err)
{
	struct editing *e = arg;
	const struct tc_config *cfg = &c->policy->config;
	const struct tc_create *spec = &e->now.spec;
	int rc = tc_must_live(c, r, key, err);

	if (rc == TC_OK)
		rc = tc_edit_merge(&e->now, r, e->edit, err);
	if (rc == TC_OK)
		rc = tc_spec_check(spec, err);
	if (rc == TC_OK && (e->edit->what & TC_EDIT_PROPERTIES))
		rc = tc_spec_required(cfg, spec, err);
	if (rc == TC_OK && (e->edit->what & TC_EDIT_EXPIRES))
		rc = tc_spec_lifetime(cfg, spec->expires, c->now, &r->expires,
				      err);
	if (rc != TC_OK)
		return rc;
	r->label = spec->label;
	r->services = spec->services;
	r->n_services = spec->n_services;
	r->sources = spec->sources;
	r->n_sources = spec->n_sources;
	r->properties = spec->properties;
	r->n_properties = spec->n_properties;
	return TC_OK;
}

static int
edit_all(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	 size_t n, const struct tc_edit *edit, const char *event,
	 struct tc_error *err)
{
	struct editing e = { .edit = edit };
	const struct tc_alteration how = { event, e.why, TC_ACT_CHANGE,
					   edit_one, &e };

	if (edit->what == 0)
		return tc_fail(err, TC_E_INVALID, "nothing is to be changed");
	name_changes(&e);
	return tc_alter(h, actor, ids, n, &how, err);
}

int
tc_edit(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	size_t n, const struct tc_edit *edit, struct tc_error *err)
{
	struct tc_error local;

	return edit_all(h, actor, ids, n, edit, "edit", err ? err : &local);
}

int
tc_renew(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	 size_t n, int64_t expires, struct tc_error *err)
{
	const struct tc_edit edit = { .what = TC_EDIT_EXPIRES,
				      .expires = expires };
	struct tc_error local;

	return edit_all(h, actor, ids, n, &edit, "renew", err ? err : &local);
}
