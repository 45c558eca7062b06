#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# 64 threads verify with one handle while another process changes tokens and
# keys: what was revoked before a call is never let in by it, what was good
# all through it is never refused.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

my $seconds = $ENV{SECONDS_OF_THREADS} // 8;
my $threads = $ENV{THREADS} // 64;
my $config = init_store();
my %n = counts(run([store_program('threads'), $config, quiet_conf($config),
    $seconds, $threads], timeout => 360 + 4 * $seconds));

cmp_ok $n{reads}, '>', 50 * $seconds, 'the threads verified';
cmp_ok $n{created}, '>', 10, 'tokens were made';
cmp_ok $n{revoked}, '>', 0, 'and revoked';
cmp_ok $n{keys}, '>', 0, 'keys were added, activated and retired';
is $n{failed}, 0, 'every change worked';
is $n{unavailable}, 0, 'no verification was unavailable';
is $n{wrong_refusal}, 0, 'nothing good was refused';
is $n{wrong_valid}, 0, 'nothing revoked was let in';
is $n{writer_lost}, 0, 'the writer came to its end';
is $n{problems}, 0, 'the store is whole';
note "$n{reads} verifications, slowest $n{slowest_us} us; $n{created} made, ",
    "$n{revoked} revoked, $n{keys} keys";

done_testing;
