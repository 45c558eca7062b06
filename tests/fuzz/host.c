/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commit.h"
#include "fuzz.h"
#include "handle.h"
#include "record.h"
#include "scram.h"

#define MADE 1700000000

static const struct tc_actor actor = { .uid = 0, .name = "admin" };

static void
write_conf(const char *path)
{
	FILE *f = fopen(path, "w");

	NEED(f);
	NEED(fputs("enabled = yes\nsecret_file = secret.conf\n"
		   "store = store\naudit_log = none\nowners = any\n"
		   "default_realm = example.org\n",
		   f) >= 0);
	NEED(fclose(f) == 0);
}

/* A token is random: one that is known can only be put there. */
static void
put_token(tc_handle *h, const char *text, const char *user, enum tc_state state)
{
	const struct tc_crypto *c = h->crypto;
	struct tc_error err;
	struct tc_policy *p = tc_policy_get(h, &err);
	struct tc_lookup at = { .key_len = 0 };
	struct tc_writer w = { 0 };
	struct tc_scram scram;
	struct tc_record rec = { .user = user,
				 .label = "fuzz",
				 .kid = 1,
				 .created = MADE,
				 .created_by = "admin",
				 .state = state,
				 .revoked =
				     state == TC_STATE_REVOKED ? MADE : 0,
				 .revoked_by = "",
				 .revoked_reason = "",
				 .scram = &scram };
	struct tc_token tok;
	unsigned char id[TC_ID_BYTES];
	struct tc_txn *txn;

	NEED(p && tc_token_read(text, strlen(text), &tok) == TC_VALID);
	NEED(tc_token_id(c, &tok, id) == 0);
	NEED(tc_scram_make(c, text, &scram) == 0);
	tc_key_token(&at, id);
	tc_record_write(c, &w, tc_keys_find(&p->keys, 1)->rec, &at, &rec);
	NEED(!w.bad && tc_txn_begin(&p->store, &txn, &err) == TC_OK);
	tc_txn_put(txn, &at, w.data, w.len);
	NEED(tc_txn_commit(txn, MADE, NULL, NULL, &err) == TC_OK);
	tc_txn_end(txn);
	tc_writer_free(&w);
	tc_policy_put(h, p);
}

static void
import_value(tc_handle *h)
{
	struct tc_import item = { .spec = { .user = "alice",
					    .label = "elsewhere" },
				  .value = FUZZ_VALUE,
				  .len = strlen(FUZZ_VALUE) };
	struct tc_error err;

	NEED(tc_import(h, &actor, &item, 1, &err) == TC_OK);
	NEED(item.error.code == TC_OK);
}

const char *
fuzz_host(void)
{
	static char config[300];
	struct tc_options options = { .config = config };
	struct tc_error err;
	tc_handle *h;

	if (config[0] != '\0')
		return config;
	NEED(mkdir(fuzz_path("token"), 0755) == 0);
	(void)snprintf(config, sizeof(config), "%s",
		       fuzz_path("token/apitoken.conf"));
	NEED(tc_init(config, FUZZ_SECRET, &err) == TC_OK);
	write_conf(config);
	NEED(tc_open(&h, &options, &err) == TC_OK);
	put_token(h, FUZZ_TOKEN, "alice", TC_STATE_ACTIVE);
	put_token(h, FUZZ_REVOKED, "bob", TC_STATE_REVOKED);
	import_value(h);
	tc_free(h);
	return config;
}

void
fuzz_check_line(const char *line)
{
	size_t len = strlen(line);

	CHECK(fuzz_is_line(line, 4096));
	CHECK(!fuzz_holds_token(line, len, FUZZ_TOKEN));
	CHECK(!fuzz_holds_token(line, len, FUZZ_REVOKED));
}
