/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verbs that are being built. */
#include "apitoken.h"

#define PENDING(verb)                                                          \
	int verb_##verb(struct app *app, int argc, char **argv)                \
	{                                                                      \
		if (!app_options(app, NULL, 0, argc, argv))                    \
			return app->exit;                                      \
		return complain(UNAVAILABLE, #verb, "not built yet");          \
	}
PENDING(stats)
