#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the documents on security point at is there: each test that is named is
# a file, each part says which tests show it, and the programs among them are
# built and run.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $src = source_dir();
my $text = slurp("$src/doc/THREATS.md");
my $makefiles = join '', map { slurp($_) } glob "$src/tests/*/module.mk";

for my $document ('doc/THREATS.md', 'SECURITY.md') {
	my %named = map { $_ => 1 }
	    slurp("$src/$document") =~ m{`((?:tests|doc)/[\w./-]+\w)`}g;
	is_deeply [grep { !-f "$src/$_" } sort keys %named], [],
	    "$document: the " . keys(%named) . ' files that it names';
}

# A unit test counts once it is in the list of those that are made.
for my $name (sort { $a cmp $b } $text =~ m{`tests/unit/(\w+)\.c`}g) {
	like $makefiles, qr/^\t\Q$name\E(?: \\)?$/m, "unit test $name is run";
}

# Each part from the peer on says what shows it.
my (undef, @parts) = split /^## /m, $text;
cmp_ok scalar @parts, '>', 10, scalar(@parts) . ' parts';
for my $part (@parts) {
	my ($title) = $part =~ /^(.*)/;
	like $part, qr/^- \*\*Shown by\*\* `tests/m, "$title: what shows it";
}

done_testing;
