#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken regenerate: a new value with everything else as it was; the old
# value is refused from that commit on, for good.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my ($old, $made) = create_token($config, label => 'laptop',
    service => 'sshd', property => 'a=b', expires => '2037-03-31T12:00:00Z');
my $new;

subtest 'the old value is over, the new one works' => sub {
	my ($exit, $out, $err) = apitoken($config, 'regenerate',
	    'alice/laptop');
	is $exit, 0, 'exit';
	ok $out =~ /\Atkc1_[0-9a-z]{63}\n\z/, 'stdout has the token alone';
	chomp($new = $out);
	isnt $new, $old, 'another one';
	like $err, qr/^replaces +$made->{id}$/m, 'which one it replaces';
	ok holds_no_token($err), 'no token on stderr';
	is verdict($config, $old), 'revoked', 'the old value is refused';
	is verdict($config, $new), 'valid', 'the new one is not';
	is verdict($config, $new, service => 'imap'), 'wrong-service',
	    'it has the limits of the old one';

	my $rec = record($config, 'alice/laptop');
	my $was = record($config, $made->{id});
	isnt $rec->{id}, $made->{id}, 'another id';
	is $rec->{replaces}, $made->{id}, 'linked with the old one';
	is $was->{replaced_by}, $rec->{id}, 'and back';
	is $was->{state}, 'revoked', 'the old one is revoked';
	is_deeply { %$rec, id => 0, created => 0, replaces => undef },
	    { %$made, id => 0, created => 0 }, 'everything else stayed';
};

subtest 'once only' => sub {
	my $err = refused($config, 1, 'regenerate', $made->{id});
	like $err, qr/was replaced already/, 'the old one has a new value';
	ok refused($config, 1, 'renew', $made->{id}), 'nor can it be renewed';
	my ($exit, $out) = apitoken($config, 'regenerate', 'alice/laptop',
	    '--json');
	is $exit, 0, 'the new one can';
	my $rec = from_json($out);
	is verdict($config, $new), 'revoked', 'it is refused, then';
	$new = delete $rec->{token};
	is verdict($config, $new), 'valid', 'the newest works';
	is_deeply $rec, record($config, $rec->{id}), 'JSON: its record';
};

subtest 'of one that is over' => sub {
	my ($dead, $rec) = create_token($config, user => 'bob',
	    label => 'dead', expires => '2s');
	wait_for(sub { verdict($config, $dead) eq 'expired' });
	my ($exit, $out) = apitoken($config, 'regenerate', 'bob/dead',
	    '--expires', '2037-01-01T00:00:00Z', '--json');
	is $exit, 0, 'expired: exit';
	my $next = from_json($out);
	is verdict($config, $next->{token}), 'valid', 'the new value works';
	is verdict($config, $dead), 'revoked', 'the old one does not';
	is $next->{expires}, '2037-01-01T00:00:00Z', 'with its own expiry';

	apitoken($config, 'revoke', 'bob/dead', '--reason', 'lost it');
	($exit, $out) = apitoken($config, 'regenerate', $next->{id}, '--json');
	is $exit, 0, 'revoked: exit';
	is verdict($config, from_json($out)->{token}), 'valid',
	    'the new value works';
	is verdict($config, $next->{token}), 'revoked', 'the old one does not';
	is record($config, $next->{id})->{revoked_reason}, 'lost it',
	    'why it was revoked stays';
};

subtest 'the new value lost on the way' => sub {
	my ($first, $rec) = create_token($config, user => 'carol',
	    label => 'lost');
	open my $full, '+<', '/dev/full' or die "/dev/full: $!";
	my ($exit, undef, $err) = apitoken($config, 'regenerate',
	    'carol/lost', { stdout_fh => $full });
	is $exit, 6, 'exit: the old one is over';
	ok one_line($err), 'one line' or diag $err;
	like $err, qr/lost, and (\w{24}) was revoked; the one it replaces is/,
	    'it says that both are over';
	my ($id) = $err =~ /(\w{24}) was/;
	is record($config, $id)->{state}, 'revoked', 'the new one is revoked';
	is record($config, $rec->{id})->{replaced_by}, $id, 'and known';
	is verdict($config, $first), 'revoked', 'the old value is refused';
	($exit, my $out) = apitoken($config, 'regenerate', $id);
	is $exit, 0, 'it can be had again';
	chomp $out;
	is verdict($config, $out), 'valid', 'and works';
};

subtest '--output' => sub {
	my ($first) = create_token($config, user => 'dora', label => 'file');
	spit("$dir/there", 'mine');
	ok refused($config, 1, 'regenerate', 'dora/file', '--output',
	    "$dir/there"), 'a file that exists';
	is verdict($config, $first), 'valid', 'the old value still works';
	my ($exit, $out, $err) = apitoken($config, 'regenerate', 'dora/file',
	    '--output', "$dir/new");
	is $exit, 0, 'a new one: exit';
	is length $out, 0, 'nothing on stdout';
	like $err, qr{^token in +\Q$dir\E/new$}m, 'where it is';
	my $value = slurp("$dir/new") =~ s/\n\z//r;
	is verdict($config, $value), 'valid', 'it works';
	is verdict($config, $first), 'revoked', 'the old one does not';
};

subtest 'what cannot be meant' => sub {
	ok refused($config, 2, 'regenerate'), 'no name';
	ok refused($config, 2, 'regenerate', 'dora/file', 'carol/lost'),
	    'two names';
	ok refused($config, 3, 'regenerate', 'bob/none'), 'an unknown name';
	ok refused($config, 2, 'regenerate', $new), 'a token as a name';
	ok refused($config, 2, 'regenerate', 'dora/file', '--expires',
	    '2020-01-01'), 'a past';
	ok refused($config, 2, 'regenerate', 'dora/file', '--label', 'x'),
	    'an option of another verb';
	my (undef, $gone) = create_token($config, label => 'gone');
	apitoken($config, 'delete', $gone->{id});
	ok refused($config, 3, 'regenerate', $gone->{id}), 'a deleted one';
};

done_testing;
