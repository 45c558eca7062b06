#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/revocation.md: what goes on after a token was revoked, with the
# real sshd, Dovecot and saslauthd, and that what stands there ends it. sudo's
# part is sudo.t's.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Dovecot;
use Apitoken::Recipe;
use Apitoken::Sshd;
use Apitoken::Test;
use IO::Select ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use Test::More;

for my $why (Apitoken::Sshd::missing(), Apitoken::Dovecot::missing(),
    Apitoken::Server::unavailable(qw(nsenter pkill doveadm saslauthd))) {
	plan skip_all => $why if defined $why;
}

my $recipe = Apitoken::Recipe->new('revocation');
my $dir = tempdir();
mkdir "$dir/token", 0700;
my $config = init_store(dir => "$dir/token");
my $module = program('pam_apitoken.so') . " config=$config nodelay";
my @lines = ("auth required $module", "account required $module",
    'session required pam_permit.so');
my $stolen = create_token($config, label => 'laptop');

# The recipe's commands of that name, in the server's private host.
sub typed {
	my ($server, $name) = @_;
	for my $command ($recipe->commands($name)) {
		my $conf = $server->base . '/dovecot.conf';
		my $here = $command =~ s/^(doveadm)/$1 -c $conf/r;
		my ($exit, $out, $err) = $server->enter([ '/bin/sh', '-c',
		    $here ]);
		is $exit, 0, $command or diag "$out$err";
	}
	return;
}

# ---- before it is revoked ----
my $sshd = Apitoken::Sshd->start(dir => $dir, pam => \@lines);
my $plain = Apitoken::Dovecot->start(dir => $dir, pam => \@lines,
    name => 'plain', like => $sshd, more => ['auth_cache_size = 10M']);
my $caching = Apitoken::Dovecot->start(dir => $dir, pam => \@lines,
    name => 'caching', like => $sshd, args => 'cache_key=%u dovecot',
    more => ['auth_cache_size = 10M']);

# A connection that others can use, with a session that is at work.
my $control = $sshd->base . '/control';
my $ticks = $sshd->home('alice') . '/ticks';
my $command = $sshd->ssh(user => 'alice', more => [ '-M', '-S', $control ],
    run => 'while echo; do sleep 0.1; done >>ticks');
open my $typed, '+>', undef or die "temporary file: $!";
syswrite $typed, "$stolen\n";
sysseek $typed, 0, 0;
my $session = start($command, stdin_fh => $typed,
    log => $sshd->base . '/session');
sub at_work {
	my $seen = -s $ticks;
	return wait_for(sub { ($seen // 0) < (-s $ticks // 0) }, $_[0]);
}
ok at_work(), 'a session at work'
    or diag $sshd->content('session'), $sshd->told;

sub once_more {
	my ($exit, $out) = run([ 'ssh', '-S', $control, '-F', 'none',
	    '-o', 'ProxyCommand=false', 'alice@127.0.0.1', 'id -un' ]);
	return $out;
}

# An IMAP connection that waits for mail: a function that sends a line and says
# whether the answer has come.
sub imap {
	my ($server) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $server->{port}, Timeout => 60) or die "$!";
	my $ready = IO::Select->new($socket);
	my $all = '';
	return sub {
		my ($line, $until) = @_;
		syswrite $socket, "$line\r\n";
		while ($all !~ $until) {
			return 0 if !$ready->can_read(60)
			    || !sysread $socket, $all, 4096, length $all;
		}
		return 1;
	};
}
my $mail = imap($plain);
ok $mail->("a LOGIN alice $stolen", qr/^a OK/m), 'an IMAP connection';
ok $mail->('b SELECT INBOX', qr/^b OK/m), 'with its mailbox';
ok $mail->('c IDLE', qr/^\+ /m), 'waits for mail';

sub logs_in {
	return $_[0]->talk(mech => 'PLAIN', user => 'alice',
	    password => $stolen)->{ok};
}
ok logs_in($caching), 'a login that Dovecot remembers';

# saslauthd as Debian starts it, and without -c.
my %sasl = (with => ['-c'], without => []);
$sshd->pam(imap => \@lines);
sub saslauthd {
	my ($name) = @_;
	mkdir "$dir/$name", 0700;
	my ($exit, $out, $err) = $sshd->enter([ 'saslauthd', '-a', 'pam',
	    '-n', '1', @{ $sasl{$name} }, '-m', "$dir/$name" ]);
	$exit eq '0' or die "saslauthd: $out$err";
	wait_for(sub { defined IO::Socket::UNIX->new(
	    Peer => "$dir/$name/mux") }) or die 'saslauthd: no socket';
	return;
}

sub asks {
	my ($name) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => "$dir/$name/mux")
	    or die "mux: $!";
	syswrite $socket, join '', map { pack 'n/a', $_ } 'alice', $stolen,
	    'imap', '';
	my $answer = '';
	1 while sysread $socket, $answer, 1024, length $answer;
	return $answer =~ /\A..OK/s ? 1 : 0;
}
for my $name (sort keys %sasl) {
	saslauthd($name);
	is asks($name), 1, "saslauthd $name -c";
}

# ---- revoked ----
my ($revoke) = grep { m{alice/laptop} } $recipe->commands('apitoken revoke');
sub apitoken_typed {
	my ($line) = @_;
	my ($exit, $out, $err) = apitoken($config,
	    grep { $_ ne 'apitoken' } split / /, $line);
	is $exit, 0, $line or diag $err;
	return $out;
}
apitoken_typed($revoke);
ok $sshd->login(user => 'alice', password => $stolen)->{refused},
    'no further login';

subtest 'SSH' => sub {
	ok at_work(), 'the session goes on';
	is once_more(), "alice\n", 'and a new one comes over it';
	typed($sshd, 'pkill');
	isnt finish($session), 'timeout', 'the session ends';
	is once_more(), '', 'and with it the connection';
	ok !at_work(0.5), 'nothing is at work any more';
	ok $sshd->running, 'sshd is';
};

subtest 'IMAP' => sub {
	ok $mail->('DONE', qr/^c OK/m), 'the connection goes on';
	ok $mail->('d NOOP', qr/^d OK/m), 'and takes commands';
	typed($plain, 'doveadm kick');
	# What comes along with the signal may still be answered.
	my $n = 0;
	ok wait_for(sub { $n++; !$mail->("e$n NOOP", qr/^e$n OK/m) }),
	    'until it is ended';
};

subtest "Dovecot's cache" => sub {
	ok !logs_in($plain), 'without cache_key there is none';
	ok logs_in($caching), 'with one it lets the token in';
	typed($caching, 'doveadm auth');
	ok !logs_in($caching), 'until it is flushed';
};

subtest 'saslauthd' => sub {
	is asks('without'), 0, 'without -c';
	is asks('with'), 1, 'with -c it remembers';
	# Its number is that of the private host.
	my ($pid) = slurp("$dir/with/saslauthd.pid") =~ /(\d+)/;
	is +($sshd->enter([ 'kill', $pid ]))[0], 0, 'stop';
	# Until it has, its file keeps another one from starting.
	ok wait_for(sub { ($sshd->enter([ 'kill', '-0', $pid ]))[0] ne '0' }),
	    'it has stopped';
	saslauthd('with');
	is asks('with'), 0, 'not after a restart';
};

subtest 'afterwards' => sub {
	my $other = create_token($config, label => 'phone');
	apitoken_typed(grep { /--all/ } $recipe->commands('apitoken revoke'));
	my (undef, $state) = apitoken($config, 'verify', '--service', 'imap',
	    '--user', 'alice', { stdin => "$other\n" });
	like $state, qr/^revoked/, 'all of hers';
	like apitoken_typed($recipe->commands('apitoken audit')),
	    qr/\bsshd\b/, 'where it was used';
	like apitoken_typed($recipe->commands('apitoken show')),
	    qr/^reason +stolen$/m, 'and why it ended';
};

for my $server ($sshd, $plain, $caching) {
	is scalar Apitoken::Server::leaks($server->syslog, $stolen), 0,
	    "$server->{name}: no token in the log";
	$server->stop;
}
done_testing;
