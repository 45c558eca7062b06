#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/moving.md, with real tables of pam_userdb, one in clear text and
# one of hashes: who gets in before, in between and afterwards.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Recipe;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing(qw(db_load db_dump awk))) {
	plan skip_all => $why;
}
plan skip_all => 'there is no pam_userdb.so'
    if !glob '/{usr/,}lib{64,}/{*/,}security/pam_userdb.so';

my $recipe = Apitoken::Recipe->new('moving');
my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $dir = $host->dir;
my $config = $host->config;
my $table = "$dir/app-passwords";

# carol and dave are nobody on the host. Names and values that a careless
# script would tear apart.
my %clear = (
	alice => 'correct-horse-battery-staple',
	bob => 'a "quoted", comma and \\backslash\\',
	carol => "h\xc3\xa9risson sur la c\xc3\xb4te d'or",
	dave => 'too short',
);

# db(pairs): the table as it then is.
sub db {
	my %pairs = @_;
	unlink "$table.db";
	my $lines = join '', map { s/\\/\\\\/gr . "\n" } %pairs;
	my ($exit, $out, $err) = run([ 'db_load', '-T', '-t', 'hash',
	    "$table.db" ], stdin => $lines);
	$exit eq '0' or die "db_load: $out$err";
	return;
}

# service(block, %change): the service's lines, as the recipe has them.
sub service {
	my ($block, %change) = @_;
	my @lines = grep { !/^#/ } $recipe->file($block);
	for my $line (@lines) {
		$line =~ s/$_/$change{$_}/ for keys %change;
		$line =~ s/pam_apitoken\.so/%M config=%C nodelay/;
		$line =~ s{/etc/app-passwords}{$table};
	}
	$host->stack('portal', @lines);
	return;
}

sub gets_in {
	my ($user, $password, $want, $name) = @_;
	my $r = $host->drive(service => 'portal', user => $user,
	    replies => [ $password ], steps => [qw(authenticate acct_mgmt)]);
	my $in = ($r->{code}{authenticate} // '') eq 'PAM_SUCCESS'
	    && ($r->{code}{acct_mgmt} // '') eq 'PAM_SUCCESS' ? 1 : 0;
	is($in, $want, "$user: $name") or diag $r->{out}, $r->{log};
	is(index($r->{log}, $password), -1, 'which the log does not have');
	return $r->{log};
}

# typed(a command's beginning): as the recipe has it.
sub typed {
	my ($command) = $recipe->commands($_[0]);
	my $apitoken = program('apitoken') . " --config $config";
	my $here = $command;
	for ($here) {
		s/\bapitoken (?=import|create|revoke|list)/$apitoken /g;
		s{~/}{$dir/}g;
		s{/etc/(?:dovecot/)?app-passwords}{$table}g;
		s{carol\.token}{$dir/carol.token};
	}
	my ($exit, $out, $err) = run([ '/bin/sh', '-c', $here ]);
	is($exit, '0', $command) or diag "$out$err";
	return ($out, $err);
}

spit("$dir/$_", join "\n", (grep { !/^# ~/ } $recipe->file("~/$_")), '')
    for qw(userdb-to-csv passwd-to-csv);
my ($owners) = map { /^owners = (\S+)/ }
    $recipe->file('/etc/apitoken/apitoken.conf');
set_conf($config, owners => $owners);

subtest 'side by side' => sub {
	db(%clear);
	service('/etc/pam.d/portal');
	gets_in($_, $clear{$_}, 1, 'the value in the table')
	    for sort keys %clear;
	gets_in('alice', $clear{bob}, 0, "another user's");
	my $token = create_token($config, user => 'erin', label => 'new');
	gets_in('erin', $token, 1, 'a token, and not in the table');
	gets_in('alice', $token, 0, "another user's token");
};

subtest 'values in clear text' => sub {
	my (undef, $err) = typed('db_dump');
	is($err =~ s/^\d+ .*\n//mgr, "dave: shorter than 20 characters\n",
	    'one is left out');
	my ($list) = typed('apitoken list');
	like($list, qr/\b$_\b.*\bportal\b/, "$_ is in the list")
	    for qw(alice bob carol);
	for my $user (sort keys %clear) {
		my $log = gets_in($user, $clear{$user}, 1, 'gets in');
		my $seen = $log =~ /login allow/ ? 1 : 0;
		is($seen, $user eq 'dave' ? 0 : 1, 'whose the login was');
	}
	apitoken($config, 'revoke', 'bob/old portal');
	gets_in('bob', $clear{bob}, 0, 'revoked, and in the table');
};

subtest 'afterwards' => sub {
	typed('apitoken create');
	unlink "$table.db";
	service('/etc/pam.d/portal afterwards');
	gets_in('alice', $clear{alice}, 1, 'without the table');
	gets_in('carol', slurp("$dir/carol.token") =~ s/\n//r, 1, 'a token');
	gets_in('dave', $clear{dave}, 0, 'never had one');
};

subtest 'hashes' => sub {
	my $value = 'known only to its hash';
	db(frank => Apitoken::Server::hash_password($value));
	service('/etc/pam.d/portal', 'crypt=none' => 'crypt=crypt');
	gets_in('frank', $value, 1, 'as before');
	gets_in('frank', $value . 'x', 0, 'another');
	gets_in('frank', scalar create_token($config, user => 'frank'), 1,
	    'a token');
};

subtest 'user:{PLAIN}value' => sub {
	spit($table, join '', map { "$_\n" }
	    'gwen:{PLAIN}a-value, "long" enough::::',
	    'hal:{SHA512-CRYPT}$6$of-no-use-for-anybody::::', '# heading');
	typed('awk');
	gets_in('gwen', 'a-value, "long" enough', 1, 'taken over');
	is((apitoken($config, 'show', 'hal/old portal'))[0], 3,
	    'a hash is not');
};

subtest 'taking it back' => sub {
	db(%clear);
	my @lines = grep { !/pam_apitoken/ && !/^#/ }
	    $recipe->file('/etc/pam.d/portal');
	s{/etc/app-passwords}{$table} for @lines;
	$host->stack('portal', map { s/ use_first_pass//r } @lines);
	typed('apitoken revoke');
	gets_in('alice', $clear{alice}, 1, 'as it was');
	service('/etc/pam.d/portal');
	gets_in('alice', $clear{alice}, 0, 'it was ended');
};

done_testing;
