/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TC_NUMBER_H
#define TC_NUMBER_H

#include <stdint.h>

/* A decimal number 0..max, digits only, nothing before or behind: 0 or -1. */
int tc_number(const char *text, uint64_t max, uint64_t *out);

/* The same for the first len characters of text. */
int tc_digits(const char *text, unsigned len, uint64_t max, uint64_t *out);

#endif
