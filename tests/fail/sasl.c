/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sasl.c - makes the calls fail that the SASL plug-in makes, with a real
 * libsasl around it:
 *
 *	sasl DIR [BEGINNING]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sasl/saslutil.h>

#include "../store/kit.h"
#include "run.h"
#include "saslapp.h"
#include "site.h"

/* One exchange and the code that is due. */
struct exchange {
	const char *mech; /* or the login name, for SCRAM */
	const char *user, *token;
	int due;
};

static sasl_conn_t *conn;
static int rc;
static char message[1024];
static unsigned message_len;

/* ---- what must not be ---- */

static int
refuses(int code)
{
	return code == SASL_BADAUTH || code == SASL_UNAVAIL ||
	       code == SASL_NOMEM || code == SASL_NOMECH || code == SASL_FAIL;
}

static void
judge_code(int due)
{
	run_told(app.log);
	if (rc == due)
		return;
	if (run_is_clean())
		problem(FAULT_RESULT, "%d instead of %d (%s)", rc, due,
			app.log);
	else if (!refuses(rc))
		problem(FAULT_RESULT, "%d instead of %d", rc, due);
	if (rc == SASL_UNAVAIL && *app.log == '\0' &&
	    !inject_failed("utils->getprop"))
		problem(FAULT_RESULT, "nothing in the log");
}

/* ---- a server ---- */

static void
write_message(const struct exchange *x)
{
	int len =
	    strcmp(x->mech, "XOAUTH2") == 0
		? snprintf(message, sizeof(message),
			   "user=%s\1auth=Bearer %s\1\1", x->user, x->token)
		: snprintf(message, sizeof(message),
			   "n,%s%s,\1host=h\1auth=Bearer %s\1\1",
			   *x->user ? "a=" : "", x->user, x->token);

	message_len = (unsigned)len;
}

static void
prepare_server(void)
{
	saslapp_forget();
	saslapp_start();
	write_message(run_arg());
	conn = saslapp_server();
	rc = SASL_FAIL;
}

static void
dispose(void)
{
	sasl_dispose(&conn);
	saslapp_stop();
}

static enum said
serve(void)
{
	const struct exchange *x = run_arg();
	const char *out = NULL;
	unsigned len = 0;

	app.in_earnest = inject_pause();
	rc = sasl_server_start(conn, x->mech, message, message_len, &out, &len);
	if (rc == SASL_CONTINUE)
		rc = sasl_server_step(conn, "\1", 1, &out, &len);
	return SAID_YES;
}

static void
judge_server(void)
{
	const struct exchange *x = run_arg();
	const void *user = NULL, *authid = NULL;
	const char *owner =
	    *x->user && strcmp(x->user, "shared") != 0 ? x->user : "alice";

	judge_code(x->due);
	if (rc != SASL_OK)
		return;
	(void)sasl_getprop(conn, SASL_AUTHUSER, &authid);
	(void)sasl_getprop(conn, SASL_USERNAME, &user);
	if (!user || !authid || strcmp(authid, owner) != 0 ||
	    (*x->user && strcmp(user, x->user) != 0))
		problem(FAULT_RESULT, "as %s for %s",
			authid ? (const char *)authid : "nobody",
			user ? (const char *)user : "nobody");
}

/* ---- SCRAM ---- */

static char expected[64]; /* what only the real verifier holds */

static void
prepare_scram(void)
{
	static const char *names[] = { "*authPassword", NULL };
	const struct exchange *x = run_arg();
	const char *out;
	unsigned len;
	struct tc_record *rec = NULL;
	struct tc_error err;
	tc_handle *h = site_open();

	prepare_server();
	if (sasl_server_start(conn, "OAUTHBEARER", NULL, 0, &out, &len) !=
		SASL_CONTINUE ||
	    prop_request(app.sparams->propctx, names) != SASL_OK)
		kit_die("no connection");
	(void)snprintf(expected, sizeof(expected), "none");
	if (tc_show(h, NULL, x->token, &rec, &err) == TC_OK && rec->scram)
		(void)sasl_encode64((const char *)rec->scram->stored_key, 32,
				    expected, sizeof(expected), NULL);
	tc_record_free(rec);
	tc_free(h);
}

static enum said
scram(void)
{
	const struct exchange *x = run_arg();
	char name[300], out[1025] = "";

	(void)snprintf(name, sizeof(name), "%s~%.12s", x->user, x->token);
	app.in_earnest = inject_pause();
	rc = saslapp_canon(name, out);
	if (rc == SASL_OK && strcmp(out, x->user) == 0)
		rc = saslapp_look_up(out);
	else if (rc == SASL_OK && strcmp(out, name) == 0)
		rc = SASL_FAIL; /* a name like any other */
	else if (rc == SASL_OK)
		problem(FAULT_RESULT, "a name out of nowhere: %s", out);
	return SAID_YES;
}

static void
judge_scram(void)
{
	const struct exchange *x = run_arg();
	const char *verifier = saslapp_verifier();
	int is_real = verifier && strstr(verifier, expected);

	/* What is refused shows only at the end. */
	judge_code(SASL_OK);
	if (rc == SASL_OK && !verifier)
		problem(FAULT_RESULT, "no verifier");
	if (is_real && x->due != SASL_OK)
		problem(FAULT_RESULT, "the verifier of what is refused");
	/* Whose peer is unknown may have a token for some peers refused. */
	if (rc == SASL_OK && !is_real && x->due == SASL_OK &&
	    !inject_failed("utils->getprop"))
		problem(FAULT_RESULT, "a decoy for what is good");
}

/* ---- a client ---- */

static char sent[1024];

static void
prepare_client(void)
{
	const struct exchange *x = run_arg();

	saslapp_forget();
	saslapp_start();
	app.client = (struct answer_person){ "alice", x->user, x->token };
	write_message(x);
	conn = saslapp_client();
	*sent = '\0';
	rc = SASL_FAIL;
}

static enum said
ask(void)
{
	const struct exchange *x = run_arg();
	const char *out = NULL, *chosen;
	unsigned len = 0;

	app.in_earnest = inject_pause();
	rc = sasl_client_start(conn, x->mech, NULL, &out, &len, &chosen);
	if (rc == SASL_CONTINUE && out)
		(void)snprintf(sent, sizeof(sent), "%.*s", (int)len, out);
	return SAID_YES;
}

static void
judge_client(void)
{
	const struct exchange *x = run_arg();
	int whole = strstr(sent, x->token) != NULL;

	run_told(app.log);
	if (rc == SASL_CONTINUE ? !whole : *sent != '\0')
		problem(FAULT_RESULT, "half a message");
	if (rc == SASL_OK || (run_is_clean() && rc != SASL_CONTINUE))
		problem(FAULT_RESULT, "%d", rc);
}

/* ---- loading ---- */

static void
prepare_load(void)
{
	const struct exchange *x = run_arg();

	saslapp_forget();
	app.auto_transition = x->user;
	app.loaded = SASL_FAIL;
}

static enum said
load(void)
{
	app.in_earnest = inject_pause();
	saslapp_start();
	rc = app.loaded;
	return SAID_YES;
}

/* An option that cannot be read is one that is not there. */
static void
judge_load(void)
{
	const struct exchange *x = run_arg();

	if (rc == SASL_OK && inject_failed("utils->getopt"))
		rc = x->due;
	judge_code(x->due);
}

/* ---- all of them ---- */

#define EXCHANGE(a, b, c, d)                                                   \
	&(const struct exchange)                                               \
	{                                                                      \
		.mech = a, .user = b, .token = c, .due = d                     \
	}
#define SERVER(n, mech, user, token, due)                                      \
	{                                                                      \
		.name = "server " n, .arg = EXCHANGE(mech, user, token, due),  \
		.prepare = prepare_server, .run = serve,                       \
		.judge = judge_server, .finish = dispose                       \
	}
#define SCRAM(n, user, id, due)                                                \
	{                                                                      \
		.name = "scram " n, .arg = EXCHANGE("", user, id, due),        \
		.prepare = prepare_scram, .run = scram, .judge = judge_scram,  \
		.finish = dispose                                              \
	}
#define CLIENT(n, mech, user)                                                  \
	{                                                                      \
		.name = "client " n,                                           \
		.arg = EXCHANGE(mech, user, site.valid.text, SASL_CONTINUE),   \
		.prepare = prepare_client, .run = ask, .judge = judge_client,  \
		.finish = dispose                                              \
	}

static const struct scenario scenarios[] = {
	SERVER("OAUTHBEARER", "OAUTHBEARER", "alice", site.valid.text, SASL_OK),
	SERVER("XOAUTH2", "XOAUTH2", "alice", site.valid.text, SASL_OK),
	SERVER("without a claim", "OAUTHBEARER", "", site.valid.text, SASL_OK),
	SERVER("for someone else", "OAUTHBEARER", "shared", site.valid.text,
	       SASL_OK),
	SERVER("for someone else, not allowed", "OAUTHBEARER", "bob",
	       site.valid.text, SASL_BADAUTH),
	SERVER("revoked", "OAUTHBEARER", "alice", site.revoked.text,
	       SASL_BADAUTH),
	SERVER("revoked, without a claim", "XOAUTH2", "", site.revoked.text,
	       SASL_BADAUTH),
	SERVER("forged", "XOAUTH2", "alice", site.forged.text, SASL_BADAUTH),
	SERVER("unknown", "OAUTHBEARER", "alice", site.unknown.text,
	       SASL_BADAUTH),
	SERVER("a password", "OAUTHBEARER", "alice", "correcthorse",
	       SASL_BADAUTH),
	SERVER("no message", "OAUTHBEARER", "alice", "no\1token", SASL_BADAUTH),
	SCRAM("revoked", "alice", site.revoked.id, SASL_BADAUTH),
	SCRAM("valid", "alice", site.valid.id, SASL_OK),
	SCRAM("of another user", "bob", site.valid.id, SASL_BADAUTH),
	SCRAM("unknown", "alice", "zzzzzz000000", SASL_BADAUTH),
	CLIENT("OAUTHBEARER", "OAUTHBEARER", "alice"),
	CLIENT("XOAUTH2", "XOAUTH2", "alice"),
	CLIENT("for someone else", "OAUTHBEARER", "shared"),
};

/* These begin without a plug-in. */
static const struct scenario loading[] = {
	{ .name = "load",
	  .arg = EXCHANGE("", NULL, "", SASL_OK),
	  .prepare = prepare_load,
	  .run = load,
	  .judge = judge_load,
	  .finish = saslapp_stop },
	{ .name = "load with auto_transition",
	  .arg = EXCHANGE("", "yes", "", SASL_NOMECH),
	  .prepare = prepare_load,
	  .run = load,
	  .judge = judge_load,
	  .finish = saslapp_stop },
};

int
main(int argc, char **argv)
{
	if (argc < 2)
		kit_die("usage: sasl DIR [BEGINNING]");
	kit_note("calls that fail"); /* takes what it needs for good */
	setenv("TZ", "Europe/Berlin", 1);
	setenv("SASL_CONF_PATH", "/nonexistent", 1);
	site_make(argv[1]);
	run_all(scenarios, sizeof(scenarios) / sizeof(scenarios[0]),
		argc > 2 ? argv[2] : "");
	run_all(loading, sizeof(loading) / sizeof(loading[0]),
		argc > 2 ? argv[2] : "");
	run_report();
	return 0;
}
