/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sasl PLUGINS USER TOKENUSER ROUNDS CALLS
 *		< a token, a password, lines "NAME MECH OPTION=VALUE..."
 *
 * What a server spends on a login, from the connection's start to its end,
 * with a client beside it whose time does not count.  A login with SCRAM and a
 * token is by TOKENUSER, the name with the token's id.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sasl/answers.h"
#include "turns.h"

#define SIDES_MAX 16
#define OPTIONS_MAX 8

struct side {
	char line[2048];
	const char *name, *mech;
	struct answer_option options[OPTIONS_MAX + 1];
	struct answer_person who;
};

static const char *plugins;
static struct answer_person now; /* whose client asks */
static struct side sides[SIDES_MAX];
static size_t n_sides;
static char token[300], password[300];

static const sasl_callback_t client_calls[] = {
	{ SASL_CB_GETPATH, ANSWER(answer_path), &plugins },
	{ SASL_CB_LOG, ANSWER(answer_log), NULL },
	{ SASL_CB_USER, ANSWER(answer_name), &now },
	{ SASL_CB_AUTHNAME, ANSWER(answer_name), &now },
	{ SASL_CB_PASS, ANSWER(answer_secret), &now },
	{ SASL_CB_LIST_END, NULL, NULL },
};

/* Both sides until the server says yes; what the server spent. */
static double
exchange(struct side *s, sasl_conn_t *server, sasl_conn_t *client)
{
	const char *to_server = NULL, *to_client = NULL, *mech;
	unsigned server_len = 0, client_len = 0;
	double start, spent = 0;
	int rc, first = 1;

	rc = sasl_client_start(client, s->mech, NULL, &to_server, &server_len,
			       &mech);
	while (rc == SASL_OK || rc == SASL_CONTINUE) {
		start = turns_clock();
		rc = first ? sasl_server_start(server, s->mech, to_server,
					       server_len, &to_client,
					       &client_len)
			   : sasl_server_step(server, to_server, server_len,
					      &to_client, &client_len);
		spent += turns_clock() - start;
		first = 0;
		if (rc == SASL_OK)
			return spent;
		if (rc == SASL_CONTINUE)
			rc = sasl_client_step(client, to_client, client_len,
					      NULL, &to_server, &server_len);
	}
	turns_die("%s: %s", s->name, sasl_errdetail(server));
}

static double
login(struct side *s)
{
	sasl_callback_t calls[] = {
		{ SASL_CB_GETOPT, ANSWER(answer_option), s->options },
		{ SASL_CB_LOG, ANSWER(answer_log), NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	sasl_conn_t *server = NULL, *client = NULL;
	double start = turns_clock(), spent;

	now = s->who;
	if (sasl_server_new("imap", "bench",
			    s->who.pass == token ? NULL : "bench", NULL,
			    "192.0.2.7;4711", calls, 0, &server))
		turns_die("%s: no server", s->name);
	spent = turns_clock() - start;
	if (sasl_client_new("imap", "bench", NULL, NULL, client_calls, 0,
			    &client))
		turns_die("%s: no client", s->name);
	spent += exchange(s, server, client);
	start = turns_clock();
	sasl_dispose(&server);
	spent += turns_clock() - start;
	sasl_dispose(&client);
	return spent;
}

static void
take(unsigned rounds, unsigned calls)
{
	double *took = calloc(calls, sizeof(*took));

	if (!took)
		turns_die("out of memory");
	for (unsigned round = 0; round <= rounds; round++) {
		for (size_t i = 0; i < n_sides; i++) {
			for (unsigned k = 0; k < calls; k++)
				took[k] = login(&sides[i]);
			if (round > 0)
				printf("round %s %.0f\n", sides[i].name,
				       turns_quantile(took, calls, 0.5));
		}
	}
	free(took);
}

/* Which of the names and secrets a side logs in with is told by its name:
 * "token..." and "scram-token" by the token. */
static void
read_sides(const char *user, const char *token_user)
{
	if (scanf("%299s %299s ", token, password) != 2)
		turns_die("no token and password");
	while (n_sides < SIDES_MAX &&
	       fgets(sides[n_sides].line, sizeof(sides[0].line), stdin)) {
		struct side *s = &sides[n_sides++];
		char *word = strtok(s->line, " \n");
		int by_token = strstr(word, "token") != NULL;
		size_t n = 0;

		s->name = word;
		s->mech = strtok(NULL, " \n");
		for (; (word = strtok(NULL, " \n")) && n < OPTIONS_MAX; n++) {
			s->options[n].name = strsep(&word, "=");
			s->options[n].value = word;
		}
		s->who.pass = by_token ? token : password;
		s->who.user = by_token && strncmp(s->mech, "SCRAM", 5) == 0
				  ? token_user
				  : user;
		s->who.authname = s->who.user;
	}
}

int
main(int argc, char **argv)
{
	static const sasl_callback_t calls[] = {
		{ SASL_CB_GETPATH, ANSWER(answer_path), &plugins },
		{ SASL_CB_GETOPT, ANSWER(answer_option), sides[0].options },
		{ SASL_CB_LOG, ANSWER(answer_log), NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};

	if (argc != 6)
		turns_die("usage: see the source");
	plugins = argv[1];
	read_sides(argv[2], argv[3]);
	if (sasl_server_init(calls, "bench") || sasl_client_init(client_calls))
		turns_die("libsasl does not start");
	take(turns_number(argv[4], 1000), turns_number(argv[5], 10000));
	sasl_client_done();
	sasl_server_done();
	return 0;
}
