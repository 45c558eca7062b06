# SPDX-License-Identifier: GPL-3.0-or-later
# What the time of a refusal tells: programs that take it, and one that is
# looked at by valgrind for what depends on a secret.
tests_time_PROGS := $(addprefix $(BUILD)/tests/time/,count library pam sasl \
	secret)
time_objects = $(patsubst %,$(BUILD)/obj/tests/time/%.o,$(1)) \
	$(BUILD)/obj/tests/unit/fill.o
time_race := $(call time_objects,race site welch) \
	$(BUILD)/obj/tests/store/kit.o
comma := ,
# Where secrets come from and where they may be told from.
time_wraps := $(addprefix -Wl$(comma)--wrap=,CRYPTO_memcmp tc_decoy_make \
	tc_derive_key tc_hmac tc_key_token tc_record_read tc_sha256)
time_flags/pam := -lpam
time_flags/sasl := -lsasl2
time_flags/secret := $(time_wraps)

$(addprefix $(BUILD)/tests/time/,library pam sasl): $(BUILD)/tests/time/%: \
		$(BUILD)/obj/tests/time/%.o $(time_race)
$(BUILD)/tests/time/sasl: $(BUILD)/obj/tests/sasl/answers.o
$(BUILD)/tests/time/count: $(call time_objects,count site)
$(BUILD)/tests/time/secret: $(call time_objects,secret site taint)
$(tests_time_PROGS): $(BUILD)/libtokencore.a
	@mkdir -p $(@D)
	$(say) LINK $(@F)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(time_flags/$(@F)) -lm $(LIBS)

PROOF += tests/time/secret.t tests/time/kinds.t
