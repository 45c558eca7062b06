#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The exchange by table: what the server answers to each first message and to
# what comes after a refusal, and that nothing is left allocated.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Sasl;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Sasl::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Sasl->new;
my $token = create_token($host->config);

my $good = "n,a=alice,\1auth=Bearer $token\1\1";
my $good_x = "user=alice\1auth=Bearer $token\1\1";
my %json = (
	OAUTHBEARER => { bad => '{"status":"invalid_request"}',
	    refused => '{"status":"invalid_token"}' },
	XOAUTH2 => { bad => '{"status":"400","schemes":"bearer"}',
	    refused => '{"status":"401","schemes":"bearer"}' },
);

# name, mechanism, first message (undef: none), and then
#	ok		accepted
#	ask		an empty challenge; the good message is then accepted
#	bad, refused	the JSON object; then BADAUTH whatever is said
my @rows = (
	[ 'a token', 'OAUTHBEARER', $good, 'ok' ],
	[ 'a token', 'XOAUTH2', $good_x, 'ok' ],
	[ 'a token, nobody named', 'OAUTHBEARER',
	    "n,,\1auth=Bearer $token\1\1", 'ok' ],
	[ 'y: the client would bind', 'OAUTHBEARER',
	    "y,a=alice,\1auth=Bearer $token\1\1", 'ok' ],
	[ 'a token in upper case', 'OAUTHBEARER',
	    "n,a=alice,\1auth=Bearer \U$token\E\1\1", 'ok' ],
	[ 'host, port and what is to come', 'OAUTHBEARER',
	    "n,a=alice,\1host=h\1port=143\1new=x\1auth=Bearer $token\1\1",
	    'ok' ],
	[ 'none', 'OAUTHBEARER', undef, 'ask' ],
	[ 'none', 'XOAUTH2', undef, 'ask' ],
	[ 'zero length', 'OAUTHBEARER', '', 'ask' ],
	[ 'zero length', 'XOAUTH2', '', 'ask' ],
	[ 'another user', 'OAUTHBEARER',
	    "n,a=bob,\1auth=Bearer $token\1\1", 'refused' ],
	[ 'another user', 'XOAUTH2', "user=bob\1auth=Bearer $token\1\1",
	    'refused' ],
	[ 'a password', 'OAUTHBEARER', "n,a=alice,\1auth=Bearer secret\1\1",
	    'refused' ],
	[ 'a slip of the finger', 'OAUTHBEARER',
	    "n,a=alice,\1auth=Bearer ${\ swap($token)}\1\1", 'refused' ],
	[ 'a token cut short', 'XOAUTH2',
	    "user=alice\1auth=Bearer ${\ substr $token, 0, 40}\1\1",
	    'refused' ],
	[ 'NUL in the name', 'OAUTHBEARER',
	    "n,a=ali\0ce,\1auth=Bearer $token\1\1", 'bad' ],
	[ 'NUL in the token', 'OAUTHBEARER',
	    "n,a=alice,\1auth=Bearer tkc1_\0$token\1\1", 'bad' ],
	[ 'NUL at the end', 'OAUTHBEARER', "$good\0", 'bad' ],
	[ 'NUL alone', 'OAUTHBEARER', "\0", 'bad' ],
	[ 'NUL in the name', 'XOAUTH2', "user=ali\0ce\1auth=Bearer $token\1\1",
	    'bad' ],
	[ 'no separator behind the header', 'OAUTHBEARER',
	    "n,a=alice,auth=Bearer $token\1\1", 'bad' ],
	[ 'no separator behind the value', 'OAUTHBEARER',
	    "n,a=alice,\1auth=Bearer $token", 'bad' ],
	[ 'no separator at the end', 'OAUTHBEARER',
	    "n,a=alice,\1auth=Bearer $token\1", 'bad' ],
	[ 'no separator at the end', 'XOAUTH2',
	    "user=alice\1auth=Bearer $token\1", 'bad' ],
	[ 'p=: channel binding', 'OAUTHBEARER',
	    "p=tls-unique,a=alice,\1auth=Bearer $token\1\1", 'bad' ],
	[ 'no auth', 'OAUTHBEARER', "n,a=alice,\1host=h\1\1", 'bad' ],
	[ 'no auth', 'XOAUTH2', "user=alice\1\1", 'bad' ],
	[ 'two auth', 'OAUTHBEARER',
	    "n,a=alice,\1auth=Bearer $token\1auth=Bearer $token\1\1", 'bad' ],
	[ 'two auth', 'XOAUTH2',
	    "user=alice\1auth=Bearer $token\1auth=Bearer $token\1\1", 'bad' ],
	[ 'Basic', 'OAUTHBEARER', "n,a=alice,\1auth=Basic $token\1\1", 'bad' ],
	[ 'no user', 'XOAUTH2', "user=\1auth=Bearer $token\1\1", 'bad' ],
	[ '*', 'OAUTHBEARER', '*', 'bad' ],
	[ '0x01', 'OAUTHBEARER', "\1", 'bad' ],
	[ '0x01', 'XOAUTH2', "\1", 'bad' ],
	[ '16 KiB', 'OAUTHBEARER', 'n,a=' . 'a' x 16380, 'bad' ],
	[ '16 KiB behind a good one', 'OAUTHBEARER', $good . 'x' x 16384,
	    'bad' ],
	[ '16 KiB of token', 'XOAUTH2',
	    "user=alice\1auth=Bearer " . 't' x 16384 . "\1\1", 'bad' ],
	[ '1 MiB', 'OAUTHBEARER', "n,,\1auth=Bearer " . 't' x 1048576 . "\1\1",
	    'bad' ],
	[ '1 MiB of NUL', 'XOAUTH2', "\0" x 1048576, 'bad' ],
	[ 'the other mechanism', 'XOAUTH2', $good, 'bad' ],
	[ 'the other mechanism', 'OAUTHBEARER', $good_x, 'bad' ],
);

# What may come after a refusal.
my @after = ("\1", '', '*', undef, 'AGAIN', 'x' x 16384, "\0");

# Another character in the middle of the token.
sub swap {
	my ($text) = @_;
	my $old = substr $text, 30, 1;
	substr($text, 30, 1) = $old eq 'x' ? 'y' : 'x';
	return $text;
}

sub message_for {
	my ($mech) = @_;
	return $mech eq 'XOAUTH2' ? $good_x : $good;
}

for my $row (@rows) {
	my ($name, $mech, $first, $want) = @$row;
	my $start = "start $mech " . Apitoken::Sasl::hex($first);
	my $again = 'step ' . Apitoken::Sasl::hex(message_for($mech));
	subtest "$mech: $name" => sub {
		if ($want eq 'ok') {
			my $r = $host->drive($start);
			is_deeply($r->{server}, ['OK none'], 'accepted');
			is_deeply($r->{names}, ['alice alice'], 'as alice');
			check($r, 'allow', undef);
		} elsif ($want eq 'ask') {
			my $r = $host->drive($start, $again);
			is_deeply($r->{server}, [ 'CONTINUE empty', 'OK none' ],
			    'asked, then accepted');
			# libsasl asks by itself where there was none.
			$r = $host->drive($start, 'step empty', 'step empty',
			    $again);
			is($r->{server}[-1], 'BADAUTH none',
			    'but not asked for ever');
		} else {
			for my $then (@after) {
				my $step = defined $then && $then eq 'AGAIN'
				    ? $again
				    : 'step ' . Apitoken::Sasl::hex($then);
				my $r = $host->drive($start, $step);
				is_deeply($r->{server}, [
				    "CONTINUE $json{$mech}{$want}",
				    'BADAUTH none' ], 'refused, for good');
				check($r, 'deny',
				    $want eq 'bad' ? 'malformed' : undef);
			}
		}
	};
}

# One line for one decision, nothing left, no token anywhere.
sub check {
	my ($r, $result, $reason) = @_;
	my @lines = grep { /login (?:allow|deny)/ } @{ $r->{log} };
	is(scalar @lines, 1, 'one line in the log') or diag $r->{out};
	like($lines[0], qr/login $result/, "it says $result");
	like($lines[0], qr/ rhost=192\.0\.2\.7\b/, 'and from where');
	like($lines[0], qr/ service=imap\b/, 'and to what');
	like($lines[0], qr/ reason=$reason\b/, "and $reason") if $reason;
	is_deeply($r->{left}, ['0 0'], 'nothing is left');
	ok(holds_no_token(join "\n", @{ $r->{log} }, @{ $r->{detail} }),
	    'no token in the log');
	return;
}

subtest 'refused at once' => sub {
	# The client goes away and never answers.
	my $r = $host->drive('start XOAUTH2 ' . Apitoken::Sasl::hex(
	    "user=bob\1auth=Bearer $token\1\1"));
	check($r, 'deny', 'wrong-user');
};

subtest 'a client goes no further once it is refused' => sub {
	my $refusal = Apitoken::Sasl::hex('{"status":"401"}');
	for my $mech (qw(OAUTHBEARER XOAUTH2)) {
		my $r = $host->drive({ token => $token, init => ['client'] },
		    "client $mech", "answer $refusal", "answer $refusal");
		my ($said, $farewell, $end) = @{ $r->{client} };
		like($said, qr/^CONTINUE .*Bearer/s, "$mech: sends the token");
		like($farewell, qr/^CONTINUE (?:\x01|empty)\z/,
		    "$mech: says no more of it");
		is($end, 'BADAUTH none', "$mech: and gives up");
		is_deeply($r->{left}, ['0 0'], "$mech: nothing is left");
	}
};

subtest 'a scope' => sub {
	my $option = { apitoken_scope => 'mail imap' };
	my $bad = Apitoken::Sasl::hex("\1");
	is($host->drive({ option => $option }, "start OAUTHBEARER $bad")
	    ->{server}[0], 'CONTINUE {"status":"invalid_request",'
	    . '"scope":"mail imap"}', 'OAUTHBEARER');
	is($host->drive({ option => $option }, "start XOAUTH2 $bad")
	    ->{server}[0], 'CONTINUE {"status":"400","schemes":"bearer",'
	    . '"scope":"mail imap"}', 'XOAUTH2');
};

subtest 'many in one process' => sub {
	my $start = 'start OAUTHBEARER ';
	my $r = $host->drive((map { ($start . Apitoken::Sasl::hex($good),
	    $start . Apitoken::Sasl::hex("n,a=bob,\1auth=Bearer $token\1\1"))
	    } 1 .. 50));
	is(scalar(grep { $_ eq 'OK none' } @{ $r->{server} }), 50,
	    'what is refused changes nothing for the next');
	is_deeply($r->{left}, ['0 0'], 'nothing is left');
};

done_testing;
