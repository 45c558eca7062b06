#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A hundred thousand tokens (ten thousand in "make check") through the command
# line: imported, listed, searched, edited and revoked, each in flat memory,
# and the store whole after Ctrl-C at any moment.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use IO::Select ();
use Test::More;
use Time::HiRes qw(time sleep);

my $n = $ENV{PROOF} ? 100_000 : 10_000;
my $config = init_store(conf => { syslog => 'no' });
my $dir = $config =~ s{/[^/]+$}{}r;
my $csv = "$dir/values.csv";
spit($csv, join '', "value,user,label,properties\r\n", map {
	sprintf "made elsewhere, as number %06d,user%03d,label %d,app=%s\r\n"
	    =~ s/^([^,]*, [^,]*),/"$1",/r, $_, $_ % 1000, $_,
	    $_ % 3 ? 'mail' : 'backup' } 1 .. $n);

# [exit code, lines, peak memory in KiB, seconds] of a run of the command. What it
# says goes through a small pipe, so that it does not end before it was looked at.
sub measured {
	my (@args) = @_;
	my ($err, $out, $peak) = ("$dir/err", '', 0);
	pipe my $from, my $to or die "pipe: $!";
	fcntl $to, 1031, 4096 or die "F_SETPIPE_SZ: $!";
	my $begun = time;
	my $pid = start([ program('apitoken'), '--config', $config, @args ],
	    log => $err, stdout_fh => $to);
	close $to;
	my $said = IO::Select->new($from);
	for (;;) {
		if (open my $fh, '<', "/proc/$pid/status") {
			# Not of this process's copy before exec.
			my ($kib) = join('', <$fh>)
			    =~ /^Name:\s+apitoken\n.*^VmHWM:\s+(\d+)/ms;
			$peak = $kib if $kib && $kib > $peak;
		}
		next if !$said->can_read(0.002);
		sysread $from, $out, 65536, length $out or last;
	}
	my $exit = finish($pid, undef, 600);
	my @lines = split /\n/, $out;
	unlike(slurp($err), qr/made elsewhere/, "@args: no value in errors");
	return ($exit, \@lines, $peak, time - $begun);
}

sub figure {
	my ($what, $peak, $took) = @_;
	diag sprintf '%s of %d: at most %d KiB, %.1f s', $what, $n, $peak,
	    $took if !$ENV{PROOF};
	print "figure $what of $n tokens, peak memory in KiB $peak\n"
	    if $ENV{PROOF};
	return;
}

sub commits {
	return from_json((apitoken($config, '--json', 'export'))[1]
	    =~ s/\n.*//sr)->{commits};
}

my ($exit, $lines, $peak, $took) = measured('import', '--csv', $csv);
is($exit, 0, 'imported') or diag slurp("$dir/err");
figure('import', $peak, $took);
cmp_ok($peak, '<', 56 * 1024, 'in flat memory');

($exit, $lines, my $small) = measured('list', '--search', 'label 42', '--json');
is($exit, 0, 'searched');
cmp_ok(scalar @$lines, '>', 10, 'and found');
($exit, $lines, $peak, $took) = measured('list', '--json');
is(scalar @$lines, $n, 'all are listed');
figure('list', $peak, $took);
cmp_ok($peak - $small, '<', 4 * 1024, 'in the memory of a short list');

# The first lines come while most of the store has not been read.
{
	my $pid = open my $list, '-|', program('apitoken'), '--config',
	    $config, 'list' or die "list: $!";
	my $first = <$list>;
	my ($read) = slurp("/proc/$pid/io") =~ /^rchar: (\d+)/m;
	() = <$list>;
	my ($all) = slurp("/proc/$pid/io") =~ /^rchar: (\d+)/m;
	cmp_ok($read, '<', $all / 2, "the first line after $read bytes of "
	    . $all);
	close $list;
}

# ---- one commit for all ----
my $before = commits();
($exit, $lines, $peak, $took) = measured('edit', '--search', 'backup',
    '--property', 'app=archive', '--yes');
is($exit, 0, 'edited');
is(commits(), $before + 1, 'in one commit');
is(scalar @$lines, int($n / 3), 'a third of them');
figure('edit of a third', $peak, $took);

# ---- Ctrl-C ----
my %seen;
for my $round (1 .. 6) {
	my $pid = start([ program('apitoken'), '--config', $config, 'revoke',
	    '--search', 'archive', '--yes' ], log => "$dir/err");
	sleep(0.02 + 0.06 * $round);
	finish($pid, 'INT');
	my ($code, $out) = apitoken($config, '--json', 'list', '--state',
	    'revoked');
	is($code, 0, 'the store is readable') or last;
	my $revoked = () = $out =~ /\n/g;
	$seen{$revoked}++;
	ok($revoked == 0 || $revoked == int($n / 3), "$revoked are revoked");
	last if $revoked;
}
is((apitoken($config, 'check'))[0], 0, 'and whole');

$before = commits();
($exit, $lines, $peak, $took) = measured('revoke', '--search', 'label',
    '--yes', '--reason', 'all');
is($exit, 0, 'all revoked');
is(commits(), $before + 1, 'in one commit');
figure('revoke in one commit', $peak, $took);
($exit, $lines) = measured('list', '--json', '--state', 'active');
is(scalar @$lines, 0, 'none is left');
is((apitoken($config, 'check'))[0], 0, 'the store is whole');
done_testing;
