/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trust.c - a server mechanism that takes any name at its word, in the manner
 * of one that proved it by other means but does not say so to canon_user, as
 * GS2 does.  A name with a token's id must not get anyone in by it.
 */
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

static int
trust_new(void *glob, sasl_server_params_t *sparams, const char *challenge,
	  unsigned len, void **context)
{
	(void)sparams;
	(void)challenge;
	(void)len;
	*context = glob;
	return SASL_OK;
}

static int
trust_step(void *context, sasl_server_params_t *sparams, const char *in,
	   unsigned len, const char **out, unsigned *out_len,
	   sasl_out_params_t *params)
{
	int rc = sparams->canon_user(sparams->utils->conn, in, len,
				     SASL_CU_AUTHID | SASL_CU_AUTHZID, params);

	(void)context;
	*out = NULL;
	*out_len = 0;
	params->doneflag = rc == SASL_OK;
	return rc;
}

/* libsasl calls it without a look whether it is there. */
static void
trust_dispose(void *context, const sasl_utils_t *utils)
{
	(void)context;
	(void)utils;
}

static sasl_server_plug_t trust_plug = {
	.mech_name = "TRUST",
	.features = SASL_FEAT_WANT_CLIENT_FIRST,
	.glob_context = &trust_plug,
	.mech_new = trust_new,
	.mech_step = trust_step,
	.mech_dispose = trust_dispose,
};

__attribute__((visibility("default"))) int
sasl_server_plug_init(const sasl_utils_t *utils, int max, int *version,
		      sasl_server_plug_t **plugs, int *count);

int
sasl_server_plug_init(const sasl_utils_t *utils, int max, int *version,
		      sasl_server_plug_t **plugs, int *count)
{
	(void)utils;
	if (max < SASL_SERVER_PLUG_VERSION)
		return SASL_BADVERS;
	*version = SASL_SERVER_PLUG_VERSION;
	*plugs = &trust_plug;
	*count = 1;
	return SASL_OK;
}
