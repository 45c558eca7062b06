#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Loading: what the file exports and asks for; when it stands aside, loudly or
# without a word; its options, its table of verdicts and its manual page.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Built;
use Apitoken::Mdoc;
use Apitoken::Sasl;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Sasl::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Sasl->new;
my $token = create_token($host->config);
my $plugin = program('libapitoken.so');
my $source = source_dir() . '/sasl_apitoken';

subtest 'exports' => sub {
	exports_as_listed($plugin, "$source/libapitoken");
	my ($exit, $out) = run([ 'readelf', '-d', $plugin ]);
	like($out, qr/NEEDED.*\[libsasl2\.so/, 'brings its own libsasl2');
	unlike($out, qr/NEEDED.*tokencore/, 'needs no library of ours');
	unlike($out, qr/R(UN)?PATH/, 'has no search path');
	unlike($out, qr/TEXTREL/, 'is position independent');
};

subtest 'leaves the process alone' => sub {
	asks_for_nothing($plugin);
};

subtest 'another libsasl' => sub {
	my ($exit, $out, $err) = run([ program('tests/sasl/doctored'),
	    $plugin ]);
	is($exit, '0', 'came to its end') or diag $err;
	my %got = map { split / /, $_, 2 } split /\n/, $out;
	my %want = map { $_ => join ' ', ('BADVERS') x 4 } qw(without-md5
	    one-member-less another-getprop nothing older-libsasl);
	is_deeply(\%got, { %want, 'as-it-is' => 'OK OK OK OK',
	    nowhere => join ' ', ('BADPARAM') x 4 },
	    'nothing but what it was built for');
};

sub loaded {
	my ($option, %set) = @_;
	return $host->drive({ option => $option, token => $token, %set },
	    'mechs server', 'mechs client');
}

my $both = 'OAUTHBEARER XOAUTH2';
my $client = "EXTERNAL $both";

subtest 'mechanisms' => sub {
	my %want = (
		'OAUTHBEARER' => 'OAUTHBEARER', 'xoauth2' => 'XOAUTH2',
		'XOAUTH2 OAUTHBEARER' => $both,
		" XOAUTH2\t XOAUTH2 " => 'XOAUTH2',
	);
	is(loaded({})->{mechs}[0], $both, 'both');
	for my $value (sort keys %want) {
		is(loaded({ apitoken_mechs => $value })->{mechs}[0],
		    $want{$value}, "\"$value\"");
	}
};

SKIP: {
	skip 'this host has a configuration of its own', 1
	    if -e '/etc/apitoken/apitoken.conf';
	subtest 'without configuration' => sub {
		my $r = loaded({ apitoken_config => undef });
		is_deeply($r->{mechs}, [ 'none', $client ],
		    'offers nothing to clients; is one itself');
		is_deeply([ @{ $r->{log} }, @{ $r->{syslog} } ], [], 'silent');
		is_deeply($r->{left}, ['0 0'], 'nothing is left');
		$r = loaded({ apitoken_config => undef,
		    auto_transition => 'yes' });
		is_deeply($r->{syslog}, [], 'silent, with auto_transition too');
	};
}

subtest 'turned off' => sub {
	my $off = Apitoken::Sasl->new;
	set_conf($off->config, enabled => 'no');
	my $r = $off->drive({}, 'mechs server');
	is_deeply($r->{mechs}, ['none'], 'not offered');
	is_deeply([ @{ $r->{log} }, @{ $r->{syslog} } ], [], 'silent');
	is_deeply($r->{left}, ['0 0'], 'nothing is left');
	my ($dir) = $off->config =~ m{^(.*)/};
	spit("$dir/store/state", '');
	is_deeply($off->drive({}, 'mechs server')->{mechs}, ['none'],
	    'nor with a damaged store');
	set_conf($off->config, enabled => 'yes');
	is_deeply($off->drive({}, 'mechs server')->{mechs}[0], $both,
	    'which alone is no reason');
};

subtest 'auto_transition' => sub {
	for my $value (qw(yes y 1 true on noplain)) {
		my $r = loaded({ auto_transition => $value });
		is_deeply($r->{mechs}, [ 'none', $client ],
		    "$value: not loaded");
		is(scalar @{ $r->{syslog} }, 1, 'one line');
		like($r->{syslog}[0], qr/^3 .*auto_transition .* permanent/,
		    'it says why');
		is_deeply($r->{left}, ['0 0'], 'nothing is left');
	}
	for my $value (qw(no off 0 false never)) {
		is(loaded({ auto_transition => $value })->{mechs}[0], $both,
		    "$value: loaded");
	}
};

# What is wrong turns tokens off, and says so at each use; passwords by other
# mechanisms go on.
subtest 'a wrong option' => sub {
	my @wrong = (
		[ apitoken_config => 'apitoken.conf', 'not an absolute path' ],
		[ apitoken_config => '/x' x 3000, 'too long' ],
		[ apitoken_config => '/nonexistent/apitoken.conf',
		    'No such file' ],
		[ apitoken_service => 'IMAP', 'only a-z' ],
		[ apitoken_service => 's' x 33, 'too long' ],
		[ apitoken_mechs => 'PLAIN', 'not ours' ],
		[ apitoken_mechs => 'XOAUTH2,OAUTHBEARER', 'not ours' ],
		[ apitoken_mechs => ' ', 'names no mechanism' ],
		[ apitoken_separator => '@', 'not one of' ],
		[ apitoken_separator => '~~', 'not one of' ],
		[ apitoken_scope => 'a"b', 'not a list of scopes' ],
		[ apitoken_scope => 's' x 256, 'not a list of scopes' ],
	);
	for my $row (@wrong) {
		my ($name, $value, $why) = @$row;
		my $r = $host->drive({ option => { $name => $value },
		    token => $token }, 'mechs server', 'login XOAUTH2');
		my $shown = "$name: " . substr $value, 0, 40;
		is($r->{mechs}[0], $both, "$shown: offered");
		is($r->{server}[-1], 'UNAVAIL none', 'but unavailable');
		is_deeply($r->{detail}, ['SASL(-24): ' . $r->{detail}[0] =~
		    s/^SASL\(-24\): //r], 'with a code of its own');
		is(scalar @{ $r->{log} }, 1, 'one line');
		like($r->{log}[0], qr/^1 .*cannot be checked: .*\Q$why\E/,
		    "it says \"$why\"");
		is_deeply($r->{left}, ['0 0'], 'nothing is left');
	}
};

subtest 'options' => sub {
	my ($table) = slurp("$source/options.c")
	    =~ /struct option table\[\] = \{(.*?)\n\};/s;
	my %table = $table =~ /"(\w+)", \w+,\s*"([^"]*)"/g;
	is(scalar keys %table, 5, 'the table is found');
	my ($page) = slurp(source_dir() . '/doc/sasl_apitoken.8')
	    =~ /^\.Sh OPTIONS$(.*?)^\.Sh/ms;
	my %page = $page =~ /^\.It Cm (\w+)\s*:.*\n(.*)$/mg;
	is_deeply(\%page, \%table, 'the manual page has the same');
};

subtest 'table of verdicts' => sub {
	my ($exit, $out, $err) = run([ program('tests/sasl/table') ]);
	is($exit, '0', 'printed') or diag $err;
	my %row = map { split } split /\n/, $out;
	is_deeply(\%row, { valid => 'OK', unavailable => 'UNAVAIL',
	    map { $_ => 'BADAUTH' } qw(not-a-token disabled malformed
	    bad-checksum unknown-key unknown-token forged wrong-user revoked
	    expired not-yet-valid wrong-service wrong-source user-refused
	    too-large negative) }, 'as in the design');
};

subtest 'in programs that are no servers' => sub {
	my ($viewer) = grep { -x } map { "$_/saslpluginviewer" }
	    qw(/usr/sbin /usr/bin);
	plan skip_all => 'saslpluginviewer is not installed' if !$viewer;
	plan skip_all => 'a build with run-time checkers' if sanitized($plugin);
	plan skip_all => 'this host has a configuration of its own'
	    if -e '/etc/apitoken/apitoken.conf';
	my %env = (SASL_PATH => $host->plugins,
	    SASL_CONF_PATH => '/nonexistent');
	my ($exit, $out, $err) = run([ $viewer, '-s' ], env => \%env);
	is($exit, '0', 'servers: harmless');
	is($err, '', 'silent');
	unlike($out, qr/OAUTHBEARER/, 'nothing is offered');
	($exit, $out, $err) = run([ $viewer, '-c' ], env => \%env);
	is($exit, '0', 'clients: harmless');
	is($err, '', 'silent');
	like($out, qr/"apitoken" \[loaded\].*?SASL mechanism: XOAUTH2/s,
	    'the client mechanisms are there');
};

# What the manual has for the applications' configuration: lines "name: value".
subtest 'examples of the manual' => sub {
	my $page = Apitoken::Mdoc->new('sasl_apitoken.8');
	my @files = grep { !/^\$/ } map { Apitoken::Mdoc::blocks($_) }
	    map { $page->section($_) } 'DESCRIPTION', 'EXAMPLES';
	is(scalar @files, 3, 'are there');
	for my $file (@files) {
		my %option = map { s/^sasl_//r =~ /^(\w+): (.*)$/ }
		    split /\n/, $file;
		my $r = $host->drive({ option => \%option, token => $token },
		    'mechs server', map { "login $_" } split ' ', $both);
		is($r->{mechs}[0], $both, join ', ', split /\n/, $file);
		is(scalar @{ $r->{names} }, 2, '... let in by both');
		is_deeply([ grep { !/^(?:PLAIN|LOGIN)$/ && $both !~ /\b$_\b/ }
		    split ' ', $option{mech_list} // '' ], [], 'no other');
	}
};

subtest 'manual page' => sub {
	my $page = source_dir() . '/doc/sasl_apitoken.8';
	my ($exit, $out, $err) = eval {
		run([ 'mandoc', '-T', 'lint', '-W', 'warning', $page ])
	};
	plan skip_all => 'mandoc is not installed' if $exit eq '126';
	is($out . $err, '', 'mandoc has nothing to say');
};

done_testing;
