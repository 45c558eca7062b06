/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken verify: the library's verdict on the token from stdin. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "inspect.h"

int
exit_for_verdict(enum tc_verdict verdict)
{
	static const int exits[TC_VERDICTS] = {
		[TC_UNAVAILABLE] = UNAVAILABLE, [TC_NOT_A_TOKEN] = REFUSED,
		[TC_DISABLED] = REFUSED,	[TC_MALFORMED] = REFUSED,
		[TC_BAD_CHECKSUM] = REFUSED,	[TC_UNKNOWN_KEY] = REFUSED,
		[TC_UNKNOWN_TOKEN] = REFUSED,	[TC_FORGED] = REFUSED,
		[TC_WRONG_USER] = REFUSED,	[TC_REVOKED] = REFUSED,
		[TC_EXPIRED] = REFUSED,		[TC_NOT_YET_VALID] = REFUSED,
		[TC_WRONG_SERVICE] = REFUSED,	[TC_WRONG_SOURCE] = REFUSED,
		[TC_USER_REFUSED] = REFUSED,	[TC_VALID] = DONE,
	};

	return (unsigned)verdict < TC_VERDICTS ? exits[verdict] : UNAVAILABLE;
}

/* A value that was not found because nothing could be looked up is called no
 * token, so that logins by password go on; here the trouble counts. */
static int
exit_for(enum tc_verdict verdict, const struct tc_result *res)
{
	if (verdict == TC_NOT_A_TOKEN && res->detail[0])
		return UNAVAILABLE;
	return exit_for_verdict(verdict);
}

static json_t *
verdict_json(const struct tc_result *res)
{
	json_t *object = json_object();
	int failed = json_object_set_new(
	    object, "verdict", json_string(tc_verdict_name(res->verdict)));

	if (res->proved) {
		failed |=
		    json_object_set_new(object, "user", json_text(res->user));
		failed |=
		    json_object_set_new(object, "label", json_text(res->label));
		failed |= json_object_set_new(object, "id", json_text(res->id));
		failed |= json_object_set_new(
		    object, "kid", json_integer((json_int_t)res->kid));
		failed |= json_object_set_new(object, "expires",
					      json_when(res->expires));
	}
	if (res->detail[0])
		failed |= json_object_set_new(object, "detail",
					      json_text(res->detail));
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static void
print_verdict(const struct tc_result *res)
{
	const char *word = tc_verdict_name(res->verdict);
	char text[ESCAPED_MAX];

	put("%s%s%s", colour(word), word, *colour(word) ? colour(NULL) : "");
	if (res->proved) {
		char expires[WHEN_MAX];

		escape(text, sizeof(text), res->user);
		put(" user=%s", text);
		escape(text, sizeof(text), res->label);
		format_expiry(res->expires, expires);
		put(" label=\"%s\" id=%s expires=\"%s\"", text, res->id,
		    expires);
	}
	if (res->detail[0]) {
		escape(text, sizeof(text), res->detail);
		put(" (%s)", text);
	}
	put("\n");
}

/* A source that is no address would be judged as an unknown one. */
static bool
is_address(const char *text)
{
	unsigned char addr[16];

	return inet_pton(AF_INET, text, addr) == 1 ||
	       inet_pton(AF_INET6, text, addr) == 1;
}

static int
judge(struct app *app, const struct tc_request *wanted)
{
	struct tc_request req = *wanted;
	char token[TOKEN_SIZE];
	struct tc_result res = { 0 };
	const ssize_t len = read_secret("Token", token, sizeof(token));
	int code = REFUSED;

	if (len >= 0) {
		req.authtok = token;
		req.authtok_len = (size_t)len;
		code = exit_for(tc_verify(app->handle, &req, &res), &res);
	}
	explicit_bzero(token, sizeof(token));
	if (len < 0)
		return code;
	if (!app->json)
		print_verdict(&res);
	else if (put_json(verdict_json(&res)) != DONE)
		code = UNAVAILABLE;
	return code;
}

int
verb_verify(struct app *app, int argc, char **argv)
{
	struct tc_request req = { 0 };
	bool imported = false;
	const struct opt opts[] = {
		{ .name = "service",
		  .value = "NAME",
		  .text = &req.service,
		  .help = "the service that is logged in to (needed)" },
		{ .name = "user",
		  .value = "NAME",
		  .text = &req.user,
		  .help = "the user who logs in (the token's owner)" },
		{ .name = "from",
		  .value = "ADDRESS",
		  .text = &req.rhost,
		  .help = "the address it comes from" },
		{ .name = "imported",
		  .flag = &imported,
		  .help = "a value made elsewhere is taken, too (with "
			  "--user)" },
	};

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (!req.service)
		return complain(USAGE, "verify", "--service is missing");
	if (req.rhost && !is_address(req.rhost))
		return complain_option("from", req.rhost, "not an IP address");
	if (imported && !req.user)
		return complain_option("imported", NULL,
				       "needs --user: such a value is found by "
				       "its user");
	if (imported)
		req.flags |= TC_IMPORTED;
	/* An installation that is out of order has been reported then; without
	 * a handle the text alone is judged. */
	(void)app_open(app);
	return judge(app, &req);
}
