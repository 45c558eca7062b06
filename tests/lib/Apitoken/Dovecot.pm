# SPDX-License-Identifier: GPL-3.0-or-later
#
# A real Dovecot (2.3) on a free loopback port, in the private host that
# Apitoken::Server makes: IMAP only, passwords checked by PAM, no TLS. Logins
# go through curl, or line by line over a socket to see the exact answers.
#
#	my $imap = Apitoken::Dovecot->start(dir => $dir, pam => [lines]);
#	my $got = $imap->curl(mech => 'OAUTHBEARER', user => 'alice',
#	    password => $token);
#	$got->{ok}		curl logged in and selected the INBOX
#	$got->{refused}		curl says that the login was denied
#	my $talk = $imap->talk(mech => 'XOAUTH2', ...);	the raw dialogue
package Apitoken::Dovecot;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Server ();
use Apitoken::Test qw(run wait_for);
use Carp qw(croak);
use IO::Select ();
use IO::Socket::INET ();
use MIME::Base64 qw(encode_base64 decode_base64);
use Time::HiRes qw(time);

# Why it cannot be tested here, or undef.
sub missing {
	my $why = Apitoken::Server::unavailable(qw(dovecot doveconf curl));
	return $why if defined $why;
	my ($exit, $version) = run([ 'dovecot', '--version' ]);
	return if $exit eq '0' && $version =~ /^2\.3\./;
	chomp $version;
	return "Dovecot 2.3 is wanted, this is '$version': "
	    . 'its configuration is written in another way';
}

# start(dir =>, pam => [lines], name => 'dovecot', service => 'dovecot',
# like => another server with the same accounts, mechanisms => 'xoauth2',
# args => what passdb is told, more => [lines]): curl takes OAUTHBEARER over
# XOAUTH2 wherever it is offered, so XOAUTH2 from curl needs a server with
# nothing else.
sub start {
	my ($class, %opt) = @_;
	my $service = $opt{service} // 'dovecot';
	my $self = $class->SUPER::new(dir => $opt{dir},
	    name => $opt{name} // 'dovecot', like => $opt{like},
	    pam => { $service => $opt{pam} });
	$self->{service} = $service;
	$self->{mechanisms} = $opt{mechanisms}
	    // 'plain login oauthbearer xoauth2';
	$self->{args} = $opt{args} // $service;
	$self->{more} = join '', map { "$_\n" } @{ $opt{more} // [] };
	return $self->launch_anywhere(sub {
		$self->configure;
		return (Apitoken::Server::find_program('dovecot'), '-F', '-c',
		    $self->base . '/dovecot.conf');
	});
}

sub configure {
	my ($self) = @_;
	my $base = $self->base;
	mkdir "$base/state", 0755;
	my $text = <<"END";
protocols = imap
listen = 127.0.0.1
base_dir = /run/dovecot
state_dir = $base/state
log_path = $base/log
auth_debug = yes
auth_verbose = yes
mail_debug = yes
ssl = no
disable_plaintext_auth = no
auth_mechanisms = $self->{mechanisms}
auth_cache_size = 0
auth_failure_delay = 0
first_valid_uid = 1000
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
passdb {
  driver = pam
  args = $self->{args}
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=/run/home/vmail/%u
}
service imap-login {
  inet_listener imap {
    port = $self->{port}
  }
  inet_listener imaps {
    port = 0
  }
}
# Without this an address that was refused waits longer each time.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
$self->{more}
END
	$self->write_file('dovecot.conf', 0600, $text);
	return;
}

# log(): Dovecot's own log; what PAM modules say is in syslog().
sub log { return $_[0]->content('log') }

# wait_log(pattern): true as soon as Dovecot's log has it.
sub wait_log {
	my ($self, $pattern) = @_;
	return wait_for(sub { $self->log =~ $pattern });
}

# Lines that speak of a process that crashed, or of a fault in the server.
sub crashes {
	my ($self) = @_;
	return grep { /killed with signal|Panic:|Fatal:|core dumped/ }
	    split /\n/, $self->log;
}

# curl(mech => 'PLAIN', 'LOGIN', 'OAUTHBEARER' or 'XOAUTH2', user =>,
# password =>): the password or token is in a file of curl's own format.
sub curl {
	my ($self, %opt) = @_;
	my $mech = $opt{mech};
	my @lines = (
		'silent', 'show-error', 'verbose', 'max-time = 100',
		'noproxy = "*"',
		"url = \"imap://127.0.0.1:$self->{port}/INBOX\"",
		'request = "NOOP"',
		"login-options = \"AUTH=$mech\"",
	);
	if ($mech =~ /OAUTH/) {
		push @lines, "user = \"$opt{user}\"",
		    "oauth2-bearer = \"$opt{password}\"";
	} else {
		push @lines, "user = \"$opt{user}:$opt{password}\"";
	}
	my $file = $self->write_file('curlrc', 0600, map { "$_\n" } @lines);
	my $started = time;
	my ($exit, $out, $err) = run([ 'curl', '-q', '-K', $file ]);
	unlink $file;
	# curl shows what it sends, the token in base64.
	$err =~ s/^>.*\n//mg;
	return {
		ok => $exit eq '0' && $err =~ /^< \S+ OK .*\bNOOP\b/mi ? 1 : 0,
		refused => $exit eq '67' ? 1 : 0,	# CURLE_LOGIN_DENIED
		exit => $exit,
		out => $out,
		debug => $err,
		seconds => time - $started,
	};
}

# talk(mech => 'login command' or a SASL mechanism, user =>, password =>,
# answer => what to send after an OAuth error): {lines} from the server,
# {ok} when the tagged answer is OK, {no} when it is NO, and {challenge}, the
# decoded text of the last continuation.
sub talk {
	my ($self, %opt) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $self->{port}) or croak "connect: $!";
	my %got = (lines => [], challenge => '', ok => 0, no => 0);
	my @replies = replies(%opt);
	my $send = sub { print {$socket} "$_[0]\r\n"; $socket->flush };

	greeting($socket, \%got) or return \%got;
	$send->(shift @replies);
	while (defined(my $line = read_line($socket, \%got))) {
		if ($line =~ /^\+ ?(.*)/) {
			$got{challenge} = decode_base64($1);
			$send->(shift @replies // $opt{answer} // '*');
		} elsif ($line =~ /^a (OK|NO|BAD)\b/) {
			$got{ok} = $1 eq 'OK' ? 1 : 0;
			$got{no} = $1 eq 'NO' ? 1 : 0;
			last;
		}
	}
	$send->('b LOGOUT');
	return \%got;
}

sub replies {
	my (%opt) = @_;
	my ($user, $password) = @opt{qw(user password)};
	return "a LOGIN \"$user\" \"$password\""
	    if $opt{mech} eq 'login command';
	return ("a AUTHENTICATE LOGIN", encode_base64($user, ''),
	    encode_base64($password, '')) if $opt{mech} eq 'LOGIN';
	my %first = (
		PLAIN => "\0$user\0$password",
		OAUTHBEARER => "n,a=$user,\1host=127.0.0.1\1port=143\1"
		    . "auth=Bearer $password\1\1",
		XOAUTH2 => "user=$user\1auth=Bearer $password\1\1",
	);
	my $text = encode_base64($first{ $opt{mech} }, '');
	return ("a AUTHENTICATE $opt{mech}", $text);
}

sub greeting {
	my ($socket, $got) = @_;
	my $line = read_line($socket, $got);
	return defined $line && $line =~ /^\* OK/;
}

sub read_line {
	my ($socket, $got) = @_;
	# One line at a time arrives here, so nothing waits in the buffer.
	return if !IO::Select->new($socket)->can_read(60);
	my $line = <$socket>;
	return if !defined $line;
	$line =~ s/\r?\n$//;
	push @{ $got->{lines} }, $line;
	return $line;
}

1;
