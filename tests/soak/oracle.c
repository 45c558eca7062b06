/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle.h"

#include <stdatomic.h>

#include "../store/kit.h"

const char *const oracle_names[NAMES] = {
	[SSHD] = "sshd", [IMAP] = "imap", [SMTP] = "smtp",
	[LDAP] = "ldap", [MAIL] = "mail",
};

const char *const oracle_logins[LOGINS] = {
	[AT_SSHD] = "sshd", [AT_IMAP] = "imap", [AT_DOVECOT] = "dovecot",
	[AT_SMTP] = "smtp", [AT_LDAP] = "ldap",
};

/* ---- statuses as words ---- */

static void
pack(const struct oracle_status *s, uint64_t what[2])
{
	what[0] = (uint64_t)s->life | (uint64_t)s->names << 8 |
		  (uint64_t)(unsigned)s->network << 16;
	what[1] = (uint64_t)s->expires;
}

static struct oracle_status
unpack(const uint64_t what[2])
{
	return (struct oracle_status){
		.life = (enum oracle_life)(what[0] & 0xff),
		.names = (unsigned)(what[0] >> 8 & 0xff),
		.network = (int)(what[0] >> 16 & 1),
		.expires = (int64_t)what[1],
	};
}

void
oracle_begin(struct oracle_slot *slot, const struct oracle_status *next)
{
	uint64_t what[2];

	pack(next, what);
	timeline_begin(&slot->statuses, what);
}

void
oracle_end(struct oracle_slot *slot)
{
	timeline_end(&slot->statuses);
}

struct oracle_status
oracle_status(const struct oracle_slot *slot)
{
	uint64_t what[2] = { 0, 0 };

	(void)timeline_last(&slot->statuses, what);
	return unpack(what);
}

struct oracle_slot *
oracle_new(struct oracle_part *part)
{
	return part->n < ORACLE_SLOTS ? &part->slot[part->n] : NULL;
}

void
oracle_publish(struct oracle_part *part)
{
	part->n++;
}

void
oracle_heat(struct oracle_part *part, const struct oracle_slot *slot)
{
	part->hot[part->n_hot % ORACLE_HOT] = (unsigned)(slot - part->slot);
	part->n_hot++;
}

void
oracle_conf_begin(struct oracle *o, unsigned conf)
{
	const uint64_t what[2] = { conf, 0 };

	timeline_begin(&o->confs, what);
}

void
oracle_conf_end(struct oracle *o)
{
	timeline_end(&o->confs);
}

void
oracle_outage(struct oracle *o, uint64_t from, uint64_t until)
{
	const uint64_t what[2] = { 0, 0 };

	timeline_window(&o->outages, from, until, what);
}

void
oracle_outage_over(struct oracle *o)
{
	timeline_close(&o->outages);
}

/* ---- logging in ---- */

const struct oracle_slot *
oracle_pick(const struct oracle *o, uint64_t *seed)
{
	const struct oracle_part *part =
	    &o->part[kit_below(seed, ORACLE_WRITERS)];
	unsigned n = part->n, n_hot = part->n_hot, near = n < 32 ? n : 32;
	unsigned dice = (unsigned)kit_below(seed, 10);

	if (n == 0)
		return NULL;
	if (n_hot > ORACLE_HOT)
		n_hot = ORACLE_HOT;
	if (dice < 5 && n_hot > 0)
		return &part->slot[part->hot[kit_below(seed, n_hot)]];
	if (dice < 8)
		return &part->slot[n - 1 - kit_below(seed, near)];
	return &part->slot[kit_below(seed, n)];
}

void
oracle_start(struct oracle_ask *ask)
{
	ask->first = (int64_t)time(NULL);
	ask->begun = timeline_now();
}

void
oracle_stop(struct oracle_ask *ask)
{
	ask->ended = timeline_now();
	ask->last = (int64_t)time(NULL);
}

/* ---- what is right ---- */

static int
name_fits(enum oracle_name name, enum oracle_login login, unsigned conf)
{
	int imap = login == AT_IMAP ||
		   (login == AT_DOVECOT && (conf & CONF_DOVECOT_IS_IMAP) != 0);

	switch (name) {
	case SSHD:
		return login == AT_SSHD;
	case IMAP:
		return imap;
	case SMTP:
		return login == AT_SMTP;
	case LDAP:
		return login == AT_LDAP;
	case MAIL:
		return imap ||
		       (login == AT_SMTP && (conf & CONF_MAIL_HAS_SMTP) != 0);
	case NAMES:
		break;
	}
	return 0;
}

static int
service_fits(const struct oracle_ask *ask, unsigned names, unsigned conf)
{
	int fits = names == 0;

	for (unsigned i = 0; i < NAMES; i++)
		if ((names & 1U << i) != 0 &&
		    name_fits((enum oracle_name)i, ask->login, conf))
			fits = 1;
	return fits && (ask->what != ASK_NARROWED ||
			name_fits(ask->only, ask->login, conf));
}

static unsigned
bit(enum tc_verdict verdict)
{
	return 1U << verdict;
}

/* Is the record looked for by what was typed, so that it may be a password? */
static int
by_value(const struct oracle_ask *ask)
{
	return ask->slot->imported && ask->what != ASK_PROOF;
}

/* Of a record that lives. */
static unsigned
right_if_living(const struct oracle_ask *ask, const struct oracle_status *s,
		unsigned conf)
{
	enum tc_verdict limit = TC_VALID;
	unsigned right = 0;

	if (s->network && !ask->inside)
		limit = TC_WRONG_SOURCE;
	if (!service_fits(ask, s->names, conf))
		limit = TC_WRONG_SERVICE;
	if (s->expires == 0 || ask->first < s->expires)
		right |= bit(limit);
	if (s->expires != 0 && ask->last >= s->expires)
		right |= bit(TC_EXPIRED);
	return right;
}

static unsigned
right_of(const struct oracle_ask *ask, const struct oracle_status *s,
	 unsigned conf)
{
	int by_id = ask->what == ASK_SCRAM;

	switch (s->life) {
	case NOT_YET:
		return bit(TC_NOT_A_TOKEN);
	case LIVES:
		return right_if_living(ask, s, conf);
	case REVOKED:
		return bit(TC_REVOKED);
	case DELETED:
		return by_id ? bit(TC_UNKNOWN_TOKEN) : bit(TC_REVOKED);
	case KEY_RETIRED:
		/* Values are not looked for under a retired key; before the
		 * file says so, the mark in the store does. */
		return bit(TC_REVOKED) |
		       (by_value(ask) ? bit(TC_NOT_A_TOKEN) : 0);
	}
	return 0;
}

/* What does not depend on the record. */
static unsigned
right_anyway(const struct oracle_ask *ask)
{
	switch (ask->what) {
	case ASK_FORGED:
		return bit(TC_FORGED);
	case ASK_STRANGER:
	case ASK_SCRAM_OTHER:
		return bit(TC_UNKNOWN_TOKEN);
	case ASK_OTHER_USER:
		return ask->slot->imported ? bit(TC_NOT_A_TOKEN)
					   : bit(TC_WRONG_USER);
	case ASK_TEXT:
	case ASK_NARROWED:
	case ASK_PROOF:
	case ASK_SCRAM:
		break;
	}
	return 0;
}

static unsigned
right_by_record(const struct oracle *o, const struct oracle_ask *ask)
{
	uint64_t statuses[TIMELINE_DEPTH][2], confs[TIMELINE_DEPTH][2];
	int n = timeline_during(&ask->slot->statuses, ask->begun, ask->ended,
				statuses);
	int n_confs = timeline_during(&o->confs, ask->begun, ask->ended, confs);
	unsigned right = 0;

	if (n < 0 || n_confs < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		struct oracle_status s = unpack(statuses[i]);

		for (int j = 0; j < n_confs; j++)
			right |= right_of(ask, &s, (unsigned)confs[j][0]);
	}
	/* What is found by its id is judged by a second look-up. */
	if (n > 1 && ask->what == ASK_SCRAM &&
	    (right & bit(TC_UNKNOWN_TOKEN)) != 0)
		right |= bit(TC_REVOKED);
	return right;
}

unsigned
oracle_right(const struct oracle *o, const struct oracle_ask *ask)
{
	uint64_t outages[TIMELINE_DEPTH][2];
	int out = timeline_during(&o->outages, ask->begun, ask->ended, outages);
	unsigned right = right_anyway(ask);

	if (right == 0)
		right = right_by_record(o, ask);
	if (right == 0 || out < 0)
		return 0;
	if (out > 0)
		right |= bit(by_value(ask) ? TC_NOT_A_TOKEN : TC_UNAVAILABLE);
	return right;
}
