/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.c - the application's log.  Its formatter is libsasl's own and knows
 * hardly more than %s, so lines are made first and handed over as a whole.
 */
#include <stdio.h>
#include <syslog.h>

#include "log.h"

/* The library's lines have room in it. */
#define LINE_BYTES 2100

/*
 * The handle, and with it the place where it logs to, belongs to the process,
 * a line to one of its connections.  Servers with threads step each exchange
 * in one thread, and the library logs in the thread that calls it.
 */
static _Thread_local const sasl_utils_t *connection;

void
log_say(const sasl_utils_t *utils, int level, const char *what, const char *why)
{
	char line[LINE_BYTES];

	(void)snprintf(line, sizeof(line), "apitoken: %s%s%s", what,
		       why != NULL ? ": " : "", why != NULL ? why : "");
	utils->log(utils->conn, level, "%s", line);
}

/* A refusal is what SASL_LOG_FAIL is for.  A forged token is a refusal as
 * well, and must not fall through a filter that lets the others pass. */
static int
level_of(int priority)
{
	switch (LOG_PRI(priority)) {
	case LOG_EMERG:
	case LOG_ALERT:
	case LOG_CRIT:
	case LOG_ERR:
		return SASL_LOG_ERR;
	case LOG_WARNING:
	case LOG_NOTICE:
		return SASL_LOG_FAIL;
	default:
		return SASL_LOG_NOTE;
	}
}

void
log_library(void *arg, int priority, const char *line)
{
	const sasl_utils_t *utils = connection != NULL ? connection : arg;

	log_say(utils, level_of(priority), line, NULL);
}

void
log_begin(const sasl_utils_t *utils)
{
	connection = utils;
}

void
log_end(void)
{
	connection = NULL;
}
