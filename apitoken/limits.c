/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a token is to be good for, as it is typed to make, change or copy one:
 * expiry, services, networks, properties.
 */
#include <string.h>
#include <time.h>

#include "value.h"

void
expires_opt(struct opts *opts, const char **text)
{
	const struct opt own = { .name = "expires",
				 .value = "WHEN",
				 .text = text,
				 .help = "2027-03-31, 90d, 12h, today, never" };

	opts_add(opts, &own, 1);
}

void
limits_opts(struct opts *opts, struct limits *limits)
{
	const struct opt own[] = {
		{ .name = "service",
		  .value = "NAME,...",
		  .commas = &limits->services,
		  .help = "only for these services" },
		{ .name = "from",
		  .value = "CIDR,...",
		  .commas = &limits->sources,
		  .help = "only from these networks" },
		{ .name = "property",
		  .value = "KEY=VALUE",
		  .list = &limits->properties,
		  .help = "a note to keep" },
	};

	expires_opt(opts, &limits->expires);
	opts_add(opts, own, COUNT(own));
}

bool
parse_expiry(struct app *app, const char *text, int64_t unless,
	     int64_t *expires)
{
	const int64_t now = (int64_t)time(NULL);
	struct tc_error err = { .text = "is in the past" };

	*expires = unless;
	if (!text || (tc_parse_when(text, now, expires, &err) == TC_OK &&
		      (*expires == 0 || *expires > now)))
		return true;
	app->exit = complain_option("expires", text, "%s", err.text);
	return false;
}

static bool
check_services(const struct words *services)
{
	for (size_t i = 0; i < services->n; i++) {
		if (!is_service(services->v[i])) {
			complain_option("service", services->v[i], NO_SERVICE);
			return false;
		}
	}
	return true;
}

static bool
parse_sources(struct limits *limits)
{
	for (size_t i = 0; i < limits->sources.n; i++) {
		if (!option_source("from", limits->sources.v[i],
				   &limits->nets[i]))
			return false;
	}
	return true;
}

static bool
parse_properties(struct limits *limits)
{
	for (size_t i = 0; i < limits->properties.n; i++) {
		char *equals = strchr(limits->properties.v[i], '=');

		if (!equals) {
			complain_option("property", NULL, "not KEY=VALUE");
			return false;
		}
		*equals = '\0';
		limits->notes[i].key = limits->properties.v[i];
		limits->notes[i].value = equals + 1;
	}
	return true;
}

bool
limits_parse(struct app *app, struct limits *limits)
{
	if (parse_expiry(app, limits->expires, TC_EXPIRES_DEFAULT,
			 &limits->until) &&
	    check_services(&limits->services) && parse_sources(limits) &&
	    parse_properties(limits))
		return true;
	app->exit = USAGE;
	return false;
}

/* ---- changes ---- */
void
edit_opts(struct opts *opts, struct edit_args *args)
{
	const struct opt label = { .name = "label",
				   .value = "TEXT",
				   .text = &args->label,
				   .help = "what it is for" };
	const struct opt own[] = {
		{ .name = "any-service",
		  .flag = &args->any_service,
		  .help = "for every service" },
		{ .name = "any-source",
		  .flag = &args->any_source,
		  .help = "from everywhere" },
		{ .name = "remove-property",
		  .value = "KEY",
		  .list = &args->removed,
		  .help = "a note to keep no longer" },
	};

	opts_add(opts, &label, 1);
	limits_opts(opts, &args->limits);
	opts_add(opts, own, COUNT(own));
}

static bool
contradicts(struct app *app, const char *name, bool any, size_t n)
{
	if (!any || n == 0)
		return false;
	app->exit = complain_option(name, NULL, "these or any, not both");
	return true;
}

/* The last one of two would win, and nobody could say why. */
static bool
named_twice(struct app *app, const struct tc_edit *edit)
{
	const struct tc_property *notes = edit->properties;

	for (size_t i = 1; i < edit->n_properties; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(notes[i].key, notes[j].key) != 0)
				continue;
			app->exit = complain_option("property", notes[i].key,
						    "is named twice");
			return true;
		}
	}
	return false;
}

bool
edit_parse(struct app *app, struct edit_args *args)
{
	struct limits *limits = &args->limits;
	struct tc_edit *edit = &args->edit;

	if (contradicts(app, "service", args->any_service,
			limits->services.n) ||
	    contradicts(app, "from", args->any_source, limits->sources.n) ||
	    !limits_parse(app, limits))
		return false;
	*edit = (struct tc_edit){
		.label = args->label,
		.expires = limits->until,
		.n_services = limits->services.n,
		.n_sources = limits->sources.n,
		.n_properties = limits->properties.n,
		.services = (const char *const *)limits->services.v,
		.sources = limits->nets,
		.properties = limits->notes,
	};
	for (size_t i = 0; i < args->removed.n; i++)
		limits->notes[edit->n_properties++] =
		    (struct tc_property){ .key = args->removed.v[i] };
	if (named_twice(app, edit))
		return false;
	edit->what =
	    (args->label ? TC_EDIT_LABEL : 0) |
	    (limits->expires ? TC_EDIT_EXPIRES : 0) |
	    (args->any_service || edit->n_services ? TC_EDIT_SERVICES : 0) |
	    (args->any_source || edit->n_sources ? TC_EDIT_SOURCES : 0) |
	    (edit->n_properties ? TC_EDIT_PROPERTIES : 0);
	return true;
}
