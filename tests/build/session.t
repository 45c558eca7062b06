#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The picture in the README is what a session looks like today: doc/session runs
# it anew, and but for ids, times and the token all is as in doc/session.svg.
# Both are whole XML, and neither shows a token.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Server ();
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Server::unavailable(qw(sshd ssh ssh-keygen xmllint))) {
	plan skip_all => $why;
}

# The parts that differ each time; columns are as wide as what is in them.
sub lasting {
	my ($svg) = @_;
	$svg =~ s/(tkc1_)[0-9a-z]{4}(?=\*)/$1/g;
	$svg =~ s/\b[0-9a-hjkmnp-tv-z]{10}(?:[0-9a-hjkmnp-tv-z]{14})?(?= )/ID/g;
	$svg =~ s/\b[0-9a-hjkmnp-tv-z]{24}\b/ID/g;
	$svg =~ s/\b\d{4}-\d\d-\d\d \d\d:\d\d\b/TIME/g;
	$svg =~ s/\bnow\b|\b\d+ seconds? ago\b/NOW/g;
	$svg =~ s/ textLength="[\d.]+"//g;
	return $svg =~ s/ +/ /gr;
}

my $picture = source_dir() . '/doc/session.svg';
my $dir = tempdir();
my ($exit, $fresh, $err) = run([ source_dir() . '/doc/session' ],
    timeout => 300);
is "$exit$err", '0', 'doc/session runs';
spit("$dir/fresh.svg", $fresh);
for my $file ($picture, "$dir/fresh.svg") {
	my $text = slurp($file);
	($exit, undef, $err) = run([ 'xmllint', '--noout', '--nonet', $file ]);
	is "$exit$err", '0', 'whole XML: ' . $file =~ s{.*/}{}r;
	ok holds_no_token($text), '... without a token';
	unlike $text, qr/<(?:script|image|a|use)\b|(?:href|src)=|url\(/,
	    '... and nothing from elsewhere';
	my ($said) = $text =~ m{<desc id="desc">(.*?)</desc>}s;
	is scalar(() = $said =~ /^[#\$] /mg), 6, '... of six commands';
}
is_deeply [ split /\n/, lasting($fresh) ], [ split /\n/,
    lasting(slurp($picture)) ], 'both show the same ("make session")';
like slurp(source_dir() . '/README.md'), qr{!\[[^]]{20,}\]\(doc/session\.svg\)},
    'the README shows it, and says what it is';
done_testing;
