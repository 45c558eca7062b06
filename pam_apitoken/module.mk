# SPDX-License-Identifier: GPL-3.0-or-later
# pam_apitoken.so: its sources; the map and the export list stand beside them.
pam_apitoken_SRCS := \
	pam_apitoken/authtok.c \
	pam_apitoken/login.c \
	pam_apitoken/options.c \
	pam_apitoken/pam_apitoken.c \
	pam_apitoken/verdict.c
pam_apitoken_MAP := pam_apitoken/pam_apitoken.map
pam_apitoken_EXPORTS := pam_apitoken/pam_apitoken.exports
