#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/sudo.md, with the real sudo in the private host: the
# distribution's own PAM files with the recipe's lines in them, who becomes
# root, and how long a token that was revoked lives on in sudo's time stamp.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Recipe;
use Apitoken::Test;
use File::Path qw(make_path);
use Test::More;

if (my $why = Apitoken::Pam::missing(qw(sudo visudo setpriv setsid))) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('sudo');
my $dir = tempdir(mode => 0755);
my $own = "$dir/own";
make_path("$own/sudoers.d", "$own/lib");
# What the host's sudo may do is not what is tried here.
spit("$own/sudoers", <<'END', 0440);
Defaults !fqdn, !mail_badpass, !mail_no_user, !lecture
root ALL=(ALL:ALL) ALL
alice ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
END
my $host = Apitoken::Pam->launch_in($dir, mounts => {
	'/etc/sudoers' => "$own/sudoers",
	'/etc/sudoers.d' => "$own/sudoers.d",
	'/var/lib/sudo' => "$own/lib",
});
my $config = $host->config;
my $module = $host->expand('%M config=%C nodelay');

# The host's own file of that service, and all that it includes, with each of
# the recipe's lines before the include that follows it there.
sub service {
	my ($name) = @_;
	my $text = slurp("/etc/pam.d/$name");
	my @lines = grep { !/^#/ } $recipe->file('/etc/pam.d/sudo');
	while (my ($ours, $include) = splice @lines, 0, 2) {
		$ours =~ s/pam_apitoken\.so/$module/ or die $ours;
		$text =~ s/^(?=\Q$include\E$)/$ours\n/m
		    or die "$name: no $include";
	}
	my %files = ($name => $text);
	my @todo = $text =~ /^\@include\s+(\S+)/mg;
	$files{$_} = slurp("/etc/pam.d/$_") for @todo;
	$host->pam(map { $_ => [ split /\n/, $files{$_} ] } keys %files);
	return;
}

sub token {
	my (%spec) = @_;
	my $token = create_token($config, service => 'sudo', %spec);
	spit("$own/secret", "$token\n");
	return $token;
}

# typed(commands...): in one shell of root's, without a terminal, so that sudo
# takes them for one session; what they print. "alice" runs one as alice.
sub typed {
	my @commands = @_;
	my $apitoken = program('apitoken') . " --config $config";
	my $script = join "\n", 'alice() { setpriv --reuid=61001 '
	    . '--regid=61001 --init-groups "$@"; }',
	    "apitoken() { $apitoken \"\$\@\"; }", @commands;
	my ($exit, $out, $err) = $host->enter([ 'setsid', '-w', '/bin/sh',
	    '-c', $script ]);
	ok(holds_no_token("$out$err" . $host->syslog), 'no token is shown');
	return ($out, $err, $exit);
}

my ($run) = map { s{~/\.config/token}{$own/secret}r }
    $recipe->commands('sudo -S');
sub is_root { return is((typed("alice $run"))[0], "root\n", $_[0]) }
sub is_refused {
	my ($name, $verdict, $command) = @_;
	my $from = length $host->syslog;
	my ($out, $err, $exit) = typed('alice ' . ($command // $run));
	is("$exit $out", '1 ', "$name: refused") or diag $err;
	ok($host->wait_syslog(qr/pam_apitoken.*reason=$verdict/, $from),
	    'the log says why') or diag substr $host->syslog, $from;
	ok($host->wait_syslog(qr/sudo.*incorrect password attempt/, $from),
	    'and sudo says so');
	return;
}

service('sudo');
service('sudo-i');

subtest 'who becomes root' => sub {
	token(label => 'for sudo');
	is_root('a token for sudo');
	spit("$own/secret", $host->password('alice') . "\n");
	is_root('the password');
	token(label => 'bob', user => 'bob');
	is_refused("another user's", 'wrong-user');
	token(label => 'imap', service => 'imap');
	is_refused('for another service', 'wrong-service');
	token(label => 'from here', from => '127.0.0.0/8');
	is_refused('sudo tells no address', 'wrong-source');
	token(label => 'gone');
	apitoken($config, 'revoke', 'alice/gone');
	is_refused('a revoked one', 'revoked');
	token(label => 'asks');
	like((typed("alice sudo -S id -un <$own/secret"))[1],
	    qr/\AToken or password: /, 'what sudo asks');
};

subtest 'sudo -i' => sub {
	token(label => 'login');
	my $login = $run =~ s/-S/-i -S/r;
	is_refused('without the line', 'wrong-service', $login);
	my ($line) = grep { /=/ } $recipe->file('/etc/apitoken/apitoken.conf');
	set_conf($config, 'services/sudo' => $line =~ s/.*= //r);
	is((typed("alice $login"))[0], "root\n", 'with it');
	is_root('and sudo as before');
};

# Only the first command is given the token.
my @revoked = ("alice $run", 'apitoken revoke alice/stamp >/dev/null');
my ($remove) = $recipe->commands('rm');

subtest 'the time stamp' => sub {
	token(label => 'stamp');
	my $again = "alice sudo -n -p '' id -un";
	my ($out, $err) = typed(@revoked, $again);
	is($out, "root\nroot\n", 'survives a revocation') or diag $err;
	is((typed($again))[0], '', 'but in no other session');
	for my $end ('alice sudo -K', 'alice sudo -k', $remove) {
		token(label => 'stamp');
		($out, $err) = typed(@revoked, $end, $again);
		is($out, "root\n", "not after $end");
		like($err, qr/a password is required/, 'sudo asks again');
	}
	like($recipe->{text}, qr/For 15 minutes/, 'the recipe says how long');
	like((run([ 'sudo', '-V' ]))[1], qr/timestamp timeout: 15\.0 minutes/,
	    'and so does sudo');
};

subtest 'without time stamps' => sub {
	my $file = "$own/sudoers.d/apitoken";
	spit($file, join "\n", $recipe->file('/etc/sudoers.d/apitoken'), '');
	is((typed($_))[2], '0', $_) for $recipe->commands('chmod'),
	    $recipe->commands('visudo');
	is((stat $file)[2] & 07777, 0440, 'its mode');
	token(label => 'stamp');
	my ($out, $err) = typed(@revoked, "alice sudo -n -p '' id -un");
	is($out, "root\n", 'only the command that was asked for')
	    or diag $err;
};

done_testing;
