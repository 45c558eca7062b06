/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sasl PLUGINS CONFIG N TRIES
 *
 * Refusals by OAUTHBEARER, through the real libsasl: until the peer has its
 * answer.  Where another is claimed the plug-in asks about the owner once more,
 * who may be allowed to act for others: so that kind is not like the rest.
 */
#include <err.h>
#include <stdio.h>

#include "../sasl/answers.h"
#include "race.h"

static const char *plugins;
static struct answer_option options[] = { { "apitoken_config", NULL },
					  { NULL, NULL } };

static const sasl_callback_t calls[] = {
	{ SASL_CB_GETPATH, ANSWER(answer_path), &plugins },
	{ SASL_CB_GETOPT, ANSWER(answer_option), options },
	{ SASL_CB_LOG, ANSWER(answer_log), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static double
authenticate(void *arg, enum kind kind, const struct site_login *login)
{
	sasl_conn_t *conn = NULL;
	const char *out = NULL;
	char text[512];
	unsigned len, out_len = 0;
	double took;
	int rc;

	(void)arg;
	len = (unsigned)snprintf(text, sizeof(text),
				 "n,a=%s,\1auth=Bearer %s\1\1", login->user,
				 login->token);
	if (sasl_server_new(login->service, "test", NULL, NULL,
			    "192.0.2.7;4711", calls, 0, &conn) != SASL_OK)
		errx(3, "no server");
	took = race_clock();
	rc = sasl_server_start(conn, "OAUTHBEARER", text, len, &out, &out_len);
	took = race_clock() - took;
	if (rc != SASL_CONTINUE || out_len == 0)
		errx(3, "%s: %s", site_names[kind], sasl_errdetail(conn));
	if (sasl_server_step(conn, "\1", 1, &out, &out_len) != SASL_BADAUTH)
		errx(3, "%s: %s", site_names[kind], sasl_errdetail(conn));
	sasl_dispose(&conn);
	return took;
}

int
main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "usage: see the source");
	plugins = argv[1];
	options[0].value = argv[2];
	if (sasl_server_init(calls, "test") != SASL_OK)
		errx(3, "libsasl does not start");
	race(&(struct race){
	    authenticate, NULL, ACCEPTED, RACE_ALIKE & ~(1u << WRONG_USER),
	    race_number(argv[3], 1000000), race_number(argv[4], 10000000) });
	sasl_server_done();
	return 0;
}
