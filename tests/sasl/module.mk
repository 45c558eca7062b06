# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of the SASL plug-in run: the parser's unit test, a client and
# a server in one process, exchanges with corrupted steps, a libsasl that is
# not the right one, a mechanism that trusts everyone, and a program that
# prints the table of verdicts.
tests_sasl_SRCS := \
	tests/sasl/answers.c \
	tests/sasl/bearer.c \
	tests/sasl/doctored.c \
	tests/sasl/driver.c \
	tests/sasl/fuzz.c \
	tests/sasl/kit.c \
	tests/sasl/table.c \
	tests/sasl/trust.c
tests_sasl_UNIT := $(BUILD)/tests/sasl/bearer
tests_sasl_PROGS := $(tests_sasl_UNIT) \
	$(BUILD)/tests/sasl/doctored \
	$(BUILD)/tests/sasl/driver \
	$(BUILD)/tests/sasl/fuzz \
	$(BUILD)/tests/sasl/libtrust.so \
	$(BUILD)/tests/sasl/table

$(BUILD)/tests/sasl/bearer: $(BUILD)/obj/tests/sasl/bearer.o \
		$(BUILD)/obj/sasl_apitoken/bearer.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lcmocka

$(BUILD)/tests/sasl/driver $(BUILD)/tests/sasl/doctored \
$(BUILD)/tests/sasl/fuzz: $(BUILD)/tests/sasl/%: \
		$(BUILD)/obj/tests/sasl/%.o $(BUILD)/obj/tests/sasl/kit.o \
		$(BUILD)/obj/tests/sasl/answers.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lsasl2 -ldl

$(BUILD)/tests/sasl/libtrust.so: $(BUILD)/obj/tests/sasl/trust.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -shared -o $@ $^ -lsasl2

$(BUILD)/tests/sasl/table: $(BUILD)/obj/tests/sasl/table.o \
		$(BUILD)/obj/sasl_apitoken/verdict.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
