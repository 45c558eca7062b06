/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.c - prints the module's table of verdicts: name, code of authenticate
 * with nontoken=deny and with nontoken=ignore, code of acct_mgmt.  Two rows
 * more are for numbers that are no verdicts.  Some verdicts need a clock that
 * runs backwards, so the table is looked at as well as the behaviour.
 */
#include <stdio.h>

#include "../../pam_apitoken/verdict.h"
#include "codes.h"

static void
row(const char *name, enum tc_verdict verdict)
{
	printf("%s %s %s %s\n", name,
	       code_name(verdict_auth(verdict, NONTOKEN_DENY)),
	       code_name(verdict_auth(verdict, NONTOKEN_IGNORE)),
	       code_name(verdict_account(verdict)));
}

int
main(void)
{
	int i;

	for (i = 0; i < TC_VERDICTS; i++)
		row(tc_verdict_name((enum tc_verdict)i), (enum tc_verdict)i);
	row("too-large", TC_VERDICTS);
	row("negative", (enum tc_verdict) - 1);
	return 0;
}
