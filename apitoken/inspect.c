/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken inspect: the token from stdin taken apart.  It proves nothing. */
#include "inspect.h"

#include <stdio.h>
#include <string.h>

static const char *
caveat_name(enum tc_caveat_type type)
{
	switch (type) {
	case TC_CAVEAT_NOT_AFTER:
		return "not-after";
	case TC_CAVEAT_SERVICE:
		return "service";
	case TC_CAVEAT_SOURCE:
		return "source";
	}
	return "unknown";
}

static void
caveat_value(const struct tc_caveat *caveat, char *out, size_t size)
{
	char when[WHEN_MAX], source[48];
	const char *value = "?";

	switch (caveat->type) {
	case TC_CAVEAT_NOT_AFTER:
		format_utc(caveat->not_after, when);
		value = when;
		break;
	case TC_CAVEAT_SERVICE:
		value = caveat->services;
		break;
	case TC_CAVEAT_SOURCE:
		tc_format_source(&caveat->source, source);
		value = source;
		break;
	}
	(void)snprintf(out, size, "%s", value);
}

void
caveat_text(const struct tc_caveat *caveat, char out[CAVEAT_MAX])
{
	char value[sizeof(caveat->services)], escaped[CAVEAT_MAX - 16];

	caveat_value(caveat, value, sizeof(value));
	escape(escaped, sizeof(escaped), value);
	(void)snprintf(out, CAVEAT_MAX, "%s %s", caveat_name(caveat->type),
		       escaped);
}

json_t *
caveats_json(const struct tc_inspected *seen)
{
	json_t *caveats = json_array();

	for (size_t i = 0; caveats && i < seen->n_caveats; i++) {
		char value[sizeof(seen->caveats[i].services)];

		caveat_value(&seen->caveats[i], value, sizeof(value));
		caveats = json_with(
		    caveats, json_pack("{s:s, s:o}", "type",
				       caveat_name(seen->caveats[i].type),
				       "value", json_text(value)));
	}
	return caveats;
}

static int
put_inspected_json(const struct tc_inspected *seen)
{
	return put_json(json_pack("{s:s, s:i, s:i, s:i, s:o}", "id", seen->id,
				  "format", (int)seen->format, "type",
				  (int)seen->type, "kid", (int)seen->kid,
				  "caveats", caveats_json(seen)));
}

static void
print_inspected(const struct tc_inspected *seen)
{
	put("id        %s\nkey       %u\n", seen->id, seen->kid);
	for (size_t i = 0; i < seen->n_caveats; i++) {
		char text[CAVEAT_MAX];

		caveat_text(&seen->caveats[i], text);
		put("caveat    %s\n", text);
	}
	if (seen->n_caveats == 0)
		put("caveats   none\n");
}

bool
inspect_stdin(char token[TOKEN_SIZE], size_t *len, struct tc_inspected *seen,
	      int *code)
{
	const ssize_t n = read_secret("Token", token, TOKEN_SIZE);
	enum tc_verdict verdict;

	*code = REFUSED;
	if (n < 0)
		return false;
	*len = (size_t)n;
	verdict = tc_inspect(token, *len, seen);
	if (verdict == TC_VALID)
		return true;
	*code = complain(exit_for_verdict(verdict), "standard input", "%s",
			 tc_verdict_name(verdict));
	return false;
}

int
verb_inspect(struct app *app, int argc, char **argv)
{
	struct tc_inspected seen;
	char token[TOKEN_SIZE];
	size_t len;
	bool ok;
	int code;

	if (!app_options(app, NULL, 0, argc, argv))
		return app->exit;
	ok = inspect_stdin(token, &len, &seen, &code);
	explicit_bzero(token, sizeof(token));
	if (!ok)
		return code;
	if (app->json)
		return put_inspected_json(&seen);
	print_inspected(&seen);
	return DONE;
}
