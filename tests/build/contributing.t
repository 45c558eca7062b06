#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# CONTRIBUTING.md names what there is: targets of make, programs, files.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $text = slurp(source_dir() . '/CONTRIBUTING.md');
cmp_ok scalar($text =~ tr/\n//), '<=', 100, 'it is short';

# What make says it knows, without making any of it.
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
my ($exit, $database) = run([ 'make', '-s', '-C', source_dir(),
    'BUILD=' . build_dir(), '-pq', 'clean' ]);
my %target = map { $_ => 1 } $database =~ /^([\w-]+):(?!=)/mg;
ok $target{check}, 'make tells its targets';
my @commands;
$text =~ s{^```sh\n(.*?)^```\n}{push @commands, split /\n/, $1; ''}mesg;
s/\s+#.*// for @commands;
my %wanted = map { $_ => 1 } map { /\bmake ((?:(?!&&)[^`\n#])*)/g } @commands,
    $text =~ /`(make [^`]+)`/g;
my @targets = map { grep { /^[a-z][\w-]*$/ } split } keys %wanted;
cmp_ok scalar(@targets), '>=', 9, 'it names ' . @targets . ' targets';
is_deeply [ grep { !$target{$_} } sort @targets ], [], '... which exist';
is_deeply [ grep { !/(?:^| )(?:make|prove|sudo)\b/ } @commands ], [],
    'there are no other commands';

# Whatever looks like a path of ours, in a command or between backquotes.
my @words = map { s{/$}{}r } grep { m{^\w[\w.-]*/|^\.\w|\.md$} && !/=/ }
    map { split } @commands, $text =~ /`([^`]+)`/g;
cmp_ok scalar(@words), '>=', 20, 'it names ' . @words . ' paths';
is_deeply [ grep { !-e source_dir() . "/$_" } @words ], [], '... which exist';
is_deeply [ grep { m{^(?:packaging|tests)/[\w-]+$} && -f source_dir() . "/$_"
    && !-x source_dir() . "/$_" } @words ], [], '... and run, if typed';

# Names in the environment that tests look at.
my $helpers = join '', map { slurp($_) }
    glob source_dir() . '/tests/lib/Apitoken/*.pm';
like $helpers, qr/\$ENV\{$_\}/, $_ for $text =~ /`([A-Z]+)=\d+`/g;
done_testing;
