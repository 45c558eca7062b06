/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * examples.c - calls what the library's manual pages have for examples, in an
 * installation that one of them makes, and says what did not come out as the
 * page promises.  The test links it with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tokencore.h>

int new_installation(const char *config);
tc_handle *open_tokens(const char *config);
int log_in(tc_handle *h, const char *user, const char *typed, const char *peer,
	   struct tc_proof *proof);
int may_stay(tc_handle *h, const char *user, const char *peer,
	     const struct tc_proof *proof);
int first_message(tc_handle *h, const char *user, const char *id,
		  const char *peer, struct tc_scram *scram, int *allowed);
int make_one(tc_handle *h, const struct tc_actor *me, const char *user,
	     const char *label);
int extend(tc_handle *h, const struct tc_actor *me, const char *id,
	   const char *contact, struct tc_error *err);
int revoke_named(tc_handle *h, const struct tc_actor *me, const char *name,
		 const char *reason, struct tc_error *err);
int list_expiring(tc_handle *h, const struct tc_actor *me, FILE *out,
		  struct tc_error *err);
int take_over(tc_handle *h, const struct tc_actor *me, const char *user,
	      const char *value, struct tc_error *err);
int move_record(tc_handle *from, tc_handle *to, const struct tc_actor *me,
		const char *id, enum tc_restored *result, struct tc_error *err);
int rotate(tc_handle *h, const struct tc_actor *me, struct tc_error *err);
int lend(const char *token, char out[TC_TOKEN_MAX + 1], struct tc_error *err);
int read_limits(const char *expires, const char *from, struct tc_create *spec,
		struct tc_source *source, struct tc_error *err);
int exit_for(const struct tc_error *err);

static int wrong;

#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what)) {                                                 \
			printf("wrong: %s\n", #what);                          \
			wrong = 1;                                             \
		}                                                              \
	} while (0)

static struct tc_actor me = { .name = "tester" };
static struct tc_error err;

static enum tc_verdict
judge(tc_handle *h, const char *token, const char *service)
{
	const struct tc_request req = {
		.authtok = token,
		.authtok_len = strlen(token),
		.user = "alice",
		.service = service,
	};
	struct tc_result res;

	return tc_verify(h, &req, &res);
}

static void
logins(tc_handle *h, const char *token, const char *id)
{
	const char *peer = "192.0.2.7";
	struct tc_proof proof;
	struct tc_scram scram;
	int allowed = 0;

	CHECK(log_in(h, "alice", "a password", peer, &proof) == 0);
	CHECK(log_in(h, "bob", token, peer, &proof) == -1);
	CHECK(log_in(h, "alice", token, peer, &proof) == 1);
	CHECK(may_stay(h, "alice", peer, &proof) == 1);
	CHECK(first_message(h, "alice", id, peer, &scram, &allowed) == 0);
	CHECK(allowed && scram.iterations == TC_SCRAM_ITERATIONS);
	CHECK(first_message(h, "alice", "000000", peer, &scram, &allowed) == 0);
	CHECK(!allowed);
	CHECK(first_message(NULL, "alice", id, peer, &scram, &allowed) == -1);
	CHECK(revoke_named(h, &me, "alice/work", "lost", &err) == TC_OK);
	CHECK(may_stay(h, "alice", peer, &proof) == 0);
	CHECK(revoke_named(h, &me, "alice/play", "", &err) == TC_E_NOTFOUND);
}

static void
changes(tc_handle *h, const char *id)
{
	struct tc_record *rec = NULL;
	enum tc_restored result = TC_RESTORED_BAD;

	CHECK(extend(h, &me, id, "carol", &err) == TC_OK);
	CHECK(tc_show(h, &me, id, &rec, &err) == TC_OK);
	CHECK(rec && rec->expires == 0 && rec->n_properties == 1 &&
	      strcmp(rec->properties[0].value, "carol") == 0);
	tc_record_free(rec);
	CHECK(move_record(h, h, &me, id, &result, &err) == TC_OK);
	CHECK(result == TC_RESTORED_SAME);
}

static void
keys(tc_handle *h)
{
	struct tc_key_info *info = NULL;
	size_t n = 0;

	CHECK(rotate(h, &me, &err) == TC_OK);
	CHECK(tc_key_list(h, &info, &n, &err) == TC_OK);
	CHECK(n == 2 && info[1].state == TC_KEY_ACTIVE);
	free(info);
}

static void
weaker(tc_handle *h, const char *token)
{
	char out[TC_TOKEN_MAX + 1];

	CHECK(lend(token, out, &err) == TC_OK);
	CHECK(judge(h, out, "imap") == TC_VALID);
	CHECK(judge(h, out, "sshd") == TC_WRONG_SERVICE);
	CHECK(lend("no token", out, &err) == TC_E_INVALID);
}

static void
expiring(tc_handle *h, const char *with, const char *without)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CHECK(out && list_expiring(h, &me, out, &err) == TC_OK);
	if (out)
		(void)fclose(out);
	CHECK(text && strstr(text, with) && !strstr(text, without));
	free(text);
}

static void
parameters(tc_handle *h)
{
	const char *value = "correct-horse-battery-staple";
	struct tc_create spec = { .user = "alice", .label = "l" };
	struct tc_source source;
	int64_t now = time(NULL);

	CHECK(read_limits("90d", "192.0.2.0/24", &spec, &source, &err) ==
	      TC_OK);
	CHECK(spec.n_sources == 1 && spec.expires >= now + 90 * 86400);
	CHECK(read_limits("90x", "192.0.2.0/24", &spec, &source, &err) ==
	      TC_E_INVALID);
	CHECK(take_over(h, &me, "bob", value, &err) == TC_OK);
	CHECK(take_over(h, &me, "bob", value, &err) == TC_E_EXISTS);
	err.code = TC_E_PERMISSION;
	CHECK(exit_for(&err) == 77);
}

int
main(int argc, char **argv)
{
	struct tc_create specs[2] = {
		{ .user = "alice", .label = "work" },
		{ .user = "alice", .label = "soon" },
	};
	char tokens[2][TC_TOKEN_MAX + 1];
	struct tc_record *recs[2];
	tc_handle *h;

	for (int i = 0; i < TC_VERDICTS; i++)
		printf("verdict %s\n", tc_verdict_name((enum tc_verdict)i));
	me.uid = geteuid();
	if (argc != 2 || new_installation(argv[1]))
		return 2;
	CHECK(new_installation(argv[1]) == -1);
	h = open_tokens(argv[1]);
	specs[1].expires = time(NULL) + 86400;
	if (!h || tc_create_many(h, &me, specs, 2, tokens, recs, &err))
		return 2;
	CHECK(make_one(h, &me, "alice", "office") == TC_OK);
	CHECK(make_one(h, &me, "alice", "") == TC_E_INVALID);
	expiring(h, recs[1]->id, recs[0]->id);
	changes(h, recs[0]->id);
	weaker(h, tokens[0]);
	keys(h);
	parameters(h);
	logins(h, tokens[0], recs[0]->id);
	tc_record_free(recs[0]);
	tc_record_free(recs[1]);
	tc_free(h);
	return wrong;
}
