# SPDX-License-Identifier: GPL-3.0-or-later
# Who may do what with an installation: a program that asks as this one and that.
# And what of a secret is left in memory: one that writes another's memory down,
# and three that log in.
tests_priv_PROGS := $(addprefix $(BUILD)/tests/priv/,ask dump library pam \
	sasl)
MORE_TEST_PROGS += $(tests_priv_PROGS)

$(BUILD)/tests/priv/ask: $(BUILD)/obj/tests/priv/ask.o \
		$(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lpam $(LIBS)

$(BUILD)/tests/priv/dump: $(BUILD)/obj/tests/priv/dump.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^

$(BUILD)/tests/priv/library: $(BUILD)/obj/tests/priv/library.o \
		$(BUILD)/obj/tests/priv/memory.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/tests/priv/pam: $(BUILD)/obj/tests/priv/pam.o \
		$(BUILD)/obj/tests/priv/memory.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lpam

$(BUILD)/tests/priv/sasl: $(BUILD)/obj/tests/priv/sasl.o \
		$(BUILD)/obj/tests/priv/memory.o $(BUILD)/obj/tests/sasl/kit.o \
		$(BUILD)/obj/tests/sasl/answers.o
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lsasl2 -ldl

PROOF += tests/priv/matrix.t tests/priv/memory.t tests/priv/modes.t \
	tests/priv/others.t tests/priv/thief.t
