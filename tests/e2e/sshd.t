#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens as passwords of a real OpenSSH server: who gets in, who does not, and
# what the logs say about it.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Server;
use Apitoken::Sshd;
use Apitoken::Test;
use Test::More;

if (defined(my $why = Apitoken::Sshd::missing())) {
	plan skip_all => $why;
}

my $dir = tempdir();
mkdir "$dir/token", 0700;
my $config = init_store(dir => "$dir/token");
my $debug = '';		# all that the clients said

# The lines that the manual recommends, before the distribution's own.
sub lines {
	my ($options) = @_;
	my $module = program('pam_apitoken.so') . " config=$config debug";
	return [
		'auth [success=done ignore=ignore default=die] '
		    . "$module nontoken=ignore $options",
		'auth required pam_unix.so try_first_pass nodelay',
		"account required $module",
		'account required pam_unix.so',
		'password required pam_deny.so',
		'session required pam_unix.so',
	];
}

sub token { return scalar create_token($config, @_) }

my $sshd = Apitoken::Sshd->start(dir => $dir, pam => lines('nodelay'));

sub login {
	my ($user, $password, $method) = @_;
	my $got = $sshd->login(user => $user, password => $password,
	    method => $method);
	$debug .= $got->{debug};
	diag substr $got->{debug}, -800 if !$got->{ok} && !$got->{refused};
	return $got;
}

my @methods = qw(password keyboard-interactive);

sub gets_in {
	my ($user, $password, $what) = @_;
	ok login($user, $password, $_)->{ok}, "$what ($_)" for @methods;
	return;
}

# The verdict has to be in the log: refused for this reason and no other.
sub is_refused {
	my ($user, $password, $verdict, $what) = @_;
	for my $method (@methods) {
		my $before = length $sshd->syslog;
		my $got = login($user, $password, $method);
		ok $got->{refused}, "$what: refused ($method)";
		next if !defined $verdict;
		ok $sshd->wait_syslog(qr/pam_apitoken.*\b$verdict\b/,
		    $before), "$what: logged as $verdict ($method)"
		    or diag $sshd->told($before);
	}
	return;
}

# ---- who gets in ----
my ($laptop, $record) = create_token($config, user => 'alice',
    label => 'laptop on the desk');
gets_in('alice', $laptop, 'a token');
gets_in('alice', uc $laptop, 'a token in capitals');
gets_in('alice', $sshd->password('alice'), 'the ordinary password');
gets_in('alice', token(user => 'alice', label => 'near', service => 'sshd',
    from => '127.0.0.0/8', expires => '1d'),
    'a token for this service, this network and a day');

my ($login) = grep { /pam_apitoken/ && /\Q$record->{id}\E/ }
    split /\n/, $sshd->settled;
ok defined $login, 'the log names the id';
like $login // '', qr/laptop on the desk/, 'and in the same line the label';
like $login // '', qr/alice/, 'and the user';

# ---- who does not ----
is_refused('alice', 'not the password', undef, 'a wrong password');
my $bobs = token(user => 'bob', label => 'his own');
is_refused('alice', $bobs, 'wrong-user', q(another user's token));
gets_in('bob', $bobs, 'its owner');
is_refused('alice', token(user => 'alice', label => 'mail',
    service => 'imap'), 'wrong-service', 'a token for imap only');
is_refused('alice', token(user => 'alice', label => 'far',
    from => '203.0.113.0/24'), 'wrong-source', 'a token for elsewhere');
is_refused('nobody-here', $laptop, undef, 'an unknown user');

my $typo = $laptop;
substr($typo, 30, 1) =~ tr/0-9a-z/100000000000/;
is_refused('alice', $typo, 'bad-checksum', 'one changed character');

my ($short, $soon) = create_token($config, user => 'alice',
    label => 'short', expires => '1h');
gets_in('alice', $short, 'a token of an hour');
expire($config, $soon->{id});
is_refused('alice', $short, 'expired', 'an expired token');

# ---- root ----
my $roots = token(user => 'root', label => 'console', service => 'sshd');
is_refused('root', $roots, 'user-refused', 'root without allow_root');
gets_in('root', $sshd->password('root'), q(root's ordinary password));
$sshd->pam(sshd => lines('nodelay allow_root'));
gets_in('root', $roots, 'root with allow_root');
$sshd->pam(sshd => lines('nodelay'));

# ---- public keys have nothing to do with it ----
my $audit = slurp("$dir/token/audit.json");
ok login('alice', undef, 'publickey')->{refused},
    'a public key that is not authorized';
$sshd->authorize('alice');
ok login('alice', undef, 'publickey')->{ok}, 'one that is';
is slurp("$dir/token/audit.json"), $audit, 'and none is a use of a token';

# ---- revoked ----
for my $method (@methods) {
	my ($token, $made) = create_token($config, user => 'alice',
	    label => "for $method");
	ok login('alice', $token, $method)->{ok}, "before ($method)";
	my ($exit, undef, $err) = apitoken($config, 'revoke', $made->{id});
	is $exit, 0, 'revoke' or diag $err;
	my $before = length $sshd->syslog;
	ok login('alice', $token, $method)->{refused},
	    "the next login after revoke ($method)";
	ok $sshd->wait_syslog(qr/pam_apitoken.*\brevoked\b/, $before),
	    'logged as revoked';
}
gets_in('alice', $laptop, 'the other token is as good as before');

# ---- the store is broken: tokens are refused, passwords are not ----
rename "$dir/token/store", "$dir/token/gone" or die "rename: $!";
is_refused('alice', $laptop, 'unavailable', 'without the store');
gets_in('alice', $sshd->password('alice'), 'the password without the store');
rename "$dir/token/gone", "$dir/token/store" or die "rename: $!";
gets_in('alice', $laptop, 'the store is back');

# ---- a refusal is slow unless told otherwise ----
my $quickest = 99;
for my $try (1 .. 30) {	# the machine may be busy with something else
	my $got = login('alice', $typo, 'password');
	$quickest = $got->{seconds}
	    if $got->{refused} && $got->{seconds} < $quickest;
	last if $quickest < 0.9;
}
cmp_ok $quickest, '<', 0.9, 'nodelay: a refusal comes at once';
$sshd->pam(sshd => lines(''));
my $slow = login('alice', $typo, 'password');
ok $slow->{refused}, 'without nodelay: refused';
cmp_ok $slow->{seconds}, '>=', 0.9, 'and it took its time';

# ---- what was written down ----
my @secrets = (made_tokens(), map { $sshd->password($_) } qw(alice bob root));
my $log = $sshd->settled;
like $log, qr/debug3/, 'sshd wrote down all that it knows';
like $log, qr/<87>.*pam_apitoken/, 'and so did the module';
is scalar Apitoken::Server::leaks("x" . substr($laptop, 40, 12), @secrets), 1,
    'a piece of twelve characters would be found';
my %texts = (
	'the log' => $log,
	'the audit log' => slurp("$dir/token/audit.json"),
	q(the clients' debug output) => $debug,
	'what the server printed' => $sshd->content('console'),
);
for my $name (sort keys %texts) {
	is scalar Apitoken::Server::leaks($texts{$name}, @secrets), 0,
	    "$name: no token and no password";
}

$sshd->stop;
done_testing;
