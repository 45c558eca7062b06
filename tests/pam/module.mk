# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of the PAM module run: a driver, a module that stands beside
# ours in a stack, a program that loads modules while linking nothing of what
# they need, one that prints the table of verdicts, and one that imports a value
# made elsewhere.
tests_pam_SRCS := \
	tests/pam/codes.c \
	tests/pam/driver.c \
	tests/pam/loader.c \
	tests/pam/probe.c \
	tests/pam/script.c \
	tests/pam/table.c
tests_pam_PROGS := \
	$(BUILD)/tests/pam/driver \
	$(BUILD)/tests/pam/loader \
	$(BUILD)/tests/pam/probe.so \
	$(BUILD)/tests/pam/table

# The sanitizers take the place of crypt() and jump to nothing when pam_unix
# is the first to load the library that has it.
ifdef SAN
tests_pam_LIBS := -Wl,--no-as-needed -lcrypt
endif

$(BUILD)/tests/pam/driver: $(BUILD)/obj/tests/pam/codes.o \
		$(BUILD)/obj/tests/pam/driver.o \
		$(BUILD)/obj/tests/pam/script.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lpam -pthread $(tests_pam_LIBS)

$(BUILD)/tests/pam/loader: $(BUILD)/obj/tests/pam/loader.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -ldl

$(BUILD)/tests/pam/probe.so: $(BUILD)/obj/tests/pam/probe.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -shared -o $@ $^ -lpam -lcrypto

$(BUILD)/tests/pam/table: $(BUILD)/obj/tests/pam/codes.o \
		$(BUILD)/obj/tests/pam/table.o \
		$(BUILD)/obj/pam_apitoken/verdict.o \
		$(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lcrypto -lgdbm -linih -ljansson -pthread
