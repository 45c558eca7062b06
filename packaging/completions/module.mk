# SPDX-License-Identifier: GPL-3.0-or-later
# Completions for bash, zsh and fish, made from the program's own tables.
completions_FILES := apitoken.bash _apitoken apitoken.fish
COMPLETIONS := $(addprefix $(BUILD)/completions/,$(completions_FILES))

# What leaks memory is another test's business, and cannot be looked for in a
# process that forbids core dumps.
$(COMPLETIONS): $(BUILD)/completions/%: packaging/completions/%.in \
		packaging/completions/generate $(BUILD)/apitoken
	@mkdir -p $(@D)
	$(say) GEN $(@F)
	$(Q)ASAN_OPTIONS=detect_leaks=0 packaging/completions/generate \
		$(BUILD)/apitoken $@
