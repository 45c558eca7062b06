#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the system calls say: what a commit costs in syncs, and in which order;
# and that a login syncs nothing. (tests/priv/modes.t looks at modes.)
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

need_root();
plan skip_all => 'strace is missing or may not trace here'
    if system('strace -o /dev/null true 2>/dev/null') != 0;

my $calls = 'rename,renameat,renameat2,fsync,fdatasync,flock,fgetxattr';
our @inject; # more for strace

# The calls of one command: [name, arguments] each.
sub trace {
	my ($config, @args) = @_;
	my $log = tempdir() . '/trace';
	my $opt = ref $args[-1] ? pop @args : {};
	my ($exit, $out, $err) = run(['strace', '-f', '-y', '-s', '256',
	    '-o', $log, '-e', "trace=$calls", @inject, program('apitoken'),
	    '--config', $config, @args], %$opt);
	is $exit, 0, "$args[0]: exit" or diag $err;
	return map { /^\d+\s+(\w+)\((.*)/ ? [$1, $2] : () }
	    split /\n/, slurp($log);
}

# A file that is synced is lost all the same with the folder it lies in.
subtest 'an installation' => sub {
	my $dir = tempdir();
	my @calls = trace("$dir/inst/apitoken.conf", 'init');
	my @text = map { "$_->[0] $_->[1]" } @calls;
	for my $folder ($dir, "$dir/inst", "$dir/inst/store") {
		ok scalar(grep { /^fsync \d+<\Q$folder\E>\)/ } @text),
		    'is synced: ' . substr $folder, length $dir;
	}
};

subtest 'a commit' => sub {
	my $dir = tempdir();
	my $config = init_store(dir => $dir);
	create_token($config, label => "warm $_") for 1 .. 3;
	my @calls = trace($config, 'create', '--user', 'alice',
	    '--label', 'traced');
	my @sync = grep { $_->[0] =~ /^f(?:data)?sync$/ } @calls;
	note 'syncs of one commit: ', scalar @sync;
	note "  $_->[0] $_->[1]" for @sync;
	is scalar @sync, 4, 'not more than it takes';
	order($dir, @calls);
	@calls = trace($config, 'verify', '--service', 'sshd',
	    { stdin => scalar create_token($config, label => 'reader') });
	is_deeply [grep { $_->[0] =~ /sync|flock|rename/ } @calls], [],
	    'a login syncs nothing and takes no lock';
};

# The first sync of the next change.
sub first_sync {
	my ($config) = @_;
	my @calls = trace($config, 'create', '--user', 'alice',
	    '--label', 'next');
	my ($first) = map { $_->[1] } grep { $_->[0] =~ /sync/ } @calls;
	return $first =~ m{/([^/>]+)>} ? $1 : $first;
}

# What is current rests on the folder, and what comes next rests on that.
subtest 'a writer that does not know of the folder' => sub {
	my $config = init_store(dir => tempdir());
	my $lock = $config =~ s{[^/]+$}{store/lock}r;
	create_token($config, label => 'warm');
	is first_sync($config), 'journal', 'it was synced: not again';
	# Standby, folder.
	is((run(['strace', '-o', '/dev/null', '-e', 'trace=fsync', '-e',
	    'inject=fsync:signal=KILL:when=2', program('apitoken'),
	    '--config', $config, 'create', '--user', 'alice',
	    '--label', 'killed']))[0], '137', 'killed before');
	is first_sync($config), 'store', 'after one that died';
	is first_sync($config), 'journal', 'and not again';
	for my $note ('', 'x' x 40, substr slurp($lock), 0, 39) {
		spit($lock, $note);
		is first_sync($config), 'store', 'another note';
	}
	my $noted = slurp($lock);
	create_token($config, label => 'later');
	spit($lock, $noted);
	is first_sync($config), 'store', 'the note of a commit before';
};

# A new file is synced with all that belongs to it.
subtest 'how the new state is synced' => sub {
	my $config = init_store(dir => tempdir());
	my $spare = $config =~ s{[^/]+$}{store/state.spare}r;
	create_token($config, label => 'warm');
	for my $case ([fdatasync => 'written over'], [fsync => 'made'],
	    [fsync => 'its list not known', 'EIO'],
	    [fdatasync => 'no lists here', 'EOPNOTSUPP']) {
		my ($want, $how, $error) = @$case;
		local @inject = $error
		    ? ('-e', "inject=fgetxattr:error=$error") : ();
		my @calls = trace($config, 'create', '--user', 'alice',
		    '--label', $how);
		is_deeply [map { $_->[0] } grep { $_->[0] =~ /sync/ &&
		    $_->[1] =~ m{/state\.spare>} } @calls], [$want], $how;
		unlink $spare or die if !$error && $want eq 'fdatasync';
	}
};

# The file system or the system does not know how; or something is wrong.
subtest 'names that are not exchanged' => sub {
	my $config = init_store(dir => tempdir());
	my $store = $config =~ s{[^/]+$}{store}r;
	create_token($config, label => 'warm');
	for my $case ([EINVAL => '0'], [ENOSYS => '0'], [EIO => '4']) {
		my ($error, $want) = @$case;
		my $seq = state_of($store)->{seq};
		my ($exit, undef, $err) = run(['strace', '-o', '/dev/null',
		    '-e', 'trace=renameat2', '-e',
		    "inject=renameat2:error=$error:when=1",
		    program('apitoken'), '--config', $config, 'create',
		    '--user', 'alice', '--label', $error]);
		is $exit, $want, "$error: exit" or diag $err;
		is state_of($store)->{seq}, $seq + ($want eq '0'),
		    'and that is so';
		like $err, qr{\Q$store/state\E: Input/output error\n}, 'said'
		    if $want ne '0';
		create_token($config, label => "after $error");
		is doctor_worst($config), 'fine', 'and all is well';
	}
};

# Whoever restores a backup, or makes one of hard links, takes no lock. The
# change stops behind the journal's sync, until it is told to go on.
subtest 'a standby that goes while a commit is made' => sub {
	for my $how (qw(unlink link)) {
		my $config = init_store(dir => tempdir());
		my $store = $config =~ s{[^/]+$}{store}r;
		create_token($config, label => 'warm');
		my ($side) = slurp("$store/state") =~ /^TCS1(.)/;
		my $standby = "$store/" . ($side eq 'L' ? 'right' : 'left')
		    . '.gdbm';
		my $before = -s "$store/journal";
		my $pid = start([ 'strace', '-o', "$store.trace", '-e',
		    'trace=fdatasync', '-e',
		    'inject=fdatasync:signal=STOP:when=1',
		    program('apitoken'), '--config', $config, 'create',
		    '--user', 'alice', '--label', 'meanwhile' ]);
		ok wait_for(sub { -e "$store.trace" &&
		    slurp("$store.trace") =~ /stopped by SIGSTOP/ }),
		    'it has stopped';
		cmp_ok -s "$store/journal", '>', $before,
		    '... behind the journal';
		my $was = slurp($standby);
		$how eq 'unlink' ? unlink $standby
		    : link $standby, "$store.copy" or die $!;
		kill 'CONT', -$pid;
		is finish($pid), '0', "$how: it is made";
		is((apitoken($config, 'list'))[0], '0', 'and there');
		is slurp("$store.copy"), $was, 'the copy is what it was'
		    if $how eq 'link';
	}
};

# Journal, standby, state, its name, its folder: each on disk before the next.
sub order {
	my ($dir, @calls) = @_;
	my @want = (
		[qr/^f(?:data)?sync .*\/journal>/, 'the journal is synced'],
		[qr/^f(?:data)?sync .*\.gdbm>/, 'then the standby'],
		[qr/^f(?:data)?sync .*\/state\.spare>/, 'then the new state'],
		[qr/^rename\w* .*"state\.spare".*"state"/, 'then it is named'],
		[qr/^fsync .*\/store>/, 'then the folder is synced'],
	);
	my @text = map { "$_->[0] $_->[1]" } @calls;
	my $at = 0;
	for my $step (@want) {
		my ($pattern, $name) = @$step;
		$at++ while $at < @text && $text[$at] !~ $pattern;
		cmp_ok $at, '<', scalar @text, $name;
	}
	return;
}

done_testing;
