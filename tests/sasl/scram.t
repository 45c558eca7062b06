#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# SCRAM-SHA-256 with tokens: libsasl's own mechanism, client and server, with
# the plug-in's names and verifiers, and passwords of sasldb beside them. The
# proofs of both sides are computed a second time here.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Sasl;
use Apitoken::Server;
use Apitoken::Test;
use Digest::SHA qw(hmac_sha256 sha256);
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::More;

my $theirs = dirname_of('libscram.so');
my $saslpasswd = Apitoken::Server::find_program('saslpasswd2');
if (my $why = Apitoken::Sasl::missing()
    // (!$theirs ? 'libsasl2-modules is not installed' : undef)
    // (!$saslpasswd ? 'sasl2-bin is not installed' : undef)) {
	plan skip_all => $why;
}

my $host = Apitoken::Sasl->new;
my $config = $host->config;
symlink "$theirs/$_", $host->plugins . "/$_" or die "$_: $!"
    for qw(libscram.so libsasldb.so libplain.so libcrammd5.so);
symlink program('tests/sasl/libtrust.so'), $host->plugins . '/libtrust.so'
    or die "libtrust.so: $!";
my ($token, $record) = create_token($config);
my $id = $record->{id};
my $password = 'alices-ordinary-one';
my $sasldb = $host->dir . '/sasldb2';
make_user(alice => $password);
make_user('bob~abcdef', 'of-someone-with-such-a-name');

sub dirname_of {
	my ($file) = @_;
	my ($found) = grep { -e "$_/$file" }
	    glob('/usr/lib/*/sasl2'), '/usr/lib64/sasl2', '/usr/lib/sasl2';
	return $found;
}

sub make_user {
	my ($user, $pass) = @_;
	my ($exit, $out, $err) = run([ $saslpasswd, '-p', '-c', '-f', $sasldb,
	    '-u', 'mail.example.org', $user ], stdin => "$pass\n",
	    env => { SASL_PATH => $theirs });
	$exit eq '0' or die "saslpasswd2: $out$err";
	return;
}

# A whole process that makes one login, or these lines.
sub drive {
	my ($set, @lines) = @_;
	my %option = (canon_user_plugin => 'apitoken',
	    auxprop_plugin => 'sasldb apitoken', sasldb_path => $sasldb,
	    %{ $set->{option} // {} });
	# See driver.c.
	my %env = ($option{auxprop_plugin} // '') eq 'apitoken' ? ()
	    : (UNCOUNTED => 1);
	return $host->drive({ token => $token, authname => "alice~$id",
	    %$set, option => \%option, run => { env => \%env } },
	    @lines ? @lines : 'login SCRAM-SHA-256');
}

# What was said: client-first, server-first, client-final, server-final.
sub messages {
	my ($r) = @_;
	return map { s/^\w+ //r } $r->{client}[0], $r->{server}[0],
	    $r->{client}[1] // '', $r->{server}[1] // '';
}

sub field { return $_[0] =~ /(?:^|,)$_[1]=([^,]*)/ ? $1 : undef }

sub xor_bytes { return $_[0] ^ $_[1] }

sub salted {
	my ($secret, $salt, $rounds) = @_;
	my $u = my $sum = hmac_sha256($salt . pack('N', 1), $secret);
	for (2 .. $rounds) {
		$u = hmac_sha256($u, $secret);
		$sum = xor_bytes($sum, $u);
	}
	return $sum;
}

# proofs($r, secret): both sides' as they have to be (RFC 5802, 3).
sub proofs {
	my ($r, $secret) = @_;
	my ($c1, $s1, $c2) = messages($r);
	my $bare = $c1 =~ s/^[^,]*,[^,]*,//r;
	my $all = join ',', $bare, $s1, $c2 =~ s/,p=.*//r;
	my $salted = salted($secret, decode_base64(field($s1, 's')),
	    field($s1, 'i'));
	my $client_key = hmac_sha256('Client Key', $salted);
	my $signature = hmac_sha256($all, sha256($client_key));
	return map { encode_base64($_, '') }
	    xor_bytes($client_key, $signature),
	    hmac_sha256($all, hmac_sha256('Server Key', $salted));
}

sub accepted {
	my ($r, $names, $secret, $name) = @_;
	subtest $name => sub {
		is($r->{server}[-1] =~ s/ .*//r, 'OK', 'accepted')
		    or diag $r->{out};
		is_deeply($r->{names}, [$names], "as $names");
		my ($c1, $s1, $c2, $s2) = messages($r);
		my ($client, $server) = proofs($r, $secret);
		is(field($c2, 'p'), $client, "the client's proof");
		is(field($s2, 'v'), $server, "the server's proof");
		is($r->{client}[-1] =~ s/ .*//r, 'OK',
		    'the client believes it');
		is(field($s1, 'i'), 4096, '4096 rounds');
		like("@{ $r->{log} }", $secret =~ /^tkc1_/ ?
		    qr/\blogin begin user="[^"]+" .* id=\w/ : qr/^\z/,
		    'the log has whose token it is');
		unlike(join('', messages($r)), qr/\Q$secret\E/,
		    'the secret is not sent');
		nothing_shown($r);
	};
	return;
}

sub nothing_shown {
	my ($r) = @_;
	is("@{ $r->{left} }", '0 0', 'nothing is left') if @{ $r->{left} };
	ok(holds_no_token($r->{out} =~ s/[^\n]* reason=\S+//r),
	    'no token anywhere');
	my @coded = map { unpack 'H*', $_ } substr $token, 5;
	unlike($r->{out}, qr/$coded[0]/, 'nor in hexadecimal');
	return;
}

# Refused at the end of the exchange, in the way of a wrong password.
my $as_wrong = wrong_password();
sub refused {
	my ($r, $reason, $name) = @_;
	subtest $name => sub {
		is_deeply(shape($r), $as_wrong, 'as with a wrong password')
		    or diag $r->{out};
		is_deeply($r->{names}, [], 'nobody is logged in');
		is_deeply([ map { /reason=(\S+)/ } @{ $r->{log} } ],
		    [ $reason // () ],
		    'the log says ' . ($reason // 'nothing'));
		if ($reason) {
			like($r->{log}[0], qr/\buser="[a-z]+" service=\w+ /,
			    'and who it was');
			my ($why) = $r->{log}[0] =~ /\bwhy="there is no (.*?)"/;
			is($why, $reason eq 'unknown-token' ?
			    'token of that name with a verifier for SCRAM, ' .
			    'or more than one' :
			    undef, 'and why, where it is not there');
		}
		nothing_shown($r);
	};
	return;
}

# The exchange with what changes each time taken away, but for its length.
sub shape {
	my ($r) = @_;
	my @said = map { s/(?<=[ ,][rsp]=)([^,]*)/length $1/ger }
	    @{ $r->{server} }, @{ $r->{client} };
	s/n=[^,]*/n=NAME/ for @said;
	return [ @said, @{ $r->{detail} } ];
}

sub wrong_password {
	my $r = drive({ token => 'not the password' });
	is($r->{server}[-1], 'BADAUTH none', 'a wrong password is refused');
	is(scalar @{ $r->{server} }, 2, 'at the end of the exchange');
	like($r->{server}[0], qr/^CONTINUE r=.*,s=[^,]{24},i=4096$/,
	    'of an ordinary form');
	return shape($r);
}

subtest 'a token' => sub {
	accepted(drive({}), 'alice alice', $token, 'by its id');
	for my $len (6, 7, 23) {
		accepted(drive({ authname => 'alice~' . substr $id, 0, $len }),
		    'alice alice', $token, "by $len characters of it");
	}
	accepted(drive({ authname => "alice~\U$id" }), 'alice alice', $token,
	    'by its id in upper case');
	accepted(drive({ user => "alice~$id" }), 'alice alice', $token,
	    'of a client that names itself twice');
	accepted(drive({ user => 'alice' }), 'alice alice', $token,
	    'of a client that says for whom');
	accepted(drive({ user => 'bob', proxy => 'alice>bob' }), 'alice bob',
	    $token, 'of someone who may act for bob');
	is(drive({ user => 'bob' })->{names}[0], undef, 'who else may not');
	accepted(drive({ option => { auxprop_plugin => 'apitoken' } }),
	    'alice alice', $token, 'without other databases');
	accepted(drive({ option => { auxprop_plugin => 'apitoken' },
	    user => 'alice' }), 'alice alice', $token,
	    'without other databases, twice named');
	accepted(drive({ authname => "alice#$id",
	    option => { apitoken_separator => '#' } }), 'alice alice', $token,
	    'with another separator');
	my ($theirs) = (create_token($config, user => 'carol'))[1];
	my ($t, $rec) = create_token($config, user => 'carol');
	accepted(drive({ authname => "carol~$rec->{id}", token => $t }),
	    'carol carol', $t, 'of a user without a password');
};

subtest 'the verifier of the record' => sub {
	my $before = (messages(drive({})))[1];
	my $again = (messages(drive({})))[1];
	is(field($again, 's'), field($before, 's'), 'has one salt');
	is(length decode_base64(field($again, 's')), 16, 'of 16 bytes');
	my ($t, $rec) = create_token($config, label => 'second');
	isnt(field((messages(drive({ authname => "alice~$rec->{id}",
	    token => $t })))[1], 's'), field($again, 's'),
	    'and another token another');
};

# What it was, under its label, in the file as well.
subtest 'the audit log' => sub {
	my ($t, $rec) = create_token($config, label => 'phone');
	drive({ token => $t, authname => "alice~$rec->{id}" });
	my ($exit, $out) = apitoken($config, '--json', 'audit', '--result',
	    'begin', $rec->{id});
	my @lines = json_lines($out);
	is scalar @lines, 1, 'one line';
	is join(' ', map { $_ // '-' } @{ $lines[0] }{qw(event result label
	    user service rhost reason)}),
	    'login begin phone alice imap 192.0.2.7 -', 'what it says';
	ok holds_no_token($out), 'and no token';
};

subtest 'refused' => sub {
	refused(drive({ token => substr($token, 0, -1) . 'x' }), undef,
	    'a token mistyped');
	refused(drive({ token => $password }), undef,
	    "the user's own password by a token's name");
	refused(drive({ authname => "bob~$id" }), 'unknown-token',
	    "another user's token");
	refused(drive({ authname => "nobody~$id" }), 'unknown-token',
	    "the token of a user who isn't there");
	my $other = $id =~ s/(.)$/$1 eq '0' ? '1' : '0'/er;
	refused(drive({ authname => "alice~$other" }), 'unknown-token',
	    'an id that is not there');
	my ($t, $rec) = create_token($config, label => 'gone');
	my %gone = (token => $t, authname => "alice~$rec->{id}");
	my $salt = field((messages(drive({%gone})))[1], 's');
	apitoken($config, 'revoke', $rec->{id});
	refused(drive({%gone}), 'revoked', 'a token revoked');
	is(field((messages(drive({%gone})))[1], 's'), $salt,
	    'which keeps its salt');
	($t, $rec) = create_token($config, label => 'imap',
	    service => 'imap', from => '192.0.2.0/24');
	my %imap = (token => $t, authname => "alice~$rec->{id}");
	accepted(drive({%imap}), 'alice alice', $t, 'service and source fit');
	refused(drive({ %imap, service => 'smtp' }), 'wrong-service',
	    'another service');
	refused(drive({ %imap, remote => '198.51.100.7;1' }), 'wrong-source',
	    'another source');
	refused(drive({ %imap, remote => '-' }), 'wrong-source', 'no source');
	accepted(drive({ %imap, service => 'smtp',
	    option => { apitoken_service => 'imap' } }), 'alice alice', $t,
	    'the service by its option');
	($t, $rec) = create_token($config, label => 'old');
	expire($config, $rec->{id});
	refused(drive({ token => $t, authname => "alice~$rec->{id}" }),
	    'expired', 'a token expired');
};

# By "scram = no", or imported: to the peer as if there were no such token.
subtest 'tokens without a verifier' => sub {
	set_conf($config, scram => 'no');
	my ($t, $rec) = create_token($config, label => 'bare');
	my %bare = (token => $t, authname => "alice~$rec->{id}");
	accepted(drive({}), 'alice alice', $token, 'one that has it');
	for my $set ('no', undef) {
		set_conf($config, scram => $set);
		refused(drive({%bare}), 'unknown-token', 'one that has none, '
		    . 'scram = ' . ($set // 'yes'));
	}
	my @salts = map { field((messages(drive($_)))[1], 's') } {%bare},
	    {%bare}, { %bare, authname => "bob~$rec->{id}" };
	is($salts[0], $salts[1], 'it shows one salt');
	isnt($salts[0], $salts[2], 'and under another name another');
	is(drive({ %bare, authname => 'alice' }, "login $_")->{names}[0],
	    'alice alice', "$_ takes it") for qw(OAUTHBEARER XOAUTH2);
	my (undef, $out) = apitoken($config, '--json', 'regenerate',
	    $rec->{id});
	my $new = from_json($out);
	accepted(drive({ token => $new->{token},
	    authname => "alice~$new->{id}" }), 'alice alice', $new->{token},
	    'regenerated it has one');
	my $value = 'a value that was made elsewhere';
	my $id = import_value($config, $value);
	refused(drive({ token => $value, authname => "alice~$id" }),
	    'unknown-token', 'a value that was made elsewhere');
};

# What someone without a token can see of ids.
subtest 'ids that are not there' => sub {
	my $salt = sub {
		return field((messages(drive({ authname => $_[0] })))[1], 's');
	};
	my $first = $salt->('alice~zzzzzz');
	is($salt->('alice~zzzzzz'), $first, 'have one salt in all processes');
	isnt($salt->('bob~zzzzzz'), $first, 'each user another');
	my @digits = split //, '0123456789abcdefghjkmnpqrstvwxyz';
	my %seen;
	$seen{ $salt->("alice~zzzzzz$_") }++ for @digits;
	is($seen{$first}, 1, 'which one longer beginning has as well');
	is(scalar keys %seen, 32, 'the others have others');
	is((apitoken($config, 'key', 'add', '--activate'))[0], '0',
	    'a new key');
	is($salt->('alice~zzzzzz'), $first, 'which changes no salt');
	set_conf($config, default_realm => 'example.org');
	is($salt->('alice@example.org~zzzzzz'), $first,
	    'nor does the default realm');
	is($salt->("alice\@example.org~$id"), $salt->("alice~$id"),
	    'just as for a token that is there');
	set_conf($config, default_realm => undef);
};

# libsasl lets a database that knows the whole name overrule some refusals.
subtest 'names that a mechanism proved by other means' => sub {
	my $trust = sub {
		return drive({ option => { auxprop_plugin => $_[1] } },
		    'start TRUST ' . Apitoken::Sasl::hex($_[0]));
	};
	for my $list ('sasldb apitoken', 'apitoken') {
		my $r = $trust->('alice', 'sasldb apitoken');
		is_deeply($r->{names}, ['alice alice'], 'an ordinary name');
		for my $name ("alice~$id", 'bob~abcdef', 'nobody~abcdef') {
			$r = $trust->($name, $list);
			is($r->{server}[-1], 'BADAUTH none',
			    "$list: $name: refused") or diag $r->{out};
			is_deeply($r->{names}, [], 'nobody is logged in');
		}
	}
};

subtest 'names without an id' => sub {
	accepted(drive({ authname => 'alice', token => $password }),
	    'alice alice', $password, "the user's own password");
	accepted(drive({ authname => 'bob~abcdef', token =>
	    'of-someone-with-such-a-name', option =>
	    { apitoken_separator => '#' } }), 'bob~abcdef bob~abcdef',
	    'of-someone-with-such-a-name', 'a name with ~ elsewhere');
	is(drive({ authname => 'alice' })->{server}[-1], 'BADAUTH none',
	    'a token without its id');
	for my $name ('alice~', 'alice~abcde', "~$id", "alice~$id" . '0',
	    'alice~abcdeu', "alice~$id~", "alice ~ $id") {
		my $r = drive({ authname => $name });
		is(scalar @{ $r->{names} }, 0, "\"$name\"");
	}
	my $r = drive({ authname => 'alice', token => $password, option =>
	    { apitoken_config => '/nonexistent/apitoken.conf' } });
	is($r->{names}[0], 'alice alice', 'without any store');
};

subtest 'order of the list' => sub {
	for my $list ('apitoken sasldb', 'sasldb', 'sasldb apitoken sasldb',
	    'sasldb apitokens', undef) {
		my %set = (option => { auxprop_plugin => $list });
		my $shown = $list // 'none';
		for my $secret ($token, $password) {
			my $r = drive({ %set, token => $secret });
			is_deeply($r->{names}, [], "$shown: refused");
			like("@{ $r->{log} }", qr/auxprop_plugin .* last/,
			    'the log says what is wrong');
		}
		my $r = drive({ %set, authname => 'alice',
		    token => $password });
		is($r->{names}[0], 'alice alice', 'passwords work');
		is_deeply($r->{log}, [], 'without a word');
	}
	for my $list ('sasldb apitoken ', "sasldb\tAPITOKEN",
	    'apitoken sasldb apitoken') {
		is(drive({ option => { auxprop_plugin => $list } })
		    ->{names}[0], 'alice alice', "\"$list\" will do");
	}
	my $r = drive({ option => { canon_user_plugin => undef } });
	is_deeply($r->{names}, [], 'refused without canon_user_plugin');
	$r = drive({ option => { canon_user_plugin => undef }, authname =>
	    'alice', token => $password });
	is($r->{names}[0], 'alice alice', 'where passwords work');
};

subtest 'other mechanisms' => sub {
	my $plain = sub { 'start PLAIN ' . Apitoken::Sasl::hex("\0$_[0]\0$_[1]") };
	for my $secret ($token, 'wrong') {
		my $r = drive({ token => $secret }, 'login CRAM-MD5');
		is_deeply($r->{names}, [], 'CRAM-MD5');
		$r = drive({}, $plain->("alice~$id", $secret));
		is_deeply($r->{names}, [], 'PLAIN');
	}
	is_deeply(drive({ token => $password }, 'login CRAM-MD5')->{names}, [],
	    "nor the user's password by a token's name");
	my $r = drive({}, $plain->("alice~$id", $password));
	is_deeply($r->{names}, [], 'nor PLAIN');
	$r = drive({}, $plain->('alice', $password));
	is($r->{names}[0], 'alice alice', 'which PLAIN takes without it');
	is_deeply(drive({}, 'login SCRAM-SHA-1')->{names}, [],
	    'SCRAM-SHA-1 has no verifier');
	$r = drive({ authname => 'alice', token => $token },
	    'login OAUTHBEARER');
	is($r->{names}[0], 'alice alice', 'OAUTHBEARER goes on');
	is_deeply(drive({}, 'login OAUTHBEARER')->{names}, [],
	    'by the name alone');
};

subtest 'one after the other' => sub {
	my $scram = 'login SCRAM-SHA-256';
	my $r = drive({}, $scram, "set authname alice", $scram,
	    "set pass $password", $scram, "set authname alice~$id", $scram,
	    "set pass $token", $scram);
	is_deeply([ map { s/ .*//r } grep { !/^CONTINUE/ }
	    @{ $r->{server} } ], [qw(OK BADAUTH OK BADAUTH OK)],
	    'no login leaves anything for the next');
};

subtest 'allocated' => sub {
	my %alone = (option => { auxprop_plugin => 'apitoken' });
	for my $name ("alice~$id", 'alice~zzzzzz', 'alice', "bob~$id",
	    'alice~', "alice~$id~") {
		for my $mech (qw(SCRAM-SHA-256 CRAM-MD5 PLAIN)) {
			my $r = drive({ %alone, authname => $name },
			    "login $mech", "login $mech");
			is_deeply($r->{left}, ['0 0'],
			    "$name, $mech: nothing is left");
		}
	}
};

subtest 'realm' => sub {
	my ($t, $rec) = create_token($config, user => 'alice@example.org',
	    label => 'realm');
	my %set = (token => $t, realm => 'example.org',
	    option => { auxprop_plugin => 'apitoken' });
	for my $name ('alice', 'alice@example.org') {
		accepted(drive({ %set, authname => "$name~$rec->{id}" }),
		    'alice@example.org alice@example.org', $t, $name);
	}
	is_deeply(drive({ %set, authname =>
	    "alice\@example.net~$rec->{id}" })->{names}, [], 'another realm');
};

subtest 'not now' => sub {
	my $r = drive({ option =>
	    { apitoken_config => '/nonexistent/apitoken.conf' } });
	is_deeply($r->{server}, ['UNAVAIL none'], 'an outage, no refusal');
	like("@{ $r->{log} }", qr/cannot be checked: .*No such file/,
	    'the log says why');
	rename $host->dir . '/token/store', $host->dir . '/token/gone';
	$r = drive({});
	is_deeply($r->{server}, ['UNAVAIL none'], 'without its store');
	like("@{ $r->{log} }", qr/cannot be checked: .*store/, 'with a reason');
	is(drive({ authname => 'alice', token => $password })->{names}[0],
	    'alice alice', 'passwords work');
};

done_testing;
