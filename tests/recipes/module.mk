# SPDX-License-Identifier: GPL-3.0-or-later
# What recipes say of systems other than the one that all tests run on: by hand,
# as root, with a mirror of Debian.
check-dovecot24: all
	tests/e2e/dovecot24
check-selinux:
	packaging/selinux/link

.PHONY: check-dovecot24 check-selinux
