#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken key: adding, activating and retiring; tokens follow their key.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

sub key {
	return apitoken($config, 'key', @_);
}

sub states {
	my ($exit, $out) = key('list', '--json');
	return { map { $_->{kid} => "$_->{state} $_->{tokens}" }
	    json_lines($out) };
}

sub verdict {
	my ($token) = @_;
	my (undef, $out) = apitoken($config, '--json', 'verify', '--service',
	    'sshd', { stdin => $token });
	return from_json($out)->{verdict};
}

my $old = create_token($config, user => 'alice', label => 'old');
my ($exit, $out, $err) = key('list');
is $exit, 0, 'list: exit';
is $out, "KEY  STATE   TOKENS\n1    active  1\n", 'a table';

($exit, $out, $err) = key('add');
is $exit, 0, 'add: exit';
is $out, "key 2: verify\n", 'the next number';
is $err, '', 'no error';
is_deeply states(), { 1 => 'active 1', 2 => 'verify 0' }, 'states';

my $secret = 'An administrator\'s own, 32 chars';
is length $secret, 32, '32 characters';
($exit, $out, $err) = key('add', '--kid', '700', '--secret-stdin', '--json',
    { stdin => "$secret\n" });
is $exit, 0, 'a secret of 32 characters: exit' or diag $err;
is_deeply from_json($out), { kid => 700, state => 'verify', tokens => 0 },
    'JSON';
unlike $out . $err, qr/\Q$secret\E/, 'the secret is not shown';
like slurp("$dir/secret.conf"), qr/\Q$secret\E/, 'but kept';
is((stat "$dir/secret.conf")[2] & 0027, 0, 'where no one else reads it');

($exit, $out, $err) = key('add', '--secret-stdin', { stdin => "$secret\n" });
is $exit, 1, 'the same secret again: refused';
like $err, qr/another key has the same secret: 700$/, 'by which it is told';
ok one_line($err), 'one line' or diag $err;
unlike $err, qr/\Q$secret\E/, 'the secret is not shown';

($exit, $out) = key('activate', '2');
is $exit, 0, 'activate: exit';
is $out, "key 2: active\n", 'it says so';
my ($new, $rec) = create_token($config, user => 'alice', label => 'new');
is $rec->{kid}, 2, 'new tokens have it';
is verdict($_->[1]), 'valid', "$_->[0] works"
    for ['the old one', $old], ['the new one', $new];

# On a terminal it asks before it ends a key.
my ($master, $slave) = pty();
syswrite $master, "n\n";
($exit, $out, $err) = key('retire', '1', { stdin_fh => $slave });
is $exit, 1, 'asked, and no: exit';
is verdict($old), 'valid', 'nothing changed';

($exit, $out) = key('retire', '1');
is $exit, 0, 'retire: exit';
is $out, "key 1: retired\n", 'it says so';
isnt verdict($old), 'valid', 'the old token is refused';
is verdict($new), 'valid', 'the new one works';
is_deeply states(), { 1 => 'retired 1', 2 => 'active 1', 700 => 'verify 0' },
    'states';
($exit, $out, $err) = key('activate', '1');
is $exit, 1, 'a retired key stays so: exit';
ok one_line($err), 'one line' or diag $err;
($exit, $out, $err) = key('activate', 'x');
is "$exit $err", "2 apitoken: x: not a number from 1 to 65535\n",
    'no number: what was given';
(undef, $out) = apitoken($config, 'list');
like $out, qr/old +(?:no-key|revoked)/, 'the list shows it';

($exit, $out) = key('add', '--activate');
is $exit, 0, 'add --activate: exit';
like $out, qr/\Akey \d+: active\n\z/, 'active at once';

# What is done and cannot be told is told from what is not done.
($exit, $out, $err) = key('activate', '2', { stdout => '/dev/full' });
is $exit, 6, 'nobody is told: exit';
like $err, qr/^apitoken: standard output: done, but it could not be told: /,
    'so it says';
ok one_line($err), 'in one line' or diag $err;
like states()->{2}, qr/^active/, 'and it is';

# A secret typed at a terminal is not shown.
# What was typed before the prompt is thrown away: it was shown.
($master, $slave) = pty();
my $log = "$dir/log";
syswrite $master, "typed too early, and 32 characters long\n";
# The kernel hands it over when it comes to it, which may be after the prompt.
my $typed = '';
vec($typed, fileno $slave, 1) = 1;
ok select($typed, undef, undef, 60), 'a line was typed';
my $pid = start([program('apitoken'), '--config', $config, 'key', 'add',
    '--kid', '800', '--secret-stdin'], stdin_fh => $slave, log => $log);
ok wait_for(sub { slurp($log) =~ /^Secret: / }), 'a prompt';
syswrite $master, "typed by hand, and 32 characters long\n";
ok wait_for(sub { slurp($log) =~ /^key 800: verify$/m }), 'it was taken';
unlike slurp("$dir/secret.conf"), qr/early/, 'and not what came before';
like slurp("$dir/secret.conf"), qr/typed by hand/, 'but what came after';

done_testing;
