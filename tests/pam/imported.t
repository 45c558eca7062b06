#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Values made elsewhere: with imported=yes they log in like tokens, and every
# other password goes to the next module, whatever becomes of the store.
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
my $folder = $config =~ s{/[^/]+$}{}r;
my $value = 'v4lue-from-the-portal!';
my $mail = "f\xc3\xbcr Mail, von woanders";
my $revoked = 'revoked, from the portal';
my $bobs = 'bob has this one, alice not';
my $long = 'an ordinary password, and long';
my $token = create_token($config, label => 'token');
my $id = import_value($config, $value);
import_value($config, $mail, service => 'imap', label => 'mail');
import_value($config, $bobs, user => 'bob');
my $gone = import_value($config, $revoked, label => 'gone');
is((apitoken($config, 'revoke', $gone))[0], '0', 'revoke');
my $password = $host->password('alice');
my @values = ($value, $mail, $revoked, $bobs, $long, $password);
spit("$dir/password", "$long\n");

# holds_none($text): no value and no password is in it.
sub holds_none {
	my ($text) = @_;
	return !grep { index($text, $_) >= 0 } @values;
}

sub drive {
	my ($replies, %opt) = @_;
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    rhost => '192.0.2.7', replies => $replies, %opt);
	ok(holds_none($r->{log} . $r->{err}), 'nothing typed is in the log');
	return $r;
}

sub gives {
	my ($name, $code, $replies, %opt) = @_;
	my $r = drive($replies, %opt);
	is($r->{code}{authenticate}, "PAM_$code", $name);
	return $r;
}

# with_trouble(sub): once for each thing that can be missing or damaged.
sub with_trouble {
	my ($check) = @_;
	$host->with_trouble($check);
	my $state = slurp("$folder/store/state");
	spit("$folder/store/state", 'x' x length $state, 0640);
	$check->('state damaged');
	spit("$folder/store/state", $state, 0640);
	return;
}

subtest 'alone' => sub {
	$host->raw_stack('sshd', auth => 'config=%C imported=yes');
	my $r = gives('a value', 'SUCCESS', [ $value ]);
	is($r->{delay}, 0, 'without delay');
	like($r->{log}, qr/login allow user="alice" .* id=$id label="portal"/,
	    'the log names it');
	gives('a token', 'SUCCESS', [ $token ]);
	for ([ 'revoked', $revoked ], [ 'wrong-service', $mail ]) {
		$r = gives($_->[0], 'AUTH_ERR', [ $_->[1] ]);
		like($r->{log}, qr/login deny reason=$_->[0] /, 'its line');
		cmp_ok($r->{delay}, '>', 0, 'a delay');
	}
	for ([ 'another user\'s', $bobs ], [ 'a password', $long ],
	    [ 'sshd\'s junk', $Apitoken::Pam::SSHD_JUNK ],
	    [ 'a value and a blank', "$value " ],
	    [ 'half a value', substr $value, 0, 11 ]) {
		$r = gives($_->[0], 'AUTH_ERR', [ $_->[1] ]);
		is($r->{log}, '', 'no line for it');
	}
	gives('bob\'s, for bob', 'SUCCESS', [ $bobs ], user => 'bob');
	gives('nothing', 'AUTH_ERR', [ '' ]);

	$host->raw_stack('sshd', auth => 'config=%C imported=yes service=imap');
	gives('the right service', 'SUCCESS', [ $mail ]);
	$host->raw_stack('sshd',
	    auth => 'config=%C imported=yes minimum_uid=4000000');
	gives('a minimum uid', 'AUTH_ERR', [ $value ]);
	$host->raw_stack('sshd',
	    auth => 'config=%C imported=yes nontoken=ignore nodelay');
	gives('a password, nontoken=ignore', 'IGNORE', [ $long ]);
	gives('a revoked one, nontoken=ignore', 'AUTH_ERR', [ $revoked ]);
	for my $off ('', 'imported=no') {
		$host->raw_stack('sshd', auth => "config=%C $off");
		$r = gives("\"$off\": not looked up", 'AUTH_ERR', [ $value ]);
		is($r->{log}, '', 'nor logged');
		rename "$folder/store", "$folder/kept" or die $!;
		$r = gives('nor opened', 'AUTH_ERR', [ $value ]);
		is($r->{log}, '', 'as nothing is the matter');
		rename "$folder/kept", "$folder/store" or die $!;
	}
};

subtest 'before another module' => sub {
	$host->stack('sshd',
	    'auth [success=done ignore=ignore default=die] %M config=%C '
	    . 'nontoken=ignore imported=yes nodelay',
	    'auth required pam_unix.so try_first_pass',
	    'account required %M', 'account required pam_unix.so');
	my @steps = qw(authenticate acct_mgmt);
	my $both = sub {
		my ($name, $reply) = @_;
		my $r = drive([ $reply ], steps => \@steps);
		is_deeply($r->{code}, { map { $_ => 'PAM_SUCCESS' } @steps },
		    $name) or diag $r->{out}, $r->{log};
		is_deeply($r->{prompts}, [ 'Token or password: ' ],
		    'one prompt');
		return $r;
	};
	$both->('a value', $value);
	$both->('a token', $token);
	$both->('the password', $password);
	my $r = gives('a revoked one', 'AUTH_ERR', [ $revoked, $password ]);
	unlike($r->{log}, qr/pam_unix/, 'pam_unix never saw it');
	for my $junk ($Apitoken::Pam::SSHD_JUNK, $long, $bobs) {
		$r = gives('a password that is wrong', 'AUTH_ERR', [ $junk ]);
		unlike($r->{log}, qr/pam_apitoken.*deny/, 'pam_unix says so');
		like($r->{log}, qr/pam_unix.*authentication failure/,
		    'and nobody else');
	}
	with_trouble(sub {
		my ($name) = @_;
		$both->("$name: the password", $password);
		$r = gives("$name: a value", 'AUTH_ERR', [ $value ]);
		like($r->{log}, qr/<83>.*auth\): imported values cannot be /,
		    'the log says so');
		$r = gives("$name: a short one", 'AUTH_ERR', [ 'hunter2' ]);
		unlike($r->{log}, qr/pam_apitoken/, 'nothing is opened');
		gives("$name: a token", 'AUTHINFO_UNAVAIL', [ $token ]);
	});
	set_conf($config, enabled => 'no');
	$r = $both->('turned off: the password', $password);
	unlike($r->{log}, qr/pam_apitoken/, 'without a line');
	gives('turned off: a value', 'AUTH_ERR', [ $value ]);
	set_conf($config, enabled => 'yes');
	$both->('a value', $value);
};

# What a module behind ours finds in PAM_AUTHTOK, whatever ours answers; by
# our prompt, or by a module before us.
sub behind {
	my ($options, $reply, $before) = @_;
	$host->stack('sshd', ($before ? 'auth optional %P ask' : ()),
	    "auth [default=ignore] %M nodelay config=%C $options",
	    'auth optional %P name=behind known=%D/password',
	    'auth required pam_permit.so');
	return drive([ $reply ])->{says}[0] // 'nothing';
}

sub finds {
	my ($name, $want, $options, $reply) = @_;
	for my $nontoken (qw(deny ignore)) {
		is(behind("imported=yes nontoken=$nontoken $options", $reply,
		    $_), "behind: $want", "$name, nontoken=$nontoken"
		    . ($_ ? ', asked before' : '')) for 0, 1;
	}
	return;
}

subtest 'PAM_AUTHTOK afterwards' => sub {
	finds('valid', 'unset', '', $value);
	finds('valid, keep_authtok', 'set:' . sha256_hex($value),
	    'keep_authtok', $value);
	for my $options ('', 'keep_authtok') {
		finds('revoked', 'unset', $options, $revoked);
		finds('wrong service', 'unset', $options, $mail);
		finds('a password', 'ordinary', $options, $long);
		finds('another user\'s', 'set:' . sha256_hex($bobs), $options,
		    $bobs);
		finds('a token', $options ? 'set:' . sha256_hex($token)
		    : 'unset', $options, $token);
	}
	with_trouble(sub {
		finds("$_[0], a password", 'ordinary', '', $long) });
	is(behind('imported=no', $value, 1), 'behind: set:'
	    . sha256_hex($value), 'not asked to look');
	is(behind('imported=yes try_first_pass', $value, 1), 'behind: unset',
	    'try_first_pass looks at what is there');
};

subtest 'the account phase' => sub {
	my $id = import_value($config, 'to be revoked meanwhile');
	$host->stack('sshd', 'auth required %M config=%C imported=yes nodelay',
	    'account required %M');
	my $r = drive([ 'to be revoked meanwhile' ], steps => [
	    'authenticate', 'acct_mgmt', $host->step_apitoken('revoke', $id),
	    'acct_mgmt' ]);
	is($r->{code}{authenticate}, 'PAM_SUCCESS', 'authenticate');
	like($r->{out}, qr/^acct_mgmt PAM_SUCCESS\nacct_mgmt PAM_PERM_DENIED$/m,
	    'revoked in between');
	like($r->{log}, qr/sshd:account\): login deny reason=revoked .*id=$id/,
	    'its line');
};

done_testing;
