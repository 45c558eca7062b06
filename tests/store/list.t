#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Listing without a lock: 20 000 tokens again and again while another process
# creates, edits, revokes and deletes, each of them once in every list; and
# in memory that does not grow with their number.  LISTS and SEED in the
# environment change what is tried.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

my $lists = $ENV{LISTS} // 12;
my $commits = 8 * $lists;

sub list {
	my ($config, @args) = @_;
	return counts(run([store_program('list'), $config, @args],
	    timeout => 900));
}

subtest 'beside a writer' => sub {
	my $config = init_store(conf => { audit_log => 'none',
	    syslog => 'no' });
	list($config, 'fill', 0, 20000);
	my %n = list($config, 'beside', 20000, $lists, $commits);
	is $n{failed}, 0, 'every list came to its end';
	is $n{missed}, 0, 'no token was missed';
	is $n{twice}, 0, 'none was told twice';
	is $n{odd}, 0, 'none was of another commit or torn';
	cmp_ok $n{lists}, '>=', $lists, 'lists';
	cmp_ok $n{commits}, '>=', $commits, 'the writer wrote';
	cmp_ok $n{made}, '>', 100, 'and made tokens';
	is $n{writer_lost}, 0, 'the writer came to its end';
	is doctor_worst($config), 'fine', 'the store is whole';
	note "$n{lists} lists, $n{commits} commits, up to $n{made} tokens more";
};

# A record takes some 200 bytes: all of them would be more than 10 MiB.
subtest 'memory' => sub {
	plan skip_all => '/proc is not mounted' if !-e '/proc/self/status';
	my $config = init_store();
	list($config, 'fill', 0, 2000);
	my %few = list($config, 'peak');
	is $few{records}, 2000, 'a list of 2 000';
	list($config, 'fill', 2000, 58000);
	my %many = list($config, 'peak');
	is $many{records}, 60000, 'a list of 60 000';
	cmp_ok $many{peak_kib} - $few{peak_kib}, '<', 2048,
	    'takes no more than 2 MiB more';
	note "$few{peak_kib} KiB and $many{peak_kib} KiB";
};

done_testing;
