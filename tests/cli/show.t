#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken show: everything about one token, and what ended it.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my $ago = qr/now|\d+ \w+ ago/;
my $moment = qr/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 \($ago\)/;

# The members by name, and whether any comes twice.
sub fields {
	my ($name) = @_;
	my ($exit, $out, $err) = apitoken($config, 'show', $name,
	    { env => { TZ => 'UTC' } });
	is $exit, 0, "$name: exit";
	is $err, '', 'no error';
	unlike $out, qr/\e/, 'no colour without a terminal';
	my %field;
	for (split /\n/, $out) {
		my ($name, $value) = /^(\S.{10}) (\S.*)$/
		    or fail "a line of its own kind: $_";
		$name =~ s/ +$//;
		push @{ $field{$name} }, $value;
	}
	return map { $_ => @{ $field{$_} } > 1 ? $field{$_} : $field{$_}[0] }
	    keys %field;
}

sub revoke {
	my ($exit, undef, $err) = apitoken($config, 'revoke', @_);
	is $exit, 0, "revoke @_" or diag $err;
	return;
}

subtest 'all there is' => sub {
	my ($token, $rec) = create_token($config, user => 'alice',
	    label => 'laptop', service => ['imap', 'smtp'],
	    from => '192.0.2.0/24', expires => '2037-03-31',
	    property => ['app=mutt', 'room=7']);
	my %field = fields('alice/laptop');
	like delete $field{created}, qr/^$moment$/, 'created';
	like delete $field{expires},
	    qr/^2037-03-31 \(in \d+ \w+; refused from 2037-04-01T00:00:00Z\)$/,
	    'expires';
	is delete $field{'created by'}, $rec->{created_by}, 'created by';
	is_deeply \%field, { id => $rec->{id}, user => 'alice',
	    label => 'laptop', state => 'active', services => 'imap,smtp',
	    from => '192.0.2.0/24', property => ['app = mutt', 'room = 7'],
	    key => 1, 'last used' => 'not known' }, 'the rest';
	is verdict($config, $token, service => 'imap', from => '192.0.2.7'),
	    'valid', 'a login';
	%field = fields('alice/laptop');
	like $field{'last used'}, qr/^$moment$/, 'last used';
	is $field{for}, 'imap', 'for that service';
	is $field{'used from'}, '192.0.2.7', 'from there';
	my $after = from_json((apitoken($config, '--json', 'show',
	    substr $rec->{id}, 0, 6))[1]);
	is $after->{last_service}, 'imap', 'JSON: service';
	is $after->{last_source}, '192.0.2.7', 'JSON: source';
	like $after->{last_used}, qr/^20.*Z$/, 'JSON: when';
	delete @$_{qw(last_used last_service last_source)} for $after, $rec;
	is_deeply $after, $rec, 'JSON: the rest, as create gave it';
};

subtest 'never' => sub {
	create_token($config, user => 'alice', label => 'for ever',
	    expires => 'never');
	my %field = fields('alice/for ever');
	is $field{expires}, 'never', 'expires';
	is $field{services}, 'any', 'services';
	is $field{from}, 'any', 'from';
};

subtest 'revoked' => sub {
	create_token($config, user => 'alice', label => 'lost');
	revoke('alice/lost', '--reason', 'left on a train');
	my %field = fields('alice/lost');
	is $field{state}, 'revoked', 'state';
	like $field{revoked}, qr/^$moment$/, 'when';
	ok $field{'revoked by'}, 'by whom';
	is $field{reason}, 'left on a train', 'why';
};

subtest 'replaced' => sub {
	my (undef, $old) = create_token($config, user => 'alice',
	    label => 'rotated');
	my ($exit, $out) = apitoken($config, '--json', 'regenerate',
	    $old->{id});
	is $exit, 0, 'regenerate';
	my $new = from_json($out);
	my %field = fields($old->{id});
	is $field{'replaced by'}, $new->{id}, 'the old one';
	is $field{state}, 'revoked', 'is revoked';
	%field = fields($new->{id});
	is $field{replaces}, $old->{id}, 'the new one';
};

subtest 'ended by a mark' => sub {
	create_token($config, user => 'bob', label => 'one');
	revoke('--user', 'bob', '--all', '--yes');
	my %field = fields('bob/one');
	is $field{state}, 'revoked', 'state';
	like $field{revoked}, qr/^$moment$/, 'when';
	is $field{reason}, 'everything of the user was revoked', 'why';

	apitoken($config, 'key', 'add', '--activate');
	create_token($config, user => 'carol', label => 'key');
	apitoken($config, 'key', 'add', '--activate');
	apitoken($config, 'key', 'retire', '2', '--yes');
	%field = fields('carol/key');
	is $field{state}, 'revoked', 'state';
	is $field{revoked}, undef, 'a key has ended at all times';
	is $field{reason}, 'its key is retired', 'why';

	create_token($config, user => 'carol', label => 'all');
	# It means earlier seconds than the one that is running.
	wait_for(sub {
		apitoken($config, 'revoke', '--issued-before', '0s', '--yes');
		record($config, 'carol/all')->{state} eq 'revoked';
	});
	%field = fields('carol/all');
	like $field{revoked}, qr/^$moment$/, 'when';
	is $field{reason}, 'everything was revoked', 'why';
};

subtest 'colour on a terminal' => sub {
	my ($master, $slave) = pty();
	my ($exit) = apitoken($config, 'show', 'alice/lost',
	    { stdout_fh => $slave, env => { TERM => 'xterm',
	    NO_COLOR => undef } });
	close $slave;
	like screen($master), qr/^state +\e\[31mrevoked\e\[0m\r$/m, 'revoked is red';
};

done_testing;
