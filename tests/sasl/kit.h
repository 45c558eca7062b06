/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the programs of this folder have in common: an application that uses
 * the real libsasl with the plug-in that was built, keeps account of every
 * byte that goes through libsasl's allocator, and says what the plug-in logs.
 */
#ifndef TESTS_SASL_KIT_H
#define TESTS_SASL_KIT_H

#include <stddef.h>

#include "answers.h"

#define KIT_OPTIONS 16

/* What the application answers; NULL: nothing. */
struct kit {
	const char *plugins; /* folder of plug-ins */
	const char *service, *realm, *remote;
	const char *proxy; /* "bob>alice": bob may act for alice */
	const char *canon; /* lower, refuse, unavail or first */
	const char *interact; /* anything: the client is prompted */
	const char *quiet; /* anything: log lines are not shown */
	struct answer_person client;
	struct answer_option options[KIT_OPTIONS + 1];
	unsigned long policies; /* how often the policy was asked */
};
extern struct kit kit;

/* Before everything else. */
void kit_alloc(void);
/* What was allocated and not freed. */
void kit_left(size_t *bytes, size_t *blocks);

const char *kit_code(int code);

/* End the program when libsasl does not do what every test needs. */
void kit_server_init(void);
void kit_client_init(void);
sasl_conn_t *kit_server(void);
sasl_conn_t *kit_client(void);

/* Fills in what libsasl asks for by prompts. */
void kit_prompts(sasl_interact_t *prompts);

#endif
