#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A refusal does not tell by its time why: a token that is unknown, forged or
# revoked, of another user or of an unknown key takes as many instructions and
# the same system calls. The long form takes the time, 100 000 tries of each
# kind in random order, and compares each two by Welch's t-test, which calls a
# difference real where |t| is above 4.5; and a tenth as many through PAM and
# Cyrus SASL. All of it is true of a login before which the owner was looked up,
# too; and where "scram = no" made all records without a verifier.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my @ALIKE = qw(unknown-token forged revoked wrong-user unknown-key);
my @OTHERS = ('expired', 'wrong-service', 'revoked,-with-a-reason');
# A difference is there when the test finds it and it is more than a thousandth
# of the whole: less than that is a matter of where the code and these tokens
# happen to lie, and another with each build.
my $LIMIT = 4.5;
my $LEAST = 0.001;

my $dir = tempdir();
my $library = program('tests/time/library');

# site(name, n[, 'bare'])
sub site {
	my ($name, $n, @bare) = @_;
	my $config = "$dir/$name/apitoken.conf";
	mkdir "$dir/$name", 0700 or die "$dir/$name: $!";
	my ($exit, undef, $err) = run([$library, 'make', $config, $n, @bare],
	    timeout => 600);
	is $exit, 0, 'an installation' or diag $err;
	set_conf($config, scram => 'no') if @bare;
	return $config;
}

# The same tokens in every run, and so the same pages.
my $TRIES = 40;
my $few = site('few', 3000);
my $bare = site('bare', 3000, 'bare');

sub count {
	my ($config, $tries, $how, @watch) = @_;
	my ($exit, undef, $err) = run([@watch, program('tests/time/count'),
	    $config, $tries, @$how], timeout => 900);
	is $exit, 0, 'the program came to its end' or diag $err;
	return;
}

# The instructions in a profile, but for those of some functions and what they
# call.
sub without {
	my ($file, @functions) = @_;
	my ($exit, $out) = run(['callgrind_annotate', '--inclusive=yes',
	    '--show-percs=no', '--threshold=100', '--auto=no', $file]);
	is $exit, 0, 'the profile can be read';
	my ($n) = $out =~ /^([\d,]+) +PROGRAM TOTALS$/m or die $out;
	$n =~ tr/,//d;
	for (@functions) {
		my ($its) = $out =~ /^ *([\d,]+) +\S*:\Q$_\E \[/m or next;
		$n -= $its =~ tr/,//dr;
	}
	return $n;
}

# Reading and hashing a page are left out: they depend on what else lies there,
# by more than all the rest, and are alike on average only. That is for the long
# form to find.
sub instructions {
	my ($config, @how) = @_;
	plan skip_all => 'valgrind is not installed or not of use here'
	    if system('valgrind -q true >/dev/null 2>&1') != 0;
	unlink glob "$dir/count*";
	count($config, $TRIES, \@how, 'valgrind', '--quiet',
	    '--tool=callgrind', '--instr-atstart=no', '--collect-atstart=no',
	    "--callgrind-out-file=$dir/count");
	my %n;
	for my $file (glob "$dir/count.*") {
		my ($kind) = slurp($file)
		    =~ /^desc: Trigger: Client Request: (\S+)/m or next;
		$n{$kind} = without($file, 'tc_page_fetch', 'tc_page_charge');
	}
	my $mean = 0;
	$mean += ($n{$_} // 0) / @ALIKE for @ALIKE;
	cmp_ok $mean, '>', 10_000 * $TRIES, 'they were counted';
	for my $kind (@ALIKE, @OTHERS) {
		my $off = 100 * (($n{$kind} // 0) / $mean - 1);
		my $bound = grep({ $kind eq $_ } @ALIKE) ? 0.5 : 2;
		cmp_ok abs $off, '<', $bound,
		    sprintf '%s: %+.2f %% from the mean', $kind, $off;
	}
	return;
}

sub calls {
	my ($config, @how) = @_;
	plan skip_all => 'strace is missing or may not trace here'
	    if system('strace -o /dev/null true 2>/dev/null') != 0;
	count($config, 20, \@how, 'strace', '-o', "$dir/calls");
	my (%seen, @tries);
	for (split /\n/, slurp("$dir/calls")) {
		my ($call, $rest) = /^(\w+)\((.*)/ or next;
		if ($call eq 'access' && $rest =~ /^"([a-z,-]+)"/) {
			push @tries, [ $1 ];
		} elsif (@tries) {
			push @{ $tries[-1] }, $call;
		}
	}
	for (grep { $_->[0] ne 'first' } @tries) {
		my ($kind, @calls) = @$_;
		my $text = join ' ', @calls, '';
		$seen{$kind}{$text}++;
	}
	my ($usual) = sort { $seen{revoked}{$b} <=> $seen{revoked}{$a} }
	    keys %{ $seen{revoked} };
	like $usual, qr/openat.*fstat.*openat.*write/, "they are: $usual";
	is_deeply $seen{$_}, { $usual => 20 }, "$_: the same ones"
	    for @ALIKE, @OTHERS;
	return;
}

for my $how ([], ['look']) {
	my $after = @$how ? ', looked up before' : '';
	subtest "instructions$after" => sub { instructions($few, @$how) };
	subtest "instructions$after, scram = no" => sub {
		instructions($bare, @$how) };
	subtest "system calls$after" => sub { calls($few, @$how) };
}

# ---- the long form ----

# Runs a race; its lines by their first word.
sub race {
	my (@cmd) = @_;
	my ($exit, $out, $err) = run(\@cmd, timeout => 3600);
	is $exit, 0, 'the race came to its end' or diag $err;
	note $out;
	my %of;
	for (split /\n/, $out) {
		my ($word, @rest) = split;
		push @{ $of{$word} }, \@rest;
	}
	return \%of;
}

sub two_figures {
	my ($what, $which, $t, $ns, $all) = @_;
	printf "figure %s: %s, t %.2f, %.1f ns, of all %.3f%%\n", $what,
	    $which, abs $t, abs $ns, 100 * abs($ns) / $all;
	return;
}

# What the race tells as figures; which of those that are to be alike are told
# apart.
sub figures {
	my ($what, $of) = @_;
	my %mean = map { $_->[0] => $_->[1] } @{ $of->{mean} };
	my ($worst, $all, @apart) = (0, 0);
	my @alike = @{ $of->{pair} // [] };
	$all += ($mean{ $_->[0] } + $mean{ $_->[1] }) / 2 / @alike for @alike;
	cmp_ok $all, '>', 0, "$what: some are to be alike";
	print "figure $what: tries of each kind $of->{tries}[0][0]\n";
	printf "figure %s: one refusal, microseconds %.1f\n", $what,
	    $all / 1000;
	for (@alike) {
		my ($one, $other, $t, $ns) = @$_;
		$worst = abs $t if abs $t > $worst;
		push @apart, "$one and $other: t $t, $ns ns"
		    if abs $t >= $LIMIT && abs $ns > $LEAST * $all;
		two_figures($what, "$one and $other", $t, $ns, $all);
	}
	two_figures($what, "$_->[0] and those", @$_[1, 2], $all)
	    for grep { $_->[0] ne 'valid' } @{ $of->{other} };
	printf "figure %s: largest t of those %.2f\n", $what, $worst;
	is_deeply \@apart, [], "$what: none is told from another";
	return;
}

# Of PAM and SASL only a refusal is seen; the log has the reasons.
sub logged {
	my ($config, $tries) = @_;
	(my $log = $config) =~ s/apitoken\.conf$/audit.json/;
	my %n;
	$n{$_}++ for slurp($log) =~ /"reason":"([a-z-]+)"/g;
	is_deeply \%n, { (map { $_ => $tries } @ALIKE, 'expired',
	    'wrong-service'), revoked => 2 * $tries },
	    'each was refused for its own reason';
	unlink $log or die "$log: $!";
	return;
}

sub pam_race {
	my ($config, $n, $tries) = @_;
	mkdir "$dir/pam", 0755 or die "$dir/pam: $!";
	spit("$dir/pam/$_", 'auth required ' . program('pam_apitoken.so')
	    . " config=$config nodelay\n", 0644) for qw(sshd smtp);
	return race(program('tests/time/pam'), "$dir/pam", $n, $tries);
}

sub sasl_race {
	my ($config, $n, $tries) = @_;
	mkdir "$dir/plugins", 0755 or die "$dir/plugins: $!";
	symlink program('libapitoken.so'), "$dir/plugins/libapitoken.so";
	return race(program('tests/time/sasl'), "$dir/plugins", $config, $n,
	    $tries);
}

if ($ENV{PROOF}) {
	my $tries = $ENV{PROOF_TRIES} // 100_000;
	my $fewer = int($tries / 10);
	my $n = 50_000;
	my $config = site('many', $n);
	figures('library', race($library, 'race', $config, $n, $tries));
	figures('library, scram = no', race($library, 'race',
	    site('many-bare', $n, 'bare'), $n, $tries));
	unlink "$dir/many/audit.json" or die "$dir/many/audit.json: $!";
	figures('PAM', pam_race($config, $n, $fewer));
	logged($config, $fewer);
	figures('OAUTHBEARER', sasl_race($config, $n, $fewer));
	logged($config, $fewer);
}

done_testing;
