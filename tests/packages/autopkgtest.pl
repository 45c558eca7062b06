#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The tests that the Debian packages bring themselves, in a bookworm that each
# of them gets anew.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $dir = tempdir();
my @wanted = slurp("$ENV{SRC}/packaging/debian/tests/control")
    =~ /^Tests: (\S+)$/mg;
# root has no ids to give away but here.
spit("$dir/subid", "root:100000:65536\n", 0644);
my ($code, $out, $err) = run([ 'unshare', '--mount', 'sh', '-ec',
    'mount --bind "$0" /etc/subuid; mount --bind "$0" /etc/subgid; exec "$@"',
    "$dir/subid", 'autopkgtest', '--no-built-binaries',
    glob(build_dir() . '/deb/*.{deb,dsc}'), '--', 'unshare', '--tarball',
    build_dir() . '/packages/bookworm.tar' ], timeout => 3600,
    env => { LD_LIBRARY_PATH => undef });
is $code, 0, 'autopkgtest' or diag substr $out . $err, -3000;
like $out . $err, qr/^$_ +PASS$/m, $_ for @wanted;
done_testing;
