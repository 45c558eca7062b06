/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - lines for the log of the application that loaded us.
 */
#ifndef SASL_APITOKEN_LOG_H
#define SASL_APITOKEN_LOG_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/* "what", or "what: why"; what is too long for a line is cut off. */
void log_say(const sasl_utils_t *utils, int level, const char *what,
	     const char *why);

/* The library's tc_log_fn.  arg is the utils of the plug-in. */
void log_library(void *arg, int priority, const char *line);

/* Between these two, what the library logs in this thread goes to the log of
 * a connection. */
void log_begin(const sasl_utils_t *connection);
void log_end(void);

#endif
