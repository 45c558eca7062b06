/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The installation that calls fail in: tokens of every kind, and images of its
 * files, so that each attempt begins with the same ones and it can be said
 * what it changed.
 */
#ifndef TESTS_FAIL_SITE_H
#define TESTS_FAIL_SITE_H

#include <stddef.h>

#include "tokencore.h"

#define SITE_SECRET "0123456789abcdef0123456789abcdef" /* of key 1 */
#define SITE_SECRET_2 "fedcba9876543210fedcba9876543210"
#define SITE_VALUE "made-elsewhere-0123456789" /* carol's, imported */
#define SITE_NO_GROUP "nosuchgroup" /* in configurations, and not there */
#define SITE_ALIAS "toor" /* another name of root */
#define SITE_EXPIRES INT64_C(4000000000)
#define SITE_PATH 512

struct site_token {
	char text[TC_TOKEN_MAX + 1], id[TC_ID_LEN + 1];
};

struct site {
	char dir[SITE_PATH], config[SITE_PATH];
	struct site_token valid; /* alice/laptop, with limits */
	struct site_token expired; /* alice/phone, from SITE_EXPIRES on */
	struct site_token revoked; /* alice/old */
	struct site_token deleted; /* alice/gone */
	struct site_token ended; /* dave/desk, by a mark */
	struct site_token retired; /* alice/safe, by its key 3 */
	struct site_token root; /* root/console */
	struct site_token alias; /* SITE_ALIAS's, once it was made */
	struct site_token unknown; /* nobody's */
	struct site_token forged; /* the valid one, another tag */
	char narrowed[TC_TOKEN_MAX + 1]; /* the valid one with caveats */
	const char *passwd; /* read in place of /etc/passwd; NULL: none is */
};

extern struct site site;
extern const struct tc_actor site_actor;

/* Makes it in a folder that is empty.  Ends the program if it cannot. */
void site_make(const char *dir);
const char *site_path(const char *name); /* until the next call but 7 */
tc_handle *site_open(void);
/* Lines before the sections of the configuration, and sections after it. */
void site_configure(const char *lines, const char *sections);

/* Takes images of the files as they are now. */
void site_keep(void);
/* Brings back what was kept: as it is now, or by site_make(). */
void site_restore(void);
void site_restore_first(void);
/* Is anything different from the images, the logs and the tokens' last use
 * left aside? */
int site_changed(void);
/* Brings back the last use, so that the next login notes it again. */
void site_forget_use(void);
/* Puts a file there anew, as it was kept. */
void site_touch(const char *name);
/* Changes a byte of the first such text in it. */
void site_damage(const char *name, const char *text);
/* The name of a temporary file that is there, or NULL. */
const char *site_left_over(void);
/* What was written to the audit log since the last call; until the next. */
const char *site_audit(void);

/* What the store holds, in words; times and new ids left out. */
struct site_text {
	char *records, *marks, *keys;
};
void site_read(struct site_text *text);
void site_text_free(struct site_text *text);
int site_same(const struct site_text *a, const struct site_text *b);

/* Makes one more change, looks whether it alone shows and whether all is well:
 * NULL, or what is wrong.  After one that is done all is well before, too. */
const char *site_go_on(const struct site_text *before, int is_done);

#endif
