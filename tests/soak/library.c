/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins by the library's own calls: one handle, many threads. */
#include <string.h>

#include "soak.h"

static struct tc_request
request_of(const struct oracle_ask *ask, const char *text)
{
	return (struct tc_request){
		.authtok = text,
		.authtok_len = strlen(text),
		.user = reader_user(ask),
		.service = oracle_logins[ask->login],
		.rhost = reader_address(ask),
		.flags = TC_IMPORTED,
	};
}

/* Once more, what was proved a moment ago. */
static void
recheck(tc_handle *h, const struct oracle_ask *before,
	const struct tc_proof *proof)
{
	struct oracle_ask ask = *before;
	struct tc_request req = request_of(&ask, "");
	struct tc_result res;
	enum tc_verdict verdict;

	if (ask.what == ASK_TEXT)
		ask.what = ASK_PROOF;
	oracle_start(&ask);
	verdict = tc_recheck(h, proof, &req, &res);
	oracle_stop(&ask);
	soak_judge(BY_RECHECK, &ask, 1U << verdict, res.detail);
}

static void
verify(tc_handle *h, struct oracle_ask *ask, uint64_t *seed)
{
	char text[TC_TOKEN_MAX + 1];
	struct tc_request req;
	struct tc_result res;
	enum tc_verdict verdict;

	reader_text(ask, seed, text);
	req = request_of(ask, text);
	oracle_start(ask);
	verdict = tc_verify(h, &req, &res);
	oracle_stop(ask);
	soak_judge(ask->slot->imported ? BY_VALUE : BY_VERIFY, ask,
		   1U << verdict, res.detail);
	if (verdict == TC_VALID && kit_below(seed, 3) == 0)
		recheck(h, ask, &res.proof);
}

/* A verifier is handed out for what is valid and for nothing else. */
static void
find(tc_handle *h, struct oracle_ask *ask)
{
	struct tc_request req = request_of(ask, "");
	struct tc_scram scram;
	struct tc_result res;
	char beginning[TC_ID_LEN + 1];
	enum tc_verdict verdict;
	int real;

	memcpy(beginning, ask->slot->id, sizeof(beginning));
	beginning[16] = '\0';
	oracle_start(ask);
	verdict = tc_scram_find(h, beginning, &req, &scram, &res);
	oracle_stop(ask);
	real = memcmp(scram.stored_key, ask->slot->stored_key,
		      sizeof(scram.stored_key)) == 0;
	soak_judge(BY_SCRAM_FIND, ask, 1U << (real ? TC_VALID : verdict),
		   res.detail);
	if (verdict == TC_VALID && !real)
		soak_judge(BY_SCRAM_FIND, ask, 1U << TC_MALFORMED,
			   "valid, but another's verifier");
}

static void
log_in(void *arg, uint64_t seed)
{
	static const enum oracle_what kinds[] = {
		ASK_TEXT,     ASK_TEXT,	      ASK_TEXT,	    ASK_TEXT,
		ASK_TEXT,     ASK_TEXT,	      ASK_NARROWED, ASK_FORGED,
		ASK_STRANGER, ASK_OTHER_USER, ASK_SCRAM,    ASK_SCRAM_OTHER,
	};
	struct oracle_ask ask;

	for (unsigned i = 0; !soak->stop; i++) {
		/* PAM and SASL are slower, and are to have their share. */
		if (i % 4 == 0 && !soak_options.library_only)
			kit_nap(0.001);
		if (!reader_draw(&ask, kinds, sizeof(kinds) / sizeof(*kinds),
				 &seed))
			continue;
		if (ask.what == ASK_SCRAM || ask.what == ASK_SCRAM_OTHER)
			find(arg, &ask);
		else
			verify(arg, &ask, &seed);
	}
}

void
library_run(unsigned threads, uint64_t seed)
{
	tc_handle *h = kit_open(soak_options.config);

	reader_threads(threads, log_in, h, seed);
	tc_free(h);
}
