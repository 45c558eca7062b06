#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/sshd.md, with a real sshd: a token or a password, a token after a
# key, and a group that has tokens only.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Recipe;
use Apitoken::Sshd;
use Apitoken::Test;
use Test::More;

if (defined(my $why = Apitoken::Sshd::missing())) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('sshd');
my $dir = tempdir();
mkdir "$dir/token", 0700;
my $config = init_store(dir => "$dir/token");
my $module = program('pam_apitoken.so') . " config=$config nodelay";
my %host = ('@include common-auth' =>
    'auth required pam_unix.so try_first_pass nodelay',
    '@include common-account' => 'account required pam_unix.so');
my ($token) = create_token($config, user => 'alice', service => 'sshd');
my ($bobs) = create_token($config, user => 'bob', service => 'sshd');
my $sshd;
our $prompt;

# A server with the recipe's file, as on a host without further lines.
sub serve {
	my ($way, %opt) = @_;
	my @lines = map { $host{$_} // s/pam_apitoken\.so/$module/r }
	    grep { !/^#/ } $recipe->file("/etc/pam.d/sshd for $way");
	$sshd = Apitoken::Sshd->start(dir => $dir, %opt,
	    name => 'sshd-' . $way =~ s/\W+/-/gr,
	    pam => [ @lines, 'password required pam_deny.so',
		'session required pam_unix.so' ]);
	$sshd->authorize($_) for qw(alice bob);
	return;
}

sub gets {
	my ($what, $want, $user, $password, $method) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $got = $sshd->login(user => $user, password => $password,
	    method => $method // 'keyboard-interactive', prompt => $prompt);
	ok $got->{$want}, $what or diag substr $got->{debug}, -800;
	return;
}

my $twice = 'publickey,keyboard-interactive';

subtest 'a token or a password' => sub {
	serve('a token or a password');
	gets('a token', 'ok', 'alice', $token, $_)
	    for qw(keyboard-interactive password);
	gets('a password', 'ok', 'alice', $sshd->password('alice'));
	gets('another\'s token', 'refused', 'alice', $bobs);
	gets('a key', 'ok', 'alice', undef, 'publickey');
};

subtest 'a token after a key' => sub {
	local $prompt = 'Token:';
	serve('a token after a key', config => [
	    grep { !/^#/ } $recipe->file('/etc/ssh/sshd_config.d/token.conf')
	]);
	gets('both', 'ok', 'alice', $token, $twice);
	gets('the key alone', 'refused', 'alice', undef, 'publickey');
	gets('the token alone', 'refused', 'alice', $token);
	gets('the key and a password', 'refused', 'alice',
	    $sshd->password('alice'), $twice);
	gets('the key and another\'s token', 'refused', 'alice', $bobs,
	    $twice);
};

subtest 'tokens only, for one group' => sub {
	serve('a group with tokens only', groups => { robots => ['bob'] });
	gets('a member\'s token', 'ok', 'bob', $bobs);
	gets('a member\'s password', 'refused', 'bob',
	    $sshd->password('bob'));
	gets('somebody else\'s password', 'ok', 'alice',
	    $sshd->password('alice'));
	gets('somebody else\'s token', 'ok', 'alice', $token);
};

ok holds_no_token($sshd->syslog), 'no token in the log';
done_testing;
