# SPDX-License-Identifier: GPL-3.0-or-later
#
# A Debian of its own: what "make check-packages" unpacked, in memory, in
# namespaces of mounts and processes that end with the test.
#
#	my $system = Apitoken::System->new;	# the test begins anew inside
#	my ($code, $said) = $system->sh('apt-get install ...', stdin => '');
#	$system->start('/usr/sbin/sshd', '-D');	# until the end
package Apitoken::System;

use strict;
use warnings;
use Apitoken::Test qw(run build_dir);
use Carp qw(croak);
use POSIX ();

sub new {
	my ($class) = @_;
	my $base = build_dir() . '/packages/bookworm.tar';
	if (!$ENV{APITOKEN_INSIDE}) {
		$ENV{APITOKEN_INSIDE} = 1;
		exec 'unshare', '--mount', '--pid', '--fork', '--kill-child',
		    $^X, $0, @ARGV;
		die "unshare: $!\n";
	}
	my $self = bless { root => build_dir() . '/packages/root' }, $class;
	my $root = $self->{root};
	mkdir $root;
	for my $command ([ 'mount', '-t', 'tmpfs', '-o', 'mode=755,size=4g',
	    'tmpfs', $root ], [ 'tar', '-C', $root, '-xf', $base ],
	    [ 'mount', '-t', 'proc', 'proc', "$root/proc" ],
	    [ 'mount', '--rbind', '/dev', "$root/dev" ]) {
		system(@$command) == 0 or croak "@$command: failed";
	}
	$self->write('usr/sbin/policy-rc.d', "#!/bin/sh\nexit 101\n", 0755);
	return $self;
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

sub command {
	my ($self, @command) = @_;
	return [ 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
	    'HOME=/root', 'LC_ALL=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive',
	    'chroot', $self->{root}, @command ];
}

# sh(text, %opt of run()): the exit code and all that was said.
sub sh {
	my ($self, $text, %opt) = @_;
	my ($code, $out, $err) = run($self->command('sh', '-ec', $text),
	    timeout => 900, %opt);
	return ($code, $out . $err);
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
	my ($code, $out) = $self->sh(q{
		find / -xdev \( -path /proc -o -path /dev -o -path /tmp \
		    -o -path /root -o -path /var/cache \
		    -o -path /var/lib/apt -o -path /var/lib/dpkg \
		    -o -path /var/log/apt -o -path /var/log/dpkg.log \
		    -o -path /run \) -prune \
		    -o -type f -printf '%p %m %u:%g ' -exec sh -c \
			'md5sum <"$1"' sh '{}' \; \
		    -o -printf '%p %m %u:%g %l\n'});
	croak $out if $code;
	return { map { m{^(/\S*) (.*)} ? ($1 => $2) : () } split /\n/, $out };
}

1;
