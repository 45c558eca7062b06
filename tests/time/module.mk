# SPDX-License-Identifier: GPL-3.0-or-later
# What the time of a refusal tells.
tests_time_NAMES := library secret
tests_time_PROGS := $(addprefix $(BUILD)/tests/time/,$(tests_time_NAMES))
comma := ,
time_objects = $(patsubst %,$(BUILD)/obj/tests/time/%.o,$(1))

$(BUILD)/tests/time/library: $(call time_objects,library race site welch) \
		$(BUILD)/obj/tests/store/kit.o \
		$(BUILD)/obj/tests/unit/fill.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) -lm $(LIBS)

# Where secrets come from and where they may be told from.
time_wraps := CRYPTO_memcmp tc_decoy_make tc_derive_key tc_hmac tc_key_token \
	tc_record_read tc_sha256
$(BUILD)/tests/time/secret: $(call time_objects,secret site taint) \
		$(BUILD)/obj/tests/unit/fill.o $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) \
		$(addprefix -Wl$(comma)--wrap=,$(time_wraps)) $(LIBS)

PROOF += tests/time/secret.t tests/time/kinds.t
