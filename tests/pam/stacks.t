#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The module in the stacks that people write: alone, before pam_unix with a
# real account, with plain "sufficient", with a module behind it that always
# succeeds, and in the distribution's own files for sudo, su and sshd.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing('setpriv')) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $config = $host->config;
my $good = create_token($config, label => 'good');
my $bobs = create_token($config, user => 'bob', label => 'good');
my $revoked = create_token($config, label => 'revoked');
is((apitoken($config, 'revoke', 'alice/revoked'))[0], '0', 'revoke');
my $password = $host->password('alice');
my $recommended = 'auth [success=done ignore=ignore default=die] %M '
    . 'config=%C nodelay nontoken=ignore';
my @all = qw(authenticate setcred acct_mgmt open_session close_session);

# login(replies, %opt): authenticate, or other steps; the last code.
sub login {
	my ($replies, %opt) = @_;
	my $r = $host->drive(service => 'stack', user => 'alice',
	    replies => $replies, %opt);
	ok(holds_no_token($r->{log}), 'no token in the log');
	return $r;
}

sub gives {
	my ($name, $code, $replies, %opt) = @_;
	my $r = login($replies, %opt);
	is($r->{code}{authenticate}, "PAM_$code", $name);
	return $r;
}

sub all_succeed {
	my ($name, $replies, %opt) = @_;
	my $r = login($replies, steps => \@all, %opt);
	is_deeply($r->{code}, { map { $_ => 'PAM_SUCCESS' } @all }, $name)
	    or diag $r->{out}, $r->{log};
	return $r;
}

subtest 'alone' => sub {
	$host->stack('stack', 'auth required %M config=%C nodelay',
	    'account required %M', 'session required %M');
	all_succeed('a token', [ $good ]);
	gives('a revoked token', 'AUTH_ERR', [ $revoked ]);
	gives('the password', 'AUTH_ERR', [ $password ]);
	gives('an empty reply', 'AUTH_ERR', [ '' ]);
	gives('another user\'s', 'AUTH_ERR', [ $bobs ]);
	$host->with_trouble(sub { gives($_[0], 'AUTHINFO_UNAVAIL', [ $good ]) });
};

subtest 'before pam_unix' => sub {
	$host->stack('stack', $recommended,
	    'auth required pam_unix.so try_first_pass',
	    'account required %M', 'account required pam_unix.so',
	    'session required %M', 'session required pam_unix.so');
	my @once = ('Token or password: ');
	for ([ 'a token', $good ], [ 'the password', $password ]) {
		my $r = all_succeed($_->[0], [ $_->[1] ]);
		is_deeply($r->{prompts}, \@once, 'one prompt');
	}
	for ([ 'a revoked token', $revoked ], [ 'another user\'s', $bobs ],
	    [ 'nothing', '' ]) {
		my $r = gives($_->[0], 'AUTH_ERR', [ $_->[1], $password ]);
		is_deeply($r->{prompts}, \@once, 'one prompt');
		unlike($r->{log}, qr/pam_unix/, 'pam_unix never ran');
	}
	my $r = gives('a wrong password', 'AUTH_ERR', [ 'no such password' ]);
	like($r->{log}, qr/pam_unix.*authentication failure/,
	    'pam_unix refused it');
	gives('sshd\'s junk', 'AUTH_ERR', [ $Apitoken::Pam::SSHD_JUNK ]);
	gives('bob with alice\'s token', 'AUTH_ERR', [ $good ],
	    user => 'bob');
	all_succeed('bob with his own', [ $bobs ], user => 'bob');
	$host->with_trouble(sub {
		gives("$_[0], a token", 'AUTHINFO_UNAVAIL',
		    [ $good, $password ]);
		all_succeed("$_[0], the password", [ $password ]);
	});
	set_conf($config, enabled => 'no');
	all_succeed('turned off, the password', [ $password ]);
	$r = gives('turned off, a token', 'AUTH_ERR', [ $good, 'x' ]);
	is(scalar @{ $r->{prompts} }, 2, 'pam_unix asks for itself');
	set_conf($config, enabled => 'yes');
};

subtest 'plain sufficient' => sub {
	for my $nontoken (qw(deny ignore)) {
		$host->stack('stack',
		    "auth sufficient %M config=%C nodelay nontoken=$nontoken",
		    'auth required pam_unix.so try_first_pass',
		    'account required pam_permit.so',
		    'session required pam_permit.so');
		my $r = all_succeed("$nontoken: a token", [ $good ]);
		is(scalar @{ $r->{prompts} }, 1, 'one prompt');
		$r = all_succeed("$nontoken: the password", [ $password ]);
		is(scalar @{ $r->{prompts} }, 1, 'one prompt');
		$r = gives("$nontoken: a revoked token", 'AUTH_ERR',
		    [ $revoked, 'x' ]);
		is($r->{prompts}[1], 'Password: ',
		    'pam_unix never saw it: it asks for itself');
		$host->with_trouble(sub {
			gives("$nontoken: $_[0], a token", 'AUTH_ERR',
			    [ $good, 'x' ]) });
	}
};

subtest 'required, and modules that refuse nobody' => sub {
	my @behind = ([ 'pam_env.so' ], [ 'pam_permit.so' ],
	    [ 'pam_env.so', 'pam_permit.so' ]);
	for my $modules (@behind) {
		$host->stack('stack', 'auth required %M config=%C nodelay',
		    map { "auth required $_" } @$modules);
		my $name = "@$modules";
		gives("$name: a token", 'SUCCESS', [ $good ]);
		gives("$name: the password", 'AUTH_ERR', [ $password ]);
		gives("$name: a revoked token", 'AUTH_ERR', [ $revoked ]);
		gives("$name: nothing", 'AUTH_ERR', [ '' ]);
		gives("$name: NULL", 'AUTH_ERR', [ undef ]);
		$host->with_trouble(sub {
			gives("$name: $_[0]", 'AUTHINFO_UNAVAIL', [ $good ]);
			gives("$name: $_[0], the password", 'AUTH_ERR',
			    [ $password ]);
		});
		set_conf($config, enabled => 'no');
		gives("$name: turned off", 'AUTH_ERR', [ $good ]);
		set_conf($config, enabled => 'yes');
	}
};

# from_host(service, our line, behind which line): the distribution's file and
# all that it includes, with our line put in; 0 when there is no such file.
sub from_host {
	my ($service, $before) = @_;
	return 0 if !-e "/etc/pam.d/$service";
	my @todo = ($service);
	my %done;
	while (defined(my $name = shift @todo)) {
		next if $done{$name}++;
		my $text = slurp("/etc/pam.d/$name");
		push @todo, $text =~ /^\@include\s+(\S+)/mg,
		    $text =~ /^-?\w+\s+(?:include|substack)\s+(\S+)/mg;
		if ($name eq $service) {
			$text =~ s/^(?=$before)/$recommended\n/m
			    or die "$service: no line like $before";
			$text .= "account required %M\n";
		}
		# libpam takes what a file includes from /etc/pam.d, which is
		# the private host's, whatever pam_start_confdir was told.
		my @lines = map { $host->expand($_) } split /\n/, $text;
		$host->stack($name, @lines);
		$host->pam($name => \@lines);
	}
	return 1;
}

# The caller's real uid, as sudo and su have it, with root's power.
my @as_bob = ('setpriv', '--ruid=61002');
my $password_line = qr/\@include\s+(?:common-auth|system-auth)
    |auth\s+(?:include|substack)\s/x;

for my $case (
	[ 'sudo', $password_line, user => 'alice' ],
	[ 'sudo-i', $password_line, user => 'alice' ],
	[ 'su', $password_line, user => 'alice', wrap => \@as_bob ],
	[ 'su-l', qr/auth/, user => 'alice', wrap => \@as_bob ],
	[ 'sshd', $password_line, user => 'alice', rhost => '127.0.0.1' ],
) {
	my ($service, $before, %opt) = @$case;
	subtest "the distribution's $service" => sub {
		plan skip_all => "there is no /etc/pam.d/$service"
		    if !-e "/etc/pam.d/$service";
		# su-l is a line or two that include su.
		if (slurp("/etc/pam.d/$service") !~ /^$before/m) {
			plan skip_all => "/etc/pam.d/$service is unlike those "
			    . 'this test knows';
		}
		from_host($service, $before);
		$opt{service} = $service;
		my @steps = qw(authenticate setcred acct_mgmt);
		for ([ 'a token', $good ], [ 'the password', $password ]) {
			my $r = login([ $_->[1] ], %opt, steps => \@steps);
			is_deeply($r->{code}, { map { $_ => 'PAM_SUCCESS' }
			    @steps }, $_->[0]) or diag $r->{out}, $r->{log};
			is(scalar @{ $r->{prompts} }, 1, 'one prompt');
		}
		for ([ 'revoked', $revoked ], [ 'another user\'s', $bobs ],
		    [ 'malformed', 'tkc1_' ]) {
			my $r = gives($_->[0], 'AUTH_ERR',
			    [ $_->[1], $password ], %opt);
			is(scalar @{ $r->{prompts} }, 1, 'one prompt');
		}
		isnt(login([ 'no such password' ], %opt)->{code}{authenticate},
		    'PAM_SUCCESS', 'a wrong password');
		$host->with_trouble(sub {
			gives("$_[0], a token", 'AUTHINFO_UNAVAIL',
			    [ $good, $password ], %opt);
			gives("$_[0], the password", 'SUCCESS',
			    [ $password ], %opt);
		});
	};
}

subtest 'services with names of their own' => sub {
	my $sudo = create_token($config, label => 'sudo', service => 'sudo');
	for (qw(sudo sudo-i)) {
		$host->stack($_, 'auth required %M config=%C nodelay');
	}
	is($host->drive(service => 'sudo', user => 'alice',
	    replies => [ $sudo ])->{code}{authenticate}, 'PAM_SUCCESS',
	    'for sudo');
	is($host->drive(service => 'sudo-i', user => 'alice',
	    replies => [ $sudo ])->{code}{authenticate}, 'PAM_AUTH_ERR',
	    'not for sudo-i');
};

done_testing;
