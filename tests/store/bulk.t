#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Very many tokens in one commit: what is killed in the middle of it is done
# wholly or not at all, and memory grows by little more than the commit itself.
# ROUNDS and SEED in the environment change what is tried.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

# Each commit writes megabytes: in memory no sync is waited for.
$ENV{TMPDIR} = '/dev/shm' if !$ENV{TMPDIR} && -d '/dev/shm' && -w _;
$ENV{SEED} //= 20261123;
my $rounds = $ENV{ROUNDS} // 20;

sub bulk {
	my ($config, @args) = @_;
	return counts(run([store_program('bulk'), $config, @args],
	    timeout => 600 + 20 * $rounds));
}

subtest 'killed in the middle' => sub {
	my $config = init_store(conf => { audit_log => 'none',
	    syslog => 'no' });
	bulk($config, 'fill', 20000);
	my %n = bulk($config, 'kill', 20000, $rounds);
	is $n{torn}, 0, 'all 20 000 are changed or none is';
	is $n{problems}, 0, 'after one more commit the store is whole';
	cmp_ok $rounds - $n{not_killed}, '>=', $rounds / 2, 'most were killed';
	is $n{done} + $n{undone}, $rounds, 'every round was judged';
	note "$rounds commits, $n{not_killed} of them came to their end; ",
	    "$n{done} in force, $n{undone} not";
	my ($dir) = $config =~ m{^(.*)/};
	is_deeply [tmp_files($dir)], [], 'no temporary file is left';
};

subtest 'memory' => sub {
	plan skip_all => '/proc is not mounted' if !-e '/proc/self/status';
	my $config = init_store();
	bulk($config, 'fill', 100_000);
	my %few = bulk($config, 'edit', 1000);
	my %many = bulk($config, 'edit', 100_000);
	my $each = 1024 * ($many{peak_kib} - $few{peak_kib}) / 99_000;
	cmp_ok $each, '<', 600, '100 000 records take less than 600 bytes each';
	my ($dir) = $config =~ m{^(.*)/};
	my $lines = () = slurp("$dir/audit.json") =~ /\n/g;
	is $lines, 101_000, 'each of them has its line';
	note sprintf '%d and %d KiB, %d bytes for each; %d and %d ms',
	    $few{peak_kib}, $many{peak_kib}, $each, $few{ms}, $many{ms};
};

done_testing;
