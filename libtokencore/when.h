/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TC_WHEN_H
#define TC_WHEN_H

#include <stdint.h>

/* A span of time: a number and one of s m h d w.  0, or -1. */
int tc_span(const char *text, int64_t *seconds);

#endif
