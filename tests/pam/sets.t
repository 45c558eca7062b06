#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A token for a named set of services: what the set holds at the moment of the
# login counts, and a name of [services] brings all that it stands for.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755), conf => {
	'sets/mail' => 'imap, smtp' });
my $config = $host->config;
my $token = create_token($config, label => 'mail', service => 'mail');
my @services = qw(dovecot imaps imap smtp sieve sshd mail);
$host->raw_stack($_, auth => 'config=%C nodelay') for @services;

# Which of the services let it in.
sub let_in {
	return join ' ', grep {
		$host->drive(service => $_, user => 'alice',
		    replies => [ $token ])->{code}{authenticate}
		    eq 'PAM_SUCCESS'
	} @services;
}

is let_in(), 'dovecot imaps imap smtp', 'the members, and no others';
set_conf($config, 'sets/mail' => 'smtp, sieve');
is let_in(), 'smtp sieve', 'after the set was changed';
set_conf($config, 'services/smtp' => 'sshd');
is let_in(), 'smtp sieve sshd', 'after a member got another name';
set_conf($config, 'sets/mail' => undef);
is let_in(), 'mail', 'without the set it is a service like any other';
set_conf($config, 'sets/mail' => 'smtp', 'services/mail' => 'sshd');
is let_in(), '', 'while the file has a mistake';
my ($exit, undef, $err) = apitoken($config, 'list');
is $exit, 4, 'which the command tells';
like $err,
    qr/apitoken\.conf:\d+: mail: is the name of a set and of a service \(/,
    'with its line';

done_testing;
