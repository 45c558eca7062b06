#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The part of tests/demo that makes an installation, starts the servers and
# logs in. It says what it does and what came back, and dies at nothing: what
# is not as it should be is counted.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Dovecot;
use Apitoken::Sshd;
use Apitoken::Test;

$| = 1;
my $wrong = 0;

sub step { print "== @_\n"; return }
sub say_line { print '   ', @_, "\n"; return }

sub expect {
	my ($good, $what, $answer) = @_;
	$wrong++ if !$good;
	printf "   %-6s %-42s %s\n", $good ? 'ok' : 'WRONG', $what, $answer;
	return;
}

sub last_line {
	my ($text, $pattern) = @_;
	my ($line) = reverse grep { /$pattern/ } split /\r?\n/, $text;
	return $line // '(no answer)';
}

for my $why (grep { defined } Apitoken::Sshd::missing(),
    Apitoken::Dovecot::missing()) {
	print "demo: $why\n";
	exit 1;
}

my $dir = tempdir();
mkdir "$dir/token", 0700;
step 'a throw-away installation';
say_line "apitoken --config $dir/token/apitoken.conf init";
my $config = init_store(dir => "$dir/token",
    conf => { 'services/imap' => 'dovecot, imaps, cyrus' });

step 'an OpenSSH server and a Dovecot of its own, seen by nobody else';
my $module = program('pam_apitoken.so') . " config=$config";
my @lines = (
	'auth [success=done ignore=ignore default=die] '
	    . "$module nontoken=ignore",
	'auth required pam_unix.so try_first_pass',
	"account required $module",
	'account required pam_unix.so',
	'session required pam_permit.so',
);
my $sshd = Apitoken::Sshd->start(dir => $dir, pam => \@lines);
my $imap = Apitoken::Dovecot->start(dir => $dir, pam => \@lines);
say_line 'PAM asks this before the ordinary passwords:';
say_line '  auth [success=done ignore=ignore default=die] pam_apitoken.so'
    . ' nontoken=ignore';

step 'a token for alice';
say_line 'apitoken create --user alice --label demo --service sshd,imap'
    . ' --expires 1d';
my ($token, $record) = create_token($config, user => 'alice',
    label => 'demo', service => 'sshd,imap', expires => '1d');
say_line substr($token, 0, 12), '...   id ', $record->{id};

sub over_ssh {
	my ($password) = @_;
	my $got = $sshd->login(user => 'alice', password => $password);
	chomp(my $out = $got->{out});
	return ($got, $got->{ok} ? $out
	    : last_line($got->{debug}, 'Permission denied'));
}

sub over_imap {
	my ($mech, $password) = @_;
	my $got = $imap->talk(mech => $mech, user => 'alice',
	    password => $password, answer => 'AQ==');
	my $answer = last_line(join("\n", @{ $got->{lines} }), '^a ');
	$answer =~ s/^a //;
	$answer =~ s/ \[CAPABILITY[^]]*\]//;
	return ($got, $answer);
}

step 'logging in with the token';
my ($got, $answer) = over_ssh($token);
expect($got->{ok}, 'ssh alice@127.0.0.1', $answer);
for my $mech (qw(PLAIN OAUTHBEARER)) {
	($got, $answer) = over_imap($mech, $token);
	expect($got->{ok}, "imap, $mech", $answer);
}
($got, $answer) = over_ssh($sshd->password('alice'));
expect($got->{ok}, 'ssh with the ordinary password', $answer);

step 'revoking it';
say_line 'apitoken revoke alice/demo';
my ($exit, undef, $err) = apitoken($config, 'revoke', 'alice/demo');
expect($exit eq '0', 'revoke', $exit eq '0' ? 'exit code 0' : $err);

step 'the same once more';
($got, $answer) = over_ssh($token);
expect($got->{refused}, 'ssh alice@127.0.0.1', $answer);
for my $mech (qw(PLAIN OAUTHBEARER)) {
	($got, $answer) = over_imap($mech, $token);
	expect($got->{no}, "imap, $mech", $answer);
}
($got, $answer) = over_ssh($sshd->password('alice'));
expect($got->{ok}, 'ssh with the ordinary password', $answer);

step 'what the audit log says';
for my $line (json_lines(slurp("$dir/token/audit.json"))) {
	say_line join ' ', map { defined ? $_ : '-' }
	    @$line{qw(ts event result reason user label service rhost)};
}
$_->stop for $sshd, $imap;

print $wrong ? "== $wrong answers were not as they should be\n"
    : "== all as it should be\n";
exit($wrong ? 1 : 0);
