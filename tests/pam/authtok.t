#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# What the modules behind ours find in PAM_AUTHTOK: never a token that was
# refused, a valid one only with keep_authtok, and always the password.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Digest::SHA qw(sha256_hex);
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $dir = tempdir(mode => 0755);
my $host = Apitoken::Pam->launch_in($dir);
my $config = $host->config;
my $good = create_token($config, label => 'good');
my $revoked = create_token($config, label => 'revoked');
is((apitoken($config, 'revoke', 'alice/revoked'))[0], '0', 'revoke');
my $password = 'an ordinary password';
spit("$dir/password", "$password\n");

# behind(options, reply, before): what the probe behind ours finds, whatever
# ours answers. The reply comes by our prompt, or by a module before us.
sub behind {
	my ($options, $reply, $before) = @_;
	$host->stack('sshd',
	    ($before ? 'auth optional %P ask' : ()),
	    "auth [default=ignore] %M nodelay config=%C $options",
	    'auth optional %P name=behind known=%D/password',
	    'auth required pam_permit.so');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => ref $reply ? $reply : [ $reply ]);
	return $r->{says}[0] // 'nothing';
}

is(behind('', $password), 'behind: ordinary', 'the probe knows the password');

# finds(name, what is found, options, reply): by either way.
sub finds {
	my ($name, $want, $options, $reply) = @_;
	for my $nontoken (qw(deny ignore)) {
		for my $before (0, 1) {
			is(behind("nontoken=$nontoken $options", $reply,
			    $before), "behind: $want", "$name, nontoken="
			    . "$nontoken" . ($before ? ', asked before' : ''));
		}
	}
	return;
}

my %refused = (
	revoked => $revoked,
	forged => Apitoken::Pam::forge($good, sub {
		substr($_, -1) ^= "\x01" }),
	'unknown key' => Apitoken::Pam::forge($good, sub {
		substr($_, 1, 2) = "\x03\xe7" }),
	'bad checksum' => $good =~ s/(.)\z/$1 eq '0' ? '4' : '0'/er,
	malformed => 'tkc1_u',
	'the prefix alone' => 'tkc1_',
	'upper case' => uc $revoked,
	'behind white space' => "\t $revoked",
	'too long' => 'tkc1_' . '0' x 100_000,
);
for my $name (sort keys %refused) {
	finds($name, 'unset', $_, $refused{$name}) for '', 'keep_authtok';
}
finds('valid', 'unset', '', $good);
finds('valid, keep_authtok', 'set:' . sha256_hex($good), 'keep_authtok',
    $good);
finds('wrong service', 'unset', 'keep_authtok service=imap',
    scalar create_token($config, label => 'a', service => 'sshd'));
finds('minimum_uid', 'unset', 'keep_authtok minimum_uid=61002', $good);

finds('a password', 'ordinary', $_, $password) for '', 'keep_authtok';
my $junk = $Apitoken::Pam::SSHD_JUNK;
finds('sshd\'s junk', 'set:' . sha256_hex($junk), '', $junk);

is(behind('debug=yes', $good, 1), 'behind: unset',
    'a wrong option, a token asked for before');
is(behind('debug=yes', $password, 1), 'behind: ordinary',
    'a wrong option, a password asked for before');
is(behind('use_first_pass', $revoked, 1), 'behind: unset', 'use_first_pass');
is(behind('try_first_pass', $revoked, 1), 'behind: unset', 'try_first_pass');
is(behind('try_first_pass', [ $password, $_->[1] ], 1), 'behind: ordinary',
    "try_first_pass: the password stays behind $_->[0]")
    for [ 'a valid token', $good ], [ 'a refused one', $revoked ];

set_conf($config, enabled => 'no');
finds('disabled', 'unset', $_, $good) for '', 'keep_authtok';
finds('disabled, a password', 'ordinary', '', $password);
set_conf($config, enabled => 'yes');

my $folder = $config =~ s{/[^/]+$}{}r;
for my $name ('apitoken.conf', 'secret.conf', 'store') {
	rename "$folder/$name", "$folder/kept" or die $!;
	finds("no $name", 'unset', $_, $good) for '', 'keep_authtok';
	finds("no $name, a password", 'ordinary', '', $password);
	rename "$folder/kept", "$folder/$name" or die $!;
}
finds('all mended', 'set:' . sha256_hex($good), 'keep_authtok', $good);

done_testing;
