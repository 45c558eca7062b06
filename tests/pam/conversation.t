#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The conversation: what is asked, how often, which replies are refused before
# anything is decided, and that no failure of it lets anyone in.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $good = create_token($host->config);
my $password = 'an ordinary password';

# login(options, replies, %opt): one authenticate with a line of its own.
sub login {
	my ($options, $replies, %opt) = @_;
	$host->raw_stack('sshd', auth => "config=%C $options");
	return $host->drive(service => 'sshd', user => 'alice',
	    replies => $replies, %opt);
}

# after_another(options, replies): behind a module that asks first.
sub after_another {
	my ($options, $replies) = @_;
	$host->stack('sshd', 'auth optional %P ask',
	    "auth [ignore=ignore success=1 default=die] %M config=%C nodelay "
	    . $options, 'auth requisite pam_debug.so auth=cred_unavail',
	    'auth required pam_permit.so');
	return $host->drive(service => 'sshd', user => 'alice',
	    replies => $replies);
}

sub outcome {
	my ($r, $code, $prompts, $name) = @_;
	is($r->{code}{authenticate}, "PAM_$code", $name);
	is_deeply($r->{prompts}, $prompts, "$name: prompts");
	is_deeply($r->{says}, [], "$name: no messages");
	return;
}

subtest 'prompts' => sub {
	outcome(login('nodelay', [ $good ]), 'SUCCESS', [ 'Token: ' ],
	    'alone');
	outcome(login('nodelay nontoken=ignore', [ $good ]), 'SUCCESS',
	    [ 'Token or password: ' ], 'nontoken=ignore');
	outcome(login('[prompt=Mail token, please: ]', [ $good ]), 'SUCCESS',
	    [ 'Mail token, please: ' ], 'prompt=');
	outcome(login('[prompt=100%s %n: ]', [ $good ]), 'SUCCESS',
	    [ '100%s %n: ' ], 'no format');
	outcome(login('nodelay', [ $good ], silent => 1), 'SUCCESS',
	    [ 'Token: ' ], 'PAM_SILENT');
	outcome(login('nodelay', [ " $good\n" ]), 'SUCCESS', [ 'Token: ' ],
	    'white space around it');
};

subtest 'what another module has asked for' => sub {
	my @one = ('Probe: ');
	outcome(after_another('', [ $good ]), 'SUCCESS', \@one, 'a token');
	outcome(after_another('', [ $password ]), 'AUTH_ERR', \@one,
	    'a password');
	outcome(after_another('nontoken=ignore', [ $password ]), 'IGNORE',
	    \@one, 'a password, nontoken=ignore');
	outcome(after_another('', [ '' ]), 'AUTH_ERR', \@one, 'nothing');
	outcome(after_another('nontoken=ignore', [ '' ]), 'AUTH_ERR', \@one,
	    'nothing, nontoken=ignore');

	outcome(after_another('use_first_pass', [ $good ]), 'SUCCESS', \@one,
	    'use_first_pass, a token');
	outcome(after_another('use_first_pass', [ $password, $good ]),
	    'AUTH_ERR', \@one, 'use_first_pass, a password');

	outcome(after_another('try_first_pass', [ $good ]), 'SUCCESS', \@one,
	    'try_first_pass, a token');
	outcome(after_another('try_first_pass', [ $password, $good ]),
	    'SUCCESS', [ @one, 'Token: ' ],
	    'try_first_pass, a password, then a token');
	outcome(after_another('try_first_pass', [ $password, $password ]),
	    'AUTH_ERR', [ @one, 'Token: ' ],
	    'try_first_pass, a password twice');
	outcome(after_another('try_first_pass nontoken=ignore',
	    [ $password, $good ]), 'IGNORE', \@one,
	    'try_first_pass nontoken=ignore, a password');
	outcome(after_another('try_first_pass use_first_pass',
	    [ $password, $good ]), 'AUTH_ERR', \@one,
	    'use_first_pass counts before try_first_pass');

	outcome(login("nodelay use_first_pass nontoken=$_", [ $good ]),
	    'AUTH_ERR', [], "use_first_pass, none asked, nontoken=$_")
	    for qw(deny ignore);
};

subtest 'replies' => sub {
	my @refused = ('AUTH_ERR', 'AUTH_ERR');
	my @ordinary = ('AUTH_ERR', 'IGNORE');
	my @cases = (
		[ 'empty', '', @refused ],
		[ 'NULL', undef, @refused ],
		[ 'no reply', { none => 1 }, @refused ],
		[ 'sshd\'s junk', $Apitoken::Pam::SSHD_JUNK, @ordinary ],
		[ 'four fifths of a prefix', 'tkc1', @ordinary ],
		map({ [ "$_ bytes", 'x' x $_, @ordinary ] }
		    1, 254, 255, 256, 100_000),
		map({ [ "$_ bytes like a token",
		    'tkc1_' . '0' x ($_ - 5), @refused ] }
		    5, 6, 254, 255, 256, 100_000),
		[ '100000 spaces and a token', ' ' x 100_000 . $good,
		    undef, undef ],
		[ 'bytes beyond ASCII', join('', map { chr } 1 .. 255),
		    @ordinary ],
	);
	for (@cases) {
		my ($name, $reply, @want) = @$_;
		for my $nontoken (qw(deny ignore)) {
			my $r = login("nodelay nontoken=$nontoken",
			    [ $reply ]);
			my $want = shift @want;
			my $got = $r->{code}{authenticate};
			like($got, defined $want ? qr/^PAM_$want$/
			    : qr/^PAM_(SUCCESS|AUTH_ERR)$/,
			    "$name, nontoken=$nontoken");
			is(scalar @{ $r->{prompts} }, 1, "$name: one prompt");
			cmp_ok(length $r->{log}, '<', 4096,
			    "$name: not much of a log");
			ok(holds_no_token($r->{log}),
			    "$name: no token in the log");
		}
	}
};

subtest 'what is not a token is not an attack' => sub {
	for my $reply ($Apitoken::Pam::SSHD_JUNK, $password, '') {
		for my $nontoken (qw(deny ignore)) {
			my $r = login("nodelay nontoken=$nontoken",
			    [ $reply ]);
			is($r->{log}, '', 'nothing is logged');
		}
	}
};

# A conversation may fail with any number. None may be a success, not even
# for "required", which counts PAM_NEW_AUTHTOK_REQD as one.
subtest 'the conversation fails' => sub {
	my %passed_on = (3 => 'SERVICE_ERR', 4 => 'SYSTEM_ERR',
	    5 => 'BUF_ERR', 7 => 'AUTH_ERR', 11 => 'MAXTRIES',
	    19 => 'CONV_ERR', 26 => 'ABORT', 30 => 'INCOMPLETE',
	    31 => 'INCOMPLETE');
	for my $code (1 .. 33, 999, -1) {
		my $r = login('nodelay nontoken=ignore',
		    [ { fail => $code } ]);
		is($r->{code}{authenticate},
		    'PAM_' . ($passed_on{$code} // 'CONV_ERR'),
		    "with $code");
		$host->stack('sshd', 'auth required %M config=%C nodelay '
		    . 'nontoken=ignore', 'auth required pam_permit.so');
		for my $user ('alice', undef) {
			$r = $host->drive(service => 'sshd', user => $user,
			    replies => [ { fail => $code } ]);
			isnt($r->{code}{authenticate}, 'PAM_SUCCESS',
			    "with $code, required, asked for the "
			    . (defined $user ? 'token' : 'user'));
		}
	}
};

subtest 'user names' => sub {
	my $r = login('nodelay', [ 'alice', $good ], user => undef);
	outcome($r, 'SUCCESS', [ 'login:', 'Token: ' ], 'asked for')
	    if $r->{prompts}[0] eq 'login:';
	is($r->{code}{authenticate}, 'PAM_SUCCESS', 'asked for');
	for (map { [ "$_ bytes", 'u' x $_ ] } 255, 256, 10_000) {
		my ($name, $user) = @$_;
		for my $reply ($good, $password) {
			$r = login('nodelay nontoken=ignore', [ $reply ],
			    user => $user);
			my $fits = length $user <= 255;
			is($r->{code}{authenticate}, $fits
			    && $reply eq $password ? 'PAM_IGNORE'
			    : 'PAM_AUTH_ERR', $name);
			is(scalar @{ $r->{prompts} }, $fits ? 1 : 0,
			    "$name: prompts");
		}
	}
	$r = login('nodelay nontoken=ignore', [ '', $password ],
	    user => undef);
	isnt($r->{code}{authenticate}, "PAM_$_", "an empty one: not $_")
	    for qw(SUCCESS IGNORE);
};

subtest 'delay' => sub {
	for my $options ('', 'nontoken=ignore') {
		my $r = login($options, [ 'tkc1_0000' ]);
		# libpam makes it up to a half longer or shorter.
		cmp_ok($r->{delay}, '>=', 1_000_000, 'two seconds or so');
		cmp_ok($r->{delay}, '<=', 3_000_000, 'and not more');
		is(login("$options nodelay", [ 'tkc1_0000' ])->{delay}, 0,
		    'nodelay');
		is(login($options, [ $good ])->{delay}, 0,
		    'none for a success');
	}
	cmp_ok(login('', [ $password ])->{delay}, '>=', 1_000_000,
	    'for a password that is refused');
	$host->stack('sshd', 'auth [success=done ignore=ignore default=die] '
	    . '%M config=%C nontoken=ignore',
	    'auth required pam_deny.so');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $password ]);
	is($r->{delay}, 0, 'a password left to others is theirs to delay');
};

done_testing;
