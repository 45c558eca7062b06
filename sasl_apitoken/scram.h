/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scram.h - logins by SCRAM, in which the name is that of a user and a token.
 * libsasl has the mechanism; a canon_user and an auxprop plug-in of ours tell
 * it the user and the token's verifier.
 */
#ifndef SASL_APITOKEN_SCRAM_H
#define SASL_APITOKEN_SCRAM_H

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/** The plug-in that looks up verifiers.  Uses the state that the server's
 *  mechanisms made; where they stand aside, so does this. */
sasl_auxprop_plug_t *scram_auxprop(void);

/** The plug-in that takes names apart. */
sasl_canonuser_plug_t *scram_canon(void);

#endif
