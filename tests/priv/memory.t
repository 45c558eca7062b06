#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What is left of secrets in a process's memory: after a login, after the
# library was closed, at the end of each verb. Looked for are the key's secret,
# all that is derived from it, the password that was typed, its tag and the
# values of tokens that were made; 12 bytes of one in a row count as found.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Memory qw(derived unavailable);
use Apitoken::Reference qw(read_token);
use Apitoken::Test;
use Test::More;

my $why = unavailable();
plan skip_all => $why if $why;

my $secret = 'Xq7vLw2pRk9sTz4mBn6cHd8fGj3yVa5e';
my $value = 'quaint-Zebras-juggle-violet-harpsichords';
my $dir = tempdir(mode => 0755);
my $config = init_store(dir => $dir, secret => $secret);
my $token = create_token($config);
my %key = derived($secret, 1);
my $imported = import_value($config, $value);

# What a token is, typed and taken apart.
sub token_bytes {
	my ($text) = @_;
	my ($verdict, $parts) = read_token($text);
	$verdict eq 'valid' or die "no token: $verdict";
	return (token => [ $text, uc $text ], tag => [ $parts->{tag} ]);
}
my %token = token_bytes($token);
my %value = (value => [ $value ]);

# The search itself: each form of a secret is found where it is.
{
	my @missed;
	for my $name (sort keys %key) {
		for my $form (@{ $key{$name} }) {
			my $m = bless { memory => { x => "\0" x 99 . $form } },
			    'Apitoken::Memory';
			push @missed, $name if $m->found('x', %key) !~ $name;
		}
	}
	is_deeply \@missed, [], 'every form of every key would be found';
}

# ---- a service ----

sub service {
	my ($name, $command, $typed, %password) = @_;
	my $m = Apitoken::Memory->of($command, stdin => $typed);
	is $m->exit, 0, "$name: an answer" or diag $m->err;
	is_deeply [ $m->moments ], [qw(1 2 end)], "$name: three times";
	isnt $m->found('1', %password), '',
	    "$name: the password is found while it is there";
	is $m->found('2', %password), '', "$name: after the login it is gone";
	is $m->found('end', %password, %key), '',
	    "$name: at the end the keys are, too";
	return $m;
}

my $m = service('library', [ program('tests/priv/library'), $config,
    'alice', 'valid' ], $token, %token);
like $m->found('2', %key), qr/mac.*rec/, 'library: keys are found while ' .
    'they are in use';
unlike $m->found('2', %key), qr/secret|extracted/,
    'library: but not what they were made of';
service('library, imported', [ program('tests/priv/library'), $config,
    'alice', 'valid', 'imported' ], $value, %value);
(my $typo = $token) =~ s/(.)\z/$1 eq '0' ? '1' : '0'/e;
service('library, a typing error', [ program('tests/priv/library'), $config,
    'alice', 'bad-checksum' ], $typo, %token);
service('library, another user', [ program('tests/priv/library'), $config,
    'bob', 'wrong-user' ], $token, %token);
service('library, too long', [ program('tests/priv/library'), $config,
    'alice', 'malformed' ], $token x 4, %token);
service('library, not imported', [ program('tests/priv/library'), $config,
    'alice', 'not-a-token', 'imported' ], "$value-0", %value);

mkdir "$dir/pam" or die;
my $probe = program('tests/pam/probe.so') . ' ask';
# [name, a line before ours, our options, what is typed]
my @stacks = (
	[ 'a reply', '', '', $token, %token ],
	[ "another module's password", $probe, 'use_first_pass', $token,
	    %token ],
	[ 'keep_authtok', '', 'keep_authtok', $token, %token ],
	[ 'imported', '', 'imported=yes', $value, %value ],
	[ "imported, another module's", $probe,
	    'imported=yes use_first_pass', $value, %value ],
);
for my $row (@stacks) {
	my ($name, $before, $options, $typed, %password) = @$row;
	my $line = program('pam_apitoken.so') . " config=$config nodelay";
	spit("$dir/pam/test", ($before ? "auth optional $before\n" : '') .
	    "auth required $line $options\naccount required $line\n");
	service("PAM, $name", [ program('tests/priv/pam'), "$dir/pam", 'test',
	    'alice' ], $typed, %password);
}

# libsasl keeps what a client sent no longer than the application does.
mkdir "$dir/plugins" or die;
symlink program('libapitoken.so'), "$dir/plugins/libapitoken.so" or die;
my @exchanges = (
	[ 'XOAUTH2', 'OK', "user=alice\1auth=Bearer $token\1\1" ],
	[ 'OAUTHBEARER', 'OK', "n,a=alice,\1auth=Bearer $token\1\1" ],
	# Refused, but the client gets an answer first.
	[ 'OAUTHBEARER', 'CONTINUE', "n,a=bob,\1auth=Bearer $typo\1\1" ],
);
for my $row (@exchanges) {
	my ($mechanism, $code, $message) = @$row;
	service("SASL, $mechanism, $code", [ program('tests/priv/sasl'),
	    "$dir/plugins", $config, $mechanism, $code ], $message, %token);
}

# ---- the command ----

my $second = 'Wf5tJb8nQy3hKc7xDm2gPr6vZs9aLu4e';
my $third = 'Ng4kVx9wEj2qTa8rYp5zMd3bHs7cFu6L';
spit("$dir/values.csv", "user,label,value\n" .
    "alice,first,$value-one\nalice,second,\"$value-two\"\n");
spit("$dir/bad.csv", "user,label,value\nalice,fifth,$value-five\n" .
    "alice,sixth,\"$value-six\n");
spit("$dir/values.json", qq({"user":"alice","label":"third",) .
    qq("value":"$value-three"}\n));

# [name, arguments, stdin, what is looked for besides the keys]
my @verbs = (
	[ 'verify', [qw(verify --service sshd)], "$token\n", %token ],
	[ 'verify --json', [qw(--json verify --service sshd)], "$token\n",
	    %token ],
	[ 'verify, imported', [qw(verify --service sshd --imported --user
	    alice)], "$value\n", %value ],
	[ 'verify, refused', [qw(verify --service sshd --user bob)],
	    "$token\n", %token ],
	[ 'inspect', ['inspect'], "$token\n", %token ],
	[ 'narrow', [qw(narrow --service imap)], "$token\n", %token ],
	[ 'create', [qw(create --user alice --label a)], '' ],
	[ 'create --json', [qw(--json create --user alice --label b)], '' ],
	[ 'create --count', [qw(create --user alice --label c --count 3)],
	    '' ],
	[ 'create --output', [qw(create --user alice --label d --output),
	    "$dir/token" ], '' ],
	[ 'copy', [qw(copy alice/laptop --label e)], '' ],
	[ 'regenerate', [qw(regenerate alice/a)], '' ],
	[ 'import', [qw(import --user alice --label f)], "$value-four\n",
	    value => [ "$value-four" ] ],
	[ 'import, CSV', [ qw(import --csv), "$dir/values.csv" ], '',
	    value => [ "$value-one", "$value-two" ] ],
	[ 'import, JSON lines', [ qw(import --jsonl), "$dir/values.json" ], '',
	    value => [ "$value-three" ] ],
	[ 'import, refused', [qw(import --user alice --label g)],
	    "$value-four\n", value => [ "$value-four" ] ],
	[ 'import, CSV, refused', [qw(import --csv), "$dir/bad.csv" ], '',
	    value => [ "$value-five", "$value-six" ] ],
	[ 'key add, refused', [qw(key add --kid 9 --secret-stdin)],
	    "$secret\n" ],
	[ 'key add, too short, refused', [qw(key add --secret-stdin)],
	    substr($third, 0, 31) . "\n", prefixed('third', secret => [
	    substr($third, 0, 31) ]) ],
	[ 'create --output, refused', [qw(create --user alice --label d
	    --output), "$dir/values.csv" ], '' ],
	[ 'key add', [qw(key add --kid 2 --secret-stdin)], "$second\n",
	    prefixed('second', derived($second, 2)) ],
	[ 'key add, random', [qw(key add --kid 3)], '' ],
	[ 'key activate', [qw(key activate 2)], '' ],
	[ 'key retire', [qw(key retire --yes 3)], '' ],
	[ 'list', ['list'], '' ],
	[ 'check', ['check'], '' ],
	[ 'doctor', ['doctor'], '' ],
	[ 'export', ['export'], '' ],
	[ 'revoke', [qw(revoke alice/b)], '' ],
);

sub prefixed {
	my ($prefix, %secrets) = @_;
	return map { ("$prefix $_" => $secrets{$_}) } keys %secrets;
}

# The keys that secret.conf holds by now, whoever made them.
sub keys_now {
	my $text = slurp("$dir/secret.conf");
	my %all;
	while ($text =~ /^\[key (\d+)\]\nsecret = (\S+)/mg) {
		%all = (%all, prefixed("key $1", derived($2, $1)));
	}
	return %all;
}

sub command {
	my ($name, $args, $stdin, %typed) = @_;
	my $m = Apitoken::Memory->of([ program('apitoken'), '--config',
	    $config, @$args ], stdin => $stdin);
	like $m->exit, $name =~ /refused/ ? qr/^[124]$/ : $name eq 'doctor'
	    ? qr/^[014]$/ : qr/^0$/, "$name: exit"
	    or diag $m->err;
	my $made = 0;
	my $shown = $m->out . (-e "$dir/token" ? slurp("$dir/token") : '');
	unlink "$dir/token";
	for my $text ($shown =~ /(tkc1_\w+)/g) {
		my %bytes = token_bytes($text);
		$typed{$made . $_} = $bytes{$_} for keys %bytes;
		$made++;
	}
	is $m->found('end', keys_now(), %typed), '', "$name: nothing is left"
	    . ($made ? " of $made" : '');
	return;
}

command(@$_) for @verbs;

# A QR code is for a terminal alone.
{
	my ($master, $slave) = pty();
	my $m = Apitoken::Memory->of([ program('apitoken'), '--config',
	    $config, qw(create --user alice --label q --qr) ],
	    stdout_fh => $slave);
	# The end comes behind all that the kernel has yet to hand over.
	close $slave;
	my $shown = '';
	1 while sysread $master, $shown, 65536, length $shown;
	my ($text) = $shown =~ /(tkc1_\w+)/ or die;
	is $m->exit, 0, 'create --qr: exit';
	my %made = token_bytes($text);
	is $m->found('end', keys_now(), tag => $made{tag}), '',
	    'create --qr: nothing of ours is left';
	# It wipes nothing of its own; doc/THREATS.md says so.
	note "libqrencode's copy: ", $m->found('end', %made);
}

# A secret that the administrator chose.
{
	my $new = tempdir();
	my $m = Apitoken::Memory->of([ program('apitoken'), '--config',
	    "$new/apitoken.conf", qw(init --secret-stdin) ],
	    stdin => "$third\n");
	is $m->exit, 0, 'init: exit';
	is $m->found('end', derived($third, 1)), '', 'init: nothing is left';
}

note 'figure bytes of memory searched ', Apitoken::Memory::bytes();
done_testing;
