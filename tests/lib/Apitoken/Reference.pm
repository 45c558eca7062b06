# SPDX-License-Identifier: GPL-3.0-or-later
#
# The token format a second time, written from its description (header, tag,
# checksum, id) and not from the C code, so that the two can be compared.
# Strings are bytes throughout.
#
#	my $text = make($secret, $kid, $user, $nonce, $caveats);
#	my ($verdict, $token) = read_token($typed);
#	tag_fits($secret, $user, $token) or die;
package Apitoken::Reference;

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 sha256);
use Exporter qw(import);

our @EXPORT_OK = qw(crc32 b32_encode b32_decode derive_key make read_token
    tag_fits narrow token_id imported_id assemble caveat caveats_fit);

my $alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
my %digit = map { substr($alphabet, $_, 1) => $_ } 0 .. 31;

my @crc_table = map {
	my $c = $_;
	$c = $c & 1 ? 0xedb88320 ^ ($c >> 1) : $c >> 1 for 1 .. 8;
	$c;
} 0 .. 255;

# The CRC that zip and Ethernet use.
sub crc32 {
	my ($bytes) = @_;
	my $crc = 0xffffffff;
	$crc = $crc_table[($crc ^ $_) & 0xff] ^ ($crc >> 8)
	    for unpack 'C*', $bytes;
	return $crc ^ 0xffffffff;
}

sub b32_encode {
	my ($bytes) = @_;
	my $bits = unpack 'B*', $bytes;
	$bits .= '0' while length($bits) % 5;
	return join '', map { substr $alphabet, oct "0b$_", 1 }
	    unpack '(A5)*', $bits;
}

# The bytes, or undef: a foreign character, a length that no encoding has, or
# a pad bit that is set.
sub b32_decode {
	my ($text) = @_;
	my $bits = '';
	for my $c (split //, $text) {
		return unless exists $digit{$c};
		$bits .= sprintf '%05b', $digit{$c};
	}
	my $pad = substr $bits, length($bits) - length($bits) % 8;
	return if length $pad > 4 || $pad =~ /1/;
	return pack 'B*', substr $bits, 0, length($bits) - length $pad;
}

# HKDF of RFC 5869, one block long.
sub derive_key {
	my ($purpose, $kid, $secret) = @_;
	my $extracted = hmac_sha256($secret, 'tokencore/v1');
	return hmac_sha256($purpose . "\0" . pack('n', $kid) . "\1",
	    $extracted);
}

# caveat(type, value): one of them, encoded.
sub caveat {
	my ($type, $value) = @_;
	return pack 'C C/a*', $type, $value;
}

# A list of encoded caveats as [type, value] pairs; nothing if it is cut off.
sub split_caveats {
	my ($bytes) = @_;
	my @list;
	while (length $bytes) {
		return if length $bytes < 2;
		my ($type, $len) = unpack 'CC', $bytes;
		return if length $bytes < 2 + $len;
		push @list, [ $type, substr $bytes, 2, $len ];
		$bytes = substr $bytes, 2 + $len;
	}
	return \@list;
}

my %value_fits = (
	1 => sub { length $_[0] == 5 },
	2 => sub {
		my $name = qr/[a-z0-9_.-]{1,32}/;
		$_[0] =~ /\A$name(?:,$name){0,7}\z/;
	},
	3 => sub {
		my $prefix = length $_[0] ? ord substr $_[0], -1 : 0;
		length $_[0] == 5 ? $prefix <= 32
		    : length $_[0] == 17 && $prefix <= 128;
	},
);

sub caveats_fit {
	my ($bytes) = @_;
	my $list = split_caveats($bytes) or return 0;
	return 0 if @$list > 8;
	for my $c (@$list) {
		my $fits = $value_fits{ $c->[0] } or return 0;
		return 0 unless $fits->($c->[1]);
	}
	return 1;
}

# Any payload as a text with the right checksum, whether it makes sense or not.
sub assemble {
	my ($payload) = @_;
	my $text = 'tkc1_' . b32_encode($payload);
	return $text . b32_encode(pack 'N', crc32($text));
}

sub chain {
	my ($tag, $caveats) = @_;
	my $list = split_caveats($caveats) or die "caveats are cut off\n";
	$tag = substr hmac_sha256('CAV1' . caveat(@$_), $tag), 0, 16
	    for @$list;
	return $tag;
}

sub tag_of {
	my ($secret, $user, $header, $caveats) = @_;
	my $kid = unpack 'xn', $header;
	my $mac = hmac_sha256('TKC1' . chr(length $user) . $user . $header,
	    derive_key('mac', $kid, $secret));
	return chain(substr($mac, 0, 16), $caveats);
}

sub make {
	my ($secret, $kid, $user, $nonce, $caveats) = @_;
	my $header = pack 'Cna16', 0x11, $kid, $nonce;
	return assemble($header . $caveats
	    . tag_of($secret, $user, $header, $caveats));
}

# The id belongs to the header alone.
sub token_id {
	my ($header) = @_;
	return b32_encode(substr sha256('TKID' . $header), 0, 15);
}

# The id of a value made elsewhere, which is all that is kept of it.
sub imported_id {
	my ($secret, $kid, $user, $value) = @_;
	my $hash = hmac_sha256('TKIV' . chr(length $user) . $user . $value,
	    derive_key('imp', $kid, $secret));
	return b32_encode(substr $hash, 0, 15);
}

# read_token(typed): a verdict's word and, for "valid" (well formed), the
# parts.  Characters and length come first, then the checksum, then the rest.
sub read_token {
	my ($text) = @_;
	$text =~ s/\A[ \t\r\n]+//;
	$text =~ s/[ \t\r\n]+\z//;
	$text =~ tr/A-Z/a-z/;
	$text =~ tr/oil/011/;
	return 'not-a-token' if $text !~ /\Atkc1_/;
	my $body = substr $text, 5;
	return 'malformed' if length $text > 255 || length $text < 68
	    || $body !~ /\A[$alphabet]+\z/;
	my $sum = substr $body, -7, 7, '';
	return 'bad-checksum'
	    if $sum ne b32_encode(pack 'N', crc32("tkc1_$body"));
	my $payload = b32_decode($body);
	return 'malformed' unless defined $payload && length $payload >= 35;
	my %t = (header => substr($payload, 0, 19), tag => substr($payload,
		-16), caveats => substr $payload, 19, -16);
	(my $first, $t{kid}, $t{nonce}) = unpack 'Cna16', $t{header};
	return 'malformed' if $first != 0x11 || $t{kid} == 0
	    || !caveats_fit($t{caveats});
	$t{id} = token_id($t{header});
	return ('valid', \%t);
}

sub tag_fits {
	my ($secret, $user, $t) = @_;
	return tag_of($secret, $user, $t->{header}, $t->{caveats})
	    eq $t->{tag};
}

# narrow(text, caveat): what a holder can do without the key.
sub narrow {
	my ($text, $more) = @_;
	my ($verdict, $t) = read_token($text);
	die "not a token: $verdict\n" if $verdict ne 'valid';
	return assemble($t->{header} . $t->{caveats} . $more
	    . chain($t->{tag}, $more));
}

1;
