#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every call of the C library, OpenSSL, GDBM, inih, jansson, libpam and libsasl
# that can fail is made to fail, one after the other: in each call of the
# library, in PAM's two phases, in the SASL plug-in's mechanisms, look-ups and
# loading. It fails alone, alone in another way, or as the first of all that
# need memory, that need the disk, or of all there are; and of the allocations
# that those libraries make inside one fails, every 13th in turn. Whatever
# fails, nobody is let in who would not have been, PAM is not told to go on, a
# change is made wholly or not at all and told as what it is, nothing leaks, no
# file is left open or over, no secret is told or left in memory that is given
# back.
#
# The short form is calls that fail alone, in the library each third. PROOF=1
# is the long one. FAIL_AT and others in run.h look at a single attempt.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
# Files are written by the ten thousand, and none has to last.
BEGIN { $ENV{TMPDIR} //= '/dev/shm' if -d '/dev/shm' && -w _ && -k _ }
use Apitoken::Store;
use Apitoken::Test;

my $proof = $ENV{PROOF};
my %about = (
	one => 'alone', other => 'alone, in another way',
	memory => 'for want of memory', space => 'for want of disk space',
	all => 'with all that follow', inside => 'inside of libraries',
);
my @passes = $proof ? qw(one other memory space all inside) : ('one');
my %never = (
	wrong => 'verdict or code that is wrong',
	half => 'change that is half made, or told as another',
	leaks => 'leak', left_open => 'file left open',
	left_over => 'temporary file left over', told => 'secret told',
	unwiped => 'secret in memory that is given back',
);

# A sanitizer makes all of it slow, and watches better what is looked at.
my ($symbols) = (run([ 'nm', '-D', program('tests/fail/library') ]))[1];
my $watched = $symbols =~ /__asan_/;
my %step = $proof ? () : $watched ? (library => 10, pam => 2, sasl => 1)
    : (library => 3);

sub start_one {
	my ($program, $pass, $part) = @_;
	my $dir = tempdir();
	mkdir "$dir/site" or die "$dir/site: $!";
	my @hook = $program eq 'pam' ? program('tests/fail/hook.so') : ();
	my $pid = start([ program("tests/fail/$program"), "$dir/site", @hook ],
	    log => "$dir/log", env => { FAIL_PASSES => $pass,
	    FAIL_PART => $part, FAIL_STEP => $step{$program} });
	return { program => $program, log => "$dir/log", pid => $pid };
}

# Two at a time, whose counts are added up by program.
sub run_two {
	my ($pass, @two) = @_;
	my %sum;
	for my $job (map { start_one($_->[0], $pass, $_->[1]) } @two) {
		my $exit = finish($job->{pid}, undef, 3600);
		my $log = slurp($job->{log});
		my $more = $log =~ s/^(?:#.*|\w+ \d+)\n//mgr;
		my %n = counts($exit, $log, $more);
		$sum{$job->{program}}{$_} += $n{$_} for keys %n;
	}
	return %sum;
}

my (%failed, %faults);
for my $pass (@passes) {
	my %n = (
		run_two($pass, ['library', '0/2'], ['library', '1/2']),
		run_two($pass, ['pam', undef], ['sasl', undef]),
	);
	for my $program (sort keys %n) {
		my $one = $n{$program};
		my $failed = $one->{failed_calls} // 0;
		cmp_ok $failed, '>', $one->{scenarios} // 0,
		    "$program: $failed calls fail $about{$pass}"
		    if $pass ne 'space';
		is_deeply { map { $_ => $one->{$_} } keys %never },
		    { map { $_ => 0 } keys %never },
		    "$program: and nothing comes of it";
		$failed{$program}{$pass} = $failed;
		$faults{$_} += $one->{$_} // 0 for keys %never;
	}
}

if ($proof) {
	my %name = (library => 'library', pam => 'PAM module',
	    sasl => 'SASL plug-in');
	for my $program (sort keys %failed) {
		print "figure $name{$program}: calls that failed $about{$_} ",
		    "$failed{$program}{$_}\n" for @passes;
	}
	print "figure $never{$_} $faults{$_}\n" for sort keys %never;
}
done_testing;
