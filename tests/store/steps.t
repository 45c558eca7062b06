#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A reader that is stopped at each of its system calls, while its token is
# revoked and what it has open is written over, says what is in force or what
# was when it looked last; and nothing of a writer that dies before its state
# file gets its name.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

my $config = init_store(conf => { audit_log => 'none' });
my %n = counts(run([store_program('steps'), $config, quiet_conf($config)],
    timeout => 300));

cmp_ok $n{points}, '>', 100, 'a reader was stopped';
cmp_ok $n{early_points}, '>', 80, 'before its last look at the state file';
cmp_ok $n{late_valid}, '>', 0, 'also after it had read';
cmp_ok $n{dying}, '>', 10, 'and while a writer was about to die';
is $n{wrong}, 0, 'its verdicts are right';
is $n{problems}, 0, 'the store is whole';
note "$n{points} points, $n{late_valid} of them late, $n{dying} dying writers";

done_testing;
