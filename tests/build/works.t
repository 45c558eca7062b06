#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The README's table "What works with what" against the tests: what a line says
# is run by the test that it names, which reads the recipe that it names; and no
# test with a real server is left out.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $readme = slurp(source_dir() . '/README.md');
my ($section) = $readme =~ /^## What works with what\n(.*?)^## /ms;
my @rows = map { [ split / *\| */, s/^\| | \|$//gr ] }
    grep { /^\| / && !/^\| \| how/ } split /\n/, $section // '';
cmp_ok scalar(@rows), '>=', 10, 'a table';
# GitHub's way to make an anchor of a heading.
my %anchor = map { lc(s/[^\w -]//gr =~ tr/ /-/r) => 1 }
    $readme =~ /^##+ (.*)$/mg;

my %named;
for my $row (@rows) {
	my ($what, $how, $set_up, $test) = @$row;
	$test =~ s/^`(.*)`$/$1/;
	ok -e source_dir() . "/$test", "$what: $test" or next;
	$named{$test} = 1;
	my $text = slurp(source_dir() . "/$test");
	my @said = $how =~ /`([^`]+)`|\b([A-Z][A-Z0-9-]{4,}|PLAIN|saslauthd)\b/g;
	is_deeply [ grep { defined && $text !~ /\b\Q$_\E\b/ } @said ], [],
	    '... has to do with what it says';
	if ($set_up =~ m{\(doc/recipes/(\S+)\.md\)}) {
		ok -e source_dir() . "/doc/recipes/$1.md", "... $1.md is there";
		like $text, qr/Recipe->new\('\Q$1\E'\)/, '... and it reads it';
	} elsif ($set_up =~ /\(#(\S+)\)/) {
		ok $anchor{$1}, "... #$1 is there";
	} else {
		my ($page) = $set_up =~ /^`man (\w+)`$/;
		ok defined $page && glob(source_dir() . "/doc/$page.[1-8]"),
		    '... a manual page';
	}
}
# What the harness does is of no use to anyone else.
is_deeply [ grep { !$named{$_} && !m{/harness\.t$} }
    map { s{^\Q$ENV{SRC}\E/}{}r } glob source_dir() . '/tests/e2e/*.t' ], [],
    'all tests with servers are in it';
done_testing;
