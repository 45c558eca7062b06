#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A Debian with nothing but its base system, and our packages: what installing
# them does and does not do, tokens through an upgrade, passwords through a
# removal, and nothing that is left by a purge.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::System;
use Apitoken::Test;
use Test::More;

my $system = Apitoken::System->new;
my @names = qw(apitoken libpam-apitoken libsasl2-modules-apitoken
    libtokencore0 libtokencore-dev);
my $port = free_port();
my %secret;	# what was typed where a password goes

sub good {
	my ($command, $what) = @_;
	my ($code, $said) = $system->sh($command);
	is $code, 0, $what // $command or diag $said;
	return $said;
}

sub bad {
	my ($command, $what) = @_;
	my ($code, $said) = $system->sh($command);
	isnt $code, 0, $what // $command or diag $said;
	return $said;
}

# The packages as they are, and the same under the number before: what differs
# between them is the number alone.
sub bring_packages {
	my $root = $system->root;
	mkdir "$root/tmp/$_" or die $! for qw(new old);
	for my $name (@names) {
		my ($deb) = glob build_dir() . "/deb/${name}_*.deb";
		my $work = "$root/tmp/work";
		system("cp '$deb' '$root/tmp/new/' && dpkg-deb -R '$deb' "
		    . "'$work' && sed -i -E 's/0\\.1\\.0-1~upstream1/0.1.0-0.1/' "
		    . "'$work/DEBIAN/control' && dpkg-deb --root-owner-group "
		    . "-b '$work' '$root/tmp/old/' >/dev/null && "
		    . "rm -rf '$work'") == 0 or die "$name: dpkg-deb";
	}
	return;
}

# debs('new', names): as apt wants files named.
sub debs {
	my ($which, @wanted) = @_;
	my $root = $system->root;
	return join ' ', map { s/^\Q$root\E//r } map {
	    glob "$root/tmp/$which/${_}_*.deb" } @wanted ? @wanted : @names;
}

my $apt = 'apt-get -q -y --no-install-recommends';

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

sub token {
	my ($label) = @_;
	$secret{$label} = good('apitoken create --user alice --label '
	    . "$label 2>/dev/null", "a token: $label") =~ s/\n//r;
	like $secret{$label}, qr/^tkc1_/, 'is one';
	return;
}

# ---- a host with sshd and alice ----
good("apt-get -q update && apt-get -q -y upgrade && $apt install "
    . 'openssh-server openssh-client sshpass sudo logrotate',
    'a host with sshd, sudo and logrotate');
$secret{password} = join '', map { ('a' .. 'z')[rand 26] } 1 .. 20;
$system->write('root/chpasswd', "alice:$secret{password}\n", 0600);
good('useradd -m -s /bin/sh -G sudo alice; chpasswd </root/chpasswd; '
    . 'rm /root/chpasswd; mkdir -p /run/sshd', 'and with alice');
# What our packages bring along is the host's own affair.
bring_packages();
good("$apt install " . join(' ', map { "'$_'" } grep { length } split /\n/,
    good("$apt --simulate install " . debs('old') . " | sed -n "
	. "'/apitoken\\|tokencore/!s/^Inst \\([^ ]*\\).*/\\1/p'",
	'what they depend on')), 'is there before');
my $before = $system->files;
$system->start('/usr/sbin/sshd', '-D', '-e', '-p', $port, '-o',
    'ListenAddress=127.0.0.1', '-o', 'PidFile=none', '-o',
    'KbdInteractiveAuthentication=yes');
ok wait_for(sub { $system->read('root/console') =~ /listening/ }, 30),
    'sshd listens';

# ---- installed ----
good("$apt install " . debs('old'), 'the version before');
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
good("$apt install " . debs('new'), 'the upgrade');
is good('dpkg-query -W -f "\${Version}\n" ' . join ' ', @names),
    (split / /, qx(dpkg-parsechangelog -S Version \\
    -l '$ENV{SRC}/packaging/debian/changelog'))[0] x @names, 'is a new version';
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
my ($auth) = slurp("$ENV{SRC}/README.md") =~ /^(auth .*pam_apitoken.*)$/m;
my ($account) = slurp("$ENV{SRC}/README.md") =~ /^(account .*apitoken.*)$/m;
my $stack = $system->read('etc/pam.d/sshd');
$system->write('etc/pam.d/sshd', $stack
    =~ s/^(?=\@include common-auth)/$auth\n/mr
    =~ s/^(?=\@include common-account)/$account\n/mr);
logins('by hand', after => 'in', password => 'in', wrong => 'refused');
good('pam-auth-update --enable apitoken');
like bad("$apt remove libpam-apitoken", 'a removal that would shut all out'),
    qr{^/etc/pam\.d/sshd\b}m, 'names the file';
like $system->read('etc/pam.d/common-auth'), qr/pam_apitoken/,
    'and changed nothing';
logins('not removed', after => 'in', password => 'in');
$system->write('etc/pam.d/sshd', $stack);

# ---- removed, and back ----
good("$apt remove " . join(' ', @names), 'removed');
bad('grep pam_apitoken /etc/pam.d/*', 'PAM does not name it');
logins('removed', after => 'refused', password => 'in');
good("$apt install " . debs('new'), 'installed again');
good('pam-auth-update --enable apitoken');
logins('again', before => 'in', after => 'in', password => 'in');

# ---- purged ----
good("$apt purge " . join(' ', @names), 'purged');
logins('purged', after => 'refused', password => 'in');
bad('getent group apitoken', 'no group');
my $after = $system->files;
# Others note what went on, in files that they had before or keep themselves.
my $others = qr{^/var/log/(?:btmp|lastlog|wtmp|faillog)$
    |^/var/lib/logrotate/|^/etc/g?shadow-$|^/etc/group-$|^/var/lib/pam/}x;
is_deeply [ grep { !/$others/ && !exists $before->{$_} } sort keys %$after ],
    [], 'nothing that was not there before';
is_deeply [ grep { !/$others/ && ($after->{$_} // '') ne $before->{$_} }
    sort keys %$before ],
    [], 'nothing of the host is gone or changed';
done_testing;
