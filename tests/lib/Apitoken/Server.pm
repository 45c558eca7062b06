# SPDX-License-Identifier: GPL-3.0-or-later
#
# A private host for one real server. The server runs as root in a mount and
# process namespace of its own, where /etc/pam.d, the account files, /run,
# /dev and /var/log are private, so it logs people in without the host's own
# accounts, service files, logs or name service being touched or even seen.
#
#	my $host = Apitoken::Server->new(dir => tempdir(), name => 'sshd',
#	    pam => { sshd => [ 'auth required pam_unix.so', ... ] });
#	$host->launch('/usr/sbin/sshd', '-D', '-f', $file);
#	$host->password('alice');	# made up for this run
#	$host->syslog;			# everything it sent to the system log
#
# The whole namespace ends with the object, with the test, and also when the
# test is killed: its first process watches a pipe that the test holds open.
package Apitoken::Server;

use strict;
use warnings;
use Carp qw(croak);
use Fcntl qw(:flock);
use File::Path qw(make_path);
use IO::Handle ();
use IO::Select ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use POSIX qw(:sys_wait_h);
use Socket qw(SOCK_DGRAM);

# People of the private host. The numbers are far from what hosts give out.
my %PEOPLE = (
	alice => 61001,
	bob => 61002,
	vmail => 61009,
);

# Helper processes of the servers, and what they need of the host's groups.
my @SYSTEM = qw(daemon nobody sshd dovecot dovenull nogroup shadow tty mail);

# Why these tests cannot run here, or undef when they can.
sub unavailable {
	my (@programs) = @_;
	return 'needs root (private mounts, passwords of other users)'
	    if $> != 0;
	for my $program ('unshare', 'mount', @programs) {
		return "$program is not installed (packaging/install-deps)"
		    if !defined find_program($program);
	}
	my $said = qx(unshare -m -p -f --mount-proc true 2>&1);
	return if $? == 0;
	return 'no private mounts here (unshare -m): a container needs '
	    . 'CAP_SYS_ADMIN: ' . join ' ', split ' ', $said;
}

# The same for a server with our plug-in, these programs and these files.
sub no_plug_ins {
	my ($programs, @paths) = @_;
	my $why = unavailable(@$programs);
	return $why if defined $why;
	for my $path (@paths) {
		return "$path is missing (packaging/install-deps)"
		    if !-e $path;
	}
	return 'libapitoken.so is not built (libsasl2-dev is missing?)'
	    if !-e "$ENV{BUILD}/libapitoken.so";
	return 'no folder with plug-ins of libsasl2'
	    if !defined sasl_folder();
	return;
}

sub find_program {
	my ($name) = @_;
	for my $dir (split(/:/, $ENV{PATH} // ''), '/usr/sbin', '/sbin') {
		return "$dir/$name" if -x "$dir/$name" && -f _;
	}
	return;
}

# new(dir =>, name =>, pam => { service => [lines] }, like => another one,
# accounts => [names], groups => { name => [members] }, mounts => { place =>
# folder }): prepares the files in dir/name. The passwords are those of the
# other one, or made up for this run: the port is open to every user of the
# machine, and root is among the accounts. More of the host's accounts and
# groups can be let in, new groups made, and folders put in the place of those
# that the host has.
sub new {
	my ($class, %opt) = @_;
	my $base = "$opt{dir}/$opt{name}";
	my $self = bless {
		base => $base,
		name => $opt{name},
		passwords => $opt{like} ? $opt{like}{passwords}
		    : { map { $_ => random_word(20) } 'root', keys %PEOPLE },
		accounts => $opt{accounts} // [],
		groups => $opt{groups} // {},
	}, $class;
	make_path("$base/etc/pam.d", "$base/dev", "$base/home",
	    { mode => 0700 });
	chmod 0755, "$base/etc/pam.d";
	$self->write_accounts;
	$self->write_file('mounts', 0600, map { "$_ $opt{mounts}{$_}\n" }
	    sort keys %{ $opt{mounts} // {} });
	$self->pam(%{ $opt{pam} // {} });
	return $self;
}

# with_plug_ins(new's options, over => [folders]): a host whose libsasl has ours
# beside its own, and folders of its own in the place of these.
sub with_plug_ins {
	my ($class, %opt) = @_;
	my $base = "$opt{dir}/$opt{name}";
	my %mounts = (sasl_folder() => "$base/sasl2",
	    map { $_ => $base . $_ } @{ $opt{over} // [] });
	make_path(values %mounts);
	my $self = Apitoken::Server::new($class, %opt,
	    mounts => \%mounts);
	$self->plug_ins("$base/sasl2");
	return $self;
}

# pam(service => [lines]): replaces these services' files. Servers read them
# at each login.
sub pam {
	my ($self, %services) = @_;
	# What is not written down is refused, whatever the host would do.
	$services{other} //= [ map { "$_ required pam_deny.so" }
	    qw(auth account password session) ];
	for my $name (keys %services) {
		$self->write_file("etc/pam.d/$name", 0644,
		    map { "$_\n" } @{ $services{$name} });
	}
	return;
}

sub write_accounts {
	my ($self) = @_;
	my %system = map { $_ => 1 } @SYSTEM, @{ $self->{accounts} };
	my @passwd = ("root:x:0:0::/run/home/root:/bin/sh\n");
	my @group = ("root:x:0:\n");
	my @shadow;

	push @passwd, map { "$_\n" } grep { $system{ (split /:/)[0] } }
	    lines_of('/etc/passwd');
	push @group, map { "$_\n" } grep { $system{ (split /:/)[0] } }
	    lines_of('/etc/group');
	for my $name (sort keys %PEOPLE) {
		my $id = $PEOPLE{$name};
		push @passwd, "$name:x:${id}:${id}::/run/home/$name:/bin/sh\n";
		push @group, "$name:x:${id}:\n";
	}
	my $gid = 61100;
	for my $name (sort keys %{ $self->{groups} }) {
		push @group, sprintf "%s:x:%d:%s\n", $name, $gid++,
		    join ',', @{ $self->{groups}{$name} };
	}
	for my $name (map { (split /:/)[0] } @passwd) {
		my $hash = exists $self->{passwords}{$name}
		    ? hash_password($self->{passwords}{$name}) : '*';
		push @shadow, "$name:$hash:19000:0:99999:7:::\n";
	}
	$self->write_file('etc/passwd', 0644, @passwd);
	$self->write_file('etc/group', 0644, @group);
	$self->write_file('etc/shadow', 0600, @shadow);
	$self->write_file('etc/nsswitch.conf', 0644,
	    map { "$_: files\n" } qw(passwd group shadow hosts));
	for my $name ('root', keys %PEOPLE) {
		my $home = "$self->{base}/home/$name";
		make_path($home, { mode => 0700 });
		my $id = $PEOPLE{$name} // 0;
		chown $id, $id, $home or croak "chown $home: $!";
	}
	return;
}

sub lines_of {
	my ($path) = @_;
	open my $fh, '<', $path or croak "$path: $!";
	chomp(my @lines = <$fh>);
	return @lines;
}

sub write_file {
	my ($self, $name, $mode, @lines) = @_;
	my $path = "$self->{base}/$name";
	unlink $path;
	my $old = umask 0777 & ~$mode;
	open my $fh, '>', $path or croak "$path: $!";
	umask $old;
	print {$fh} @lines;
	close $fh or croak "$path: $!";
	chmod $mode, $path or croak "chmod $path: $!";
	return $path;
}

sub random_word {
	my ($length) = @_;
	open my $fh, '<:raw', '/dev/urandom' or croak "/dev/urandom: $!";
	my $bytes;
	read($fh, $bytes, $length) == $length or croak '/dev/urandom: short';
	my @letters = ('A' .. 'Z', 'a' .. 'z', 2 .. 7);
	return join '', map { $letters[ord($_) % @letters] }
	    split //, $bytes;
}

sub hash_password {
	my ($password) = @_;
	my $salt = random_word(16);
	my $hash = crypt $password, "\$6\$$salt\$";
	croak 'crypt() knows no SHA-512 here' if $hash !~ /^\$6\$/;
	return $hash;
}

sub base { return $_[0]{base} }
sub password { return $_[0]{passwords}{ $_[1] } }
sub uid { return $PEOPLE{ $_[1] } // 0 }
sub home { return "$_[0]{base}/home/$_[1]" }

# Where the host's libsasl2 has its plug-ins, or undef.
sub sasl_folder {
	my ($folder) = grep { -e "$_/libplain.so" || -e "$_/libsasldb.so" }
	    glob '/usr/lib/*/sasl2 /usr/lib64/sasl2 /usr/lib/sasl2';
	return $folder;
}

# plug_ins(folder): the host's plug-ins and ours, to be mounted over its own.
sub plug_ins {
	my ($self, $folder) = @_;
	require Apitoken::Test;
	for my $path (glob(sasl_folder() . '/*.so'),
	    Apitoken::Test::program('libapitoken.so')) {
		(my $name = $path) =~ s{.*/}{};
		$self->write_file(substr("$folder/$name",
		    1 + length $self->{base}), 0755,
		    Apitoken::Test::slurp($path));
	}
	return;
}

# as_host(command, { run's options }): runs it with the private host's
# accounts, groups and mounts, and answers as run() does.
sub as_host {
	my ($self, @command) = @_;
	require Apitoken::Test;
	my $opt = ref $command[-1] eq 'HASH' ? pop @command : {};
	(my $lib = __FILE__) =~ s{/Apitoken/Server\.pm$}{};
	return Apitoken::Test::run([ find_program('unshare'), '--mount',
	    '--propagation', 'private', $^X, "-I$lib", '-MApitoken::Server',
	    '-e', 'Apitoken::Server::private_etc(shift); '
	    . 'exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n"',
	    $self->{base}, @command ], %$opt);
}

# begin(command): starts it as a process of the private host, which ends with
# this object.
sub begin {
	my ($self, @command) = @_;
	require Apitoken::Test;
	(my $lib = __FILE__) =~ s{/Apitoken/Server\.pm$}{};

	my ($watch, $alive);
	pipe $watch, $alive or croak "pipe: $!";
	$self->{alive} = $alive;
	$self->{pid} = Apitoken::Test::start([ find_program('unshare'),
	    '--mount', '--propagation', 'private', '--pid', '--fork',
	    '--kill-child', '--mount-proc', $^X, "-I$lib",
	    '-MApitoken::Server', '-e', 'Apitoken::Server::inside(@ARGV)',
	    $self->{base}, @command ],
	    stdin_fh => $watch, log => "$self->{base}/console");
	return;
}

# launch(port, command): starts the server; true when it answers on the port.
sub launch {
	my ($self, $port, @command) = @_;
	$self->begin(@command);
	return 1 if Apitoken::Test::wait_for(sub {
		!$self->running || answers($port) }) && $self->running;
	$self->stop;
	return 0;
}

# launch_anywhere(sub { ...; command }): the same on a free port, for which the
# block prepares what the command reads; dies when it does not start.
sub launch_anywhere {
	my ($self, $prepare) = @_;
	require Apitoken::Test;
	# Somebody else may take the port between our look and its bind.
	for my $try (1 .. 3) {
		$self->{port} = Apitoken::Test::free_port();
		return $self if $self->launch($self->{port}, $prepare->());
	}
	croak "$self->{name} does not start:\n",
	    map { $self->content($_) } qw(console log syslog);
}

# enter([command...], run's options): runs a command beside the server, with
# its files and processes.
sub enter {
	my ($self, $command, %opt) = @_;
	require Apitoken::Test;
	my $ns = "/proc/$self->{pid}/ns";
	return Apitoken::Test::run([ find_program('nsenter'),
	    "--mount=$ns/mnt", "--pid=$ns/pid_for_children", '--',
	    @$command ], %opt);
}

sub answers {
	my ($port) = @_;
	return defined IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Timeout => 60);
}

# wait_socket(path): true once somebody listens at that socket of the private
# host: saslauthd, which returns before it does.
sub wait_socket {
	my ($self, $path) = @_;
	return Apitoken::Test::wait_for(sub { defined IO::Socket::UNIX->new(
	    Peer => "/proc/$self->{pid}/root$path") });
}

sub running {
	my ($self) = @_;
	return 0 if !defined $self->{pid};
	return kill(0, $self->{pid}) && !zombie($self->{pid});
}

sub zombie {
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/stat" or return 1;
	return (<$fh> // 'Z') =~ /\) Z/;
}

# syslog(): what the server and its modules have sent to the system log. It
# comes a moment later: see wait_syslog() and settled().
sub syslog { return $_[0]->content('syslog') =~ s/^mark \d+\n//mgr }

# settled(): the same with all that was sent until now.
my $marks = 0;
sub settled {
	my ($self) = @_;
	require Apitoken::Test;
	my $mark = 'mark ' . ++$marks;
	my ($exit, $out, $err) = $self->enter([ $^X, '-MIO::Socket::UNIX', '-e',
	    'IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "/dev/log")'
	    . '->send(shift) or die "$!\n"', $mark ]);
	$exit eq '0' or croak "/dev/log: $out$err";
	Apitoken::Test::wait_for(sub {
		$self->content('syslog') =~ /^$mark$/m })
	    or croak "/dev/log: nobody writes it down";
	return $self->syslog;
}

# content(file): the bytes of one of the server's files, '' when there is none.
sub content {
	my ($self, $name) = @_;
	open my $fh, '<:raw', "$self->{base}/$name" or return '';
	local $/;
	return scalar(<$fh>) // '';
}

# wait_syslog(pattern): true as soon as the log has it. Lines come a moment
# after the answer to the client.
sub wait_syslog {
	my ($self, $pattern, $from) = @_;
	return Apitoken::Test::wait_for(sub {
		substr($self->syslog, $from // 0) =~ $pattern });
}

# told(from): for people, what PAM modules and logins left in the log.
sub told {
	my ($self, $from) = @_;
	return join "\n", grep { /pam_|Accepted|Failed/ }
	    split /\n/, substr $self->syslog, $from // 0;
}

sub stop {
	my ($self) = @_;
	return if !defined $self->{pid};
	close delete $self->{alive};
	Apitoken::Test::stop(delete $self->{pid});
	return;
}

sub DESTROY {
	my ($self) = @_;
	local ($@, $!, $?);
	$self->stop;
	return;
}

# leaks(text, secrets): the secrets of which the text holds a piece of twelve
# characters or more, the part that every token begins with left out.
sub leaks {
	my ($text, @secrets) = @_;
	my $where = lc $text;
	return grep {
		(my $secret = lc $_) =~ s/^tkc1_//;
		grep { index($where, substr $secret, $_, 12) >= 0 }
		    0 .. length($secret) - 12;
	} @secrets;
}

# coded(secrets): what of each is in base64 wherever it begins, to look for.
sub coded {
	my (@secrets) = @_;
	require MIME::Base64;
	return map { my $secret = $_; map { substr MIME::Base64::encode_base64(
	    "$_$secret", ''), 16, -8 } '', 'x', 'xx' } @secrets;
}

# ---- the first process of the namespace ----

# inside(base, command): never returns. When it ends, the kernel kills every
# other process of the namespace.
sub inside {
	my ($base, @command) = @_;
	$SIG{TERM} = $SIG{INT} = $SIG{HUP} = sub { POSIX::_exit(0) };
	my $log = eval { private_files($base) };
	if (!$log) {
		print STDERR "$base: $@";
		exit 125;
	}
	my $server = fork // exit 125;
	if ($server == 0) {
		$SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
		open STDIN, '<', '/dev/null';
		# A plain environment, as an init system would give it; but
		# the run-time checkers of a test build are kept.
		%ENV = (PATH => '/usr/sbin:/usr/bin:/sbin:/bin',
		    map { $_ => $ENV{$_} } grep { /^[AUT]SAN_OPTIONS$/ }
		    keys %ENV);
		exec { $command[0] } @command
		    or print STDERR "$command[0]: $!\n";
		POSIX::_exit(126);
	}
	collect($log, "$base/syslog", $server);
	exit 0;
}

sub private_files {
	my ($base) = @_;
	private_dev("$base/dev");
	my $log = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
	    Local => "$base/dev/log") or die "dev/log: $!\n";
	chmod 0666, "$base/dev/log";
	mount('--rbind', "$base/dev", '/dev');

	# Sockets of the host's name service and login manager live in /run.
	mount('-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/run');
	mount('-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/var/log');
	make_path('/run/sshd', '/run/lock', '/run/home', { mode => 0755 });
	mount('--bind', "$base/home", '/run/home');
	chmod 0755, '/run/home';
	private_etc($base);
	return $log;
}

sub private_etc {
	my ($base) = @_;
	for my $name (qw(pam.d passwd group shadow nsswitch.conf)) {
		mount('--bind', "$base/etc/$name", "/etc/$name");
	}
	for my $line (lines_of("$base/mounts")) {
		my ($place, $folder) = split / /, $line;
		mount('--bind', $folder, $place);
	}
	return;
}

sub private_dev {
	my ($dev) = @_;
	mount('-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', $dev);
	for my $name (qw(null zero full random urandom tty)) {
		open my $fh, '>', "$dev/$name" or die "$dev/$name: $!\n";
		close $fh;
		mount('--bind', "/dev/$name", "$dev/$name");
	}
	for my $name (qw(pts shm)) {
		mkdir "$dev/$name";
		mount('--bind', "/dev/$name", "$dev/$name")
		    if -d "/dev/$name";
	}
	symlink 'pts/ptmx', "$dev/ptmx";
	symlink '/proc/self/fd', "$dev/fd";
	return;
}

sub mount {
	my (@args) = @_;
	system(find_program('mount'), @args) == 0
	    or die "mount @args: failed\n";
	return;
}

# Writes down what comes in at /dev/log until the test or the server ends,
# and takes in the processes that others left behind.
sub collect {
	my ($log, $file, $server) = @_;
	open my $out, '>>', $file or exit 125;
	$out->autoflush(1);
	my $sources = IO::Select->new($log, \*STDIN);
	for (;;) {
		for my $fh ($sources->can_read(0.2)) {
			exit 0 if $fh == \*STDIN;
			recv $log, my $line, 65536, 0;
			$line =~ s/[\0\n]+$//;
			print {$out} "$line\n";
		}
		while ((my $pid = waitpid -1, WNOHANG) > 0) {
			exit 1 if $pid == $server;
		}
	}
}

1;
