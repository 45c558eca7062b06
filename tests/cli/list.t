#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken list and show.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my %utc = (env => { TZ => 'UTC' });

subtest 'nothing yet' => sub {
	my ($exit, $out, $err) = apitoken($config, 'list');
	is $exit, 0, 'exit';
	like $out, qr/\AID +USER +LABEL +STATE +EXPIRES +SERVICES +FROM\n\z/,
	    'heads only';
	is $err, '', 'no error';
	(undef, $out) = apitoken($config, '--json', 'list');
	is $out, '', 'JSON: nothing';
};

my (undef, $bob) = create_token($config, user => 'bob', label => 'phone',
    service => 'imap,smtp', from => '192.0.2.0/24', expires => 'never');
create_token($config, user => 'alice', label => 'zebra',
    expires => '2037-03-31T12:00:00Z');
create_token($config, user => 'alice', label => "b\xc3\xbccher",
    expires => '3s');
my (undef, $gone) = create_token($config, user => 'alice', label => 'gone');
apitoken($config, 'revoke', 'alice/gone', '--reason', 'lost it');
wait_for(sub {
	(apitoken($config, 'list'))[1] =~ /expired/;
}, 10);

subtest 'the table' => sub {
	my ($exit, $out, $err) = apitoken($config, 'list', { %utc });
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	unlike $out, qr/\e/, 'no colour without a terminal';
	my @lines = split /\n/, $out;
	is @lines, 5, 'a line for each';
	my @rows = map { [split / {2,}/] } @lines;
	is_deeply [map { "$_->[1]/$_->[2]" } @rows[1 .. 4]],
	    ["alice/b\xc3\xbccher", 'alice/gone', 'alice/zebra', 'bob/phone'],
	    'by user and label';
	is_deeply [map { $_->[3] } @rows[1 .. 4]],
	    [qw(expired revoked active active)], 'states';
	is $rows[3][4], '2037-03-31 12:00', 'expiry';
	is_deeply $rows[4], [substr($bob->{id}, 0, 10), 'bob', 'phone',
	    'active', 'never', 'imap,smtp', '192.0.2.0/24'], 'a whole row';
	utf8::decode($_) for @lines;
	is_deeply [map { index $_, $_ =~ /ID/ ? 'STATE' :
	    (/(expired|revoked|active)/)[0] } @lines],
	    [(index $lines[0], 'STATE') x 5], 'aligned, also behind UTF-8';
	unlike $out, qr/ $/m, 'no blanks at the end';
};

subtest 'JSON' => sub {
	my ($exit, $out) = apitoken($config, '--json', 'list');
	is $exit, 0, 'exit';
	my @all = json_lines($out);
	is @all, 4, 'one line each';
	is_deeply $all[3], $bob, 'the record, as create gave it';
	is $all[1]{state}, 'revoked', 'revoked';
	is $all[1]{revoked_reason}, 'lost it', 'reason';
	like $all[1]{revoked}, qr/^20.*Z$/, 'when';
	is $all[0]{label}, "b\x{fc}cher", 'UTF-8';
};

subtest 'show' => sub {
	my ($exit, $out, $err) = apitoken($config, 'show', 'alice/gone');
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	my %field = $out =~ /^(\w+(?: by)?) +(.*)$/mg;
	is $field{id}, $gone->{id}, 'id';
	is $field{state}, 'revoked', 'state';
	is $field{reason}, 'lost it', 'reason';
	ok $field{'revoked by'}, 'by whom';
	(undef, $out) = apitoken($config, '--json', 'show',
	    substr $bob->{id}, 0, 6);
	is_deeply from_json($out), $bob, 'by the beginning of the id';
};

subtest 'write errors' => sub {
	for my $args (['list'], ['--json', 'list'], ['show', 'bob/phone'],
	    ['--help'], ['key', 'list']) {
		my ($exit, undef, $err) = apitoken($config, @$args,
		    { stdout => '/dev/full' });
		is $exit, 1, "@$args: exit";
		ok one_line($err), 'one line' or diag $err;
		($exit, undef, $err) = apitoken($config, @$args,
		    { close => [1] });
		is $exit, 1, "@$args, closed: exit";
		ok one_line($err), 'one line' or diag $err;
	}
};

subtest 'colour on a terminal' => sub {
	my ($master, $slave) = pty();
	apitoken($config, 'list', { stdout_fh => $slave,
	    env => { TERM => 'xterm', NO_COLOR => undef } });
	close $slave;
	my $text = '';
	sysread $master, $text, 65536;
	like $text, qr/\e\[31mrevoked\e\[0m/, 'revoked is red';
	($master, $slave) = pty();
	apitoken($config, 'list', { stdout_fh => $slave,
	    env => { TERM => 'xterm', NO_COLOR => '1' } });
	close $slave;
	sysread $master, $text, 65536;
	like $text, qr/revoked/, 'NO_COLOR: the list';
	unlike $text, qr/\e/, 'without colour';
};

done_testing;
