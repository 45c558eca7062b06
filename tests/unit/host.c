/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

const struct tc_actor test_actor = { .uid = 0, .name = "admin" };

static void
log_line(void *arg, int priority, const char *line)
{
	struct test_host *host = arg;

	host->lines++;
	host->priority = priority;
	(void)snprintf(host->line, sizeof(host->line), "%s", line);
}

int
test_host_make(void **state)
{
	struct test_host *host = calloc(1, sizeof(*host));
	struct tc_options o = { .log = log_line, .log_arg = host };
	void *dir;

	if (!host || test_dir_make(&dir)) {
		free(host);
		return -1;
	}
	host->dir = dir;
	*state = host;
	o.config = test_path(dir, "apitoken.conf");
	if (tc_init(o.config, TEST_SECRET, &host->err) == TC_OK &&
	    tc_open(&host->h, &o, &host->err) == TC_OK)
		return 0;
	(void)fprintf(stderr, "%s\n", host->err.text);
	(void)test_host_remove(state);
	return -1;
}

int
test_host_remove(void **state)
{
	struct test_host *host = *state;
	void *dir = host->dir;

	tc_free(host->h);
	free(host);
	*state = NULL;
	return test_dir_remove(&dir);
}

const char *
test_host_path(const struct test_host *host, const char *name)
{
	return test_path(host->dir, name);
}

void
test_host_conf(struct test_host *host, const char *audit, const char *more)
{
	static unsigned turn;
	char text[2048];

	/* A different length each time: files are known by size and time. */
	(void)snprintf(text, sizeof(text),
		       "# %*s\nsecret_file = secret.conf\n"
		       "store = store\naudit_log = %s\n%s%s%s",
		       (int)(turn++ % 64), "", audit ? audit : "audit.json",
		       strstr(more, "enabled = ") ? "" : "enabled = yes\n",
		       strstr(more, "owners = ") ? "" : "owners = any\n", more);
	test_text(test_host_path(host, "apitoken.conf"), 0644, text);
}

struct tc_record *
test_host_token(struct test_host *host, const struct tc_create *spec,
		char token[TC_TOKEN_MAX + 1])
{
	struct tc_record *rec = NULL;

	if (tc_create(host->h, &test_actor, spec, token, &rec, &host->err))
		fail_msg("create: %s", host->err.text);
	return rec;
}

void
test_host_remake(const char *token, const char *user,
		 void (*fn)(struct tc_token *), char out[])
{
	struct tc_token tok;
	unsigned char key[TC_KEY_LEN];

	assert_int_equal(tc_token_read(token, strlen(token), &tok), TC_VALID);
	fn(&tok);
	if (user) {
		assert_int_equal(tc_derive_key(test_crypto(), "mac",
					       tc_token_kid(&tok), TEST_SECRET,
					       32, key),
				 0);
		assert_int_equal(
		    tc_token_tag(test_crypto(), key, user, &tok, tok.tag), 0);
	}
	tc_token_write(&tok, out);
}

struct test_login
test_login(struct test_host *host, const struct tc_create *spec)
{
	struct test_login l = { .host = host };

	l.rec = test_host_token(host, spec, l.token);
	return l;
}

enum tc_verdict
test_try(struct test_login *l, const char *user, const char *service,
	 const char *rhost, int64_t now)
{
	struct tc_request req = { .authtok = l->token,
				  .authtok_len = strlen(l->token),
				  .user = user,
				  .service = service,
				  .rhost = rhost,
				  .now = now };

	return tc_verify(l->host->h, &req, &l->res);
}
