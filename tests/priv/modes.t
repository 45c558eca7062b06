#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# No file of an installation is wider than it should be, not even for an
# instant: every verb that writes is run under strace, with and without the
# group, with the umask 0 and 077. What is made is made for its owner alone;
# it is opened to the group only once it belongs to it, never further than it
# may be, and it has its modes when it gets its name.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;
use Test::More;

need_root();
plan skip_all => 'strace is missing or may not trace here'
    if system('strace -o /dev/null true 2>/dev/null') != 0;

my $gid = 54321;	# a number is enough: no group is made on the host
my $calls = 'open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,' .
    'linkat,symlink,symlinkat,chmod,fchmod,fchmodat,?fchmodat2,chown,fchown,' .
    'fchownat,lchown,rename,renameat,renameat2,umask';

# name => [mode when it is made, widest mode without the group, with it]
my %limits = (
	'apitoken.conf' => [0600, 0644, 0644],
	'secret.conf' => [0600, 0600, 0640],
	'audit.json' => [0600, 0600, 0640],
	'log/audit.json' => [0600, 0600, 0640],
	'.' => [0700, 0755, 0755],
	'store' => [0700, 0700, 02750],
	'store/left.gdbm' => [0600, 0640, 0640],
	'store/right.gdbm' => [0600, 0640, 0640],
	'store/state' => [0600, 0640, 0640],
	'store/state.spare' => [0600, 0640, 0640],
	'store/journal' => [0600, 0640, 0640],
	'store/lock' => [0600, 0600, 0600],
	'store/lastuse' => [0600, 0600, 0660],
	# What a person asked for by name.
	'out/token' => [0600, 0600, 0600],
	'out/export' => [0600, 0600, 0600],
	'out/figures' => [0600, 0644, 0644],
);
my ($traced, $changes) = (0, 0);

# ---- reading a trace ----

# The calls that worked: [name, its arguments].
sub calls_of {
	my ($text) = @_;
	return map { /^\d+\s+(\w+)\((.*)\)\s+= (?!-1)/ ? [$1, $2] : () }
	    split /\n/, $text;
}

# The paths in arguments such as: 4</a/store>, "state.tmp", "/a/b", AT_FDCWD.
sub paths_of {
	my ($args, $cwd) = @_;
	my (@paths, $folder);
	while ($args =~ /\G(?:(?:\d+|AT_FDCWD)(?:<([^>]*)>)?|"([^"]*)")(?:, )?/gc) {
		my ($open, $name) = ($1, $2);
		if (defined $name) {
			push @paths, $name =~ m{^/} ? $name
			    : ($folder // $cwd) . "/$name";
			undef $folder;
		} else {
			push @paths, $folder if defined $folder;
			$folder = $open // $cwd;
		}
	}
	push @paths, $folder if defined $folder;
	return @paths;
}

# A file under the name that it will have.
sub name_of {
	my ($dir, $path) = @_;
	return '.' if $path eq $dir;
	my ($name) = $path =~ m{^\Q$dir\E/(.*)\z} or return;
	$name =~ s/\.tmp\w*\z//;
	return $name;
}

# What was made, given a mode, an owner or a name under the folder:
# [what, path, mode or group].
sub changes_of {
	my ($dir, @calls) = @_;
	my @changes;
	for my $call (@calls) {
		my ($what, $args) = @$call;
		my @paths = paths_of($args, $dir);
		my ($mode) = $args =~ /, 0([0-7]+)(?:, \w+)?$/;
		if ($what =~ /^(?:open|creat)/) {
			next if $what ne 'creat' && $args !~ /O_CREAT/;
			push @changes, ['made', $paths[0], $mode];
		} elsif ($what =~ /^mk/) {
			push @changes, ['made', $paths[0], $mode];
		} elsif ($what =~ /chmod/) {
			push @changes, ['mode', $paths[0], $mode];
		} elsif ($what =~ /chown/) {
			my ($group) = $args =~ /, (-?\d+)(?:, AT_\w+)?$/;
			push @changes, ['group', $paths[0], $group];
		} elsif ($what =~ /^rename/) {
			push @changes, ['named', $paths[0], $paths[1]];
		} else {
			push @changes, [$what, $paths[0] // $dir, $args];
		}
	}
	return grep { defined name_of($dir, $_->[1]) } @changes;
}

# What is wrong with them. The files' modes and groups stay known from one
# command to the next.
sub faults {
	my ($known, $dir, $group, @changes) = @_;
	my @wrong;
	my $folder = sub { $_[0] =~ m{^(.*)/} ? $1 : '' };
	for my $change (@changes) {
		my ($what, $path, $value) = @$change;
		my $name = name_of($dir, $path);
		my $limit = $limits{$name};
		my $file = $known->{$path} //= {};
		my $say = sub { push @wrong, "$path: $what $value: $_[0]" };
		$changes++;
		if (!$limit) {
			$say->('no file of an installation');
		} elsif ($what eq 'made') {
			my $most = $limit->[0];
			$say->('too wide') if oct($value) & ~$most;
			%$file = (mode => oct $value, group =>
			    $known->{$folder->($path)}{passes});
		} elsif ($what eq 'mode') {
			my $most = $limit->[$group ? 2 : 1];
			$say->('too wide') if oct($value) & ~$most;
			$say->('before it belongs to the group')
			    if $group && oct($value) & 070 &&
			    !(oct($value) & 07) && !$file->{group};
			$file->{mode} = oct $value;
			$file->{passes} = $file->{group}
			    if oct($value) & 02000;
		} elsif ($what eq 'group') {
			$file->{group} = 1 if $value == $gid;
		} elsif ($what eq 'named') {
			@$known{$path, $value} = @$known{$value, $path};
		} else {
			$say->('nobody should');
		}
	}
	return @wrong;
}

# ---- the verbs ----

# One command in a mount namespace where the group is there, or not.
sub trace {
	my ($run, @args) = @_;
	my $opt = ref $args[-1] ? pop @args : {};
	my $log = "$run->{scratch}/trace";
	my $old = umask $run->{umask};
	my ($exit, $out, $err) = run(['unshare', '-m', '--propagation',
	    'private', 'sh', '-c', 'mount --bind "$0" /etc/group && exec "$@"',
	    "$run->{scratch}/group", 'strace', '-f', '-y', '-s', '4096', '-o',
	    $log, '-e', "trace=$calls", program('apitoken'), '--config',
	    "$run->{dir}/apitoken.conf", @args],
	    dir => $run->{dir}, %$opt);
	umask $old;
	is $exit, 0, "$args[0]: exit" or diag $err;
	my @calls = calls_of(slurp($log));
	$traced += @calls;
	my @wrong = faults($run->{known}, $run->{dir}, $run->{group},
	    changes_of($run->{dir}, @calls));
	push @wrong, map { "umask($_->[1])" } grep { $_->[0] eq 'umask' }
	    @calls;
	is_deeply \@wrong, [], "$args[0]: nothing wider than it should be";
	return $out;
}

# What the installation is to a person who looks at it.
sub modes_now {
	my ($dir) = @_;
	return map { my @st = lstat; substr($_, length $dir) =>
	    sprintf '%04o %d', $st[2] & 07777, $st[5] } keys %{ tree($dir) };
}

sub scenario {
	my ($umask, $group) = @_;
	my ($dir, $scratch) = (tempdir(mode => 0755), tempdir());
	rmdir $dir or die;
	spit("$scratch/group", "root:x:0:\n" .
	    ($group ? "apitoken:x:$gid:\n" : ''), 0644);
	mkdir $dir or die if !$group;
	my $run = { dir => $dir, scratch => $scratch, umask => $umask,
	    group => $group, known => {} };
	# A folder that is missing is made.
	trace($run, 'init', { dir => $scratch });
	my $installed = join ' ', sort keys %{ { modes_now($dir) } };
	mkdir "$dir/out" or die;
	my $token = trace($run, qw(create --user alice --label a));
	trace($run, qw(create --user alice --label b --output out/token));
	trace($run, qw(create --user alice --label c --count 3));
	trace($run, qw(verify --service sshd), { stdin => $token });
	trace($run, qw(edit alice/a --label a2));
	trace($run, qw(renew alice/a2 --expires 30d));
	trace($run, qw(copy alice/a2 --label d));
	trace($run, qw(regenerate alice/d));
	trace($run, qw(narrow --service imap --output out/token),
	    { stdin => $token }) if unlink "$dir/out/token";
	trace($run, qw(import --user alice --label e),
	    { stdin => 'an-imported-value-of-some-length' });
	trace($run, qw(key add));
	trace($run, qw(key activate 2));
	trace($run, qw(create --user bob --label f));
	trace($run, qw(export --output out/export));
	trace($run, qw(stats --output out/figures));
	trace($run, qw(revoke alice/b --reason test));
	trace($run, qw(revoke --user alice --all --yes));
	trace($run, qw(delete alice/c-1));
	trace($run, qw(import --records --force out/export));
	trace($run, qw(key retire 1 --yes));
	trace($run, qw(compact));
	trace($run, qw(check));
	trace($run, qw(list));
	# As on the host: the log's folder passes its group on.
	mkdir "$dir/log" or die;
	chown 0, $group ? $gid : 0, "$dir/log" or die;
	chmod $group ? 02750 : 0700, "$dir/log" or die;
	$run->{known}{"$dir/log"}{passes} = $group;
	set_conf("$dir/apitoken.conf", audit_log => 'log/audit.json');
	trace($run, qw(create --user bob --label g));
	my %modes = modes_now($dir);
	# And what is made anew where something is missing.
	my $state = state_of("$dir/store");
	unlink "$dir/log/audit.json", map { "$dir/store/$_" } 'journal', 'lock',
	    'lastuse', "$state->{other}.gdbm" or die;
	trace($run, qw(create --user bob --label h));
	is_deeply { modes_now($dir) }, \%modes, 'made anew as they were';
	return (\%modes, $installed);
}

# The lock and the spare come with the first change.
my @made = map { $_ eq '.' ? '' : "/$_" } grep { !/^out|^log|lock|spare/ }
    keys %limits;
for my $group (0, 1) {
	for my $umask ($ENV{PROOF} ? (0, 077) : $group ? 0 : 077) {
		my $name = sprintf '%s group, umask %03o',
		    $group ? 'a' : 'no', $umask;
		subtest $name => sub {
			my ($got, $installed) = scenario($umask, $group);
			is $installed, join(' ', sort @made),
			    'init makes these files and no others';
			final($got, $group);
		};
	}
}

# As wide as they may be, in the end, and their group's.
sub final {
	my ($got, $group) = @_;
	my %want;
	for my $name (keys %limits) {
		my ($born, $alone, $shared) = @{ $limits{$name} };
		$want{$name eq '.' ? '' : "/$name"} = sprintf '%04o %d',
		    $group ? $shared : $alone, $group &&
		    $name =~ /^(?:secret|audit|store|log)/ ? $gid : 0;
	}
	$want{$_} = $got->{$_} for qw(/out /log);
	is_deeply $got, \%want, 'in the end';
	return;
}

# The reading itself: what is wrong is found.
{
	my @wrong = ('openat(4</i/store>, "state.spare", O_RDWR|O_CREAT, 0640)',
	    'fchmod(5</i/store/state.spare>, 0644)', 'mkdir("/i/store", 0750)',
	    'openat(AT_FDCWD</>, "/i/store/x", O_CREAT|O_WRONLY, 0600)',
	    'chmod("/i/apitoken.conf", 0664)', 'link("/i/a", "/i/secret.conf")');
	for my $call (@wrong) {
		my @calls = calls_of("1 $call = 0\n");
		my @found = faults({}, '/i', 1, changes_of('/i', @calls));
		is scalar @found, 1, "found: $call";
	}
	my @late = calls_of(join "\n", '1 mkdir("/i/store", 0700) = 0',
	    '1 chmod("/i/store", 02750) = 0',
	    "1 chown(\"/i/store\", -1, $gid) = 0");
	is scalar(() = faults({}, '/i', 1, changes_of('/i', @late))), 1,
	    'found: the mode before the group';
}

note "figure system calls that were looked at $traced";
note "figure changes of a file or its mode $changes";
done_testing;
