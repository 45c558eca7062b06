#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The system log, read at /dev/log: which line each login leaves, with what
# facility, and that nothing in it is a token or comes from the peer as it is.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $config = $host->config;
my ($good, $record) = create_token($config, label => 'my laptop');
my $id = $record->{id} // $record->{token_id};
like($id, qr/^[0-9a-z]{24}$/, 'the id is known');
my ($revoked, $gone) = create_token($config, label => 'old phone');
is((apitoken($config, 'revoke', 'alice/old phone'))[0], '0', 'revoke');

# lines(options, reply, %opt): our lines, each as [priority, text].
sub lines {
	my ($options, $reply, %opt) = @_;
	$host->stack('sshd', "auth required %M nodelay $options",
	    'account required %M');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    rhost => '192.0.2.7', replies => [ $reply ], %opt);
	ok(holds_no_token($r->{log}), 'no token in the log');
	my @found;
	for (split /\n/, $r->{log}) {
		next if !/pam_apitoken/;
		my ($pri, $head, $text) =
		    /^<(\d+)>.*?(driver\S*: pam_apitoken\(sshd:\w+\)): (.*)/
		    or fail("a line that looks odd: $_");
		is($pri >> 3, 10, 'LOG_AUTHPRIV');
		push @found, [ $pri & 7, $text ];
	}
	return @found;
}

subtest 'a login' => sub {
	my @lines = lines('config=%C', $good);
	is(scalar @lines, 1, 'one line');
	cmp_ok($lines[0][0], '>=', 5, 'it is nothing to worry about');
	my $text = $lines[0][1];
	like($text, qr/^login allow /, 'what and how');
	like($text, qr/$_/, $_) for 'my laptop', $id, 'alice', 'sshd',
	    '192\.0\.2\.7';
	@lines = lines('config=%C', $good, steps => [ qw(authenticate
	    acct_mgmt) ]);
	is(scalar @lines, 1, 'the account phase adds none');
};

subtest 'a refusal' => sub {
	my @lines = lines('config=%C', $revoked);
	is(scalar @lines, 1, 'one line');
	cmp_ok($lines[0][0], '<=', 5, 'it stands out');
	my $text = $lines[0][1];
	like($text, qr/$_/, $_) for '^login deny ', 'reason=revoked',
	    'old phone', 'alice', 'sshd', '192\.0\.2\.7';
};

subtest 'what is not proved is not named' => sub {
	my @lines = lines('config=%C', Apitoken::Pam::forge($good, sub {
		substr($_, -1) ^= "\x01" }));
	is(scalar @lines, 1, 'one line');
	like($lines[0][1], qr/forged/, 'forged');
	unlike($lines[0][1], qr/my laptop|$id/, 'neither label nor id');
};

subtest 'user and peer cannot write lines of their own' => sub {
	for my $odd ("alice\nroot: pam_apitoken(sshd:auth): valid",
	    "a\e[2J\rb", "\x01\x7f\xff\xfe", 'u' x 255) {
		for my $name (qw(user rhost)) {
			my $r = $host->drive(service => 'sshd', user => 'alice',
			    $name => $odd, replies => [ $good ]);
			my @lines = split /\n/, $r->{log};
			is(scalar @lines, 1, "one line, whatever the $name");
			unlike($r->{log}, qr/[\0-\x09\x0b-\x1f\x7f]/,
			    'without control characters');
			ok(holds_no_token($r->{log}), 'no token');
		}
	}
};

subtest 'trouble' => sub {
	my @lines = lines('config=/nonexistent/apitoken.conf', $good);
	is(scalar @lines, 1, 'one line');
	is($lines[0][0], 3, 'LOG_ERR');
	like($lines[0][1], qr/cannot be checked.*\/nonexistent/,
	    'it says what and why');
};

subtest 'debug' => sub {
	for ([ 'a password', 'an ordinary password' ], [ 'a token', $good ],
	    [ 'a revoked token', $revoked ],
	    [ 'a damaged one', substr $good, 0, 60 ]) {
		my ($name, $reply) = @$_;
		my @without = lines('config=%C nontoken=ignore', $reply);
		my @with = lines('config=%C nontoken=ignore debug', $reply);
		is_deeply([ grep { $_->[0] == 7 } @without ], [],
		    "$name: LOG_DEBUG only with debug");
		ok(scalar(grep { $_->[0] == 7 } @with), "$name: debug lines");
		is_deeply([ map { $_->[1] } grep { $_->[0] != 7 } @with ],
		    [ map { $_->[1] } @without ],
		    "$name: the rest is the same");
		unlike(join('', map { $_->[1] } @with),
		    qr/ordinary password/, "$name: nor is the password");
	}
};

subtest 'nothing is shown to the user' => sub {
	for my $reply ($good, $revoked, 'password') {
		my $r = $host->drive(service => 'sshd', user => 'alice',
		    replies => [ $reply ]);
		is_deeply($r->{says}, [], 'no message');
	}
};

done_testing;
