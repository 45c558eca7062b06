#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken delete: the row goes away, the value is refused for good.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my (%token, %rec);
for my $label ('a' .. 'h') {
	($token{$label}, $rec{$label}) = create_token($config, label => $label);
}

sub rows {
	my (undef, $out) = apitoken($config, '--json', 'list');
	return join ' ', sort map { $_->{label} } json_lines($out);
}

subtest 'gone, and refused' => sub {
	is verdict($config, $token{a}), 'valid', 'valid before';
	my ($exit, $out, $err) = apitoken($config, 'delete', 'alice/a',
	    '--reason', 'was a test');
	is $exit, 0, 'exit';
	is $out, "$rec{a}{id} deleted: alice/a\n", 'one line on stdout';
	is $err, '', 'no error';
	is verdict($config, $token{a}), 'revoked', 'the value is refused';
	is rows(), 'b c d e f g h', 'the row is gone';
	is record($config, $_), undef, "$_ is not there"
	    for 'alice/a', $rec{a}{id};
	my ($line) = grep { $_->{event} eq 'delete' }
	    json_lines(slurp("$dir/audit.json"));
	is_deeply [@$line{qw(id label user why)}],
	    [$rec{a}{id}, 'a', 'alice', 'was a test'], 'the log knows';
};

subtest 'nothing brings it back' => sub {
	ok refused($config, 3, @$_, $rec{a}{id}), "@$_"
	    for ['delete'], ['revoke'], ['renew', '--expires', 'never'],
	    ['edit', '--label', 'x'];
	is verdict($config, $token{a}), 'revoked', 'still refused';
	my ($again, $rec) = create_token($config, label => 'a');
	isnt $rec->{id}, $rec{a}{id}, 'its label is free again';
	is verdict($config, $again), 'valid', 'for a new one';
	is verdict($config, $token{a}), 'revoked', 'not for the old value';
};

subtest 'revoked before' => sub {
	apitoken($config, 'revoke', 'alice/b');
	my ($exit, $out) = apitoken($config, 'delete', 'alice/b', '--json');
	is $exit, 0, 'exit';
	is_deeply from_json($out), { id => $rec{b}{id}, user => 'alice',
	    label => 'b', state => 'deleted' }, 'JSON: what it was';
	is verdict($config, $token{b}), 'revoked', 'refused';
};

subtest 'several' => sub {
	ok refused($config, 3, 'delete', 'alice/c', 'alice/none'),
	    'one unknown name: none';
	is verdict($config, $token{c}), 'valid', 'nothing happened';

	my ($exit, $out, $err) = on_terminal($config, "n\n", 'delete',
	    'alice/c', 'alice/d');
	is $exit, 1, 'no: exit';
	like $err, qr/Delete these 2 tokens\?/, 'it asked';
	like $err, qr/records go away.*values stay refused/, 'and said what';
	like $err, qr/nothing was changed/, 'nor did it';
	($exit) = on_terminal($config, "\x04", 'delete', 'alice/c', 'alice/d');
	is $exit, 1, 'end of file: exit';
	is verdict($config, $token{$_}), 'valid', "$_ is there" for qw(c d);
	($exit, $out) = on_terminal($config, "y\n", 'delete', 'alice/c',
	    'alice/d');
	is $exit, 0, 'yes: exit';
	is verdict($config, $token{$_}), 'revoked', "$_ is refused"
	    for qw(c d);
	($exit, $out, $err) = on_terminal($config, '', 'delete', '--yes',
	    'alice/e', 'alice/f');
	is $exit, 0, '--yes: exit';
	unlike $err, qr/\?/, 'not asked';
	($exit, $out, $err) = on_terminal($config, '', 'delete', 'alice/g');
	is $exit, 0, 'one alone: exit';
	unlike $err, qr/\?/, 'not asked';
	is rows(), 'a h', 'what is left';
};

subtest 'dry run' => sub {
	my $before = installation($config);
	my ($exit, $out) = apitoken($config, 'delete', 'alice/h', '--dry-run');
	is $exit, 0, 'exit';
	is $out, "$rec{h}{id} would be deleted: alice/h\n", 'it says what';
	($exit, $out) = apitoken($config, 'delete', 'alice/h', '--dry-run',
	    '--json');
	is_deeply from_json($out), $rec{h}, 'JSON: its record';
	is changes($before, $config), '', 'nothing changed';
	is verdict($config, $token{h}), 'valid', 'it works';
};

subtest 'what cannot be meant' => sub {
	ok refused($config, 2, 'delete'), 'no name';
	ok refused($config, 2, 'delete', $token{h}), 'a token as a name';
	ok refused($config, 2, 'delete', '--all', '--user', 'alice'),
	    'all is for revoke';
	my %text = hostile_text(256);
	ok refused($config, 2, 'delete', 'alice/h', '--reason', $text{$_}),
	    "$_ in a reason" for sort keys %text;
	is verdict($config, $token{h}), 'valid', 'it is still there';
};

done_testing;
