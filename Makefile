# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make                 builds everything under build/
#   make check           all tests that this user can run; says what it left out
#   make check-unit      the unit tests alone
#   make tests           the programs that tests need, for running one
#   make check-threads   64 threads beside a writer
#   make check-sasl      exchanges with the SASL plug-in
#   make check-soak      logins of all kinds beside writers of all kinds
#   make check-fail      logins and changes while calls fail
#   make check-fuzz      seeds, and a thousand changed ones of each, for every
#                        reader
#   make check-valgrind  the unit tests under valgrind
#   make check-dovecot24 the module in a Debian 13 (as root, with a mirror)
#   make check-selinux   the SELinux module and Debian's policy (the same)
#   make fuzz            libFuzzer, with clang
#   make bench           how fast it is; writes doc/BENCHMARKS.md (as root);
#                        how many instructions it takes is in make check
#   make proof           the long forms, some of an hour (PROOF_SECONDS=600
#                        for each that runs by time); writes
#                        doc/RELIABILITY.md
#   make coverage        which lines the tests run; writes doc/COVERAGE.md
#                        (as root, some 20 minutes)
#   make session         runs the README's session anew; writes doc/session.svg
#                        (as root)
#   make lint            cppcheck, clang-tidy, mandoc, clang-format
#   make install         DESTDIR, PREFIX, LIBDIR, PAMDIR, ... as usual
#   make uninstall       the same; refused while a file of /etc/pam.d names
#                        the module
#   make dist            the source of the last commit, tested, under build/
#   make deb             Debian packages, under build/deb
#   make rpm             RPM packages, under build/rpm
#   make check-packages  packages built twice, and installed in a new system
#                        (as root; packaging/install-deps --packages)
#
# V=1 shows whole command lines, WERROR=1 makes warnings errors,
# SAN=address,undefined builds with sanitizers, BUILD=DIR builds elsewhere.
# CC, CPPFLAGS, CFLAGS and LDFLAGS are the builder's and never edited.

VERSION := 0.1.0
SOVERSION := 0

BUILD ?= build
override BUILD := $(abspath $(BUILD))
SRC := $(abspath .)

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
PAMDIR ?= $(LIBDIR)/security
SASLDIR ?= $(LIBDIR)/sasl2
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian's zsh has a folder of its own for what packages bring.
ZSHDIR ?= $(PREFIX)/share/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard \
	/etc/debian_version)),vendor-completions,site-functions)
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
# The program's own configuration lies there whatever the PREFIX.
SYSCONFDIR ?= /etc
INSTALL ?= install

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wundef -Wvla
ifdef WERROR
WARNINGS += -Werror
endif
TC_CPPFLAGS := -D_GNU_SOURCE -DTC_VERSION='"$(VERSION)"' -Ilibtokencore
TC_CFLAGS := -std=c11 $(WARNINGS) -fPIC -fvisibility=hidden \
	-fstack-protector-strong
TC_LDFLAGS := -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed
ifdef SAN
TC_CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all
TC_LDFLAGS += -fsanitize=$(SAN)
else
include hardening.mk
endif
COMPILE = $(CC) $(TC_CPPFLAGS) $(CPPFLAGS) $(TC_CFLAGS) $(CFLAGS)
LINK = $(CC) $(TC_CFLAGS) $(CFLAGS) $(TC_LDFLAGS) $(LDFLAGS)
# Sanitizers' runtimes come with the program, not with what it loads.
ifdef SAN
DEFS :=
else
DEFS := -Wl,-z,defs
endif
# What was loaded once stays: libpam takes its modules out of the process after
# each transaction, and to load and link them anew and to set OpenSSL up takes
# longer than to check a token. Code stays, and what crypto.h says.
SHARED = $(LINK) -shared $(DEFS) -Wl,--no-undefined-version -Wl,-z,nodelete
LIBS := -lcrypto -lgdbm -linih -ljansson -pthread

ifdef V
Q :=
say = @:
else
Q := @
ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
say = @:
else
say = @printf '  %-8s%s\n'
endif
endif

.DELETE_ON_ERROR:
.SUFFIXES:

all:

include libtokencore/module.mk pam_apitoken/module.mk
include sasl_apitoken/module.mk apitoken/module.mk
include packaging/completions/module.mk packaging/module.mk
include $(wildcard tests/*/module.mk)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB := $(BUILD)/libtokencore.so.$(SOVERSION)
LIB_A := $(BUILD)/libtokencore.a
PAM := $(BUILD)/pam_apitoken.so
SASL := $(BUILD)/libapitoken.so
CMD := $(BUILD)/apitoken

all: $(LIB) $(LIB_A) $(PAM) $(SASL) $(CMD) $(BUILD)/install/apitoken \
	$(COMPLETIONS)

# Rewritten only when the flags differ, so that a change of flags rebuilds.
FLAGS := $(BUILD)/obj/flags
$(FLAGS): always
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(COMPILE) | $(LINK))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(COMPILE) | $(LINK))' > $@
.PHONY: always

$(BUILD)/obj/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(LIB): $(call objects,$(libtokencore_SRCS)) $(libtokencore_MAP)
	$(say) LINK $(@F)
	$(Q)$(SHARED) -Wl,-soname,$(@F) \
		-Wl,--version-script,$(libtokencore_MAP) -o $@ \
		$(filter %.o,$^) $(LIBS)
	$(Q)ln -sf $(@F) $(BUILD)/libtokencore.so

$(LIB_A): $(call objects,$(libtokencore_SRCS))
	$(say) AR $(@F)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(PAM): $(call objects,$(pam_apitoken_SRCS)) $(LIB_A) $(pam_apitoken_MAP)
	$(say) LINK $(@F)
	$(Q)$(SHARED) -Wl,--version-script,$(pam_apitoken_MAP) \
		-Wl,--exclude-libs,ALL -o $@ $(filter %.o %.a,$^) -lpam \
		$(LIBS)

$(SASL): $(call objects,$(sasl_apitoken_SRCS)) $(LIB_A) $(sasl_apitoken_MAP)
	$(say) LINK $(@F)
	$(Q)$(SHARED) -Wl,--version-script,$(sasl_apitoken_MAP) \
		-Wl,--exclude-libs,ALL -o $@ $(filter %.o %.a,$^) -lsasl2 \
		$(LIBS)

cmd_objects := $(call objects,$(apitoken_SRCS))
CMD_LIBS = -L$(BUILD) -ltokencore -lcrypto -ljansson -lqrencode
$(CMD): $(cmd_objects) $(LIB)
	$(say) LINK $(@F)
	$(Q)$(LINK) -pie -Wl,-rpath,'$$ORIGIN' -o $@ $(cmd_objects) $(CMD_LIBS)

# What is installed looks for its library where the system does.
$(BUILD)/install/apitoken: $(cmd_objects) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(cmd_objects) $(CMD_LIBS)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- tests ----

export BUILD SRC
UNIT := $(addprefix $(BUILD)/tests/unit/,$(tests_unit_NAMES)) \
	$(tests_sasl_UNIT)
# Every tests/*/module.mk names its programs in a variable of its own.
TEST_PROGS := $(UNIT) $(sort $(foreach each,$(filter tests_%_PROGS, \
	$(.VARIABLES)),$($(each))) $(MORE_TEST_PROGS))
PROVE := prove --timer

check-unit: $(UNIT)
	CMOCKA_MESSAGE_OUTPUT=TAP $(PROVE) $(UNIT)

tests: all $(TEST_PROGS)

check: all $(TEST_PROGS)
	CMOCKA_MESSAGE_OUTPUT=TAP $(PROVE) $(UNIT) \
		$(sort $(wildcard tests/*/*.t))

# Many threads in one process: what SAN=thread and SAN=address are for.
check-threads: all $(tests_store_PROGS)
	$(PROVE) tests/store/threads.t

# Whole exchanges through libsasl, which SAN=address watches; load.t is about
# programs that are built without it.
check-sasl: all $(tests_sasl_PROGS)
	$(PROVE) $(filter-out tests/sasl/load.t,$(sort \
		$(wildcard tests/sasl/*.t)))

# Everything at once, against an oracle; with SAN=thread the library alone.
check-soak: all $(tests_soak_PROGS)
	$(PROVE) tests/soak/soak.t

# What each part promises, as figures; the parts add themselves to PROOF.
proof: all $(TEST_PROGS)
	tests/proof $(PROOF)

# Which lines all tests together run, and why the others are not.
coverage:
	+$(Q)$(MAKE) BUILD=$(BUILD)/coverage CC=gcc \
		CFLAGS='-O0 -g --coverage -fprofile-update=atomic' coverage-run
coverage-run: all $(TEST_PROGS)
	CMOCKA_MESSAGE_OUTPUT=TAP tests/coverage/run $(UNIT)

# Ratios to what is measured beside it: see tests/bench/run.
bench: all $(tests_bench_PROGS)
	tests/bench/run

# The picture in the README, of a real run.
session: all
	doc/session > $(BUILD)/session.svg
	mv $(BUILD)/session.svg doc/session.svg

VALGRIND := valgrind -q --error-exitcode=9 --leak-check=full \
	--errors-for-leak-kinds=definite,indirect,possible
check-valgrind: $(UNIT)
	@printf '%s\n' $(UNIT) | xargs -P 2 -I '{}' sh -c \
		'echo "valgrind $$(basename {})"; exec $(VALGRIND) {} >/dev/null'

SOURCES := $(libtokencore_SRCS) $(pam_apitoken_SRCS) $(sasl_apitoken_SRCS) \
	$(apitoken_SRCS)
lint:
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem -D_GNU_SOURCE \
		-DTC_VERSION='""' -Ilibtokencore $(SOURCES)
	@# One by one: several files in one run make it see things.
	$(Q)printf '%s\n' $(SOURCES) | xargs -P 2 -I '{}' clang-tidy --quiet '{}' \
		-- -std=c11 $(TC_CPPFLAGS) 2>/dev/null
	$(Q)mandoc -T lint -W warning doc/*.[1-8]
	$(Q)find $(sort $(dir $(SOURCES))) tests -name '*.[ch]' | \
		xargs clang-format --dry-run -Werror

# ---- installing ----

# A page is about several calls and has the name of the first; by the names of
# the others it is found through links: "tc_free.3:tc_open.3".
MAN3_LINKS = $(shell awk 'FNR == 1 { page = FILENAME; sub(".*/", "", page) } \
	/^\.Sh / { names = $$2 == "NAME" } \
	names && $$1 == ".Nm" && $$2 ".3" != page { print $$2 ".3:" page }' \
	doc/*.3)

install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(PAMDIR) \
		$(DESTDIR)$(SASLDIR) \
		$(addprefix $(DESTDIR)$(MANDIR)/man,1 3 5 8) \
		$(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR) \
		$(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR) \
		$(DESTDIR)$(SYSCONFDIR)/logrotate.d
	$(INSTALL) -m 755 $(BUILD)/install/apitoken $(DESTDIR)$(BINDIR)/
	$(INSTALL) -m 644 $(LIB) \
		$(DESTDIR)$(LIBDIR)/libtokencore.so.$(VERSION)
	ln -sf libtokencore.so.$(VERSION) \
		$(DESTDIR)$(LIBDIR)/libtokencore.so.$(SOVERSION)
	ln -sf libtokencore.so.$(SOVERSION) \
		$(DESTDIR)$(LIBDIR)/libtokencore.so
	$(INSTALL) -m 644 $(LIB_A) $(DESTDIR)$(LIBDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' libtokencore/tokencore.pc.in \
		> $(DESTDIR)$(LIBDIR)/pkgconfig/tokencore.pc
	$(INSTALL) -m 644 libtokencore/tokencore.h $(DESTDIR)$(INCLUDEDIR)/
	$(INSTALL) -m 644 $(PAM) $(DESTDIR)$(PAMDIR)/
	$(INSTALL) -m 644 $(SASL) $(DESTDIR)$(SASLDIR)/
	@set -e; for n in 1 3 5 8; do \
		$(INSTALL) -m 644 doc/*.$$n $(DESTDIR)$(MANDIR)/man$$n/; done
	@set -e; for link in $(MAN3_LINKS); do \
		ln -sf "$${link#*:}" $(DESTDIR)$(MANDIR)/man3/"$${link%:*}"; done
	$(INSTALL) -m 644 $(BUILD)/completions/apitoken.bash \
		$(DESTDIR)$(BASHDIR)/apitoken
	$(INSTALL) -m 644 $(BUILD)/completions/_apitoken $(DESTDIR)$(ZSHDIR)/
	$(INSTALL) -m 644 $(BUILD)/completions/apitoken.fish \
		$(DESTDIR)$(FISHDIR)/
	$(INSTALL) -m 644 packaging/apitoken.sysusers \
		$(DESTDIR)$(SYSUSERSDIR)/apitoken.conf
	$(INSTALL) -m 644 packaging/apitoken.tmpfiles \
		$(DESTDIR)$(TMPFILESDIR)/apitoken.conf
	$(INSTALL) -m 644 packaging/apitoken.logrotate \
		$(DESTDIR)$(SYSCONFDIR)/logrotate.d/apitoken
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || ldconfig

# Without the module a stack that names it lets nobody in.
uninstall:
	@[ -n '$(DESTDIR)' ] || ! grep -l '^[^#]*pam_apitoken' \
		/etc/pam.d/* 2>/dev/null || { echo 'uninstall: take' \
		'pam_apitoken out of these files first' >&2; exit 1; }
	rm -f $(DESTDIR)$(BINDIR)/apitoken \
		$(DESTDIR)$(LIBDIR)/libtokencore.so \
		$(DESTDIR)$(LIBDIR)/libtokencore.so.$(SOVERSION) \
		$(DESTDIR)$(LIBDIR)/libtokencore.so.$(VERSION) \
		$(DESTDIR)$(LIBDIR)/libtokencore.a \
		$(DESTDIR)$(LIBDIR)/pkgconfig/tokencore.pc \
		$(DESTDIR)$(INCLUDEDIR)/tokencore.h \
		$(DESTDIR)$(PAMDIR)/pam_apitoken.so \
		$(DESTDIR)$(SASLDIR)/libapitoken.so \
		$(DESTDIR)$(BASHDIR)/apitoken $(DESTDIR)$(ZSHDIR)/_apitoken \
		$(DESTDIR)$(FISHDIR)/apitoken.fish \
		$(DESTDIR)$(SYSUSERSDIR)/apitoken.conf \
		$(DESTDIR)$(TMPFILESDIR)/apitoken.conf \
		$(DESTDIR)$(SYSCONFDIR)/logrotate.d/apitoken \
		$(addprefix $(DESTDIR)$(MANDIR)/man3/,$(foreach \
			link,$(MAN3_LINKS),$(firstword $(subst :, ,$(link))))) \
		$(foreach n,1 3 5 8,$(addprefix $(DESTDIR)$(MANDIR)/man$(n)/, \
			$(notdir $(wildcard doc/*.$(n)))))

clean:
	rm -rf $(BUILD)

.PHONY: all tests check check-unit check-threads check-sasl check-soak \
	check-valgrind check-packages bench coverage coverage-run proof lint \
	session install uninstall dist deb rpm clean
