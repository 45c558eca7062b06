#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# 16 processes with 32 threads verify through the library, PAM and SASL, while
# two writers create, edit, renew, copy, regenerate, revoke, delete and import
# tokens, one by one and by marks, and compact; keys are added, activated and
# retired; configuration, keys, store and audit log are replaced. An oracle
# that all of them share says which verdicts a login may get that began and
# ended at given moments. Memory and descriptors of each process are watched.
# PROOF=1 is the long form; SEED in the environment repeats a run's dice.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Server;
use Apitoken::Store;
use Apitoken::Test;

my $proof = $ENV{PROOF};
my $seconds = $proof ? $ENV{PROOF_SECONDS} // 600 : $ENV{SECONDS_OF_SOAK} // 6;
my ($processes, $threads) = $proof ? (16, 32) : (4, 8);
# libpam and the loader have races of their own, which are not ours to mend.
my $checked = run_time_checkers(program('tests/soak/soak'));
my @only = $checked =~ /thread/ ? ('library') : ();
my $scram = Apitoken::Server::sasl_folder();
plan skip_all => 'libsasl2-modules is not installed (packaging/install-deps)'
    if !@only && !defined $scram;

# Which sanitizers a program was built with.
sub run_time_checkers {
	my ($program) = @_;
	my ($exit, $out) = run([ 'nm', '-D', $program ]);
	return join ' ', ($out =~ /__tsan_/ ? 'thread' : ()),
	    ($out =~ /__asan_/ ? 'address' : ());
}

sub installation {
	my $dir = tempdir();
	mkdir "$dir/$_" or die "$dir/$_: $!" for qw(token pam plugins);
	init_store(dir => "$dir/token");
	my %link = ('libapitoken.so' => program('libapitoken.so'),
	    'libscram.so' => ($scram // '') . '/libscram.so');
	for my $name (sort keys %link) {
		symlink $link{$name}, "$dir/plugins/$name" or die "$name: $!";
	}
	my $module = program('pam_apitoken.so');
	my $options = "config=$dir/token/apitoken.conf";
	for my $service (qw(sshd imap dovecot smtp ldap)) {
		spit("$dir/pam/$service",
		    "auth required $module $options nodelay imported=yes\n"
		    . "account required $module $options\n", 0644);
	}
	return $dir;
}

my %n = counts(run([ program('tests/soak/soak'), installation(), $seconds,
    $processes, $threads, @only ], timeout => 400 + 2 * $seconds));
$n{$_} //= 0 for qw(lost problems);

sub sum {
	my ($pattern) = @_;
	my $sum = 0;
	$sum += $n{$_} for grep { /$pattern/ } keys %n;
	return $sum;
}

sub most {
	my ($pattern) = @_;
	return (sort { $b <=> $a } 0, @n{ grep { /$pattern/ } keys %n })[0];
}

is $n{wrong_valid}, 0, 'nobody was let in who should not be';
is $n{wrong_refusal}, 0, 'nobody was refused who should not be';
is $n{wrong_unavailable}, 0, 'nobody was told "unavailable" without a reason';
is sum(qr/^failed_/), 0, 'every change worked';
is $n{torn_lines}, 0, 'the audit log has whole lines';
is $n{lost}, 0, 'every process came to its end';
is $n{problems}, 0, 'the store is whole';
is $n{fds_left}, 0, 'no descriptor is left open';
# A handle keeps a view open, which is two, from the first look-up on; each
# process has one for the library, and SASL another.
cmp_ok $n{fds_growth}, '<=', 4, 'and not more of them with time';
# It remembers a second of configurations: who stood still for longer cannot be
# told.
cmp_ok $n{unjudged}, '<=', sum(qr/^by_/) / 100 + 10 * $threads,
    'the oracle could tell';
if ($checked eq '') {
	cmp_ok $n{memory_growth_kib}, '<=', 1024, 'memory is flat';
}

# That it was tried at all: on a slow machine it is not tried often.
my @ways = qw(library library_value library_recheck library_scram);
push @ways, qw(pam pam_value pam_account sasl_oauthbearer sasl_xoauth2
    sasl_scram) if !@only;
cmp_ok $n{"by_$_"}, '>', 0, "verified by $_" for @ways;
cmp_ok sum(qr/^let_in_/), '>', sum(qr/^by_/) / 50, 'many were let in';
cmp_ok $n{"changes_$_"}, '>', 0, "changes: $_"
    for qw(create create_many edit renew regenerate revoke delete import
    key_retire conf_replaced secret_replaced store_swapped audit_rotated);
cmp_ok sum(qr/^changes_revoke_/), '>', 0, 'changes: marks';

note sum(qr/^by_/), ' verifications, ', sum(qr/^changes_/), ' changes; ',
    sum(qr/^unavailable_/), ' were told "unavailable" while a store was moved';

if ($proof) {
	my %way = (
		'the library' => qr/^by_library/,
		'PAM' => qr/^by_pam/,
		'SASL' => qr/^by_sasl/,
	);
	print "figure processes $processes\n",
	    "figure threads that verify $threads\n",
	    "figure processes that change things 3\n";
	print "figure verifications through $_ ", sum($way{$_}), "\n"
	    for sort keys %way;
	print 'figure of them let in ', sum(qr/^let_in_/), "\n",
	    'figure of them told "unavailable" while a store was moved ',
	    sum(qr/^unavailable_/), "\n",
	    'figure let in wrongly ', $n{wrong_valid}, "\n",
	    'figure refused wrongly ',
	    $n{wrong_refusal} + $n{wrong_unavailable}, "\n";
	for my $change (sort map { /^changes_(.*)/ } keys %n) {
		print "figure changes: ", $change =~ tr/_/ /r, ' ',
		    $n{"changes_$change"}, "\n";
	}
	printf "figure longest wait of a reader, ms %.1f\n",
	    most(qr/^longest_us_/) / 1000;
	printf "figure longest wait of a writer, ms %.1f\n",
	    most(qr/^waited_us_(?!.*(?:replaced|swapped|rotated))/) / 1000;
	print 'figure growth of a process between the halves, at most, KiB ',
	    "$n{memory_growth_kib}\n",
	    "figure memory of a process, at most, KiB $n{memory_most_kib}\n",
	    "figure descriptors of a process, at most $n{fds_most}\n",
	    "figure descriptors left open $n{fds_left}\n";
}
done_testing;
