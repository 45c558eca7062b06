#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the configuration asks of new tokens: lifetimes, properties, and that
# the whole is switched on. owners.t has the owners.
use strict;
use warnings;
use Test::More;
use POSIX qw(mktime);
use Time::Local qw(timegm);
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

# Clocks change here, and no day of it is a day of UTC.
$ENV{TZ} = 'Europe/Berlin';
POSIX::tzset();

my $config = init_store();

# made(args...): when the new token expires, or undef for never.
sub made {
	my (@args) = @_;
	my (undef, $record) = create_token($config, args => [@args]);
	my $when = $record->{expires} // return;
	my ($y, $m, $d, $h, $min, $s) = $when
	    =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/ or die $when;
	return timegm($s, $min, $h, $d, $m - 1, $y);
}

sub refused {
	my ($name, $code, $why, @args) = @_;
	my ($exit, $out, $err) = apitoken($config, 'create', '--user', 'alice',
	    '--label', 'laptop', @args);
	is $exit, $code, "$name: exit";
	is $out, '', 'no token';
	like $err, $why, 'why';
	ok one_line($err), 'one line' or diag $err;
	return;
}

# lives(name, seconds, args...): a new token lives that long.
sub lives {
	my ($name, $span, @args) = @_;
	my $from = time;
	my $end = made(@args) // 0;
	my $to = time;
	ok $end >= $from + $span && $end <= $to + $span, $name
	    or diag $end - $from;
	return;
}

sub midnight {
	my @t = localtime;
	return mktime(0, 0, 0, $t[3] + 1, $t[4], $t[5], 0, 0, -1);
}

subtest 'default_lifetime' => sub {
	is made(), undef, 'absent: never';
	set_conf($config, default_lifetime => '90d');
	lives('90d', 90 * 86400);
	lives('what is asked for counts', 3600, '--expires', '1h');
	is made('--expires', 'never'), undef, 'also never';
	set_conf($config, default_lifetime => 'today');
	my @days = (midnight(), made(), midnight());
	ok $days[1] == $days[0] || $days[1] == $days[2],
	    'today: the end of the day, local time' or diag "@days";
	set_conf($config, default_lifetime => 'never');
	is made(), undef, 'never';
};

subtest 'max_lifetime' => sub {
	set_conf($config, default_lifetime => undef, max_lifetime => '30d');
	lives('just as long', 30 * 86400, '--expires', '30d');
	refused('too long', 1, qr/further away than max_lifetime/,
	    '--expires', '31d');
	refused('a date', 1, qr/further away than max_lifetime/,
	    '--expires', '2099-12-31');
	refused('never', 1, qr/never expires is not allowed/,
	    '--expires', 'never');
	refused('no default', 1, qr/never expires is not allowed/);
	set_conf($config, default_lifetime => '31d');
	refused('a default that is too long', 1, qr/max_lifetime/);
	set_conf($config, default_lifetime => '7d');
	lives('the default', 7 * 86400);
	set_conf($config, max_lifetime => undef);
};

subtest 'allow_never' => sub {
	set_conf($config, allow_never => 'no', default_lifetime => undef);
	refused('never', 1, qr/never expires is not allowed/,
	    '--expires', 'never');
	refused('no default', 1, qr/never expires is not allowed/);
	lives('long', 9999 * 86400, '--expires', '9999d');
	set_conf($config, allow_never => undef);
};

subtest 'required_properties' => sub {
	set_conf($config, required_properties => 'application, how to use');
	my @both = ('--property', 'application=backup', '--property',
	    'how to use=daily');
	is made(@both), undef, 'both are given';
	is made(@both, '--property', 'more=x'), undef, 'and another';
	refused('none', 1, qr/the property application has to be given/);
	refused('one', 1, qr/the property how to use has to be given/,
	    @both[0, 1]);
	refused('without a value', 1, qr/the property how to use has to be/,
	    @both[0, 1], '--property', 'how to use=');
	refused('another\'s name', 1, qr/the property application has to be/,
	    '--property', 'Application=backup', @both[2, 3]);
	set_conf($config, required_properties => undef);
	is made(), undef, 'no more';
};

subtest 'enabled' => sub {
	my ($token) = create_token($config, label => 'off');
	set_conf($config, enabled => 'no');
	my ($dir) = $config =~ m{^(.*)/};
	my $before = tree($dir);
	refused('create', 1, qr/"enabled = no": nothing may be changed/);
	for my $verb ([revoke => 'alice/off'], [delete => 'alice/off'],
	    [renew => 'alice/off'], [regenerate => 'alice/off'],
	    [copy => 'alice/off'], [edit => 'alice/off', '--label', 'x'],
	    ['key', 'add'], ['compact']) {
		my ($exit) = apitoken($config, @$verb);
		isnt $exit, 0, "$verb->[0]";
	}
	is_deeply tree($dir), $before, 'nothing was changed';
	my ($exit, $out) = apitoken($config, 'verify', '--service', 'sshd',
	    { stdin => $token });
	is $exit, 1, 'no login';
	like $out, qr/disabled/, 'why';
	set_conf($config, enabled => 'yes');
	($exit) = apitoken($config, 'verify', '--service', 'sshd',
	    { stdin => $token });
	is $exit, 0, 'on again';
};

done_testing;
