#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The built file: what it exports and asks for, that it loads anywhere, and
# that its options, table of verdicts and manual page agree with the design.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Built;
use Apitoken::Test;
use Test::More;

my $module = program('pam_apitoken.so');
my $source = source_dir() . '/pam_apitoken';
my @exports = split /\n/, slurp("$source/pam_apitoken.exports");

subtest 'exports' => sub {
	exports_as_listed($module, "$source/pam_apitoken");
};

subtest 'loads in a process that links nothing' => sub {
	my ($exit, $out, $err) = run([ program('tests/pam/loader'), $module,
	    @exports ]);
	is($exit, '0', 'RTLD_NOW, and every entry point is found') or diag $err;
	($exit) = run([ program('tests/pam/loader'), $module, 'tc_open' ]);
	is($exit, '1', 'the library inside is not to be found');

	($exit, $out) = run([ 'readelf', '-d', $module ]);
	is($exit, '0', 'readelf');
	like($out, qr/NEEDED.*\[libpam\.so/, 'brings its own libpam');
	unlike($out, qr/NEEDED.*tokencore/, 'needs no library of ours');
	unlike($out, qr/R(UN)?PATH/, 'has no search path');
	unlike($out, qr/TEXTREL/, 'is position independent');
};

subtest 'leaves the process alone' => sub {
	asks_for_nothing($module);
	my @objects = glob build_dir() . '/obj/pam_apitoken/*.o';
	cmp_ok(scalar @objects, '>=', 5, 'its objects are there');
	SKIP: {
		skip 'a build with run-time checkers or counters keeps data '
		    . 'of its own', 1 if counts_lines($module)
		    || sanitized($module);
		my ($exit, $out) = run([ 'size', '-A', @objects ]);
		is_deeply([ grep { /^\.(data|bss|tdata|tbss)\s+[1-9]/ }
		    split /\n/, $out ], [], 'no variable outlives a call');
	}
};

subtest 'table of verdicts' => sub {
	my ($exit, $out, $err) = run([ program('tests/pam/table') ]);
	is($exit, '0', 'printed') or diag $err;
	my %row = map { my ($name, @codes) = split; $name => "@codes" }
	    split /\n/, $out;
	my %want = (
		'valid' => 'SUCCESS SUCCESS SUCCESS',
		'not-a-token' => 'AUTH_ERR IGNORE IGNORE',
		'disabled' => 'AUTH_ERR IGNORE IGNORE',
		'expired' => 'AUTH_ERR AUTH_ERR ACCT_EXPIRED',
		'unavailable' =>
		    'AUTHINFO_UNAVAIL AUTHINFO_UNAVAIL AUTHINFO_UNAVAIL',
		map { $_ => 'AUTH_ERR AUTH_ERR PERM_DENIED' } qw(malformed
		    bad-checksum unknown-key unknown-token forged wrong-user
		    revoked not-yet-valid wrong-service wrong-source
		    user-refused too-large negative));
	s/(\w+)/PAM_$1/g for values %want;
	is_deeply(\%row, \%want, 'as in the design');
};

subtest 'manual page' => sub {
	my $page = source_dir() . '/doc/pam_apitoken.8';
	my $text = slurp($page);
	my ($options) = $text =~ /^\.Sh OPTIONS$(.*?)^\.Sh/ms;
	my ($synopsis) = $text =~ /^\.Sh SYNOPSIS$(.*?)^\.Sh/ms;
	my ($table) = slurp("$source/options.c")
	    =~ /struct option table\[\] = \{(.*?)\n\};/s;
	my @kinds = sort map { /"(\w+)", (\w+)/ ? "$1 $2" : () }
	    split /\n/, $table;
	cmp_ok(scalar @kinds, '>=', 11, 'the table is found');
	for ([ options => $options, '.It' ], [ synopsis => $synopsis, '.Op' ]) {
		my ($name, $part, $macro) = @$_;
		my @found = sort map {
			/^\Q$macro\E Cm (\w+)( Ns =)?/
			    ? $1 . (defined $2 ? ' VALUE' : ' FLAG') : () }
		    split /\n/, $part;
		is_deeply(\@found, \@kinds, "$name: as in the table");
	}
	SKIP: {
		my ($exit, $out, $err) = eval {
			run([ 'mandoc', '-T', 'lint', '-W', 'warning', $page ])
		};
		skip 'mandoc is not installed', 1 if $exit eq '126';
		is($out . $err, '', 'mandoc has nothing to say');
	}
};

done_testing;
