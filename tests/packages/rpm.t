#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What packaging/rpm says agrees with what it is about, as debian.t has it for
# Debian's packages: the version, each file that is installed in exactly one
# package, documents, and a configuration that an upgrade leaves alone.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $spec = slurp(source_dir() . '/packaging/rpm/apitoken.spec');
my $dir = tempdir();
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
my ($version) = slurp(source_dir() . '/Makefile') =~ /^VERSION := (\S+)$/m;
like $spec, qr/^Version: +\Q$version\E$/m, 'the version';
like $spec, qr/^%changelog\n\* .* - \Q$version\E-\d+$/m,
    'the newest entry of the changelog is of it';

# As Fedora has them.
my %macro = (_bindir => '/usr/bin', _libdir => '/usr/lib64',
    _includedir => '/usr/include', _mandir => '/usr/share/man',
    _sysconfdir => '/etc', _localstatedir => '/var',
    _sysusersdir => '/usr/lib/sysusers.d',
    _tmpfilesdir => '/usr/lib/tmpfiles.d',
    bash_completions_dir => '/usr/share/bash-completion/completions',
    zsh_completions_dir => '/usr/share/zsh/site-functions',
    fish_completions_dir => '/usr/share/fish/vendor_completions.d');
my ($code, $out, $err) = run([ 'make', '-s', '-C', source_dir(),
    'BUILD=' . build_dir(), "DESTDIR=$dir", 'PREFIX=/usr',
    "LIBDIR=$macro{_libdir}", "ZSHDIR=$macro{zsh_completions_dir}",
    'install' ], timeout => 300);
is $code, 0, 'make install' or diag $err;
my @installed = map { s{^\Q$dir\E}{}r } split /\n/,
    qx(find '$dir' -type f -o -type l);

my (%owner, %config);
while ($spec =~ /^%files(?: -n (\S+))?\n(.*?)(?=^%(?:files|changelog)|\z)/msg) {
	my ($package, $lines) = ($1 // 'apitoken', $2);
	my @docs = map { split } $lines =~ /^%(?:doc|license) (.*)$/mg;
	ok -e source_dir() . "/$_", "$package: $_ is there" for @docs;
	for (grep { m{^(?:%config\S* )?%?\{} } split /\n/, $lines) {
		my ($config, $pattern) = /^(%config\S* )?(.*)$/;
		$pattern =~ s/%\{(\w+)\}/$macro{$1} \/\/ "%{$1}"/ge;
		my @found = map { s{^\Q$dir\E}{}r } glob "$dir$pattern";
		isnt scalar(@found), 0, "$package: $pattern is there";
		push @{ $owner{$_} }, $package for @found;
		$config{$_} = $config // '' for @found;
	}
}
is_deeply [ grep { @{ $owner{$_} // [] } != 1 } sort @installed ], [],
    'all ' . @installed . ' files are in one package each';
my %packages = map { $_->[0] => 1 } values %owner;
is_deeply [ sort keys %packages ], [ qw(apitoken cyrus-sasl-apitoken
    libtokencore libtokencore-devel pam_apitoken) ], 'the packages';
is_deeply { map { $_ => $config{$_} } grep { m{^/etc/} } keys %config },
    { '/etc/logrotate.d/apitoken' => '%config(noreplace) ' },
    'what an administrator changed stays';

# Debian's packages bring the same documents and examples.
is_deeply [ sort map { split } $spec =~ /^%doc (.*)$/mg ], [ sort map {
    split /\n/, slurp(source_dir() . "/packaging/debian/apitoken.$_") }
    qw(docs examples) ], 'the documents';
done_testing;
