/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which tokens fit, as it is typed. */
#include <stdio.h>
#include <string.h>

#include "apitoken.h"

/* Those of the table, joined by commas. */
static const char *
state_words(void)
{
	static char all[128];
	size_t n, at = 0;
	const struct standing *standings = standing_table(&n);

	for (size_t i = 0; i < n && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s",
				       i ? "," : "", standings[i].word);
	return all;
}

void
filter_opts(struct opts *opts, struct filter_args *args)
{
	const struct opt own[] = {
		{ .name = "user",
		  .value = "NAME",
		  .text = &args->user,
		  .help = "this user's" },
		{ .name = "search",
		  .value = "TEXT",
		  .text = &args->search,
		  .help = "it is in label, user or properties" },
		{ .name = "state",
		  .value = "STATE,...",
		  .words = state_words(),
		  .commas = &args->states,
		  .help = "in one of these states:" },
		{ .name = "expires-before",
		  .value = "WHEN",
		  .text = &args->expires_before,
		  .help = "2027-03-31, 90d (from now), today" },
		{ .name = "unused-since",
		  .value = "WHEN",
		  .text = &args->unused_since,
		  .help = "2026-03-31, 90d (ago), today" },
	};

	opts_add(opts, own, COUNT(own));
}

bool
filter_given(const struct filter_args *args)
{
	return args->user || args->search || args->expires_before ||
	       args->unused_since || args->states.n > 0;
}

static bool
parse_state(const char *word, unsigned *standings)
{
	size_t n;
	const struct standing *known = standing_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(word, known[i].word) == 0) {
			*standings |= 1U << known[i].standing;
			return true;
		}
	}
	complain_option("state", word, "no such state; there are %s",
			state_words());
	return false;
}

bool
filter_parse(struct app *app, const struct filter_args *args,
	     struct tc_filter *filter)
{
	bool ok = true;

	*filter = (struct tc_filter){
		.user = args->user,
		.search = args->search,
	};
	for (size_t i = 0; ok && i < args->states.n; i++)
		ok = parse_state(args->states.v[i], &filter->standings);
	ok = ok &&
	     option_moment("expires-before", args->expires_before, 1,
			   &filter->expires_before) &&
	     option_moment("unused-since", args->unused_since, -1,
			   &filter->unused_since);
	if (!ok)
		app->exit = USAGE;
	return ok;
}
