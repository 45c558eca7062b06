#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Whole exchanges with corrupted steps, always the same ones. ROUNDS and SEED
# in the environment make it longer, or other.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Sasl;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Sasl::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Sasl->new(conf => { audit_log => 'none' });
my $token = create_token($host->config);
my $rounds = $ENV{ROUNDS} // 4000;

for my $seed ($ENV{SEED} // (1, 20261121)) {
	my ($exit, $out, $err) = run([ program('tests/sasl/fuzz'),
	    $host->plugins, $host->config, $rounds, $seed ],
	    stdin => "$token\n", timeout => 1800);
	is($exit, '0', "seed $seed: came to its end") or diag $err;
	my %n = map { /^(\w+) (\d+)/ ? ($1 => $2) : () } split /\n/, $out;
	my ($left) = $out =~ /^left (.*)$/m;
	note $out;
	cmp_ok($n{OK} // 0, '>', $rounds / 20, 'some were left alone');
	cmp_ok($n{BADAUTH} // 0, '>', $rounds / 4, 'many were refused');
	is(($n{OK} // 0) + ($n{BADAUTH} // 0), $rounds,
	    'there is no other end');
	is($n{broken}, 0, 'nobody got in without the whole token');
	is($left, '0 0', 'every byte that was allocated was freed');
}

done_testing;
