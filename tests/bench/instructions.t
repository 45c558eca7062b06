#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# How much work a verification is, without a clock: callgrind counts the
# instructions of tc_verify() and those of the floor that verify.pl has, in the
# same program, with the same libraries. The ratio may not leave what is written
# in tests/bench/instructions by more than 5 %. Who made a verification cheaper,
# or has a reason to make it dearer, writes the new one there.
#
# How full a page is counts for as much as that, and noting a last use anew, which
# is due when a minute has passed, for half of it: so the tokens and their pages
# are the same in each run, and the clock stands.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

plan skip_all => 'it is built to count lines, and not as it is meant to run'
    if counts_lines(program('tests/bench/verify-fixed'));

my $TOKENS = 8000;
my $CALLS = 500;	# each page is another one, and none as long as the next
my $SECRET = 'a secret that is as long in each run';
my $TOLERANCE = 0.05;

# root's account is not looked up: how long the host's /etc/passwd is would
# count.
my $USER = 'root';
my $dir = tempdir();
my $config = init_store(dir => $dir, secret => $SECRET);
set_conf($config, audit_log => 'none', syslog => 'no', allow_root => 'yes');

sub output_of {
	my ($command, %opt) = @_;
	my ($exit, $out, $err) = run($command, timeout => 900, %opt);
	$exit eq '0' or BAIL_OUT("$command->[0]: $exit: $err");
	return $out;
}

# Processors differ in what OpenSSL makes use of.
$ENV{OPENSSL_ia32cap} = '0:0';

sub instructions {
	my (@functions) = @_;
	my $file = "$dir/callgrind";
	output_of([ qw(valgrind -q --tool=callgrind),
	    "--callgrind-out-file=$file",
	    (map { "--toggle-collect=$_" } @functions),
	    program('tests/bench/verify-fixed'), $config, $USER, "$dir/plain",
	    $TOKENS, '', 1, $CALLS ], stdin => slurp("$dir/tokens"));
	my ($total) = slurp($file) =~ /^totals: (\d+)$/m;
	return $total;
}

spit("$dir/tokens", output_of([ program('tests/bench/store-fixed'), $config, $USER,
    $TOKENS ]));
output_of([ program('tests/bench/store-fixed'), '-p', "$dir/plain", $TOKENS ]);

# Two rounds, of which the first one is not told; hmac and fetch are called by
# themselves and once more as the floor.
my $verify = instructions('tc_verify') / (2 * $CALLS);
my $floor = instructions('plain_hmac', 'plain_fetch') / (4 * $CALLS);
my $ratio = $verify / $floor;
my ($want) = slurp("$ENV{SRC}/tests/bench/instructions") =~ /^([\d.]+)$/m
    or BAIL_OUT('tests/bench/instructions has no ratio');
diag(sprintf '%.0f instructions, the floor has %.0f: %.3f', $verify, $floor,
    $ratio);
cmp_ok($ratio, '<=', $want * (1 + $TOLERANCE), 'not dearer than it was');
cmp_ok($ratio, '>=', $want * (1 - $TOLERANCE), 'nor cheaper');
done_testing;
