#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The Debian packages: built once more from the source package, elsewhere and
# under other circumstances, they are the same to the byte; and lintian has
# neither error nor warning to report.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Digest::SHA ();
use Test::More;

my $first = build_dir() . '/deb';
my $dir = tempdir();
my $second = "$dir/at another place/of a name that is longer" =~ s/ /-/gr;
my ($dsc) = glob "$first/*.dsc";
ok defined $dsc, 'there is a source package' or BAIL_OUT('make deb');

# Modes belong to the source; the rest a build inherits from whoever starts it.
umask 022;
system('mkdir', '-p', $second) == 0 or die 'mkdir';
my ($code, $out, $err) = run([ 'dpkg-source', '-x', $dsc, "$second/tree" ],
    timeout => 300);
is $code, 0, 'it unpacks' or diag $err;
umask 077;
($code, $out, $err) = run([ 'dpkg-buildpackage', '-us', '-uc', '-j1' ],
    dir => "$second/tree", timeout => 3600, env => {
	map({ $_ => undef } qw(BUILD SRC MAKEFLAGS MFLAGS MAKELEVEL
	    LD_LIBRARY_PATH)),
	DEB_BUILD_OPTIONS => 'nocheck', TZ => 'Pacific/Kiritimati',
	LC_ALL => 'C', HOME => '/nonexistent', USER => 'somebody' });
is $code, 0, 'and builds' or diag substr $err, -2000;

sub digests {
	my ($folder) = @_;
	return { map { s{.*/}{}r => Digest::SHA->new(256)->addfile($_)
	    ->hexdigest } glob "$folder/*.{deb,dsc,tar.*}" };
}
my $built = digests($first);
cmp_ok scalar(grep { /\.deb$/ } keys %$built), '>=', 5,
    keys(%$built) . ' files';
# The tarball is brought along in the one and is the other's own.
is_deeply { digests($second)->%*, map { $_ => $built->{$_} }
    grep { /\.orig\./ } keys %$built }, $built, 'are the same to the byte';

my ($changes) = glob "$first/*.changes";
($code, $out, $err) = run([ 'lintian', '--pedantic', '--display-info',
    $changes ], timeout => 900);
is_deeply [ grep { /^[EW]:/ } split /\n/, $out ], [],
    'lintian: neither error nor warning';
note $out;
done_testing;
