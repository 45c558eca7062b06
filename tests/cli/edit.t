#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken edit: the value stays, what it is good for changes at once.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($token, $made) = create_token($config, label => 'laptop',
    service => 'sshd', property => ['app=mutt', 'os=debian']);
my $id = $made->{id};

sub edit {
	return apitoken($config, 'edit', $id, @_);
}

# What it is now, apart from what was asked for, is what it was.
sub only {
	my ($name, %want) = @_;
	$made = { %$made, %want };
	is_deeply record($config, $id), $made, "$name, and nothing else";
}

subtest 'services' => sub {
	is verdict($config, $token), 'valid', 'sshd before';
	my ($exit, $out, $err) = edit('--service', 'imap,smtp');
	is $exit, 0, 'exit' or diag $err;
	is $out, "$id edited: alice/laptop\n", 'one line';
	is $err, '', 'no error';
	is verdict($config, $token), 'wrong-service', 'the old one is refused';
	is verdict($config, $token, service => $_), 'valid', "$_ is not"
	    for qw(imap smtp);
	only('changed', services => ['imap', 'smtp']);

	edit('--any-service');
	is verdict($config, $token, service => $_), 'valid', "any: $_"
	    for qw(sshd imap cups);
	only('any', services => []);
};

subtest 'sources' => sub {
	my ($exit) = edit('--from', '192.0.2.0/24,2001:db8::7');
	is $exit, 0, 'exit';
	is verdict($config, $token), 'wrong-source', 'from nowhere';
	is verdict($config, $token, from => '198.51.100.1'), 'wrong-source',
	    'from elsewhere';
	is verdict($config, $token, from => $_), 'valid', "from $_"
	    for qw(192.0.2.9 2001:db8::7);
	only('changed', sources => ['192.0.2.0/24', '2001:db8::7']);
	edit('--any-source');
	is verdict($config, $token), 'valid', 'from anywhere';
	only('any', sources => []);
};

subtest 'expiry' => sub {
	my ($exit, $out) = edit('--expires', '2037-03-31T12:00:00Z',
	    { env => { TZ => 'UTC' } });
	is $exit, 0, 'exit';
	is $out, "$id edited: alice/laptop, expires 2037-03-31 12:00\n",
	    'it says until when';
	only('changed', expires => '2037-03-31T12:00:00Z');
	expire($config, $id);
	is verdict($config, $token), 'expired', 'refused once it is over';
	edit('--expires', '2037-03-31T12:00:00Z');
	is verdict($config, $token), 'valid', 'and taken again';
};

subtest 'label' => sub {
	my ($exit, $out) = edit('--label', 'desktop');
	is $exit, 0, 'exit';
	is $out, "$id edited: alice/desktop\n", 'the new name';
	is record($config, 'alice/laptop'), undef, 'the old one is gone';
	is verdict($config, $token), 'valid', 'the token works';
	only('changed', label => 'desktop');
	edit('--label', 'laptop');
	$made->{label} = 'laptop';
};

subtest 'properties' => sub {
	edit('--property', 'app=vim=9', '--property', 'owner=ops');
	only('set', properties => { app => 'vim=9', os => 'debian',
	    owner => 'ops' });
	edit('--remove-property', 'app', '--remove-property', 'os',
	    '--property', 'os2=bsd');
	only('removed', properties => { owner => 'ops', os2 => 'bsd' });
};

subtest 'everything at once, as JSON' => sub {
	my ($exit, $out) = edit('--json', '--label', 'all', '--service',
	    'cups', '--from', '192.0.2.1', '--expires', '2037-01-01T00:00:00Z',
	    '--property', 'a=b');
	is $exit, 0, 'exit';
	only('changed', label => 'all', services => ['cups'],
	    sources => ['192.0.2.1'], expires => '2037-01-01T00:00:00Z',
	    properties => { owner => 'ops', os2 => 'bsd', a => 'b' });
	is_deeply without_use(from_json($out)), $made,
	    'the record as it is now';
};

subtest 'several, one commit' => sub {
	my ($one) = create_token($config, user => 'bob', label => 'one');
	my ($two) = create_token($config, user => 'bob', label => 'two');
	my ($exit, $out) = apitoken($config, 'edit', 'bob/one', 'bob/two',
	    'bob/one', '--label', 'same');
	is $exit, 0, 'exit';
	is scalar(() = $out =~ /edited: bob\/same$/mg), 2, 'each one once';
	my @lines = grep { $_->{event} eq 'edit' && $_->{user} eq 'bob' }
	    json_lines(slurp($config =~ s{[^/]*$}{audit.json}r));
	is_deeply [map { "$_->{result} $_->{why} $_->{label}" } @lines],
	    [('ok label same') x 2], 'two lines in the log';
};

subtest 'a revoked one stays as it is' => sub {
	my ($live) = create_token($config, user => 'carol', label => 'live');
	create_token($config, user => 'carol', label => 'dead');
	apitoken($config, 'revoke', 'carol/dead');
	my $err = refused($config, 1, 'edit', 'carol/live', 'carol/dead',
	    '--service', 'imap');
	like $err, qr/is revoked, for good/, 'refused, by name';
	is verdict($config, $live), 'valid', 'the other one is unchanged, too';
	refused($config, 1, 'edit', 'carol/dead', '--expires', '90d')
	    or fail 'alone';
	$err = refused($config, 1, 'edit', 'carol/live', 'carol/dead',
	    '--service', 'imap', '--dry-run');
	like $err, qr/is revoked, for good/, 'a dry run says so';
	apitoken($config, 'delete', 'carol/dead');
	ok refused($config, 3, 'edit', 'carol/dead', '--service', 'imap'),
	    'a deleted one is not there';
};

subtest 'text that means harm' => sub {
	for my $case (['label', 128, sub { ('--label', $_[0]) }],
	    ['property\'s value', 256, sub { ('--property', "k=$_[0]") }],
	    ['property\'s key', 64, sub { ('--property', "$_[0]=v") }]) {
		my ($where, $limit, $args) = @$case;
		my %text = hostile_text($limit);
		for my $name (sort keys %text) {
			ok refused($config, 2, 'edit', $id,
			    $args->($text{$name})), "$name in a $where";
		}
	}
	# What only looks dangerous is kept as it is.
	my $label = q{a "b", 'c'; \\n $(d) `e` <f> %s};
	my ($exit, undef, $err) = edit('--label', $label, '--property',
	    "quote=\"a\",\"b\"", '--property', "astral=\xf0\x9f\x98\x80");
	is $exit, 0, 'quotes, commas, four bytes of UTF-8' or diag $err;
	my $rec = record($config, $id);
	is $rec->{label}, $label, 'label';
	is $rec->{properties}{quote}, '"a","b"', 'quotes';
	is $rec->{properties}{astral}, "\x{1f600}", 'UTF-8';
	($exit) = edit('--label', ("\xc3\xa4" x 63) . 'ab');
	is $exit, 0, '128 bytes fit';
};

subtest 'what cannot be meant' => sub {
	my @bad = (
		['nothing to change', 2],
		['no name', 2, '--service', 'imap', { names => 0 }],
		['services and any', 2, '--service', 'imap', '--any-service'],
		['sources and any', 2, '--from', '192.0.2.1', '--any-source'],
		['a service that is none', 2, '--service', 'a b'],
		['a network that is none', 2, '--from', 'example.org'],
		['a past', 2, '--expires', '2020-01-01'],
		['no time', 2, '--expires', 'soon'],
		['no KEY=VALUE', 2, '--property', 'abc'],
		['no key', 2, '--property', '=abc'],
		['the same key twice', 2, '--property', 'a=1', '--property',
		    'a=2'],
		['set and taken away', 2, '--property', 'a=1',
		    '--remove-property', 'a'],
		['no such property', 2, '--remove-property', 'nowhere'],
		['too many properties', 2,
		    map { ('--property', "p$_=v") } 1 .. 17],
	);
	for my $case (@bad) {
		my ($name, $exit, @args) = @$case;
		my @names = ref $args[-1] ? do { pop @args; () } : ($id);
		ok refused($config, $exit, 'edit', @names, @args), $name;
	}
	ok refused($config, 3, 'edit', $id, 'bob/none', '--label', 'x'),
	    'one unknown name of two';
	my $err = refused($config, 2, 'edit', $token, '--label', 'x');
	like $err, qr/does not belong on the command line/,
	    'a token as a name';
};

done_testing;
