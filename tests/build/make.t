#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The makefile's own promises: a second make does nothing, other flags and a
# changed header rebuild, install and uninstall leave nothing behind.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $dir = tempdir();
my $tree = "$dir/tree";
# What make was told for the build that is tested; not for the others here.
my $flags = delete $ENV{MAKEFLAGS};
delete @ENV{qw(MFLAGS MAKELEVEL MAKEOVERRIDES)};

# A copy, so that a header can be touched.
mkdir $tree or die $!;
system("cd '$ENV{SRC}' && tar cf - --exclude=./build --exclude=./.git . | "
    . "tar xf - -C '$tree'") == 0 or die 'tar';

sub make {
	my ($code, $out, $err) = run([ 'make', '-C', $tree,
	    "BUILD=$dir/build", @_ ], timeout => 300);
	return ($code, $out . $err);
}

# One part is enough, and quick.
my $target = "$dir/build/libtokencore.a";
my ($code, $text) = make('CFLAGS=-O0', 'CPPFLAGS=-U_FORTIFY_SOURCE', $target);
is($code, 0, 'builds') or diag $text;
my $sources = () = $text =~ /^  CC /gm;
cmp_ok($sources, '>', 20, "compiled $sources files");
($code, $text) = make('CFLAGS=-O0', 'CPPFLAGS=-U_FORTIFY_SOURCE', $target);
unlike($text, qr/^  \w+ /m, 'a second make does nothing');
sleep 1;
utime undef, undef, "$tree/libtokencore/token.h";
($code, $text) = make('CFLAGS=-O0', 'CPPFLAGS=-U_FORTIFY_SOURCE', $target);
like($text, qr/CC +libtokencore\/token\.c/, 'a changed header rebuilds');
unlike($text, qr/CC +libtokencore\/base32\.c/, '... what includes it');
($code, $text) = make('CFLAGS=-O0 -DOTHER', 'CPPFLAGS=-U_FORTIFY_SOURCE',
    $target);
is(scalar(() = $text =~ /^  CC /gm), $sources, 'other flags rebuild all');

# Installed from what was built before.
sub files {
	my @found = sort grep { -f $_ || -l $_ } split /\n/,
	    qx(find '$dir/dest' -mindepth 1);
	return map { s{^\Q$dir\E/dest}{}r } @found;
}
my @install = ('make', '-C', $ENV{SRC}, "BUILD=$ENV{BUILD}",
    "DESTDIR=$dir/dest", 'PREFIX=/usr', 'LIBDIR=/usr/lib/somewhere');
my ($exit, $out, $err) = run([ @install, 'install' ], timeout => 300,
    env => { MAKEFLAGS => $flags });
is($exit, 0, 'make install') or diag $err;
unlike($out, qr/^  (?:CC|LINK|AR) /m, 'builds nothing anew');
my %there = map { $_ => 1 } files();
ok($there{$_}, "installs $_") for qw(
    /usr/bin/apitoken /usr/include/tokencore.h
    /usr/lib/somewhere/libtokencore.so /usr/lib/somewhere/libtokencore.so.0
    /usr/lib/somewhere/security/pam_apitoken.so
    /usr/lib/somewhere/pkgconfig/tokencore.pc
    /usr/share/man/man1/apitoken.1 /usr/share/man/man5/apitoken.conf.5
    /usr/share/man/man8/pam_apitoken.8
    /usr/share/bash-completion/completions/apitoken
    /usr/share/fish/vendor_completions.d/apitoken.fish);
is(scalar(grep { m{^/usr/share/zsh/[\w-]+/_apitoken\z} } keys %there), 1,
    'installs the completions of zsh');
my $pc = "$dir/dest/usr/lib/somewhere/pkgconfig";
like(scalar qx(PKG_CONFIG_PATH='$pc' pkg-config --libs tokencore),
    qr{-L/usr/lib/somewhere -ltokencore}, 'pkg-config knows where');
($exit) = run([ @install, 'uninstall' ]);
is($exit, 0, 'make uninstall');
is_deeply([ files() ], [], 'nothing is left behind');
done_testing;
