#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/apparmor.md: AppArmor's parser takes the abstraction in a profile
# of either kind, and it has every file that a login opens, and no more. This
# host's kernel need not know AppArmor: nothing is loaded.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Opened;
use Apitoken::Pam;
use Apitoken::Recipe;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing('apparmor_parser', 'strace')) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('apparmor');
my $dir = tempdir(mode => 0755);
my $etc = "$dir/apparmor.d";
is((run([ 'cp', '-R', '/etc/apparmor.d', $etc ]))[0], 0, 'a copy of its own');

# That the kernel does not know AppArmor is no fault of a profile.
sub faults {
	return $_[0] =~ s/^Cache read\/write disabled: .*\n//mr;
}

sub typed {
	my ($command) = @_;
	my $here = $command =~ s{/etc/apparmor\.d}{$etc}gr
	    =~ s/^apparmor_parser -r/apparmor_parser -Q -K -b $etc/r;
	my ($exit, $out, $err) = run([ '/bin/sh', '-c', $here ],
	    dir => source_dir());
	is($exit . faults($err), '0', $command);
	return;
}

# parsed(profile): the rules for our files, "path mode"; the parser has taken
# the profile.
sub parsed {
	my ($profile) = @_;
	my ($exit, $out, $err) = run([ 'apparmor_parser', '-Q', '-K', '-b',
	    $etc, $profile ]);
	is($exit . faults("$out$err"), '0', 'the parser takes the profile');
	(undef, $out) = run([ 'apparmor_parser', '-p', '-b', $etc,
	    $profile ]);
	return map { m{^\s*(/(?:etc|var/lib|var/log|srv)/apitoken/\S*) (\w+),}
	    ? "$1 $2" : () } split /\n/, $out;
}

# A profile as packages have it: what it includes, and the host's own rules.
sub profile {
	my ($name, $abstraction) = @_;
	my $file = "$etc/$name";
	spit($file, <<"END", 0644);
abi <abi/3.0>,
include <tunables/global>
profile $name /usr/sbin/slapd {
  include <abstractions/base>
  include <abstractions/$abstraction>
  include if exists <local/$name>
}
END
	return $file;
}

sub write_block {
	my ($path) = @_;
	spit($path =~ s{^/etc/apparmor\.d}{$etc}r, join "\n",
	    grep({ !/^# / } $recipe->file($path)), '');
	return;
}

my $pam = profile('pam', 'authentication');
my $sasl = profile('usr.sbin.slapd', 'nameservice');
is_deeply([ map { parsed($_) } $pam, $sasl ], [], 'at first no files');
typed($_) for $recipe->commands('install'), $recipe->commands('mkdir');
write_block('/etc/apparmor.d/abstractions/authentication.d/apitoken');
my @rules = parsed($pam);
cmp_ok(scalar @rules, '>', 5, 'a service that asks PAM');
is_deeply([ parsed($sasl) ], [], 'and no other');
write_block('/etc/apparmor.d/local/usr.sbin.slapd');
is_deeply([ parsed($sasl) ], \@rules, 'one with the plug-in');
typed($_) for $recipe->commands('apparmor_parser -r');

# Alternations are all that the rules have of patterns.
my %may;
for (@rules) {
	my ($path, $mode) = split / /;
	$may{$_} = $mode for glob $path;
}
my %opened = opened_by_login(Apitoken::Pam->launch_in($dir));
cmp_ok(scalar keys %opened, '>', 5, 'a login opens files');
is_deeply([ grep { ($may{$_} // '') ne $opened{$_} =~ tr/a/w/r }
    sort keys %opened ], [], 'each of them may be opened, and not more of it');
is_deeply([ grep { !$opened{$_} } sort keys %may ],
    [ '/var/lib/apitoken/left.gdbm', '/var/log/apitoken/' ],
    'what this one did not: the other data file, the folder of the log')
    or diag explain \%opened;

mkdir "$etc/abstractions/apitoken.d";
write_block('/etc/apparmor.d/abstractions/apitoken.d/places');
is_deeply([ grep { /^\/srv/ } parsed($sasl) ], [ grep { s/,$// || 1 }
    grep { !/^#/ } $recipe->file(
    '/etc/apparmor.d/abstractions/apitoken.d/places') ], 'other places');
typed($_) for $recipe->commands('rm'),
    $recipe->commands('apparmor_parser -r');
is_deeply([ map { parsed($_) } $pam, $sasl ], [], 'all is taken back');
done_testing;
