#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What doc/recipes/authselect.md makes of stacks in the shape that Fedora has
# them: a substack for sshd, a stack that is included for sudo, pam_env before
# and pam_deny behind. authselect is not there; its sed is, and Linux-PAM.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Recipe;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $config = $host->config;
my $good = create_token($config, label => 'good');
my $revoked = create_token($config, label => 'revoked');
is((apitoken($config, 'revoke', 'alice/revoked'))[0], '0', 'revoke');
my $password = $host->password('alice');

my $profile = tempdir();
for my $name (qw(system-auth password-auth)) {
	spit("$profile/$name", <<'END');
auth        required                  pam_env.so
auth        required                  pam_faildelay.so delay=0
auth        sufficient                pam_unix.so
auth        required                  pam_deny.so

account     required                  pam_unix.so
account     sufficient                pam_localuser.so
account     required                  pam_permit.so

password    required                  pam_deny.so

session     required                  pam_limits.so
session     required                  pam_unix.so
END
}
my $lines = slurp("$profile/system-auth") =~ tr/\n//;
my @commands = Apitoken::Recipe->new('authselect')->commands('sed');
is scalar(@commands), 2, 'the recipe says how to change them';
for my $command (@commands) {
	my ($exit, undef, $err) = run([ 'sh', '-ec', $command ],
	    dir => $profile);
	is "$exit$err", '0', $command =~ s/ .*//r;
}
for my $name (qw(system-auth password-auth)) {
	my $text = slurp("$profile/$name");
	is $text =~ tr/\n//, $lines + 2, "$name has two lines more";
	my ($auth, $account) = map {
		slurp(source_dir() . '/README.md')
		    =~ /^($_ .*pam_apitoken.*)$/m } qw(auth account);
	like $text, qr/pam_env\.so\n\Q$auth\E\n/, 'the README\'s for auth';
	like $text, qr/\n\n\Q$account\E\naccount /, 'and that for account';
	# What a file includes libpam takes from /etc/pam.d.
	$host->pam($name => [ map { $host->expand($_) } split /\n/, $text
	    =~ s/pam_apitoken\.so/%M config=%C nodelay/gr ]);
}
$host->stack('sshd', 'auth substack password-auth',
    'auth include postlogin', 'account required pam_nologin.so',
    'account include password-auth', 'session include password-auth');
$host->stack('sudo', map { "$_ include system-auth" }
    qw(auth account password session));
$host->pam(postlogin => [ 'session optional pam_permit.so' ]);

my @all = qw(authenticate setcred acct_mgmt open_session close_session);
for my $service (qw(sshd sudo)) {
	my %expected = (
		'a token' => [ $good, 'SUCCESS' ],
		'the password' => [ $password, 'SUCCESS' ],
		'another password' => [ 'not the password', 'AUTH_ERR' ],
		'a revoked token' => [ $revoked, 'AUTH_ERR' ],
		'nothing' => [ '', 'AUTH_ERR' ],
	);
	for my $what (sort keys %expected) {
		my ($typed, $code) = @{ $expected{$what} };
		my $r = $host->drive(service => $service, user => 'alice',
		    replies => [ $typed ],
		    steps => $code eq 'SUCCESS' ? \@all : [ 'authenticate' ]);
		is_deeply [ sort keys %{ { reverse %{ $r->{code} } } } ],
		    [ "PAM_$code" ], "$service: $what" or diag $r->{out};
		is scalar(@{ $r->{prompts} }), 1, '... asked for once';
	}
}

# Its revocation ends the account phase, too.
my $r = $host->drive(service => 'sshd', user => 'alice', replies => [ $good ],
    steps => [ 'authenticate', $host->step_apitoken('revoke', 'alice/good'),
    'acct_mgmt' ]);
is $r->{code}{authenticate}, 'PAM_SUCCESS', 'a token that is good';
isnt $r->{code}{acct_mgmt}, 'PAM_SUCCESS', '... until it is revoked';
done_testing;
