#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The tarball of a commit: the same to the byte from any clone, whoever makes
# it and when; all that is in the commit and nothing else; and what is in it
# builds and installs.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Digest::SHA ();
use Test::More;

my $dir = tempdir();
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
my ($version) = slurp("$ENV{SRC}/Makefile") =~ /^VERSION := (\S+)$/m;
my $name = "apitoken-$version.tar.gz";

sub sh {
	my ($command, %env) = @_;
	my ($code, $out, $err) = run([ 'sh', '-ec', $command ],
	    timeout => 300, env => { BUILD => undef, SRC => undef,
	    GIT_CONFIG_GLOBAL => '/dev/null', %env });
	is $code, 0, $command =~ s/\Q$dir\E\/?//gr or diag $out . $err;
	return $out;
}

# A repository of the files that are tested, whether this is one or not.
sh("mkdir '$dir/one' && cd '$ENV{SRC}' && tar -cf - --exclude=./build "
    . "--exclude=./.git . | tar -xf - -C '$dir/one'");
sh("cd '$dir/one' && git init -q && git add -A && git -c user.name=x "
    . "-c user.email=x\@example.org commit -q -m all");
sh("git clone -q '$dir/one' '$dir/a-clone-elsewhere'", );

# Packed only: that a tarball counts once its tests have passed is for
# "make dist" itself.
sub pack_in {
	my ($tree, $umask, %env) = @_;
	sh("umask $umask; make -s -C '$dir/$tree' BUILD='$dir/$tree-build' "
	    . "'$dir/$tree-build/$name.new'", %env);
	return "$dir/$tree-build/$name.new";
}
my $tarball = pack_in('one', '022', TZ => 'UTC');
spit("$dir/gitconfig", "[tar]\n\tumask = 0077\n");
my $other = pack_in('a-clone-elsewhere', '077', TZ => 'Pacific/Kiritimati',
    GZIP => undef, GIT_CONFIG_GLOBAL => "$dir/gitconfig");
is(Digest::SHA->new(256)->addfile($other)->hexdigest,
    Digest::SHA->new(256)->addfile($tarball)->hexdigest,
    'both are the same to the byte');

my @listed = split /\n/, sh("tar -tvzf '$tarball'");
is_deeply [ grep { !m{^[-d]rw[-x]r-[-x]r-[-x] root/root } } @listed ], [],
    'they are root\'s, and everyone may read them';
is sh("tar -tzf '$tarball' | sed -n 's,^[^/]*/,,; /[^/]\$/p' | sort"),
    sh("cd '$dir/one' && git ls-files | sort"),
    'every file of the commit, and nothing else';

sh("tar -xzf '$tarball' -C '$dir' && cd '$dir/apitoken-$version' && "
    . "make -s -j2 CFLAGS=-O0 && make -s CFLAGS=-O0 DESTDIR='$dir/dest' "
    . 'install');
is sh("'$dir/apitoken-$version/build/apitoken' --version") =~ s/\n.*//sr,
    "apitoken $version", 'and what it makes runs';
done_testing;
