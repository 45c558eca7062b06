/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret CONFIG	under valgrind
 *
 * All that compares a secret, which valgrind is told of (taint.h): each case
 * once as it is, and once for each of its comparisons with that one made
 * naively. Lines are
 *
 *	case NAME COMPARISON ERRORS
 *
 * COMPARISON being 0 for "as it is".
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "../unit/fill.h"
#include "handle.h"
#include "record.h"
#include "site.h"
#include "taint.h"

#define VALUE "quaint-Zebras-juggle-violet-harpsichords"
#define OTHER_SECRET "another secret of at least 32 characters"
#define ALL 4u /* tokens of each kind */

static const struct tc_actor actor = { .uid = 0, .name = "test" };
static struct tc_options options;

struct subject {
	const char *name;
	void (*call)(const struct subject *s);
	enum tc_verdict want;
	const char *text; /* token, value or id */
	const char *user;
	const char *service;
};

static struct tc_error error;
static tc_handle *handle;

static void
look_at_line(void *arg, int priority, const char *line)
{
	(void)arg;
	(void)priority;
	if (strlen(line) == 0)
		errx(3, "an empty line");
}

/* ---- what is done ---- */

static void
check(const struct subject *s, const struct tc_result *res)
{
	if (res->verdict != s->want)
		errx(3, "%s: %s %s", s->name, tc_verdict_name(res->verdict),
		     res->detail);
}

static struct tc_request
request(const struct subject *s)
{
	return (struct tc_request){ .authtok = s->text,
				    .authtok_len = strlen(s->text),
				    .user = s->user,
				    .service = s->service,
				    .rhost = "192.0.2.7",
				    .flags = TC_IMPORTED };
}

static void
verify(const struct subject *s)
{
	const struct tc_request req = request(s);
	struct tc_result res;

	(void)!tc_verify(handle, &req, &res);
	check(s, &res);
	if (res.verdict != TC_VALID)
		return;
	(void)!tc_recheck(handle, &res.proof, &req, &res);
	check(s, &res);
}

/* Its tag is marked, and so are the characters that come of it. */
static void
write_text(const struct subject *s)
{
	char text[TC_TOKEN_MAX + 1];
	struct tc_token tok;

	if (tc_token_read(s->text, strlen(s->text), &tok) != TC_VALID)
		errx(3, "%s: not a token", s->name);
	(void)VALGRIND_MAKE_MEM_UNDEFINED(tok.tag, sizeof(tok.tag));
	tc_token_write(&tok, text);
	if (RUNNING_ON_VALGRIND &&
	    !taint_is_secret(text + strlen(s->text) - 1, 1))
		errx(3, "%s: it is not marked", s->name);
	(void)VALGRIND_MAKE_MEM_DEFINED(text, sizeof(text));
	if (strcmp(text, s->text) != 0)
		errx(3, "%s: another text", s->name);
}

static void
look_and_verify(const struct subject *s)
{
	struct tc_request req = request(s);
	struct tc_result res;
	tc_look *look = tc_look_up(handle, s->text, strlen(s->text));

	req.look = look;
	(void)!tc_verify(handle, &req, &res);
	check(s, &res);
	tc_look_free(look);
}

static void
scram(const struct subject *s)
{
	const struct tc_request req = request(s);
	struct tc_result res;
	struct tc_scram found;

	(void)!tc_scram_find(handle, s->text, &req, &found, &res);
	check(s, &res);
	if (s->want == TC_VALID && RUNNING_ON_VALGRIND &&
	    !(taint_is_secret(found.stored_key, sizeof(found.stored_key)) &&
	      taint_is_secret(found.server_key, sizeof(found.server_key))))
		errx(3, "%s: it is not marked", s->name);
}

static void
open_again(const struct subject *s)
{
	const struct tc_key *key;
	tc_handle *h = NULL;

	if (tc_open(&h, &options, &error))
		errx(3, "%s: %s", s->name, error.text);
	key = &h->policy->keys.key[0];
	if (RUNNING_ON_VALGRIND && !(taint_is_secret(key->mac, TC_KEY_LEN) &&
				     taint_is_secret(key->rec, TC_KEY_LEN) &&
				     taint_is_secret(key->imp, TC_KEY_LEN) &&
				     taint_is_secret(key->print, TC_KEY_LEN)))
		errx(3, "%s: it is not marked", s->name);
	tc_free(h);
}

static void
same_key(const struct subject *s)
{
	if (tc_key_add(handle, &actor, 0, SITE_SECRET, NULL, &error) !=
		TC_E_EXISTS ||
	    !strstr(error.text, "another key has the same secret"))
		errx(3, "%s: %s", s->name, error.text);
}

/* ---- what with ---- */

static void
take(int rc)
{
	if (rc)
		errx(3, "%s", error.text);
}

static void
narrow(const char *token, char out[TC_TOKEN_MAX + 1])
{
	static const struct tc_caveat caveats[] = {
		{ .type = TC_CAVEAT_SERVICE, .services = SITE_SERVICE },
		{ .type = TC_CAVEAT_NOT_AFTER, .not_after = 4000000000 },
	};

	take(tc_narrow(token, strlen(token), caveats, 2, out, &error));
}

static void
id_of(const char *token, char id[TC_ID_LEN + 1])
{
	struct tc_inspected seen;

	if (tc_inspect(token, strlen(token), &seen) != TC_VALID)
		errx(3, "not a token");
	memcpy(id, seen.id, sizeof(seen.id));
}

/* A byte of its seal is another. */
static void
break_seal(tc_handle *h, const char *id)
{
	struct tc_lookup item = { .key_len = 0 };
	unsigned char bytes[TC_ID_BYTES];
	struct tc_head head;

	if (tc_id_bytes(id, bytes))
		errx(3, "not an id");
	tc_key_token(&item, bytes);
	take(tc_store_read(&h->policy->store, &item, 1, &head, &error));
	if (!item.found)
		errx(3, "no such record");
	item.value[item.len - 1] ^= 1;
	take(test_fill_item(h, &item, item.value, item.len, &error));
	tc_lookup_free(&item, 1);
}

static void
import(tc_handle *h, const char *user)
{
	struct tc_import item = {
		.spec = { .user = user, .label = "portal" },
		.value = VALUE,
		.len = strlen(VALUE),
	};

	take(tc_import(h, &actor, &item, 1, &error));
	take(item.error.code);
}

static void
run(const struct subject *s)
{
	unsigned before = taint_found(), n;

	taint_naive(0);
	s->call(s);
	n = taint_compared();
	printf("case %s 0 %u\n", s->name, taint_found() - before);
	for (unsigned i = 1; i <= n; i++) {
		before = taint_found();
		taint_naive(i);
		s->call(s);
		printf("case %s %u %u\n", s->name, i, taint_found() - before);
	}
}

/* What the cases are about: tokens, and ids of them. */
static struct site_login l[KINDS], sealed;
static char narrowed[TC_TOKEN_MAX + 1], narrowed_forged[TC_TOKEN_MAX + 1];
static char id[TC_ID_LEN + 1], id_revoked[TC_ID_LEN + 1];
static char id_sealed[TC_ID_LEN + 1];

static void
make_them(const char *config)
{
	site_make(config, ALL, 1);
	for (enum kind kind = 0; kind < KINDS; kind++)
		site_login(kind, 0, &l[kind]);
	site_login(ACCEPTED, 2, &sealed);
	narrow(l[ACCEPTED].token, narrowed);
	narrow(l[FORGED].token, narrowed_forged);
	id_of(l[ACCEPTED].token, id);
	id_of(l[REVOKED].token, id_revoked);
	id_of(sealed.token, id_sealed);
	take(tc_open(&handle, &options, &error));
	take(tc_key_add(handle, &actor, 3, OTHER_SECRET, NULL, &error));
	import(handle, l[ACCEPTED].user);
	break_seal(handle, id_sealed);
	tc_free(handle);
}

static void
run_more(void)
{
	const char *user = l[ACCEPTED].user;
	const struct subject more[] = {
		{ "narrowed", verify, TC_VALID, narrowed, user, "sshd" },
		{ "narrowed,-forged", verify, TC_FORGED, narrowed_forged, user,
		  "sshd" },
		{ "seal", verify, TC_UNAVAILABLE, sealed.token, sealed.user,
		  "sshd" },
		{ "looked", look_and_verify, TC_VALID, narrowed, user, "sshd" },
		{ "looked,-forged", look_and_verify, TC_FORGED, narrowed_forged,
		  user, "sshd" },
		{ "value", verify, TC_VALID, VALUE, user, "sshd" },
		{ "scram", scram, TC_VALID, id, user, "sshd" },
		{ "scram,-revoked", scram, TC_REVOKED, id_revoked, user,
		  "sshd" },
		{ "scram,-unknown", scram, TC_UNKNOWN_TOKEN,
		  "000000000000000000000000", user, "sshd" },
		{ "scram,-seal", scram, TC_UNAVAILABLE, id_sealed, sealed.user,
		  "sshd" },
		{ "text", write_text, TC_VALID, l[ACCEPTED].token, "", "" },
		{ "keys", open_again, TC_VALID, "", "", "" },
		{ "key-add", same_key, TC_VALID, "", "", "" },
	};

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		run(&more[i]);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: see the source");
	options = (struct tc_options){ .config = argv[1], .log = look_at_line };
	make_them(argv[1]);
	taint_on(1);
	take(tc_open(&handle, &options, &error));
	for (enum kind kind = 0; kind < KINDS; kind++)
		run(&(struct subject){ site_names[kind], verify,
				       site_verdicts[kind], l[kind].token,
				       l[kind].user, l[kind].service });
	run_more();
	tc_free(handle);
	return 0;
}
