#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The recipes can be found, and are tried: the README links each of them, no
# link leads nowhere, and each names a test, which reads what stands there.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $src = source_dir();
my @recipes = map { s{^\Q$src/\E}{}r } glob "$src/doc/recipes/*.md";
cmp_ok scalar @recipes, '>=', 5, 'there are some';

sub links {
	my ($file) = @_;
	my ($folder) = $file =~ m{^(.*/)?};
	my $text = slurp("$src/$file");
	my @found = ($text =~ /\]\(([^)\s]+)\)/g, $text =~ /^\[[^]]+\]: (\S+)$/mg);
	return map { ($folder // '') . s/#.*//r }
	    grep { !m{^(?:\w+:|#)} } @found;
}

for my $file (@recipes, 'README.md', 'SECURITY.md',
    map { s{^\Q$src/\E}{}r } glob "$src/doc/*.md") {
	is_deeply [ grep { !-e "$src/$_" } links($file) ], [],
	    "$file: every link leads somewhere";
}
my %linked = map { $_ => 1 } links('README.md');
is_deeply [ grep { !$linked{$_} } @recipes ], [], 'the README has them all';

for my $file (@recipes) {
	my ($name) = $file =~ m{([^/]+)\.md$};
	my ($test) = slurp("$src/$file") =~ /`(tests\/[\w\/-]+\.t)`\s+runs/;
	ok defined $test && -e "$src/$test", "$name: its test is there"
	    or next;
	like slurp("$src/$test"), qr/Recipe->new\('\Q$name\E'\)/,
	    "$test reads it";
}
done_testing;
