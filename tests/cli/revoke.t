#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken revoke: at once, all or none, and by every kind of name.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my %token;
my %rec;
for my $label (qw(a b c d e)) {
	($token{$label}, $rec{$label}) =
	    create_token($config, user => 'alice', label => $label);
}

sub verdict {
	my ($label) = @_;
	my (undef, $out) = apitoken($config, '--json', 'verify', '--service',
	    'sshd', { stdin => $token{$label} });
	return from_json($out)->{verdict};
}

is verdict('a'), 'valid', 'valid before';
my ($exit, $out, $err) = apitoken($config, 'revoke', 'alice/a', '--reason',
    'left on a train');
is $exit, 0, 'exit';
is $out, "$rec{a}{id} revoked: alice/a\n", 'one line on stdout';
is $err, '', 'no error';
is verdict('a'), 'revoked', 'refused at once';

($exit, $out) = apitoken($config, 'revoke', 'alice/a', '--reason', 'again');
is $exit, 0, 'again: exit';
like $out, qr/\A$rec{a}{id} was revoked before: alice\/a\n\z/, 'it says so';
(undef, $out) = apitoken($config, '--json', 'show', $rec{a}{id});
is from_json($out)->{revoked_reason}, 'left on a train',
    'the first reason stays';

($exit, $out, $err) = apitoken($config, 'revoke', 'alice/b', 'alice/none');
is $exit, 3, 'one name of two unknown: exit';
is $out, '', 'nothing on stdout';
is verdict('b'), 'valid', 'nothing revoked';

($exit, $out) = apitoken($config, '--json', 'revoke', 'alice/b',
    $rec{c}{id}, substr($rec{b}{id}, 0, 12));
is $exit, 0, 'two, one of them named twice: exit';
my @all = json_lines($out);
is_deeply [map { "$_->{label} $_->{state}" } @all],
    ['b revoked', 'c revoked'], 'one object each';
is verdict($_), 'revoked', "$_ is refused" for qw(b c);

# On a terminal it asks before it revokes several.
sub on_terminal {
	my ($typed, @args) = @_;
	my ($master, $slave) = pty();
	syswrite $master, $typed;
	return apitoken($config, @args, { stdin_fh => $slave });
}
($exit, $out, $err) = on_terminal("n\n", 'revoke', 'alice/d', 'alice/e');
is $exit, 1, 'no: exit';
like $err, qr/Revoke these 2 tokens\?/, 'it asked';
is verdict('d'), 'valid', 'nothing revoked';
($exit, $out, $err) = on_terminal("\x04", 'revoke', 'alice/d', 'alice/e');
is $exit, 1, 'end of file: exit';
is verdict('d'), 'valid', 'nothing revoked';
($exit, $out, $err) = on_terminal("y\n", 'revoke', 'alice/d', 'alice/e');
is $exit, 0, 'yes: exit';
is verdict($_), 'revoked', "$_ is refused" for qw(d e);

# A new token of the same label is meant where the old one is revoked.
($token{a}, $rec{a2}) = create_token($config, user => 'alice', label => 'a');
isnt $rec{a2}{id}, $rec{a}{id}, 'the label is free again';
($exit, $out) = on_terminal('', 'revoke', 'alice/a');
is $exit, 0, 'one alone: not asked';
like $out, qr/\A$rec{a2}{id} revoked/, 'the one that was active';

done_testing;
