#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# No crash and no power cut loses or tears anything. Each kind of change is
# made once under the shim; from its system calls the states are built that a
# kill and a power cut leave before and after each of them, and each state is
# judged. Then the same changes are really killed.
#
# The short form takes seconds. With PROOF set, PROOF_ROUNDS power cuts (200)
# are drawn for every system call, and PROOF_KILLS processes (10000) are killed.
# SEED draws the same again.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$ENV{SRC}/tests/lib";
# Thousands of installations are built and thrown away: no disk is needed, the
# power cuts are in the model.
BEGIN { $ENV{TMPDIR} //= '/dev/shm' if -d '/dev/shm' && -w _ && -k _ }
use Apitoken::Store;
use Apitoken::Test;

my $proof = $ENV{PROOF};
my $rounds = $ENV{PROOF_ROUNDS} // 200;
my $jobs = $ENV{JOBS} // 2;
my %figure;

# ---- the kinds of changes ----
#
# Each has a base, what is there before, and processes: the change and, for one
# that does not come to its end, the system call and what happens there (see
# shim.c). A number below 1 is that part of the change's calls. "cuts" are the
# short form's power cuts, for each write and for each other call.
my @kinds = (
	{ name => 'init', base => 'nothing' },
	(map { { name => $_ } } qw(create edit renew copy regenerate revoke
	    delete revoke_user revoke_all import restore key_add key_activate
	    key_retire)),
	{ name => 'compact', cuts => [0.3, 60] },
	{ name => 'create_many', cuts => [0.3, 3] },
	{ name => 'revoke_many', base => $proof ? 'large' : 'medium',
	    cuts => [0.3, 3] },
	{ name => 'create, a new journal', base => 'journal', cuts => [0.3, 3] },
	{ name => 'create, the standby gone', cuts => [1, 5],
	    before => \&take_standby },
	{ name => 'create, where names are not exchanged', cuts => [1, 5],
	    acts => [ (['create', 'exchange:state', 'unknown']) x 2,
	    ['create'] ] },
	# The third journal is as long as the first.
	{ name => 'create, after two unclean stops', cuts => [1, 5], acts => [
	    (['create', 'sync:journal', 'after'], ['create']) x 2] },
);
# The first change after an unclean stop, and a stop in its midst.
push @kinds, map { unclean(@$_) } (
	['the journal', 'create', 'sync:journal', 'after'],
	['the new state', 'create', 'write:state.spare', 'after'],
	['its name', 'create', 'exchange:state', 'before'],
	['its name, not yet synced', 'create', 'exchange:state', 'after'],
	['much of the standby', 'create_many', 0.6, 'half'],
	['the new file', 'compact', 0.3, 'after'],
	['the new key file', 'key_add', 'rename:secret.conf', 'before'],
);
# The lock's note of a change that was whole, and a new standby whose name is
# not on disk.
push @kinds, map { { name => "create, after the name of a new $_",
    cuts => [1, 5], acts => [ ['create'],
	['compact', "rename:$_.gdbm", 'after'], ['create'] ] } } qw(left right);
# A change that fails, and a stop while it is undone.
push @kinds, map { failing(@$_) } (
	(map { ['edit', $_] } 'write:journal', 'sync:journal', 0.3, 0.4, 0.5,
	    'write:state.spare', 'sync:state.spare', 'write:audit.json',
	    'exchange:state'),
	['key_add', 'sync:secret.conf.tmp'],
	['compact', 0.4],
	['init', 0.3], ['init', 'sync:apitoken.conf'],
);

sub unclean {
	my ($name, $kind, $at, $how) = @_;
	return { name => "create, after $name", cuts => [1, 5], acts => [
	    [$kind, $at, $how], ['create']] };
}

sub failing {
	my ($kind, $at) = @_;
	return { name => "$kind, failing at $at", cuts => [1, 5], fails => 1,
	    base => $kind eq 'init' ? 'nothing' : 'small',
	    acts => [[$kind, $at, 'fail']] };
}

# ---- what is there before ----

my %base = (nothing => do {
	my $dir = tempdir();
	mkdir "$dir/base" or die;
	spit("$dir/known", '');
	$dir;
});
my $since;

sub base {
	my ($name) = @_;
	return $base{$name} if $base{$name};
	my $dir = tempdir();
	mkdir "$dir/base" or die;
	apitoken("$dir/base/inst/apitoken.conf", 'init');
	act($dir, 'base', 'known', "prepare_$name") eq '0' or
	    BAIL_OUT("prepare_$name");
	# What comes later is told from this by its second, which programs' clock
	# comes to some milliseconds after ours.
	$since = int(time) + 1;
	sleep 0.01 while time < $since + 0.02;
	return $base{$name} = $dir;
}

sub crash_program { return program("tests/crash/$_[0]") }

# Makes one change to a folder of $dir; %env is for the shim.
sub act {
	my ($dir, $folder, $known, $kind, %env) = @_;
	my @preload = %env ? (LD_PRELOAD => crash_program('shim.so')) : ();
	my ($exit, $out, $err) = run([crash_program('act'), $kind,
	    "$dir/$folder", "$dir/$known"], env => { %env, @preload });
	diag "$kind: $err" if length $err;
	return $exit;
}

sub copy {
	my ($from, $to) = @_;
	system('cp', '-a', $from, $to) == 0 or die "cp $from $to";
	return;
}

# As tc_check() advises for a damaged one.
sub take_standby {
	my ($dir) = @_;
	my $other = state_of("$dir/inst/store")->{other};
	unlink "$dir/inst/store/$other.gdbm" or die;
	return;
}

# ---- making one change under the shim ----

# How many system calls the last process of a trace made.
sub operations {
	my ($file) = @_;
	my $bytes = slurp($file);
	my ($at, $n) = (0, 0);
	while ($at < length $bytes) {
		my ($type, undef, $path, $other, undef, $size) =
		    unpack 'L4 Q2', substr $bytes, $at, 32;
		$at += 32 + $path + $other + ($type == 2 ? $size : 0);
		$n = $type < 12 ? $n + 1 : $type == 12 ? 0 : $n;
	}
	return $n;
}

# A part of the calls that the change makes when it is let alone.
my %calls;

sub number_of {
	my ($base, $kind, $part) = @_;
	$calls{$kind} //= do {
		my $dir = tempdir();
		copy("$base/base", "$dir/live");
		act($dir, 'live', 'made', $kind,
		    CRASH_FOLDER => "$dir/live", CRASH_TRACE => "$dir/trace");
		operations("$dir/trace");
	};
	return 1 + int($part * $calls{$kind});
}

# The folder that replay and die want.
sub record {
	my ($kind, $from) = @_;
	my $base = base($kind->{base} // 'small');
	my $dir = tempdir();
	my @acts = @{ $kind->{acts} // [[$kind->{name} =~ /^(\w+)/]] };
	copy($from // "$base/base", "$dir/base");
	$kind->{before}->("$dir/base") if $kind->{before};
	copy("$dir/base", "$dir/live");
	copy("$base/known", "$dir/known");
	for my $act (@acts) {
		my ($name, $at, $how) = @$act;
		$at = number_of($base, $name, $at)
		    if defined $at && $at =~ /^0\./;
		my $exit = act($dir, 'live', 'made', $name,
		    CRASH_FOLDER => "$dir/live", CRASH_TRACE => "$dir/trace",
		    defined $at ? (CRASH_AT => $at, CRASH_HOW => $how) : ());
		is $exit, { fail => 1, unknown => 0 }->{ $how // 'unknown' } // 137,
		    "$name ended as it should";
	}
	if ($kind->{name} eq 'key_retire') {
		copy("$dir/base", "$dir/between");
		act($dir, 'between', 'made', 'key_mark');
	}
	return $dir;
}

# ---- the states of a crash ----

sub add_figures {
	my ($n, @names) = @_;
	$figure{$_} += $n->{$_} // 0 for @names;
	return;
}

sub judged {
	my ($n) = @_;
	is $n->{lost}, 0, 'nothing acknowledged is lost';
	is $n->{torn}, 0, 'no commit is torn';
	is $n->{refused}, 0, 'no read is refused';
	is $n->{let_in}, 0, 'nobody is let in';
	is $n->{stuck}, 0, 'the next change succeeds';
	is $n->{problem}, 0, 'no problem is found';
	add_figures($n, qw(lost torn refused let_in stuck problem));
	return;
}

sub replay {
	my ($kind, $dir) = @_;
	my ($writes, $others) = $proof ? ($rounds, 5 * $rounds)
	    : @{ $kind->{cuts} // [3, 10] };
	my %n = counts(run([crash_program('replay'), $dir, int(100 * $writes),
	    $others, $jobs], timeout => $proof ? 36000 : 900));
	is $n{jobs_lost}, 0, 'all of it was replayed';
	judged(\%n);
	is $n{untidy}, 0, 'and all is in order after it';
	is $n{changed}, 0, 'what failed changed nothing' if $kind->{fails};
	note "$n{operations} calls, $n{kills} kills, $n{cuts} cuts, ",
	    "$n{judged} different states";
	add_figures(\%n, qw(operations kills cuts judged));
	return;
}

# ---- real deaths ----

sub deaths {
	my ($kind, $dir, $rounds) = @_;
	copy("$dir/live", "$dir/after");
	my %n = counts(run([crash_program('die'), $dir, $kind->{name},
	    $since // 1, $rounds, 2], timeout => 300 + 2 * $rounds));
	judged(\%n);
	is $n{reads_refused}, 0, 'no reader beside it was refused';
	is $n{reads_wrong}, 0, 'and none got a wrong verdict';
	note "$n{killed} killed, $n{acknowledged} acknowledged, ",
	    "$n{reads} reads";
	add_figures(\%n, qw(killed reads reads_refused reads_wrong));
	return;
}

# ---- all of it ----

my $simple = grep { !$_->{acts} && $_->{name} =~ /^\w+$/ } @kinds;
my $deaths = $proof ? int(($ENV{PROOF_KILLS} // 10_000) / $simple) + 1 : 2;

for my $kind (@kinds) {
	my $start = time;
	subtest $kind->{name} => sub {
		my $dir = record($kind);
		replay($kind, $dir);
		deaths($kind, $dir, $deaths)
		    if !$kind->{acts} && $kind->{name} =~ /^\w+$/;
	};
	note sprintf '%s: %.1f s', $kind->{name}, time - $start;
}

# A power cut, and another one while the next change brings things in order.
for my $kind (grep { $_->{name} =~ /^(?:create_many|compact|edit)$/ } @kinds) {
	for my $again (1 .. ($proof ? 10 : 1)) {
		subtest "$kind->{name}, a power cut, and a change" => sub {
			my $first = record($kind);
			my $cut = tempdir();
			run([crash_program('replay'), $first, 'pick', $cut]);
			my $next = { name => 'create', cuts => [1, 5] };
			replay($next, record($next, $cut));
		};
	}
}

# What is counted, and what it is called.
for my $told (
	[ operations => 'system calls of changes, a kill and power cuts at each' ],
	[ kills => 'states after a kill' ],
	[ cuts => 'states after a power cut' ],
	[ judged => 'different states, which were judged' ],
	[ killed => 'processes killed at random' ],
	[ reads => 'reads beside them' ],
	[ reads_refused => 'of them refused' ],
	[ reads_wrong => 'of them with a wrong verdict' ],
	[ lost => 'acknowledged changes lost' ],
	[ torn => 'changes made by half' ],
	[ refused => 'reads refused afterwards' ],
	[ let_in => 'let in wrongly' ],
	[ stuck => 'stores that took no further change' ],
	[ problem => 'problems found by the check of a store' ],
) {
	my ($name, $words) = @$told;
	print $proof ? '' : '# ', "figure $words $figure{$name}\n";
}

done_testing;
