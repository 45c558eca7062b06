#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# No branch and no index depends on a secret: valgrind is told that the keys,
# the tags and seals that come of them and SCRAM's verifiers are memory that
# nobody set, and has nothing to say of logins of all kinds, of SCRAM look-ups,
# of a token's text that is written, of reading keys and of adding one. That it
# would say so is shown with each single comparison made by memcmp().
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

plan skip_all => 'valgrind is not installed or not of use here'
    if system('valgrind -q true >/dev/null 2>&1') != 0;

my $dir = tempdir();
my ($exit, $out, $err) = run(['valgrind', '--quiet', '--error-limit=no',
    "--log-file=$dir/report", program('tests/time/secret'),
    "$dir/apitoken.conf"], timeout => 900);
is $exit, 0, 'the program came to its end' or diag $err;

my (@names, %made, @found, @missed);
while ($out =~ /^case (\S+) (\d+) (\d+)$/mg) {
	my ($name, $comparison, $errors) = ($1, $2, $3);
	push @names, $name if $comparison == 0;
	push @found, "$name: $errors" if $comparison == 0 && $errors != 0;
	push @missed, "$name: comparison $comparison"
	    if $comparison != 0 && $errors == 0;
	$made{$name} = $comparison;
}

is_deeply [ sort @names ], [ sort split ' ', 'unknown-token forged revoked
    wrong-user unknown-key expired wrong-service revoked,-with-a-reason valid
    narrowed narrowed,-forged looked looked,-forged seal value scram
    scram,-revoked scram,-unknown scram,-seal text keys key-add' ],
    scalar(@names) . ' cases';
is_deeply \@found, [], 'nothing depends on a secret'
    or diag slurp("$dir/report");
is_deeply \@missed, [], 'each comparison by memcmp() is found';

# Tag and seal; of a key that nobody has, the blank's seal; of a value the seal
# alone, since it was found by a keyed hash. The text of a token is written and
# not compared.
for my $name (grep { $_ ne 'text' } @names) {
	my $least = $name =~ /^(?:unknown-key|scram|keys)/ ? 1 : 2;
	cmp_ok $made{$name}, '>=', $least,
	    "$name: $made{$name} comparisons of secrets";
}

if ($ENV{PROOF}) {
	my $all = 0;
	$all += $_ for values %made;
	print "figure cases in which secrets are marked ", scalar(@names), "\n";
	print "figure branches or indices that depend on one ",
	    scalar(@found), "\n";
	print "figure comparisons found when made by memcmp() ",
	    $all - @missed, "\n";
	print "figure of ", "$all\n";
}

done_testing;
