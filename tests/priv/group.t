#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# An installation that was made before the group was: services in the group
# cannot use it, doctor says so, and what it advises lets them in, also behind
# the next change.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;
use Test::More;

need_root();

my $gid = 54321;
my @member = ('setpriv', '--reuid=61001', '--regid=61001', "--groups=$gid");
my $base = tempdir(mode => 0755);
spit("$base/without", "root:x:0:\n", 0644);
spit("$base/with", "root:x:0:\napitoken:x:$gid:\n", 0644);
mkdir "$base/host" or die;
my $config = "$base/host/apitoken.conf";

# With the host's groups as this file has them.
sub in_host {
	my ($groups, @command) = @_;
	return run(['unshare', '-m', '--propagation', 'private', 'sh', '-c',
	    'mount --bind "$0" /etc/group && exec "$@"', "$base/$groups",
	    @command]);
}

sub findings {
	my ($groups) = @_;
	my ($exit, $out) = in_host($groups, program('apitoken'), '--json',
	    '--config', $config, 'doctor');
	return grep { ($_->{why} // '') =~ /group apitoken/ }
	    map { from_json($_) } split /\n/, $out;
}

sub member_login {
	my ($token) = @_;
	my ($exit, $out) = run([@member, program('apitoken'), '--config',
	    $config, qw(--json verify --service sshd)], stdin => $token);
	return eval { from_json($out)->{verdict} } // "exit $exit";
}

my ($exit, undef, $err) = in_host('without', program('apitoken'), '--config',
    $config, 'init');
is $exit, 0, 'made without the group' or diag $err;
my ($token) = create_token($config, label => 'one');
is_deeply [ findings('without') ], [], 'as long as there is none, all is fine';

my @found = findings('with');
is_deeply [ map { $_->{what} } @found ],
    [ "$base/host/secret.conf", "$base/host/store" ],
    'then doctor names what the group cannot use';
is_deeply [ grep { $_->{severity} ne 'warning' } @found ], [],
    'it is a warning';
isnt member_login($token), 'valid', 'nor can it';

for my $finding (@found) {
	my ($failed, undef, $why) = in_host('with', 'sh', '-ec',
	    $finding->{mend});
	is $failed, 0, "the advice: $finding->{mend}" or diag $why;
}
is_deeply [ findings('with') ], [], 'then it has no more to say';
is member_login($token), 'valid', 'and the group can use it';
my ($next) = create_token($config, label => 'two');
is member_login($next), 'valid', 'also behind the next change';

done_testing;
