#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken narrow: what a holder makes of a token without key or store, and
# inspect, which shows it.  The other implementation of the format makes the
# same ones.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli;
use Apitoken::Reference qw(caveat);
use Apitoken::Test;

# The known answer of the format; its key is nobody's.
my $known = 'tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmera093qkebdc59w' .
    'kn11gg';
my $id = 'k7mm6hetf9w81mhq2mpvx68f';

# narrow($token, args...): as a holder does, without an installation.
sub narrow {
	my ($token, @args) = @_;
	my $opt = @args && ref $args[-1] eq 'HASH' ? pop @args : {};
	return apitoken('/nonexistent/apitoken.conf', 'narrow', @args,
	    { stdin => "$token\n", %$opt });
}

sub narrowed {
	my ($exit, $out, $err) = narrow(@_);
	$exit eq '0' or die "narrow: $err";
	chomp $out;
	return $out;
}

# [options, the caveats they make, what inspect says of them]
my @makes = (
	[['--expires', '2037-01-15T08:00:00Z'],
	    [caveat(1, pack 'Cx0N', 0, 2115619199)],
	    ['not-after', '2037-01-15T07:59:59Z']],
	[['--expires', '2137-01-15T08:00:00Z'],
	    [caveat(1, pack 'CN', 1, 5271292799 - 2**32)],
	    ['not-after', '2137-01-15T07:59:59Z']],
	[['--service', 'imap'], [caveat(2, 'imap')], ['service', 'imap']],
	[['--service', 'imap,smtp', '--service', 'smtp,sshd'],
	    [caveat(2, 'imap,smtp'), caveat(2, 'smtp,sshd')],
	    ['service', 'imap,smtp'], ['service', 'smtp,sshd']],
	[['--from', '192.0.2.0/24'], [caveat(3, pack 'C5', 192, 0, 2, 0, 24)],
	    ['source', '192.0.2.0/24']],
	[['--from', '2001:db8::1'],
	    [caveat(3, pack 'n8C', 0x2001, 0xdb8, (0) x 5, 1, 128)],
	    ['source', '2001:db8::1']],
	[['--from', '10.0.0.0/8', '--service', 'a,b,c,d,e,f,g,h', '--expires',
	    '2037-01-15T08:00:00Z'],
	    [caveat(1, pack 'CN', 0, 2115619199), caveat(2, 'a,b,c,d,e,f,g,h'),
	    caveat(3, pack 'C5', 10, 0, 0, 0, 8)],
	    ['not-after', '2037-01-15T07:59:59Z'],
	    ['service', 'a,b,c,d,e,f,g,h'], ['source', '10.0.0.0/8']],
);
for my $case (@makes) {
	my ($args, $caveats, @shown) = @$case;
	subtest "@$args" => sub {
		my $want = $known;
		$want = Apitoken::Reference::narrow($want, $_) for @$caveats;
		my ($exit, $out, $err) = narrow($known, @$args);
		is $exit, 0, 'exit';
		ok $out eq "$want\n", 'the token that the format asks for';
		ok holds_no_token($err), 'none on stderr';
		is $err, join('', "id        $id\n", map {
			"caveat    $_->[0] $_->[1]\n" } @shown), 'its limits';

		(undef, $out, $err) = narrow($known, @$args, '--json');
		is $err, '', 'JSON: nothing on stderr';
		my $json = from_json($out);
		ok delete $json->{token} eq $want, 'JSON: the token';
		my @list = map { { type => $_->[0], value => $_->[1] } }
		    @shown;
		is_deeply $json, { id => $id, caveats => \@list }, 'the rest';

		(undef, $out) = apitoken(undef, 'inspect', '--json',
		    { stdin => $want });
		is_deeply from_json($out), { id => $id, format => 1,
		    type => 1, kid => 1, caveats => \@list }, 'inspect';
	};
}

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my ($token, $rec) = create_token($config, user => 'alice',
    label => 'family', service => 'imap,smtp,sshd');

subtest 'logins' => sub {
	my $t = narrowed($token, '--service', 'imap,pop');
	is verdict($config, $t, service => 'imap'), 'valid', 'that service';
	is verdict($config, $t, service => 'smtp'), 'wrong-service',
	    'another of the record\'s';
	is verdict($config, $t, service => 'pop'), 'wrong-service',
	    'nothing is added to the record\'s';
	is verdict($config, narrowed($t, '--service', 'smtp'),
	    service => 'imap'), 'wrong-service', 'all of them have to hold';
	is verdict($config, narrowed($t, '--service', 'imap'),
	    service => 'imap'), 'valid', 'twice the same';

	$t = narrowed($token, '--from', '192.0.2.0/24');
	is verdict($config, $t, from => '192.0.2.9'), 'valid', 'that network';
	is verdict($config, $t, from => '192.0.3.9'), 'wrong-source',
	    'another';
	is verdict($config, $t), 'wrong-source', 'an unknown one';

	$t = narrowed($token, '--expires', '30d');
	is verdict($config, $t), 'valid', 'time is left';
	# What narrow refuses to make, somebody may have made earlier.
	$t = Apitoken::Reference::narrow($token, caveat(1,
		pack 'CN', 0, time - 10));
	is verdict($config, $t), 'expired', 'none is left';
	is verdict($config, $token), 'valid', 'the first is as it was';
};

subtest 'the token as people paste it' => sub {
	ok narrowed("  \U$known\E\r\n", '--service', 'imap') eq
	    narrowed($known, '--service', 'imap'), 'upper case, white space';
};

subtest 'revoking one ends all' => sub {
	my $t = narrowed($token, '--service', 'imap');
	my ($exit) = apitoken($config, 'revoke', $rec->{id});
	is $exit, 0, 'revoked';
	is verdict($config, $t, service => 'imap'), 'revoked',
	    'the narrower one';
};

# [name, what is on stdin, arguments, exit, words]
my @refused = (
	['no limit', $known, [], 2, qr/is needed/],
	['never', $known, ['--expires', 'never'], 2, qr/=never: is no limit/],
	['nonsense', $known, ['--expires', 'soon'], 2, qr/2027-03-31/],
	['the past', $known, ['--expires', '2020-01-01'], 2, qr/in the past/],
	['two networks', $known, ['--from', '10.0.0.0/8', '--from',
	    '10.0.0.0/8'], 2, qr/given twice/],
	['no network', $known, ['--from', '10.0.0.1/8'], 2, qr/prefix/],
	['several at once', $known, ['--from', '10.0.0.0/8,11.0.0.0/8'], 2,
	    qr/prefix/],
	['upper case', $known, ['--service', 'IMAP'], 2, qr/not a service name/],
	['an empty name', $known, ['--service', 'imap,'], 2, qr/is empty/],
	['nine names', $known, ['--service', 'a,b,c,d,e,f,g,h,i'], 2,
	    qr/at most 8 names/],
	['a long name', $known, ['--service', 'x' x 33], 2,
	    qr/not a service name/],
	['much too long', $known, ['--service', 'x' x 300], 2,
	    qr/not a service name/],
	['nine limits', $known, [map { ('--service', $_) } 'a' .. 'i'], 2,
	    qr/at most 8 limits/],
	['too much for one token', $known, ['--service',
	    join(',', map { 'x' x 15 . $_ } 1 .. 8)], 2, qr/255 characters/],
	['a password', 'correct horse battery staple', ['--service', 'imap'],
	    1, qr/not-a-token/],
	['a typing error', substr($known, 0, -1) . 'h', ['--service', 'imap'],
	    1, qr/bad-checksum/],
	['cut off', substr($known, 0, 40), ['--service', 'imap'], 1,
	    qr/malformed/],
	['a whole file', 'x' x 5000, ['--service', 'imap'], 1, qr/more than/],
	['a token as a word', $known, [$known, '--service', 'imap'], 2,
	    qr/does not belong on the command line/],
);
for my $case (@refused) {
	my ($name, $stdin, $args, $want, $words) = @$case;
	subtest "refused: $name" => sub {
		my ($exit, $out, $err) = narrow($stdin, @$args);
		is $exit, $want, 'exit';
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
		like $err, $words, 'why';
		ok holds_no_token($err) && $err !~ /battery/, 'no secret';
	};
}

subtest '--output' => sub {
	my $file = "$dir/narrow";
	my @args = ('--service', 'imap', '--output', $file);
	my $old = umask 0;
	my ($exit, $out, $err) = narrow($known, @args);
	umask $old;
	is $exit, 0, 'exit';
	is $out, '', 'nothing on stdout';
	ok holds_no_token($err), 'no token on stderr';
	is sprintf('%o', (stat $file)[2] & 07777), '600', 'mode';
	ok slurp($file) eq narrowed($known, '--service', 'imap') . "\n",
	    'content';
	($exit, undef, $err) = narrow($known, @args);
	is $exit, 1, 'a file that exists: exit';
	ok one_line($err), 'one line';
	($exit) = narrow('nonsense', '--service', 'imap', '--output',
	    "$file-2");
	is $exit, 1, 'nothing to narrow: exit';
	ok !-e "$file-2", 'no file is left';
	($exit, $out) = narrow($known, '--service', 'imap', '--json',
	    '--output', "$file-3");
	is_deeply from_json($out), { id => $id, output => "$file-3",
	    caveats => [{ type => 'service', value => 'imap' }] },
	    'JSON has no token';
};

open my $full, '+<', '/dev/full' or die "/dev/full: $!";
pipe my $reader, my $broken or die "pipe: $!";
close $reader;
for my $case (['a full disk', { stdout_fh => $full }],
    ['a closed pipe', { stdout_fh => $broken }],
    ['a closed stdout', { close => [1] }]) {
	my ($name, $opt) = @$case;
	for my $json ([], ['--json']) {
		my ($exit, undef, $err) = narrow($known, '--service', 'imap',
		    @$json, $opt);
		is $exit, 1, "$name @$json: exit";
		ok one_line($err) && holds_no_token($err), 'one line'
		    or diag $err;
	}
}

subtest 'nothing of an installation is opened' => sub {
	plan skip_all => 'needs strace' if !grep { -x "$_/strace" }
	    split /:/, $ENV{PATH};
	my $trace = "$dir/trace";
	my ($exit) = run(['strace', '-f', '-o', $trace, '-e',
	    'trace=?open,openat,connect', program('apitoken'), 'narrow',
	    '--service', 'imap'], stdin => $known);
	plan skip_all => 'strace may not trace here' if $exit ne '0';
	my @opened = slurp($trace) =~ /"([^"]+)"/g;
	ok @opened > 0, 'the trace has something';
	is join(' ', grep { m{apitoken(?!-test)} &&
	    !m{^\Q$ENV{BUILD}\E/} } @opened), '', 'no file of it';
	unlike slurp($trace), qr/connect\(/, 'and no log';
};

done_testing;
