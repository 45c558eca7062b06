# SPDX-License-Identifier: GPL-3.0-or-later
# The tarball and the packages that are made of it.
DIST_NAME := apitoken-$(VERSION)
DIST := $(BUILD)/$(DIST_NAME).tar.gz
DIST_TREE := $(BUILD)/dist/$(DIST_NAME)
DEB := $(BUILD)/deb
DEB_TREE := $(DEB)/$(DIST_NAME)
# What is built of a tarball knows nothing of the build that made it.
RPM := $(BUILD)/rpm
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

# What another build of the same commit would say differently is taken from the
# changelog (the time) or left out (the host, the folder). On Debian rpm knows
# none of the packages that dpkg installed: --nodeps, and the compiler and the
# linker say what is missing. RPM_FLAGS: more options of rpmbuild.
# The spec is the tarball's own. A source package is not made: it would hold the
# folder, and "rpmbuild -ts" makes one of the tarball.
RPM_DEFINES := --define '_topdir $(RPM)/top' --define '_rpmdir $(RPM)' \
	--define '_buildhost localhost' \
	--define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
	--define 'source_date_epoch_from_changelog 1' \
	--define 'use_source_date_epoch_as_buildtime 1' \
	--define 'clamp_mtime_to_source_date_epoch 1'
RPM_NODEPS := $(if $(wildcard /etc/debian_version),--nodeps)

rpm: dist
	$(Q)rm -rf $(RPM) && mkdir -p $(RPM)
	$(if $(RPM_NODEPS),@echo 'rpm: what it builds with is not looked up' \
		'among the packages of this system (--nodeps)')
	$(Q)$(AFRESH) \
		CPPFLAGS='$(CPPFLAGS) -ffile-prefix-map=$(RPM)/top/BUILD=.' \
		rpmbuild -tb $(RPM_NODEPS) $(RPM_DEFINES) $(RPM_FLAGS) $(DIST)
	$(Q)rm -rf $(RPM)/top
	@ls $(RPM)/*.rpm
