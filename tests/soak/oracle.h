/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The oracle: what is true of each token and of the configuration, and when it
 * was; and which verdicts a login may get that began and ended at given
 * moments.  Others are wrong.
 */
#ifndef SOAK_ORACLE_H
#define SOAK_ORACLE_H

#include <time.h>

#include "timeline.h"
#include "tokencore.h"

#define ORACLE_WRITERS 2
#define ORACLE_SLOTS 40000 /* of each writer */
#define ORACLE_HOT 32
#define ORACLE_USER_MAX 15

/* The names that tokens are made for; "mail" is a set. */
enum oracle_name { SSHD, IMAP, SMTP, LDAP, MAIL, NAMES };
extern const char *const oracle_names[NAMES];

/* Where logins happen; "dovecot" is another word for "imap", or not. */
enum oracle_login { AT_SSHD, AT_IMAP, AT_DOVECOT, AT_SMTP, AT_LDAP, LOGINS };
extern const char *const oracle_logins[LOGINS];

/* The configuration that is in force, as bits. */
#define CONF_MAIL_HAS_SMTP 1U
#define CONF_DOVECOT_IS_IMAP 2U
#define CONFS 4U

#define ORACLE_NETWORK "192.0.2.0/24"
#define ORACLE_INSIDE "192.0.2.7"
#define ORACLE_OUTSIDE "198.51.100.7"

enum oracle_life { NOT_YET, LIVES, REVOKED, DELETED, KEY_RETIRED };

/* What a record says, as far as verdicts depend on it. */
struct oracle_status {
	enum oracle_life life;
	unsigned names; /* bits of enum oracle_name; 0: every service */
	int network; /* 1: from ORACLE_NETWORK only */
	int64_t expires;
};

/* A token, or a value made elsewhere. */
struct oracle_slot {
	char user[ORACLE_USER_MAX + 1], id[TC_ID_LEN + 1];
	char text[80];
	int imported;
	unsigned kid;
	unsigned char stored_key[TC_SCRAM_KEY];
	struct timeline statuses;
};

/* What one writer made.  Its users are its own. */
struct oracle_part {
	_Atomic unsigned n;
	_Atomic unsigned hot[ORACLE_HOT]; /* changed of late */
	_Atomic unsigned n_hot;
	struct oracle_slot slot[ORACLE_SLOTS];
};

struct oracle {
	struct timeline confs, outages;
	struct oracle_part part[ORACLE_WRITERS];
};

/* ---- for who changes things ---- */

void oracle_begin(struct oracle_slot *slot, const struct oracle_status *next);
void oracle_end(struct oracle_slot *slot);
struct oracle_status oracle_status(const struct oracle_slot *slot);
/* A slot to be filled in and then published; NULL: there is no more room. */
struct oracle_slot *oracle_new(struct oracle_part *part);
void oracle_publish(struct oracle_part *part);
void oracle_heat(struct oracle_part *part, const struct oracle_slot *slot);

void oracle_conf_begin(struct oracle *o, unsigned conf);
void oracle_conf_end(struct oracle *o);

/* Who began before `until` and is at it after `from` may be told that tokens
 * cannot be checked. */
void oracle_outage(struct oracle *o, uint64_t from, uint64_t until);
void oracle_outage_over(struct oracle *o);

/* ---- for who logs in ---- */

/* Something to log in with, often one that is changed just now; NULL: there is
 * nothing yet. */
const struct oracle_slot *oracle_pick(const struct oracle *o, uint64_t *seed);

enum oracle_what {
	ASK_TEXT, /* token or value, as it is */
	ASK_NARROWED, /* the token, for one service */
	ASK_FORGED, /* the token with another tag */
	ASK_STRANGER, /* another nonce */
	ASK_OTHER_USER,
	ASK_PROOF, /* tc_recheck() */
	ASK_SCRAM, /* by its id */
	ASK_SCRAM_OTHER /* by its id, as another user */
};

struct oracle_ask {
	enum oracle_what what;
	const struct oracle_slot *slot;
	enum oracle_login login;
	enum oracle_name only; /* of a token that was narrowed */
	int inside;
	/* set by oracle_start() and oracle_stop() */
	uint64_t begun, ended;
	int64_t first, last; /* seconds, as the library tells them */
};

void oracle_start(struct oracle_ask *ask);
void oracle_stop(struct oracle_ask *ask);

/* Bits 1u << enum tc_verdict; 0 when that can no longer be told. */
unsigned oracle_right(const struct oracle *o, const struct oracle_ask *ask);

#endif
