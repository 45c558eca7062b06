# SPDX-License-Identifier: GPL-3.0-or-later
#
# A real OpenSSH server on a free loopback port, in the private host that
# Apitoken::Server makes, and logins to it with the real client.
#
#	my $sshd = Apitoken::Sshd->start(dir => $dir, pam => [lines]);
#	my $got = $sshd->login(user => 'alice', password => $token);
#	$got->{ok}		the command ran, as that user
#	$got->{refused}		the server said "Permission denied"
#	$got->{debug}		what ssh -vvv wrote
package Apitoken::Sshd;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Server ();
use Apitoken::Test qw(run);
use Carp qw(croak);
use Time::HiRes qw(time);

# Why it cannot be tested here, or undef.
sub missing { return Apitoken::Server::unavailable(qw(sshd ssh ssh-keygen
    sshpass)) }

# start(dir =>, pam => [lines], name => 'sshd', groups => {name => [members]},
# config => [lines of sshd_config])
sub start {
	my ($class, %opt) = @_;
	my $self = $class->SUPER::new(dir => $opt{dir},
	    name => $opt{name} // 'sshd', pam => { sshd => $opt{pam} },
	    groups => $opt{groups} // {});
	$self->{config} = $opt{config} // [];
	my $base = $self->base;
	for my $key (qw(host_key user_key)) {
		my ($exit, undef, $err) = run([ 'ssh-keygen', '-q', '-t',
		    'ed25519', '-N', '', '-C', $key, '-f', "$base/$key" ]);
		$exit eq '0' or croak "ssh-keygen: $err";
	}
	return $self->launch_anywhere(sub {
		$self->configure;
		return (Apitoken::Server::find_program('sshd'), '-D', '-f',
		    "$base/sshd_config");
	});
}

sub configure {
	my ($self) = @_;
	my $base = $self->base;
	# The first one of a keyword counts.
	my @lines = (@{ $self->{config} },
		"ListenAddress 127.0.0.1:$self->{port}",
		"HostKey $base/host_key",
		'PidFile none',
		'UsePAM yes',
		'PasswordAuthentication yes',
		'KbdInteractiveAuthentication yes',
		'PubkeyAuthentication yes',
		'PermitRootLogin yes',
		'PermitEmptyPasswords no',
		'UseDNS no',
		'LogLevel DEBUG3',
		'MaxStartups 100',
		'MaxAuthTries 6',
		'PrintMotd no',
		'PrintLastLog no',
	);
	# Newer servers shut out an address after a few refusals.
	my $ssh = (run([ 'ssh', '-V' ]))[2];
	push @lines, 'PerSourcePenalties no'
	    if $ssh =~ /OpenSSH_(\d+)\.(\d+)/ && $1 * 100 + $2 >= 908;
	$self->write_file('sshd_config', 0600, map { "$_\n" } @lines);

	my ($type, $key) = split / /, $self->content('host_key.pub');
	$self->write_file('known_hosts', 0600,
	    "[127.0.0.1]:$self->{port} $type $key\n");
	return;
}

# authorize(user): lets the user in with the key that was made for this run.
sub authorize {
	my ($self, $user) = @_;
	my $id = $self->uid($user);
	my $home = "home/$user";
	mkdir $self->base . "/$home/.ssh", 0700;
	my $file = $self->write_file("$home/.ssh/authorized_keys", 0600,
	    $self->content('user_key.pub'));
	chown $id, $id, $self->base . "/$home/.ssh", $file;
	return;
}

# ssh(user =>, method =>, password =>, prompt => what to wait for,
# run => 'command', more => [options]):
# the command of one attempt, with one prompt. The password goes to sshpass by
# a descriptor, so neither argument list nor environment holds it.
sub ssh {
	my ($self, %opt) = @_;
	my $base = $self->base;
	my $method = $opt{method} // 'password';
	my %set = (
		PreferredAuthentications => $method,
		NumberOfPasswordPrompts => 1,
		UserKnownHostsFile => "$base/known_hosts",
		GlobalKnownHostsFile => '/dev/null',
		StrictHostKeyChecking => 'yes',
		IdentityFile => "$base/user_key",
		IdentitiesOnly => 'yes',
		IdentityAgent => 'none',
		PubkeyAuthentication =>
		    $method =~ /publickey/ ? 'yes' : 'no',
		ConnectTimeout => 60,
	);
	my @command = ('ssh', '-vvv', '-n', '-T', '-F', 'none',
	    '-p', $self->{port},
	    (map { ('-o', "$_=$set{$_}") } sort keys %set),
	    @{ $opt{more} // [] }, "$opt{user}\@127.0.0.1", $opt{run});
	unshift @command, 'sshpass', '-P', $opt{prompt} // 'assword', '-d', '0'
	    if $method ne 'publickey';
	return \@command;
}

# login(user =>, method => 'password', 'keyboard-interactive' or 'publickey',
# password =>): an attempt.
sub login {
	my ($self, %opt) = @_;
	my $command = $self->ssh(%opt, run => 'echo "in as $(id -un)"');
	my $started = time;
	my ($exit, $out, $err) = run($command,
	    env => { SSH_AUTH_SOCK => undef },
	    stdin => defined $opt{password} ? "$opt{password}\n" : '');
	return {
		ok => $exit eq '0' && $out eq "in as $opt{user}\n" ? 1 : 0,
		refused => $exit eq '255'
		    && $err =~ /^\S+: Permission denied \(/m ? 1 : 0,
		exit => $exit,
		out => $out,
		debug => $err,
		seconds => time - $started,
	};
}

1;
