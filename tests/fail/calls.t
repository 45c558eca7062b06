#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Somebody has judged each call that the library and the plug-ins make of
# others: it stands in a table, so that it is made to fail, or among those that
# cannot, with the reason. What stands there is called.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Test::More;

my $src = source_dir();
my @objects = map { glob build_dir() . "/obj/$_/*.o" }
    qw(libtokencore pam_apitoken sasl_apitoken);

# What they take from elsewhere: none of their own names.
sub imports {
	my ($exit, $out, $err) = run([ 'nm', @objects ]);
	$exit eq '0' or die "nm: $err";
	my %own = map { $_ => 1 } $out =~ /^[0-9a-f]+ [A-TV-Z] (\S+)$/mg;
	return grep { !$own{$_} } $out =~ /^ +[Uw] (\S+)$/mg;
}

# libsasl hands over pointers.
sub members {
	my $text = join '', map { slurp($_) } glob "$src/sasl_apitoken/*.c";
	# What is no function.
	return grep { !/->(?:conn|getopt_context)$/ }
	    $text =~ /\b(utils->\w+)/g;
}

sub table {
	my ($name) = @_;
	return slurp("$src/tests/fail/$name")
	    =~ /^(?:CALL|AFTER|HAND)\((\w+)/mg;
}

# Headers put a checked form in the place of a call, depending on compiler and
# flags: its name without that.
sub plain {
	my ($name) = @_;
	return $name =~ /^__(\w+)_(?:chk|2)$/ ? $1 : $name;
}

my %called = map { $_ => 1 }
    grep { !/^__(?:asan|gcov|tsan|ubsan|sanitizer)_/ } imports(), members();
my %fails = map { $_ => 1 } table('calls.h'), table('calls_pam.h'),
    slurp("$src/tests/fail/saslapp.c") =~ /inject_due\("(utils->\w+)"/g;
my %harmless = map { $_ => 1 }
    map { split } grep { !/^#/ } split /\n/,
    slurp("$src/tests/fail/harmless");

cmp_ok scalar keys %fails, '>', 80, 'calls that fail: ' . keys %fails;
is "@{[ grep { !$fails{$_} && !$harmless{ plain($_) } }
	sort keys %called ]}", '', 'no call that nobody judged';
is "@{[ grep { $harmless{ plain($_) } } sort keys %fails ]}", '',
    'none that both fails and cannot';

my %plainly = map { plain($_) => 1 } keys %called;
is "@{[ grep { !$plainly{ plain($_) } } sort keys %fails ]}", '',
    'none fails that is not called';
# Compilers have their own mind about these.
my %either = map { $_ => 1 } qw(__ctype_b_loc __ctype_tolower_loc
    __stack_chk_fail __tls_get_addr _GLOBAL_OFFSET_TABLE_ bcmp memcmp memcpy
    memmove memset tolower);
is "@{[ grep { !$plainly{$_} && !$either{$_} } sort keys %harmless ]}", '',
    'none is harmless that is not called';

my $text = slurp("$src/tests/fail/harmless");
is_deeply [ grep { !/^# \w.*\n\w/s } split /\n\n+/, $text =~ s/\A.*?\n\n//sr ],
    [], 'each group has its reason';

done_testing;
