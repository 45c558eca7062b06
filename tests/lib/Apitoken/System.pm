# SPDX-License-Identifier: GPL-3.0-or-later
#
# A Debian of its own: what "make check-packages" unpacked, in memory, in
# namespaces of mounts and processes that end with the test. With "alone" it is
# mail.example.org, on a loopback of its own.
#
#	my $system = Apitoken::System->new(alone => 1);	# the test begins anew
#	my ($code, $said) = $system->sh('apt-get install ...', online => 1);
#	$system->start('/usr/sbin/sshd', '-D');		# until the end
#	my $imap = $system->client('Apitoken::Dovecot', port => 143);
#	$imap->curl(...); $imap->syslog;
package Apitoken::System;

use strict;
use warnings;
use Apitoken::Server ();
use Apitoken::Test qw(run build_dir tempdir);
use Carp qw(croak);
use Fcntl qw(F_SETFD);
use File::Path qw(make_path);
use IO::Socket::UNIX ();
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;

# Daemons are ended by scripts that wait until they are gone: somebody has to
# take them in.
my $init = 'my $test = fork // die; if (!$test) { exec @ARGV or die } '
    . 'while ((my $pid = wait) > 0) '
    . '{ exit($? >> 8 || $?) if $pid == $test }';

sub new {
	my ($class, %opt) = @_;
	my $base = build_dir() . '/packages/bookworm.tar';
	if (!$ENV{APITOKEN_NETWORK}) {
		# The network that there was, for what is said to be online.
		open my $net, '<', '/proc/self/ns/net' or die "net: $!\n";
		fcntl $net, F_SETFD, 0 or die "net: $!\n";
		$ENV{APITOKEN_NETWORK} = '/proc/self/fd/' . fileno $net;
		exec 'unshare', '--mount', '--pid', '--fork', '--kill-child',
		    $opt{alone} ? ('--net', '--uts') : (), $^X, '-e', $init,
		    $^X, $0, @ARGV;
		die "unshare: $!\n";
	}
	my $self = bless { root => build_dir() . '/packages/root' }, $class;
	my $root = $self->{root};
	mkdir $root;
	for my $command ([ 'mount', '-t', 'tmpfs', '-o', 'mode=755,size=4g',
	    'tmpfs', $root ], [ 'tar', '-C', $root, '-xf', $base ],
	    [ 'mount', '-t', 'proc', 'proc', "$root/proc" ],
	    $opt{alone} ? ([ 'ip', 'link', 'set', 'lo', 'up' ],
	    [ 'hostname', 'mail.example.org' ]) : ()) {
		system(@$command) == 0 or croak "@$command: failed";
	}
	$self->write('etc/hosts', "127.0.0.1 localhost\n"
	    . "127.0.1.1 mail.example.org mail\n") if $opt{alone};
	Apitoken::Server::private_dev("$root/dev");
	$self->keep_log;
	$self->write('usr/sbin/policy-rc.d', "#!/bin/sh\nexit 101\n", 0755);
	return $self;
}

# What programs send to the system log goes into /root/syslog.
sub keep_log {
	my ($self) = @_;
	my $log = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
	    Local => "$self->{root}/dev/log") or croak "dev/log: $!";
	chmod 0666, "$self->{root}/dev/log" or croak "dev/log: $!";
	pipe my $end, my $open or croak "pipe: $!";
	return if fork // croak "fork: $!";
	open STDIN, '<&', $end or POSIX::_exit(125);
	eval { Apitoken::Server::collect($log, "$self->{root}/root/syslog", 0) };
	POSIX::_exit(125);
}

sub root { return $_[0]{root} }

sub write {
	my ($self, $path, $text, $mode) = @_;
	open my $fh, '>', "$self->{root}/$path" or croak "$path: $!";
	print {$fh} $text;
	close $fh or croak "$path: $!";
	chmod $mode // 0644, "$self->{root}/$path" or croak "$path: $!";
	return;
}

sub read {
	my ($self, $path) = @_;
	open my $fh, '<', "$self->{root}/$path" or return '';
	local $/;
	return <$fh> // '';
}

# client(class, port => ...): one of the real servers' clients, for a server
# that runs here. Its files are in the same place inside and outside.
sub client {
	my ($self, $class, %is) = @_;
	my $base = tempdir(mode => 0755);
	make_path("$self->{root}$base");
	Apitoken::Server::mount('--bind', $base, "$self->{root}$base");
	symlink "$self->{root}/root/syslog", "$base/syslog"
	    or croak "symlink: $!";
	return bless { base => $base, system => $self, %is }, $class;
}

sub command {
	my ($self, @command) = @_;
	return [ 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
	    'HOME=/root', 'LC_ALL=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive',
	    'chroot', $self->{root}, @command ];
}

# sh(text, %opt of run()): the exit code and all that was said. "online" with
# the network outside.
sub sh {
	my ($self, $text, %opt) = @_;
	my @outside = $opt{online}
	    ? ('nsenter', "--net=$ENV{APITOKEN_NETWORK}") : ();
	my ($code, $out, $err) = run([ @outside,
	    $self->command('sh', '-ec', $text)->@* ], timeout => 900, %opt);
	return ($code, $out . $err);
}

# good(command, what, %opt of sh()): has to work; what it said.
sub good {
	my ($self, $command, $what, %opt) = @_;
	my ($code, $said) = $self->sh($command, %opt);
	is $code, 0, $what // $command or diag $said;
	return $said;
}

# bad(...): the same, has to fail.
sub bad {
	my ($self, $command, $what, %opt) = @_;
	my ($code, $said) = $self->sh($command, %opt);
	isnt $code, 0, $what // $command or diag $said;
	return $said;
}

# start(command...): a server, until the end of the test.
sub start {
	my ($self, @command) = @_;
	my $pid = fork // croak "fork: $!";
	return $pid if $pid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$self->{root}/root/console";
	open STDERR, '>&', \*STDOUT;
	{ exec @{ $self->command(@command) } }
	POSIX::_exit(127);
}

# Every file with its mode, owner and what it holds or leads to; without what
# packages need not take back: caches, logs and lists of apt's and dpkg's own.
sub files {
	my ($self) = @_;
	my $these = q{find / -xdev \( -path /proc -o -path /dev -o -path /tmp \
	    -o -path /root -o -path /var/cache -o -path /var/lib/apt \
	    -o -path /var/lib/dpkg -o -path /var/log/apt \
	    -o -path /var/log/dpkg.log -o -path /run \) -prune -o};
	my ($code, $out) = $self->sh("$these -printf '%p %m %u:%g %l\\n'; "
	    . "$these -type f -print0 | xargs -0 md5sum");
	croak $out if $code;
	my %files = map { m{^(/\S*) (.*)} ? ($1 => $2) : () } split /\n/, $out;
	$files{$2} .= $1 while $out =~ m{^([0-9a-f]{32})  (/\S*)$}mg;
	return \%files;
}

1;
