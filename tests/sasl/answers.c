/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answers.h"

#include <string.h>

static int
say(const char *text, const char **result, unsigned *len)
{
	*result = text;
	if (len != NULL)
		*len = text != NULL ? (unsigned)strlen(text) : 0;
	return SASL_OK;
}

int
answer_option(void *context, const char *plugin, const char *name,
	      const char **result, unsigned *len)
{
	(void)plugin;
	for (const struct answer_option *o = context; o->name != NULL; o++) {
		if (o->value != NULL && strcmp(o->name, name) == 0)
			return say(o->value, result, len);
	}
	return SASL_FAIL;
}

int
answer_path(void *context, const char **path)
{
	return say(*(const char *const *)context, path, NULL);
}

int
answer_log(void *context, int level, const char *line)
{
	(void)context;
	(void)level;
	(void)line;
	return SASL_OK;
}

int
answer_name(void *context, int id, const char **result, unsigned *len)
{
	const struct answer_person *p = context;

	return say(id == SASL_CB_USER ? p->user : p->authname, result, len);
}

int
answer_secret(sasl_conn_t *conn, void *context, int id, sasl_secret_t **result)
{
	static _Thread_local union {
		sasl_secret_t secret;
		char room[9000];
	} u;
	const char *pass = ((const struct answer_person *)context)->pass;

	(void)conn;
	(void)id;
	*result = NULL;
	if (pass == NULL)
		return SASL_OK;
	if (strlen(pass) >= sizeof(u.room) - sizeof(u.secret))
		return SASL_BUFOVER;
	u.secret.len = strlen(pass);
	memcpy(u.secret.data, pass, u.secret.len + 1);
	*result = &u.secret;
	return SASL_OK;
}

int
answer_policy(sasl_conn_t *conn, void *context, const char *user,
	      unsigned user_len, const char *authid, unsigned authid_len,
	      const char *realm, unsigned realm_len, struct propctx *props)
{
	const char *may = context;

	(void)conn;
	(void)realm;
	(void)realm_len;
	(void)props;
	if (user_len == authid_len && memcmp(user, authid, user_len) == 0)
		return SASL_OK;
	return may != NULL && strlen(may) == authid_len + 1 + user_len &&
		       memcmp(may, authid, authid_len) == 0 &&
		       may[authid_len] == '>' &&
		       memcmp(may + authid_len + 1, user, user_len) == 0
		   ? SASL_OK
		   : SASL_NOAUTHZ;
}
