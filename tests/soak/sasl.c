/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins through libsasl with the plug-in that was built: servers in many
 * threads, which share the plug-in's one handle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sasl/answers.h"
#include "soak.h"

#define MESSAGE_MAX 600

/* ---- the application ---- */

static void *
mutex_new(void)
{
	pthread_mutex_t *m = malloc(sizeof(*m));

	if (m != NULL)
		pthread_mutex_init(m, NULL);
	return m;
}

static int
mutex_lock(void *m)
{
	return pthread_mutex_lock(m) == 0 ? SASL_OK : SASL_FAIL;
}

static int
mutex_unlock(void *m)
{
	return pthread_mutex_unlock(m) == 0 ? SASL_OK : SASL_FAIL;
}

static void
mutex_free(void *m)
{
	pthread_mutex_destroy(m);
	free(m);
}

static struct answer_option options[] = {
	{ "apitoken_config", NULL },
	{ "canon_user_plugin", "apitoken" },
	{ "auxprop_plugin", "apitoken" },
	{ NULL, NULL },
};

static const sasl_callback_t globals[] = {
	{ SASL_CB_GETOPT, ANSWER(answer_option), options },
	{ SASL_CB_GETPATH, ANSWER(answer_path), &soak_options.plugins },
	{ SASL_CB_LOG, ANSWER(answer_log), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static void
must(int code, const char *what)
{
	if (code != SASL_OK)
		kit_die("%s: %s", what, sasl_errstring(code, NULL, NULL));
}

static sasl_conn_t *
server_for(const struct oracle_ask *ask)
{
	sasl_conn_t *conn = NULL;
	char remote[64];

	(void)snprintf(remote, sizeof(remote), "%s;4711", reader_address(ask));
	must(sasl_server_new(oracle_logins[ask->login], "mail.example.org",
			     NULL, NULL, remote, NULL, 0, &conn),
	     "sasl_server_new");
	return conn;
}

static unsigned
of_code(int code)
{
	switch (code) {
	case SASL_OK:
		return 1U << TC_VALID;
	case SASL_BADAUTH:
		return SOAK_REFUSALS;
	case SASL_UNAVAIL:
		return 1U << TC_UNAVAILABLE;
	default:
		return 0;
	}
}

/* ---- OAUTHBEARER and XOAUTH2 ---- */

static void
log_in_bearer(struct oracle_ask *ask, enum way way, uint64_t *seed)
{
	const int oauth = way == BY_OAUTHBEARER;
	char text[TC_TOKEN_MAX + 1], message[MESSAGE_MAX];
	const char *out = NULL;
	sasl_conn_t *conn;
	unsigned len;
	int code;

	reader_text(ask, seed, text);
	(void)snprintf(message, sizeof(message), "%s%s%s\1auth=Bearer %s\1\1",
		       oauth ? "n,a=" : "user=", reader_user(ask),
		       oauth ? "," : "", text);
	oracle_start(ask);
	conn = server_for(ask);
	code =
	    sasl_server_start(conn, oauth ? "OAUTHBEARER" : "XOAUTH2", message,
			      (unsigned)strlen(message), &out, &len);
	/* The error's text is answered with a last word. */
	if (code == SASL_CONTINUE)
		code = sasl_server_step(conn, "\1", 1, &out, &len);
	oracle_stop(ask);
	soak_judge(way, ask, of_code(code), sasl_errdetail(conn));
	sasl_dispose(&conn);
}

/* ---- SCRAM ---- */

/* Both sides in turn; the server's last word. */
static int
exchange(sasl_conn_t *server, sasl_conn_t *client)
{
	const char *said = NULL, *heard = NULL, *chosen;
	unsigned said_len = 0, heard_len = 0;
	int theirs = SASL_CONTINUE, first = 1;
	int ours = sasl_client_start(client, "SCRAM-SHA-256", NULL, &said,
				     &said_len, &chosen);

	while (ours == SASL_CONTINUE && theirs == SASL_CONTINUE) {
		theirs = first
			     ? sasl_server_start(server, "SCRAM-SHA-256", said,
						 said_len, &heard, &heard_len)
			     : sasl_server_step(server, said, said_len, &heard,
						&heard_len);
		first = 0;
		if (theirs == SASL_OK || theirs == SASL_CONTINUE)
			ours = sasl_client_step(client, heard, heard_len, NULL,
						&said, &said_len);
	}
	if (ours == SASL_OK && theirs == SASL_CONTINUE)
		theirs = sasl_server_step(server, said, said_len, &heard,
					  &heard_len);
	return theirs == SASL_OK && ours != SASL_OK ? ours : theirs;
}

static void
log_in_scram(struct oracle_ask *ask)
{
	char name[64];
	/* For whom: for oneself. */
	struct answer_person p = { name, "", ask->slot->text };
	const sasl_callback_t callbacks[] = {
		{ SASL_CB_USER, ANSWER(answer_name), &p },
		{ SASL_CB_AUTHNAME, ANSWER(answer_name), &p },
		{ SASL_CB_PASS, ANSWER(answer_secret), &p },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	sasl_conn_t *server, *client = NULL;
	int code;

	(void)snprintf(name, sizeof(name), "%s~%s", reader_user(ask),
		       ask->slot->id);
	must(sasl_client_new(oracle_logins[ask->login], "mail.example.org",
			     NULL, NULL, callbacks, 0, &client),
	     "sasl_client_new");
	oracle_start(ask);
	server = server_for(ask);
	code = exchange(server, client);
	oracle_stop(ask);
	soak_judge(BY_SCRAM, ask, of_code(code), sasl_errdetail(server));
	sasl_dispose(&client);
	sasl_dispose(&server);
}

/* ---- */

static void
log_in_all(void *arg, uint64_t seed)
{
	static const enum oracle_what kinds[] = {
		ASK_TEXT,     ASK_TEXT,	      ASK_TEXT,	    ASK_TEXT,
		ASK_TEXT,     ASK_TEXT,	      ASK_NARROWED, ASK_FORGED,
		ASK_STRANGER, ASK_OTHER_USER, ASK_SCRAM,    ASK_SCRAM_OTHER,
	};
	struct oracle_ask ask;

	(void)arg;
	while (!soak->stop) {
		if (!reader_draw(&ask, kinds, sizeof(kinds) / sizeof(*kinds),
				 &seed) ||
		    ask.slot->imported)
			continue;
		if (ask.what == ASK_SCRAM || ask.what == ASK_SCRAM_OTHER)
			log_in_scram(&ask);
		else
			log_in_bearer(&ask,
				      kit_below(&seed, 2) ? BY_OAUTHBEARER
							  : BY_XOAUTH2,
				      &seed);
	}
}

void
sasl_run(unsigned threads, uint64_t seed)
{
	sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
	/* No file of the host's is read. */
	setenv("SASL_CONF_PATH", "/nonexistent", 1);
	options[0].value = soak_options.config;
	must(sasl_server_init(globals, "apitokensoak"), "sasl_server_init");
	must(sasl_client_init(globals), "sasl_client_init");
	reader_threads(threads, log_in_all, NULL, seed);
	sasl_done();
}
