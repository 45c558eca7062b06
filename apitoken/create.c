/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken create: one token, or many that differ in the end of the label. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"

struct create_args {
	const char *user, *label, *count;
	struct limits limits;
	struct handover handover;
};

static int
mint(struct app *app, const void *arg, struct fresh *fresh,
     struct tc_error *err)
{
	return tc_create_many(app->handle, &app->actor, arg, fresh->n,
			      fresh->tokens, fresh->recs, err);
}

/* Those of a count are numbered from 1. */
static bool
name_all(struct tc_create *specs, char **labels, const struct create_args *args,
	 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int len =
		    args->count
			? asprintf(&labels[i], "%s-%zu", args->label, i + 1)
			: asprintf(&labels[i], "%s", args->label);

		if (len < 0) {
			labels[i] = NULL;
			return false;
		}
		specs[i] = (struct tc_create){
			.user = args->user,
			.label = labels[i],
			.expires = args->limits.until,
			.n_services = args->limits.services.n,
			.n_sources = args->limits.sources.n,
			.n_properties = args->limits.properties.n,
			.services =
			    (const char *const *)args->limits.services.v,
			.sources = args->limits.nets,
			.properties = args->limits.notes,
		};
	}
	return true;
}

/* The last one has the longest end. */
static bool
labels_fit(const struct create_args *args, unsigned n)
{
	char end[16];

	(void)snprintf(end, sizeof(end), "-%u", n);
	if (!args->count || strlen(args->label) + strlen(end) <= TC_LABEL_MAX)
		return true;
	complain_option("label", NULL,
			"has more than %d bytes with \"%s\" behind it",
			TC_LABEL_MAX, end);
	return false;
}

static int
create(struct app *app, const struct create_args *args, size_t n)
{
	struct tc_create *specs = calloc(n, sizeof(*specs));
	char **labels = calloc(n, sizeof(*labels));
	int code;

	if (specs && labels && name_all(specs, labels, args, n))
		code = handover_run(app, &args->handover, n, mint, specs);
	else
		code = complain(UNAVAILABLE, "create", "out of memory");
	for (size_t i = 0; labels && i < n; i++)
		free(labels[i]);
	free(labels);
	free(specs);
	return code;
}

int
verb_create(struct app *app, int argc, char **argv)
{
	struct create_args args = { .handover = { .lost = "" } };
	const struct opt own[] = {
		{ .name = "user",
		  .value = "NAME",
		  .text = &args.user,
		  .help = "whose token it is (needed)" },
		{ .name = "label",
		  .value = "TEXT",
		  .text = &args.label,
		  .help = "what it is for (needed)" },
		{ .name = "count",
		  .value = "NUMBER",
		  .text = &args.count,
		  .help = "that many, labelled TEXT-1, TEXT-2, ..." },
	};
	struct opts opts = { 0 };
	unsigned n = 1;

	opts_add(&opts, own, COUNT(own));
	limits_opts(&opts, &args.limits);
	handover_opts(&opts, &args.handover);
	if (!app_options(app, opts.v, opts.n, argc, argv))
		return app->exit;
	if (!args.user || !args.label) {
		return complain(USAGE, "create", "%s is missing",
				args.user ? "--label" : "--user");
	}
	if ((args.count &&
	     !option_number("count", args.count, TC_MANY_MAX, &n)) ||
	    !labels_fit(&args, n))
		return USAGE;
	if (!limits_parse(app, &args.limits) ||
	    !handover_possible(app, &args.handover, n) || !app_open(app))
		return app->exit;
	return create(app, &args, n);
}
