# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the tests that run programs have in common: a directory of their own,
# running a command with a time limit, starting a server that is ended by its
# process id whatever happens, and making an installation with tokens in it.
#
#	use lib "$ENV{SRC}/tests/lib";
#	use Apitoken::Test;
#
#	my $config = init_store();
#	my $token  = create_token($config, user => 'alice', label => 'laptop');
#	my ($exit, $out, $err) = apitoken($config, 'verify', '--service',
#	    'sshd', { stdin => "$token\n" });
#
# BUILD and SRC are absolute paths, set by make. PATIENCE=10 makes every limit
# of time ten times as long, for builds that are slow.
package Apitoken::Test;

use strict;
use warnings;
use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(:DEFAULT);
use File::Path qw(remove_tree);
use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use POSIX qw(:sys_wait_h _exit);
use Socket qw(SO_REUSEADDR);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(build_dir source_dir program tempdir run apitoken
    init_store set_conf create_token made_tokens expire import_value start stop
    finish wait_for free_port slurp spit from_json json_lines holds_no_token
    tree one_line pty screen counts_lines);

my $owner = $$;		# only this process cleans up, not its forks
my @dirs;
my %running;
my @made;		# by create_token()

BEGIN {
	for my $name (qw(BUILD SRC)) {
		defined $ENV{$name} && $ENV{$name} =~ m{^/}
		    or die "$name is not set: run the tests by make check\n";
	}
	# The command is linked with the shared library in the same directory.
	$ENV{LD_LIBRARY_PATH} = join ':', $ENV{BUILD},
	    grep { length } $ENV{LD_LIBRARY_PATH} // ();
	# A test's words and dates are the same wherever it runs.
	$ENV{LC_ALL} = 'C.UTF-8';
	delete @ENV{qw(SUDO_USER SUDO_UID SUDO_GID)};
	$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);
}

sub build_dir { return $ENV{BUILD} }
sub source_dir { return $ENV{SRC} }

# program('apitoken'): the path of what was built.
sub program {
	my ($name) = @_;
	my $path = build_dir() . "/$name";
	-e $path or croak "$path is not built";
	return $path;
}

# tempdir(): a new directory, 0700, that every check for safe parents accepts
# (below a sticky /tmp); it goes away at the end, unless KEEP is set.
# tempdir(mode => 0755) for servers that drop their privileges.
sub tempdir {
	my (%opt) = @_;
	my $base = abs_path($ENV{TMPDIR} // '/tmp');
	my $dir = File::Temp::mkdtemp("$base/apitoken-test-XXXXXX")
	    or croak "mkdtemp in $base: $!";
	push @dirs, $dir;
	chmod $opt{mode} // 0700, $dir or croak "chmod $dir: $!";
	return $dir;
}

# run([cmd, args...], %opt): the exit code (128 + number for a signal, 'timeout'
# when it took too long), what it wrote to stdout and to stderr.
#	stdin   => text (default: nothing, end of file at once)
#	stdout  => path to write to in place of catching it, such as /dev/full
#	stdout_fh, stdin_fh => an open handle to use
#	close   => [1]: descriptors that are closed in the program
#	env     => { NAME => value or undef to remove it }
#	timeout => seconds (120)
#	dir     => where to run it
#	uid, gid => become that user first (root only)
sub run {
	my ($cmd, %opt) = @_;
	open my $in, '+>', undef or croak "temporary file: $!";
	open my $out, '+>', undef or croak "temporary file: $!";
	open my $err, '+>', undef or croak "temporary file: $!";
	binmode $_ for $in, $out, $err;
	if (defined $opt{stdin}) {
		print {$in} $opt{stdin};
		$in->flush;
		sysseek $in, 0, 0;
	}
	my $to = $out;
	if (defined $opt{stdout}) {
		# A device that is missing must not become a file.
		my $make = $opt{stdout} =~ m{^/dev/} ? 0 : O_CREAT | O_TRUNC;
		sysopen my $file, $opt{stdout}, O_WRONLY | $make
		    or croak "$opt{stdout}: $!";
		$to = $file;
	}
	$to = $opt{stdout_fh} if $opt{stdout_fh};

	my $pid = _spawn($cmd, $opt{stdin_fh} // $in, $to, $err, \%opt);
	my $exit = _wait($pid, $opt{timeout} // 120);
	return ($exit, map { _content($_) } $out, $err);
}

sub _content {
	my ($fh) = @_;
	local $/;
	seek $fh, 0, 0;
	return <$fh> // '';
}

sub _spawn {
	my ($cmd, $in, $out, $err, $opt) = @_;
	my $pid = fork // croak "fork: $!";
	if ($pid) {
		$running{$pid} = 1;
		return $pid;
	}
	eval { _child($cmd, $in, $out, $err, $opt) };
	syswrite STDERR, $@;
	_exit(126);
}

sub _child {
	my ($cmd, $in, $out, $err, $opt) = @_;
	$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
	setpgrp 0, 0;	# so that a time limit ends its children, too
	POSIX::dup2(fileno $in, 0) // die "dup2: $!\n";
	POSIX::dup2(fileno $out, 1) // die "dup2: $!\n";
	POSIX::dup2(fileno $err, 2) // die "dup2: $!\n";
	my $env = $opt->{env} // {};
	for my $name (keys %$env) {
		if (defined $env->{$name}) {
			$ENV{$name} = $env->{$name};
		} else {
			delete $ENV{$name};
		}
	}
	if (defined $opt->{dir}) {
		chdir $opt->{dir} or die "$opt->{dir}: $!\n";
	}
	if (defined $opt->{gid}) {
		$) = "$opt->{gid} $opt->{gid}";
		POSIX::setgid($opt->{gid}) or die "setgid: $!\n";
	}
	if (defined $opt->{uid}) {
		POSIX::setuid($opt->{uid}) or die "setuid: $!\n";
	}
	POSIX::close($_) for @{ $opt->{close} // [] };
	no warnings 'exec';
	exec { $cmd->[0] } @$cmd or die "$cmd->[0]: $!\n";
}

sub _wait {
	my ($pid, $limit) = @_;
	my $end = time + $limit * ($ENV{PATIENCE} // 1);
	my $pause = 0.001;
	for (;;) {
		# This process, too, may have stood still for so long.
		my $late = time > $end;
		my $done = waitpid $pid, WNOHANG;
		if ($done == $pid) {
			my $status = $?;
			delete $running{$pid};
			return WIFSIGNALED($status)
			    ? 128 + WTERMSIG($status) : WEXITSTATUS($status);
		}
		if ($done < 0 || $late) {
			stop($pid);
			return 'timeout';
		}
		sleep $pause;
		$pause = 0.02 if ($pause *= 2) > 0.02;
	}
}

# apitoken($config, verb, args..., { run's options }): runs the command with
# that configuration; undef for no --config.
sub apitoken {
	my ($config, @args) = @_;
	my $opt = @args && ref $args[-1] eq 'HASH' ? pop @args : {};
	my @cmd = (program('apitoken'),
	    defined $config ? ('--config', $config) : (), @args);
	return run(\@cmd, %$opt);
}

# init_store(%opt): a whole installation; the configuration's path.
#	dir    => an existing directory (default: a new tempdir)
#	secret => the administrator's own secret (default: a random one)
#	conf   => { key => value }: as in set_conf()
sub init_store {
	my (%opt) = @_;
	my $dir = $opt{dir} // tempdir();
	my $config = "$dir/apitoken.conf";
	my @args = defined $opt{secret} ? ('--secret-stdin') : ();
	my ($exit, $out, $err) = apitoken($config, 'init', @args,
	    { stdin => defined $opt{secret} ? "$opt{secret}\n" : '' });
	$exit eq '0' or croak "init: exit $exit: $err";
	set_conf($config, %{ $opt{conf} }) if $opt{conf};
	return $config;
}

# set_conf($config, key => value, ...): sets keys in the configuration, undef
# takes one away; 'services/mail' is the key mail of the section [services].
sub set_conf {
	my ($config, %set) = @_;
	# Section, its text, section, its text...; the first has no name.
	my @parts = ('', split /^\[([^\]\n]*)\][^\n]*\n/m,
	    slurp($config), -1);
	for my $name (sort keys %set) {
		my ($section, $key) = $name =~ m{^(?:(.*)/)?([^/]+)$};
		my $line = defined $set{$name} ? "$key = $set{$name}\n" : '';
		$section //= '';
		my ($at) = grep { $_ % 2 == 0 && $parts[$_] eq $section }
		    0 .. $#parts;
		if (!defined $at) {
			$at = @parts;
			push @parts, $section, '';
		}
		$parts[$at + 1] =~ s/^\Q$key\E[ \t]*=.*\n//mg;
		$parts[$at + 1] .= $line;
	}
	my $text = '';
	while (my ($section, $body) = splice @parts, 0, 2) {
		$body .= "\n" if length $body && $body !~ /\n\z/;
		$text .= ($section eq '' ? '' : "[$section]\n") . $body;
	}
	my $mode = (stat $config)[2] & 07777;
	spit("$config.new", $text, $mode);
	rename "$config.new", $config or croak "rename $config: $!";
	return;
}

# create_token($config, %spec): the token; in list context its record, too.
#	user (alice), label (laptop), service, from, expires, property:
#	one value, or an array of several;  args => [more arguments]
sub create_token {
	my ($config, %spec) = @_;
	$spec{user} //= 'alice';
	$spec{label} //= 'laptop';
	my @args = @{ delete $spec{args} // [] };
	for my $name (sort keys %spec) {
		my $value = $spec{$name};
		push @args, map { ("--$name", $_) }
		    ref $value ? @$value : $value;
	}
	my ($exit, $out, $err);
	# Two seconds may be over before the command has made it.
	for my $try (1 .. 5) {
		($exit, $out, $err) = apitoken($config, '--json', 'create',
		    @args);
		last if $err !~ /in the past$/;
	}
	$exit eq '0' or croak "create: exit $exit: $err";
	my $record = from_json($out);
	my $token = delete $record->{token};
	push @made, $token;
	return wantarray ? ($token, $record) : $token;
}

# made_tokens(): all that create_token() has made: none may turn up in a log.
sub made_tokens { return @made }

# expire($config, token): ends its time, and waits for that. What is made with
# an end so near may have none left when it is used, or made.
sub expire {
	my ($config, $which) = @_;
	my ($exit, $out, $err) = ('', '', 'in the past');
	for (1 .. 20) {
		last if $err !~ /in the past/;
		($exit, $out, $err) = apitoken($config, 'edit', $which,
		    '--expires', '1s');
	}
	$exit eq '0' or croak "edit: exit $exit: $err";
	sleep 1.1;
	return;
}

# import_value($config, $value, %spec): makes a value made elsewhere a password;
# its id.  user (alice), label (portal), service
sub import_value {
	my ($config, $value, %spec) = @_;
	$spec{user} //= 'alice';
	$spec{label} //= 'portal';
	my ($exit, $out, $err) = apitoken($config, '--json', 'import',
	    (map { ("--$_", $spec{$_}) } sort keys %spec),
	    { stdin => $value });
	$exit eq '0' or croak "import: exit $exit: $err";
	return from_json($out)->{id};
}

# start([cmd, args...], %opt): starts a server in a process group of its own;
# its process id. It is ended by stop(), or at the end of the test.
#	log => file for its stdout and stderr (default: thrown away); the
#	other options are those of run().
sub start {
	my ($cmd, %opt) = @_;
	open my $in, '<', '/dev/null' or croak "/dev/null: $!";
	my $log = $opt{log} // '/dev/null';
	open my $out, '>>', $log or croak "$log: $!";
	return _spawn($cmd, $opt{stdin_fh} // $in, $opt{stdout_fh} // $out,
	    $out, \%opt);
}

# stop($pid): TERM to the process and its group, KILL when it is still there
# three seconds later. Only for what start() started.
sub stop {
	my ($pid) = @_;
	return unless delete $running{$pid};
	# Whom the test has waited for itself is gone, and the number may be
	# somebody else's.
	my $gone = waitpid $pid, WNOHANG;
	return if $gone < 0;
	kill 'TERM', $gone ? () : $pid, -$pid;
	for (1 .. 150) {
		last if $gone ||= waitpid($pid, WNOHANG) != 0;
		sleep 0.02;
	}
	kill 'KILL', -$pid;
	return if $gone;
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return;
}

# finish($pid, $signal, $limit): sends the signal to what start() started, if
# one is given, and waits for its end: the exit code, as from run().
sub finish {
	my ($pid, $signal, $limit) = @_;
	kill $signal, $pid if defined $signal;
	return _wait($pid, $limit // 60);
}

# wait_for(sub { ... }, seconds (60)): true as soon as the block is, else false.
# Any process may stand still for some seconds: less is for what never comes.
sub wait_for {
	my ($check, $limit) = @_;
	my $end = time + ($limit // 60) * ($ENV{PATIENCE} // 1);
	for (;;) {
		my $late = time > $end;
		my $answer = $check->();
		return $answer if $answer;
		return 0 if $late;
		sleep 0.02;
	}
}

# free_port(): a TCP port of 127.0.0.1 that nobody listens on. Until the test ends
# the kernel gives it to nobody who asks for any port: only a server can have it
# that names it and sets SO_REUSEADDR, as all of them do.
my @reserved;
sub free_port {
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Proto => 'tcp') or croak "socket: $!";
	# Not before bind(), or two tests could get the same one.
	$socket->sockopt(SO_REUSEADDR, 1) or croak "SO_REUSEADDR: $!";
	push @reserved, $socket;
	return $socket->sockport;
}

# slurp($path): the bytes of a file.
sub slurp {
	my ($path) = @_;
	open my $fh, '<:raw', $path or croak "$path: $!";
	local $/;
	return scalar(<$fh>) // '';
}

# spit($path, $bytes, $mode): writes a file, 0600 unless told otherwise.
sub spit {
	my ($path, $bytes, $mode) = @_;
	open my $fh, '>:raw', $path or croak "$path: $!";
	print {$fh} $bytes;
	close $fh or croak "$path: $!";
	chmod $mode // 0600, $path or croak "chmod $path: $!";
	return;
}

# from_json($bytes): what one JSON text says; dies when it is none.
sub from_json {
	my ($bytes) = @_;
	return JSON::PP->new->utf8->decode($bytes);
}

# json_lines($bytes): the objects, one for each line.
sub json_lines {
	my ($bytes) = @_;
	return map { from_json($_) } split /\n/, $bytes;
}

# holds_no_token($text): true when nothing in it looks like a token, however it
# is spelt. "tkc1_" alone is no token.
sub holds_no_token {
	my ($text) = @_;
	return $text !~ /tkc[1il]_[0-9a-z]{8}/i;
}

# one_line($text): true for an error as it should be, "apitoken: what: why" in
# one line.
sub one_line {
	my ($text) = @_;
	return $text =~ /\Aapitoken: [^\n]+: [^\n]+\n\z/;
}

# pty(): a terminal without anyone in front of it: the handle to type into and
# read from, and the handle to give a program as its stdin or stdout.
# pty(columns => 60) sets its width; it is not known otherwise.
sub pty {
	my (%opt) = @_;
	my ($set_lock, $get_number) = (0x40045431, 0x80045430);
	my $set_size = 0x5414;
	sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY
	    or croak "/dev/ptmx: $!";
	my $number = pack 'i', 0;
	ioctl $master, $set_lock, $number or croak "unlock a terminal: $!";
	ioctl $master, $get_number, $number or croak "a terminal's name: $!";
	my $name = '/dev/pts/' . unpack 'i', $number;
	sysopen my $slave, $name, O_RDWR | O_NOCTTY or croak "$name: $!";
	if ($opt{columns}) {
		my $size = pack 'S4', 24, $opt{columns}, 0, 0;
		ioctl $slave, $set_size, $size or croak "a width: $!";
	}
	return ($master, $slave);
}

# screen($master): what a terminal has shown, once nobody has it open any more. It
# comes in pieces; the end is an error there.
sub screen {
	my ($master) = @_;
	my $text = '';
	1 while sysread $master, $text, 65536, length $text;
	return $text;
}

# counts_lines($file): true when it was built to count which lines are run, and
# so holds what does it ("make coverage").
sub counts_lines {
	my ($file) = @_;
	my ($exit, $out, $err) = run([ 'nm', $file ]);
	return $out =~ /__gcov_/;
}

# tree($dir): path => "type mode size content" of everything below, to see
# that a command changed nothing.
sub tree {
	my ($dir) = @_;
	my %seen;
	my @todo = ($dir);
	while (defined(my $path = shift @todo)) {
		my @st = lstat $path;
		$seen{$path} = sprintf '%o', $st[2];
		if (-l _) {
			$seen{$path} .= ' ' . readlink $path;
		} elsif (-f _) {
			$seen{$path} .= ' ' . slurp($path);
		} elsif (-d _) {
			opendir my $dh, $path or croak "$path: $!";
			push @todo, map { "$path/$_" }
			    grep { !/^\.\.?$/ } readdir $dh;
		}
	}
	return \%seen;
}

END {
	if ($$ == $owner) {
		local ($?, $@, $!);
		stop($_) for keys %running;
		if ($ENV{KEEP}) {
			print STDERR "# kept: $_\n" for @dirs;
		} else {
			remove_tree(@dirs, { safe => 1, error => \my $ignored });
			# Bind mounts and odd modes are the test's own affair.
		}
	}
}

1;
