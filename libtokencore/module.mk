# SPDX-License-Identifier: GPL-3.0-or-later
# The library: its sources; the map and the export list stand beside them.
libtokencore_SRCS := \
	libtokencore/account.c \
	libtokencore/advice.c \
	libtokencore/alias.c \
	libtokencore/alter.c \
	libtokencore/audit.c \
	libtokencore/base32.c \
	libtokencore/bytes.c \
	libtokencore/caveat.c \
	libtokencore/change.c \
	libtokencore/check.c \
	libtokencore/clock.c \
	libtokencore/commit.c \
	libtokencore/compact.c \
	libtokencore/config.c \
	libtokencore/copy.c \
	libtokencore/create.c \
	libtokencore/crypto.c \
	libtokencore/decoy.c \
	libtokencore/edit.c \
	libtokencore/ended.c \
	libtokencore/error.c \
	libtokencore/filter.c \
	libtokencore/find.c \
	libtokencore/gdbmfile.c \
	libtokencore/handle.c \
	libtokencore/head.c \
	libtokencore/import.c \
	libtokencore/imported.c \
	libtokencore/info.c \
	libtokencore/inifile.c \
	libtokencore/init.c \
	libtokencore/inspect.c \
	libtokencore/journal.c \
	libtokencore/keep.c \
	libtokencore/keyedit.c \
	libtokencore/keys.c \
	libtokencore/lastuse.c \
	libtokencore/list.c \
	libtokencore/lists.c \
	libtokencore/lock.c \
	libtokencore/match.c \
	libtokencore/names.c \
	libtokencore/narrow.c \
	libtokencore/newfile.c \
	libtokencore/number.c \
	libtokencore/owner.c \
	libtokencore/pages.c \
	libtokencore/permit.c \
	libtokencore/record.c \
	libtokencore/restore.c \
	libtokencore/revoke.c \
	libtokencore/scram.c \
	libtokencore/spec.c \
	libtokencore/standby.c \
	libtokencore/standing.c \
	libtokencore/store.c \
	libtokencore/text.c \
	libtokencore/token.c \
	libtokencore/trust.c \
	libtokencore/verdict.c \
	libtokencore/verify.c \
	libtokencore/walk.c \
	libtokencore/when.c
libtokencore_MAP := libtokencore/libtokencore.map
libtokencore_EXPORTS := libtokencore/libtokencore.exports
