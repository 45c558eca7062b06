/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.h - the client's side of the mechanisms, as libsasl wants it.
 */
#ifndef SASL_APITOKEN_CLIENT_H
#define SASL_APITOKEN_CLIENT_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/** What sasl_client_plug_init() gives once versions are checked. */
void client_plugs(sasl_client_plug_t **list, int *count);

#endif
