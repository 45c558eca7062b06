#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens at a real slapd, set up as doc/recipes/slapd.md says, and the client
# side of the plug-in in the tools that come with it.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Fail2ban;
use Apitoken::Mdoc;
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Slapd;
use Apitoken::Test;
use Test::More;

if (defined(my $why = Apitoken::Slapd::missing())) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('slapd');
my $dir = tempdir(mode => 0755);	# slapd is not root when it looks
my $config = "$dir/token/apitoken.conf";
my $state = "$dir/token/store/state";
my @mechs = qw(OAUTHBEARER XOAUTH2);
my $debug = '';		# all that clients said

sub token { return scalar create_token($config, @_) }

my $ldap = Apitoken::Slapd->new(dir => $dir, name => 'slapd',
    groups => $recipe->groups);
my ($exit, undef, $err) = $ldap->as_host(program('apitoken'), '--config',
    $config, 'init');
is $exit, 0, 'init where the group is known' or BAIL_OUT($err);
my %set = (
	sasl => [ $recipe->file('/etc/ldap/sasl2/slapd.conf'),
	    "apitoken_config: $config" ],
	client => [ $recipe->file('/etc/ldap/ldap.conf') ],
);
$ldap->start(%set);
my %dn = map { $_ => $ldap->dn($_) } qw(alice bob);

sub whoami {
	my ($mech, $user, $token, %more) = @_;
	my $got = ($more{server} // $ldap)->whoami(mech => $mech,
	    user => $user, token => $token, %more);
	$debug .= $got->{debug};
	return $got;
}

sub binds {
	my ($user, $token, $what) = @_;
	for my $mech (@mechs) {
		my $got = whoami($mech, $user, $token);
		is $got->{dn}, $dn{$user}, "$what: the DN ($mech)"
		    or diag $got->{debug};
	}
	return;
}

# How much there is in the log once each connection is closed.
sub closed {
	my ($server) = @_;
	my $log;
	wait_for(sub {
		$log = $server->settled;
		return (() = $log =~ / ACCEPT from /g)
		    == (() = $log =~ / fd=\d+ closed\b/g);
	}) or BAIL_OUT("a connection stays open:\n$log");
	return length $log;
}

# Refused with this number, for the reason that the log has, and as nobody.
sub is_refused {
	my ($number, $user, $token, $verdict, $what, %more) = @_;
	my $server = $more{server} // $ldap;
	for my $mech (@mechs) {
		my $before = closed($server);
		my $got = whoami($mech, $user, $token, %more);
		is $got->{error}, $number, "$what: error $number ($mech)"
		    or diag $got->{debug};
		is $got->{dn}, undef, "$what: nobody ($mech)";
		ok $server->wait_syslog(qr/apitoken: .*$verdict/, $before),
		    "$what: the log says why ($mech)"
		    or diag substr $server->syslog, $before;
		closed($server);
		unlike substr($server->syslog, $before),
		    qr/uid=\w+,ou=people|authcid=/,
		    "$what: slapd took them for no one ($mech)";
	}
	return;
}

# ---- the recipe ----
my ($laptop, $record) = create_token($config, user => 'alice',
    label => 'directory on the laptop', service => 'ldap',
    from => '127.0.0.0/8');
is whoami('OAUTHBEARER', 'alice', $laptop)->{error}, 48,
    'as slapd comes, it wants encryption for this';
($exit, undef, $err) = $ldap->modify($recipe->file('~/tokens.ldif'));
is $exit, 0, 'the settings' or diag $err;

# ---- who gets in ----
my $bob = token(user => 'bob', label => 'his own');
binds('alice', $laptop, 'a token for ldap from here');

# The manual's client, in front of a terminal.
my ($example) = grep { /^\$ / }
    Apitoken::Mdoc->new('sasl_apitoken.8')->examples;
my ($command, @shown) = split /\n/, $example;
($exit, my $shown) = run([ 'script', '-qec',
    ($command =~ s/^\$ //r) . ' -H ' . $ldap->uri, '/dev/null' ],
    stdin => "$laptop\n",
    env => { %{ $ldap->environment }, LDAPCONF => '/dev/null' });
$shown =~ s/\Q$laptop\E\r?\n?//;	# typed before the terminal was silent
is_deeply [ grep { length } split /\s*[\r\n]+/, $shown ], \@shown,
    'the example of the manual';
binds('alice', token(user => 'alice', label => 'wide'),
    'a token for everything');
binds('bob', $bob, 'a token of bob');
my $found = whoami('OAUTHBEARER', 'bob', $bob, program => 'ldapsearch',
    args => [ '-LLL', '-b', $dn{bob}, '-s', 'base', 'uid' ]);
like $found->{out}, qr/^uid: bob$/m, 'bob sees his own entry'
    or diag $found->{debug};
$found = whoami('OAUTHBEARER', 'bob', $bob, program => 'ldapsearch',
    args => [ '-LLL', '-b', $dn{alice}, '-s', 'base', 'uid' ]);
unlike $found->{out}, qr/^uid:/m, 'and not that of alice';

# ---- who does not ----
my ($his, $theirs) = create_token($config, user => 'bob', label => 'borrowed');
is_refused(49, 'alice', $his,
    qr/reason=wrong-user user="alice" .* id=$theirs->{id} label="borrowed"/,
    q(another user's token));
is_refused(49, 'alice', token(user => 'alice', label => 'mailbox',
    service => 'imap'), 'reason=wrong-service', 'a token for imap');
is_refused(49, 'alice', token(user => 'alice', label => 'far',
    from => '203.0.113.0/24'), 'reason=wrong-source', 'a token for elsewhere');
is_refused(49, 'alice', 'a-password', 'reason=not-a-token', 'a password');
is_refused(49, 'alice', $bob, 'reason=wrong-user', 'acting for alice',
    args => [ '-X', 'u:alice' ]);

my ($old, $lost) = create_token($config, user => 'alice', label => 'lost');
binds('alice', $old, 'not yet revoked');
($exit, undef, $err) = apitoken($config, 'revoke', $lost->{id});
is $exit, 0, 'revoke' or diag $err;
is_refused(49, 'alice', $old,
    qr/reason=revoked user="alice" .* id=$lost->{id} label="lost"/,
    'the next bind after revoke');

rename $state, "$state.away";
is_refused(52, 'alice', $laptop, 'store/state', 'the store is damaged');
is_refused(52, 'alice', $his, 'store/state', 'the same for all');
rename "$state.away", $state;
binds('alice', $laptop, 'the store is back');

# ---- several binds on one connection ----
# slapd remembers the first name of an exchange.
sub oauthbearer {
	my ($user, $token) = @_;
	return [ 'OAUTHBEARER', "n,a=$user,\1auth=Bearer $token\1\1" ];
}
my $farewell = [ 'OAUTHBEARER', "\1" ];
is_deeply [ $ldap->dialogue('whoami',
	oauthbearer('alice', $bob), $farewell, 'whoami',
	oauthbearer('bob', $bob), 'whoami',
	oauthbearer('alice', $laptop), 'whoami',
	oauthbearer('alice', $bob), $farewell, 'whoami') ],
    [ '', 14, 49, '', 0, $dn{bob}, 0, $dn{alice}, 14, 49, '' ],
    'on one connection each bind counts for itself';
is_deeply [ $ldap->dialogue(oauthbearer('alice', $laptop),
	oauthbearer('alice', $bob), oauthbearer('alice', $laptop),
	'whoami') ], [ 0, 14, 49, '' ],
    'a good token in the place of the farewell is too late';

# ---- acting for someone else ----
my @for_bob = (args => [ '-X', 'u:bob' ]);
is_refused(49, 'alice', $laptop, 'reason=wrong-user', 'acting for bob',
    @for_bob);
($exit, undef, $err) = $ldap->modify('dn: cn=config', 'changetype: modify',
    'replace: olcAuthzPolicy', 'olcAuthzPolicy: to');
is $exit, 0, 'now the policy has it' or diag $err;
for my $mech (@mechs) {
	is whoami($mech, 'alice', $laptop, @for_bob)->{dn}, $dn{bob},
	    "acting for bob is up to the policy ($mech)";
}
is_refused(49, 'bob', $bob, 'reason=wrong-user',
    'the policy does not have the reverse', args => [ '-X', 'u:alice' ]);
is_refused(49, 'bob', $laptop, 'reason=wrong-user', 'nor does it lend names');

# ---- all at once ----
for my $round (1 .. 4) {
	my @clients = map { {
		mech => $mechs[$_ % 2],
		user => $_ % 3 ? 'alice' : 'bob',
		token => $_ % 5 == 4 ? $old : $_ % 3 ? $laptop : $bob,
	} } 0 .. 15;
	my @got = $ldap->binds(@clients);
	my @want = map { $_->{token} eq $old ? 'error 49'
	    : $dn{ $_->{user} } } @clients;
	is_deeply [ map { $_->{dn} // 'error ' . ($_->{error} // 'none') }
	    @got ], \@want, "16 at once, round $round"
	    or diag map { $_->{debug} } @got;
	$debug .= join '', map { $_->{debug} } @got;
}

# ---- SCRAM: a slapd of its own ----
my $scram = Apitoken::Slapd->new(dir => $dir, name => 'scram',
    like => $ldap, groups => $recipe->groups);
$scram->start(client => [],
    sasl => [ $recipe->file('/etc/ldap/sasl2/slapd.conf with SCRAM'),
    "apitoken_config: $config" ]);
($exit, undef, $err) = $scram->modify($recipe->file('~/scram.ldif'));
is $exit, 0, 'the settings for SCRAM' or diag $err;

# The DN, or the number of the error.
sub by_scram {
	my ($user, $secret) = @_;
	my $got = whoami('SCRAM-SHA-256', $user, $secret, server => $scram);
	return $got->{dn} // $got->{error} // $got->{debug};
}

my $id = $record->{id};
is by_scram("alice~$id", $laptop), $dn{alice}, 'SCRAM: a token';
is by_scram('alice~' . substr($id, 0, 8), $laptop), $dn{alice},
    'SCRAM: the beginning of its id';
is by_scram("alice~$id", $ldap->password('alice')), 49,
    q(SCRAM: a token's name and the directory's password);
is by_scram('alice', $laptop), 49, 'SCRAM: a token without its id';
is by_scram('alice', $ldap->password('alice')), $dn{alice},
    'SCRAM: the password of the directory';
is by_scram("alice~$theirs->{id}", $his), 49, q(SCRAM: another user's token);
is by_scram("bob~$theirs->{id}", $his), $dn{bob}, 'SCRAM: it is his';
is by_scram("alice~$id", $his), 49, 'SCRAM: one token for another';
is by_scram("alice~$lost->{id}", $old), 49, 'SCRAM: a revoked token';
is by_scram('alice~' . '0' x 24, $laptop), 49, 'SCRAM: no such token';
# The directory has nobody of that name, and then slapd says something else.
like by_scram("alice~x~$id", $laptop), qr/^(?:49|80)$/,
    'SCRAM: only one id is taken off';
ok $scram->wait_syslog(
    qr/reason=revoked user="alice" .* id=$lost->{id} label="lost"/),
    'SCRAM: the log says why';
my @names = map { $_ % 3 ? [ "alice~$id", $laptop, $dn{alice} ]
    : [ "bob~$theirs->{id}", $his, $dn{bob} ] } 0 .. 15;
is_deeply [ map { $_->{dn} } $scram->binds(map { {
	mech => 'SCRAM-SHA-256', user => $_->[0], token => $_->[1] } }
	@names) ], [ map { $_->[2] } @names ], 'SCRAM: 16 at once';

# ---- the recipe's first command ----
my $outside = Apitoken::Slapd->new(dir => $dir, name => 'outside',
    groups => { apitoken => [] });
$outside->start(%set);
($exit, undef, $err) = $outside->modify($recipe->file('~/tokens.ldif'));
is $exit, 0, 'another slapd' or diag $err;
is_refused(52, 'alice', $laptop, 'Permission denied',
    'openldap is not in the group', server => $outside);

# ---- what fail2ban makes of the log ----
my $log = $ldap->settled;
my @refusals = $log =~
    /login deny reason=(?!unavailable)\S+ .*rhost=(127\.0\.0\.1)/g;
cmp_ok scalar @refusals, '>', 5, 'the log has refusals';
is_deeply [ banned(log_file($log), 'text') ], \@refusals,
    'fail2ban finds each of them';

# ---- what was written down ----
my @tokens = made_tokens();
my @coded = Apitoken::Server::coded(@tokens);
my %texts = (
	'the audit log' => slurp("$dir/token/audit.json"),
	'what clients said' => $debug,
	map {
		("the system log of $_->{name}" => $_->syslog,
		    "what $_->{name} printed" => $_->content('console'));
	} $ldap, $scram, $outside,
);
for my $name (sort keys %texts) {
	is scalar Apitoken::Server::leaks($texts{$name}, @tokens,
	    @coded), 0, "$name: no token, nor in base64";
}
for my $server ($ldap, $scram, $outside) {
	ok $server->running, "$server->{name} still runs";
	$server->stop;
}
done_testing;
