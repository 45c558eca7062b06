# SPDX-License-Identifier: GPL-3.0-or-later
# The command line: build/apitoken, linked with the shared library.
apitoken_SRCS := \
	apitoken/audit.c \
	apitoken/columns.c \
	apitoken/copy.c \
	apitoken/create.c \
	apitoken/csv.c \
	apitoken/doctor.c \
	apitoken/doctor_host.c \
	apitoken/doctor_pam.c \
	apitoken/edit.c \
	apitoken/export.c \
	apitoken/help.c \
	apitoken/filter.c \
	apitoken/handover.c \
	apitoken/import.c \
	apitoken/infile.c \
	apitoken/init.c \
	apitoken/input.c \
	apitoken/inspect.c \
	apitoken/key.c \
	apitoken/limits.c \
	apitoken/list.c \
	apitoken/main.c \
	apitoken/maintain.c \
	apitoken/narrow.c \
	apitoken/options.c \
	apitoken/outfile.c \
	apitoken/output.c \
	apitoken/pamplay.c \
	apitoken/pamstack.c \
	apitoken/pending.c \
	apitoken/progress.c \
	apitoken/qr.c \
	apitoken/record.c \
	apitoken/records.c \
	apitoken/restore.c \
	apitoken/revoke.c \
	apitoken/select.c \
	apitoken/show.c \
	apitoken/stats.c \
	apitoken/table.c \
	apitoken/times.c \
	apitoken/value.c \
	apitoken/values.c \
	apitoken/verify.c \
	apitoken/wipe.c
