#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Who gets in, as whom, and what the log says of it: both mechanisms, client
# and server through the real libsasl.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Sasl;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Sasl::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Sasl->new;
my $config = $host->config;
my ($token, $record) = create_token($config);
my @mechs = qw(OAUTHBEARER XOAUTH2);

sub refused {
	my ($r, $reason, $name) = @_;
	subtest $name => sub {
		is($r->{server}[-1], 'BADAUTH none', 'BADAUTH');
		is_deeply($r->{names}, [], 'nobody is logged in');
		is_deeply([ map { /reason=(\S+)/ } @{ $r->{log} } ],
		    [$reason], "the log says $reason, once");
		is_deeply([ grep { /login allow/ } @{ $r->{log} } ], [],
		    'and of no login');
		is_deeply($r->{left}, ['0 0'], 'nothing is left');
		is_deeply($r->{detail}, ['SASL(-13): authentication failure: '
		    . 'authentication failed'], 'the peer is told no reason');
		ok(holds_no_token(join "\n", @{ $r->{log} }),
		    'no token in the log');
	};
	return;
}

sub accepted {
	my ($r, $names, $name) = @_;
	subtest $name => sub {
		is($r->{server}[-1], 'OK none', 'OK, without more bytes');
		is_deeply($r->{names}, [$names], "as $names");
		is(scalar(grep { /login allow/ } @{ $r->{log} }), 1,
		    'one line in the log');
		is($r->{client}[-1], 'OK empty', 'the client is done');
		is_deeply($r->{left}, ['0 0'], 'nothing is left');
	};
	return;
}

sub label { return "$_[0]: $_[1]" }

for my $mech (@mechs) {
	my $login = sub {
		my ($set, @lines) = @_;
		return $host->drive({ token => $token, %$set },
		    @lines ? @lines : "login $mech");
	};
	accepted($login->({}), 'alice alice', label($mech, 'a token'));
	accepted($login->({ token => "$token\\n" }), 'alice alice',
	    label($mech, 'a token from a file, with its newline'));
	accepted($login->({ interact => 1 }), 'alice alice',
	    label($mech, 'a client with prompts'));
	accepted($login->({ remote => '2001:db8::1;4711' }), 'alice alice',
	    label($mech, 'from IPv6'));
	accepted($login->({ remote => '-' }), 'alice alice',
	    label($mech, 'from nowhere'));

	my $r = $login->({ authname => 'bob' });
	refused($r, 'wrong-user', label($mech, "another user's token"));
	like($r->{log}[0], qr/user="bob" .* id=$record->{id} label="laptop"/,
	    'it names the user and the token');
	is($r->{client}[1], $mech eq 'XOAUTH2' ? 'CONTINUE empty' :
	    "CONTINUE \1", 'the client says farewell');

	refused($login->({ token => 'secret' }), 'not-a-token',
	    label($mech, 'a password'));
	is($login->({ token => '-' })->{client}[0], 'BADPARAM none',
	    label($mech, 'a client without a token does not begin'));
	is($login->({ token => 'two words' })->{client}[0], 'BADPARAM none',
	    label($mech, 'nor with what cannot be sent'));

	my ($imap) = create_token($config, label => "imap-$mech",
	    service => 'imap');
	accepted($login->({ token => $imap }), 'alice alice',
	    label($mech, 'the service fits'));
	accepted($login->({ token => $imap, service => 'imaps' }),
	    'alice alice', label($mech, 'the service fits by its other name'));
	refused($login->({ token => $imap, service => 'smtp' }),
	    'wrong-service', label($mech, 'another service'));
	accepted($login->({ token => $imap, service => 'smtp',
	    option => { apitoken_service => 'imap' } }), 'alice alice',
	    label($mech, 'the service is named by apitoken_service'));

	my ($home) = create_token($config, label => "home-$mech",
	    from => [ '192.0.2.0/24', '2001:db8::/32' ]);
	accepted($login->({ token => $home }), 'alice alice',
	    label($mech, 'the source fits'));
	accepted($login->({ token => $home, remote => '2001:db8::7;1' }),
	    'alice alice', label($mech, 'the source fits, IPv6'));
	refused($login->({ token => $home, remote => '198.51.100.7;1' }),
	    'wrong-source', label($mech, 'another source'));
	refused($login->({ token => $home, remote => '-' }),
	    'wrong-source', label($mech, 'no source'));

	my ($lost, $rec) = create_token($config, label => "lost-$mech");
	my @revoke = ('--config', $config, 'revoke', $rec->{id});
	accepted($login->({ token => $lost }), 'alice alice',
	    label($mech, 'not yet revoked'));
	run([ program('apitoken'), @revoke ]);
	refused($login->({ token => $lost }), 'revoked',
	    label($mech, 'revoked'));
}

subtest 'acting for another' => sub {
	my %set = (token => $token, authname => 'alice', user => 'bob');
	for my $mech (@mechs) {
		accepted($host->drive({ %set, proxy => 'alice>bob' },
		    "login $mech"), 'alice bob', "$mech: allowed");
		my $r = $host->drive({ %set, proxy => 'bob>alice' },
		    "login $mech");
		refused($r, 'wrong-user', "$mech: not allowed");
		is_deeply($r->{policy}, ['alice>bob'],
		    'the policy was asked for the owner');
	}
	my ($gone, $rec) = create_token($config, label => 'proxy');
	run([ program('apitoken'), '--config', $config, 'revoke',
	    $rec->{id} ]);
	my $r = $host->drive({ %set, token => $gone, proxy => 'alice>bob' },
	    'login OAUTHBEARER');
	is($r->{server}[-1], 'BADAUTH none', 'not with a revoked token');
	is_deeply($r->{policy}, [],
	    'the policy is not asked for one who is not proved');
	ok((grep { /reason=revoked/ } @{ $r->{log} }), 'and the log says why');
	my $forged = substr($token, 0, 30) . 'x';
	is_deeply($host->drive({ %set, token => $forged },
	    'login XOAUTH2')->{policy}, [], 'nor for a forged one');
};

# What slapd does: the first name that is taken for authenticated stays. Its
# policy here allows everything but what names that one.
subtest 'a server that remembers the first name' => sub {
	my $r = $host->drive({ token => $token, user => 'bob',
	    canon => 'first' }, 'login OAUTHBEARER');
	refused($r, 'wrong-user', 'the first name is the owner');
	$r = $host->drive({ token => $token, canon => 'first',
	    authname => 'bob' }, 'login XOAUTH2');
	refused($r, 'wrong-user', 'whoever is claimed');
};

subtest 'how the server spells a name' => sub {
	accepted($host->drive({ token => $token, authname => 'ALICE',
	    canon => 'lower' }, 'login OAUTHBEARER'), 'alice alice',
	    'in lower case');
	refused($host->drive({ token => $token, authname => 'ALICE' },
	    'login OAUTHBEARER'), 'wrong-user', 'or as it is');
	my ($other) = create_token($config, user => 'Alice', label => 'A');
	refused($host->drive({ token => $other, authname => 'Alice',
	    canon => 'lower' }, 'login OAUTHBEARER'), 'wrong-user',
	    "Alice's token is not alice's");
	refused($host->drive({ token => $other, authname => 'alice',
	    canon => 'lower' }, 'login XOAUTH2'), 'wrong-user',
	    'whatever is claimed');
	my $r = $host->drive({ token => $other, canon => 'lower' },
	    'start OAUTHBEARER ' . Apitoken::Sasl::hex(
	    "n,,\1auth=Bearer $other\1\1"), 'step 01');
	refused($r, 'wrong-user', 'nor if nothing is');
	$r = $host->drive({ token => $token, canon => 'refuse' },
	    'login OAUTHBEARER');
	is($r->{server}[-1], 'BADAUTH none', 'a name it does not take');
	like("@{ $r->{log} }", qr/does not take the name/, 'the log says so');
	$r = $host->drive({ token => $token, canon => 'unavail' },
	    'login OAUTHBEARER');
	is($r->{server}[-1], 'UNAVAIL none', 'names that cannot be looked up');
};

subtest 'realm' => sub {
	my %set = (token => $token, realm => 'example.org');
	refused($host->drive({ %set }, 'login OAUTHBEARER'), 'wrong-user',
	    'alice@example.org is not alice');
	my ($theirs) = create_token($config, user => 'alice@example.org',
	    label => 'realm');
	for my $name (qw(alice alice@example.org)) {
		accepted($host->drive({ %set, token => $theirs,
		    authname => $name }, 'login XOAUTH2'),
		    'alice@example.org alice@example.org', "$name in a realm");
	}
	refused($host->drive({ %set, token => $theirs,
	    realm => 'example.net' }, 'login XOAUTH2'), 'wrong-user',
	    'not in another');
	my $with = Apitoken::Sasl->new(conf =>
	    { default_realm => 'example.org' });
	my ($alice) = create_token($with->config);
	for my $name (qw(alice alice@example.org)) {
		accepted($with->drive({ %set, token => $alice,
		    authname => $name }, 'login OAUTHBEARER'),
		    'alice@example.org alice@example.org',
		    "$name in the default realm");
		my $names = "$name $name";
		accepted($with->drive({ token => $alice, authname => $name },
		    'login XOAUTH2'), $names,
		    "$name at a server without realm");
	}
	refused($with->drive({ token => $alice,
	    authname => 'alice@example.net' }, 'login XOAUTH2'), 'wrong-user',
	    'alice of another realm');
};

subtest 'not now' => sub {
	my $broken = Apitoken::Sasl->new;
	my ($t) = create_token($broken->config);
	rename $broken->dir . '/token/store', $broken->dir . '/token/gone';
	for my $mech (@mechs) {
		my $r = $broken->drive({ token => $t },
		    "login $mech", "login $mech");
		is_deeply($r->{server}, [ ('UNAVAIL none') x 2 ],
		    "$mech: an outage, not a refusal");
		is(scalar(grep { /^1 .*cannot be checked: .*store/ }
		    @{ $r->{log} }), 2, 'the log says why, at each use');
		is_deeply($r->{left}, ['0 0'], 'nothing is left');
	}
};

subtest 'no room for a name' => sub {
	for my $name ('a' x 255, 'a' x 256, "a,b=c") {
		my $r = $host->drive({ token => $token, authname => $name },
		    'login OAUTHBEARER');
		my $end = length $name > 255 ? undef : 'BADAUTH none';
		is($r->{server}[-1], $end, length($name) . ' bytes');
	}
};

done_testing;
