/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WIPE_H
#define WIPE_H

/** From now on what jansson frees is wiped: its values may be secrets.  What
 *  json_dumps() gives is still the caller's to wipe and free(). */
void json_wipes(void);

#endif
