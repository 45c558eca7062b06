#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every byte of every file of the store, inverted in turn: never "valid" for a
# revoked token, never "absent" for one that is there, never a crash; and a
# change on top of the damage works or fails as a whole.
# FLIP_LONG=1 inverts every bit, which takes its time.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

# Thousands of commits: in memory, if there is room, no sync is waited for.
$ENV{TMPDIR} = '/dev/shm' if !$ENV{TMPDIR} && -d '/dev/shm' && -w _;
my $long = $ENV{FLIP_LONG} ? 1 : 0;
my $config = init_store(conf => { audit_log => 'none', syslog => 'no',
    allow_root => 'yes' });
my ($dir) = $config =~ m{^(.*)/};
my %n = counts(run([store_program('flip'), $config, $config, "$dir/store",
    $long], timeout => $long ? 20_000 : 1800));

cmp_ok $n{flips}, '>', 20_000, 'flips';
cmp_ok $n{unavailable}, '>', 1000, 'damage was noticed';
is $n{valid_revoked}, 0, 'never valid for a revoked token';
is $n{absent}, 0, 'never unknown-token for one that is there';
is $n{other}, 0, 'no verdict but the right one or unavailable';
is $n{crashes}, 0, 'no crash';
is $n{hangs}, 0, 'no hang';
is $n{swollen}, 0, 'no file grows beyond all measure';
cmp_ok $n{changes}, '>', 5000, 'changes on damaged stores';
cmp_ok $n{refused}, '<', $n{changes} / 2, 'most of them worked';
is $n{not_revoked}, 0, 'one that was done is in force';
is $n{changed_anyway}, 0, 'one that was refused changed nothing';
is $n{lost}, 0, 'no token is lost from a list that is whole';
is $n{bad_error}, 0, 'every error names the file';
is $n{problems}, 0, 'undamaged, the store is whole';
note "$n{flips} flips: $n{unavailable} noticed, ",
    "$n{absent} taken for absent; ",
    "$n{changes} changes: $n{refused} refused, $n{spread} made damage of ",
    'the standby show';

done_testing;
