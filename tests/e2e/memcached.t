#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens at a real memcached, set up as doc/recipes/memcached.md says: it
# checks them itself, as the user memcache, and what comes as a password goes
# through saslauthd to PAM.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Memcached;
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use Sys::Hostname qw(hostname);
use Test::More;

if (defined(my $why = Apitoken::Memcached::missing())) {
	plan skip_all => $why;
}

my ($OK, $DENIED, $CONTINUE) = (0, 0x20, 0x21);	# of the protocol
my @bearer = qw(OAUTHBEARER XOAUTH2);
my $recipe = Apitoken::Recipe->new('memcached');
my $dir = tempdir(mode => 0755);	# memcached is not root when it looks
my $config = "$dir/token/apitoken.conf";

sub token { return scalar create_token($config, @_) }

my $module = program('pam_apitoken.so');
my @pam = map { s/pam_apitoken\.so/$module config=$config nodelay/r }
    grep { !/^#/ } $recipe->file('/etc/pam.d/memcached');
my @unit = $recipe->file(
    '/etc/systemd/system/memcached.service.d/apitoken.conf');
my @sasl = ($recipe->file('/etc/sasl2/memcached.conf'),
    "apitoken_config: $config");
my %host = (dir => $dir, groups => $recipe->groups,
    pam => { memcached => \@pam });
my $cache = Apitoken::Memcached->new(%host, name => 'cache');
my ($exit, undef, $err) = $cache->as_host(program('apitoken'), '--config',
    $config, 'init');
is $exit, 0, 'init where the group is known' or BAIL_OUT($err);
like join("\n", $recipe->file('/etc/default/saslauthd')),
    qr/^OPTIONS="(?!.*-c)/m, 'saslauthd remembers nothing';
$cache->start(\@unit, \@sasl);

# What a client says first. The last is what one says after a refusal.
sub first_words {
	my ($mech, $user, $token) = @_;
	return {
		OAUTHBEARER => "n,a=$user,\1auth=Bearer $token\1\1",
		XOAUTH2 => "user=$user\1auth=Bearer $token\1\1",
		PLAIN => "\0$user\0$token",
	}->{$mech};
}

# A whole login: the last answer, and the challenge before it.
sub login {
	my ($talk, $mech, $user, $token) = @_;
	my $got = $talk->(auth => $mech, first_words($mech, $user, $token));
	return ($got, '') if ($got->{status} // -1) != $CONTINUE;
	return ($talk->(step => $mech, "\1"), $got->{value});
}

# What memcached printed and what others logged since then.
sub log_sizes {
	my ($server) = @_;
	return map { length $server->content($_) } qw(console syslog);
}

sub logged {
	my ($server, @from) = @_;
	return substr($server->content('console'), $from[0])
	    . substr($server->syslog, $from[1]);
}

my $count = 0;
sub gets_in {
	my ($what, $mechs, $user, $token) = @_;
	for my $mech (@$mechs) {
		my $talk = $cache->connect;
		my ($key, $value) = ("key-$count", 'value-' . $count++);
		my ($got) = login($talk, $mech, $user, $token);
		is $got->{status}, $OK, "$what: gets in ($mech)"
		    or diag substr $cache->content('console'), -600;
		is $talk->(set => $key, $value)->{status}, $OK, 'may write';
		is $talk->(get => $key, '')->{value}, $value, 'and read';
	}
	return;
}

# Refused, and then what is in the cache stays out of reach.
sub is_refused {
	my ($what, $mechs, $verdict, $user, $token, $server) = @_;
	$server //= $cache;
	for my $mech (@$mechs) {
		my @from = log_sizes($server);
		my $talk = $server->connect;
		my ($got) = login($talk, $mech, $user, $token);
		is $got->{status}, $DENIED, "$what: refused ($mech)";
		isnt $talk->(get => 'key-0', '')->{status} // -1, $OK,
		    'may not read';
		ok wait_for(sub { logged($server, @from) =~ $verdict }),
		    'the log says why' or diag logged($server, @from);
	}
	return;
}

# memcached's realm is in its log even where it does not count.
sub reason {
	my ($verdict, $user) = @_;
	return qr/login deny reason=$verdict user="\Q$user\E(?:\@\S+)?"/;
}

# ---- without its realm the user is somebody else ----
my @all = (@bearer, 'PLAIN');
my ($shop, $record) = create_token($config, user => 'alice',
    label => 'cache of the shop', service => 'memcached');
my $realm = hostname();
is_refused('a user with a realm', \@bearer,
    reason('wrong-user', "alice\@$realm"), 'alice', $shop);
my ($line) = map { /^(default_realm)/ }
    $recipe->file('/etc/apitoken/apitoken.conf');
set_conf($config, $line => $realm);

# ---- who gets in ----
my $talk = $cache->connect;
is_deeply [ sort split / /, $talk->(list => '', '')->{value} ],
    [ sort @all ], 'these mechanisms are offered';
is $cache->connect->(get => 'key-0', '')->{status}, $DENIED,
    'nothing without a login';
gets_in('a token for this service', \@all, 'alice', $shop);
gets_in('a token for everything', \@all, 'alice',
    token(user => 'alice', label => 'wide'));
gets_in('bob with his own', \@all, 'bob', token(user => 'bob'));

# ---- who does not ----
my ($bob, $his) = create_token($config, user => 'bob', label => 'his own');
is_refused("another user's token", \@all, reason('wrong-user', 'alice'),
    'alice', $bob);
is_refused('a token for imap', \@all, reason('wrong-service', 'alice'),
    'alice', token(user => 'alice', service => 'imap'));
is_refused('a token for here, which memcached cannot tell', \@all,
    reason('wrong-source', 'alice'), 'alice',
    token(user => 'alice', from => '127.0.0.0/8'));
is_refused('no token at all', \@bearer, reason('not-a-token', 'alice'),
    'alice', 'a-password');
is_refused('no token at all', ['PLAIN'],
    qr/auth failure: \[user=alice\]/, 'alice', 'a-password');
is eval { from_json((login($cache->connect, 'OAUTHBEARER', 'alice',
    $bob))[1])->{status} }, 'invalid_token',
    'the client is told in the way of its mechanism';
my $step = $cache->connect;
is $step->(auth => 'OAUTHBEARER', '')->{status}, $CONTINUE,
    'a client may say nothing at first';
is $step->(step => 'OAUTHBEARER', first_words('OAUTHBEARER', 'alice',
    $shop))->{status}, $OK, 'and the token in the next step';

# ---- what changes while it runs ----
my ($old, $lost) = create_token($config, user => 'alice', label => 'lost');
my $open = $cache->connect;
gets_in('not yet revoked', \@all, 'alice', $old);
is +(login($open, 'XOAUTH2', 'alice', $old))[0]{status}, $OK,
    'a connection that stays open';
($exit, undef, $err) = $cache->as_host(program('apitoken'), '--config',
    $config, 'revoke', $lost->{id});
is $exit, 0, 'revoke' or diag $err;
is_refused('revoked', \@all, reason('revoked', 'alice'), 'alice', $old);
is $open->(get => 'key-0', '')->{status}, $OK,
    'the open connection is not ended';
my $store = "$dir/token/store";
chmod 0700, $store;
is_refused('the store is closed', \@bearer, qr/Permission denied/, 'alice',
    $shop);
chmod 02750, $store;
gets_in('the store is open', \@bearer, 'alice', $shop);

# ---- started by root, it has lost the group ----
my $by_root = Apitoken::Memcached->new(%host, name => 'by-root',
    like => $cache);
$by_root->start(\@unit, \@sasl, as_root => 1);
is_refused('started with -u', \@bearer, qr/store: Permission denied/,
    'alice', $shop, $by_root);

# ---- what was written down ----
my @tokens = made_tokens();
my @coded = Apitoken::Server::coded(@tokens);
for my $server ($cache, $by_root) {
	for my $file (qw(console syslog)) {
		is scalar Apitoken::Server::leaks($server->content($file),
		    @tokens, @coded), 0,
		    "$server->{name}, $file: no token";
	}
	ok $server->running, 'it still runs';
	$server->stop;
}
is scalar Apitoken::Server::leaks(slurp("$dir/token/audit.json"), @tokens),
    0, 'the audit log: no token';
done_testing;
