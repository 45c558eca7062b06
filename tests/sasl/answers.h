/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an application answers libsasl: functions for the callbacks of all
 * programs here that are one.  Each takes the context that it says.
 */
#ifndef TESTS_SASL_ANSWERS_H
#define TESTS_SASL_ANSWERS_H

#include <sasl/sasl.h>

/* As a table of callbacks has it. */
#define ANSWER(f) ((int (*)(void))(void (*)(void))(f))

/* Of the application's configuration; value NULL: it is not there. */
struct answer_option {
	const char *name, *value;
};

/* The client's; NULL: no answer. */
struct answer_person {
	const char *authname, *user, *pass;
};

/* SASL_CB_GETOPT: options, up to one without a name. */
int answer_option(void *context, const char *plugin, const char *name,
		  const char **result, unsigned *len);

/* SASL_CB_GETPATH: where the folder's name stands, a const char *. */
int answer_path(void *context, const char **path);

/* SASL_CB_LOG: says nothing. */
int answer_log(void *context, int level, const char *line);

/* SASL_CB_USER and SASL_CB_AUTHNAME, SASL_CB_PASS: a person. */
int answer_name(void *context, int id, const char **result, unsigned *len);
int answer_secret(sasl_conn_t *conn, void *context, int id,
		  sasl_secret_t **result);

/* SASL_CB_PROXY_POLICY: everybody for himself; with "bob>alice" bob may act for
 * alice, too. */
int answer_policy(sasl_conn_t *conn, void *context, const char *user,
		  unsigned user_len, const char *authid, unsigned authid_len,
		  const char *realm, unsigned realm_len, struct propctx *props);

#endif
