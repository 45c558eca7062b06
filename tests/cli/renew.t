#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken renew: an expired token works again, a revoked one never does.
use strict;
use warnings;
use Test::More;
use Time::Local qw(timegm);
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($token, $made) = create_token($config, label => 'laptop',
    expires => '2s', service => 'sshd', property => 'a=b');
my $id = $made->{id};
wait_for(sub { verdict($config, $token) eq 'expired' });

subtest 'expired, renewed, works again' => sub {
	is verdict($config, $token), 'expired', 'expired';
	my ($exit, $out, $err) = apitoken($config, 'renew', 'alice/laptop',
	    '--expires', '2037-03-31', { env => { TZ => 'UTC' } });
	is $exit, 0, 'exit' or diag $err;
	is $out, "$id renewed: alice/laptop, expires 2037-03-31\n", 'one line';
	is $err, '', 'no error';
	is verdict($config, $token), 'valid', 'works again';
	is verdict($config, $token, service => 'imap'), 'wrong-service',
	    'for its service alone';
	$made->{expires} = '2037-04-01T00:00:00Z';
	$made->{state} = 'active';
	is_deeply record($config, $id), $made, 'nothing else changed';
};

subtest 'the configured lifetime' => sub {
	set_conf($config, default_lifetime => '7d');
	my $week = 7 * 86400;
	my $before = time;
	my ($exit, $out) = apitoken($config, 'renew', $id, '--json');
	my $after = time;
	is $exit, 0, 'exit';
	my $now = without_use(from_json($out));
	my ($y, $m, $d, @clock) = $now->{expires} =~ /(\d+)/g;
	my $expires = timegm(reverse(@clock), $d, $m - 1, $y);
	ok $expires >= $before + $week && $expires <= $after + $week,
	    'a week from now' or diag $now->{expires};
	is_deeply record($config, $id), $now, 'JSON: the record as it is now';
	set_conf($config, default_lifetime => undef, allow_never => 'no');
	ok refused($config, 1, 'renew', $id, '--expires', 'never'),
	    'policy is asked';
	set_conf($config, allow_never => undef);
};

subtest 'a revocation is final' => sub {
	my ($dead, $rec) = create_token($config, user => 'bob',
	    label => 'dead', expires => '2s');
	my ($live) = create_token($config, user => 'bob', label => 'live');
	wait_for(sub { verdict($config, $dead) eq 'expired' });
	apitoken($config, 'revoke', 'bob/dead', '--reason', 'lost');
	for my $when ([], ['--expires', '90d'], ['--expires', 'never']) {
		my $err = refused($config, 1, 'renew', 'bob/dead', @$when);
		like $err, qr/^apitoken: renew: $rec->{id}: is revoked/,
		    "refused: @$when";
	}
	is verdict($config, $dead), 'revoked', 'and still refused';
	my $err = refused($config, 1, 'renew', 'bob/live', 'bob/dead');
	like $err, qr/is revoked/, 'with another one: neither';

	($dead) = create_token($config, user => 'carol', label => 'mark');
	apitoken($config, 'revoke', '--user', 'carol', '--all');
	$err = refused($config, 1, 'renew', 'carol/mark');
	like $err, qr/is revoked/, 'revoked by a mark';
	is verdict($config, $dead), 'revoked', 'and still refused';

	apitoken($config, 'delete', 'bob/dead');
	ok refused($config, 3, 'renew', $rec->{id}),
	    'a deleted one is not there';
};

subtest 'what cannot be meant' => sub {
	ok refused($config, 2, 'renew'), 'no name';
	ok refused($config, 2, 'renew', $id, '--expires', $_), "until $_"
	    for '2020-01-01', 'soon', '2037-02-30';
	ok refused($config, 2, 'renew', $id, '--label', 'x'),
	    'an option of another verb';
	ok refused($config, 3, 'renew', $id, 'bob/none'), 'an unknown name';
	ok refused($config, 2, 'renew', $token), 'a token as a name';
};

subtest 'nobody is there to be told' => sub {
	my (undef, $rec) = create_token($config, label => 'unheard',
	    expires => '1d');
	pipe my $in, my $out or die "pipe: $!";
	close $in;
	my $log = tempdir() . '/log';
	my $pid = start([program('apitoken'), '--config', $config, 'renew',
	    'alice/unheard', '--expires', '9d'], stdout_fh => $out,
	    log => $log);
	close $out;
	is finish($pid), 6, 'exit';
	is slurp($log), 'apitoken: standard output: done, but it could not be '
	    . "told: Broken pipe\n", 'it says so';
	isnt record($config, 'alice/unheard')->{expires}, $rec->{expires},
	    'and it is';
};

done_testing;
