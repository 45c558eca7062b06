#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What asks Cyrus SASL, on a Debian that has our packages and nothing else of
# ours, set up as the recipes say, word for word: Cyrus IMAP and Postfix.
# Through an upgrade, and until nothing is left.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cyrus;
use Apitoken::Packages;
use Apitoken::Postfix;
use Apitoken::Recipe;
use Apitoken::Server ();
use Apitoken::Test;
use Test::More;

# mbsync runs where the plug-in is.
package Inside {
	use parent -norequire, 'Apitoken::Cyrus';
	sub as_host {
		my ($self, @command) = @_;
		my $opt = ref $command[-1] ? pop @command : {};
		return Apitoken::Test::run(
		    $self->{system}->command(@command), %$opt);
	}
}

my $system = Apitoken::Packages->new(alone => 1);
my $readme = Apitoken::Recipe->new('../../README');
my %recipe = map { $_ => Apitoken::Recipe->new($_) } qw(cyrus-imapd postfix);
my $install = ($readme->commands('sudo apt install'))[1];
my ($init) = $readme->commands('sudo apitoken');
my @names = grep { !/-dev$/ } @Apitoken::Packages::NAMES;

my %secret = (wrong => 'not-the-password',
    password => Apitoken::Server::random_word(20),
    account => $system->host(qw(cyrus-imapd postfix sasl2-bin isync acl
	sudo)));
$system->good('saslpasswd2 -p -c alice', 'a password for imapd',
    stdin => $secret{password});
# Debian's list has services whose programs are in packages of their own.
$system->good(q(sed -i -E 's/^\s*(pop3|nntp|http)\s/#&/' /etc/cyrus.conf),
    'only the services that there are');
$system->bring;
my $before = $system->files;
$system->service('start', qw(cyrus-imapd postfix));

# ---- every way in: "in", "refused", or what else came of it ----
my $imap = $system->client('Inside', port => 143);
my $smtp = $system->client('Apitoken::Postfix', ports => { smtpd => 25 });
my %id;
my %account = map { $_ => [ $recipe{'cyrus-imapd'}->file("~/.mbsyncrc-$_") ] }
    qw(scram bearer);

sub talk {
	my ($mech, $secret) = @_;
	my $got = $imap->talk(mech => $mech, user => 'alice',
	    password => $secret, answer => 'AQ==');
	return $got->{ok} ? 'in' : $got->{no} ? 'refused'
	    : join "\n", @{ $got->{lines} };
}

sub mbsync {
	my ($account, $name, $secret) = @_;
	my $got = $imap->mbsync($account{$account}, user => $name,
	    password => $secret);
	return $got->{ok} ? 'in' : $got->{debug} =~ /authentication fail/i
	    ? 'refused' : $got->{debug};
}

sub smtp {
	my ($mech, $secret) = @_;
	my $got = $smtp->talk(mech => $mech, user => 'alice',
	    token => $secret);
	return $got =~ /^235 / ? 'in' : $got =~ /^535 / ? 'refused' : $got;
}

# As a client does it, at the port that the recipe opens.
sub submit {
	my ($secret) = @_;
	my $dir = $smtp->base;
	spit("$dir/message", "Subject: by token\r\n\r\nText.\r\n");
	spit("$dir/curlrc", join "\n", 'insecure', 'silent', 'show-error',
	    $recipe{postfix}->with('~/.curlrc-mail', {
		url => 'url = "smtp://127.0.0.1:587"',
		'oauth2-bearer' => qq(oauth2-bearer = "$secret"),
		'upload-file' => qq(upload-file = "$dir/message") }));
	my ($code, $out, $err) = run([ 'curl', '-q', '-K', "$dir/curlrc" ]);
	return $code eq '0' ? 'in' : $code eq '67' ? 'refused' : $err;
}

my %plain = map { my $mech = $_; $mech => sub { talk($mech, @_) } }
    'PLAIN', 'LOGIN', 'login command';
my %way = (
	imap => {
		%plain,
		map({ my $mech = $_; $mech => sub { talk($mech, @_) } }
		    qw(OAUTHBEARER XOAUTH2)),
		'mbsync, OAUTHBEARER' => sub { mbsync('bearer', 'alice', @_) },
		'mbsync, SCRAM-SHA-256' => sub {
			mbsync('scram', "alice~$id{imap}", @_) },
	},
	smtp => {
		map({ my $mech = $_; $mech => sub { smtp($mech, @_) } }
		    qw(OAUTHBEARER XOAUTH2)),
		curl => \&submit,
	},
);

# logins(when, ways, secret => what comes of it...): by each of them.
sub logins {
	my ($when, $ways, @expected) = @_;
	while (my ($what, $comes) = splice @expected, 0, 2) {
		is $ways->{$_}->($secret{$what}), $comes,
		    "$when: $what by $_" for sort keys %$ways;
	}
	return;
}

sub all_logins {
	my ($when) = @_;
	logins($when, $way{$_}, $_ => 'in') for qw(imap smtp);
	logins($when, \%plain, password => 'in');
	is mbsync('scram', 'alice', $secret{password}), 'in',
	    "$when: password by SCRAM-SHA-256";
	is smtp('OAUTHBEARER', $secret{imap}), 'refused',
	    "$when: a token for something else";
	ok !$smtp->hand_in('by nobody'), "$when: mail by nobody";
	return;
}

# ---- as it is written ----
logins('before', \%plain, password => 'in');
ok $smtp->hand_in('by somebody'), 'before: mail by somebody';
$system->good("cd /tmp/old; $install");
$system->good($init);
for (qw(imap smtp)) {
	($secret{$_}, $id{$_}) = $system->token($_);
}
logins('installed', \%plain, imap => 'refused', password => 'in');
ok $smtp->hand_in('by somebody'), 'installed: mail by somebody';

$system->good($_) for $recipe{'cyrus-imapd'}->commands('adduser');
$system->follow($recipe{'cyrus-imapd'}, '/etc/imapd.conf', '/etc/pam.d/imap',
    '/etc/default/saslauthd');
$system->service('restart', qw(saslauthd cyrus-imapd));
$system->good($_) for $recipe{postfix}->commands('adduser');
$system->follow($recipe{postfix}, '/etc/postfix/main.cf',
    '/etc/postfix/master.cf', '/etc/postfix/sasl/smtpd.conf');
my ($reload) = $recipe{postfix}->commands('postfix');
$system->good($reload);
$system->good('apitoken doctor', 'of which the doctor has nothing to say');
all_logins('set up');
logins('set up', $way{imap}, wrong => 'refused', smtp => 'refused');
logins('set up', $way{smtp}, wrong => 'refused', imap => 'refused');

# ---- what else may be had ----
my @imap = '/etc/pam.d/imap';
logins('set up', { PLAIN => $plain{PLAIN} }, account => 'refused');
$system->take_back(@imap);
$system->put(@imap, $readme->file('/etc/pam.d/sshd'));
logins('with accounts', { PLAIN => $plain{PLAIN} }, account => 'in',
    password => 'in', imap => 'in', wrong => 'refused', smtp => 'refused');
$system->take_back(@imap);
$system->follow($recipe{'cyrus-imapd'}, @imap);

my @smtp = map { "/etc/postfix/$_.cf" } qw(main master);
$system->take_back(@smtp);
$system->put($smtp[0], $recipe{postfix}->with($smtp[0],
    { smtpd_relay_restrictions => '', smtpd_sasl_auth_enable => '' }));
$system->put($smtp[1], $recipe{postfix}->file($smtp[1]),
    '  -o smtpd_sasl_auth_enable=yes');
$system->good($reload);
ok $smtp->hand_in('by the world'), 'for the world: mail by somebody';
like smtp('OAUTHBEARER', $secret{smtp}), qr/^503 /, 'and no login';
is submit($secret{$_->[0]}), $_->[1], "at the other port: $_->[0]"
    for [ smtp => 'in' ], [ imap => 'refused' ];
$system->take_back(@smtp);
$system->follow($recipe{postfix}, @smtp);
$system->good($reload);

# ---- the other way to let Postfix see the store ----
my ($out) = $recipe{postfix}->commands('deluser');
$system->good($out);
$system->good($reload);
like smtp('OAUTHBEARER', $secret{smtp}), qr/^454 /, 'out of the group';
$system->good(join "\n", $recipe{postfix}->commands('setfacl'));
$system->good($reload);
logins('by an access control list', $way{smtp}, smtp => 'in',
    imap => 'refused');

# ---- upgraded ----
$system->upgrade($install, 'libsasl2-modules-apitoken',
    'find /etc/apitoken /var/lib/apitoken /etc/pam.d /etc/postfix '
    . '/etc/imapd.conf /etc/default -type f | sort | xargs md5sum; '
    . 'getfacl -p /var/lib/apitoken /var/lib/apitoken/*');
all_logins('upgraded');
$system->service('restart', qw(saslauthd cyrus-imapd postfix));
all_logins('restarted');

# ---- what the recipes warn of ----
my $twice = 'cp /etc/imapd.conf /tmp/imapd.conf; ';
my $reads = 'runuser -u cyrus -- /usr/lib/cyrus/bin/ctl_mboxlist -d '
    . '-C /tmp/imapd.conf';
$system->good("$twice $reads");
$system->bad("$twice echo 'allowplaintext: yes' >>/tmp/imapd.conf; $reads",
    'an option that stands twice');
$system->good($system->apt('remove', 'libsasl2-modules-apitoken'));
$system->service('restart', qw(cyrus-imapd postfix));
is eval { talk('login command', $secret{password}) } // 'no answer',
    'refused', 'without the plug-in imapd lets nobody in';
is smtp('OAUTHBEARER', $secret{smtp}), 'no answer', 'and smtpd ends';
$system->good("cd /tmp/new; $install", undef, stdin => "y\n");
$system->service('restart', qw(cyrus-imapd postfix));
all_logins('back again');

# ---- taken back, removed, purged ----
$system->take_back(grep { !/sasl\/smtpd/ } $system->changed);
$system->good($_) for $recipe{'cyrus-imapd'}->commands('deluser'),
    $recipe{postfix}->commands('rm'), $reload;
$system->service('stop', 'saslauthd');
$system->service('restart', 'cyrus-imapd');
for ([ 'taken back', 'true' ], [ 'removed', $system->apt('remove', @names) ],
    [ 'purged', $system->apt('purge', @names) ]) {
	my ($when, $command) = @$_;
	$system->good($command, $when);
	logins($when, \%plain, imap => 'refused', password => 'in');
	ok $smtp->hand_in('by somebody'), "$when: mail by somebody";
}
$system->bad('getent group apitoken', 'no group');
$system->service('stop', qw(cyrus-imapd postfix));
$system->nothing_left($before,
    qr{^/var/(?:lib|spool)/(?:cyrus|postfix|sieve)(?:/|$)|^/var/mail/});

my $log = $system->read('root/syslog');
like $log, qr/apitoken.*login allow/, 'there is a log';
ok holds_no_token($log), 'without tokens';
done_testing;
