/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The doctor's look at PAM.  Each service that has a pam_apitoken line is
 * played through: a refused token, a store that cannot be read, a password,
 * a good token; and what must not come out of it is reported.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apitoken.h"
#include "pamstack.h"

#define LINE_MEND                                                              \
	"auth [success=done ignore=ignore default=die] "                       \
	"pam_apitoken.so nontoken=ignore"

enum fault {
	LETS_IN,
	LETS_IN_BROKEN,
	LETS_IN_PASSWORD,
	PASSES_ON,
	PASSES_ON_BROKEN,
	KEEPS_AUTHTOK,
	NOTHING_BEHIND,
	PASSWORDS_REFUSED,
	NEVER_ENOUGH,
	RECHECK_IDLE,
	OTHERS_SHUT_OUT,
	NO_MODULE,
	CUT,
	FAULTS
};

static const struct {
	enum tc_severity severity;
	const char *why, *mend;
} faults[FAULTS] = {
	[LETS_IN] = { TC_PROBLEM,
		      "a refused token still logs in, since no module after "
		      "this "
		      "one says no",
		      "write: " LINE_MEND },
	[LETS_IN_BROKEN] = { TC_PROBLEM,
			     "any token logs in while the store cannot be read",
			     "write: " LINE_MEND },
	[LETS_IN_PASSWORD] = { TC_PROBLEM,
			       "nontoken=ignore leaves passwords to the "
			       "modules after this "
			       "one, and none of them looks at a password: any "
			       "password "
			       "logs in",
			       "take nontoken=ignore away, or put the "
			       "distribution's own lines behind" },
	[PASSES_ON] = { TC_PROBLEM,
			"a refused token goes on to the modules after this one "
			"and "
			"to their logs and servers",
			"write: " LINE_MEND },
	[PASSES_ON_BROKEN] = { TC_WARNING,
			       "a token goes on to the modules after this one "
			       "while the "
			       "store cannot be read",
			       "write: " LINE_MEND },
	[KEEPS_AUTHTOK] = { TC_WARNING,
			    "keep_authtok leaves a refused token to the "
			    "modules after "
			    "this one",
			    "take keep_authtok away" },
	[NOTHING_BEHIND] = { TC_WARNING,
			     "nontoken=ignore leaves passwords to modules "
			     "after this one, "
			     "but there is none: no password logs in",
			     "take nontoken=ignore away, or put the "
			     "distribution's own "
			     "lines behind" },
	[PASSWORDS_REFUSED] = { TC_WARNING,
				"the control does not say ignore=ignore, so "
				"passwords are "
				"refused in spite of nontoken=ignore",
				"write: " LINE_MEND },
	[NEVER_ENOUGH] = { TC_WARNING,
			   "a good token is not enough: another module wants a "
			   "password "
			   "of its own",
			   "unless that is a wanted second factor, "
			   "write: " LINE_MEND },
	[RECHECK_IDLE] = { TC_WARNING,
			   "a token that was revoked or is out of place passes "
			   "the "
			   "account phase",
			   "write: account required pam_apitoken.so" },
	[OTHERS_SHUT_OUT] = { TC_WARNING,
			      "it is the only account module, so a login "
			      "without a token "
			      "is refused",
			      "put the distribution's own account lines "
			      "behind" },
	[NO_MODULE] = { TC_PROBLEM,
			"the module is named here but not installed", NULL },
	[CUT] = { TC_WARNING,
		  "the service includes too much to be looked at whole",
		  "check it by hand" },
};

#define NAMES_MAX 512 /* services of a host */
#define NAME_SIZE 128

struct names {
	size_t n;
	char name[NAMES_MAX][NAME_SIZE];
};

struct pam_check {
	struct doctor *doctor;
	struct names services, included;
	/* "file:line fault", so that a line that many services include is
	 * reported once */
	struct names reported;
	const char *service; /* whose includes are being noted */
	bool used;
};

static bool
has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->name[i], name) == 0)
			return true;
	}
	return false;
}

static void
add_name(struct names *names, const char *name)
{
	if (names->n < NAMES_MAX && strlen(name) < NAME_SIZE &&
	    !has_name(names, name))
		(void)stpcpy(names->name[names->n++], name);
}

static void
report_with(struct pam_check *check, const struct pam_line *line,
	    enum fault fault, const char *mend)
{
	char what[PATH_MAX + 32], key[NAME_SIZE];

	(void)snprintf(what, sizeof(what), "%s:%u", line->file, line->line);
	if (snprintf(key, sizeof(key), "%d %s", (int)fault, what) <
	    (int)sizeof(key)) {
		if (has_name(&check->reported, key))
			return;
		add_name(&check->reported, key);
	}
	finding(check->doctor, faults[fault].severity, what, faults[fault].why,
		mend);
}

static void
report(struct pam_check *check, const struct pam_line *line, enum fault fault)
{
	report_with(check, line, fault, faults[fault].mend);
}

/* ---- one service ---- */
static const struct pam_line *
find_ours(const struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++) {
		if (stack->lines[i].role == ROLE_OURS)
			return &stack->lines[i];
	}
	return NULL;
}

/* Played with every gate open and with every gate shut. */
struct twice {
	bool any_success, any_went_on;
};

static struct twice
play(const struct pam_stack *stack, enum pam_answer ours,
     enum pam_answer proving)
{
	struct twice both = { false, false };

	for (int gates = 0; gates < 2; gates++) {
		const struct pam_scene scene = { .ours = ours,
						 .proving = proving,
						 .gates = gates };
		const struct pam_outcome out = pam_stack_play(stack, &scene);

		both.any_success |= out.success;
		both.any_went_on |= out.went_on;
	}
	return both;
}

/* Remembered as a failure, whatever the modules after it say. */
static bool
refuses(const struct pam_line *line, enum pam_answer given)
{
	return line->action[given] == ACTION_BAD ||
	       line->action[given] == ACTION_DIE;
}

static void
check_refused(struct pam_check *check, const struct pam_stack *stack,
	      const struct pam_line *ours)
{
	const struct twice bad = play(stack, ANSWER_AUTH_ERR, ANSWER_AUTH_ERR);
	const struct twice broken =
	    play(stack, ANSWER_UNAVAIL, ANSWER_AUTH_ERR);

	if (bad.any_success)
		report(check, ours, LETS_IN);
	else if (bad.any_went_on && !refuses(ours, ANSWER_AUTH_ERR))
		report(check, ours, PASSES_ON);
	else if (bad.any_went_on && ours->keep_authtok)
		report(check, ours, KEEPS_AUTHTOK);
	else if (broken.any_success)
		report(check, ours, LETS_IN_BROKEN);
	else if (broken.any_went_on && !refuses(ours, ANSWER_UNAVAIL))
		report(check, ours, PASSES_ON_BROKEN);
}

static void
check_password(struct pam_check *check, const struct pam_stack *stack,
	       const struct pam_line *ours)
{
	if (!ours->nontoken_ignore)
		return;
	if (refuses(ours, ANSWER_IGNORE))
		report(check, ours, PASSWORDS_REFUSED);
	else if (play(stack, ANSWER_IGNORE, ANSWER_AUTH_ERR).any_success)
		report(check, ours, LETS_IN_PASSWORD);
	else if (!play(stack, ANSWER_IGNORE, ANSWER_SUCCESS).any_success)
		report(check, ours, NOTHING_BEHIND);
}

static const char *const module_folders[] = {
	"/lib/security",       "/lib64/security", "/usr/lib/security",
	"/usr/lib64/security", "/lib/*/security", "/usr/lib/*/security",
};

static bool
module_there(struct doctor *doctor, const char *module)
{
	char path[PATH_MAX + 32];

	if (*module == '/')
		return host_path(doctor, module, path, sizeof(path)) &&
		       access(path, F_OK) == 0;
	for (size_t i = 0; i < COUNT(module_folders); i++) {
		glob_t found;
		bool there;

		(void)snprintf(path, sizeof(path), "%s/%s", module_folders[i],
			       module);
		host_glob(doctor, path, &found);
		there = found.gl_pathc > 0;
		globfree(&found);
		if (there)
			return true;
	}
	return false;
}

static void
name_folders(char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "install it in one of");

	for (size_t i = 0; i < COUNT(module_folders); i++)
		at += (size_t)snprintf(out + at, size - at, "%s %s",
				       i ? "," : "", module_folders[i]);
}

static void
check_module(struct pam_check *check, const struct pam_line *ours)
{
	char mend[PATH_MAX + 32];

	if (ours->silent || module_there(check->doctor, ours->module))
		return;
	(void)snprintf(mend, sizeof(mend), "install it as %s", ours->module);
	if (*ours->module != '/')
		name_folders(mend, sizeof(mend));
	report_with(check, ours, NO_MODULE, mend);
}

static void
check_auth(struct pam_check *check, const struct pam_stack *stack,
	   const struct pam_line *ours)
{
	check->used = true;
	if (stack->cut)
		report(check, ours, CUT);
	check_module(check, ours);
	check_refused(check, stack, ours);
	check_password(check, stack, ours);
	if (!play(stack, ANSWER_SUCCESS, ANSWER_AUTH_ERR).any_success)
		report(check, ours, NEVER_ENOUGH);
}

/* In the account phase the other modules are taken to agree. */
static void
check_account(struct pam_check *check, const struct pam_stack *stack,
	      const struct pam_line *ours, bool passwords)
{
	check->used = true;
	check_module(check, ours);
	if (play(stack, ANSWER_PERM_DENIED, ANSWER_SUCCESS).any_success)
		report(check, ours, RECHECK_IDLE);
	if (passwords &&
	    !play(stack, ANSWER_IGNORE, ANSWER_SUCCESS).any_success)
		report(check, ours, OTHERS_SHUT_OUT);
}

static bool
check_service(struct pam_check *check, const char *service)
{
	struct pam_stack auth, account;
	const struct pam_line *ours;
	bool passwords;

	if (!pam_stack_load(&auth, check->doctor->root, service, "auth"))
		return false;
	not_seen(check->doctor, auth.unread, auth.error);
	ours = find_ours(&auth);
	passwords = !ours || ours->nontoken_ignore;
	if (ours)
		check_auth(check, &auth, ours);
	pam_stack_free(&auth);
	if (!pam_stack_load(&account, check->doctor->root, service, "account"))
		return false;
	not_seen(check->doctor, account.unread, account.error);
	ours = find_ours(&account);
	if (ours)
		check_account(check, &account, ours, passwords);
	pam_stack_free(&account);
	return true;
}

/* ---- all services ---- */
/* Files that package managers and editors leave behind; nobody logs in by
 * such a service. */
static bool
is_leftover(const char *name)
{
	static const char *const ends[] = { "~",       ".bak",	   ".orig",
					    ".rpmnew", ".rpmsave", ".rpmorig" };
	const size_t len = strlen(name);

	for (size_t i = 0; i < COUNT(ends); i++) {
		const size_t end = strlen(ends[i]);

		if (len >= end && strcmp(name + len - end, ends[i]) == 0)
			return true;
	}
	return *name == '.' || strstr(name, ".dpkg-") != NULL;
}

static void
note_included(void *arg, const char *name)
{
	struct pam_check *check = arg;

	/* one that includes itself still has to be looked at */
	if (strcmp(name, check->service) != 0)
		add_name(&check->included, name);
}

static void
find_services(struct pam_check *check)
{
	for (size_t i = 0; i < COUNT(pam_folders); i++) {
		char path[PATH_MAX];
		const struct dirent *entry;
		DIR *dir;

		if (!host_path(check->doctor, pam_folders[i], path,
			       sizeof(path)))
			continue;
		errno = 0;
		dir = opendir(path);
		while (dir && (entry = readdir(dir))) {
			if (!is_leftover(entry->d_name))
				add_name(&check->services, entry->d_name);
			errno = 0;
		}
		not_seen(check->doctor, path, errno);
		if (dir)
			(void)closedir(dir);
	}
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
doctor_pam(struct doctor *doctor)
{
	struct pam_check *check = calloc(1, sizeof(*check));
	bool ok = check != NULL;
	const size_t before = doctor->problems + doctor->warnings;

	if (ok) {
		check->doctor = doctor;
		find_services(check);
		qsort(check->services.name, check->services.n, NAME_SIZE,
		      compare_names);
		for (size_t i = 0; i < check->services.n; i++) {
			check->service = check->services.name[i];
			not_seen(doctor, check->service,
				 pam_includes(doctor->root, check->service,
					      note_included, check));
		}
	}
	for (size_t i = 0; ok && i < check->services.n; i++) {
		/* a part of other services is judged in its place there */
		if (!has_name(&check->included, check->services.name[i]))
			ok = check_service(check, check->services.name[i]);
	}
	if (!ok)
		finding(doctor, TC_PROBLEM, "PAM services", "out of memory",
			"try again");
	else if (!check->used)
		finding(doctor, TC_FINE,
			"PAM services (none names "
			"pam_apitoken)",
			"", "");
	else if (before == doctor->problems + doctor->warnings)
		finding(doctor, TC_FINE, "PAM services", "", "");
	free(check);
}
