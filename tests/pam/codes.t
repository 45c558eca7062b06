#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Every return code, by logins through the real libpam: authenticate with
# either kind of line, the account phase, and the types that do nothing.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $dir = tempdir(mode => 0755);
my $host = Apitoken::Pam->launch_in($dir);
my $config = $host->config;

sub token { return scalar create_token($config, @_) }

# auth(name, code with deny, code with ignore, what is typed, %opt): what is
# typed is asked for once each time, and the log and the delay are looked at.
sub auth {
	my ($name, $deny, $ignore, $typed, %opt) = @_;
	my %want = (deny => $deny, ignore => $ignore);
	subtest $name => sub {
		for my $nontoken (qw(deny ignore)) {
			$host->raw_stack('sshd', auth =>
			    "config=%C nodelay nontoken=$nontoken "
			    . ($opt{options} // ''));
			my $r = $host->drive(service => 'sshd',
			    user => $opt{user} // 'alice',
			    rhost => $opt{rhost}, replies => [ $typed ]);
			is($r->{code}{authenticate}, "PAM_$want{$nontoken}",
			    "nontoken=$nontoken");
			is(scalar @{ $r->{prompts} }, 1, 'one prompt');
			is($r->{user}, $opt{user} // 'alice',
			    'PAM_USER stays');
			like($r->{log}, $opt{log}, 'log') if $opt{log};
			ok(holds_no_token($r->{log}),
			    'the log holds no token');
		}
	};
	return;
}

my $good = token(label => 'good');
my ($revoked, $record) = create_token($config, label => 'revoked');
is((apitoken($config, 'revoke', 'alice/revoked'))[0], '0', 'revoke');

my @refused = ('AUTH_ERR', 'AUTH_ERR');
my @unusable = ('AUTHINFO_UNAVAIL', 'AUTHINFO_UNAVAIL');

# ---- authenticate ----
auth('valid', 'SUCCESS', 'SUCCESS', $good, log => qr/\bgood\b/);
auth('valid, upper case', 'SUCCESS', 'SUCCESS', uc $good);
auth('not a token', 'AUTH_ERR', 'IGNORE', 'an ordinary password');
auth('revoked', @refused, $revoked, log => qr/revoked/);
auth('wrong user', @refused, $good, user => 'bob', log => qr/wrong-user/);
auth('a user who does not exist', @refused, $good, user => 'nobody-at-all',
    log => qr/wrong-user/);
auth('wrong service', @refused, token(label => 'mail', service => 'imap'),
    log => qr/wrong-service/);
auth('service=', 'SUCCESS', 'SUCCESS',
    token(label => 'mail2', service => 'imap'), options => 'service=imap');
{
	my $net = token(label => 'net', from => '192.0.2.0/24');
	auth('right source', 'SUCCESS', 'SUCCESS', $net,
	    rhost => '192.0.2.7');
	auth("wrong source: $_->[0]", @refused, $net, rhost => $_->[1],
	    log => qr/wrong-source/) for
	    [ 'another address', '198.51.100.1' ], [ 'a name', 'localhost' ],
	    [ 'UNKNOWN', 'UNKNOWN' ], [ 'empty', '' ], [ 'none', undef ];
}
auth('forged', @refused, Apitoken::Pam::forge($good, sub {
	substr($_, -1) ^= "\x01" }), log => qr/forged/);
auth('unknown key', @refused, Apitoken::Pam::forge($good, sub {
	substr($_, 1, 2) = pack 'n', 999 }), log => qr/unknown-key/);
auth('unknown token', @refused, Apitoken::Pam::forge($good, sub {
	substr($_, 10, 1) ^= "\x01" }), log => qr/unknown-token/);
(my $typo = $good) =~ s/(.)\z/$1 eq '0' ? '4' : '0'/e;
auth('bad checksum', @refused, $typo, log => qr/bad-checksum/);
auth('malformed', @refused, 'tkc1_' . 'u' x 63, log => qr/malformed/);
auth('the prefix alone', @refused, 'tkc1_', log => qr/malformed/);
auth('minimum_uid', @refused, $good, options => 'minimum_uid=61002',
    log => qr/user-refused/);
auth('minimum_uid, just enough', 'SUCCESS', 'SUCCESS', $good,
    options => 'minimum_uid=61001');
{
	set_conf($config, allow_root => 'yes');
	my $root = token(user => 'root', label => 'root');
	set_conf($config, allow_root => undef);
	auth('root', @refused, $root, user => 'root', log => qr/user-refused/);
	auth('root with allow_root', 'SUCCESS', 'SUCCESS', $root,
	    user => 'root', options => 'allow_root');
}
{
	my $short = token(label => 'short');
	expire($config, 'alice/short');
	auth('expired', @refused, $short, log => qr/expired/);
}

set_conf($config, enabled => 'no');
auth('disabled', 'AUTH_ERR', 'IGNORE', $good);
auth('disabled, a password', 'AUTH_ERR', 'IGNORE', 'an ordinary password');
set_conf($config, enabled => 'yes');

# ---- unavailable ----
# without(name, file, what to do to it): also that passwords are left alone.
sub without {
	my ($name, $path, $break, $log) = @_;
	rename $path, "$path.kept" or die "$path: $!";
	$break->($path, "$path.kept");
	auth("unavailable: $name", @unusable, $good, log => $log);
	auth("unavailable: $name, a password", 'AUTH_ERR', 'IGNORE',
	    'an ordinary password');
	auth("unavailable: $name, a typing error", @refused, $typo);
	system 'rm', '-rf', $path;
	rename "$path.kept", $path or die "$path: $!";
	return;
}
my $folder = $config =~ s{/[^/]+$}{}r;
without('no configuration', $config, sub { }, qr/apitoken\.conf/);
without('no secret', "$folder/secret.conf", sub { }, qr/secret\.conf/);
without('a secret that all can read', "$folder/secret.conf", sub {
	system 'cp', $_[1], $_[0];
	chmod 0644, $_[0] }, qr/secret\.conf/);
without('a mistake in the configuration', $config, sub {
	spit($_[0], "colour = blue\n" . slurp($_[1]), 0644) },
    qr/apitoken\.conf.*colour/);
without('no store', "$folder/store", sub { }, qr/store/);
without('a damaged store', "$folder/store", sub {
	my ($path, $kept) = @_;
	system 'cp', '-a', $kept, $path;
	for my $file (grep { -f && -s } glob "$path/*") {
		my $bytes = slurp($file);
		spit($file, $bytes ^ ("\x5a" x length $bytes),
		    (stat $file)[2] & 07777);
	} }, qr/store/);
without('an empty store', "$folder/store", sub {
	my ($path, $kept) = @_;
	system 'cp', '-a', $kept, $path;
	truncate $_, 0 for grep { -f } glob "$path/*" }, qr/store/);
auth('all mended', 'SUCCESS', 'SUCCESS', $good);

subtest 'callers who are not root' => sub {
	# The build directory may be closed to others.
	my $lib = "$dir/lib";
	mkdir $lib, 0755;
	system('cp', program('pam_apitoken.so'), program('tests/pam/driver'),
	    $lib) == 0 or die 'cp';
	local $host->{driver} = "$lib/driver";
	my @wrap = ('setpriv', '--reuid=65534', '--regid=65534',
	    '--clear-groups');
	$host->stack('sshd', "auth required $lib/pam_apitoken.so config=%C "
	    . 'nodelay');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $good ], wrap => \@wrap);
	is($r->{code}{authenticate}, 'PAM_AUTHINFO_UNAVAIL', 'a token');
	is(scalar(() = $r->{log} =~ /pam_apitoken/g), 1, 'one line');
	like($r->{log}, qr/(?:secret\.conf|store).*denied/i,
	    'it says what and why');

	$host->stack('sshd', 'auth [success=done ignore=ignore default=die] '
	    . "$lib/pam_apitoken.so config=%C nontoken=ignore nodelay",
	    'auth required pam_permit.so');
	$r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ 'an ordinary password' ], wrap => \@wrap);
	is($r->{code}{authenticate}, 'PAM_SUCCESS',
	    'passwords are left to the next module');

	# What init gives to a group of its own on a host that has one.
	system('chgrp', '-R', '61009', $folder) == 0 or die 'chgrp';
	system('find', $folder, '-type', 'd', '-exec', 'chmod', '2750', '{}',
	    '+') == 0 or die 'chmod';
	chmod 0640, "$folder/secret.conf",
	    grep { !m{/lock\z} } glob "$folder/store/*";
	$wrap[2] = '--regid=61009';
	$host->stack('sshd', "auth required $lib/pam_apitoken.so config=%C "
	    . 'nodelay', "account required $lib/pam_apitoken.so");
	for ([ 'a token', $good, 'SUCCESS' ],
	    [ 'a revoked one', $revoked, 'AUTH_ERR' ]) {
		my ($name, $typed, $code) = @$_;
		$r = $host->drive(service => 'sshd', user => 'alice',
		    replies => [ $typed ], wrap => \@wrap);
		is($r->{code}{authenticate}, "PAM_$code",
		    "in the group: $name");
	}
	$r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $good ], wrap => \@wrap,
	    steps => [ qw(authenticate acct_mgmt) ]);
	is($r->{code}{acct_mgmt}, 'PAM_SUCCESS', 'in the group: account');
};

# ---- account ----
# account(name, code, token, %opt): steps between authenticate and acct_mgmt.
sub account {
	my ($name, $code, $typed, %opt) = @_;
	$host->raw_stack('sshd',
	    auth => 'config=%C nodelay nontoken=ignore ' . ($opt{auth} // ''),
	    account => $opt{account} // '');
	my $r = $host->drive(service => 'sshd', user => $opt{user} // 'alice',
	    rhost => $opt{rhost}, replies => [ $typed, $opt{second} // () ],
	    steps => [ 'authenticate', @{ $opt{between} // [] },
	    'acct_mgmt' ]);
	is($r->{code}{authenticate}, $opt{first} // 'PAM_SUCCESS',
	    "account: $name: authenticate");
	is($r->{code}{acct_mgmt}, "PAM_$code", "account: $name");
	like($r->{log}, $opt{log}, "account: $name: log") if $opt{log};
	ok(holds_no_token($r->{log}), "account: $name: no token in the log");
	return;
}

# sh(script): a step for the shell, %F being the installation's folder.
sub sh {
	my ($script) = @_;
	$script =~ s/%F/$folder/g;
	return "run:$script";
}

account('valid, by a bare line', 'SUCCESS', $good);
account('no token', 'IGNORE', 'an ordinary password', first => 'PAM_IGNORE');
account('wrong service', 'PERM_DENIED', token(label => 'a1',
    service => 'sshd'), account => 'service=imap', log => qr/wrong-service/);
account('the auth line\'s service', 'SUCCESS', token(label => 'a2',
    service => 'imap'), auth => 'service=imap');
set_conf($config, minimum_uid => 61002);
account('the auth line\'s minimum_uid', 'SUCCESS', $good,
    auth => 'minimum_uid=61001');
account('the configuration\'s minimum_uid', 'IGNORE', $good,
    first => 'PAM_AUTH_ERR', log => qr/user-refused/);
set_conf($config, minimum_uid => undef);
account('minimum_uid of its own', 'PERM_DENIED', $good,
    account => 'minimum_uid=61002', log => qr/user-refused/);
{
	set_conf($config, allow_root => 'yes');
	my $root = token(user => 'root', label => 'root2');
	set_conf($config, allow_root => undef);
	account('the auth line\'s allow_root', 'SUCCESS', $root,
	    user => 'root', auth => 'allow_root');
}
account('another user', 'PERM_DENIED', $good, between => [ 'user:bob' ],
    log => qr/no longer/);
account('revoked meanwhile', 'PERM_DENIED', token(label => 'a3'),
    between => [ $host->step_apitoken('revoke', 'alice/a3') ],
    log => qr/revoked/);
# A second may be over before anything is done: then once more.
account('expired meanwhile', 'ACCT_EXPIRED', token(label => 'a4'),
    between => [ sh('for i in 1 2 3 4 5 6 7 8 9; do '
    . $host->step_apitoken(qw(edit alice/a4 --expires 1s)) =~ s/^run://r
    . ' && break; done; sleep 1.1') ], log => qr/expired/);
account('disabled meanwhile', 'IGNORE', $good, between => [ sh(
    'cp -p %F/apitoken.conf %F/c && '
    . 'sed -i "s/^enabled.*/enabled = no/" %F/apitoken.conf') ]);
rename "$folder/c", $config or die $!;
account('store gone meanwhile', 'AUTHINFO_UNAVAIL', $good,
    between => [ sh('mv %F/store %F/s') ], log => qr/store/);
rename "$folder/s", "$folder/store" or die $!;
account('configuration gone meanwhile', 'AUTHINFO_UNAVAIL', $good,
    between => [ sh('mv %F/apitoken.conf %F/c') ],
    log => qr/apitoken\.conf/);
rename "$folder/c", $config or die $!;
account('bad option', 'SERVICE_ERR', $good, account => 'confg=/x',
    log => qr/confg/);
account('a refused token leaves nothing', 'IGNORE', $revoked,
    first => 'PAM_AUTH_ERR');

subtest 'a login forgets the one before on the same handle' => sub {
	$host->raw_stack('sshd', auth => 'config=%C nodelay nontoken=ignore');
	for ([ 'an ordinary password', 'PAM_IGNORE' ],
	    [ $revoked, 'PAM_AUTH_ERR' ]) {
		my ($typed, $code) = @$_;
		my $r = $host->drive(service => 'sshd', user => 'alice',
		    replies => [ $good, $typed ], steps => [ 'authenticate',
		    'authenticate', 'acct_mgmt' ]);
		is($r->{code}{authenticate}, $code, 'authenticate');
		is($r->{code}{acct_mgmt}, 'PAM_IGNORE', 'acct_mgmt');
	}
};

# ---- the rest ----
subtest 'setcred, sessions, chauthtok' => sub {
	$host->raw_stack('sshd');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $good ], steps => [ qw(authenticate setcred acct_mgmt
	    open_session close_session delete_cred chauthtok) ]);
	is_deeply($r->{code}, {
		authenticate => 'PAM_SUCCESS',
		setcred => 'PAM_SUCCESS',
		acct_mgmt => 'PAM_SUCCESS',
		open_session => 'PAM_SUCCESS',
		close_session => 'PAM_SUCCESS',
		delete_cred => 'PAM_SUCCESS',
		chauthtok => 'PAM_AUTHTOK_ERR',
	}, 'after a login by token');

	$r = $host->drive(service => 'sshd', user => 'alice',
	    steps => [ qw(setcred open_session close_session chauthtok) ]);
	is_deeply($r->{code}, {
		setcred => 'PAM_SUCCESS',
		open_session => 'PAM_SUCCESS',
		close_session => 'PAM_SUCCESS',
		chauthtok => 'PAM_AUTHTOK_ERR',
	}, 'after a login without PAM, by public key');
	is(scalar @{ $r->{prompts} }, 0, 'without a prompt');
};

done_testing;
