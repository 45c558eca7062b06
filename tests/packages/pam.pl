#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What asks PAM, on a Debian that has our packages and nothing else of ours, set
# up as the README and the recipes say, word for word: sshd, Dovecot, sudo.
# Through an upgrade, and until nothing is left.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Dovecot;
use Apitoken::Packages;
use Apitoken::Recipe;
use Apitoken::Sshd;
use Apitoken::Test;
use Test::More;

my $system = Apitoken::Packages->new(alone => 1);
my $readme = Apitoken::Recipe->new('../../README');
my $dovecot = Apitoken::Recipe->new('dovecot');
my $sudo = Apitoken::Recipe->new('sudo');
my ($install) = $readme->commands('sudo apt install');
my ($init) = $readme->commands('sudo apitoken');

my %secret = (password => $system->host(qw(openssh-server sudo dovecot-imapd)),
    wrong => 'not the password');
$system->bring;
my $before = $system->files;
my @names = $install =~ m{\./([\w-]+)_}g;
$system->service('start', qw(ssh dovecot));

# ---- every way in: "in", "refused", or what else came of it ----
my $ssh = $system->client('Apitoken::Sshd', port => 22);
$ssh->write_file('known_hosts', 0600, map { "127.0.0.1 $_" }
    $system->read('etc/ssh/ssh_host_ed25519_key.pub') =~ s/ \S+$//r);
my $imap = $system->client('Apitoken::Dovecot', port => 143);

sub outcome {
	my ($got) = @_;
	return $got->{ok} ? 'in' : $got->{refused} || $got->{no} ? 'refused'
	    : $got->{debug} // join "\n", @{ $got->{lines} };
}

# The recipe's own way for scripts, as alice.
sub sudo {
	my ($secret, $option) = @_;
	my ($command) = $sudo->commands('sudo -S');
	$system->sh('mkdir -p /home/alice/.config; '
	    . 'cat >/home/alice/.config/token', stdin => "$secret\n");
	$command =~ s/^sudo/sudo $option/ if $option;
	my ($code, $said) = $system->sh('chown -R alice ~alice/.config; '
	    . 'exec runuser -l alice -c "$(cat)"', stdin => $command);
	return $code == 0 && $said eq "root\n" ? 'in'
	    : $code == 1 && $said =~ /incorrect password/ ? 'refused' : $said;
}

my %way = (
	sshd => { password => sub {
		outcome($ssh->login(user => 'alice', password => $_[0])) } },
	imap => { map { my $mech = $_; $mech => sub {
		outcome($imap->talk(mech => $mech, user => 'alice',
		    password => $_[0], answer => 'AQ==')) } } qw(PLAIN LOGIN OAUTHBEARER
		    XOAUTH2), 'login command' },
	sudo => { 'sudo' => sub { sudo($_[0]) },
	    'sudo -i' => sub { sudo($_[0], '-i') } },
);

# logins(when, service, secret => what comes of it...): by every way.
sub logins {
	my ($when, $service, @expected) = @_;
	for my $how (sort keys %{ $way{$service} }) {
		my @rest = @expected;
		while (my ($what, $comes) = splice @rest, 0, 2) {
			is $way{$service}{$how}->($secret{$what}), $comes,
			    "$when: $what by $how";
		}
	}
	return;
}
my @services = sort keys %way;

sub others_token {
	my ($service) = @_;
	return (grep { $_ ne $service } @services)[0];
}

sub all_logins {
	my ($when) = @_;
	logins($when, $_, $_ => 'in', password => 'in') for @services;
	is $way{sshd}{password}->($secret{imap}), 'refused',
	    "$when: a token for something else";
	return;
}

# ---- as it is written ----
# Debian's Dovecot has PLAIN alone.
my %later = %{ $way{imap} };
$way{imap} = { PLAIN => delete $later{PLAIN} };
logins('before', $_, password => 'in') for qw(sshd imap);
$system->good("cd /tmp/old; $install");
$system->good($init);
($secret{$_}) = $system->token($_) for @services;
logins('installed', $_, $_ => 'refused', password => 'in') for qw(sshd imap);

$system->follow($readme, '/etc/pam.d/sshd');
$system->follow($dovecot, '/etc/pam.d/dovecot',
    '/etc/dovecot/conf.d/10-auth.conf');
$system->follow($sudo, '/etc/pam.d/sudo', '/etc/apitoken/apitoken.conf',
    '/etc/sudoers.d/apitoken');
# "Do the same" says the recipe.
$system->put('/etc/pam.d/sudo-i', $sudo->file('/etc/pam.d/sudo'));
$system->good($_) for map { $sudo->commands($_) } qw(chmod visudo);
$way{imap} = { %later, %{ $way{imap} } };
$system->service('restart', 'dovecot');
$system->good('apitoken doctor', 'of which the doctor has nothing to say');
all_logins('set up');
# Dovecot makes wait longer who was refused several times on end.
logins('set up', $_, wrong => 'refused', $_ => 'in',
    others_token($_) => 'refused', $_ => 'in') for @services;

# ---- upgraded ----
$system->upgrade($install, 'libpam-apitoken',
    'find /etc/apitoken /var/lib/apitoken /etc/pam.d /etc/sudoers.d '
    . '/etc/dovecot -type f | sort | xargs md5sum');
all_logins('upgraded');
$system->service('restart', 'dovecot');
all_logins('restarted');

# ---- taken back, removed, purged ----
like $system->bad('apt remove -y libpam-apitoken'), qr{^/etc/pam\.d/sshd\b}m,
    'a removal that would shut all out names the file';
all_logins('not removed');
$system->take_back;
$system->good('doveadm reload');
$way{imap} = { PLAIN => $way{imap}{PLAIN} };
logins('taken back', $_, $_ => 'refused', password => 'in') for @services;
$system->good($system->apt('remove', @names), 'removed');
logins('removed', $_, $_ => 'refused', password => 'in') for @services;
$system->good($system->apt('purge', @names), 'purged');
logins('purged', $_, $_ => 'refused', password => 'in') for @services;
$system->bad('getent group apitoken', 'no group');
$system->nothing_left($before,
    qr{^/home/alice/|^/var/mail/|^/var/lib/(?:dovecot|sudo)/});

my $log = $system->read('root/syslog');
like $log, qr/pam_apitoken.*login allow/, 'there is a log';
ok holds_no_token($log), 'without tokens';
$system->service('stop', qw(ssh dovecot));
done_testing;
