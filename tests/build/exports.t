#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Each built file exports exactly what is committed beside its sources, and
# header, linker map and man page say the same; it loads with every symbol
# bound in a process that links nothing else, and stays there.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

sub lines_of {
	open my $fh, '<', $_[0] or die "$_[0]: $!";
	chomp(my @lines = <$fh>);
	return @lines;
}

# What others can link to; the linker's own marks and the version's name are
# no symbols of ours.
sub exports {
	my ($file) = @_;
	return sort grep { !/^(_init|_fini|_edata|_end|__bss_start)$/ }
	    map { /^\S+ [A-Z] ([^@\s]+)/ ? $1 : () }
	    grep { !/ A / } qx(nm -D --defined-only '$file');
}

sub map_names {
	my $text = join "\n", lines_of($_[0]);
	$text =~ s{/\*.*?\*/}{}gs;
	$text =~ s/local:.*//s;
	return sort $text =~ /^\s*(\w+);/gm;
}

my %built = (
	'libtokencore.so.0' => 'libtokencore/libtokencore',
	'pam_apitoken.so' => 'pam_apitoken/pam_apitoken',
);
$built{'libapitoken.so'} = 'sasl_apitoken/libapitoken'
    if -d "$ENV{SRC}/sasl_apitoken";

for my $file (sort keys %built) {
	my $base = "$ENV{SRC}/$built{$file}";
	my @want = lines_of("$base.exports");
	is_deeply([ sort @want ], \@want, "$file: the list is sorted");
	is_deeply([ exports("$ENV{BUILD}/$file") ], \@want,
	    "$file: exports its list");
	is_deeply([ map_names("$base.map") ], \@want,
	    "$file: the map says the same");
	my ($code, $out, $err) = run([ "$ENV{BUILD}/tests/pam/loader",
	    "$ENV{BUILD}/$file", @want ]);
	is("$code$err", '0', "$file: loads with RTLD_NOW")
	    or diag "$out$err";
	like(scalar qx(readelf -d '$ENV{BUILD}/$file'),
	    qr/FLAGS_1.*NODELETE/, "$file: is not unloaded");
}

my $header = join "\n", lines_of("$ENV{SRC}/libtokencore/tokencore.h");
is_deeply([ sort $header =~ /^TC_API [^;(]*?(\w+)\(/gm ],
    [ lines_of("$ENV{SRC}/libtokencore/libtokencore.exports") ],
    'tokencore.h declares what is exported');

like(scalar qx(readelf -d '$ENV{BUILD}/libtokencore.so.0'),
    qr/SONAME.*\[libtokencore\.so\.0\]/, 'the soname');
unlike(scalar qx(readelf -d '$ENV{BUILD}/pam_apitoken.so'),
    qr/NEEDED.*tokencore/, 'the module carries the library inside');
done_testing;
