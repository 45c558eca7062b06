# SPDX-License-Identifier: GPL-3.0-or-later
# The tarball and the packages that are made of it.
DIST_NAME := apitoken-$(VERSION)
DIST := $(BUILD)/$(DIST_NAME).tar.gz
DIST_TREE := $(BUILD)/dist/$(DIST_NAME)
DEB := $(BUILD)/deb
DEB_TREE := $(DEB)/$(DIST_NAME)
# What is built of a tarball knows nothing of the build that made it.
AFRESH := env -u BUILD -u SRC -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	-u MAKEOVERRIDES

# Owner, order and times are the commit's, modes not those of the user's git.
$(DIST).new: always
	@mkdir -p $(@D)
	$(Q)git -c tar.umask=0022 -c tar.tar.gz.command='gzip -9n' archive \
		--format=tar.gz --prefix=$(DIST_NAME)/ -o $@ HEAD
	@git diff --quiet HEAD || echo 'dist: what is not committed is not in' \
		'the tarball' >&2

# Counts once what was unpacked builds, passes its tests and installs.
dist: $(DIST).new
	$(Q)rm -rf $(BUILD)/dist && mkdir -p $(BUILD)/dist
	$(Q)tar -xzf $< -C $(BUILD)/dist
	$(Q)$(AFRESH) $(MAKE) -C $(DIST_TREE) all check-unit
	$(Q)$(AFRESH) $(MAKE) -C $(DIST_TREE) DESTDIR=$(BUILD)/dist/root \
		install
	$(Q)rm -rf $(BUILD)/dist && mv $< $(DIST)
	@echo $(DIST)

# Modes of the files are part of the source package. DPKG_FLAGS: more options
# of dpkg-buildpackage.
deb: dist
	$(Q)rm -rf $(DEB) && mkdir -p $(DEB)
	$(Q)cp $(DIST) $(DEB)/apitoken_$(VERSION).orig.tar.gz
	$(Q)umask 022; tar -xzf $(DIST) -C $(DEB) && \
		cp -R $(DEB_TREE)/packaging/debian $(DEB_TREE)/debian
	$(Q)cd $(DEB_TREE) && $(AFRESH) dpkg-buildpackage -us -uc $(DPKG_FLAGS)
	$(Q)rm -rf $(DEB_TREE)
	@ls $(DEB)/*.deb
