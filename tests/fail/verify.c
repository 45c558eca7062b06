/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decision, while calls fail: what must be refused never comes in, what
 * must come in is at worst unavailable. */
#include <stdio.h>
#include <string.h>

#include "../store/kit.h"
#include "library.h"

#define ALICE .user = "alice", .service = "imap", .rhost = "192.0.2.7"

/* A login and the verdict that is due. */
struct login {
	const char *text;
	enum tc_verdict due;
	struct tc_request req;
};

static enum tc_verdict verdict;
static struct tc_result res;
static struct tc_proof proof;
static struct tc_scram scram, real;

static struct tc_request
request_of(const struct login *l)
{
	struct tc_request req = l->req;

	req.authtok = l->text;
	req.authtok_len = strlen(l->text);
	return req;
}

static enum said
verify(void)
{
	struct tc_request req = request_of(run_arg());

	verdict = tc_verify(lib.h, &req, &res);
	return SAID_YES;
}

/* As SASL does, who has to know the owner before. */
static enum said
look_and_verify(void)
{
	struct tc_request req = request_of(run_arg());
	tc_look *look = tc_look_up(lib.h, req.authtok, req.authtok_len);

	req.look = look;
	verdict = tc_verify(lib.h, &req, &res);
	tc_look_free(look);
	return SAID_YES;
}

/* From the beginning: opens, asks and closes. */
static enum said
log_in(void)
{
	struct tc_options o = { .config = site.config, .log = lib_log };

	if (tc_open(&lib.h, &o, &lib.err) != TC_OK)
		lib_log(NULL, 0, lib.err.text);
	return verify();
}

static int
is_allowed(const struct login *l)
{
	if (verdict == l->due)
		return 1;
	if (run_is_clean())
		return 0;
	return verdict == TC_UNAVAILABLE ||
	       (verdict == TC_NOT_A_TOKEN && (l->req.flags & TC_IMPORTED));
}

static void
judge_result(const struct login *l)
{
	static const struct tc_proof none;

	run_told(lib.log);
	run_told(res.detail);
	if (!is_allowed(l))
		problem(FAULT_RESULT, "%s instead of %s (%s)",
			tc_verdict_name(verdict), tc_verdict_name(l->due),
			res.detail);
	if (verdict != res.verdict)
		problem(FAULT_RESULT, "two verdicts");
	if (verdict != l->due && (*res.detail == '\0' || *lib.log == '\0'))
		problem(FAULT_RESULT, "no reason, or none in the log");
	if (!res.proved && (*res.user || *res.id || *res.label || res.kid ||
			    memcmp(&none, &res.proof, sizeof(none)) != 0))
		problem(FAULT_RESULT, "a name, and nothing was proved");
	if (verdict == TC_VALID && (!res.proved || *res.user == '\0'))
		problem(FAULT_RESULT, "valid, and nothing was proved");
	if (verdict == TC_VALID && l->req.user &&
	    strcmp(res.user, l->req.user) != 0)
		problem(FAULT_RESULT, "valid for another user");
}

static void
judge_verdict(void)
{
	judge_result(run_arg());
}

/* The handle has read other files than those that are there now. */
static void
open_and_touch(void)
{
	lib_open();
	site_touch("apitoken.conf");
	site_touch("secret.conf");
}

static void
with_minimum(void)
{
	site_configure("owners = any\nminimum_uid = 1000\n", "");
}

/* ---- another name of root ---- */

static void
with_alias(void)
{
	static const struct tc_create spec = { .user = SITE_ALIAS,
					       .label = "console" };
	struct tc_error err;
	tc_handle *h;

	site_configure("owners = any\n", "");
	h = site_open();
	if (tc_create(h, &site_actor, &spec, site.alias.text, NULL, &err))
		kit_die("tc_create: %s", err.text);
	tc_free(h);
}

/* The list of accounts is what there is, or not to be read. */
static void
with_list(const char *before)
{
	static char path[2 * SITE_PATH];
	FILE *f;

	with_alias();
	(void)snprintf(path, sizeof(path), "%s", site_path("passwd"));
	site.passwd = path;
	f = fopen(site.passwd, "w");
	if (!f ||
	    fprintf(f, "%s" SITE_ALIAS ":x:0:0::/root:/bin/sh\n", before) < 0 ||
	    fclose(f))
		kit_die("%s: cannot be written", site.passwd);
}

static void
with_whole_list(void)
{
	with_list("root:x:0:0::/root:/bin/sh\n\n# a comment\n");
}

static void
with_half_a_list(void)
{
	char line[5000];

	memset(line, 'x', sizeof(line));
	memcpy(line, "long:x:7:7:", 11);
	memcpy(line + sizeof(line) - 5, ":/:\n", 5);
	with_list(line);
}

static void
without_a_list(void)
{
	with_alias();
	site.passwd = "/nonexistent";
}

/* ---- once more, by what was proved ---- */

static void
prove(void)
{
	struct tc_request req = request_of(run_arg());
	struct tc_result first;
	tc_handle *h = site_open();

	(void)!tc_verify(h, &req, &first);
	if (!first.proved)
		kit_die("it cannot be proved: %s", first.detail);
	proof = first.proof;
	tc_free(h);
	lib_open();
}

static enum said
recheck(void)
{
	struct tc_request req = request_of(run_arg());

	req.authtok = NULL;
	verdict = tc_recheck(lib.h, &proof, &req, &res);
	return SAID_YES;
}

/* ---- SCRAM ---- */

/* What the store has of a token, whatever its state. */
static void
open_scram(void)
{
	const struct login *l = run_arg();
	struct tc_record *rec = NULL;
	struct tc_error err;
	tc_handle *h = site_open();

	memset(&real, 0, sizeof(real));
	if (tc_show(h, NULL, l->text, &rec, &err) == TC_OK && rec->scram)
		real = *rec->scram;
	tc_record_free(rec);
	tc_free(h);
	memset(&scram, 'x', sizeof(scram));
	lib_open();
}

static enum said
find_scram(void)
{
	const struct login *l = run_arg();
	struct tc_request req = l->req;

	verdict = tc_scram_find(lib.h, l->text, &req, &scram, &res);
	return SAID_YES;
}

static void
judge_scram(void)
{
	static const struct tc_scram none;
	int is_none = memcmp(&scram, &none, sizeof(none)) == 0;
	int is_real = memcmp(scram.stored_key, real.stored_key,
			     sizeof(real.stored_key)) == 0;

	judge_result(run_arg());
	if (verdict == TC_VALID && !is_real)
		problem(FAULT_RESULT, "valid, and not its verifier");
	if (verdict != TC_VALID && is_real && !is_none)
		problem(FAULT_RESULT, "refused, and its verifier");
	if (verdict == TC_UNAVAILABLE && !is_none)
		problem(FAULT_RESULT, "unavailable, and a verifier");
	if (verdict != TC_VALID && !is_none &&
	    scram.iterations != TC_SCRAM_ITERATIONS)
		problem(FAULT_RESULT, "half a decoy");
}

/* ---- all of them ---- */

#define LOGIN(...)                                                             \
	&(const struct login)                                                  \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define VERIFY(n, ...)                                                         \
	{                                                                      \
		.name = "verify " n, .arg = LOGIN(__VA_ARGS__),                \
		.prepare = lib_open, .run = verify, .judge = judge_verdict,    \
		.finish = lib_close                                            \
	}
#define ALIAS(n, list)                                                         \
	{                                                                      \
		.name = "verify another name of root, " n,                     \
		.arg = LOGIN(site.alias.text, TC_USER_REFUSED,                 \
			     { .user = SITE_ALIAS, .service = "imap" }),       \
		.setup = list, .prepare = lib_clear, .run = log_in,            \
		.judge = judge_verdict, .finish = lib_close                    \
	}
#define LOOK(n, ...)                                                           \
	{                                                                      \
		.name = "look and verify " n, .arg = LOGIN(__VA_ARGS__),       \
		.prepare = lib_open, .run = look_and_verify,                   \
		.judge = judge_verdict, .finish = lib_close                    \
	}
#define RECHECK(n, ...)                                                        \
	{                                                                      \
		.name = "recheck " n, .arg = LOGIN(__VA_ARGS__),               \
		.prepare = prove, .run = recheck, .judge = judge_verdict,      \
		.finish = lib_close                                            \
	}
#define SCRAM(n, ...)                                                          \
	{                                                                      \
		.name = "scram " n, .arg = LOGIN(__VA_ARGS__),                 \
		.prepare = open_scram, .run = find_scram,                      \
		.judge = judge_scram, .finish = lib_close                      \
	}

const struct scenario verify_scenarios[] = {
	VERIFY("valid", site.valid.text, TC_VALID, { ALICE }),
	VERIFY("narrowed", site.narrowed, TC_VALID, { ALICE }),
	VERIFY("without a claim", site.valid.text, TC_VALID,
	       { .service = "imap", .rhost = "192.0.2.7" }),
	VERIFY("revoked", site.revoked.text, TC_REVOKED, { ALICE }),
	VERIFY("deleted", site.deleted.text, TC_REVOKED, { ALICE }),
	VERIFY("ended by a mark", site.ended.text, TC_REVOKED,
	       { .user = "dave", .service = "imap" }),
	VERIFY("ended, without a claim", site.ended.text, TC_REVOKED,
	       { .service = "imap" }),
	VERIFY("of a retired key", site.retired.text, TC_REVOKED, { ALICE }),
	VERIFY("expired", site.expired.text, TC_EXPIRED,
	       { ALICE, .now = SITE_EXPIRES + 1 }),
	VERIFY("not yet valid", site.valid.text, TC_NOT_YET_VALID,
	       { ALICE, .now = 1000 }),
	VERIFY("unknown", site.unknown.text, TC_UNKNOWN_TOKEN, { ALICE }),
	VERIFY("forged", site.forged.text, TC_FORGED, { ALICE }),
	VERIFY("wrong user", site.valid.text, TC_WRONG_USER, { .user = "bob" }),
	VERIFY("wrong service", site.valid.text, TC_WRONG_SERVICE,
	       { .user = "alice", .service = "ftp", .rhost = "192.0.2.7" }),
	VERIFY("wrong source", site.valid.text, TC_WRONG_SOURCE,
	       { .user = "alice", .service = "imap", .rhost = "192.0.3.7" }),
	VERIFY("root", site.root.text, TC_USER_REFUSED,
	       { .user = "root", .service = "sshd" }),
	VERIFY("a password", "correct horse", TC_NOT_A_TOKEN, { ALICE }),
	VERIFY("a typing error",
	       "tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmer"
	       "a093qkebdc59wkn11gh",
	       TC_BAD_CHECKSUM, { ALICE }),
	VERIFY("imported", SITE_VALUE, TC_VALID,
	       { .user = "carol", .service = "imap", .flags = TC_IMPORTED }),
	VERIFY("imported, unknown", "an-ordinary-long-password", TC_NOT_A_TOKEN,
	       { .user = "carol", .service = "imap", .flags = TC_IMPORTED }),
	{ .name = "verify after a change of files",
	  .arg = LOGIN(site.valid.text, TC_VALID, { ALICE }),
	  .prepare = open_and_touch,
	  .run = verify,
	  .judge = judge_verdict,
	  .finish = lib_close },
	{ .name = "verify revoked after a change of files",
	  .arg = LOGIN(site.revoked.text, TC_REVOKED, { ALICE }),
	  .prepare = open_and_touch,
	  .run = verify,
	  .judge = judge_verdict,
	  .finish = lib_close },
	{ .name = "verify from the beginning",
	  .arg = LOGIN(site.valid.text, TC_VALID, { ALICE }),
	  .prepare = lib_clear,
	  .run = log_in,
	  .judge = judge_verdict,
	  .finish = lib_close },
	{ .name = "verify revoked from the beginning",
	  .arg = LOGIN(site.revoked.text, TC_REVOKED, { ALICE }),
	  .prepare = lib_clear,
	  .run = log_in,
	  .judge = judge_verdict,
	  .finish = lib_close },
	{ .name = "verify below the minimum",
	  .arg = LOGIN(site.root.text, TC_USER_REFUSED,
		       { .user = "root", .service = "imap" }),
	  .setup = with_minimum,
	  .prepare = lib_open,
	  .run = verify,
	  .judge = judge_verdict,
	  .finish = lib_close },
	ALIAS("listed", with_whole_list),
	ALIAS("half a list", with_half_a_list),
	ALIAS("no list", without_a_list),
	LOOK("valid", site.valid.text, TC_VALID, { ALICE }),
	LOOK("revoked", site.revoked.text, TC_REVOKED, { ALICE }),
	LOOK("unknown", site.unknown.text, TC_UNKNOWN_TOKEN, { ALICE }),
	RECHECK("valid", site.valid.text, TC_VALID, { ALICE }),
	RECHECK("narrowed", site.narrowed, TC_VALID, { ALICE }),
	RECHECK("revoked", site.revoked.text, TC_REVOKED, { ALICE }),
	RECHECK("ended", site.ended.text, TC_REVOKED, { .user = "dave" }),
	SCRAM("valid", site.valid.id, TC_VALID, { ALICE }),
	SCRAM("revoked", site.revoked.id, TC_REVOKED, { ALICE }),
	SCRAM("deleted", site.deleted.id, TC_UNKNOWN_TOKEN, { ALICE }),
	SCRAM("unknown", "000000", TC_UNKNOWN_TOKEN, { ALICE }),
	SCRAM("of a retired key", site.retired.id, TC_REVOKED, { ALICE }),
};
COUNT(verify_scenarios);
