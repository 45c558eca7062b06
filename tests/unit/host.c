/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commit.h"
#include "record.h"

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

struct tc_record *
test_show(struct test_host *host, const char *id)
{
	struct tc_record *rec = NULL;

	if (tc_show(host->h, NULL, id, &rec, &host->err))
		fail_msg("show %s: %s", id, host->err.text);
	return rec;
}

int
test_count(void *arg, const struct tc_record *rec)
{
	(void)rec;
	++*(unsigned *)arg;
	return 0;
}

unsigned
test_records(struct test_host *host)
{
	unsigned n = 0;

	if (tc_list(host->h, NULL, NULL, test_count, &n, &host->err))
		fail_msg("list: %s", host->err.text);
	return n;
}

void
test_same_parameters(const struct tc_record *a, const struct tc_record *b)
{
	assert_string_equal(a->user, b->user);
	assert_string_equal(a->label, b->label);
	assert_int_equal(a->n_services, b->n_services);
	for (size_t i = 0; i < a->n_services; i++)
		assert_string_equal(a->services[i], b->services[i]);
	assert_int_equal(a->n_sources, b->n_sources);
	for (size_t i = 0; i < a->n_sources; i++)
		assert_memory_equal(&a->sources[i], &b->sources[i],
				    sizeof(a->sources[i]));
	assert_int_equal(a->n_properties, b->n_properties);
	for (size_t i = 0; i < a->n_properties; i++) {
		assert_string_equal(a->properties[i].key, b->properties[i].key);
		assert_string_equal(a->properties[i].value,
				    b->properties[i].value);
	}
}

static void
finding(void *arg, enum tc_severity severity, const char *what, const char *why,
	const char *mend)
{
	(void)arg;
	(void)mend;
	if (severity != TC_FINE)
		fail_msg("%s: %s", what, why);
}

void
test_whole(struct test_host *host)
{
	(void)tc_check(test_host_path(host, "apitoken.conf"), finding, NULL);
}

void
test_host_put(struct test_host *host, const struct tc_record *rec,
	      const char *under, size_t flip)
{
	struct tc_policy *p = tc_policy_get(host->h, &host->err);
	struct tc_lookup as = { .key_len = 0 }, at = { .key_len = 0 };
	struct tc_writer w = { 0 };
	unsigned char id[TC_ID_BYTES];
	struct tc_txn *txn;

	assert_non_null(p);
	assert_int_equal(tc_id_bytes(rec->id, id), 0);
	tc_key_token(&as, id);
	assert_int_equal(tc_id_bytes(under, id), 0);
	tc_key_token(&at, id);
	tc_record_write(host->h->crypto, &w,
			tc_keys_find(&p->keys, rec->kid)->rec, &as, rec);
	assert_false(w.bad);
	if (flip)
		w.data[w.len - flip] ^= 1;
	assert_int_equal(tc_txn_begin(&p->store, &txn, &host->err), TC_OK);
	tc_txn_put(txn, &at, w.data, w.len);
	assert_int_equal(tc_txn_commit(txn, 1, NULL, NULL, &host->err), TC_OK);
	tc_txn_end(txn);
	tc_writer_free(&w);
	tc_policy_put(host->h, p);
}

int
test_host_import(struct test_host *host, const struct tc_create *spec,
		 const char *value, char id[TC_ID_LEN + 1])
{
	struct tc_import item = { .spec = *spec,
				  .value = value,
				  .len = strlen(value) };

	if (tc_import(host->h, &test_actor, &item, 1, &host->err) != TC_OK)
		fail_msg("import: %s", host->err.text);
	assert_int_equal(strlen(item.id), item.error.code ? 0 : TC_ID_LEN);
	assert_int_equal(strlen(item.error.text) > 0, item.error.code != TC_OK);
	host->err = item.error;
	if (id)
		memcpy(id, item.id, sizeof(item.id));
	return item.error.code;
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

struct tc_request
test_request(const char *authtok, const char *user, unsigned flags)
{
	struct tc_request req = { .authtok = authtok,
				  .authtok_len = strlen(authtok),
				  .user = user,
				  .service = "imap",
				  .rhost = "192.0.2.7",
				  .flags = flags };

	return req;
}

struct tc_result
test_expect(struct test_host *host, const struct tc_request *req,
	    enum tc_verdict want, unsigned lines)
{
	struct tc_result res;
	char word[64];

	memset(&res, 0xaa, sizeof(res));
	host->lines = 0;
	if (tc_verify(host->h, req, &res) != want)
		fail_msg("%s (%s) and not %s", tc_verdict_name(res.verdict),
			 res.detail, tc_verdict_name(want));
	assert_int_equal(res.verdict, want);
	assert_int_equal(res.proved, want >= TC_WRONG_USER);
	assert_int_equal(host->lines, lines);
	(void)snprintf(word, sizeof(word),
		       want == TC_VALID ? "login allow "
					: "login deny reason=%s ",
		       tc_verdict_name(want));
	if (lines && strncmp(host->line, word, strlen(word)) != 0)
		fail_msg("%s: %s", word, host->line);
	return res;
}

struct test_spoilt
test_spoil(const struct test_host *host, unsigned turn)
{
	static const char *const names[] = { "apitoken.conf", "secret.conf",
					     "store/state",
					     "store/right.gdbm" };
	struct test_spoilt s = { .path =
				     test_host_path(host, names[turn / 4]) };

	s.name = strrchr(s.path, '/') + 1;
	s.data = test_read(s.path, &s.len);
	assert_int_equal(unlink(s.path), 0);
	switch (turn % 4) {
	case 1:
		test_write(s.path, 0600, "nonsense", 8);
		break;
	case 2:
		test_write(s.path, 0666, s.data, s.len);
		break;
	case 3:
		assert_int_equal(symlink("x", s.path), 0);
	}
	return s;
}

void
test_mend(struct test_spoilt *s)
{
	test_write(s->path, 0600, s->data, s->len);
	free(s->data);
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
