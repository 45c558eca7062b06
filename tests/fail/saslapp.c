/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "saslapp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../store/kit.h"
#include "inject.h"
#include "site.h"

#define VERIFIER "*authPassword"

extern sasl_server_plug_init_t sasl_server_plug_init;
extern sasl_client_plug_init_t sasl_client_plug_init;
extern sasl_auxprop_init_t sasl_auxprop_plug_init;
extern sasl_canonuser_init_t sasl_canonuser_init;

struct saslapp app;

/* libsasl's own, and what the plug-in gave. */
static sasl_utils_t real, real_loading;
static int (*real_canon)(sasl_conn_t *, const char *, unsigned, unsigned,
			 sasl_out_params_t *);
static int (*server_new)(void *, sasl_server_params_t *, const char *, unsigned,
			 void **);
static int (*server_step)(void *, sasl_server_params_t *, const char *,
			  unsigned, const char **, unsigned *,
			  sasl_out_params_t *);
static int (*client_new)(void *, sasl_client_params_t *, void **);
static int (*client_step)(void *, sasl_client_params_t *, const char *,
			  unsigned, sasl_interact_t **, const char **,
			  unsigned *, sasl_out_params_t *);
static sasl_auxprop_plug_t *auxprop;
static sasl_canonuser_plug_t *canonuser;

/* ---- what libsasl offers, and what may fail in it ---- */

static void *
fail_malloc(size_t size)
{
	return inject_due("utils->malloc", INJECT_MEMORY, 1, 0)
		   ? NULL
		   : real.malloc(size);
}

static void *
fail_calloc(size_t n, size_t size)
{
	return inject_due("utils->calloc", INJECT_MEMORY, 1, 0)
		   ? NULL
		   : real.calloc(n, size);
}

static int
fail_getopt(void *context, const char *plugin, const char *name,
	    const char **result, unsigned *len)
{
	if (inject_due("utils->getopt", INJECT_PLAIN, 1, 0))
		return SASL_FAIL;
	return real.getopt(context, plugin, name, result, len);
}

/* While it is loaded there is no connection, and that is another function. */
static int
fail_getopt_loading(void *context, const char *plugin, const char *name,
		    const char **result, unsigned *len)
{
	if (inject_due("utils->getopt", INJECT_PLAIN, 1, 0))
		return SASL_FAIL;
	return real_loading.getopt(context, plugin, name, result, len);
}

static int
fail_getprop(sasl_conn_t *conn, int which, const void **value)
{
	if (inject_due("utils->getprop", INJECT_PLAIN, 1, 0))
		return SASL_NOTDONE;
	return real.getprop(conn, which, value);
}

static int
fail_getcallback(sasl_conn_t *conn, unsigned long id, sasl_callback_ft *proc,
		 void **context)
{
	if (inject_due("utils->getcallback", INJECT_PLAIN, 1, 0))
		return SASL_FAIL;
	return real.getcallback(conn, id, proc, context);
}

static const struct propval *
fail_prop_get(struct propctx *ctx)
{
	return inject_due("utils->prop_get", INJECT_MEMORY, 1, 0)
		   ? NULL
		   : real.prop_get(ctx);
}

static int
fail_prop_set(struct propctx *ctx, const char *name, const char *value, int len)
{
	if (inject_due("utils->prop_set", INJECT_MEMORY, 1, 0))
		return SASL_NOMEM;
	return real.prop_set(ctx, name, value, len);
}

static int
fail_encode64(const char *in, unsigned len, char *out, unsigned room,
	      unsigned *out_len)
{
	if (inject_due("utils->encode64", INJECT_PLAIN, 1, 0))
		return SASL_BUFOVER;
	return real.encode64(in, len, out, room, out_len);
}

static int
fail_canon(sasl_conn_t *conn, const char *in, unsigned len, unsigned flags,
	   sasl_out_params_t *out)
{
	int was_on, rc, due = inject_due("canon_user", INJECT_MEMORY, 1, 2);

	if (due)
		return due == 2 ? SASL_UNAVAIL : SASL_NOMEM;
	was_on = inject_pause();
	rc = real_canon(conn, in, len, flags, out);
	inject_resume(was_on);
	return rc;
}

static sasl_utils_t *
writable(const sasl_utils_t *utils)
{
	union {
		const sasl_utils_t *in;
		sasl_utils_t *out;
	} cast = { .in = utils };

	return cast.out;
}

/* What the plug-in compares then stays as it is. */
static void
patch_loading(const sasl_utils_t *utils)
{
	sasl_utils_t *u = writable(utils);

	if (u->getopt == fail_getopt_loading)
		return;
	real_loading = *u;
	real.malloc = u->malloc;
	real.calloc = u->calloc;
	u->malloc = fail_malloc;
	u->calloc = fail_calloc;
	u->getopt = fail_getopt_loading;
}

static void
patch(const sasl_utils_t *utils)
{
	sasl_utils_t *u = writable(utils);

	real = *u;
	u->malloc = fail_malloc;
	u->calloc = fail_calloc;
	u->getopt = fail_getopt;
	u->getcallback = fail_getcallback;
	u->getprop = fail_getprop;
	u->prop_get = fail_prop_get;
	u->prop_set = fail_prop_set;
	u->encode64 = fail_encode64;
}

/* ---- between libsasl and the plug-in ---- */

static int
between_server_new(void *glob, sasl_server_params_t *sparams,
		   const char *challenge, unsigned len, void **context)
{
	int rc;

	patch(sparams->utils);
	if (sparams->canon_user != fail_canon)
		real_canon = sparams->canon_user;
	sparams->canon_user = fail_canon;
	app.sparams = sparams;
	inject_resume(app.in_earnest);
	rc = server_new(glob, sparams, challenge, len, context);
	(void)inject_pause();
	return rc;
}

static int
between_server_step(void *context, sasl_server_params_t *sparams,
		    const char *in, unsigned len, const char **out,
		    unsigned *out_len, sasl_out_params_t *params)
{
	int rc;

	inject_resume(app.in_earnest);
	rc = server_step(context, sparams, in, len, out, out_len, params);
	(void)inject_pause();
	return rc;
}

static int
between_client_new(void *glob, sasl_client_params_t *cparams, void **context)
{
	int rc;

	patch(cparams->utils);
	if (cparams->canon_user != fail_canon)
		real_canon = cparams->canon_user;
	cparams->canon_user = fail_canon;
	inject_resume(app.in_earnest);
	rc = client_new(glob, cparams, context);
	(void)inject_pause();
	return rc;
}

static int
between_client_step(void *context, sasl_client_params_t *cparams,
		    const char *in, unsigned len, sasl_interact_t **prompts,
		    const char **out, unsigned *out_len,
		    sasl_out_params_t *params)
{
	int rc;

	inject_resume(app.in_earnest);
	rc = client_step(context, cparams, in, len, prompts, out, out_len,
			 params);
	(void)inject_pause();
	return rc;
}

static int
init_server(const sasl_utils_t *utils, int max, int *version,
	    sasl_server_plug_t **list, int *n)
{
	patch_loading(utils);
	inject_resume(app.in_earnest);
	app.loaded = sasl_server_plug_init(utils, max, version, list, n);
	(void)inject_pause();
	if (app.loaded != SASL_OK)
		return app.loaded;
	server_new = (*list)[0].mech_new;
	server_step = (*list)[0].mech_step;
	for (int i = 0; i < *n; i++) {
		(*list)[i].mech_new = between_server_new;
		(*list)[i].mech_step = between_server_step;
	}
	return SASL_OK;
}

static int
init_client(const sasl_utils_t *utils, int max, int *version,
	    sasl_client_plug_t **list, int *n)
{
	int rc = sasl_client_plug_init(utils, max, version, list, n);

	if (rc != SASL_OK)
		return rc;
	client_new = (*list)[0].mech_new;
	client_step = (*list)[0].mech_step;
	for (int i = 0; i < *n; i++) {
		(*list)[i].mech_new = between_client_new;
		(*list)[i].mech_step = between_client_step;
	}
	return SASL_OK;
}

static int
init_auxprop(const sasl_utils_t *utils, int max, int *version,
	     sasl_auxprop_plug_t **plug, const char *name)
{
	int rc = sasl_auxprop_plug_init(utils, max, version, plug, name);

	auxprop = *plug;
	return rc;
}

static int
init_canonuser(const sasl_utils_t *utils, int max, int *version,
	       sasl_canonuser_plug_t **plug, const char *name)
{
	int rc = sasl_canonuser_init(utils, max, version, plug, name);

	canonuser = *plug;
	return rc;
}

/* ---- the application ---- */

static int
get_option(void *context, const char *plugin, const char *name,
	   const char **result, unsigned *len)
{
	struct answer_option options[] = {
		{ "apitoken_config", site.config },
		{ "auxprop_plugin", "apitoken" },
		{ "auto_transition", app.auto_transition },
		{ NULL, NULL },
	};

	(void)context;
	return answer_option(options, plugin, name, result, len);
}

/* No plug-ins of the host. */
static int
get_path(void *context, const char **path)
{
	(void)context;
	*path = site_path("store");
	return SASL_OK;
}

static int
take_line(void *context, int level, const char *line)
{
	size_t len = strlen(app.log);

	(void)context;
	(void)level;
	(void)snprintf(app.log + len, sizeof(app.log) - len, "%s\n", line);
	return SASL_OK;
}

static const sasl_callback_t globals[] = {
	{ SASL_CB_GETOPT, ANSWER(get_option), NULL },
	{ SASL_CB_GETPATH, ANSWER(get_path), NULL },
	{ SASL_CB_LOG, ANSWER(take_line), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static const sasl_callback_t server_callbacks[] = {
	{ SASL_CB_LOG, ANSWER(take_line), NULL },
	{ SASL_CB_PROXY_POLICY, ANSWER(answer_policy), "alice>shared" },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static const sasl_callback_t client_callbacks[] = {
	{ SASL_CB_LOG, ANSWER(take_line), NULL },
	{ SASL_CB_USER, ANSWER(answer_name), &app.client },
	{ SASL_CB_AUTHNAME, ANSWER(answer_name), &app.client },
	{ SASL_CB_PASS, ANSWER(answer_secret), &app.client },
	{ SASL_CB_LIST_END, NULL, NULL },
};

void
saslapp_forget(void)
{
	memset(&app, 0, sizeof(app));
}

void
saslapp_start(void)
{
	if (sasl_server_init(globals, "apitokenfail") ||
	    sasl_client_init(globals))
		kit_die("libsasl does not start");
	(void)sasl_server_add_plugin("apitoken", init_server);
	(void)sasl_client_add_plugin("apitoken", init_client);
	(void)sasl_auxprop_add_plugin("apitoken", init_auxprop);
	(void)sasl_canonuser_add_plugin("apitoken", init_canonuser);
}

void
saslapp_stop(void)
{
	sasl_server_done();
	sasl_client_done();
}

sasl_conn_t *
saslapp_server(void)
{
	sasl_conn_t *conn = NULL;

	if (sasl_server_new("imap", "mail.example.org", NULL, NULL,
			    "192.0.2.7;4711", server_callbacks, 0, &conn))
		kit_die("sasl_server_new");
	return conn;
}

sasl_conn_t *
saslapp_client(void)
{
	sasl_conn_t *conn = NULL;

	if (sasl_client_new("imap", "mail.example.org", NULL, "192.0.2.1;143",
			    client_callbacks, 0, &conn))
		kit_die("sasl_client_new");
	return conn;
}

/* ---- SCRAM ---- */

int
saslapp_canon(const char *name, char out[1025])
{
	unsigned len = 0;
	int rc;

	inject_resume(app.in_earnest);
	rc = canonuser->canon_user_server(NULL, app.sparams, name,
					  (unsigned)strlen(name),
					  SASL_CU_AUTHID, out, 1024, &len);
	(void)inject_pause();
	return rc;
}

int
saslapp_look_up(const char *user)
{
	int rc;

	inject_resume(app.in_earnest);
	rc = auxprop->auxprop_lookup(NULL, app.sparams, 0, user,
				     (unsigned)strlen(user));
	(void)inject_pause();
	return rc;
}

const char *
saslapp_verifier(void)
{
	static const char *const names[] = { VERIFIER, NULL };
	struct propval values[2];

	memset(values, 0, sizeof(values));
	if (prop_getnames(app.sparams->propctx, (const char **)(uintptr_t)names,
			  values) < 1 ||
	    !values[0].values)
		return NULL;
	return values[0].values[0];
}
