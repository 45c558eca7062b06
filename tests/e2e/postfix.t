#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens at a real Postfix, set up as doc/recipes/postfix.md says: smtpd checks
# them itself, in its chroot and without privileges.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Fail2ban;
use Apitoken::Postfix;
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use Test::More;

if (defined(my $why = Apitoken::Postfix::missing())) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('postfix');
my $dir = tempdir();
my $config = "$dir/token/apitoken.conf";
my $store = "$dir/token/store";
my @mechs = qw(OAUTHBEARER XOAUTH2);

sub token { return scalar create_token($config, @_) }

my $smtp = Apitoken::Postfix->new(dir => $dir, name => 'postfix',
    groups => $recipe->groups);
my ($exit, undef, $err) = $smtp->as_host(program('apitoken'), '--config',
    $config, 'init');
is $exit, 0, 'init where the group is known' or BAIL_OUT($err);

# The recipe's smtpd, and two more: curl takes OAUTHBEARER wherever it is
# offered, so XOAUTH2 from curl needs a server with nothing else.
my @options = $recipe->file('/etc/postfix/sasl/smtpd.conf');
my %set = (
	main => [ $recipe->file('/etc/postfix/main.cf') ],
	sasl => {
		smtpd => [ @options, "apitoken_config: $config" ],
		xoauth2 => [ 'mech_list: XOAUTH2',
		    "apitoken_config: $config" ],
		broken => [ @options, "apitoken_config: $config.missing" ],
	},
);
$smtp->start(%set);

# The answer's code; the log has to have the verdict, or none.
sub answers {
	my ($code, $user, $token, $verdict, $what, $server) = @_;
	$server //= $smtp;
	for my $mech (@mechs) {
		my $before = length $server->syslog;
		my ($last, $challenge) = $server->talk(mech => $mech,
		    user => $user, token => $token);
		like $last, qr/^$code /, "$what: $code ($mech)";
		next if !defined $verdict;
		ok $server->wait_syslog(qr/apitoken: .*$verdict/, $before),
		    "$what: the log says why ($mech)"
		    or diag substr $server->syslog, $before;
	}
	return;
}

# Can this user open the file, once root has looked up its folder?
sub open_as {
	my ($user, $group, $path) = @_;
	my ($folder, $name) = $path =~ m{^(.*)/([^/]+)$};
	my ($code) = run([ 'cat', $name ], dir => $folder, uid => $user,
	    gid => $group);
	return $code eq '0';
}

# ---- who gets in ----
my ($laptop, $record) = create_token($config, user => 'alice',
    label => 'mail on the laptop', service => 'smtp', from => '127.0.0.0/8');
my @submissions = (
	[ 'curl', 'OAUTHBEARER', 'smtpd' ],
	[ 'curl', 'XOAUTH2', 'xoauth2' ],
	[ 'msmtp', 'OAUTHBEARER', 'smtpd' ],
	[ 'msmtp', 'XOAUTH2', 'smtpd' ],
);
for (@submissions) {
	my ($client, $mech, $application) = @$_;
	my $subject = "by $client and $mech";
	my $got = $smtp->$client($recipe, mech => $mech, user => 'alice',
	    token => $laptop, subject => $subject,
	    application => $application);
	ok $got->{ok}, "mail $subject" or diag $got->{debug};
	ok wait_for(sub { $smtp->mail =~ /^Subject: $subject$/m }),
	    'is in the mailbox';
	ok $smtp->wait_syslog(
	    qr/client=\S+, sasl_method=$mech, sasl_username=alice$/m),
	    'Postfix knows method and user';
}
answers(235, 'alice', $laptop, undef, 'a token for smtp from here');
answers(235, 'alice', token(user => 'alice', label => 'wide'), undef,
    'a token for everything');

# ---- in the chroot, and without privileges ----
my $seen = $smtp->smtpd;
my ($uid, $gid) = (getpwnam 'postfix')[2, 3];
my @group = stat $store;
my ($pid) = $smtp->syslog =~ m{smtpd\[(\d+)\]: .*sasl_method=OAUTHBEARER};
ok exists $seen->{$pid}, 'the smtpd that let them in is in the chroot';
is $seen->{$pid}{uid}, join("\t", ($uid) x 3), 'it is postfix for good';
is $seen->{$pid}{groups}, "$gid $group[5]", 'and in the group of the store';

# ---- who does not ----
for my $client (qw(curl msmtp)) {
	my $got = $smtp->$client($recipe, mech => 'XOAUTH2', user => 'alice',
	    token => token(user => 'bob', label => "bob's $client"),
	    subject => 'never');
	ok $got->{refused}, "$client: another user's token is refused"
	    or diag $got->{debug};
}
my ($bob, $his) = create_token($config, user => 'bob', label => 'his own');
answers(535, 'alice', $bob,
    qr/reason=wrong-user user="alice" .* id=$his->{id} label="his own"/,
    q(another user's token));
answers(535, 'alice', token(user => 'alice', label => 'mailbox',
    service => 'imap'), 'reason=wrong-service', 'a token for imap');
answers(535, 'alice', token(user => 'alice', label => 'far',
    from => '203.0.113.0/24'), 'reason=wrong-source', 'a token for elsewhere');
answers(535, 'alice', 'a-password', 'reason=not-a-token', 'a password');
my ($challenge) = ($smtp->talk(mech => 'OAUTHBEARER', user => 'alice',
    token => $bob))[1];
is eval { from_json($challenge)->{status} }, 'invalid_token',
    'the client is told in the way of its mechanism';

# ---- what changes while smtpd runs ----
my ($old, $lost) = create_token($config, user => 'alice', label => 'lost');
answers(235, 'alice', $old, undef, 'not yet revoked');
($exit, undef, $err) = apitoken($config, 'revoke', $lost->{id});
is $exit, 0, 'revoke' or diag $err;
answers(535, 'alice', $old,
    qr/reason=revoked user="alice" .* id=$lost->{id} label="lost"/,
    'the next login after revoke');

my $state = "$store/state";
rename $state, "$state.away";
answers(454, 'alice', $laptop, 'store/state', 'the store is damaged');
answers(454, 'alice', $bob, 'store/state', 'for everyone');
rename "$state.away", $state;
answers(235, 'alice', $laptop, undef, 'the store is back');
chmod 0700, $store;
answers(454, 'alice', $laptop, 'Permission denied', 'the store is closed');
chmod 02750, $store;
answers(235, 'alice', $laptop, undef, 'the store is open');
like scalar $smtp->talk(mech => 'XOAUTH2', user => 'alice', token => $laptop,
    application => 'broken'), qr/^454 /, 'no configuration: 454';

my %pids;
my $port = qr/postfix\/smtpd\[(\d+)\]: .*(?:reason=|sasl_method=OAUTHB)/;
$pids{$_}++ for $smtp->settled =~ /$port/g;
is_deeply [ keys %pids ], [ $pid ], 'all of that was one process';

# ---- without the recipe's first command, and the other way ----
my $outside = Apitoken::Postfix->new(dir => $dir, name => 'outside',
    groups => { apitoken => [] });
$outside->start(%set);
answers(454, 'alice', $laptop, 'Permission denied',
    'postfix is not in the group', $outside);
SKIP: {
	my $script = join ' && ', $recipe->commands('setfacl');
	$script =~ s{/var/lib/apitoken}{$store}g;
	my @acl = run([ 'sh', '-c', $script ]);
	skip "no access control lists here: $acl[2]", 1 if $acl[0] ne '0';
	answers(235, 'alice', $laptop, undef, 'by an access control list',
	    $outside);
	my ($soon, $gone) = create_token($config, user => 'alice',
	    label => 'gone');
	answers(235, 'alice', $soon, undef, 'a token made since', $outside);
	apitoken($config, 'revoke', $gone->{id});
	answers(535, 'alice', $soon, 'reason=revoked', 'revoked since',
	    $outside);
	for my $file ("$dir/token/secret.conf", "$store/lock") {
		(my $name = $file) =~ s{.*/}{};
		ok !open_as($uid, $gid, $file), "$name is not open to postfix";
	}
	ok open_as($uid, $gid, "$store/state"), 'and the state file is';
	apitoken($config, 'key', 'add', '--activate');
	my $new = token(user => 'alice', label => 'with a new key');
	answers(454, 'alice', $new, 'login deny reason=unavailable',
	    'a new key', $outside);
	answers(235, 'alice', $laptop, undef, 'the old key', $outside);
	answers(235, 'alice', $new, undef, 'the group sees the new key');
}

# ---- a Postfix that is a client ----
my $where = "[127.0.0.1]:$smtp->{ports}{smtpd}";
my $client = Apitoken::Postfix->new(dir => $dir, name => 'client');
$client->write_file('etc/postfix/token', 0600, map { "$_\n" }
    $recipe->with('/etc/postfix/token',
    { '\[' => "$where alice:$laptop" }));
$client->start(sasl => { smtpd => [] }, main => [
    $recipe->with('/etc/postfix/main.cf of the client', {
	relayhost => "relayhost = $where",
	smtp_tls => '',
    }),
    'smtpd_relay_restrictions = permit_mynetworks, reject',
    'mynetworks = 127.0.0.0/8', 'virtual_mailbox_domains =',
    'default_transport = smtp' ]);
my $before = length $smtp->settled;
ok $client->hand_in('through a client'), 'mail for the client';
ok wait_for(sub { $smtp->mail =~ /^Subject: through a client$/m }),
    'went through it' or diag $client->syslog;
ok $smtp->wait_syslog(qr/sasl_method=OAUTHBEARER, sasl_username=alice$/m,
    $before), 'by a token';

# ---- what fail2ban makes of the log ----
my $log = $smtp->settled;
my @refusals = $log =~
    /login deny reason=(?!unavailable)\S+ .*rhost=(127\.0\.0\.1)/g;
cmp_ok scalar @refusals, '>', 5, 'the log has refusals';
is_deeply [ banned(log_file($log), 'text') ], \@refusals,
    'fail2ban finds each of them';

# ---- what was written down ----
my @tokens = made_tokens();
my @coded = Apitoken::Server::coded(@tokens);
my %texts = ('the audit log' => slurp("$dir/token/audit.json"),
    map {
	("the system log of $_->{name}" => $_->syslog,
	    "what $_->{name} printed" => $_->content('console'));
    } $smtp, $outside, $client);
for my $name (sort keys %texts) {
	is scalar Apitoken::Server::leaks($texts{$name}, @tokens,
	    @coded), 0, "$name: no token, nor in base64";
}
for my $server ($smtp, $outside, $client) {
	is join("\n", $server->crashes), '', "$server->{name}: no crash";
	ok $server->running, 'and it still runs';
	$server->stop;
}
done_testing;
