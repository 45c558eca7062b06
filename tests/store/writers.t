#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two writers at once, 50 commits each of every kind: all 100 are there, no
# change is lost to another one, and both logs tell of each once.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

my $writers = $ENV{WRITERS} // 2;
my $commits = $ENV{COMMITS} // 50;
my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my %n = counts(run([store_program('writers'), $config, $writers, $commits],
    timeout => 300 + 4 * $writers * $commits));

is $n{writers_lost}, 0, 'the writers came to their end';
is $n{failed}, 0, 'every change worked';
is $n{commits}, $writers * $commits, 'each of them is a commit';
is $n{wrong}, 0, "all $n{tokens} tokens are as they have to be";
is $n{counts_that_differ}, 0, "no change of everyone's token is lost";
is doctor_worst($config), 'fine', 'the store is whole';
is_deeply [tmp_files($dir)], [], 'no temporary file is left';

# Of regenerate there are two lines, for the old token and the new one.
my %lines;
$lines{ $_->{event} }++ for json_lines(slurp("$dir/audit.json"));
delete $lines{login};
my $ten = $writers * $commits / 10;
is_deeply \%lines, { create => 1 + 3 * $ten, edit => 3 * $ten,
    regenerate => 2 * 2 * $ten, revoke => $ten, delete => $ten },
    'the audit log has a line for each';

done_testing;
