/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugin.c - the functions that libsasl looks up in the file.  They refuse
 * where libsasl is not the one that we were built for, and leave the rest to
 * server.c, client.c and scram.c.
 */
#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <sasl/saslutil.h>

#include "client.h"
#include "scram.h"
#include "server.h"

/* -fvisibility=hidden would win over the linker map. */
#define EXPORTED __attribute__((visibility("default")))

EXPORTED sasl_server_plug_init_t sasl_server_plug_init;
EXPORTED sasl_client_plug_init_t sasl_client_plug_init;
EXPORTED sasl_auxprop_init_t sasl_auxprop_plug_init;
EXPORTED sasl_canonuser_init_t sasl_canonuser_init;

/*
 * There are versions of libsasl whose sasl_utils_t has other members, and
 * nothing in it says so.  So members near its beginning, its middle and its end
 * are compared with what they have to be.  If they are something else, no
 * member can be relied on, and there is no way to say so in a log.
 */
static int
known_utils(const sasl_utils_t *utils)
{
	/* Nothing can be told from the version: libsasl 2.1.28 leaves there
	 * what was in memory before. */
	return utils != NULL && utils->utf8verify == sasl_utf8verify &&
	       utils->decode64 == sasl_decode64 &&
	       utils->encode64 == sasl_encode64 &&
	       utils->erasebuffer == sasl_erasebuffer &&
	       utils->getprop == sasl_getprop &&
	       utils->setprop == sasl_setprop &&
	       utils->seterror == sasl_seterror &&
	       utils->prop_new == prop_new && utils->prop_set == prop_set &&
	       utils->prop_erase == prop_erase &&
	       utils->auxprop_store == sasl_auxprop_store;
}

int
sasl_server_plug_init(const sasl_utils_t *utils, int max_version,
		      int *out_version, sasl_server_plug_t **pluglist,
		      int *plugcount)
{
	if (out_version == NULL || pluglist == NULL || plugcount == NULL)
		return SASL_BADPARAM;
	if (max_version < SASL_SERVER_PLUG_VERSION || !known_utils(utils))
		return SASL_BADVERS;
	*out_version = SASL_SERVER_PLUG_VERSION;
	return server_plugs(utils, pluglist, plugcount);
}

int
sasl_client_plug_init(const sasl_utils_t *utils, int max_version,
		      int *out_version, sasl_client_plug_t **pluglist,
		      int *plugcount)
{
	if (out_version == NULL || pluglist == NULL || plugcount == NULL)
		return SASL_BADPARAM;
	if (max_version < SASL_CLIENT_PLUG_VERSION || !known_utils(utils))
		return SASL_BADVERS;
	*out_version = SASL_CLIENT_PLUG_VERSION;
	client_plugs(pluglist, plugcount);
	return SASL_OK;
}

/* These two never fail where there is nothing to do: libsasl would complain
 * in the log of every program. */

int
sasl_auxprop_plug_init(const sasl_utils_t *utils, int max_version,
		       int *out_version, sasl_auxprop_plug_t **plug,
		       const char *plugname)
{
	(void)plugname;
	if (out_version == NULL || plug == NULL)
		return SASL_BADPARAM;
	if (max_version < SASL_AUXPROP_PLUG_VERSION || !known_utils(utils))
		return SASL_BADVERS;
	*out_version = SASL_AUXPROP_PLUG_VERSION;
	*plug = scram_auxprop();
	return SASL_OK;
}

int
sasl_canonuser_init(const sasl_utils_t *utils, int max_version,
		    int *out_version, sasl_canonuser_plug_t **plug,
		    const char *plugname)
{
	(void)plugname;
	if (out_version == NULL || plug == NULL)
		return SASL_BADPARAM;
	if (max_version < SASL_CANONUSER_PLUG_VERSION || !known_utils(utils))
		return SASL_BADVERS;
	*out_version = SASL_CANONUSER_PLUG_VERSION;
	*plug = scram_canon();
	return SASL_OK;
}
