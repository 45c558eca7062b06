#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the system calls say: no file is ever made wider than it will be, with
# any umask; the modes of an installation; and what a commit costs in syncs.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

need_root();
plan skip_all => 'strace is missing or may not trace here'
    if system('strace -o /dev/null true 2>/dev/null') != 0;

my $calls = 'open,openat,creat,mkdir,mkdirat,mknod,mknodat,chmod,fchmod,' .
    'fchmodat,rename,renameat,renameat2,fsync,fdatasync,flock';

# The calls of one command: [name, arguments] each.
sub trace {
	my ($config, $umask, @args) = @_;
	my $log = tempdir() . '/trace';
	my $opt = ref $args[-1] ? pop @args : {};
	my $old = umask $umask;
	my ($exit, $out, $err) = run(['strace', '-f', '-y', '-s', '256',
	    '-o', $log, '-e', "trace=$calls", program('apitoken'),
	    '--config', $config, @args], %$opt);
	umask $old;
	is $exit, 0, "$args[0]: exit" or diag $err;
	return map { /^\d+\s+(\w+)\((.*)/ ? [$1, $2] : () }
	    split /\n/, slurp($log);
}

# What was made, or given a mode, in the folder, wider than allowed.
sub too_wide {
	my ($dir, @calls) = @_;
	my ($seen, @wrong) = (0);
	for my $call (@calls) {
		my ($name, $args) = @$call;
		next unless index($args, $dir) >= 0;
		my ($mode) = $name =~ /^(?:open|openat|creat)$/
		    ? $args =~ /O_CREAT[^)]*, (0[0-7]+)\)/
		    : $name =~ /^(?:mk|f?chmod)/ ? $args =~ /, (0[0-7]+)/
		    : ();
		next if !defined $mode;
		$seen++;
		my $limit = $args =~ /apitoken\.conf/ &&
		    $name eq 'fchmod' ? 0644
		    : $args =~ m{/store>?"?, |/store", } ||
		    $name =~ /^mk/ ? 02750
		    # Services in the group note the last use themselves.
		    : $args =~ m{/store/lastuse} ? 0660 : 0640;
		push @wrong, "$name $args" if oct($mode) & ~$limit;
	}
	return ($seen, @wrong);
}

for my $umask (0, 077) {
	subtest sprintf('umask %03o', $umask) => sub {
		my $dir = tempdir();
		my $config = "$dir/apitoken.conf";
		my @all;
		push @all, trace($config, $umask, 'init');
		push @all, trace($config, $umask, 'create', '--user', 'alice',
		    '--label', 'a');
		push @all, trace($config, $umask, 'create', '--user', 'alice',
		    '--label', 'b');
		push @all, trace($config, $umask, 'revoke', 'alice/a');
		push @all, trace($config, $umask, 'key', 'add');
		# And what is made anew where something is missing.
		my $state = state_of("$dir/store");
		unlink "$dir/audit.json", "$dir/store/journal",
		    "$dir/store/lock", "$dir/store/$state->{other}.gdbm"
		    or die;
		push @all, trace($config, $umask, 'create', '--user', 'alice',
		    '--label', 'c');
		my ($seen, @wrong) = too_wide($dir, @all);
		cmp_ok $seen, '>', 15, "$seen modes were looked at";
		is_deeply \@wrong, [], 'none too wide';
	};

	subtest sprintf('modes after init with umask %03o', $umask) => sub {
		modes($umask);
	};
}

sub modes {
	my ($umask) = @_;
	my $dir = tempdir();
	trace("$dir/apitoken.conf", $umask, 'init');
	trace("$dir/apitoken.conf", $umask, 'create', '--user', 'alice',
	    '--label', 'a');
	my %want = (
		'apitoken.conf' => 0644,
		'secret.conf' => 0600,
		'audit.json' => 0600,
		'store' => 0700,
		'store/left.gdbm' => 0640,
		'store/right.gdbm' => 0640,
		'store/state' => 0640,
		'store/journal' => 0640,
		'store/lock' => 0600,
		'store/lastuse' => 0600,
	);
	# With the group there, what its members need is theirs.
	if (defined getgrnam 'apitoken') {
		$want{$_} = 0640 for 'secret.conf', 'audit.json';
		$want{store} = 02750;
		$want{'store/lastuse'} = 0660;
	}
	my %got = map { ($_ => (stat "$dir/$_")[2] & 07777) }
	    grep { -e "$dir/$_" } keys %want;
	$_ = sprintf '%04o', $_ for values %got, values %want;
	is_deeply \%got, \%want, 'modes';
	is_deeply [sort map { substr $_, 1 + length $dir }
	    grep { $_ ne $dir } keys %{ tree($dir) }], [sort keys %want],
	    'and no other files';
	return;
}

# A file that is synced is lost all the same with the folder it lies in.
subtest 'an installation' => sub {
	my $dir = tempdir();
	my @calls = trace("$dir/inst/apitoken.conf", 022, 'init');
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
	my @calls = trace($config, 022, 'create', '--user', 'alice',
	    '--label', 'traced');
	my @sync = grep { $_->[0] =~ /^f(?:data)?sync$/ } @calls;
	note 'syncs of one commit: ', scalar @sync;
	note "  $_->[0] $_->[1]" for @sync;
	cmp_ok @sync, '<=', 6, 'not more than it takes';
	order($dir, @calls);
	@calls = trace($config, 022, 'verify', '--service', 'sshd',
	    { stdin => scalar create_token($config, label => 'reader') });
	is_deeply [grep { $_->[0] =~ /sync|flock|rename/ } @calls], [],
	    'a login syncs nothing and takes no lock';
};

# Journal, standby, state, its name, its folder: each on disk before the next.
sub order {
	my ($dir, @calls) = @_;
	my @want = (
		[qr/^f(?:data)?sync .*\/journal>/, 'the journal is synced'],
		[qr/^f(?:data)?sync .*\.gdbm>/, 'then the standby'],
		[qr/^f(?:data)?sync .*\/state\.tmp>/, 'then the new state'],
		[qr/^rename\w* .*"state\.tmp".*"state"/, 'then it is named'],
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
