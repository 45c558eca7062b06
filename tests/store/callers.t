#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Callers that are not root: in the group they verify and change nothing, out
# of it they get "unavailable" and a reason; a process that gave up its rights
# or its root directory after opening goes on and sees every change.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

need_root();

# Numbers are enough: no account, no group has to exist.
my ($uid, $gid, $group) = (65534, 65534, 54321);
my $base = tempdir(mode => 0755);
mkdir "$base/etc" or die;
my $config = init_store(dir => "$base/etc");
my $dir = "$base/etc";
my $store = "$dir/store";
my ($token, $rec) = create_token($config, label => 'active');
my ($gone) = create_token($config, label => 'gone');
apitoken($config, 'revoke', 'alice/gone');

# As on a host with the group: the folder passes it on.
sub for_the_group {
	chown 0, $group, $store, glob("$store/*"), "$dir/secret.conf" or die;
	chmod 0640, grep { !/lock$/ } glob("$store/*"), "$dir/secret.conf"
	    or die;
	chmod 0660, "$store/lastuse" or die;
	chmod 02750, $store or die;
}
for_the_group();

my @in = ('setpriv', "--reuid=$uid", "--regid=$gid", "--groups=$group");
my @out = ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');

sub as {
	my ($who, @args) = @_;
	my $opt = ref $args[-1] ? pop @args : {};
	return run([@$who, program('apitoken'), '--config', $config, @args],
	    %$opt);
}

# What is known of a token's last use.
sub used {
	my ($id) = @_;
	my $ask = ask_start($config);
	$ask->('open');
	my $answer = $ask->('used', $id);
	$ask->();
	return $answer;
}

# The programs have to be reachable for them.
my ($reach) = run([@out, program('apitoken'), '--version']);
BAIL_OUT('the build directory cannot be entered by others') if $reach ne '0';

subtest 'in the group' => sub {
	my ($exit, $out) = as(\@in, 'verify', '--service', 'sshd',
	    { stdin => $token });
	is $exit, 0, 'verify: exit';
	like $out, qr/^valid /, 'valid';
	is used($rec->{id}), 'ok sshd', 'noted as its last use';
	($exit, $out) = as(\@in, 'verify', '--service', 'sshd',
	    { stdin => $gone });
	is $exit, 1, 'a revoked one: exit';
	like $out, qr/^revoked/, 'revoked';
	my $before = listed($config);
	for my $verb (['create', '--user', 'alice', '--label', 'x'],
	    ['revoke', 'alice/active'], ['key', 'add']) {
		my ($exit, $out, $err) = as(\@in, @$verb);
		is $exit, 5, "$verb->[0]: not permitted";
		ok one_line($err), 'one line' or diag $err;
		is $out, '', 'nothing on stdout';
	}
	is_deeply listed($config), $before, 'nothing changed';
	is_deeply [tmp_files($dir)], [], 'nothing left behind';
};

subtest 'in the group, and someone holds whatever locks they can' => sub {
	my $hold = 'use Fcntl ":flock"; for (@ARGV) { open my $f, "<", $_ ' .
	    'or next; flock $f, LOCK_EX; push @f, $f } ' .
	    '$| = 1; print "held\n"; sleep 600';
	my $log = tempdir() . '/log';
	my $pid = start([@in, $^X, '-e', $hold, glob("$store/*"),
	    "$dir/secret.conf", $config], log => $log);
	ok wait_for(sub { slurp($log) =~ /held/ }), 'locks are held';
	my ($exit, undef, $err) = apitoken($config, 'create', '--user',
	    'alice', '--label', 'beside');
	is $exit, 0, 'a change goes through' or diag $err;
	($exit) = as(\@in, 'verify', '--service', 'sshd',
	    { stdin => $token });
	is $exit, 0, 'so does a login';
	stop($pid);
};

subtest 'outside of the group' => sub {
	my $ask = ask_start($config, @out);
	like $ask->('open'), qr/\Q$dir\E.*Permission denied/,
	    'the file is named';
	like $ask->('verify', $token), qr/^unavailable /, 'unavailable';
	like $ask->('verify', 'a password'), qr/^not-a-token/, 'a password';
	$ask->();
	my ($exit, $out, $err) = as(\@out, 'verify', '--service', 'sshd',
	    { stdin => $token });
	ok $exit eq '4' || $exit eq '5', 'command: exit' or diag $exit;
	unlike $out, qr/valid/, 'not valid';
	like $err . $out, qr/\Q$dir\E/, 'the file is named';
};

# The same questions to processes that opened the store as root and then
# became less.
my $empty = tempdir(mode => 0755);
my %less = (
	'a dropped user in the group' => [["become $uid $gid $group"]],
	'a dropped user outside of it' => [["become $uid $gid $gid"]],
	'another root directory' => [["chroot $empty"]],
	'both' => [["chroot $empty", "become $uid $gid $group"]],
);
for my $name (sort keys %less) {
	subtest $name => sub {
		less($name, @{ $less{$name}[0] });
	};
}

sub less {
	my ($name, @steps) = @_;
	my $ask = ask_start($config);
	is $ask->('open'), 'ok', 'opened as root';
	is $ask->($_), 'ok', $_ for @steps;
	my $may_read = $name !~ /outside/;
	my $want = $may_read ? 'valid' : 'unavailable';
	like $ask->('verify', $token), qr/^$want/, 'an old token';
	# A new file takes the place of the one that is open.
	unlink "$store/lastuse" or die if $name eq 'both';
	my ($new, $rec) = create_token($config, label => "new $name");
	like $ask->('verify', $new), qr/^$want/, 'a new one';
	is used($rec->{id}), $may_read ? 'ok sshd' : 'ok',
	    $may_read ? 'noted' : 'not noted';
	apitoken($config, 'revoke', "alice/new $name");
	$want = $may_read ? 'revoked' : 'unavailable';
	like $ask->('verify', $new), qr/^$want/, 'the same, revoked';
	like $ask->('verify', $gone), qr/^$want/, 'one revoked before';
	keys_change($ask, $name) if $may_read;
	if ($name =~ /root/) {
		set_conf($config, minimum_uid => '1');
		like $ask->('verify', $token), qr/^unavailable /,
		    'no user database, and a minimum_uid';
		set_conf($config, minimum_uid => undef);
	}
	set_conf($config, enabled => 'no');
	like $ask->('verify', $token), qr/^disabled/, 'switched off';
	set_conf($config, enabled => 'yes');
	like $ask->('verify', $token), $may_read ? qr/^valid/
	    : qr/^unavailable/, 'and on again';
	$ask->();
}

# secret.conf is replaced by a new file under the same folder.
sub keys_change {
	my ($ask, $name) = @_;
	my ($exit, $out) = apitoken($config, '--json', 'key', 'add');
	is $exit, 0, 'a key is added';
	my $kid = from_json($out)->{kid};
	apitoken($config, 'key', 'activate', $kid);
	my ($mine, $rec) = create_token($config, label => "key $name");
	is $rec->{kid}, $kid, 'it is the active one';
	like $ask->('verify', $mine), qr/^valid/, 'a token of a new key';
	apitoken($config, 'key', 'add');
	apitoken($config, 'key', 'activate', $kid + 1);
	($exit) = apitoken($config, 'key', 'retire', $kid);
	is $exit, 0, 'the key is retired';
	like $ask->('verify', $mine), qr/^revoked/, 'and its token refused';
}

is doctor_worst($config), 'fine', 'the store is whole';
my @wrong = grep { (stat)[2] & (/lastuse$/ ? 0002 : 0022) ||
    (stat _)[5] != $group } grep { !/lock$/ } glob("$store/*");
is_deeply \@wrong, [], 'new files belong to the group';

done_testing;
