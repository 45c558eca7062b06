#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken revoke: at once, all or none, and by every kind of name.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my %token;
my %rec;
for my $label (qw(a b c d e)) {
	($token{$label}, $rec{$label}) =
	    create_token($config, user => 'alice', label => $label);
}

is verdict($config, $token{a}), 'valid', 'valid before';
my ($exit, $out, $err) = apitoken($config, 'revoke', 'alice/a', '--reason',
    'left on a train');
is $exit, 0, 'exit';
is $out, "$rec{a}{id} revoked: alice/a\n", 'one line on stdout';
is $err, '', 'no error';
is verdict($config, $token{a}), 'revoked', 'refused at once';

($exit, $out) = apitoken($config, 'revoke', 'alice/a', '--reason', 'again');
is $exit, 0, 'again: exit';
like $out, qr/\A$rec{a}{id} was revoked before: alice\/a\n\z/, 'it says so';
(undef, $out) = apitoken($config, '--json', 'show', $rec{a}{id});
is from_json($out)->{revoked_reason}, 'left on a train',
    'the first reason stays';

($exit, $out, $err) = apitoken($config, 'revoke', 'alice/b', 'alice/none');
is $exit, 3, 'one name of two unknown: exit';
is $out, '', 'nothing on stdout';
is verdict($config, $token{b}), 'valid', 'nothing revoked';

($exit, $out) = apitoken($config, '--json', 'revoke', 'alice/b',
    $rec{c}{id}, substr($rec{b}{id}, 0, 12));
is $exit, 0, 'two, one of them named twice: exit';
my @all = json_lines($out);
is_deeply [map { "$_->{label} $_->{state}" } @all],
    ['b revoked', 'c revoked'], 'one object each';
is verdict($config, $token{$_}), 'revoked', "$_ is refused"
    for qw(b c);

# On a terminal it asks before it revokes several.
($exit, $out, $err) = on_terminal($config, "n\n", 'revoke',
    'alice/d', 'alice/e');
is $exit, 1, 'no: exit';
like $err, qr/Revoke these 2 tokens\?/, 'it asked';
is verdict($config, $token{d}), 'valid', 'nothing revoked';
($exit, $out, $err) = on_terminal($config, "\x04", 'revoke',
    'alice/d', 'alice/e');
is $exit, 1, 'end of file: exit';
is verdict($config, $token{d}), 'valid', 'nothing revoked';
($exit, $out, $err) = on_terminal($config, "y\n", 'revoke',
    'alice/d', 'alice/e');
is $exit, 0, 'yes: exit';
is verdict($config, $token{$_}), 'revoked', "$_ is refused"
    for qw(d e);

# A new token of the same label is meant where the old one is revoked.
($token{a}, $rec{a2}) = create_token($config, user => 'alice', label => 'a');
isnt $rec{a2}{id}, $rec{a}{id}, 'the label is free again';
($exit, $out) = on_terminal($config, '', 'revoke', 'alice/a');
is $exit, 0, 'one alone: not asked';
like $out, qr/\A$rec{a2}{id} revoked/, 'the one that was active';

subtest 'a reason that means harm' => sub {
	my %text = hostile_text(256);
	ok refused($config, 2, 'revoke', $rec{a2}{id}, '--reason',
	    $text{$_}), $_ for sort keys %text;
};

subtest 'all of a user' => sub {
	my %t = map { $_ => scalar create_token($config, user => $_,
	    label => 'mark') } qw(bob carol);
	my $refused = sub { refused($config, 2, 'revoke', @_) };
	like $refused->('--all'), qr/name a user, or say --issued-before/,
	    '--all alone';
	ok $refused->('--all', 'bob/mark'), '--all and a name';
	ok $refused->('--all', '--user', 'bob', 'bob/mark'),
	    '--all, a user and a name';
	ok $refused->('--all', '--user', 'bob', @$_), "--all and @$_"
	    for ['--search', 'x'], ['--state', 'active'],
	    ['--expires-before', '1d'], ['--unused-since', '1d'],
	    ['--issued-before', '1d'];

	my @all = ('revoke', '--all', '--user', 'bob');
	my $before = installation($config);
	($exit, $out, $err) = apitoken($config, @all, '--dry-run');
	is $exit, 0, 'dry run: exit';
	like $out, qr{\A\w{24} would be revoked: bob/mark\n\z}, 'what it knows';
	like $err, qr/not known here: every token of bob issued up to now$/,
	    'and what not';
	for my $answer ("n\n", "\x04") {
		($exit, $out, $err) = on_terminal($config, $answer, @all);
		is $exit, 1, 'no: exit';
		like $err, qr/Revoke every token of bob .*1 that/,
		    'it asked, for one alone, too';
	}
	is changes($before, $config), '', 'nothing changed';
	is verdict($config, $t{bob}), 'valid', 'bob is in';

	($exit, $out) = on_terminal($config, "y\n", @all, '--reason', 'bob left');
	is $exit, 0, 'yes: exit';
	is $out, "revoked: every token of bob issued up to now\n", 'one line';
	is verdict($config, $t{bob}), 'revoked', 'bob is out';
	is verdict($config, $t{carol}), 'valid', 'carol is in';

	($exit, $out, $err) = apitoken($config, 'revoke', '--all', '--user',
	    'bbo', '--yes');
	is $exit, 0, 'of a user without tokens: exit';
	is $err, "no token of that user is known here\n", 'it says so';

	my ($line) = grep { ($_->{why} // '') =~ /bob left/ }
	    json_lines(slurp($config =~ s{[^/]*$}{audit.json}r));
	is $line->{user}, 'bob', 'the log knows';
	my $new = create_token($config, user => 'bob', label => 'new');
	is verdict($config, $new), 'valid',
	    'a new one of his is taken';

	($exit, $out) = apitoken($config, 'revoke', '--all', '--user',
	    'carol', '--json');
	is $exit, 0, 'no terminal: not asked';
	is_deeply from_json($out), { state => 'revoked', user => 'carol',
	    issued_before => undef }, 'JSON';
	is verdict($config, $t{carol}), 'revoked',
	    'carol is out';
};

subtest 'issued before' => sub {
	my $old = create_token($config, user => 'dora', label => 'old');
	my %utc = (env => { TZ => 'UTC' });
	($exit, $out) = apitoken($config, 'revoke', '--issued-before',
	    '2020-01-01', '--dry-run');
	is $out, '', 'dry run: nothing here is that old';
	($exit, $out) = apitoken($config, 'revoke', '--issued-before',
	    '2020-01-01', { %utc });
	is $exit, 0, 'long ago: exit';
	is $out, "revoked: every token issued before 2020-01-01 00:00:00 "
	    . "+0000\n", 'it says from when';
	is verdict($config, $old), 'valid',
	    'what was made later is not touched';
	ok refused($config, 2, 'revoke', '--issued-before',
	    $_), "$_ is no time" for qw(2099-01-01 soon never 2026-02-30);

	# Until it is older than the mark.
	sleep 2;
	($exit, $out) = on_terminal($config, "\x04", 'revoke',
	    '--issued-before', '1s');
	is $exit, 1, 'asked';
	($exit, $out) = on_terminal($config, '', 'revoke', '--issued-before', '1s',
	    '--user', 'dora', '--yes', '--json');
	is $exit, 0, '--yes: exit';
	is from_json($out)->{user}, 'dora', 'whose';
	like from_json($out)->{issued_before}, qr/^20.*Z$/, 'when';
	is verdict($config, $old), 'revoked', 'dora is out';
	ok refused($config, 2, 'revoke', '--issued-before',
	    '1s', 'dora/old'), 'not with a name';

	my ($any, $rec) = create_token($config, user => 'emil',
	    label => 'any');
	sleep 2;
	apitoken($config, 'revoke', '--issued-before', '1s');
	is verdict($config, $any), 'revoked', "everyone's";
};

subtest 'a user that means harm' => sub {
	my %text = hostile_text(255);
	ok refused($config, 2, 'revoke', '--all', '--user',
	    $text{$_}), $_ for sort keys %text;
};

done_testing;
