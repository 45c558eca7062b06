/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads PAM service files by the rules of pam.conf(5) and plays logins
 * through them.  Only modules are known by name; what a module would do with
 * its arguments is not.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apitoken.h"
#include "pamstack.h"

const char *const pam_folders[2] = { "/etc/pam.d", "/usr/lib/pam.d" };

static const struct {
	const char *name;
	enum pam_role role;
} modules[] = {
	{ "pam_apitoken", ROLE_OURS },	 { "pam_deny", ROLE_DENIES },
	{ "pam_access", ROLE_GATE },	 { "pam_listfile", ROLE_GATE },
	{ "pam_localuser", ROLE_GATE },	 { "pam_succeed_if", ROLE_GATE },
	{ "pam_time", ROLE_GATE },	 { "pam_wheel", ROLE_GATE },
	{ "pam_cap", ROLE_PASSES },	 { "pam_echo", ROLE_PASSES },
	{ "pam_env", ROLE_PASSES },	 { "pam_faildelay", ROLE_PASSES },
	{ "pam_faillock", ROLE_PASSES }, { "pam_gnome_keyring", ROLE_PASSES },
	{ "pam_group", ROLE_PASSES },	 { "pam_issue", ROLE_PASSES },
	{ "pam_keyinit", ROLE_PASSES },	 { "pam_kwallet5", ROLE_PASSES },
	{ "pam_limits", ROLE_PASSES },	 { "pam_mail", ROLE_PASSES },
	{ "pam_motd", ROLE_PASSES },	 { "pam_nologin", ROLE_PASSES },
	{ "pam_permit", ROLE_PASSES },	 { "pam_securetty", ROLE_PASSES },
	{ "pam_selinux", ROLE_PASSES },	 { "pam_shells", ROLE_PASSES },
	{ "pam_tally2", ROLE_PASSES },	 { "pam_umask", ROLE_PASSES },
	{ "pam_warn", ROLE_PASSES },
};

static const char *const answer_names[ANSWERS] = {
	[ANSWER_SUCCESS] = "success",
	[ANSWER_IGNORE] = "ignore",
	[ANSWER_AUTH_ERR] = "auth_err",
	[ANSWER_UNAVAIL] = "authinfo_unavail",
	[ANSWER_PERM_DENIED] = "perm_denied",
};

static const struct {
	const char *name;
	int action;
} action_names[] = {
	{ "ignore", ACTION_IGNORE }, { "ok", ACTION_OK },
	{ "done", ACTION_DONE },     { "bad", ACTION_BAD },
	{ "die", ACTION_DIE },	     { "reset", ACTION_RESET },
};

/* success, ignore, everything else: the table of pam.conf(5) */
static const struct {
	const char *name;
	int success, ignore, rest;
} keywords[] = {
	{ "required", ACTION_OK, ACTION_IGNORE, ACTION_BAD },
	{ "requisite", ACTION_OK, ACTION_IGNORE, ACTION_DIE },
	{ "sufficient", ACTION_DONE, ACTION_IGNORE, ACTION_IGNORE },
	{ "optional", ACTION_OK, ACTION_IGNORE, ACTION_IGNORE },
};

/* ---- files ---- */
struct reader {
	FILE *file;
	char path[PATH_MAX];
	char *line; /* with the lines that continue it */
	size_t size;
	unsigned number; /* of its first line */
	unsigned next;
	int error; /* why not all of it was read */
};

static bool
reader_open(struct reader *r, const char *root, const char *name)
{
	*r = (struct reader){ .next = 1 };
	for (size_t i = 0; i < COUNT(pam_folders) && !r->file; i++) {
		const bool whole = *name == '/';
		const int len = snprintf(r->path, sizeof(r->path), "%s%s%s%s",
					 root, whole ? "" : pam_folders[i],
					 whole ? "" : "/", name);

		if (len > 0 && (size_t)len < sizeof(r->path))
			r->file = fopen(r->path, "re");
		if (!r->file && errno != ENOENT && errno != ENOTDIR)
			break; /* what is behind it is not what counts */
	}
	r->error = r->file ? 0 : errno;
	return r->file != NULL;
}

static void
reader_close(struct reader *r)
{
	(void)fclose(r->file);
	free(r->line);
}

/* Takes off the line end, and a backslash before it; true: goes on. */
static bool
chop(char *line)
{
	size_t len = strcspn(line, "\n");

	line[len] = '\0';
	if (len == 0 || line[len - 1] != '\\')
		return false;
	line[len - 1] = ' ';
	return true;
}

static bool
reader_next(struct reader *r)
{
	char *more = NULL;
	size_t room = 0;
	bool on;

	if (getline(&r->line, &r->size, r->file) == -1) {
		r->error = feof(r->file) ? r->error : EIO;
		return false;
	}
	r->number = r->next++;
	on = chop(r->line);
	while (on && getline(&more, &room, r->file) != -1) {
		const size_t len = strlen(r->line) + strlen(more) + 1;
		char *line = realloc(r->line, len);

		r->next++;
		if (!line) {
			r->error = ENOMEM;
			break;
		}
		r->line = line;
		r->size = len;
		on = chop(more);
		(void)stpcpy(line + strlen(line), more);
	}
	if (on && !feof(r->file) && r->error == 0)
		r->error = EIO;
	free(more);
	r->line[strcspn(r->line, "#")] = '\0';
	return true;
}

/* Cuts a line into words; one in brackets may hold blanks. */
static size_t
split(char *line, char *words[PAM_WORDS_MAX])
{
	size_t n = 0;

	for (char *p = line; n < PAM_WORDS_MAX;) {
		p += strspn(p, " \t");
		if (*p == '\0')
			break;
		words[n++] = p;
		p += *p == '[' ? strcspn(p, "]") : strcspn(p, " \t");
		p += strcspn(p, " \t");
		if (*p)
			*p++ = '\0';
	}
	return n;
}

/* ---- one line ---- */
static int
parse_action(const char *text, size_t len)
{
	for (size_t i = 0; i < COUNT(action_names); i++) {
		if (strlen(action_names[i].name) == len &&
		    strncasecmp(action_names[i].name, text, len) == 0)
			return action_names[i].action;
	}
	if (isdigit((unsigned char)*text)) {
		const long jump = strtol(text, NULL, 10);

		return jump > PAM_LINES_MAX ? PAM_LINES_MAX : (int)jump;
	}
	return ACTION_BAD;
}

/* "[success=done ignore=ignore default=die]" */
static void
parse_brackets(const char *text, int action[ANSWERS])
{
	bool set[ANSWERS] = { false };
	int rest = ACTION_BAD;

	for (text++; *text && *text != ']';) {
		size_t name, value;

		text += strspn(text, " \t");
		name = strcspn(text, "= \t]");
		if (text[name] != '=')
			break;
		value = strcspn(text + name + 1, " \t]");
		for (size_t i = 0; i < ANSWERS; i++) {
			if (strlen(answer_names[i]) != name ||
			    strncasecmp(answer_names[i], text, name) != 0)
				continue;
			action[i] = parse_action(text + name + 1, value);
			set[i] = true;
		}
		if (name == strlen("default") &&
		    strncasecmp(text, "default", name) == 0)
			rest = parse_action(text + name + 1, value);
		text += name + 1 + value;
	}
	for (size_t i = 0; i < ANSWERS; i++) {
		if (!set[i])
			action[i] = rest;
	}
}

static void
parse_control(const char *text, int action[ANSWERS])
{
	if (*text == '[') {
		parse_brackets(text, action);
		return;
	}
	for (size_t i = 0; i < ANSWERS; i++)
		action[i] = ACTION_BAD; /* libpam fails on another word */
	for (size_t i = 0; i < COUNT(keywords); i++) {
		if (strcasecmp(text, keywords[i].name) != 0)
			continue;
		for (size_t k = 0; k < ANSWERS; k++)
			action[k] = keywords[i].rest;
		action[ANSWER_SUCCESS] = keywords[i].success;
		action[ANSWER_IGNORE] = keywords[i].ignore;
	}
}

static enum pam_role
role_of(const char *module)
{
	const char *slash = strrchr(module, '/');
	const char *name = slash ? slash + 1 : module;
	const size_t len = strcspn(name, ".");

	for (size_t i = 0; i < COUNT(modules); i++) {
		if (strlen(modules[i].name) == len &&
		    strncmp(modules[i].name, name, len) == 0)
			return modules[i].role;
	}
	return ROLE_PROVES;
}

static void
parse_arguments(struct pam_line *line, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (line->role == ROLE_PASSES &&
		    strcmp(words[i], "authfail") == 0)
			line->role = ROLE_DENIES; /* pam_faillock */
		else if (strcmp(words[i], "nontoken=ignore") == 0)
			line->nontoken_ignore = true;
		else if (strcmp(words[i], "keep_authtok") == 0)
			line->keep_authtok = true;
	}
}

static struct pam_line *
add_line(struct pam_stack *stack, const struct reader *r, int level)
{
	struct pam_line *line;

	if (stack->n == PAM_LINES_MAX) {
		stack->cut = true;
		return NULL;
	}
	line = &stack->lines[stack->n++];
	(void)snprintf(line->file, sizeof(line->file), "%s", r->path);
	line->line = r->number;
	line->level = level;
	return line;
}

/* ---- a stack ---- */
struct loader {
	struct pam_stack *stack;
	const char *root, *type;
};

static void load(const struct loader *l, const char *name, int level,
		 int depth);

static void
load_line(const struct loader *l, const struct reader *r, int level, int depth)
{
	char *words[PAM_WORDS_MAX];
	const size_t n = split(r->line, words);
	struct pam_line *line;
	const char *type;

	if (n >= 2 && strcmp(words[0], "@include") == 0) {
		load(l, words[1], level, depth + 1);
		return;
	}
	if (n < 3)
		return;
	type = words[0] + (*words[0] == '-');
	if (strcasecmp(type, l->type) != 0)
		return;
	if (strcasecmp(words[1], "include") == 0) {
		load(l, words[2], level, depth + 1);
		return;
	}
	line = add_line(l->stack, r, level);
	if (!line)
		return;
	if (strcasecmp(words[1], "substack") == 0) {
		line->role = ROLE_SUBSTACK;
		load(l, words[2], level + 1, depth + 1);
		return;
	}
	line->silent = *words[0] == '-';
	line->role = role_of(words[2]);
	(void)snprintf(line->module, sizeof(line->module), "%s", words[2]);
	parse_control(words[1], line->action);
	parse_arguments(line, words + 3, n - 3);
}

static void
load(const struct loader *l, const char *name, int level, int depth)
{
	struct reader r;

	if (depth > PAM_DEPTH_MAX) {
		l->stack->cut = true;
		return;
	}
	if (reader_open(&r, l->root, name)) {
		while (reader_next(&r))
			load_line(l, &r, level, depth);
		reader_close(&r);
	}
	if (r.error != 0 && l->stack->error == 0) {
		(void)snprintf(l->stack->unread, sizeof(l->stack->unread), "%s",
			       r.path);
		l->stack->error = r.error;
	}
}

bool
pam_stack_load(struct pam_stack *stack, const char *root, const char *service,
	       const char *type)
{
	const struct loader l = { .stack = stack, .root = root, .type = type };

	*stack = (struct pam_stack){ 0 };
	stack->lines = calloc(PAM_LINES_MAX, sizeof(*stack->lines));
	if (!stack->lines)
		return false;
	load(&l, service, 0, 0);
	return true;
}

void
pam_stack_free(struct pam_stack *stack)
{
	free(stack->lines);
	*stack = (struct pam_stack){ 0 };
}

int
pam_includes(const char *root, const char *service,
	     void (*fn)(void *arg, const char *name), void *arg)
{
	struct reader r;

	if (!reader_open(&r, root, service))
		return r.error;
	while (reader_next(&r)) {
		char *words[PAM_WORDS_MAX];
		const size_t n = split(r.line, words);

		if (n >= 2 && strcmp(words[0], "@include") == 0)
			fn(arg, words[1]);
		else if (n >= 3 && (strcasecmp(words[1], "include") == 0 ||
				    strcasecmp(words[1], "substack") == 0))
			fn(arg, words[2]);
	}
	reader_close(&r);
	return r.error;
}
