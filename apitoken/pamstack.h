/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PAM service files as libpam reads them, and what a stack would answer when
 * pam_apitoken answers this or that: for the doctor.
 */
#ifndef PAMSTACK_H
#define PAMSTACK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define PAM_LINES_MAX 128 /* of one stack, with all it includes */
#define PAM_DEPTH_MAX 8 /* files that include files */
#define PAM_WORDS_MAX 32 /* words of a line that are looked at */
#define PAM_NAME_MAX 64 /* bytes of a module's name */

/* What a module can answer, as far as it matters here. */
enum pam_answer {
	ANSWER_SUCCESS,
	ANSWER_IGNORE,
	ANSWER_AUTH_ERR,
	ANSWER_UNAVAIL,
	ANSWER_PERM_DENIED,
	ANSWERS
};

/* What comes of an answer; above zero: modules to jump over. */
enum pam_action {
	ACTION_IGNORE = 0,
	ACTION_OK = -1,
	ACTION_DONE = -2,
	ACTION_BAD = -3,
	ACTION_DIE = -4,
	ACTION_RESET = -5
};

enum pam_role {
	ROLE_PROVES, /* looks at a password: any module not known better */
	ROLE_PASSES, /* succeeds whoever it is */
	ROLE_GATE, /* depends on user, place or time, not on a password */
	ROLE_DENIES,
	ROLE_OURS,
	ROLE_SUBSTACK /* no module: the head of one */
};

struct pam_line {
	char file[PATH_MAX];
	unsigned line;
	int level; /* of substacks around it */
	enum pam_role role;
	int action[ANSWERS];
	char module[PATH_MAX]; /* as written */
	bool silent; /* "-auth" */
	bool nontoken_ignore, keep_authtok;
};

struct pam_stack {
	struct pam_line *lines;
	size_t n;
	bool cut; /* there was more */
	int error; /* an errno: this file could not be read whole */
	char unread[PATH_MAX];
};

/* What the modules answer in one login. */
struct pam_scene {
	enum pam_answer ours, proving;
	bool gates; /* what the gates say */
};

struct pam_outcome {
	bool success;
	bool went_on; /* a proving module ran after ours */
};

/** Folders that service files are in, the first one wins. */
extern const char *const pam_folders[2];

/**
 * Reads a service's lines of one type ("auth", "account") and all they
 * include.
 * @param root  before every path
 * @return false: out of memory
 */
bool pam_stack_load(struct pam_stack *stack, const char *root,
		    const char *service, const char *type);
void pam_stack_free(struct pam_stack *stack);

/** Calls back for each file that this one includes; 0, or the errno because of
 *  which not all of it was read. */
int pam_includes(const char *root, const char *service,
		 void (*fn)(void *arg, const char *name), void *arg);

/** Plays a login through the stack by the rules of libpam's dispatcher. */
struct pam_outcome pam_stack_play(const struct pam_stack *stack,
				  const struct pam_scene *scene);

#endif
