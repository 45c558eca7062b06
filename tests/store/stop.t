#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A stopped reader does not hold up a revocation, which would not end before
# the reader goes on, and never goes on itself with what it read half of; a
# stopped writer does not hold up readers, and another writer says after ten
# seconds that it cannot have the store.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

# A thousand commits: in memory no sync is waited for.
$ENV{TMPDIR} = '/dev/shm' if !$ENV{TMPDIR} && -d '/dev/shm' && -w _;
my $times = $ENV{TIMES} // 60;
my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my %n = counts(run([store_program('stop'), $config, quiet_conf($config),
    "$dir/store/lock", $times], timeout => 900));

cmp_ok $n{in_call}, '>', $times / 4,
    'a reader was stopped at random moments within its call';
is $n{wrong}, 0, 'its verdicts are the new one, or the old one read before';
cmp_ok $n{reads}, '>=', 20 * $times, 'readers beside a stopped writer';
is $n{unavailable}, 0, 'none unavailable';
is $n{wrong_refusal}, 0, 'none refused';
is $n{wrong_valid}, 0, 'no revoked token let in';
is $n{busy_code}, 6, 'another writer: unavailable';
cmp_ok $n{busy_ms}, '>=', 9500, 'after its bound';
is $n{problems}, 0, 'the store is whole';
note "slowest revocation $n{slowest_revocation_ms} ms";

done_testing;
