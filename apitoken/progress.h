/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line on stderr that is written anew in place, on a terminal alone. */
#ifndef PROGRESS_H
#define PROGRESS_H

void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Takes it away; before anything else is said. */
void progress_end(void);

#endif
