#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What packaging/debian says agrees with what it is about: the version, each
# file that is installed in exactly one package, the library's symbols, and
# the PAM lines of the README.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $debian = source_dir() . '/packaging/debian';
my $dir = tempdir();
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
my ($version) = slurp(source_dir() . '/Makefile')
    =~ /^VERSION := (\S+)$/m;
like slurp("$debian/changelog"), qr/\Aapitoken \(\Q$version\E-[\w.~+]+\) /,
    'the newest entry of the changelog is of this version';

# ---- files ----
my ($code, $out, $err) = run([ 'make', '-s', '-C', source_dir(),
    'BUILD=' . build_dir(), "DESTDIR=$dir", 'PREFIX=/usr',
    'LIBDIR=/usr/lib/triplet', 'ZSHDIR=/usr/share/zsh/vendor-completions',
    'install' ], timeout => 300);
is $code, 0, 'make install' or diag $err;
my @installed = sort map { s{^\Q$dir/\E}{}r } split /\n/,
    qx(find '$dir' -type f -o -type l);

# A line of .install: a pattern, also of a whole folder.
my %owner;
for my $file (glob "$debian/*.install") {
	for my $pattern (grep { !m{^debian/} } split /\n/, slurp($file)) {
		my @found = map { qx(find '$_' -type f -o -type l) }
		    glob "$dir/$pattern";
		ok scalar @found, "$pattern is there";
		chomp @found;
		push @{ $owner{ s{^\Q$dir/\E}{}r } }, $file =~ s{.*/}{}r
		    for @found;
	}
}
is_deeply [ grep { @{ $owner{$_} // [] } != 1 } @installed ], [],
    'all ' . @installed . ' files are in one package each';

# ---- packages ----
my $control = slurp("$debian/control");
my @packages = $control =~ /^Package: (\S+)$/mg;
is_deeply [ sort @packages ], [ qw(apitoken libpam-apitoken
    libsasl2-modules-apitoken libtokencore-dev libtokencore0) ],
    'the packages';
my %known = map { $_ => 1 } @packages;
is_deeply [ grep { /^(?:apitoken|lib[^.]*)\./ && !$known{ s/\..*//r } }
    map { s{.*/}{}r } glob "$debian/*" ], [],
    'no file is of a package that is not';
for my $script (glob "$debian/*.{preinst,postinst,prerm,postrm}"
    . " $debian/tests/*") {
	my $text = slurp($script);
	next if $text !~ /\A#!/;
	my ($exit, undef, $why) = run([ 'sh', '-n', $script ]);
	is $exit, 0, $script =~ s{.*/packaging/}{}r or diag $why;
}

# ---- the library ----
my %symbols = map { / (\w+)\@TOKENCORE_0 / ? ($1 => 1) : () }
    split /\n/, slurp("$debian/libtokencore0.symbols");
my @exported = split /\n/,
    slurp(source_dir() . '/libtokencore/libtokencore.exports');
is_deeply [ sort grep { $_ ne 'TOKENCORE_0' } keys %symbols ],
    [ sort grep { /^tc_/ } @exported ], 'its symbols are what it exports';

# ---- PAM ----
my ($auth, $account) = map {
	slurp(source_dir() . '/README.md') =~ /^$_ (.*pam_apitoken.*)$/m
} qw(auth account);
my $profile = slurp("$debian/pam-configs/apitoken") =~ s/\t+/ /gr;
# "end" is what pam-auth-update makes the right jump of.
my $end = $auth =~ s/success=done/success=end/r;
is scalar(() = $profile =~ /^ \Q$end\E$/mg), 2, 'README\'s auth line, twice';
is scalar(() = $profile =~ /^ \Q$account\E$/mg), 2, 'and its account line';
like $profile, qr/^Default: no$/m, 'but not unless wanted';
done_testing;
