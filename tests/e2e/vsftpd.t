#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens as passwords of a real vsftpd, set up as doc/recipes/vsftpd.md says,
# with TLS and curl.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use IO::Select ();
use IO::Socket::INET ();
use Test::More;

if (defined(my $why = Apitoken::Server::unavailable(qw(vsftpd curl openssl
    nsenter pkill)))) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('vsftpd');
my $dir = tempdir();
mkdir "$dir/token", 0700;
my $config = init_store(dir => "$dir/token");
my $module = program('pam_apitoken.so') . " config=$config nodelay";
my @secrets;		# none of these may turn up in a log
my $debug = '';		# all that curl said

my ($exit, undef, $err) = run([ 'openssl', 'req', '-x509', '-newkey',
    'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-keyout', "$dir/key.pem", '-out', "$dir/cert.pem" ]);
is $exit, 0, 'a certificate' or BAIL_OUT($err);

sub pam {
	my ($block) = @_;
	return [ map { s/pam_apitoken\.so/$module/r } grep { !/^#/ }
	    $recipe->file($block) ];
}

# start(name, pam's block, lines of our own): a vsftpd, on a port of its own.
sub server {
	my ($name, $block, @more) = @_;
	my $self = Apitoken::Server->new(dir => $dir, name => $name,
	    pam => { vsftpd => pam($block), map { $_ =>
	    [ split /\n/, slurp("/etc/pam.d/$_") ] } qw(common-auth
	    common-account common-session) }, accounts => ['ftp']);
	my @lines = (grep({ !/^#/ } $recipe->with('/etc/vsftpd.conf', {
		rsa_cert_file => "rsa_cert_file=$dir/cert.pem",
		rsa_private => "rsa_private_key_file=$dir/key.pem" })),
	    'listen_address=127.0.0.1', 'xferlog_enable=YES',
	    'delay_failed_login=0', 'dual_log_enable=YES', 'log_ftp_protocol=YES',
	    "vsftpd_log_file=$dir/$name/log", @more);
	for my $try (1 .. 3) {
		$self->{port} = free_port();
		$self->write_file('vsftpd.conf', 0600, map { "$_\n" } @lines,
		    "listen_port=$self->{port}");
		return $self if $self->launch($self->{port}, '/bin/sh', '-c',
		    'mkdir -p /run/vsftpd/empty && exec vsftpd '
		    . "$dir/$name/vsftpd.conf");
	}
	BAIL_OUT("vsftpd does not start:\n" . $self->content('console'));
}

sub token {
	my ($token, $record) = create_token($config, user => 'alice', @_);
	push @secrets, $token;
	return wantarray ? ($token, $record) : $token;
}

# curl(server, user, secret, as the recipe has it): the exit code.
sub curl {
	my ($server, $user, $secret, $command) = @_;
	my $rc = $server->write_file('curlrc', 0600, map { "$_\n" }
	    $recipe->with('~/.curlrc-ftp', {
		url => "url = \"ftp://localhost:$server->{port}/report.txt\"",
		user => "user = \"$user:$secret\"" }),
	    "cacert = \"$dir/cert.pem\"", 'silent', 'show-error',
	    'verbose', 'noproxy = "*"', 'max-time = 100', 'ipv4');
	$command =~ s{~/\.curlrc-ftp}{$rc};
	my ($code, $out, $text) = run([ '/bin/sh', '-c', $command ],
	    dir => $dir);
	# curl shows what it sends.
	$text =~ s/^>.*\n//mg;
	$debug .= $text;
	return $code;
}
my ($get, $put) = $recipe->commands('curl');

sub gets_in {
	my ($server, $user, $secret, $what) = @_;
	my $folder = $server->home($user);
	my $text = "what $what has written\n";
	spit("$dir/report.txt", $text);
	is curl($server, $user, $secret, $put), 0, "$what: writes";
	unlink "$dir/report.txt";
	is curl($server, $user, $secret, $get), 0, 'and reads';
	is -e "$dir/report.txt" && slurp("$dir/report.txt"), $text, 'the same';
	return;
}

sub is_refused {
	my ($server, $user, $secret, $verdict, $what) = @_;
	my $from = length $server->syslog;
	is curl($server, $user, $secret, $get), 67, "$what: refused";
	ok $server->wait_syslog(qr/pam_apitoken.*reason=$verdict/, $from),
	    'the log says why' or diag substr $server->syslog, $from
	    if defined $verdict;
	return;
}

my $ftp = server('vsftpd', '/etc/pam.d/vsftpd');
push @secrets, map { $ftp->password($_) } qw(alice root);

# ---- who gets in ----
gets_in($ftp, 'alice', scalar token(service => 'vsftpd',
    from => '127.0.0.0/8'),
    'a token for vsftpd from here');
gets_in($ftp, 'alice', scalar token(label => 'wide'), 'one for everything');
gets_in($ftp, 'alice', $ftp->password('alice'), 'the password');
sub its_log {
	my ($pattern) = @_;
	return wait_for(sub { $ftp->content('log') =~ $pattern });
}
ok its_log(qr/\[alice\] OK LOGIN: Client "127\.0\.0\.1"/), 'its own log';

# ---- who does not ----
my ($lost, $record) = token(label => 'lost');
is_refused($ftp, 'alice', scalar token(label => 'imap', service => 'imap'),
    'wrong-service', 'a token for imap');
is_refused($ftp, 'alice', scalar token(label => 'far',
    from => '203.0.113.0/24'), 'wrong-source', 'a token for elsewhere');
is_refused($ftp, 'bob', $lost, 'wrong-user', "another user's");
is_refused($ftp, 'alice', 'not-the-password', undef, 'a wrong password');
set_conf($config, allow_root => 'yes');
is_refused($ftp, 'root', scalar token(user => 'root', label => 'ftpusers'),
    undef, 'who is in ftpusers');
ok its_log(qr/\[root\] FAIL LOGIN/), 'its own log';
unlike $ftp->settled, qr/pam_apitoken.*user="root"/, 'the token was not tried';
set_conf($config, allow_root => undef);

# ---- a token that is longer than vsftpd takes ----
my $whole = token(label => 'long');
my %narrowed;
for my $more (1 .. 32) {
	my ($code, $text) = apitoken(undef, 'narrow', '--service',
	    'vsftpd,' . 'a' x $more, { stdin => "$whole\n" });
	chomp $text;
	$narrowed{length $text} = $text if $code eq '0';
}
push @secrets, values %narrowed;
my ($last) = sort { $b <=> $a } grep { $_ <= 128 } keys %narrowed;
my ($first) = sort { $a <=> $b } grep { $_ > 128 } keys %narrowed;
gets_in($ftp, 'alice', $narrowed{$last}, "$last characters");
my $before = length $ftp->settled;
is curl($ftp, 'alice', $narrowed{$first}, $get), 67, "not $first";
is substr($ftp->settled, $before), '', 'and PAM was not even asked';

# ---- what is open when its token is revoked ----
sub talk {
	my ($socket, $line) = @_;
	syswrite $socket, "$line\r\n" if defined $line;
	my $all = '';
	while ($all !~ /^\d{3} .*\r\n\z/m) {
		return '' if !IO::Select->new($socket)->can_read(60)
		    || !sysread $socket, $all, 4096, length $all;
	}
	return $all;
}

sub connection {
	my ($server) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $server->{port}, Timeout => 60) or die "connect: $!";
	talk($socket);
	return $socket;
}
my $bare = connection($ftp);
like talk($bare, 'USER alice'), qr/^530/m, 'no login without TLS';

my $guests = server('guests', '/etc/pam.d/vsftpd for guests',
    'ssl_enable=NO', 'guest_enable=YES', 'guest_username=vmail',
    "local_root=$dir/vsftpd/home/alice", 'allow_writeable_chroot=YES');
my $open = connection($guests);
talk($open, 'USER alice');
like talk($open, "PASS $lost"), qr/^230/m, 'a guest';
is +(apitoken($config, 'revoke', $record->{id}))[0], 0, 'revoke';
is_refused($ftp, 'alice', $lost, 'revoked', 'the next login');
like talk($open, 'NOOP'), qr/^200/m, 'what is open goes on';
my ($end) = $recipe->commands('pkill');
($exit) = $guests->enter([ '/bin/sh', '-c', $end ]);
is $exit, 0, $end;
is talk($open, 'NOOP'), '', 'until that';

# ---- what was written down ----
for my $text ([ 'curl', $debug ],
    [ 'the audit log', slurp("$dir/token/audit.json") ], map {
	my $server = $_;
	map { [ "$_ of $server->{name}", $server->content($_) ] }
	    qw(syslog log console) } $ftp, $guests) {
	is scalar Apitoken::Server::leaks($text->[1], @secrets), 0,
	    "$text->[0]: no token and no password";
}
ok its_log(qr/"PASS <password>"/), 'where the command is';
ok $ftp->running, 'it still runs';
$_->stop for $ftp, $guests;
done_testing;
