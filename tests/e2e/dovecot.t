#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens as passwords of a real Dovecot, set up as doc/recipes/dovecot.md says,
# which asks PAM about them, also for the two mechanisms that were made for
# OAuth.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Dovecot;
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use MIME::Base64 qw(encode_base64);
use Test::More;

if (defined(my $why = Apitoken::Dovecot::missing())) {
	plan skip_all => $why;
}

my $dir = tempdir();
mkdir "$dir/token", 0700;
my $config = init_store(dir => "$dir/token",
    conf => { 'services/imap' => 'dovecot, imaps, cyrus' });
my $recipe = Apitoken::Recipe->new('dovecot');
my $module = program('pam_apitoken.so') . " config=$config debug nodelay";
my @lines = map { s/pam_apitoken\.so/$module/r
    =~ s/^\@include common-(\w+)/$1 required pam_unix.so nodelay/r }
    grep { !/^#/ } $recipe->file('/etc/pam.d/dovecot');
my ($mechanisms) = map { /^auth_mechanisms = (.*)/ }
    $recipe->file('/etc/dovecot/conf.d/10-auth.conf');

my @mechs = qw(PLAIN LOGIN OAUTHBEARER XOAUTH2);
my $debug = '';		# all that curl said

# curl takes OAUTHBEARER wherever it is offered; the second server does not.
my $imap = Apitoken::Dovecot->start(dir => $dir, pam => \@lines,
    mechanisms => $mechanisms);
my $xoauth2 = Apitoken::Dovecot->start(dir => $dir, pam => \@lines,
    name => 'xoauth2', like => $imap, mechanisms => 'xoauth2');
my @servers = ($imap, $xoauth2);

sub server_for { return $_[0] eq 'XOAUTH2' ? $xoauth2 : $imap }

sub token { return scalar create_token($config, @_) }

sub curl {
	my ($mech, $user, $password) = @_;
	my $got = server_for($mech)->curl(mech => $mech, user => $user,
	    password => $password);
	$debug .= $got->{debug};
	diag $got->{debug} if !$got->{ok} && !$got->{refused};
	return $got;
}

sub gets_in {
	my ($user, $password, $what) = @_;
	ok curl($_, $user, $password)->{ok}, "$what ($_)" for @mechs;
	ok $imap->talk(mech => 'login command', user => $user,
	    password => $password)->{ok}, "$what (LOGIN command)";
	return;
}

# The verdict has to be in the log: refused for this reason and no other.
sub is_refused {
	my ($user, $password, $verdict, $what) = @_;
	for my $mech (@mechs) {
		my $server = server_for($mech);
		my $before = length $server->syslog;
		ok curl($mech, $user, $password)->{refused},
		    "$what: refused ($mech)";
		next if !defined $verdict;
		ok $server->wait_syslog(qr/pam_apitoken.*\b$verdict\b/,
		    $before), "$what: logged as $verdict ($mech)"
		    or diag $server->told($before);
	}
	my $got = $imap->talk(mech => 'login command', user => $user,
	    password => $password);
	ok $got->{no}, "$what: refused (LOGIN command)";
	return;
}

# ---- who gets in ----
my ($laptop, $record) = create_token($config, user => 'alice',
    label => 'mail on the laptop', service => 'imap', from => '127.0.0.0/8');
gets_in('alice', $laptop, 'a token for imap from here');
for my $mech (@mechs) {
	ok server_for($mech)->wait_log(
	    qr/imap-login: Info: Login: user=<alice>, method=$mech,/),
	    "Dovecot says that it was $mech";
}
gets_in('alice', token(user => 'alice', label => 'wide'),
    'a token for every service');
gets_in('alice', $imap->password('alice'), 'the ordinary password');

my @logins = grep { $_->{event} eq 'login' && $_->{id} eq $record->{id} }
    json_lines(slurp("$dir/token/audit.json"));
cmp_ok scalar @logins, '>=', 5, 'the audit log has every login';
is_deeply [ grep { $_->{service} ne 'dovecot' || $_->{result} ne 'allow'
    || $_->{rhost} ne '127.0.0.1' } @logins ], [],
    'with service, source and result';
my ($line) = grep { /pam_apitoken/ && /\Q$record->{id}\E/ }
    split /\n/, $imap->settled;
like $line // '', qr/mail on the laptop/, 'the log names id and label';

# ---- who does not ----
is_refused('alice', 'not-the-password', undef, 'a wrong password');
is_refused('alice', token(user => 'alice', label => 'shell',
    service => 'sshd'), 'wrong-service', 'a token for sshd');
is_refused('alice', token(user => 'alice', label => 'far',
    service => 'imap', from => '203.0.113.0/24'), 'wrong-source',
    'a token for elsewhere');
is_refused('alice', token(user => 'bob', label => 'his own'), 'wrong-user',
    q(another user's token));

my ($old, $made) = create_token($config, user => 'alice', label => 'old');
gets_in('alice', $old, 'before it is revoked');
my ($exit, undef, $err) = apitoken($config, 'revoke', $made->{id});
is $exit, 0, 'revoke' or diag $err;
is_refused('alice', $old, 'revoked', 'the next login after revoke');

# ---- the answer that OAuth clients get ----
my $typo = $laptop;
substr($typo, 30, 1) =~ tr/0-9a-z/100000000000/;
my %status = (OAUTHBEARER => 'invalid_token', XOAUTH2 => '401');
for my $mech (sort keys %status) {
	for my $bad ($typo, $old, 'no token at all', '') {
		for my $answer ('AQ==', '', '*') {
			my $got = $imap->talk(mech => $mech,
			    user => 'alice', password => $bad,
			    answer => $answer);
			my $error = eval { from_json($got->{challenge}) }
			    // {};
			next if $bad eq '';
			is $error->{status}, $status{$mech},
			    "$mech: a bad token gets the error";
			ok !$got->{ok}, "$mech: and does not log in, "
			    . "whatever the client says ('$answer')";
		}
	}
	my $again = $imap->talk(mech => $mech, user => 'alice',
	    password => $typo,
	    answer => encode_base64("n,a=alice,\1auth=Bearer $laptop\1\1",
	    ''));
	ok !$again->{ok}, "$mech: a good one after a bad one is too late";
	ok $imap->talk(mech => $mech, user => 'alice',
	    password => $laptop)->{ok}, "$mech: the next login is fine";
}

# ---- what was written down ----
my @secrets = (made_tokens(), map { $imap->password($_) } qw(alice bob));
is scalar Apitoken::Server::leaks("x" . substr($laptop, 40, 12), @secrets), 1,
    'a piece of twelve characters would be found';
# Mechanisms carry the token in base64: three ways, by where it begins.
my @coded = Apitoken::Server::coded(made_tokens());
my %texts = (
	q(curl's debug output) => $debug,
	'the audit log' => slurp("$dir/token/audit.json"),
	map {
		my $name = $_->{name};
		("the system log of $name" => $_->settled,
		    "the log of $name" => $_->log,
		    "what $name printed" => $_->content('console'));
	} @servers,
);
for my $name (sort keys %texts) {
	is scalar Apitoken::Server::leaks($texts{$name}, @secrets), 0,
	    "$name: no token and no password";
	is scalar Apitoken::Server::leaks($texts{$name}, @coded), 0,
	    "$name: nor in base64";
}
for my $server (@servers) {
	like $server->log, qr/auth: Debug:/, "$server->{name} wrote it all";
	is join("\n", $server->crashes), '', 'and nothing in it crashed';
	ok $server->running, 'and it still runs';
	$server->stop;
}
done_testing;
