# SPDX-License-Identifier: GPL-3.0-or-later
# The command line: build/apitoken, linked with the shared library.
apitoken_SRCS := \
	apitoken/create.c \
	apitoken/doctor.c \
	apitoken/doctor_host.c \
	apitoken/doctor_pam.c \
	apitoken/init.c \
	apitoken/input.c \
	apitoken/key.c \
	apitoken/list.c \
	apitoken/main.c \
	apitoken/options.c \
	apitoken/output.c \
	apitoken/pamplay.c \
	apitoken/pamstack.c \
	apitoken/record.c \
	apitoken/revoke.c \
	apitoken/table.c \
	apitoken/verify.c
