# SPDX-License-Identifier: GPL-3.0-or-later
#
# PAM transactions with the module that was built, on the private host of
# Apitoken::Server (its accounts, its /dev/log), with service files that only
# pam_start_confdir sees. A driver plays the application; what the user types
# reaches it on standard input.
#
#	my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
#	$host->stack(alone => 'auth required %M config=%C nodelay');
#	my $r = $host->drive(service => 'alone', user => 'alice',
#	    replies => [ $token ]);
#	$r->{code}{authenticate}	'PAM_SUCCESS'
#	$r->{prompts}			[ 'Token: ' ]
#	$r->{says}			[ 'probe: unset' ]
#	$r->{delay}			microseconds asked for, or 0
#	$r->{log}			what this run sent to the system log
#
# In a stack's lines %M is the module, %P the probe, %C the installation's
# configuration, %D the directory.
package Apitoken::Pam;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Server ();
use Apitoken::Test qw(wait_for init_store program build_dir);
use Carp qw(croak);
use Compress::Raw::Zlib qw(crc32);
use File::Path qw(make_path);

# What sshd answers for users who may not log in.
our $SSHD_JUNK = "\b\n\r\177INCORRECT";

my $runs = 0;

# Why this cannot be tested here, or undef.
sub missing { return Apitoken::Server::unavailable('nsenter', @_) }

# launch_in($dir, %opt): the private host with an installation in $dir/token.
#	conf => { key => value } for the installation
#	mounts => { place => folder or file }
sub launch_in {
	my ($class, $dir, %opt) = @_;
	my $self = $class->SUPER::new(dir => $dir, name => 'host', pam => {},
	    mounts => $opt{mounts});
	my $base = $self->base;
	$self->{dir} = $dir;
	make_path("$dir/pam", "$dir/token", { mode => 0755 });
	$self->{config} = init_store(dir => "$dir/token", conf => $opt{conf});
	$self->stack(other => map { "$_ required pam_deny.so" }
	    qw(auth account password session));
	$self->{driver} = program('tests/pam/driver');

	$self->begin('/bin/sh', '-c', 'echo > "$1" && exec sleep infinity',
	    'sh', "$base/ready");
	wait_for(sub { -e "$base/ready" || !$self->running })
	    && $self->running
	    or croak "no private host:\n" . $self->content('console');
	return $self;
}

sub dir { return $_[0]{dir} }
sub config { return $_[0]{config} }

# with_trouble(sub): once for each thing that can be missing, which it is told.
sub with_trouble {
	my ($self, $check) = @_;
	my $folder = $self->{config} =~ s{/[^/]+$}{}r;
	for my $name ('apitoken.conf', 'secret.conf', 'store') {
		rename "$folder/$name", "$folder/kept" or croak $!;
		$check->("no $name");
		rename "$folder/kept", "$folder/$name" or croak $!;
	}
	return;
}

# expand($line): with %M, %P, %C and %D filled in.
sub expand {
	my ($self, $line) = @_;
	my %is = (
		M => build_dir() . '/pam_apitoken.so',
		P => build_dir() . '/tests/pam/probe.so',
		C => $self->{config},
		D => $self->{dir},
	);
	$line =~ s/%([MPCD])\b/$is{$1}/g;
	return $line;
}

# stack($service, @lines): writes a service file.
sub stack {
	my ($self, $service, @lines) = @_;
	my $path = "$self->{dir}/pam/$service";
	unlink $path;
	open my $fh, '>', $path or croak "$path: $!";
	print {$fh} map { $self->expand($_) . "\n" } @lines;
	close $fh or croak "$path: $!";
	chmod 0644, $path or croak "$path: $!";
	return;
}

# A reply as the driver's script has it: a text; undef for a reply without a
# text; 'none' => 1 for no reply at all; 'fail' => the conversation's code.
sub script_line {
	my ($reply) = @_;
	return 'null' if !defined $reply;
	if (ref $reply) {
		return 'none' if $reply->{none};
		return "fail:$reply->{fail}";
	}
	return "text:$reply" if $reply =~ /\A[\x20-\x7e]*\z/;
	return 'hex:' . unpack 'H*', $reply;
}

# drive(%opt): one transaction; what came of it.
#	service, user, rhost, silent
#	replies => [...]	see script_line()
#	sections => [[...]...]	for threads => N, rounds => N
#	steps => [...]		default: authenticate
#	wrap => [command...]	in front of the driver: valgrind, setpriv
sub drive {
	my ($self, %opt) = @_;
	my @sections = @{ $opt{sections} // [ $opt{replies} // [] ] };
	my $script = join "--\n", map {
		join '', map { script_line($_) . "\n" } @$_ } @sections;
	my $mark = sprintf 'end of run %d.%d', $$, ++$runs;
	my @command = (@{ $opt{wrap} // [] }, $self->{driver},
	    '-c', "$self->{dir}/pam", '-s', $opt{service}, '-m', $mark);
	push @command, '-u', $opt{user} if defined $opt{user};
	push @command, '-r', $opt{rhost} if defined $opt{rhost};
	push @command, '-S' if $opt{silent};
	push @command, '-T', $opt{threads} if $opt{threads};
	push @command, '-N', $opt{rounds} if $opt{rounds};
	push @command, @{ $opt{steps} // ['authenticate'] };

	my $from = length $self->syslog;
	my ($exit, $out, $err) = $self->enter(\@command, stdin => $script,
	    timeout => $opt{timeout});
	$exit eq '0' || $opt{may_fail}
	    or croak "driver: exit $exit:\n$out$err";
	$self->wait_syslog(qr/\Q$mark\E$/m, $from)
	    or croak "driver: no line in the log:\n$out$err";
	my $log = substr $self->syslog, $from;
	$log =~ s/^[^\n]*\Q$mark\E\n.*//ms;
	return { result($out), exit => $exit, out => $out, err => $err,
	    log => $log };
}

sub result {
	my ($out) = @_;
	my %r = (code => {}, prompts => [], says => [], delay => 0,
	    count => {}, user => undef);
	for (split /\n/, $out) {
		if (/^echo_(?:off|on) "(.*)"$/) {
			push @{ $r{prompts} }, $1;
		} elsif (/^(?:info|error) "(.*)"$/) {
			# but not what pam_debug says of itself
			push @{ $r{says} }, $1 if $1 !~ /=cred_unavail$/;
		} elsif (/^delay (\d+)$/) {
			$r{delay} = $1;
		} elsif (/^user "(.*)"$/) {
			$r{user} = $1;
		} elsif (/^section (\d+) (\S+) (\S+) (\d+)$/) {
			$r{count}{"$1 $2 $3"} = $4;
		} elsif (/^(\S+) (PAM_\S+)$/) {
			$r{code}{$1} = $2 eq 'PAM_CRED_UNAVAIL'
			    ? 'PAM_IGNORE' : $2;
		}
	}
	return %r;
}

# raw_stack($service, auth => options, account => options): only the module,
# in lines that let its own code through. An IGNORE, which libpam swallows,
# comes to a module that gives PAM_CRED_UNAVAIL; ours never does, so drive()
# shows that as PAM_IGNORE.
sub raw_stack {
	my ($self, $service, %opt) = @_;
	my @lines;
	for my $type (qw(auth account session password)) {
		my $options = $opt{$type} // 'config=%C nodelay';
		push @lines,
		    "$type [success=1 ignore=ignore default=die] %M $options",
		    "$type requisite pam_debug.so auth=cred_unavail "
		    . 'acct=cred_unavail open_session=cred_unavail '
		    . 'close_session=cred_unavail cred=cred_unavail '
		    . 'chauthtok=cred_unavail prechauthtok=cred_unavail',
		    "$type required pam_permit.so";
	}
	$self->stack($service, @lines);
	return;
}

# step_apitoken(@args): the step that runs the command line in mid-transaction.
sub step_apitoken {
	my ($self, @args) = @_;
	return 'run:' . join(' ', map { "'$_'" } program('apitoken'),
	    '--config', $self->{config}, @args) . ' >/dev/null 2>&1';
}

# ---- tokens that nobody made ----

my @B32 = split //, '0123456789abcdefghjkmnpqrstvwxyz';
my %B32 = map { $B32[$_] => $_ } 0 .. $#B32;

sub to_b32 {
	my ($bytes) = @_;
	my $bits = unpack 'B*', $bytes;
	$bits .= '0' while length($bits) % 5;
	return join '', map { $B32[ oct "0b$_" ] } $bits =~ /(.{5})/g;
}

sub from_b32 {
	my ($text) = @_;
	my $bits = join '', map { sprintf '%05b', $B32{$_} } split //, $text;
	$bits = substr $bits, 0, length($bits) - length($bits) % 8;
	return pack 'B*', $bits;
}

# forge($token, sub { ... }): the token with its bytes (header, caveats, tag,
# in $_) changed by the block, and a checksum that is right again.
sub forge {
	my ($token, $change) = @_;
	my ($body) = $token =~ /^tkc1_(.*).{7}\z/s or croak 'not a token';
	local $_ = from_b32($body);
	$change->();
	my $text = 'tkc1_' . to_b32($_);
	return $text . to_b32(pack 'N', crc32($text));
}

1;
