# SPDX-License-Identifier: GPL-3.0-or-later
# The soak: one program, of which soak.t runs a short form or a long one.
tests_soak_NAMES := count library marks mover oracle pam reader sasl soak \
	timeline watch writer
tests_soak_PROGS := $(BUILD)/tests/soak/soak
PROOF += tests/soak/soak.t

$(tests_soak_PROGS): $(patsubst %,$(BUILD)/obj/tests/soak/%.o,\
		$(tests_soak_NAMES)) $(BUILD)/obj/tests/store/kit.o \
		$(BUILD)/obj/tests/sasl/answers.o \
		$(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $^ -lpam -lsasl2 $(LIBS)
