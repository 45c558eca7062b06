#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What is gained by who has the key, a copy of the store, or both; or a token
# that was narrowed, shared or revoked. doc/THREATS.md says it in words.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli qw(verdict);
use Apitoken::Reference qw(make narrow caveat imported_id read_token
    b32_encode);
use Apitoken::Test;
use Test::More;

my $secret = 'Xq7vLw2pRk9sTz4mBn6cHd8fGj3yVa5e';
my $config = init_store(secret => $secret);
my ($dir) = $config =~ m{^(.*)/};
my $token = create_token($config, user => 'alice', label => 'laptop');
my (undef, $parts) = read_token($token);

sub copy_of {
	my ($what, $to) = @_;
	my ($exit, undef, $err) = run([ 'cp', '-a', $what, $to ]);
	is $exit, 0, "copied to $to" or diag $err;
	return;
}

# What lies on disk: every file of the installation, logs included.
sub on_disk {
	my $tree = tree($dir);
	return join "\0", map { $tree->{$_} } sort keys %$tree;
}

subtest 'store, keys and logs together give no token' => sub {
	is verdict($config, $token), 'valid', 'it was used';
	my $all = on_disk();
	my %part = (text => $token, nonce => $parts->{nonce},
	    tag => $parts->{tag}, 'nonce in hexadecimal' =>
	    unpack('H*', $parts->{nonce}), 'nonce as in a token' =>
	    b32_encode($parts->{nonce}), 'tag in hexadecimal' =>
	    unpack('H*', $parts->{tag}));
	is index($all, $part{$_}), -1, "its $_ is nowhere"
	    for sort keys %part;
	isnt index($all, $parts->{id}), -1, 'but its id is, in the log';
};

subtest 'the key alone' => sub {
	# The tag is right, but there is no record.
	my $made = make($secret, 1, 'alice', 'a' x 16, '');
	is verdict($config, $made, user => 'alice'), 'unknown-token',
	    'a token that its thief makes is refused';
	my @lines = json_lines(slurp("$dir/audit.json"));
	is $lines[-1]{reason}, 'unknown-token', 'the log has it';
	like $lines[-1]{why}, qr/key is known to someone/, 'and why';
	# Another key's does not even get that far.
	my $other = make('z' x 32, 1, 'alice', 'a' x 16, '');
	is verdict($config, $other, user => 'alice'), 'unknown-token',
	    'a token of another key';
	my ($line) = (json_lines(slurp("$dir/audit.json")))[-1];
	is $line->{why}, undef, 'raises no alarm';
};

subtest 'a store without its key' => sub {
	my $there = init_store(secret => 'b' x 32);
	my ($folder) = $there =~ m{^(.*)/};
	run([ 'rm', '-r', "$folder/store" ]);
	copy_of("$dir/store", "$folder/store");
	isnt verdict($there, $token), 'valid',
	    'its tokens are of no use elsewhere';
	# A record sealed with another key is not taken here.
	my $mine = create_token($there, user => 'alice', label => 'planted');
	run([ 'rm', '-r', "$folder/store" ]);
	my $planted = init_store(secret => 'b' x 32);
	my $value = create_token($planted, user => 'alice', label => 'x');
	my ($from) = $planted =~ m{^(.*)/};
	copy_of("$dir/store", "$dir/kept");
	run([ 'rm', '-r', "$dir/store" ]);
	copy_of("$from/store", "$dir/store");
	is verdict($config, $value), 'unavailable',
	    'records of another key are damage here';
	run([ 'rm', '-r', "$dir/store" ]);
	copy_of("$dir/kept", "$dir/store");
};

subtest 'an older copy that is put back' => sub {
	copy_of("$dir/store", "$dir/old");
	apitoken($config, 'revoke', 'alice/laptop');
	is verdict($config, $token), 'revoked', 'revoked';
	run([ 'rm', '-r', "$dir/store" ]);
	copy_of("$dir/old", "$dir/store");
	is verdict($config, $token), 'valid', 'the old store knows nothing '
	    . 'of it';
	my ($exit, undef, $err) = apitoken($config, qw(revoke --user alice
	    --all --yes));
	is $exit, 0, 'a mark over all that was made' or diag $err;
	is verdict($config, $token), 'revoked', 'refuses it again';
};

subtest 'a value made elsewhere, guessed' => sub {
	my $value = 'correct horse battery staple';
	my $id = import_value($config, $value);
	is imported_id($secret, 1, 'alice', $value), $id,
	    'with key and store a guess can be tried anywhere';
	isnt imported_id('b' x 32, 1, 'alice', $value), $id,
	    'without the key it cannot';
	is index(on_disk(), $value), -1, 'the value itself is nowhere';
};

subtest 'who holds a token' => sub {
	my $mine = create_token($config, user => 'alice', label => 'shared',
	    service => 'imap');
	my $weaker = narrow($mine, caveat(1, pack 'CN', 0, 2**31));
	is verdict($config, $weaker, service => 'imap'), 'valid',
	    'makes a weaker one without the host';
	is verdict($config, $weaker, service => 'sshd'), 'wrong-service',
	    'but no stronger one: another service';
	my $wider = narrow($weaker, caveat(2, 'sshd'));
	is verdict($config, $wider, service => 'sshd'), 'wrong-service',
	    'a limit that is added takes none away';
	# Who has the key has no need to take it off.
	my (undef, $seen) = read_token($weaker);
	is make($secret, 1, 'alice', $seen->{nonce}, ''), $mine,
	    'with the key the whole one follows from the weaker one';
	(my $cut = $weaker) =~ s/^(.{68}).*/$1/;
	isnt verdict($config, $cut, service => 'imap'), 'valid',
	    'nor can one be cut off';
	is verdict($config, $mine, service => 'imap', user => 'bob'),
	    'wrong-user', 'and it is of no use to another user';
	apitoken($config, 'revoke', 'alice/shared');
	is verdict($config, $_, service => 'imap'), 'revoked',
	    'a revocation ends it with all that were made of it'
	    for $mine, $weaker;
};

note 'figure claims ', Test::More->builder->current_test;
done_testing;
