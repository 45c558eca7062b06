/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of libpam that can fail; see calls.h. */
/* clang-format off */

CALL(pam_get_item, PLAIN, int, (const pam_handle_t *pamh, int type, const void **item), (pamh, type, item), PAM_SYSTEM_ERR, EIO, 0)
CALL(pam_set_item, MEMORY, int, (pam_handle_t *pamh, int type, const void *item), (pamh, type, item), PAM_BUF_ERR, ENOMEM, 0)
CALL(pam_get_user, MEMORY, int, (pam_handle_t *pamh, const char **user, const char *prompt), (pamh, user, prompt), inject_in_other_way() ? PAM_IGNORE : PAM_BUF_ERR, ENOMEM, EIO)
CALL(pam_get_data, PLAIN, int, (const pam_handle_t *pamh, const char *name, const void **data), (pamh, name, data), PAM_SYSTEM_ERR, EIO, 0)
CALL(pam_set_data, MEMORY, int, (pam_handle_t *pamh, const char *name, void *data, void (*free_it)(pam_handle_t *, void *, int)), (pamh, name, data, free_it), PAM_BUF_ERR, ENOMEM, 0)
CALL(pam_fail_delay, PLAIN, int, (pam_handle_t *pamh, unsigned usec), (pamh, usec), PAM_SYSTEM_ERR, EIO, 0)
HAND(pam_prompt)
HAND(pam_syslog)

/* clang-format on */
