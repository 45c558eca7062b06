#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The frame around the verbs: help, options before and after the verb, and one
# line on stderr for every kind of bad input, with nothing changed by it.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

# The program's own tables; a verb is one word or two.
my @verbs = map { join ' ', grep { defined } @$_{qw(verb second)} }
    json_lines((apitoken(undef, '--json', '--help'))[1]);

subtest 'help' => sub {
	my ($exit, $out, $err) = apitoken(undef, '--help');
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	is_deeply [apitoken(undef, 'help')], [0, $out, ''], 'help is the same';
	cmp_ok scalar(@verbs), '>', 20, 'verbs';
	for my $verb (@verbs) {
		my @words = split ' ', $verb;
		my $spaced = join '\s+', @words;
		like $out, qr/^  $spaced\s+\w/m, "names $verb";
		($exit, my $text, $err) = apitoken(undef, @words, '--help');
		is $exit, 0, "$verb --help";
		like $text, qr/\Ausage: apitoken .*\b\Q$verb\E/, 'usage';
		is $err, '', 'no error';
		unlike $text, qr/^ +--yes(?!.*without a terminal$)/m,
		    'what asks tells where it does not';
		is_deeply [apitoken(undef, 'help', @words)],
		    [0, $text, ''], "help $verb is the same";
	}
	($exit, $out) = apitoken(undef, '--version');
	is $exit, 0, '--version';
	like $out, qr/\Aapitoken \d+\.\d+\S*\n\z/, 'one line';
};

subtest 'help of a word that needs another' => sub {
	my ($exit, $out) = apitoken(undef, 'help', 'key');
	is $exit, 0, 'exit';
	is_deeply [$out =~ /^  (\w+ +\w+)/mg],
	    [map { sprintf '%s %s', split ' ' } grep { / / } @verbs],
	    'its verbs, and no other';
	is_deeply [apitoken(undef, 'key', '--help')], [0, $out, ''],
	    'key --help is the same';
};

subtest 'help as JSON' => sub {
	my @create = json_lines((apitoken(undef, '--json', 'help',
		'create'))[1]);
	is @create, 1, 'one object';
	my $verb = $create[0];
	is $verb->{verb}, 'create', 'the verb';
	is $verb->{second}, undef, 'no second word';
	my %options = map { $_->{name} => $_ } @{ $verb->{options} };
	is $options{user}{value}, 'NAME', 'a value';
	is $options{json}{value}, undef, 'a flag';
	ok !$options{user}{many}, 'once';
	ok $options{property}{many}, 'many times';
	ok $options{service}{commas}, 'cut at commas';
	my (undef, $text) = apitoken(undef, 'create', '--help');
	like $text, qr/^  --\Q$_->{name}\E[ ,].*\Q$_->{help}\E$/m, $_->{name}
	    for @{ $verb->{options} };
	is_deeply [map { $_->{second} } json_lines((apitoken(undef, '--json',
		'help', 'key'))[1])], [qw(list add activate retire)],
	    'the verbs of a word';
};

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

subtest 'options before and after the verb' => sub {
	create_token($config, user => 'alice', label => 'one');
	for my $args (['--config', $config, '--json', 'list'],
	    ['list', '--config', $config, '--json'],
	    ['--json', 'list', "--config=$config"]) {
		my ($exit, $out, $err) = apitoken(undef, @$args);
		is $exit, 0, "@$args[0..1]: exit";
		is $err, '', 'no error';
		is from_json($out)->{label}, 'one', 'the token';
	}
};

create_token($config, user => 'alice', label => 'twice') for 1, 2;

# [what, exit, stdin, arguments]
my $long = 'x' x 300;
my $token = create_token($config, user => 'alice', label => 'bad input');
my @bad = (
	['no verb', 2, ''],
	(map { my $spelt = $_; (
		["$spelt... as a label", 2, '', 'create', '--user', 'alice',
		    '--label', "old $spelt" . substr $token, 5],
		["$spelt... as a user", 2, '', 'create', '--label', 'l',
		    '--user', $spelt . substr $token, 5],
		["$spelt... as a key", 2, '', 'create', '--user', 'alice',
		    '--label', 'l', '--property', $spelt .
		    substr($token, 5, 40) . '=x'],
		["$spelt... as a property", 2, '', 'create', '--user',
		    'alice', '--label', 'l', '--property', "x=$spelt" .
		    substr $token, 5],
		["$spelt... as a reason", 2, '', 'revoke', 'alice/one',
		    '--reason', "leaked: $spelt" . substr $token, 5],
		["$spelt... in a label to find", 2, '', 'show', "alice/$spelt" .
		    substr $token, 5],
		["$spelt... as a user's name", 2, '', 'show', $spelt .
		    substr($token, 5) . '/one'])
	    } qw(tkc1_ tkcl_ TKCI_)),
	['unknown verb', 2, '', 'frobnicate'],
	['unknown verb with control bytes', 2, '', "a\e[31m\nb"],
	['a token as verb', 2, '', $token],
	['unknown option', 2, '', 'list', '--frob'],
	['unknown option before the verb', 2, '', '--frob', 'list'],
	['short option', 2, '', 'list', '-x'],
	['option without its value', 2, '', 'show', '--config'],
	['flag with a value', 2, '', 'list', '--json=yes'],
	['option given twice', 2, '', 'create', '--user', 'a', '--user', 'b',
	    '--label', 'l'],
	['empty option', 2, '', 'create', '--user', '', '--label', 'l'],
	['too many words', 2, '', 'list', 'more'],
	['a token as a word too many', 2, '', 'verify', '--service', 's',
	    $token],
	['key without second word', 2, '', 'key'],
	['key with an unknown one', 2, '', 'key', 'burn'],
	['help on an unknown verb', 2, '', 'help', 'frobnicate'],
	['help on a token', 2, '', 'help', $token],
	['help on a verb and more', 2, '', 'help', 'list', 'more'],
	['a secret as operand', 2, '', 'key', 'add', 's' x 32],

	['create without user', 2, '', 'create', '--label', 'l'],
	['create without label', 2, '', 'create', '--user', 'alice'],
	['label too long', 2, '', 'create', '--user', 'alice', '--label',
	    'x' x 129],
	['label with a line end', 2, '', 'create', '--user', 'alice',
	    '--label', "a\nb"],
	['label not UTF-8', 2, '', 'create', '--user', 'alice', '--label',
	    "a\xff"],
	['user too long', 2, '', 'create', '--user', $long, '--label', 'l'],
	['user with control byte', 2, '', 'create', '--user', "a\tb",
	    '--label', 'l'],
	['date that is none', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--expires', '2027-02-30'],
	['date with a tail', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--expires', '90dd'],
	['network that is none', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--from', '192.0.2.0/33'],
	['network with host bits', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--from', '192.0.2.7/24'],
	['network that is a name', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--from', 'example.org'],
	['empty network in a list', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--from', '192.0.2.7,,192.0.2.8'],
	['too many networks', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--from', join(',', map { "192.0.2.$_" } 1 .. 17)],
	['service with a blank', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--service', 'a b'],
	['service in upper case', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--service', 'SSHD'],
	['empty service', 2, '', 'create', '--user', 'alice', '--label', 'l',
	    '--service', 'imap,'],
	['too many services', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--service', join(',', map { "s$_" } 1 .. 33)],
	['property without =', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--property', 'abc'],
	['property without key', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', '--property', '=abc'],
	['property too long', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--property', "k=$long"],
	['too many properties', 2, '', 'create', '--user', 'alice',
	    '--label', 'l', map { ('--property', "k$_=v") } 1 .. 17],
	['a date in the past', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--expires', '2020-01-01'],
	['a name that fits two', 3, '', 'show', 'alice/twice'],
	['two of a property', 2, '', 'create', '--user', 'alice', '--label',
	    'l', '--property', 'k=1', '--property', 'k=2'],
	['output that exists', 1, '', 'create', '--user', 'alice', '--label',
	    'l', '--output', $config],
	['output in no folder', 1, '', 'create', '--user', 'alice',
	    '--label', 'l', '--output', "$dir/none/file"],

	['show without name', 2, '', 'show'],
	['show two', 2, '', 'show', 'alice/one', 'alice/bad input'],
	['show an unknown one', 3, '', 'show', 'alice/none'],
	['show too short an id', 2, '', 'show', 'k7mm6'],
	['show by a token', 2, '', 'show', $token],
	['revoke without name', 2, '', 'revoke'],
	['revoke an unknown one', 3, '', 'revoke', 'alice/one', 'bob/none'],
	['revoke by a token', 2, '', 'revoke', $token],
	['reason too long', 2, '', 'revoke', 'alice/one', '--reason', $long],
	['reason with control byte', 2, '', 'revoke', 'alice/one',
	    '--reason', "a\nb"],

	['verify without service', 2, "$token\n", 'verify'],
	['verify from a name', 2, "$token\n", 'verify', '--service', 'sshd',
	    '--from', 'example.org'],
	['verify nothing', 1, '', 'verify', '--service', 'sshd'],
	['verify too much', 1, "$token\n" . ' ' x 5000, 'verify',
	    '--service', 'sshd'],
	['inspect nothing', 1, '', 'inspect'],
	['inspect a password', 1, "password\n", 'inspect'],
	['inspect a typing error', 1, substr($token, 0, -1), 'inspect'],
	['inspect too much', 1, 'x' x 5000, 'inspect'],

	['key number 0', 2, '', 'key', 'activate', '0'],
	['key number 65536', 2, '', 'key', 'activate', '65536'],
	['key number with a tail', 2, '', 'key', 'retire', '1x'],
	['key number with a sign', 2, '', 'key', 'retire', '+1'],
	['key number beyond all bounds', 2, '', 'key', 'add', '--kid',
	    '9' x 40],
	['unknown key activated', 3, '', 'key', 'activate', '9'],
	['unknown key retired', 3, '', 'key', 'retire', '9'],
	['the active key retired', 1, '', 'key', 'retire', '1'],
	['a key that exists', 1, '', 'key', 'add', '--kid', '1'],
	['secret of 31 characters', 2, 's' x 31 . "\n", 'key', 'add',
	    '--secret-stdin'],
	['secret with a NUL', 2, 's' x 40 . "\0" . 's' x 40, 'key', 'add',
	    '--secret-stdin'],
	['secret with a line end inside', 2, 's' x 32 . "\n" . 's' x 32,
	    'key', 'add', '--secret-stdin'],
	['secret of a megabyte', 1, 's' x 1_000_000, 'key', 'add',
	    '--secret-stdin'],
	['empty secret', 1, '', 'key', 'add', '--secret-stdin'],
	['init again', 1, '', 'init'],
);

# What an attempt adds to the audit log is not a change of the installation.
sub state_of {
	my $tree = tree($dir);
	delete @$tree{grep { m{/audit\.json$} } keys %$tree};
	return $tree;
}

my $before = state_of();
for my $case (@bad) {
	my ($name, $want, $stdin, @args) = @$case;
	subtest $name => sub {
		my ($exit, $out, $err) =
		    apitoken($config, @args, { stdin => $stdin });
		is $exit, $want, 'exit';
		is length $out, 0, 'nothing on stdout';
		ok one_line($err), 'one line on stderr' or diag $err;
		unlike $err, qr/[^\n\x20-\x7e]/, 'printable';
		ok holds_no_token($err), 'no token in it';
		unlike $err, qr/s{16}/, 'no secret in it';
		my $after = state_of();
		my @changed = grep { ($before->{$_} // '') ne
		    ($after->{$_} // '') } sort keys %{ { %$before, %$after } };
		is "@changed", '', 'nothing changed';
		$before = $after;
	};
}

# Whatever was asked for: nothing is done, and what to do about it is said.
subtest 'a token on the command line' => sub {
	my ($whole, $rec) = create_token($config, label => 'seen');
	my $cut = substr $whole, 0, 40;
	my $about = 'apitoken: a token does not belong on the command line: '
	    . 'others can read it there: revoke it';
	my $then = ', and give a new one on standard input';
	for my $verb (@verbs, 'frobnicate') {
		my @words = split ' ', $verb;
		for my $case (
			["$verb TOKEN", 1, @words, $whole],
			["$verb USER/TOKEN", 1, @words, "alice/$whole"],
			["$verb --service=TOKEN", 1, @words,
			    "--service=sshd,$whole"],
			["$verb --frob TOKEN", 1, @words, '--frob', $whole],
			["--config TOKEN $verb", 1, '--config', $whole, @words],
			["$verb --help TOKEN", 1, @words, '--help', uc $whole],
			["$verb of the first half", 0, @words, $cut],
			["$verb of two", 1, @words, "$whole $whole"],
			["$verb of a prefix before it", 1, @words,
			    "tkc1_$whole"],
			["$verb of a piece before it", 1, @words,
			    "tkc1_1234$whole"],
		) {
			my ($name, $known, @args) = @$case;
			my $end = $known ? " (apitoken revoke $rec->{id})" : '';
			is_deeply [apitoken(undef, @args, { dir => $dir })],
			    [2, '', "$about$end$then\n"], $name;
		}
	}
	is record($config, 'alice/seen')->{state}, 'active',
	    'it is told to revoke it, and does not by itself';
};

# Not enough to know it for one.
subtest 'the beginning of a token on the command line' => sub {
	my $cut = substr $token, 5, 20;
	for my $args (["tkc1_$cut"], ["tkc1_tkc1_$cut"],
	    ["tkc1_1234tkc1_$cut"], ['list', "--state=tkc1_$cut"],
	    ['show', "alice/tkc1_$cut"], ['show', "alice/tkc1_tkc1_$cut"],
	    ['audit', "tkc1_$cut"], ['list', "--tkc1_$cut"],
	    ['show', substr $token, 5], ['audit', substr $token, 5]) {
		my ($exit, undef, $err) = apitoken($config, @$args);
		isnt $exit, 0, 'exit';
		unlike $err, qr/\Q$cut\E/, substr("@$args", 0, 16) . '...';
	}
};

subtest 'too little to be half of one' => sub {
	my ($exit, undef, $err) = apitoken($config, 'list', '--state=tkc1_abc');
	is $exit, 2, 'exit';
	like $err, qr/--state=tkc1_abc: /, 'shown as it is';
};

# As much of one as the command itself lets through.
subtest 'a token where the log has a name' => sub {
	my $cut = substr $token, 5, 26;
	apitoken($config, 'verify', '--service', $_, '--user', $_,
	    { stdin => "$token\n" }) for "tkc1_$cut", "tkcl_$cut";
	my $log = slurp("$dir/audit.json");
	like $log, qr/"user":"tkc1_\.\.\."/, 'logged';
	ok holds_no_token($log), 'but not the token';
};

subtest 'no installation' => sub {
	my $none = tempdir();
	for my $args (['list'], ['show', 'a/b'], ['revoke', 'a/b'],
	    ['key', 'list'], ['key', 'add'],
	    ['create', '--user', 'a', '--label', 'b', '--output', "$none/t"]) {
		my ($exit, $out, $err) = apitoken("$none/apitoken.conf",
		    @$args, { stdin => "$token\n" });
		is $exit, 4, "$args->[0]: exit";
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line on stderr' or diag $err;
		like $err, qr{ \(apitoken\ --config\ \Q$none\E/apitoken.conf
		    \ doctor\ says\ how\ to\ mend\ it\)$}x,
		    'and where to go on';
	}
	my (undef, $advice) = apitoken("$none/apitoken.conf", 'doctor');
	like $advice, qr/make an installation with "apitoken init"/,
	    '... which it says';
	for my $case ([ $token, 4, "unavailable (tokens cannot be checked now)\n" ],
	    [ 'a password', 1, "not-a-token\n" ]) {
		my ($exit, $out, $err) = apitoken("$none/apitoken.conf",
		    'verify', '--service', 'sshd',
		    { stdin => "$case->[0]\n" });
		is $exit, $case->[1], 'verify: exit';
		is $out, $case->[2], 'the text alone is judged';
		ok one_line($err), 'one line on stderr' or diag $err;
	}
	is_deeply [keys %{ tree($none) }], [$none], 'nothing was made';
	my (undef, undef, $err) = apitoken('/nowhere.conf', 'list');
	like $err, qr{^apitoken: list: /nowhere\.conf: No such file},
	    'a file in the root folder';
};

done_testing;
