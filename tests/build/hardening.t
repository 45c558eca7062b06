#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What was built, and what of it is installed, against exploitation: addresses
# that are bound before anything runs and cannot be changed, no memory that is
# both written and executed, checked copies and returns. And the builder's own
# flags have the last word.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $build = build_dir();
my @programs = ('apitoken', 'install/apitoken');
my @libraries = ('libtokencore.so.0', 'pam_apitoken.so', 'libapitoken.so');
my @parts = qw(libtokencore pam_apitoken sasl_apitoken apitoken);
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};

# The compile line that make keeps, and the compiler that is in it.
my $flags = slurp("$build/obj/flags");
my ($cc) = $flags =~ /^(\S+)/;
# A builder who wants neither optimisation nor FORTIFY gets neither.
my $fortified = $flags =~ /-D_FORTIFY_SOURCE=[123]/ ||
    qx($cc -O2 -dM -E -x c /dev/null) =~ /_FORTIFY_SOURCE/;

sub accepts {
	my ($flag) = @_;
	return system("$cc -Werror $flag -S -o /dev/null -x c /dev/null "
	    . '2>/dev/null') == 0;
}

# Those that the program header and the dynamic section tell.
my @elf = (
	[ qr/GNU_RELRO/, 1, 'RELRO' ],
	[ qr/\(BIND_NOW\)|\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b/, 1,
	    'bound at the start' ],
	[ qr/GNU_STACK\s.*\sRW\s/, 1, 'a stack that does not run' ],
	[ qr/LOAD\s.*\sRWE\s/, 0, 'no segment is written and run' ],
	[ qr/TEXTREL/, 0, 'no text relocations' ],
);

for my $name (@programs, @libraries) {
	my $dump = qx(readelf -Wld '$build/$name');
	for my $row (@elf) {
		my ($pattern, $wanted, $what) = @$row;
		$wanted ? like($dump, $pattern, "$name: $what")
		    : unlike($dump, $pattern, "$name: $what");
	}
	my $imports = qx(nm -D --undefined-only '$build/$name');
	like($imports, qr/ __stack_chk_fail\b/, "$name: stack protector");
	SKIP: {
		skip 'FORTIFY was turned off by the builder', 1
		    if !$fortified;
		like($imports, qr/ __\w+_chk\b/, "$name: FORTIFY");
	}
	# What lies beside its library in the build finds it there.
	unlike($dump, qr/RUNPATH|RPATH/, "$name: no path of the build")
	    if $name ne 'apitoken';
}

for my $name (@programs) {
	like(scalar qx(readelf -h '$build/$name'), qr/Type:\s+DYN/,
	    "$name: can lie anywhere");
	like(scalar qx(readelf -d '$build/$name'), qr/\(FLAGS_1\).*\bPIE\b/,
	    "$name: and is a program");
}

# ---- indirect jumps and returns ----

# [flag, the properties that it leaves behind]
my @branches = grep { accepts($_->[0]) } (
	[ '-fcf-protection=full', qr/x86 feature: IBT, SHSTK/ ],
	[ '-mbranch-protection=standard', qr/AArch64 feature: BTI, PAC/ ],
);
for my $row (@branches) {
	my ($flag, $pattern) = @$row;
	# Not what is left of a source that is gone.
	my @objects = grep { -e s{^\Q$build\E/obj/(.*)o$}{$ENV{SRC}/$1c}r }
	    map { glob "$build/obj/$_/*.o" } @parts;
	cmp_ok(scalar @objects, '>', 80, scalar(@objects) . ' objects');
	my @bare = grep { qx(readelf -n '$_' 2>&1) !~ $pattern } @objects;
	is_deeply(\@bare, [], "$flag: in every object");
	# The linker keeps the mark only where libc's part has it, too; to set
	# it by force would be a lie, and one that crashes.
	my ($crti) = qx($cc -print-file-name=crti.o) =~ /(.*)/;
	next if qx(readelf -n '$crti' 2>&1) !~ $pattern;
	like(scalar qx(readelf -n '$build/$_'), $pattern, "$_: marked")
	    for @programs, @libraries;
}
for my $flag ('-fstack-clash-protection') {
	like($flags, qr/\Q$flag\E/, "$flag: used") if accepts($flag);
}

# ---- the builder's flags ----

sub compile_line {
	my (@set) = @_;
	my ($code, $out, $err) = run([ 'make', '-n', 'V=1', '-C', $ENV{SRC},
	    'BUILD=' . tempdir(), "CC=$cc", @set, 'all' ]);
	is($code, 0, "make -n @set") or diag $err;
	my ($line) = $out =~ m{^(\S.* -c .* libtokencore/verify\.c)$}m;
	return $line // '';
}

my ($levels) = compile_line('CFLAGS=-O2', 'CPPFLAGS=-D_FORTIFY_SOURCE=2');
is_deeply([ $levels =~ /_FORTIFY_SOURCE\S*/g ], [ '_FORTIFY_SOURCE=2' ],
    'one who asks for a level of FORTIFY gets that alone');
unlike(compile_line('CFLAGS=-O0', 'CPPFLAGS='), qr/FORTIFY/,
    'none without optimisation');
unlike(compile_line('CFLAGS=-O2 -Wp,-D_FORTIFY_SOURCE=2', 'CPPFLAGS='),
    qr/ -[UD]_FORTIFY/, 'none beside the one of a distribution');
SKIP: {
	skip 'the compiler brings a level of its own', 1
	    if qx($cc -O2 -dM -E -x c /dev/null) =~ /_FORTIFY_SOURCE/;
	like(compile_line('CFLAGS=-O2', 'CPPFLAGS='),
	    qr/-D_FORTIFY_SOURCE=[23]\b/, 'else the highest that there is');
}

done_testing;
