# SPDX-License-Identifier: GPL-3.0-or-later
#
# A real Cyrus IMAP in the private host that Apitoken::Server makes: cyrmaster
# and saslauthd, two services on free loopback ports, the second with XOAUTH2
# and nothing else. Its folders lie over those of the host's Cyrus. No TLS.
#
#	my $imap = Apitoken::Cyrus->new(dir => $dir, name => 'cyrus',
#	    groups => { apitoken => ['cyrus'] }, pam => { imap => [lines] });
#	$imap->as_host(...);		prepare an installation
#	$imap->start(lines of imapd.conf);
#	my $got = $imap->curl(mech => 'XOAUTH2', user =>, password =>);
#	my $talk = $imap->talk(mech => 'login command', ...);
#	my $sync = $imap->mbsync([recipe's lines], user =>, password =>);
#	$sync->{ok}, $sync->{wire}	all that crossed the wire
package Apitoken::Cyrus;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Dovecot ();
use Apitoken::Server ();
use Apitoken::Test qw(free_port slurp wait_for);
use Carp qw(croak);
use File::Path qw(make_path remove_tree);
use IO::Select ();
use IO::Socket::INET ();

my $programs = '/usr/lib/cyrus/bin';
# Debian does not let cyrus-imapd be installed beside dovecot-imapd; imapd
# itself runs from wherever the package was unpacked, with cyrus-common.
my ($imapd) = grep { defined && -x } $ENV{CYRUS_IMAPD}, "$programs/imapd",
    '/usr/local/lib/apitoken-tests/imapd';
my @folders = qw(/var/lib/cyrus /var/spool/cyrus);

# Why it cannot be tested here, or undef.
sub missing {
	return 'imapd of Cyrus is missing (packaging/install-deps)'
	    if !defined $imapd;
	my $scram = (Apitoken::Server::sasl_folder() // '') . '/libscram.so';
	return Apitoken::Server::no_plug_ins([qw(cyrmaster saslauthd
	    saslpasswd2 curl mbsync)], "$programs/ctl_cyrusdb", @folders,
	    $scram);
}

# The folder has to be one that the user cyrus can get through.
sub new {
	my ($class, %opt) = @_;
	my $base = "$opt{dir}/$opt{name}";
	my $self = $class->with_plug_ins(%opt, over => \@folders,
	    accounts => [qw(cyrus sasl)]);
	my ($uid, $gid) = (getpwnam 'cyrus')[2, 3];
	for my $name (map({ "lib/cyrus$_" } '', qw(/db /socket /proc /log
	    /msg /lock /ptclient)), map { "spool/cyrus$_" } '', '/mail') {
		make_path("$base/var/$name");
		chown $uid, $gid, "$base/var/$name" or croak "$name: $!";
		chmod 0750, "$base/var/$name" or croak "$name: $!";
	}
	return $self;
}

# add_password(user): the user's ordinary password goes into sasldb.
sub add_password {
	my ($self, $user) = @_;
	my $file = '/var/lib/cyrus/sasldb2';
	my ($exit, $out, $err) = $self->as_host(
	    Apitoken::Server::find_program('saslpasswd2'), '-p', '-c', '-f',
	    $file, '-u', 'mail.example.org', $user,
	    { stdin => $self->password($user) . "\n" });
	$exit eq '0' or croak "saslpasswd2: $out$err";
	my ($uid, $gid) = (getpwnam 'cyrus')[2, 3];
	chown $uid, $gid, $self->base . $file or croak "$file: $!";
	return;
}

sub start {
	my ($self, @lines) = @_;
	$self->launch_anywhere(sub {
		$self->{xoauth2_port} = free_port();
		$self->configure(@lines);
		return ('/bin/sh', '-c',
		    'mkdir -p /run/saslauthd /run/cyrus && '
		    . 'chown cyrus /run/cyrus && '
		    . 'saslauthd -a pam -n 2 -m /run/saslauthd && '
		    . 'exec cyrmaster -C /var/lib/cyrus/imapd.conf '
		    . '-M /var/lib/cyrus/cyrus.conf '
		    . '-p /run/cyrus/master.pid');
	});
	$self->wait_socket('/run/saslauthd/mux') or croak 'no saslauthd';
	return $self;
}

sub configure {
	my ($self, @lines) = @_;
	$self->write_file('var/lib/cyrus/imapd.conf', 0644, <<'END',
configdirectory: /var/lib/cyrus
proc_path: /var/lib/cyrus/proc
mboxname_lockpath: /var/lib/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
servername: mail.example.org
autocreate_quota: 0
failedloginpause: 0
sieveusehomedir: false
sasl_sasldb_path: /var/lib/cyrus/sasldb2
xoauth2_sasl_mech_list: XOAUTH2
syslog_prefix: cyrus
END
	    map { "$_\n" } @lines);
	my $command = "$imapd -C /var/lib/cyrus/imapd.conf -U 30";
	my $how = 'proto="tcp4" prefork=1';
	$self->write_file('var/lib/cyrus/cyrus.conf', 0644, <<"END");
START {
  recover cmd="$programs/ctl_cyrusdb -C /var/lib/cyrus/imapd.conf -r"
}
SERVICES {
  imap cmd="$command" listen="127.0.0.1:$self->{port}" $how
  xoauth2 cmd="$command" listen="127.0.0.1:$self->{xoauth2_port}" $how
}
EVENTS {
}
END
	return;
}

# curl takes OAUTHBEARER wherever it is offered.
sub curl {
	my ($self, %opt) = @_;
	local $self->{port} = $self->{xoauth2_port}
	    if $opt{mech} eq 'XOAUTH2';
	my $got = Apitoken::Dovecot::curl($self, %opt);
	# This server does not say what it is that was completed.
	$got->{ok} = $got->{exit} eq '0'
	    && $got->{debug} =~ /^< \S+ OK \[READ-WRITE\]/m ? 1 : 0;
	return $got;
}

sub talk { return Apitoken::Dovecot::talk(@_) }

# mbsync([an account's lines], user =>, password =>, mech =>): lists what
# there is, over a relay that writes everything down.
sub mbsync {
	my ($self, $lines, %opt) = @_;
	my $port = free_port();
	my $wire = $self->base . '/wire';
	my $mail = $self->base . '/mbsync-mail';
	unlink $wire;
	make_path($mail);
	my $pass = $self->write_file('mbsync-token', 0600,
	    "$opt{password}\n");
	my @account = @$lines;
	for (@account) {
		s/^(Host) .*/$1 127.0.0.1\nPort $port/;
		s/^(User) .*/$1 $opt{user}/;
		s/^(PassCmd) .*/$1 "cat $pass"/;
		s/^(AuthMechs) .*/$1 $opt{mech}/ if $opt{mech};
		s/^(SSLType) .*/$1 None/;
		$_ .= "\n";
	}
	my ($name) = join('', @account) =~ /^IMAPAccount (\S+)/m;
	my $rc = $self->write_file('mbsyncrc', 0600, @account, <<"END");

IMAPStore far
Account $name

MaildirStore near
Path $mail/
Inbox $mail/INBOX

Channel all
Far :far:
Near :near:
Create Near
SyncState *
END
	(my $lib = __FILE__) =~ s{/Apitoken/Cyrus\.pm$}{};
	my $relay = Apitoken::Test::start([ $^X, "-I$lib", '-MApitoken::Cyrus',
	    '-e', 'Apitoken::Cyrus::relay(@ARGV)', $port, $self->{port},
	    $wire ], log => $self->base . '/relay');
	wait_for(sub { -e $wire }) or croak 'no relay';
	my ($exit, $out, $err) = $self->as_host('/usr/bin/mbsync', '-c', $rc,
	    '-V', 'all');
	Apitoken::Test::stop($relay);
	unlink $pass;
	remove_tree($mail);
	return {
		ok => $exit eq '0' ? 1 : 0,
		debug => "$out$err",
		wire => slurp($wire),
	};
}

# relay(port, to, file): carries one connection after the other, and writes
# down what goes either way.
sub relay {
	my ($port, $to, $file) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    LocalPort => $port, Listen => 5, ReuseAddr => 1) or die "$!\n";
	open my $out, '>:raw', $file or die "$file: $!\n";
	$out->autoflush(1);
	while (my $client = $listen->accept) {
		my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $to) or die "$!\n";
		carry($client, $server, $out);
	}
	return;
}

sub carry {
	my ($client, $server, $out) = @_;
	my %other = ($client => $server, $server => $client);
	my $both = IO::Select->new($client, $server);
	for (;;) {
		for my $from ($both->can_read) {
			return if !sysread $from, my $bytes, 65536;
			print {$out} $bytes;
			syswrite $other{$from}, $bytes;
		}
	}
}

1;
