/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - from the library's verdict to SASL's return code.
 */
#ifndef SASL_APITOKEN_VERDICT_H
#define SASL_APITOKEN_VERDICT_H

#include "tokencore.h"

/** @return SASL_OK for TC_VALID and for nothing else, SASL_UNAVAIL while
 *          tokens cannot be checked, SASL_BADAUTH for all else, also for
 *          what is no verdict */
int verdict_sasl(enum tc_verdict verdict);

#endif
