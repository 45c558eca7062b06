/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - what the application's SASL configuration says of us.
 */
#ifndef SASL_APITOKEN_OPTIONS_H
#define SASL_APITOKEN_OPTIONS_H

#include <limits.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "bearer.h"
#include "tokencore.h"

struct options {
	char config[PATH_MAX]; /* "": the library's default */
	char service[TC_SERVICE_MAX + 1]; /* "": the connection's */
	char scope[BEARER_SCOPE_MAX + 1]; /* "": none is named */
	unsigned mechs; /* a bit per mechanism */
	char separator; /* between user and id, for SCRAM */
	char wrong[160]; /* "": all is well; else what is not */
};

/** Reads all options.  A value that cannot be used leaves its sentence in
 *  wrong. */
void options_read(struct options *opt, const sasl_utils_t *utils);

/** Is the plug-in the last that libsasl asks for a user's properties? */
int options_auxprop_last(const sasl_utils_t *utils);

/** Does libsasl copy passwords that were right into its own database? */
int options_auto_transition(const sasl_utils_t *utils);

#endif
