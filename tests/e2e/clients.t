#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Mail programs, set up as doc/recipes/mail-clients.md says, at a real Cyrus
# IMAP and a real Postfix: what the recipe has at a prompt is run by a shell as
# alice, whose token is in a file in her home. Only host, port and TLS differ.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cyrus;
use Apitoken::Postfix;
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use File::Path qw(make_path);
use Test::More;

my $why = Apitoken::Cyrus::missing() // Apitoken::Postfix::missing();
for my $program (qw(mutt script setpriv openssl)) {
	$why //= "$program is not installed (packaging/install-deps)"
	    if !defined Apitoken::Server::find_program($program);
}
plan skip_all => $why if defined $why;

my $recipe = Apitoken::Recipe->new('mail-clients');
my $dir = tempdir(mode => 0755);	# servers and alice are not root
my $config = "$dir/token/apitoken.conf";
my $home = "$dir/alice";
my $alice = Apitoken::Server->uid('alice');
my @bearer = qw(OAUTHBEARER XOAUTH2);

# ---- the two servers ----
my $there = Apitoken::Recipe->new('cyrus-imapd');
my $imap = Apitoken::Cyrus->new(dir => $dir, name => 'cyrus',
    groups => $there->groups);
my ($exit, undef, $err) = $imap->as_host(program('apitoken'), '--config',
    $config, 'init');
is $exit, 0, 'init where the group is known' or BAIL_OUT($err);
# mutt sends tokens over TLS alone, so imapd has a certificate; other programs
# are told to do without.
my $cyrus = getpwnam 'cyrus';
($exit, undef, $err) = run([ 'openssl', 'req', '-x509', '-newkey', 'rsa:2048',
    '-nodes', '-subj', '/CN=127.0.0.1', '-addext',
    'subjectAltName=IP:127.0.0.1', '-days', 2, '-keyout', "$dir/key.pem",
    '-out', "$dir/cert.pem" ]);
is $exit, 0, 'a certificate' or BAIL_OUT($err);
chown $cyrus, -1, "$dir/key.pem" or BAIL_OUT("chown: $!");
chmod 0644, "$dir/cert.pem";
$imap->start($there->file('/etc/imapd.conf'),
    "sasl_apitoken_config: $config", "tls_server_cert: $dir/cert.pem",
    "tls_server_key: $dir/key.pem");
$there = Apitoken::Recipe->new('postfix');
my $smtp = Apitoken::Postfix->new(dir => $dir, name => 'postfix',
    groups => $there->groups);
$smtp->start(main => [ $there->file('/etc/postfix/main.cf') ], sasl => {
	smtpd => [ $there->file('/etc/postfix/sasl/smtpd.conf'),
	    "apitoken_config: $config" ],
	xoauth2 => [ 'mech_list: XOAUTH2', "apitoken_config: $config" ],
});

# ---- alice and her files ----
make_path($home, { mode => 0700 });
chown $alice, $alice, $home or BAIL_OUT("chown: $!");

# A shell of hers, in her home: exit code, output and errors as one text.
sub at_prompt {
	my ($command, %opt) = @_;
	my ($code, $out, $errors) = $imap->as_host(
	    Apitoken::Server::find_program('setpriv'), "--reuid=$alice",
	    "--regid=$alice", '--clear-groups', '--', '/bin/sh', '-c',
	    "cd && $command", { %opt, env => { HOME => $home,
	    TERM => 'xterm', no_proxy => '*', LD_LIBRARY_PATH => undef } });
	return ($code, $out . $errors);
}

sub her_file {
	my ($name, $text) = @_;
	spit("$home/$name", $text);
	chown $alice, $alice, "$home/$name" or BAIL_OUT("chown: $!");
	return;
}

# settings(file, pattern => line): the recipe's file is hers from now on; each
# pattern has to fit.
sub settings {
	my ($file, %changes) = @_;
	my @lines = $recipe->file("~/$file");
	for my $pattern (sort keys %changes) {
		my $times = grep { s/^$pattern.*/$changes{$pattern}/s }
		    @lines;
		ok $times, "$file has a line $pattern";
	}
	her_file($file, join '', map { "$_\n" } @lines);
	return;
}

my ($imap_port, $smtp_port, $mechs);
sub configure {
	my ($mech) = @_;
	my $only = $mech eq 'XOAUTH2';
	$imap_port = $only ? $imap->{xoauth2_port} : $imap->{port};
	$smtp_port = $smtp->{ports}{ $only ? 'xoauth2' : 'smtpd' };
	settings('.curlrc-imap',
	    url => "url = \"imap://127.0.0.1:$imap_port/INBOX\"");
	settings('.curlrc-smtp', 'ssl-reqd' => '',
	    url => "url = \"smtp://127.0.0.1:$smtp_port/client\"");
	settings('.mbsyncrc', Host => "Host 127.0.0.1\nPort $imap->{port}",
	    SSLType => 'SSLType None', AuthMechs => "AuthMechs $mech");
	settings('.msmtprc', host => 'host 127.0.0.1',
	    port => "port $smtp->{ports}{smtpd}", 'tls on' => 'tls off',
	    auth => 'auth ' . lc $mech);
	my $far = "imap://127.0.0.1:$imap_port/";
	settings('.muttrc', 'set folder' => "set folder = \"$far\"",
	    'set spoolfile' => "set spoolfile = \"${far}INBOX\"",
	    'set record' => "set record = \"${far}INBOX\"",
	    'set smtp_url' =>
		"set smtp_url = \"smtp://alice\@127.0.0.1:$smtp_port/\"",
	    'set ssl_force_tls' => "set ssl_force_tls = no\n"
		. "set certificate_file = $dir/cert.pem");
	return;
}

my $number = 0;
sub new_mail {
	my $subject = 'mail number ' . ++$number;
	her_file('message.eml', "From: alice\@example.org\r\n"
	    . "To: post\@example.org\r\nSubject: $subject\r\n\r\nText.\r\n");
	her_file('text', "Text.\n");
	return $subject;
}

# mutt with its screen, on a terminal that nobody looks at: the keys are typed
# by itself.
sub mutt_screen {
	my ($keys) = @_;
	her_file('keys', "set wait_key = no\npush \"$keys\"\n");
	return at_prompt('script -qefc '
	    . '"mutt -n -F ~/.muttrc -e \'source ~/keys\'" /dev/null');
}

my %command = (
	'curl, imap' => ($recipe->commands('sed'))[0],
	'curl, smtp' => ($recipe->commands('sed'))[1],
	mbsync => ($recipe->commands('mbsync'))[0],
	msmtp => ($recipe->commands('msmtp'))[0],
	'mutt, smtp' => ($recipe->commands('mutt'))[0],
);
my %denied = ('curl, imap' => 67, 'curl, smtp' => 67, msmtp => 77,
    mbsync => 1, 'mutt, smtp' => 1);

sub log_sizes { return map { length $_->syslog } $imap, $smtp }

sub logged {
	my (@from) = @_;
	return substr($imap->syslog, $from[0])
	    . substr($smtp->syslog, $from[1]);
}

# What the servers write down of a login.
sub login_of {
	my ($program, $mech) = @_;
	return $program =~ /smtp/
	    ? qr/sasl_method=$mech, sasl_username=alice$/m
	    : qr/login: \S+ \S+ alice $mech(?:\+TLS)? /;
}

# ---- the token's file ----
my @commands = ($recipe->commands('mkdir'), $recipe->commands('(umask'));
my ($token, $record) = create_token($config, user => 'alice',
    service => [ 'imap', 'smtp' ]);
for my $command (@commands) {
	my ($code, $text) = at_prompt($command, stdin => "$token\n");
	is $code, 0, $command or diag $text;
}
my $file = "$home/.config/token";
is sprintf('%o', (stat $file)[2] & 07777), '600', 'only hers';
is slurp($file), "$token\n", 'it has the token';

# ---- who gets in ----
for my $mech (@bearer) {
	configure($mech);
	for my $program (sort keys %command) {
		my $subject = new_mail();
		my @from = log_sizes();
		(my $typed = $command{$program})
		    =~ s/^mutt -s hello/mutt -s '$subject'/;
		my ($code, $text) = at_prompt($typed);
		is $code, 0, "$program gets in ($mech)"
		    or diag $text, logged(@from);
		my $login = login_of($program, $mech);
		ok wait_for(sub { logged(@from) =~ $login }),
		    "as alice by $mech" or diag logged(@from);
		next if $program !~ /smtp/;
		ok wait_for(sub { $smtp->mail =~ /^Subject: $subject$/m }),
		    'its mail is in the mailbox';
	}
	my $copy = "mail number $number";
	my @from = log_sizes();
	unlink "$home/got";
	my ($code, $text) = mutt_screen(
	    '<last-entry><pipe-message>cat >got<enter><quit>');
	is $code, 0, "mutt, screen ($mech)" or diag $text;
	like eval { slurp("$home/got") } // 'nothing',
	    qr/^Subject: $copy$/m, 'it reads the copy of what it sent'
	    or diag $text;
	my $login = login_of('mutt', $mech);
	ok wait_for(sub { logged(@from) =~ $login }), "as alice by $mech"
	    or diag logged(@from);
}
my ($synced, $said) = at_prompt($command{mbsync});
is $synced, 0, 'mbsync once more' or diag $said;
like join("\n", glob "$home/mail/INBOX/new/* $home/mail/INBOX/cur/*"),
    qr/INBOX/, 'mbsync has brought the copy home';

# ---- who does not ----
($exit, undef, $err) = $imap->as_host(program('apitoken'), '--config',
    $config, 'revoke', $record->{id});
is $exit, 0, 'revoke' or diag $err;
my $deny = qr/login deny reason=revoked user="alice"/;
for my $mech (@bearer) {
	configure($mech);
	for my $program (sort keys %command) {
		my $subject = new_mail();
		my @from = log_sizes();
		(my $typed = $command{$program})
		    =~ s/^mutt -s hello/mutt -s '$subject'/;
		my ($code, $text) = at_prompt($typed);
		is $code, $denied{$program}, "$program is refused ($mech)"
		    or diag $text;
		ok wait_for(sub { logged(@from) =~ $deny }),
		    'the log says why' or diag logged(@from);
		unlike logged(@from), login_of($program, $mech),
		    'nobody got in';
		unlike $smtp->mail, qr/^Subject: $subject$/m, 'nor a mail';
	}
	my @from = log_sizes();
	my ($code, $text) = mutt_screen('<quit>');
	ok wait_for(sub { logged(@from) =~ $deny }),
	    "mutt, screen, is refused ($mech)" or diag $text;
	unlike logged(@from), login_of('mutt', $mech), 'nobody got in';
}

# ---- what was written down ----
for my $server ($imap, $smtp) {
	for my $name (qw(syslog console)) {
		is scalar Apitoken::Server::leaks($server->content($name),
		    $token), 0, "$server->{name}, $name: no token";
	}
	$server->stop;
}
done_testing;
