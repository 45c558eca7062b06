#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The RPM packages in a system of their own: which is a Debian, so that the
# libraries are those that they were built with, and their scripts are what is
# tested. What an installation makes, an upgrade leaves alone and a removal
# refuses.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::System;
use Apitoken::Test;
use Test::More;

my $system = Apitoken::System->new;
my $root = $system->root;

sub good { return $system->good(@_) }
sub bad { return $system->bad(@_) }

good('apt-get -q update && apt-get -q -y --no-install-recommends install rpm '
    . 'libgdbm6 libinih1 libjansson4 libqrencode4 libssl3 '
    . 'systemd-standalone-tmpfiles', 'a system with rpm');
mkdir "$root/tmp/rpm" or die $!;
system('cp', glob(build_dir() . '/rpm/*.rpm'), "$root/tmp/rpm/") == 0 or die;
# rpm knows nothing of what dpkg brought, and the linker not of lib64.
good('echo /usr/lib64 >/etc/ld.so.conf.d/lib64.conf', 'as on Fedora');

# ---- installed ----
bad('getent group apitoken', 'no group yet');
good('rpm -i --nodeps /tmp/rpm/*.rpm && ldconfig', 'installed');
good('getent group apitoken', 'a group');
is good('stat -c "%a %U:%G" /var/lib/apitoken /var/log/apitoken'),
    "2750 root:apitoken\n" x 2, 'folders are its own';
ok !-e "$root/etc/apitoken", 'no key and no configuration';
is good('rpm -V --nodeps apitoken pam_apitoken libtokencore'), '',
    'all is as it was packed';

# ---- used, and upgraded ----
good('apitoken init');
good('useradd alice && apitoken create --user alice --label before '
    . '>/root/token 2>/dev/null', 'a token');
good('echo "# said here" >>/etc/apitoken/apitoken.conf; '
    . 'echo "# and here" >>/etc/logrotate.d/apitoken; '
    . 'chgrp sudo /var/log/apitoken', 'changed by the administrator');
my $sums = 'find /etc/apitoken /var/lib/apitoken /etc/logrotate.d -type f | '
    . 'sort | xargs md5sum; stat -c "%a %G" /var/log/apitoken';
my $kept = good($sums, 'before');
good('rpm -U --nodeps --force /tmp/rpm/*.rpm', 'the same over it');
is good($sums, 'after'), $kept,
    'keys, tokens, configuration and folders are the same';
like good('apitoken verify --user alice --service sshd </root/token'),
    qr/^valid /, 'the token is valid';

# ---- removed ----
good('echo "auth required pam_apitoken.so" >/etc/pam.d/sshd',
    'PAM names the module');
like bad('rpm -e --nodeps pam_apitoken', 'a removal that would shut all out'),
    qr{^/etc/pam\.d/sshd$}m, 'names the file';
ok -e "$root/usr/lib64/security/pam_apitoken.so", 'and took nothing away';
good('echo "# pam_apitoken is out" >/etc/pam.d/sshd', 'a comment is none');
good('rpm -e --nodeps $(rpm -qa)', 'removed');
ok !-e "$root/$_", "/$_ is gone" for qw(usr/bin/apitoken
    usr/lib64/security/pam_apitoken.so usr/lib64/libtokencore.so.0);
ok -s "$root/$_", "/$_ stays" for qw(etc/apitoken/secret.conf
    etc/apitoken/apitoken.conf var/log/apitoken/audit.json);
ok scalar(glob "$root/var/lib/apitoken/*"), 'and so does the store';
good('getent group apitoken', 'and the group, whose files these are');
done_testing;
