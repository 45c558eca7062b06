#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A Debian with nothing but its base system, and our packages: what installing
# them does and does not do, tokens through an upgrade, passwords through a
# removal, and nothing that is left by a purge.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Packages;
use Apitoken::Recipe;
use Apitoken::Test;
use Test::More;

my $system = Apitoken::Packages->new;
my @names = @Apitoken::Packages::NAMES;
my $port = free_port();
my %secret;	# what was typed where a password goes

sub good { return $system->good(@_) }
sub bad { return $system->bad(@_) }
sub apt { return $system->apt(@_) }

sub ssh {
	my ($what, $method) = @_;
	$system->write('root/typed', $secret{$what}, 0600);
	my ($code, $said) = $system->sh('sshpass -f /root/typed ssh -p '
	    . "$port -o StrictHostKeyChecking=no -o UserKnownHostsFile="
	    . '/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 -o '
	    . "PreferredAuthentications=$method alice\@127.0.0.1 true");
	return $code == 0 ? 'in' : $said =~ /Permission denied/ ? 'refused'
	    : $said;
}

sub logins {
	my ($when, %expected) = @_;
	for my $what (sort keys %expected) {
		is ssh($what, $_), $expected{$what}, "$when: $what, $_"
		    for qw(password keyboard-interactive);
	}
	return;
}

sub token { return ($secret{$_[0]}) = $system->token('sshd', $_[0]) }

# ---- a host with sshd and alice ----
$secret{password} = $system->host(qw(openssh-server openssh-client sshpass sudo
    logrotate));
good('mkdir -p /run/sshd');
$system->bring;
my $before = $system->files;
$system->start('/usr/sbin/sshd', '-D', '-e', '-p', $port, '-o',
    'ListenAddress=127.0.0.1', '-o', 'PidFile=none', '-o',
    'KbdInteractiveAuthentication=yes');
ok wait_for(sub { $system->read('root/console') =~ /listening/ }),
    'sshd listens';

# ---- installed ----
good(apt('install', $system->debs('old')), 'the version before');
good('getent group apitoken', 'a group');
is good('stat -c "%a %U:%G" /var/lib/apitoken /var/log/apitoken'),
    "2750 root:apitoken\n" x 2, 'folders are its own'
    if -e $system->root . '/usr/bin/systemd-tmpfiles';
ok !-e $system->root . '/etc/apitoken', 'no key and no configuration';
bad('grep pam_apitoken /etc/pam.d/*', 'PAM is as it was');
logins('installed', password => 'in');

good('apitoken init');
is good('stat -c "%a %U:%G" /etc/apitoken/secret.conf /var/lib/apitoken '
    . '/var/log/apitoken'), "640 root:apitoken\n"
    . "2750 root:apitoken\n" x 2, 'keys, store and logs are the group\'s';
good('apitoken doctor');
token('before');
logins('not in PAM', before => 'refused', password => 'in');
good('pam-auth-update --enable apitoken');
good('apitoken doctor', 'of which the doctor has nothing to say');
$secret{wrong} = 'not the password';
logins('in PAM', before => 'in', password => 'in', wrong => 'refused');

# ---- upgraded ----
my $sums = 'find /etc/apitoken /var/lib/apitoken /etc/pam.d -type f | sort | '
    . 'xargs md5sum';
good('echo "# said by the administrator" >>/etc/apitoken/apitoken.conf; '
    . 'echo "# and here" >>/etc/logrotate.d/apitoken; '
    . 'chgrp sudo /var/log/apitoken', 'changed by the administrator');
my $kept = good($sums, 'before the upgrade');
good(apt('install', $system->debs('new')), 'the upgrade');
is good('dpkg-query -W -f "\${Version}\n" ' . join ' ', @names),
    ($system->version . "\n") x @names, 'is a new version';
is good($sums, 'after it'), $kept,
    'keys, tokens, configuration and PAM are the same';
like $system->read('etc/logrotate.d/apitoken'), qr/and here/,
    'and what an administrator wrote stays';
is good('stat -c %G /var/log/apitoken'), "sudo\n", 'and whom it gave it to';
good('chgrp apitoken /var/log/apitoken');
token('after');
logins('upgraded', before => 'in', after => 'in', password => 'in');

# ---- logrotate ----
good('logrotate --force /etc/logrotate.d/apitoken', 'rotates the log');
ok -s $system->root . '/var/log/apitoken/audit.json.1', 'there is an old one';
is good('apitoken audit'), '', 'and a new one without a line';
good('apitoken doctor', 'the doctor is content with that');
logins('after logrotate', after => 'in');
is good('stat -c "%a %U:%G" /var/log/apitoken/audit.json'),
    "640 root:apitoken\n", 'the new one has mode and group of the old';
like good('apitoken audit'), qr/allow/, 'and the line of that login';

# ---- the lines of the README, by hand ----
good('pam-auth-update --disable apitoken');
logins('out of PAM', after => 'refused', password => 'in');
$system->put('/etc/pam.d/sshd', Apitoken::Recipe->new('../../README')
    ->file('/etc/pam.d/sshd'));
logins('by hand', after => 'in', password => 'in', wrong => 'refused');
good('pam-auth-update --enable apitoken');
like bad(apt('remove', 'libpam-apitoken'), 'a removal that would shut all out'),
    qr{^/etc/pam\.d/sshd\b}m, 'names the file';
like $system->read('etc/pam.d/common-auth'), qr/pam_apitoken/,
    'and changed nothing';
logins('not removed', after => 'in', password => 'in');
$system->take_back;

# ---- removed, and back ----
good(apt('remove', @names), 'removed');
bad('grep pam_apitoken /etc/pam.d/*', 'PAM does not name it');
logins('removed', after => 'refused', password => 'in');
good(apt('install', $system->debs('new')), 'installed again');
good('pam-auth-update --enable apitoken');
logins('again', before => 'in', after => 'in', password => 'in');

# ---- purged ----
good(apt('purge', @names), 'purged');
logins('purged', after => 'refused', password => 'in');
bad('getent group apitoken', 'no group');
$system->nothing_left($before);
done_testing;
