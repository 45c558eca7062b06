#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One writer, killed with SIGKILL at 300 random moments beside four readers:
# no read is refused, nothing acknowledged is missing, nothing is torn.
# ROUNDS and SEED in the environment change what is tried.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

my $rounds = $ENV{ROUNDS} // 300;
my $config = init_store();
my %n = counts(run([store_program('kill'), $config, quiet_conf($config),
    $rounds, 4], timeout => 900 + 4 * $rounds));

cmp_ok $n{reads}, '>', 20 * $rounds, 'the readers read';
cmp_ok $n{acknowledged}, '>', $rounds / 4, 'the writers wrote';
is $n{unavailable}, 0, 'no read was unavailable';
is $n{wrong_refusal}, 0, 'no read of an active token was refused';
is $n{wrong_valid}, 0, 'no revoked token was let in';
is $n{missing}, 0, 'nothing acknowledged is missing';
is $n{torn}, 0, 'no commit is torn';
is $n{unknown}, 0, 'nothing is there that was not asked for';
is $n{not_opened}, 0, 'the store opened every time';
is $n{problems}, 0, 'nothing worse than a warning';
is $n{readers_lost}, 0, 'all readers lived';
note "slowest read: $n{slowest_us} us; $n{acknowledged} tokens; ",
    "$n{unacknowledged} kept though unacknowledged";

# The next change brings everything in order.
create_token($config, label => 'afterwards');
is doctor_worst($config), 'fine', 'and the store is whole again';
my ($dir) = $config =~ m{^(.*)/};
is_deeply [tmp_files($dir)], [], 'no temporary file is left';

done_testing;
