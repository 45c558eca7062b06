/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words behind pam_apitoken.so on a line, parted by NULs.  Taken or not as
 * a second reading says, which knows each of them by a rule of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "../../pam_apitoken/options.h"
#include "fuzz.h"
#include "match.h"
#include "pamkit.h"

#define WORDS_MAX 40

static int
is_path(const char *value)
{
	return value[0] == '/' && strlen(value) < PATH_MAX;
}

static int
is_service(const char *value)
{
	return tc_service_fits(value, strlen(value));
}

static int
is_nontoken(const char *value)
{
	return strcmp(value, "ignore") == 0 || strcmp(value, "deny") == 0;
}

static int
is_yes_no(const char *value)
{
	return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
}

static int
is_prompt(const char *value)
{
	return *value && fuzz_is_line(value, 200);
}

static int
is_uid(const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	return strspn(value, "0123456789") == strlen(value) && *value &&
	       strlen(value) <= 10 && n >= 1 && n < UINT32_MAX;
}

static const struct {
	const char *name;
	int (*fits)(const char *value); /* NULL: takes none */
} known[] = {
	{ "config", is_path },	     { "service", is_service },
	{ "nontoken", is_nontoken }, { "imported", is_yes_no },
	{ "prompt", is_prompt },     { "minimum_uid", is_uid },
	{ "try_first_pass", NULL },  { "use_first_pass", NULL },
	{ "allow_root", NULL },	     { "keep_authtok", NULL },
	{ "nodelay", NULL },	     { "debug", NULL },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

/* The number of the word's option, or -1: it is none. */
static int
read_word(const char *word)
{
	for (size_t i = 0; i < KNOWN; i++) {
		size_t len = strlen(known[i].name);

		if (strncmp(word, known[i].name, len) != 0)
			continue;
		if (known[i].fits ? word[len] == '=' && word[len + 1] &&
					known[i].fits(word + len + 1)
				  : word[len] == '\0')
			return (int)i;
	}
	return -1;
}

static int
read_words(int argc, const char **argv, const char **values)
{
	for (int i = 0; i < argc; i++) {
		int which = read_word(argv[i]);
		const char *equals = strchr(argv[i], '=');

		if (which < 0 || values[which])
			return 0;
		values[which] = equals ? equals + 1 : argv[i];
	}
	return 1;
}

static void
same(const struct options *opt, const char **values)
{
	CHECK(opt->config == values[0]);
	CHECK(opt->service == values[1]);
	CHECK((opt->nontoken == NONTOKEN_IGNORE) ==
	      (values[2] && values[2][0] == 'i'));
	CHECK(opt->imported == (values[3] && values[3][0] == 'y'));
	CHECK(opt->prompt == values[4]);
	CHECK(opt->minimum_uid ==
	      (values[5] ? strtoul(values[5], NULL, 10) : 0));
	CHECK(opt->try_first_pass == (values[6] != NULL));
	CHECK(opt->use_first_pass == (values[7] != NULL));
	CHECK(opt->allow_root == (values[8] != NULL));
	CHECK(opt->keep_authtok == (values[9] != NULL));
	CHECK(opt->nodelay == (values[10] != NULL));
	CHECK(opt->debug == (values[11] != NULL));
}

static int
no_answer(int n, const struct pam_message **messages,
	  struct pam_response **responses, void *arg)
{
	(void)n;
	(void)messages;
	(void)responses;
	(void)arg;
	return PAM_CONV_ERR;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct pam_conv conv = { no_answer, NULL };
	static pam_handle_t *pamh;
	struct fuzz in = { data, len };
	const char *argv[WORDS_MAX], *values[KNOWN] = { NULL };
	char *words[WORDS_MAX];
	struct options opt;
	int argc = 0, rc;

	if (!pamh)
		NEED(pam_start_confdir("fuzz", "alice", &conv,
				       pamkit_service("fuzz", ""),
				       &pamh) == PAM_SUCCESS);
	for (; in.left > 0 && argc < WORDS_MAX; argc++)
		argv[argc] = words[argc] = fuzz_until(&in, 0);
	rc = options_parse(&opt, pamh, argc, argv);
	CHECK(rc ==
	      (read_words(argc, argv, values) ? PAM_SUCCESS : PAM_SERVICE_ERR));
	if (rc == PAM_SUCCESS)
		same(&opt, values);
	while (argc > 0)
		free(words[--argc]);
	return 0;
}
