#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken copy: a new token with another's parameters; the other one stays.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my ($token, $made) = create_token($config, label => 'laptop',
    service => 'sshd,imap', from => '192.0.2.0/24', property => 'a=b',
    expires => '2037-03-31T12:00:00Z');
my %from = (from => '192.0.2.7');

# The record of a copy, apart from what always differs.
sub parameters {
	my ($rec) = @_;
	my %same = %$rec;
	delete @same{qw(id created label token)};
	return \%same;
}

subtest 'everything the same' => sub {
	my ($exit, $out, $err) = apitoken($config, 'copy', 'alice/laptop');
	is $exit, 0, 'exit';
	ok $out =~ /\Atkc1_[0-9a-z]{63}\n\z/, 'stdout has the token alone';
	chomp $out;
	isnt $out, $token, 'another one';
	like $err, qr/^label +laptop \(copy\)$/m, 'what it is';
	like $err, qr/^services +sshd,imap$/m, 'services';
	like $err, qr/only this once/, 'a warning';
	ok holds_no_token($err), 'no token on stderr';
	is verdict($config, $out, %from), 'valid', 'it works';
	is verdict($config, $out, %from, service => 'smtp'), 'wrong-service',
	    'where the other one does';
	is verdict($config, $out), 'wrong-source', 'and from there';
	is_deeply parameters(record($config, 'alice/laptop (copy)')),
	    parameters($made), 'the same parameters';
	is_deeply record($config, 'alice/laptop'), $made,
	    'the other one is as it was';
	apitoken($config, 'revoke', 'alice/laptop (copy)');
	is verdict($config, $token, %from), 'valid',
	    'and lives when the copy is revoked';
};

subtest 'what is to differ' => sub {
	my ($exit, $out, $err) = apitoken($config, 'copy', $made->{id},
	    '--json', '--user', 'bob', '--label', 'phone', '--expires',
	    '2038-01-01T00:00:00Z', '--any-service', '--from',
	    '2001:db8::/32', '--property', 'c=d', '--remove-property', 'a');
	is $exit, 0, 'exit' or diag $err;
	is $err, '', 'nothing on stderr';
	my $rec = from_json($out);
	is verdict($config, delete $rec->{token}, service => 'cups',
	    from => '2001:db8::1', user => 'bob'), 'valid', 'it works';
	is_deeply $rec, record($config, 'bob/phone'), 'the record';
	is_deeply { %$rec, id => 0, created => 0 }, { %$made, id => 0,
	    created => 0, user => 'bob', label => 'phone', services => [],
	    sources => ['2001:db8::/32'], properties => { c => 'd' },
	    expires => '2038-01-01T00:00:00Z' }, 'all of it';
};

subtest 'of one that is over' => sub {
	my ($old) = create_token($config, user => 'carol', label => 'old',
	    expires => '2s');
	wait_for(sub { verdict($config, $old) eq 'expired' });
	my ($exit, $out) = apitoken($config, 'copy', 'carol/old');
	is $exit, 0, 'expired: exit';
	chomp $out;
	is verdict($config, $out), 'valid', 'the copy has a time of its own';
	is verdict($config, $old), 'expired', 'the other one is over';
	apitoken($config, 'revoke', 'carol/old');
	($exit, $out) = apitoken($config, 'copy', 'carol/old', '--label', 'c');
	is $exit, 0, 'revoked: exit';
	chomp $out;
	is verdict($config, $out), 'valid', 'the copy works';
	is verdict($config, $old), 'revoked', 'the other one is over';
};

subtest 'the label' => sub {
	my $id = (create_token($config, label => 'x' x 122))[1]{id};
	create_token($config, label => 'y' x 121);
	my ($exit) = apitoken($config, 'copy', 'alice/' . 'y' x 121);
	is $exit, 0, '121 bytes and " (copy)" fit';
	my $err = refused($config, 2, 'copy', $id);
	like $err, qr/--label: is needed/, '122 do not';
	($exit) = apitoken($config, 'copy', $id, '--label', 'short');
	is $exit, 0, 'with a label of its own they need not';
};

subtest '--output' => sub {
	my ($exit, $out) = apitoken($config, 'copy', 'alice/laptop', '--label',
	    'in a file', '--output', "$dir/copy");
	is $exit, 0, 'exit';
	is length $out, 0, 'nothing on stdout';
	is sprintf('%o', (stat "$dir/copy")[2] & 07777), '600', 'mode';
	my $value = slurp("$dir/copy") =~ s/\n\z//r;
	is verdict($config, $value, %from), 'valid', 'it works';
	ok refused($config, 1, 'copy', 'alice/laptop', '--label', 'x',
	    '--output', "$dir/copy"), 'a file that exists';
	ok refused($config, 2, 'copy', 'alice/laptop', '--label', "a\nb",
	    '--output', "$dir/refused"), 'a refusal leaves no file';
};

subtest 'lost on the way' => sub {
	open my $full, '+<', '/dev/full' or die "/dev/full: $!";
	for my $json ([], ['--json']) {
		my ($exit, undef, $err) = apitoken($config, 'copy',
		    'alice/laptop', '--label', "lost@$json", @$json,
		    { stdout_fh => $full });
		is $exit, 1, "exit @$json";
		ok one_line($err), 'one line' or diag $err;
		like $err, qr/lost, and \w{24} was revoked$/, 'it says so';
		is record($config, "alice/lost@$json")->{state}, 'revoked',
		    'it is';
	}
	is verdict($config, $token, %from), 'valid',
	    'the other one is unharmed';
};

subtest 'what cannot be meant' => sub {
	my %text = hostile_text(128);
	ok refused($config, 2, 'copy', $made->{id}, '--label', $text{$_}),
	    "$_ in a label" for sort keys %text;
	%text = hostile_text(255);
	ok refused($config, 2, 'copy', $made->{id}, '--user', $text{$_}),
	    "$_ in a user" for sort keys %text;
	ok refused($config, 2, 'copy'), 'no name';
	ok refused($config, 2, 'copy', $made->{id}, 'bob/phone'), 'two names';
	ok refused($config, 3, 'copy', 'bob/none'), 'an unknown name';
	ok refused($config, 2, 'copy', $token), 'a token as a name';
	ok refused($config, 2, 'copy', $made->{id}, '--service', 'a',
	    '--any-service'), 'services and any';
	apitoken($config, 'delete', 'bob/phone');
	ok refused($config, 3, 'copy', 'bob/phone'), 'a deleted one';
};

done_testing;
