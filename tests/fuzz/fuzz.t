#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that reads what others wrote is given any bytes at all: tokens,
# records, the store's files, configuration, secrets, messages of SASL and PAM,
# dates, networks, files to import and logs. Nothing crashes, nothing is taken
# for what it is not, and what is read is what a second reader finds.
#
# The short form runs the seeds and a thousand changed ones of each (ROUNDS says
# how many, SEED which); the long form lets libFuzzer look for more, on top of
# what it found before.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $here = source_dir() . '/tests/fuzz';
my @targets = map { m{([^/]+)/$} } sort glob "$here/seeds/*/";

# Where syncing a file costs nothing.
local $ENV{TMPDIR} = -w '/dev/shm' ? '/dev/shm' : $ENV{TMPDIR} // '/tmp';
$ENV{TMPDIR} = tempdir();

my $longest = 120;
my $rounds = $ENV{ROUNDS} // 1000;
my $seed = $ENV{SEED} // 1;

sub run_seeds {
	my ($target) = @_;
	my ($exit, $out, $err) = run([ program("tests/fuzz/$target"), '-n',
	    $rounds, '-s', $seed, "$here/seeds/$target" ],
	    timeout => $longest + $rounds);
	my ($ran) = $out =~ /^ran (\d+)$/m;
	is($exit, '0', "$target: came to its end") or diag $err;
	cmp_ok($ran // 0, '>=', $rounds, "$target: ran") or diag $out;
	note "$target: $ran";
	return;
}

# What libFuzzer is linked with is built apart, by clang whatever else is built
# with.
sub hunt {
	my $each = int(($ENV{PROOF_SECONDS} // 600) / @targets) || 1;
	my ($exit, $out, $err) = run([ 'make', '-s', '-C', source_dir(),
	    'BUILD=' . build_dir(), 'fuzz-programs' ], timeout => 3600,
	    env => { CC => undef, MAKEFLAGS => undef });
	is($exit, '0', 'libFuzzer programs are built')
	    or BAIL_OUT("$out$err");
	for my $target (@targets) {
		($exit, $out) = run([ "$here/hunt", $each, $target ],
		    timeout => $each + 300);
		is($exit, '0', "$target: nothing was found") or diag $out;
		ok($out =~ /(\d+) runs +(\d+) edges/, "$target: was run")
		    or next;
		print "figure $target: executions $1\n",
		    "figure $target: edges of the program $2\n";
	}
	return;
}

run_seeds($_) for @targets;
hunt() if $ENV{PROOF};

done_testing;
