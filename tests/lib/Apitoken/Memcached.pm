# SPDX-License-Identifier: GPL-3.0-or-later
#
# A real memcached with SASL in the private host that Apitoken::Server makes,
# on a free loopback port, with saslauthd beside it; and a client for its
# binary protocol.
#
#	my $cache = Apitoken::Memcached->new(dir => $dir, name => 'cache',
#	    groups => { apitoken => ['memcache'] }, pam => {...});
#	$cache->start(['User=memcache', 'ExecStart=...'], [lines of
#	    memcached.conf]);
#	my $talk = $cache->connect;
#	$talk->(list => '', '');	{ status =>, value => }; {} if closed
#	$talk->(auth => 'XOAUTH2', $message);
#	$talk->(get => 'key', '');
package Apitoken::Memcached;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Server ();
use Apitoken::Test ();
use Carp qw(croak);
use File::Path qw(make_path);
use IO::Select ();
use IO::Socket::INET ();

my %OP = (get => 0x00, set => 0x01, list => 0x20, auth => 0x21, step => 0x22);

# Why it cannot be tested here, or undef.
sub missing {
	return Apitoken::Server::no_plug_ins([qw(memcached saslauthd
	    setpriv)]);
}

# The folder has to be one that the user memcache can get through.
sub new {
	my ($class, %opt) = @_;
	# The group sasl is the host's own elsewhere; here it gets a member.
	my $self = $class->with_plug_ins(%opt, accounts => ['memcache']);
	make_path($self->base . '/conf');
	return $self;
}

# start([the unit's lines], [options of libsasl]): as systemd would run it,
# but for the port. as_root => 1 leaves the change of user to memcached.
sub start {
	my ($self, $unit, $sasl, %opt) = @_;
	my ($user) = map { /^User=(.+)/ } @$unit;
	my ($command) = map { /^ExecStart=(.+)/ } @$unit;
	$self->write_file('conf/memcached.conf', 0644,
	    map { "$_\n" } @$sasl);
	$self->launch_anywhere(sub {
		my $run = $command =~ s/-p \d+/-p $self->{port}/r;
		my $prefix = $opt{as_root} ? '' : "setpriv --reuid=$user "
		    . "--regid=$user --init-groups -- ";
		$run .= " -u $user" if $opt{as_root};
		return ('/bin/sh', '-c',
		    'mkdir -p -m 710 /run/saslauthd && '
		    . 'chgrp sasl /run/saslauthd && '
		    . 'saslauthd -a pam -n 2 -m /run/saslauthd && '
		    . 'SASL_CONF_PATH=' . $self->base . '/conf '
		    . "exec $prefix$run");
	});
	$self->wait_socket('/run/saslauthd/mux') or croak 'no saslauthd';
	return $self;
}

# connect(): a connection, as a function.
sub connect {
	my ($self) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $self->{port}, Timeout => 60)
	    or croak "connect: $!";
	return sub {
		my ($op, $key, $value) = @_;
		my $extra = $op eq 'set' ? pack 'NN', 0, 0 : '';
		my $body = $extra . $key . $value;
		local $SIG{PIPE} = 'IGNORE';
		syswrite $socket, pack('CCnCCnNNNN', 0x80, $OP{$op},
		    length $key, length $extra, 0, 0, length $body, 0, 0, 0)
		    . $body;
		my $head = take($socket, 24) // return {};
		my ($extras, $status, $rest) =
		    (unpack 'CCnCCnN', $head)[3, 5, 6];
		my $text = take($socket, $rest) // return {};
		return { status => $status, value => substr $text, $extras };
	};
}

# So many bytes, or undef when the connection ends before.
sub take {
	my ($socket, $length) = @_;
	my $bytes = '';
	while (length $bytes < $length) {
		return if !IO::Select->new($socket)->can_read(60);
		sysread($socket, $bytes, $length - length $bytes,
		    length $bytes) or return;
	}
	return $bytes;
}

1;
