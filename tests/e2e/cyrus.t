#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tokens at a real Cyrus IMAP, set up as doc/recipes/cyrus-imapd.md says: imapd
# checks them itself, as the user cyrus, and what comes as a password goes
# through saslauthd to PAM.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cyrus;
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use MIME::Base64 qw(decode_base64);
use Test::More;

if (defined(my $why = Apitoken::Cyrus::missing())) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('cyrus-imapd');
my $dir = tempdir(mode => 0755);	# imapd is not root when it looks
my $config = "$dir/token/apitoken.conf";
my $debug = '';		# all that clients said

my $module = program('pam_apitoken.so');
my @pam = map { s/pam_apitoken\.so/$module config=$config nodelay/r }
    grep { !/^#/ } $recipe->file('/etc/pam.d/imap');
my $imap = Apitoken::Cyrus->new(dir => $dir, name => 'cyrus',
    groups => $recipe->groups, pam => { imap => \@pam });
my ($exit, undef, $err) = $imap->as_host(program('apitoken'), '--config',
    $config, 'init');
is $exit, 0, 'init where the group is known' or BAIL_OUT($err);
$imap->add_password('alice');
like join("\n", $recipe->file('/etc/default/saslauthd')),
    qr/^OPTIONS="(?!.*-c)/m, 'saslauthd remembers nothing';
$imap->start($recipe->file('/etc/imapd.conf'),
    "sasl_apitoken_config: $config");

my @bearer = qw(OAUTHBEARER XOAUTH2);
my %account = map { $_ => [ $recipe->file("~/.mbsyncrc-$_") ] }
    qw(scram bearer);

# Every way in, by name: what it says is {ok}.
my %way = (
	map({ my $mech = $_; ("curl, $mech" => sub {
		$imap->curl(mech => $mech, user => $_[0], password => $_[2])
	    }) } @bearer),
	map({ my $mech = $_; ("mbsync, $mech" => sub {
		$imap->mbsync($account{bearer}, user => $_[0],
		    password => $_[2], mech => $mech)
	    }) } @bearer),
	'mbsync, SCRAM-SHA-256' => sub {
		$imap->mbsync($account{scram}, user => "$_[0]~$_[1]",
		    password => $_[2])
	},
	map({ my $mech = $_; ("PLAIN and LOGIN: $mech" => sub {
		$imap->talk(mech => $mech, user => $_[0], password => $_[2])
	    }) } 'PLAIN', 'LOGIN', 'login command'),
);

sub try_way {
	my ($way, @login) = @_;
	my $got = $way{$way}->(@login);
	$debug .= $got->{debug} // join "\n", @{ $got->{lines} };
	return $got;
}

sub gets_in {
	my ($what, $ways, @login) = @_;
	for my $way (grep { /$ways/ } sort keys %way) {
		my $before = length $imap->syslog;
		my $got = try_way($way, @login);
		ok $got->{ok}, "$what ($way)" or diag $got->{debug} // '',
		    substr $imap->syslog, $before;
		ok $imap->wait_syslog(qr/cyrus\S* login: \S+ .*\b\Q$login[0]\E\b/,
		    $before), "and is \"$login[0]\" to imapd"
		    or diag substr $imap->syslog, $before;
	}
	return;
}

sub is_refused {
	my ($what, $ways, $verdict, @login) = @_;
	for my $way (grep { /$ways/ } sort keys %way) {
		my $before = length $imap->syslog;
		my $got = try_way($way, @login);
		ok !$got->{ok}, "$what: refused ($way)";
		ok $imap->wait_syslog(
		    qr/login deny reason=$verdict user="\Q$login[0]\E"/,
		    $before), "$what: logged as $verdict"
		    or diag substr $imap->syslog, $before;
	}
	return;
}

# ---- who gets in ----
my ($laptop, $record) = create_token($config, user => 'alice',
    label => 'laptop', service => 'imap');
gets_in('a token for imap', '.', 'alice', $record->{id}, $laptop);
gets_in('by six characters of its id', 'SCRAM', 'alice',
    substr($record->{id}, 0, 6), $laptop);
my ($near, $near_record) = create_token($config, user => 'alice',
    label => 'from here', from => '127.0.0.0/8');
gets_in('a token for here', 'XOAUTH2|OAUTHB|SCRAM', 'alice',
    $near_record->{id}, $near);
is_refused('which saslauthd cannot tell', 'PLAIN and', 'wrong-source',
    'alice', '', $near);

my $password = $imap->password('alice');
gets_in('the ordinary password', 'PLAIN and', 'alice', '', $password);
$way{'password by SCRAM'} = sub {
	$imap->mbsync($account{scram}, user => $_[0], password => $_[2])
};
gets_in('the ordinary password', 'password by SCRAM', 'alice', '', $password);
delete $way{'password by SCRAM'};

# The same login name in a program that knows no SCRAM. For the command, in
# which imapd checks the password, it means alice; for mechanisms nobody.
for my $secret ($laptop, $password) {
	my %set = (user => "alice~$record->{id}", password => $secret);
	my $before = length $imap->syslog;
	ok $imap->talk(%set, mech => 'login command')->{ok},
	    'the command takes a name with an id';
	ok $imap->wait_syslog(qr/login: \S+ \S+ alice /, $before),
	    'for that of alice' or diag substr $imap->syslog, $before;
	ok !$imap->talk(%set, mech => 'PLAIN')->{ok}, 'PLAIN does not';
	ok !$imap->talk(%set, user => "bob~$record->{id}",
	    mech => 'login command')->{ok}, 'nor for bob';
}

# ---- what crosses the wire ----
sub on_the_wire {
	my ($got) = @_;
	my $text = $got->{wire};
	$text .= "\n" . decode_base64($_) for $text =~ m{([\w+/]{16,}=*)}g;
	return scalar Apitoken::Server::leaks($text, $laptop);
}
my $scram = try_way('mbsync, SCRAM-SHA-256', 'alice', $record->{id}, $laptop);
like $scram->{wire}, qr/AUTHENTICATE "?SCRAM-SHA-256.*OK/s,
    'an exchange was written down';
is on_the_wire($scram), 0, 'by SCRAM the token is not sent';
is on_the_wire(try_way("mbsync, $_", 'alice', '', $laptop)), 1,
    "by $_ it is" for @bearer;

# ---- who does not ----
my @strange = create_token($config, user => 'bob', label => 'his own');
is_refused("another user's token", '^(?!.*SCRAM)', 'wrong-user', 'alice', '',
    $strange[0]);
is_refused("another user's token", 'SCRAM', 'unknown-token', 'alice',
    $strange[1]{id}, $strange[0]);
my %limit = (
	'wrong-service' => [ service => 'smtp' ],
	'wrong-source' => [ service => 'imap', from => '203.0.113.0/24' ],
	expired => [ expires => '1s' ],
	revoked => [],
);
my %made = map { $_ => [ create_token($config, user => 'alice', label => $_,
    @{ $limit{$_} }) ] } sort keys %limit;
gets_in('not yet revoked', '.', 'alice', $made{revoked}[1]{id},
    $made{revoked}[0]);
($exit, undef, $err) = $imap->as_host(program('apitoken'), '--config',
    $config, 'revoke', $made{revoked}[1]{id});
is $exit, 0, 'revoke' or diag $err;
sleep 2;	# until the one is expired
for my $verdict (sort keys %made) {
	my ($token, $rec) = @{ $made{$verdict} };
	is_refused($verdict, '.', $verdict, 'alice', $rec->{id}, $token);
}

# ---- what was written down ----
my @secrets = (made_tokens(), $imap->password('alice'));
my %texts = (
	'the system log' => $imap->settled,
	'what servers printed' => $imap->content('console'),
	'the audit log' => slurp("$dir/token/audit.json"),
);
for my $name (sort keys %texts) {
	is scalar Apitoken::Server::leaks($texts{$name}, @secrets), 0,
	    "$name: no token and no password";
}
like $imap->syslog, qr/cyrus/, 'there is a log';
unlike $imap->syslog, qr/signaled to death|terminated abnormally/,
    'and nothing crashed';
$imap->stop;
done_testing;
