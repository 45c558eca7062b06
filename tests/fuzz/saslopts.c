/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plug-in's options: values parted by NULs, in the order of `names`; a
 * value that begins with 0x01 was not given.  What was taken is within its
 * bounds and means what stands there; what was not leaves a sentence.
 */
#include "../../sasl_apitoken/options.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "match.h"

static const char *const names[] = {
	"apitoken_config",    "apitoken_service", "apitoken_mechs",
	"apitoken_separator", "apitoken_scope",	  "auxprop_plugin",
	"auto_transition",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *values[NAMES]; /* NULL: not given */

static int
get_option(void *context, const char *plugin, const char *name,
	   const char **result, unsigned *len)
{
	(void)context;
	(void)plugin;
	(void)len;
	for (size_t i = 0; i < NAMES; i++) {
		if (strcmp(names[i], name) != 0 || !values[i])
			continue;
		*result = values[i];
		return SASL_OK;
	}
	return SASL_FAIL;
}

static void
taken(const struct options *opt)
{
	const char *config = values[0], *service = values[1];

	CHECK(strcmp(opt->config, config ? config : "") == 0);
	CHECK(!config || config[0] == '/');
	CHECK(strcmp(opt->service, service ? service : "") == 0);
	CHECK(!service || tc_service_fits(service, strlen(service)));
	CHECK(opt->mechs >= 1 && opt->mechs <= 3);
	CHECK(values[2] || opt->mechs == 3);
	CHECK(values[3] ? values[3][0] == opt->separator && !values[3][1]
			: opt->separator == '~');
	CHECK(strchr("~+%!:#", opt->separator) && opt->separator);
	CHECK(strcmp(opt->scope, values[4] ? values[4] : "") == 0);
	CHECK(fuzz_is_line(opt->scope, BEARER_SCOPE_MAX) &&
	      !strpbrk(opt->scope, "\"\\"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	const sasl_utils_t utils = { .getopt = get_option };
	char *texts[NAMES];
	struct options opt;

	for (size_t i = 0; i < NAMES; i++) {
		texts[i] = fuzz_until(&in, 0);
		values[i] = texts[i][0] == '\x01' ? NULL : texts[i];
	}
	options_read(&opt, &utils);
	if (opt.wrong[0] == '\0')
		taken(&opt);
	else
		CHECK(fuzz_is_line(opt.wrong, sizeof(opt.wrong) - 1));
	/* The last word of a list. */
	if (options_auxprop_last(&utils))
		CHECK(values[5] && strcasestr(values[5], "apitoken"));
	else
		CHECK(!values[5] || strcmp(values[5], "apitoken") != 0);
	if (options_auto_transition(&utils))
		CHECK(values[6] && strchr("1yton", values[6][0]));
	for (size_t i = 0; i < NAMES; i++)
		free(texts[i]);
	return 0;
}
