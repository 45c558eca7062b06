# SPDX-License-Identifier: GPL-3.0-or-later
#
# A real Postfix in the private host that Apitoken::Server makes: submission
# on a free loopback port, by one smtpd in a chroot, into one mailbox. Its
# folders lie over those of the host's Postfix, so all paths are the usual
# ones. No TLS.
#
#	my $smtp = Apitoken::Postfix->new(dir => $dir, name => 'postfix');
#	$smtp->as_host(...);		prepare an installation
#	$smtp->start(main => [lines], sasl => [lines]);
#	my $got = $smtp->curl($recipe, user => 'alice', token => $token);
#	$got->{ok}, $got->{refused}
#	$smtp->talk(mech => 'XOAUTH2', ...);	the server's answers
#	$smtp->mail;			what has come into the mailbox
package Apitoken::Postfix;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Server ();
use Apitoken::Test qw(program run free_port slurp spit wait_for);
use Carp qw(croak);
use File::Path qw(make_path);
use IO::Socket::INET ();
use MIME::Base64 qw(encode_base64 decode_base64);

my $programs = '/usr/lib/postfix/sbin';
my @folders = qw(/etc/postfix /var/spool/postfix /var/lib/postfix);

# Why it cannot be tested here, or undef.
sub missing {
	my $why = Apitoken::Server::no_plug_ins([qw(postconf curl msmtp)],
	    "$programs/smtpd", @folders);
	return $why if defined $why;
	return 'this Postfix is built without Cyrus SASL'
	    if (run([ 'postconf', '-a' ]))[1] !~ /^cyrus$/m;
	return;
}

sub new {
	my ($class, %opt) = @_;
	my $self = $class->with_plug_ins(%opt, over => \@folders,
	    accounts => [qw(postfix postdrop)]);
	$self->make_spool;
	return $self;
}

sub make_spool {
	my ($self) = @_;
	my ($uid, $gid) = (getpwnam 'postfix')[2, 3];
	my $drop = getgrnam 'postdrop';
	my $spool = $self->base . '/var/spool/postfix';
	my @place = (0700, $uid, 0);
	my %special = (
		pid => [ 0755, 0, 0 ],
		maildrop => [ 01730, $uid, $drop ],
		public => [ 02710, $uid, $drop ],
		'../../lib/postfix' => [ 0700, $uid, $gid ],
	);
	for my $name (qw(active bounce corrupt defer deferred flush hold
	    incoming private saved trace), keys %special) {
		my ($mode, @owner) = @{ $special{$name} // \@place };
		make_path("$spool/$name");
		chown @owner, "$spool/$name" or croak "$name: $!";
		chmod $mode, "$spool/$name" or croak "$name: $!";
	}
	return;
}

# start(main => [lines of main.cf], sasl => { application => [lines] }): one
# smtpd per application, each on a port of its own.
sub start {
	my ($self, %opt) = @_;
	make_path($self->base . '/etc/postfix/sasl');
	for my $name (keys %{ $opt{sasl} }) {
		$self->write_file("etc/postfix/sasl/$name.conf", 0644,
		    map { "$_\n" } @{ $opt{sasl}{$name} });
	}
	return $self->launch_anywhere(sub {
		$self->{ports} = { map({ $_ => free_port() }
		    keys %{ $opt{sasl} }), smtpd => $self->{port} };
		$self->configure(@{ $opt{main} });
		return ("$programs/master", '-c', '/etc/postfix', '-d');
	});
}

sub configure {
	my ($self, @lines) = @_;
	my %given = map { /^(\w+)/ ? ($1 => 1) : () } @lines;
	my @defaults = grep { !/^(\w+)/ || !$given{$1} } split /\n/, <<'END';
compatibility_level = 3.6
maillog_file =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mynetworks =
mydestination =
smtpd_peername_lookup = no
virtual_transport = virtual
virtual_mailbox_domains = example.org
virtual_mailbox_base = /run/home
virtual_mailbox_maps = static:vmail/inbox
virtual_uid_maps = static:61009
virtual_gid_maps = static:61009
virtual_minimum_uid = 1000
default_transport = error:no way out
relay_transport = error:no way out
END
	$self->write_file('etc/postfix/main.cf', 0644,
	    map { "$_\n" } @defaults, @lines);
	my @services = (
		map({ "127.0.0.1:$self->{ports}{$_} inet n - y - 1 smtpd "
		    . "-o smtpd_sasl_path=$_" } sort keys %{ $self->{ports} }),
		'cleanup unix n - y - 0 cleanup',
		'qmgr unix n - n 300 1 qmgr',
		'rewrite unix - - y - - trivial-rewrite',
		map({ "$_ unix - - y - 0 bounce" } qw(bounce defer trace)),
		'anvil unix - - y - 1 anvil',
		'virtual unix - n n - - virtual',
		map({ "$_ unix - - y - - $_" } qw(error smtp proxymap)),
	);
	$self->write_file('etc/postfix/master.cf', 0644,
	    map { "$_\n" } @services);
	return;
}

# mail(): the mailbox.
sub mail { return $_[0]->content('home/vmail/inbox') }

sub message {
	my ($subject) = @_;
	return "From: alice\@example.org\r\nTo: post\@example.org\r\n"
	    . "Subject: $subject\r\n\r\nText.\r\n";
}

sub outcome {
	my ($exit, $out, $err, $denied) = @_;
	return { ok => $exit eq '0', refused => $exit eq $denied,
	    debug => "exit $exit\n$out$err" };
}

# curl(recipe, application => 'smtpd', user =>, token =>, subject =>): the
# token is in a file of curl's own format. curl takes OAUTHBEARER wherever it
# is offered.
sub curl {
	my ($self, $recipe, %opt) = @_;
	my $port = $self->{ports}{ $opt{application} // 'smtpd' };
	my $base = $self->base;
	spit("$base/message", message($opt{subject}));
	my @lines = $recipe->with('~/.curlrc-mail', {
		url => "url = \"smtp://127.0.0.1:$port/client\"",
		'ssl-reqd' => '',
		user => "user = \"$opt{user}:\"",
		'oauth2-bearer' => "oauth2-bearer = \"$opt{token}\"",
		'upload-file' => "upload-file = \"$base/message\"",
	});
	spit("$base/curlrc", join '', map { "$_\n" } @lines,
	    'silent', 'show-error', 'verbose', 'max-time = 100',
	    'noproxy = "*"');
	my @got = run([ 'curl', '-q', '-K', "$base/curlrc" ]);
	unlink "$base/curlrc";
	return outcome(@got, 67);
}

# msmtp(recipe, mech => 'OAUTHBEARER' or 'XOAUTH2', user =>, token =>,
# subject =>)
sub msmtp {
	my ($self, $recipe, %opt) = @_;
	my $base = $self->base;
	make_path("$base/client/.config");
	spit("$base/client/.config/token", "$opt{token}\n");
	spit("$base/client/.msmtprc", join '', map { "$_\n" }
	    $recipe->with('~/.msmtprc', {
		host => 'host 127.0.0.1',
		port => "port $self->{ports}{smtpd}",
		tls => 'tls off',
		auth => 'auth ' . lc $opt{mech},
		user => "user $opt{user}",
	    }), 'timeout 100');
	my @got = run([ 'msmtp', 'post@example.org' ],
	    stdin => message($opt{subject}),
	    env => { HOME => "$base/client" });
	return outcome(@got, 77);	# EX_NOPERM
}

# hand_in(subject): a mail from nobody in particular; true if it is taken.
sub hand_in {
	my ($self, $subject) = @_;
	my $file = $self->base . '/message';
	spit($file, message($subject));
	my ($exit) = run([ 'curl', '-q', '-s', '--noproxy', '*', '--mail-from',
	    'alice@example.org', '--mail-rcpt', 'post@example.org', '-T',
	    $file, "smtp://127.0.0.1:$self->{ports}{smtpd}/client" ]);
	return $exit eq '0';
}

# talk(mech =>, user =>, token =>): the last line the server answers to AUTH,
# and before that the challenge, decoded.
sub talk {
	my ($self, %opt) = @_;
	my $port = $self->{ports}{ $opt{application} // 'smtpd' };
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Timeout => 60) or return 'no connection';
	my %first = (
		OAUTHBEARER => "n,a=$opt{user},\1auth=Bearer $opt{token}\1\1",
		XOAUTH2 => "user=$opt{user}\1auth=Bearer $opt{token}\1\1",
	);
	my $challenge = '';
	# A server that has gone is no answer, not the end of the test; nor is
	# what was not sent by then, when the socket is closed.
	local $SIG{PIPE} = 'IGNORE';
	answer($socket);
	my $last = say_to($socket, 'EHLO client');
	$last = say_to($socket, "AUTH $opt{mech} "
	    . encode_base64($first{ $opt{mech} }, ''));
	if ($last =~ /^334 (.*)/) {
		$challenge = decode_base64($1);
		$last = say_to($socket, 'AQ==');
	}
	say_to($socket, 'QUIT');
	close $socket;
	return wantarray ? ($last, $challenge) : $last;
}

sub say_to {
	my ($socket, $line) = @_;
	print {$socket} "$line\r\n";
	return answer($socket);
}

sub answer {
	my ($socket) = @_;
	for (;;) {
		# The buffer may hold the rest of an answer of many lines.
		local $SIG{ALRM} = sub { die "no answer\n" };
		my $line = eval {
			alarm 60;
			my $got = <$socket>;
			alarm 0;
			$got;
		};
		alarm 0;
		return 'no answer' if !defined $line;
		$line =~ s/\r?\n$//;
		return $line if $line !~ /^\d{3}-/;
	}
}

# smtpd(): pid => { uid =>, groups => } of those that are in the chroot, as the
# kernel has it.
sub smtpd {
	my ($self) = @_;
	my $spool = $self->base . '/var/spool/postfix';
	my %seen;
	for my $proc (glob '/proc/[0-9]*') {
		my $status = eval { slurp("$proc/status") } // next;
		next if $status !~ /^Name:\tsmtpd$/m;
		next if !same_folder("$proc/root/", $spool);
		my ($pid) = $status =~ /^NSpid:.*\t(\d+)$/m;
		my ($uid) = $status =~ /^Uid:\t(\d+\t\d+\t\d+)\t/m;
		my ($groups) = $status =~ /^Groups:\t(.*?) *$/m;
		$seen{$pid} = { uid => $uid, groups => $groups };
	}
	return \%seen;
}

sub same_folder {
	my @one = stat $_[0] or return 0;
	my @two = stat $_[1] or return 0;
	return "@one[0, 1]" eq "@two[0, 1]";
}

# Lines that speak of a process that crashed, or of a fault in the server.
sub crashes {
	my ($self) = @_;
	return grep { /killed by signal|panic:|fatal:|exit status [1-9]/ }
	    split /\n/, $self->syslog;
}

1;
