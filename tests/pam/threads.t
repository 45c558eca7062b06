#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Sixteen threads, each with PAM handles of its own and logins of its own
# kind: no thread gets another's answer. And valgrind finds nothing.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $dir = tempdir(mode => 0755);
my $host = Apitoken::Pam->launch_in($dir);
my $config = $host->config;
my $good = create_token($config, label => 'good');
my $revoked = create_token($config, label => 'revoked');
is((apitoken($config, 'revoke', 'alice/revoked'))[0], '0', 'revoke');
my $forged = Apitoken::Pam::forge($good, sub { substr($_, -1) ^= "\x01" });

subtest 'threads' => sub {
	my $rounds = 40;
	$host->raw_stack('sshd', auth => 'config=%C nodelay nontoken=ignore');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    threads => 16, rounds => $rounds, timeout => 900,
	    steps => [ qw(authenticate setcred acct_mgmt) ],
	    sections => [ [ $good ], [ $revoked ], [ 'a password' ],
	    [ $forged ] ]);
	my $n = 4 * $rounds;
	# libpam's own answer of setcred behind a refusal is its own affair.
	delete $r->{count}{$_} for grep { /setcred/ && !/^0/ }
	    keys %{ $r->{count} };
	is_deeply($r->{count}, {
		'0 authenticate PAM_SUCCESS' => $n,
		'0 setcred PAM_SUCCESS' => $n,
		'0 acct_mgmt PAM_SUCCESS' => $n,
		'1 authenticate PAM_AUTH_ERR' => $n,
		'1 acct_mgmt PAM_CRED_UNAVAIL' => $n,	# IGNORE, see Pam.pm
		'2 authenticate PAM_CRED_UNAVAIL' => $n,
		'2 acct_mgmt PAM_CRED_UNAVAIL' => $n,
		'3 authenticate PAM_AUTH_ERR' => $n,
		'3 acct_mgmt PAM_CRED_UNAVAIL' => $n,
	}, 'each thread gets its own answers');
	ok(holds_no_token($r->{log}), 'no token in the log');
	is(scalar(() = $r->{log} =~ /\bforged\b/g), $n,
	    'a line for each refusal');
};

subtest 'valgrind' => sub {
	plan skip_all => 'valgrind is not installed'
	    if !defined Apitoken::Server::find_program('valgrind');
	my ($exit, $needs) = run([ 'nm', '-D', program('pam_apitoken.so') ]);
	plan skip_all => 'a build with run-time checkers cannot run in it'
	    if $needs =~ /__[atu]b?san_/;
	my $report = "$dir/valgrind";
	my @wrap = ('valgrind', '--quiet', '--error-exitcode=99',
	    '--leak-check=full', '--show-leak-kinds=definite,indirect',
	    '--errors-for-leak-kinds=definite,indirect',
	    "--log-file=$report", '--track-fds=no');
	my @steps = qw(authenticate setcred acct_mgmt open_session
	    close_session chauthtok);
	my @runs = (
		[ 'a token', $good ],
		[ 'a revoked token', $revoked ],
		[ 'a forged token', $forged ],
		[ 'a damaged token', substr $good, 0, 50 ],
		[ '100000 bytes', 'tkc1_' . '0' x 99_995 ],
		[ 'a password', 'a password' ],
		[ 'nothing', '' ],
		[ 'NULL', undef ],
		[ 'no reply', { none => 1 } ],
		[ 'a failed conversation', { fail => 19 } ],
	);
	$host->raw_stack('sshd', auth => 'config=%C nontoken=ignore debug');
	$host->raw_stack('broken', auth => 'config=/nonexistent/x');
	$host->raw_stack('wrong', auth => 'debug=1', account => 'x',
	    session => 'y', password => 'z');
	for (map({ [ 'sshd', @$_ ] } @runs), [ 'broken', 'no files', $good ],
	    [ 'wrong', 'wrong options', $good ]) {
		my ($service, $name, $reply) = @$_;
		my $r = $host->drive(service => $service, user => 'alice',
		    replies => [ $reply, $reply ], steps => \@steps,
		    wrap => \@wrap, timeout => 300, may_fail => 1);
		is($r->{exit}, '0', $name);
		my $found = slurp($report);
		is($found, '', "$name: valgrind has nothing to say");
	}
};

done_testing;
