#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The library's token format against a second implementation: known answers,
# random tokens in both directions, slips of the finger, other spellings, and
# everything that must be called malformed.  TEST_SEED chooses the tokens.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Reference qw(crc32 b32_encode b32_decode derive_key make
    read_token tag_fits narrow token_id imported_id assemble caveat
    caveats_fit);
use File::Temp ();
use Test::More;

my $program = "$ENV{BUILD}/tests/unit/vectors";
-x $program or BAIL_OUT("$program is not built");

my $seed = $ENV{TEST_SEED} // 20261121;
note("TEST_SEED=$seed");
srand $seed;

sub hex_of { return length $_[0] ? unpack 'H*', $_[0] : '-' }

# ask(question...): the library's answers, one for each.
sub ask {
	my @questions = @_;
	my $in = File::Temp->new;
	print {$in} "$_\n" for @questions;
	close $in or die "close: $!\n";
	open my $out, '-|', 'sh', '-c', 'exec "$0" < "$1"', $program, "$in"
	    or die "vectors: $!\n";
	my @answers = <$out>;
	close $out or die "vectors ended with $?\n";
	chomp @answers;
	@answers == @questions or die "an answer is missing\n";
	return @answers;
}

# What the reference says of a text, in the words of vectors' "read".
sub reference_reads {
	my ($verdict, $t) = read_token($_[0]);
	return $verdict if $verdict ne 'valid';
	return join ' ', $verdict, $t->{kid}, map({ hex_of($_) } @$t{
		qw(nonce caveats tag)}), $t->{id};
}

# same_reading(name, texts...): both say the same of every text; what they said.
sub same_reading {
	my ($name, @texts) = @_;
	my @theirs = ask(map { 'read ' . hex_of($_) } @texts);
	my @ours = map { reference_reads($_) } @texts;
	my @differ = grep { $ours[$_] ne $theirs[$_] } 0 .. $#texts;
	ok(!@differ, "$name: the same reading of " . @texts . ' texts')
	    or diag(map { "$texts[$_]: $theirs[$_], reference $ours[$_]\n" }
		@differ[0 .. ($#differ > 4 ? 4 : $#differ)]);
	return @theirs;
}

sub all_are {
	my ($word, $name, @readings) = @_;
	my @other = grep { $_ ne $word } @readings;
	return ok(!@other, "$name: $word")
	    || diag("got $other[0] and " . $#other . ' more');
}

# ---- known answers ----
my $secret = '0123456789abcdef0123456789abcdef';
my $nonce = pack 'C*', 0xa0 .. 0xaf;
my $until = pack 'H*', '0105006b49d200';
my %known = (
	'' => 'tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmera093qkebdc59'
	    . 'wkn11gg',
	$until => 'tkc1_24003851maht99d6mymakanbnjptxbr10m06pjej00tzwzg6td4n'
	    . 'wmez8nzre28akyb067yvga0',
);
my $id = 'k7mm6hetf9w81mhq2mpvx68f';
for my $caveats (sort keys %known) {
	my $name = 'known answer, caveats ' . hex_of($caveats);
	my ($made) = ask(join ' ', 'make', hex_of($secret), 1,
	    hex_of('alice'), hex_of($nonce), hex_of($caveats));
	is($made, "$known{$caveats} $id", "$name: library");
	is(make($secret, 1, 'alice', $nonce, $caveats), $known{$caveats},
	    "$name: reference");
	is((read_token($known{$caveats}))[1]{id}, $id, "$name: id");
}
is(narrow($known{''}, $until), $known{$until}, 'narrowing by the holder');
my ($right, $wrong, $other) = ask(map { "verify $_ " . hex_of($known{''}) }
    hex_of($secret) . ' ' . hex_of('alice'),
    hex_of($secret) . ' ' . hex_of('bob'),
    hex_of($secret ^ "\0" x 31 . "\1") . ' ' . hex_of('alice'));
is($right, 'right', 'the tag fits user and secret');
is($wrong, 'wrong', 'the tag does not fit another user');
is($other, 'wrong', 'the tag does not fit another secret');

# Check values that anyone can look up.
is((ask('crc ' . hex_of('123456789')))[0], 'cbf43926', 'CRC-32: library');
is(sprintf('%08x', crc32('123456789')), 'cbf43926', 'CRC-32: reference');

# ---- the pieces ----
sub random_bytes { return pack 'C*', map { int rand 256 } 1 .. $_[0] }

{
	my @bytes = map { random_bytes($_ % 41) } 1 .. 300;
	is_deeply([ ask(map { 'encode ' . hex_of($_) } @bytes) ],
	    [ map { b32_encode($_) } @bytes ], 'base 32 of 300 strings');
	is_deeply([ ask(map { 'decode ' . hex_of(b32_encode($_)) } @bytes) ],
	    [ map { hex_of($_) } @bytes ], 'and back');
	my @texts = map {
		join '', map { substr '0123456789abcdefghjkmnpqrstvwxyzuilo_',
		    rand() < .02 ? 32 + int rand 5 : int rand 32, 1 } 1 .. $_
	} map { ($_) x 40 } 1 .. 12;
	is_deeply([ ask(map { 'decode ' . hex_of($_) } @texts) ], [ map {
		my $b = b32_decode($_);
		defined $b ? hex_of($b) : 'bad';
	} @texts ], 'decoding anything');
	my @keys = map { [ qw(mac rec imp)[$_ % 3], 1 + int rand 65535,
	    random_bytes(32 + int rand 149) ] } 1 .. 50;
	is_deeply([ ask(map { "key $_->[0] $_->[1] " . hex_of($_->[2]) }
	    @keys) ], [ map { hex_of(derive_key(@$_)) } @keys ],
	    'derived keys');
}

# ---- random tokens ----
my @names = ('alice', 'bob-1', 'j.doe', 'svc_backup', "b\xc3\xbcrgi",
    "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x91", 'alice@example.org',
    'a', 'x' x 255, "\xc3\xa9" x 127);

sub random_user {
	return $names[rand @names] if rand() < .5;
	return join '', map { chr(33 + int rand 94) } 1 .. 1 + rand 40;
}

sub random_service {
	my ($max) = @_;
	return join '', map { substr 'abcdefghijklmnopqrstuvwxyz0123456789_.-',
	    rand 39, 1 } 1 .. 1 + rand $max;
}

my @make_caveat = (
	sub { caveat(1, random_bytes(5)) },
	sub { caveat(2, join ',', map { random_service(3) } 1 .. 1 + rand 3) },
	sub { caveat(2, random_service(32)) },
	sub { caveat(2, join ',', map { random_service(1) } 1 .. 8) },
	sub { caveat(3, random_bytes(4) . chr int rand 33) },
	sub { caveat(3, random_bytes(16) . chr int rand 129) },
);

# Up to eight that fit into a token.
sub random_caveats {
	my @list;
	for (1 .. int rand 9) {
		my $c = $make_caveat[rand @make_caveat]->();
		push @list, $c if length(join '', @list, $c) <= 116;
	}
	return @list;
}

{
	my (@make, @read, @narrowed, @verify, %count);
	for (1 .. 1000) {
		my $s = random_bytes(32 + int rand 149);
		my $kid = (1, 255, 256, 65535, 1 + int rand 65535)[rand 5];
		my ($user, $n) = (random_user(), random_bytes(16));
		my @caveats = random_caveats();
		my $list = join '', @caveats;
		my $text = make($s, $kid, $user, $n, $list);
		my $step = make($s, $kid, $user, $n, '');
		$step = narrow($step, $_) for @caveats;
		$count{@caveats}++;
		push @narrowed, $step eq $text ? () : $text;
		push @make, [ join(' ', 'make', hex_of($s), $kid,
			hex_of($user), hex_of($n), hex_of($list)),
			"$text " . token_id("\x11" . pack 'na*', $kid, $n) ];
		push @read, $text;
		push @verify, [ $s, $user, $text ];
	}
	is(scalar keys %count, 9, 'tokens with 0 to 8 caveats are among them');
	my @made = ask(map { $_->[0] } @make);
	my @differ = grep { $made[$_] ne $make[$_][1] } 0 .. $#make;
	ok(!@differ, '1000 random tokens: both make the same')
	    or diag("$make[$differ[0]][0]\nlibrary $made[$differ[0]]\n"
		. "reference $make[$differ[0]][1]");
	ok(!@narrowed, 'narrowing step by step gives the same token');
	my @readings = same_reading('random tokens', @read);
	ok(!grep({ !/^valid / } @readings), 'all of them are well formed');
	my @said = ask(map { 'verify ' . join ' ', map { hex_of($_) } @$_ }
	    @verify);
	all_are('right', 'the library verifies what the reference made',
	    @said);
	my @unfit = grep {
		my ($verdict, $t) = read_token($made[$_] =~ s/ .*//r);
		$verdict ne 'valid' || !tag_fits(@{ $verify[$_] }[0, 1], $t);
	} 0 .. $#made;
	ok(!@unfit, 'the reference verifies what the library made');
	all_are('wrong', 'and none for a longer name', ask(map {
		'verify ' . join ' ', map { hex_of($_) } $_->[0],
		    substr("$_->[1]x", -255) =~ s/\Ax{255}\z/y/r, $_->[2]
	} @verify));
}

# ---- values made elsewhere ----
{
	my @known = (
		[ 1, 'alice', 'correct horse battery staple',
		    'fkft9txrye7nbbap1yq77zry' ],
		[ 2, 'alice', 'correct horse battery staple',
		    '821jeg0fs0zpk8c3dsq761xc' ],
		[ 1, 'bob', 'correct horse battery staple',
		    '4new6st0jcszkwbsc99qyfys' ],
		[ 1, 'unit-alice', 'x' x 255, 'tp7mywh46bqkw6656dj9b23y' ],
	);
	push @known, map {
		my ($kid, $user, $value) = (1 + int rand 65535, random_user(),
		    random_bytes(20 + int rand 236));
		[ $kid, $user, $value, imported_id($secret, $kid, $user,
		    $value) ];
	} 1 .. 200;
	is(imported_id($secret, @$_[0 .. 2]), $_->[3], "reference: $_->[3]")
	    for @known[0 .. 3];
	is_deeply([ ask(map { join ' ', 'imported', hex_of($secret), $_->[0],
	    hex_of($_->[1]), hex_of($_->[2]) } @known) ],
	    [ map { $_->[3] } @known ], 'ids of values made elsewhere');
}

# ---- narrowing by the library ----
# A network as people write it: nothing is set behind its prefix.
sub network {
	my ($bytes, $prefix) = @_;
	my $bits = unpack 'B*', random_bytes($bytes);
	substr($bits, $prefix) =~ tr/1/0/;
	return caveat(3, pack('B*', $bits) . chr $prefix);
}

{
	my (@ask, @want, %steps, $refused);
	for (1 .. 400) {
		my ($s, $kid, $user) = (random_bytes(32), 1 + int rand 65535,
		    random_user());
		my @caveats = map { rand() < .3 ? rand() < .5 ?
		    network(4, int rand 33) : network(16, int rand 129)
		    : $make_caveat[rand 4]->() } 1 .. 1 + rand 8;
		my $had = int rand @caveats;
		my @first = $had ? @caveats[0 .. $had - 1] : ();
		next if length(join '', @first) > 116;
		my $text = make($s, $kid, $user, random_bytes(16),
		    join '', @first);
		my $more = join '', @caveats[$had .. $#caveats];
		push @ask, 'narrow ' . hex_of($text) . ' ' . hex_of($more);
		my $fits = length(join '', @caveats) <= 116;
		push @want, $fits ? narrow($text, $more) : 'refused';
		$refused++ if !$fits;
		$steps{ @caveats - $had }++;
		next if !$fits;
		my (undef, $t) = read_token($want[-1]);
		tag_fits($s, $user, $t) or die "the reference is wrong\n";
	}
	my @got = ask(@ask);
	my @differ = grep { $got[$_] ne $want[$_] } 0 .. $#ask;
	ok(!@differ, @ask . ' tokens narrowed by the library')
	    or diag("$ask[$differ[0]]\nlibrary $got[$differ[0]]\n"
		. "reference $want[$differ[0]]");
	cmp_ok(@ask - $refused, '>=', 200, 'most of which fit');
	cmp_ok($refused, '>', 5, 'some of which do not');
	is(scalar keys %steps, 8, 'by 1 to 8 limits');
	is((ask('narrow ' . hex_of($known{''}) . ' '
	    . hex_of(caveat(3, "\xc0\0\2\1\x18"))))[0], 'refused',
	    'a network with host bits');
}

# ---- slips of the finger ----
# Some change nothing that counts (another case, a blank at the end); all that
# matters is that no other token comes out of them.
sub slips {
	my ($text, @chars) = @_;
	my @slips;
	for my $at (0 .. length $text) {
		for my $c (@chars) {
			my $inserted = $text;
			substr $inserted, $at, 0, $c;
			push @slips, $inserted;
			next if $at == length $text;
			my $replaced = $text;
			substr $replaced, $at, 1, $c;
			push @slips, $replaced;
		}
		next if $at == length $text;
		my $deleted = $text;
		substr $deleted, $at, 1, '';
		push @slips, $deleted;
		for my $with ($at + 1 .. length($text) - 1) {
			next if substr($text, $at, 1)
			    eq substr $text, $with, 1;
			my $swapped = $text;
			(substr($swapped, $at, 1), substr $swapped, $with, 1)
			    = (substr($text, $with, 1), substr $text, $at, 1);
			push @slips, $swapped;
		}
	}
	return @slips;
}

for my $case (
	[ 'every byte in place of every character', $known{''},
		map { chr } 0 .. 255 ],
	[ 'a token with a caveat', $known{$until},
		map { chr } 9, 10, 32, 45, 48 .. 57, 65 .. 90, 95, 97 .. 122 ],
	[ 'a long one', make($secret, 65535, "b\xc3\xbcrgi", $nonce,
		join '', map { caveat(2, $_ x 12) } 'a' .. 'h'),
		split //, '0123456789abcdefghjkmnpqrstvwxyz' ],
) {
	my ($name, $text, @chars) = @$case;
	my $want = reference_reads($text);
	my @got = same_reading("slips, $name", slips($text, @chars));
	my @valid = grep { /^valid/ } @got;
	ok(@valid < @got / 50, "slips, $name: next to none is valid");
	all_are($want, "slips, $name: no other token is read", @valid);
}

# ---- other spellings ----
{
	my $text = $known{$until};
	my $want = reference_reads($text);
	(my $loose = $text) =~ tr/01/oi/;
	(my $other_loose = uc $text) =~ tr/01/OL/;
	(my $tkcl = $text) =~ s/1/l/g;
	my @accepted = (uc $text, ucfirst $text, $loose, $other_loose, $tkcl,
	    uc $tkcl, " $text", "$text ", "\t$text\r\n", "$text\n",
	    "\n\n  \t$text \r\n\r\n", ' ' x 1000 . $text . "\n" x 1000);
	all_are($want, 'accepted spellings', same_reading('spellings',
		@accepted));
	my @refused = (
		map({ my $t = $text; substr $t, 20, 0, $_; $t } ' ', "\n",
		    '-', "\0", 'u', "\xa0"),
		map({ ("$text$_", "$_$text") } "\0", "\x0b", "\x0c", "\xa0",
		    '.', '"', "'"),
		map({ my $t = $text; substr $t, 30, 1, $_; $t } 'u', 'U', '_'),
	);
	my @got = same_reading('refused spellings', @refused);
	ok(!grep({ /^valid/ } @got), 'none of them is read');
	my @no = ('', 'tkc1', 'tkc', 't', '_', 'tkc2_' . substr($text, 5),
	    'tkc1-' . substr($text, 5), 'xtkc1_', ' ', "\n", 'hunter2',
	    "\b\n\r\x7fINCORRECT", 'tk c1_', "tkc1\0_");
	all_are('not-a-token', 'passwords', same_reading('no tokens', @no));
	all_are('malformed', 'beginnings', same_reading('beginnings',
		map { substr $known{''}, 0, $_ } 5 .. 67));
}

# ---- well checked, but malformed ----
my $header = "\x11\0\1$nonce";
my $tag = 'T' x 16;

# The same text with other pad bits and the checksum that fits it.
sub with_pad {
	my ($payload, $bits) = @_;
	my $text = 'tkc1_' . b32_encode($payload);
	my $digits = '0123456789abcdefghjkmnpqrstvwxyz';
	my $last = index $digits, substr $text, -1;
	substr $text, -1, 1, substr $digits, $last | $bits, 1;
	return $text . b32_encode(pack 'N', crc32($text));
}

{
	my @pads;
	for my $n (0, 3, 7, 10, 14) { # caveats of an odd number of bytes
		my $list = $n ? caveat(2, 'x' x ($n - 2)) : '';
		my $payload = $header . $list . $tag;
		my $pad = -8 * length($payload) % 5;
		push @pads, map { with_pad($payload, $_) } 1 .. 2**$pad - 1;
	}
	ok(@pads > 10, 'there are pad bits to set');
	all_are('malformed', 'pad bits', same_reading('pad bits', @pads));
	my @sum = map { # and those of the checksum
		my $t = $known{''};
		substr $t, -1, 1, $_;
		$t;
	} grep { $_ ne 'g' } split //, '0123456789abcdefghjkmnpqrstvwxyz';
	all_are('bad-checksum', 'last character', same_reading(
		'last character', @sum));

	my @formats = map { chr($_) . substr($header, 1) . $tag }
	    grep { $_ != 0x11 } 0 .. 255;
	all_are('malformed', 'format byte', same_reading('format byte',
		map { assemble($_) } @formats));
	all_are('malformed', 'kid 0', same_reading('kid 0',
		assemble("\x11\0\0$nonce$tag")));
	all_are('malformed', 'too short a payload', same_reading('short',
		map { assemble(substr $header . $tag, 0, $_) } 0 .. 34));
}

my @bad_lists = (
	[ 'unknown type', map { pack 'C C/a*', $_, 'aaaaa' } 0, 4 .. 255 ],
	[ 'time of a wrong length', map { caveat(1, 'x' x $_) } 0 .. 4,
		6 .. 20 ],
	[ 'no service', caveat(2, '') ],
	[ 'service names', map { caveat(2, $_) } 'IMAP', 'a b', 'a,', ',a',
		'a,,b', ',', "a\0", 'a/b', "\xc3\xa9", 'a' x 33,
		'b,' . 'a' x 33, "a\n", ' a', 'a,b,c,d,e,f,g,h,i' ],
	[ 'prefix lengths', map({ caveat(3, "\12\0\0\0" . chr) } 33 .. 255),
		map { caveat(3, 'x' x 16 . chr) } 129 .. 255 ],
	[ 'source of a wrong length', map { caveat(3, "\0" x $_) } 0 .. 4,
		6 .. 16, 18 .. 40 ],
	[ 'nine caveats', caveat(1, "\0" x 5) x 9, caveat(2, 'a') x 9 ],
	[ 'cut off', map({ substr caveat(1, "\0" x 5), 0, $_ } 1 .. 6),
		map({ substr caveat(3, "\0" x 17), 0, $_ } 1 .. 18),
		map({ caveat(2, 'imap') . substr caveat(2, 'smtp'), 0, $_ }
		    1 .. 5), "\2\xff" . 'a' x 40, "\2\5imap" ],
);
for my $case (@bad_lists) {
	my ($name, @lists) = @$case;
	ok(!grep({ caveats_fit($_) } @lists), "caveats, $name: reference");
	all_are('-1', "caveats, $name", ask(map { 'caveats ' . hex_of($_) }
	    @lists));
	all_are('malformed', "caveats, $name", same_reading($name,
		map { assemble($header . $_ . $tag) } @lists));
}
my @good_lists = ('', caveat(1, "\xff" x 5), caveat(2, 'a' x 32),
    caveat(2, 'a,b,c,d,e,f,g,h'), caveat(2, '.-_'), caveat(3, "\0" x 5),
    caveat(3, "\xff" x 4 . chr 32), caveat(3, "\xff" x 16 . chr 128),
    caveat(2, 'a') x 8);
unlike($_, qr/-1/, 'a good list') for ask(map { 'caveats ' . hex_of($_) }
    @good_lists);

# ---- lengths ----
# 116 bytes of caveats make 254 characters; no encoding has 255.
{
	my $list = caveat(2, 'x' x 32) x 3 . caveat(2, 'y' x 12);
	is(length $list, 116, 'caveats of 116 bytes');
	my $long = assemble($header . $list . $tag);
	is(length $long, 254, 'make 254 characters');
	my ($got) = same_reading('254', $long);
	like($got, qr/^valid /, 'which are read');
	my $more = assemble($header . $list . caveat(2, '') . $tag);
	my $text = substr $long, 0, 248;
	all_are('malformed', 'longer ones', same_reading('longer',
		assemble($header . caveat(2, 'x' x 32) x 3
		    . caveat(2, 'y' x 13) . $tag), $more,
		$text . b32_encode(pack 'N', crc32($text)),
		map { 'tkc1_' . '0' x ($_ - 5) } 256, 257, 512, 2000));
	all_are($got, 'white space around it', same_reading('254 + spaces',
		"  $long  ", "$long\r\n"));
}

done_testing();
