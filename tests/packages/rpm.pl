#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The RPM packages: built once more elsewhere and under other circumstances,
# they are the same to the byte; rpmlint has nothing to report; all that is
# installed is in one of them, and runs once it is unpacked.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Digest::SHA ();
use Test::More;

my @packages = glob build_dir() . '/rpm/*.rpm';
is scalar(@packages), 5, 'there are packages' or BAIL_OUT('make rpm');
my $dir = tempdir();
my $elsewhere = "$dir/of-a-name-that-is-longer/build";

my %plain = map { $_ => undef } qw(BUILD SRC MAKEFLAGS MFLAGS MAKELEVEL
    MAKEOVERRIDES LD_LIBRARY_PATH);
umask 077;
my ($code, $out, $err) = run([ 'unshare', '--uts', 'sh', '-ec',
    'hostname another; exec "$@"', 'sh', 'make', '-s', '-C', source_dir(),
    "BUILD=$elsewhere", 'RPM_FLAGS=--nocheck', 'rpm' ], timeout => 3600,
    env => { %plain, TZ => 'Pacific/Kiritimati', LC_ALL => 'C',
	HOME => $dir, USER => 'somebody' });
umask 022;
is $code, 0, 'they are built once more' or diag substr $out . $err, -2000;

sub digests {
	return { map { s{.*/}{}r => Digest::SHA->new(256)->addfile($_)
	    ->hexdigest } @_ };
}
is_deeply digests(glob "$elsewhere/rpm/*.rpm"), digests(@packages),
    'and the same to the byte';

($code, $out, $err) = run([ 'rpmlint', '--config',
    source_dir() . '/packaging/rpm/rpmlint.toml', @packages,
    source_dir() . '/packaging/rpm/apitoken.spec' ], timeout => 300);
is $code, 0, 'rpmlint' or diag $err;
is_deeply [ grep { / [EW]: / } split /\n/, $out ], [],
    '... has neither error nor warning';

# ---- what is in them ----
($code, $out, $err) = run([ 'make', '-s', '-C', source_dir(),
    'BUILD=' . build_dir(), "DESTDIR=$dir/installed", 'PREFIX=/usr',
    'LIBDIR=/usr/lib64', 'ZSHDIR=/usr/share/zsh/site-functions', 'install' ],
    timeout => 300, env => \%plain);
is $code, 0, 'make install' or diag $err;
my @installed = map { s{^\Q$dir\E/installed}{}r } split /\n/,
    qx(find '$dir/installed' -type f -o -type l);
mkdir "$dir/root" or die $!;
my %times;
for my $package (@packages) {
	$times{$_}++ for map { s/^(.*\/man\/.*)\.gz$/$1/r } grep {
	    !m{^/usr/share/(?:doc|licenses)/|^/usr/lib/\.build-id|^/var/}
	    } split /\n/, qx(rpm -qpl '$package');
	system("rpm2cpio '$package' | cpio -idm --quiet -D '$dir/root'") == 0
	    or fail("unpacks: $package");
}
is_deeply \%times, { map { $_ => 1 } @installed },
    'each of ' . @installed . ' files is there, and once';
my @modes = map { sprintf '%o', (stat "$dir/root/usr/lib64/$_")[2] & 0777 }
    qw(libtokencore.so.0 security/pam_apitoken.so sasl2/libapitoken.so);
is "@modes", '755 755 755', 'modes that Fedora\'s tools look for';
($code, $out, $err) = run([ "$dir/root/usr/bin/apitoken", '--version' ],
    env => { LD_LIBRARY_PATH => "$dir/root/usr/lib64" });
my ($version) = slurp(source_dir() . '/Makefile') =~ /^VERSION := (\S+)$/m;
is "$code $out" =~ s/\n.*//sr, "0 apitoken $version", 'and it runs';
done_testing;
