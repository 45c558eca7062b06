/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An application of libsasl whose plug-in is linked into the program.  Between
 * the two stand functions that let calls fail while the plug-in is at work, and
 * in what libsasl offers it: memory, options, names and properties.
 */
#ifndef TESTS_FAIL_SASLAPP_H
#define TESTS_FAIL_SASLAPP_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "../sasl/answers.h"

/* Of the attempt; sasl_forget() clears it. */
struct saslapp {
	int in_earnest; /* calls fail while the plug-in is at work */
	int loaded; /* what the plug-in said when it was loaded */
	sasl_server_params_t *sparams; /* of the last mechanism */
	sasl_server_plug_t *plugs; /* of the last loading */
	int n_plugs;
	const char *auto_transition; /* option; NULL: not given */
	struct answer_person client;
	char log[8192];
};

extern struct saslapp app;

/* Both sides, with the plug-in. */
void saslapp_start(void);
void saslapp_stop(void);
sasl_conn_t *saslapp_server(void);
sasl_conn_t *saslapp_client(void);
void saslapp_forget(void);

/* Asks as libsasl does for a login name, and for what proves it. */
int saslapp_canon(const char *name, char out[1025]);
int saslapp_look_up(const char *user);
/* The verifier that was handed over, or NULL. */
const char *saslapp_verifier(void);

#endif
