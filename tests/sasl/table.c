/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.c - prints the plug-in's table of verdicts, and two rows more for
 * numbers that are no verdicts.
 */
#include <stdio.h>

#include <sasl/sasl.h>

#include "../../sasl_apitoken/verdict.h"

static const char *
name(int code)
{
	return code == SASL_OK	      ? "OK"
	       : code == SASL_BADAUTH ? "BADAUTH"
	       : code == SASL_UNAVAIL ? "UNAVAIL"
				      : "other";
}

int
main(void)
{
	for (int i = 0; i < TC_VERDICTS; i++)
		printf("%s %s\n", tc_verdict_name((enum tc_verdict)i),
		       name(verdict_sasl((enum tc_verdict)i)));
	printf("too-large %s\n", name(verdict_sasl(TC_VERDICTS)));
	printf("negative %s\n", name(verdict_sasl((enum tc_verdict) - 1)));
	return 0;
}
