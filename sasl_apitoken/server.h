/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - the server's side of the mechanisms, as libsasl wants it.
 */
#ifndef SASL_APITOKEN_SERVER_H
#define SASL_APITOKEN_SERVER_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/** What sasl_server_plug_init() gives once versions are checked. */
int server_plugs(const sasl_utils_t *utils, sasl_server_plug_t **list,
		 int *count);

#endif
