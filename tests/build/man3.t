#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The library's manual pages against its header: every call that is exported has
# a page, which is found by the call's name and has its prototype, its structures
# and each of their members; constants and verdicts are those of the header.
# Every example is compiled as the page says, without a warning, and run.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Mdoc;
use Apitoken::Test;
use Test::More;

my $library = source_dir() . '/libtokencore';
my $header = slurp("$library/tokencore.h") =~ s{/\*.*?\*/}{}gsr;
my @exports = split /\n/, slurp("$library/libtokencore.exports");
my %page = map { s/\.3\z//r => Apitoken::Mdoc->new($_) }
    Apitoken::Mdoc::pages(3);

# stream($text): its tokens, one space between them.
sub stream { return join ' ', $_[0] =~ /\w+|[^\s\w]/g }

# declared($text): its structures, enumerations and types: name => tokens.
sub declared {
	my %found;
	for ($_[0] =~ /^((?:struct|enum|typedef)\b[^;{}(]*
	    (?:\{[^}]*\}|\([^)]*\))?;)/mgx) {
		my $whole = stream($_);
		my ($name) = /^typedef\b[^(]*\b(\w+)(?:;|\()/
		    ? $1 : /^(\w+ \w+)/;
		$found{$name} = $whole;
	}
	return %found;
}

# ---- calls ----
my %prototype = map {
	my $text = s/\bTC_(?:CHECKED|NONNULL\([^)]*\))//gr;
	my ($name) = $text =~ /(\w+)\s*\(/;
	($name => stream($text));
} $header =~ /^TC_API\s+(.*?);/msg;
is_deeply [sort keys %prototype], \@exports, 'prototypes of the header';

# prototypes($text): of a SYNOPSIS, name => [tokens, parameters].
sub prototypes {
	my ($text) = @_;
	my %found;
	while ($text =~ /^\.Ft (.+)\n\.Fo (\w+)\n((?:\.Fa .+\n)+)\.Fc$/mg) {
		my ($type, $name, $list) = ($1, $2, $3);
		my @parameters = map { s/^"|"$//gr } $list =~ /^\.Fa (.+)$/mg;
		$type =~ s/^"|"$//g;
		$found{$name} = [stream("$type $name("
		    . join(', ', @parameters) . ')'),
		    map { /(\w+)\W*(?:\[[^\]]*\])?$/ } @parameters];
	}
	return %found;
}

# What goes without saying on each page, since tokencore(3) says it.
my %understood = map { $_ => 1 } qw(h err actor arg);

my (%documented, %type_of, %constant);
for my $file (sort keys %page) {
	my $page = $page{$file};
	my ($first, @more) = $page->names;
	is $first, $file, "$file: has the name of its first call";
	my $synopsis = $page->section('SYNOPSIS');
	my %calls = prototypes($synopsis);
	my $calls = () = $synopsis =~ /^\.Fo /mg;
	is scalar(keys %calls), $calls, "$file: every prototype is understood";
	is_deeply [sort keys %calls],
	    [$file eq 'tokencore' ? () : sort $first, @more],
	    "$file: NAME and SYNOPSIS agree";
	my %types = map { declared($_) } Apitoken::Mdoc::blocks($synopsis);

	# Whatever is named as an argument or a member where it is told of.
	my %told = map { map { $_ => 1 } /\w+/g }
	    grep { /\bFa\b/ } split /\n/, $page->rest('SYNOPSIS', 'ERRORS');
	for my $name (sort keys %calls) {
		my ($tokens, @parameters) = @{ $calls{$name} };
		is $tokens, $prototype{$name}, "$name: as in the header";
		is_deeply [grep { !$understood{$_} && !$told{$_} }
		    @parameters], [], "$name: tells of each parameter";
		$documented{$name}++;
	}
	for my $name (sort keys %types) {
		$type_of{$name} = $types{$name};
		my ($members) = $types{$name} =~ /^struct \w+ \{ (.*) \}/
		    or next;
		is_deeply [grep { !$told{$_} }
		    map { s/\[[^\]]*\]//gr =~ /(\w+)\W*(?=,|$)/g }
		    split / ; ?/, $members =~ s/\[[^\]]*\]//gr], [],
		    "$name: tells of each member";
	}
	$constant{$_} = 1 for map { /\bTC_\w+/g } grep { /\bDv\b/ }
	    split /\n/, $page->text;
	$constant{$_} = 1 for join('', values %types) =~ /\bTC_KEY_\w+/g;
	for my $title ('RETURN VALUES', 'ERRORS', 'THREAD SAFETY', 'EXAMPLES',
	    'SEE ALSO') {
		next if $title =~ /^(?:RETURN VALUES|ERRORS)$/ &&
		    $file =~ /^tokencore$/;
		next if $title eq 'ERRORS' &&
		    $page->rest('EXAMPLES') !~ /Fa "struct tc_error \*err"/;
		ok eval { $page->section($title) }, "$file: $title";
	}
}
is_deeply \%documented, { map { $_ => 1 } @exports },
    'every call has one page, and no other is told of';

# ---- types and constants ----
my %declared = declared($header);
my $is_enum = qr/^enum /;
for my $name (sort keys %declared) {
	next if $name =~ $is_enum && !exists $type_of{$name};
	is delete $type_of{$name}, $declared{$name}, "$name: as in the header";
}
is_deeply \%type_of, {}, 'no other types';

my %number = $header =~ /^#define (TC_\w+) (\d+)\b/mg;
my %known = map { $_ => 1 } grep { !/^TC_(?:API|CHECKED|NONNULL)$/ }
    $header =~ /\bTC_[A-Z_]+\b/g;
is_deeply [sort keys %constant], [sort keys %known],
    'every constant is on a page, and no other';

my @bounds = $page{tokencore}->text =~ /^\.It Dv (TC_\w+) Ta (\d+) /mg;
push @bounds, map { $_->text =~ /\bDv (TC_\w+)\n\((\d+)\)/g } values %page;
my %bounds = @bounds;
cmp_ok scalar(keys %bounds), '>=', 23, 'bounds';
is $bounds{$_}, $number{$_}, "$_: its value" for sort keys %bounds;

# enumerators($name): in the header's order.
sub enumerators { return $declared{"enum $_[0]"} =~ /\b(TC_\w+)/g }

is_deeply [$page{tc_strerror}->section('DESCRIPTION')
    =~ /^\.It Dv (TC_\w+)$/mg], [enumerators('tc_code')], 'codes, in order';
my ($verdicts) = $page{tc_verify}->section('DESCRIPTION')
    =~ /^\.Ss Verdicts\n(.*)/ms;
my @verdicts = $verdicts =~ /^\.It Dv (TC_\w+) Ta \S+ Ta/mg;
my @words = $verdicts =~ /^\.It Dv TC_\w+ Ta (\S+) Ta/mg;
is_deeply [@verdicts, 'TC_VERDICTS'], [enumerators('tc_verdict')],
    'verdicts, in order';

# ---- what the pages point to ----
my %names = map { $_ => 1 } @exports, map { /^(.+)\.\d\z/ }
    map { Apitoken::Mdoc::pages($_) } 1, 3, 5, 8;
for my $name (map { Apitoken::Mdoc::pages($_) } 1, 3, 5, 8) {
	my @ours = grep { /^tc_|token/ }
	    Apitoken::Mdoc->new($name)->text =~ /^\.(?:It )?Xr (\S+) \d/mg;
	is_deeply [grep { !$names{$_} } @ours], [], "$name: points to pages";
}

# ---- as they are installed ----
my $dir = tempdir();
my ($dest, $prefix) = ("$dir/dest", '/opt/tokens');
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};
my ($exit, undef, $err) = run(['make', '-C', source_dir(),
    'BUILD=' . build_dir(), "DESTDIR=$dest", "PREFIX=$prefix", 'install'],
    timeout => 300);
is $exit, '0', 'make install' or diag $err;
my $man3 = "$dest$prefix/share/man/man3";
for my $name (@exports) {
	my $text = -e "$man3/$name.3" ? slurp("$man3/$name.3") : '';
	like $text, qr/^\.Nm \Q$name\E(?: ,)?$/m, "man $name";
}

# ---- the examples ----
# The compiler that the rest was built with, and its sanitizers.
my $flags = slurp(build_dir() . '/obj/flags');
my ($cc) = $flags =~ /^(\S+)/;
my @cc = ($cc, $flags =~ /(-fsanitize=\S+)/ ? $1 : (),
    qw(-Wall -Wextra -Werror));
my $pkg_config = 'pkg-config --cflags --libs tokencore';
like $page{tokencore}->section('SYNOPSIS'), qr/\$\(\Q$pkg_config\E\)/,
    'how programs are built';
my ($code, $found) = run(['sh', '-c', $pkg_config], env => {
	PKG_CONFIG_PATH => "$dest$prefix/lib/pkgconfig",
	PKG_CONFIG_SYSROOT_DIR => $dest,
});
is $code, '0', $pkg_config;
my @libs = split ' ', $found;
my %env = (env => { LD_LIBRARY_PATH => "$dest$prefix/lib" });

sub build {
	my ($what, @args) = @_;
	my @use = grep { $args[0] ne '-c' || !/^-[lL]/ } @libs;
	my ($exit, $out, $err) = run([@cc, @args, @use]);
	is "$exit$err", '0', $what or diag $out;
}

my $caller = slurp(source_dir() . '/tests/build/examples.c');
my (@objects, @programs);
for my $file (sort keys %page) {
	my @examples = $page{$file}->examples;
	cmp_ok scalar(@examples), '>=', 1, "$file: has an example";
	for my $i (0 .. $#examples) {
		my $base = "$dir/$file-$i";
		spit("$base.c", $examples[$i]);
		is scalar(grep { s/\t/' ' x 8/ger =~ /^.{74}/ } split /\n/, $examples[$i]), 0,
		    "$file: the example fits a page";
		if ($examples[$i] =~ /^main\(/m) {
			build("$file: is built", '-o', $base, "$base.c");
			push @programs, $base;
			next;
		}
		build("$file: is compiled", '-c', '-o', "$base.o", "$base.c");
		push @objects, "$base.o";
		my @functions = map { / T (\w+)/ } qx(nm -g '$base.o');
		cmp_ok scalar(@functions), '>=', 1, "$file: a function";
		like $caller, qr/CHECK\([^;]*\b$_\(|= $_\(/, "$_: is run"
		    for @functions;
	}
}
build('all of them are linked', '-o', "$dir/examples",
    source_dir() . '/tests/build/examples.c', @objects);
my $config = "$dir/apitoken.conf";
(my $status, my $out, $err) = run(["$dir/examples", $config], %env);
is $status, '0', 'all of them run' or diag $err;
is_deeply [grep { /^wrong/ } split /\n/, $out], [], '... and do as is said';
is_deeply [$out =~ /^verdict (\S+)$/mg], \@words, 'the words of verdicts';
like $out, qr/^only from 192\.0\.2\.0\/24$/m, 'a network is written';
my ($made) = $out =~ /^(tkc1_\w+)$/m;
is((apitoken($config, 'verify', '--service', 'imap', '--from', '192.0.2.7',
    { stdin => $made }))[0], 0, 'a token is made');

# The main one: a token from standard input.
is scalar(@programs), 1, 'one whole program';
my $token = create_token($config, label => 'phone', service => 'imap');
for ([$token, 0, "alice: phone\n"], ["  $token\n", 0, "alice: phone\n"],
    [scalar(create_token($config, user => 'bob')), 1, "wrong-user\n"],
    [scalar(create_token($config, service => 'sshd')), 1, "wrong-service\n"],
    [$token =~ s/(.)\z/$1 eq '0' ? 1 : 0/er, 1, "bad-checksum\n"],
    ["a password\n", 1, "not-a-token\n"], ['', 1, "not-a-token\n"]) {
	my ($stdin, $want, $text) = @$_;
	my ($exit, $out, $err) = run([$programs[0], $config], %env,
	    stdin => $stdin);
	is_deeply [$exit, $out, $err], [$want, $text, ''],
	    'verifies: ' . $text =~ s/\n//r;
}
(my $missing, $out, $err) = run([$programs[0], "$dir/none.conf"], %env,
    stdin => $token);
is $missing, '2', 'without a configuration';
like $err, qr/\A\S+none\.conf: [^\n]+\n\z/, '... it says why';

done_testing;
