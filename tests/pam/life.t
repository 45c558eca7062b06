#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The whole life of a token, as an administrator leads it on the command line
# and as logins through libpam see it: after each change the right values work
# and the others do not.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Pam;
use Apitoken::Test;
use POSIX qw(strftime);
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $config = $host->config;
$host->raw_stack($_) for qw(web mail);

# Refused in authentication, or let in through the account phase, too.
sub login {
	my ($token, $service, %opt) = @_;
	my $r = $host->drive(service => $service, user => 'alice',
	    replies => [$token], steps => [qw(authenticate acct_mgmt)], %opt);
	ok(holds_no_token($r->{log}), 'no token in the log');
	my ($why) = $r->{log} =~ /reason=(\S+)/;
	return $why // 'refused' if $r->{code}{authenticate} ne 'PAM_SUCCESS';
	return $r->{code}{acct_mgmt} eq 'PAM_SUCCESS' ? 'in' : 'account';
}

sub gives {
	my ($name, $want, @login) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(login(@login), $want, $name);
}

# The command's standard output, which has to succeed.
sub does {
	my (@args) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($exit, $out, $err) = apitoken($config, @args);
	is($exit, 0, "apitoken $args[0]") or diag $err;
	return $out;
}

sub refuses {
	my ($like, @args) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($exit, $out, $err) = apitoken($config, @args);
	isnt($exit, 0, "apitoken $args[0] is refused");
	return like($err, $like, 'and says why');
}

sub token_of {
	my (@args) = @_;
	my $out = does('--json', @args);
	return from_json($out)->{token};
}

# ---- edit: label, services, sources ----
my ($token, $rec) = create_token($config, label => 'phone',
    service => 'mail');
gives('made for mail', 'in', $token, 'mail');
gives('not for web', 'wrong-service', $token, 'web');
does('edit', 'alice/phone', '--service', 'web');
gives('edited: for web', 'in', $token, 'web');
gives('edited: no longer for mail', 'wrong-service', $token, 'mail');
does('edit', 'alice/phone', '--any-service');
gives('for any service', 'in', $token, 'mail');
does('edit', 'alice/phone', '--from', '192.0.2.0/24');
gives('from its network', 'in', $token, 'mail', rhost => '192.0.2.9');
gives('from another', 'wrong-source', $token, 'mail',
    rhost => '198.51.100.9');
gives('from nowhere', 'wrong-source', $token, 'mail');
does('edit', $rec->{id}, '--any-source', '--label', 'pad',
    '--property', 'app=mutt');
gives('edited by id', 'in', $token, 'mail');
refuses(qr/no such token/, 'edit', 'alice/phone', '--label', 'x');

# ---- expired, renewed, works again ----
expire($config, 'alice/pad');
gives('expired', 'expired', $token, 'mail');
does('renew', 'alice/pad', '--expires', '1d');
gives('renewed', 'in', $token, 'mail');

# ---- copy ----
my $copy = token_of('copy', 'alice/pad', '--label', 'pad 2',
    '--service', 'web');
isnt($copy, $token, 'another value');
gives('the copy, for web', 'in', $copy, 'web');
gives('the copy, not for mail', 'wrong-service', $copy, 'mail');
gives('the one before', 'in', $token, 'mail');

# ---- regenerate ----
my $new = token_of('regenerate', 'alice/pad');
gives('the new value', 'in', $new, 'mail');
gives('the old value', 'revoked', $token, 'mail');
gives('the copy stays', 'in', $copy, 'web');
my $now = from_json(does('--json', 'show', 'alice/pad'));
is($now->{replaces}, $rec->{id}, 'linked to the old one');
is(from_json(does('--json', 'show', $rec->{id}))->{replaced_by},
    $now->{id}, 'and the old one to it');
is_deeply($now->{properties}, { app => 'mutt' }, 'everything else stays');
refuses(qr/replaced already/, 'regenerate', $rec->{id});
refuses(qr/revoked, for good/, 'renew', $rec->{id});

# ---- revoke: final ----
does('revoke', 'alice/pad', '--reason', 'lost');
gives('revoked', 'revoked', $new, 'mail');
refuses(qr/revoked, for good/, 'renew', 'alice/pad', '--expires', '1d');
refuses(qr/revoked, for good/, 'edit', 'alice/pad', '--label', 'x');
gives('still revoked', 'revoked', $new, 'mail');
my $again = token_of('regenerate', 'alice/pad');
gives('a new value for a revoked one', 'in', $again, 'mail');
gives('the revoked one', 'revoked', $new, 'mail');

# ---- delete ----
does('delete', 'alice/pad 2');
gives('deleted', 'revoked', $copy, 'web');
refuses(qr/no such token/, 'show', 'alice/pad 2');
unlike(does('list'), qr/pad 2/, 'not in the list');

# ---- several at once ----
my %many = map { $_ => scalar create_token($config, label => $_,
    property => 'app=backup') } 'a' .. 'e';
does('revoke', '--search', 'app', '--dry-run');
gives('a dry run changes nothing', 'in', $many{c}, 'mail');
does('revoke', '--search', 'BACKUP', '--yes');
gives("found by a property: $_", 'revoked', $many{$_}, 'mail')
    for sort keys %many;
gives('not found, not revoked', 'in', $again, 'mail');

# ---- marks ----
my $bobs = create_token($config, user => 'bob', label => 'x');
does('revoke', '--user', 'alice', '--all', '--yes');
gives('everything of alice', 'revoked', $again, 'mail');
gives('bob stays', 'in', $bobs, 'mail', user => 'bob');
my $later = create_token($config, label => 'later');
gives('made afterwards', 'in', $later, 'mail');
sleep 2; # its second has to be over
does('revoke', '--issued-before',
    strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), '--yes');
gives('everything issued before', 'revoked', $bobs, 'mail',
    user => 'bob');

# ---- key retire ----
$token = create_token($config, label => 'of key 1');
gives('of key 1', 'in', $token, 'mail');
does('key', 'add', '--activate');
my $two = create_token($config, label => 'of key 2');
does('key', 'retire', '1', '--yes');
gives('its key is retired', 'revoked', $token, 'mail');
gives('of key 2', 'in', $two, 'mail');

# ---- narrowed by the holder ----
my ($exit, $narrow) = apitoken(undef, 'narrow', '--service', 'web',
    { stdin => $two });
is($exit, 0, 'narrow needs no configuration');
chomp $narrow;
gives('narrowed', 'in', $narrow, 'web');
gives('narrowed, for mail', 'wrong-service', $narrow, 'mail');
gives('the wide one', 'in', $two, 'mail');
does('revoke', 'alice/of key 2');
gives('dies with it', 'revoked', $narrow, 'web');

# ---- a value made elsewhere ----
$host->raw_stack('old', auth => 'config=%C nodelay imported=yes');
my $value = 'from the machine before: 4711';
sub import_one {
	my ($value, @args) = @_;
	return apitoken($config, 'import', '--user', 'alice', @args,
	    { stdin => $value });
}
is((import_one($value, '--label', 'import', '--service', 'old'))[0], 0,
    'import');
gives('imported', 'in', $value, 'old');
gives('imported, where nobody asked for it', 'refused', $value, 'mail');
gives('another value', 'refused', "$value.", 'old');
gives("bob's name", 'refused', $value, 'old', user => 'bob');
does('edit', 'alice/import', '--service', 'web');
gives('imported, edited', 'wrong-service', $value, 'old');
does('edit', 'alice/import', '--any-service');
expire($config, 'alice/import');
gives('imported, expired', 'expired', $value, 'old');
does('renew', 'alice/import', '--expires', '1d');
gives('imported, renewed', 'in', $value, 'old');
my $real = token_of('regenerate', 'alice/import');
gives('a token in its place', 'in', $real, 'mail');
gives('imported, replaced', 'revoked', $value, 'old');
does('delete', 'alice/import', '--yes');
($exit, undef, my $err) = import_one($value, '--label', 'again');
is($exit, 1, 'a value that was revoked is not imported again');
ok(index($err, $value) < 0, 'nor told');

# ---- a named set ----
set_conf($config, 'sets/everything' => 'web, mail');
my $set = create_token($config, label => 'set', service => 'everything');
gives("a set: $_", 'in', $set, $_) for qw(web mail);
set_conf($config, 'sets/everything' => 'web');
gives('a set that got smaller', 'wrong-service', $set, 'mail');

# ---- enabled = no ----
set_conf($config, enabled => 'no');
gives('switched off', 'disabled', $set, 'web');
refuses(qr/enabled = no/, 'edit', 'alice/set', '--label', 'x');
set_conf($config, enabled => 'yes');
gives('switched on', 'in', $set, 'web');

# ---- the account phase reads the keys only after a change ----
SKIP: {
	skip 'strace is missing or may not trace here', 2
	    if system('strace -o /dev/null true 2>/dev/null') != 0;
	my $trace = $host->dir . '/trace';
	for ([], [ 'run:touch ' . $config ]) {
		my @between = @$_;
		$host->drive(service => 'web', user => 'alice',
		    replies => [$set], wrap => [ 'strace', '-o', $trace ],
		    steps => [ 'authenticate', @between,
			qw(acct_mgmt acct_mgmt) ]);
		my $n = () = slurp($trace) =~ /open.*"secret\.conf"/g;
		is $n, @between ? 3 : 1,
		    @between ? 'read anew' : 'read once';
	}
}

my %events;
$events{ $_->{event} }++ for json_lines(slurp($config
    =~ s{/[^/]+$}{/audit.json}r));
ok($events{$_}, "$_ is in the audit log")
    for qw(login create edit renew copy regenerate revoke delete key);
done_testing;
