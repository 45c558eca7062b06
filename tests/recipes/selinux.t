#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/selinux.md: the module compiles, has a type for all that there is
# to label, and lets a login open what it opens, and nothing else. No policy is
# loaded; packaging/selinux/link links it with Debian's.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Opened;
use Apitoken::Pam;
use Apitoken::Recipe;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing(qw(checkmodule semodule_package
    strace))) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('selinux');
my $dir = tempdir(mode => 0755);
my $selinux = source_dir() . '/packaging/selinux';

sub typed {
	my ($command) = @_;
	my $here = $command =~ s{packaging/selinux}{$selinux}gr
	    =~ s{~/}{$dir/}gr;
	my ($exit, $out, $err) = run([ '/bin/sh', '-c', $here ],
	    dir => $dir);
	is("$exit$err", '0', $command) or diag $out;
	return;
}

spit("$dir/apitoken-local.te", join "\n", grep({ !/^# / } $recipe->file(
    '~/apitoken-local.te')), '');
typed($_) for $recipe->commands('checkmodule'),
    $recipe->commands('semodule_package');
for my $name (qw(apitoken apitoken-local)) {
	is(unpack('V', slurp("$dir/$name.pp")), 0xf97cff8f, "$name: a package");
}

# ---- labels ----
my @contexts;
for (split /\n/, slurp("$selinux/apitoken.fc")) {
	next if /^#|^$/;
	my ($path, $kind, $type) =
	    /^(\S+)\s+(--)?\s*system_u:object_r:(\w+):s0$/
	    or fail("not understood: $_");
	push @contexts, [ qr/\A$path\z/, $type ];
}

# As restorecon does it: the last one that fits, the special ones being last.
sub type_of {
	my ($path) = @_;
	my ($found) = map { $_->[1] } grep { $path =~ $_->[0] }
	    reverse @contexts;
	return $found // '';
}

my %opened = opened_by_login(Apitoken::Pam->launch_in($dir));
my %type = map { $_ => type_of(s{/\z}{}r) } keys %opened,
    '/var/log/apitoken/';
is_deeply([ grep { $type{$_} eq '' } sort keys %type ], [],
    'each file has a type');
my ($table) = $recipe->{text} =~ /^(\| type .*?)\n\n/ms;
is_deeply([ sort $table =~ /^\| `(\w+)`/mg ],
    [ sort keys %{ { map { $_->[1] => 1 } @contexts } } ],
    'the recipe names the types');

# ---- what those who verify may ----
my $policy = slurp("$selinux/apitoken.te");
my %may;		# "type class" => permissions
while ($policy =~ /^allow apitoken_verifier ([^:]+):(\w+)\s+\{([^}]+)\}/mg) {
	my ($types, $class, $may) = ($1, $2, $3);
	for my $type ($types =~ /(\w+)/g) {
		$may{"$type $class"} = { map { $_ => 1 } split ' ', $may };
	}
}
my %wants = (r => ['read'], rw => [qw(read write)], a => ['append']);
my %used;
for my $path (sort keys %opened) {
	my $what = "$type{$path} " . ($path =~ m{/\z} ? 'dir' : 'file');
	my @want = (qw(open getattr), @{ $wants{ $opened{$path} } });
	is_deeply([ grep { !$may{$what}{$_} } @want ], [],
	    "$path: $opened{$path}");
	$used{"$what $_"} = 1 for @want;
}
my @more = grep { !$used{$_} } map { my $what = $_;
    map { "$what $_" } sort keys %{ $may{$what} } }
    grep { /^apitoken/ } sort keys %may;
is_deeply(\@more, [ 'apitoken_conf_t dir search',
    (map { "apitoken_log_t dir $_" } qw(add_name getattr open read search
	write)), (map { "apitoken_log_t file $_" } qw(create setattr)),
    'apitoken_store_t dir search' ],
    'and more than that only to look up, and to make a log')
    or diag explain \@more;

# The file of last uses gets its name by being renamed.
my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $trace = $host->dir . '/trace';
my ($made) = $policy =~ /apitoken_lastuse_t "([\w.]+)"/;
my $store = $host->config =~ s{[^/]+$}{store}r;
unlink "$store/lastuse";
run([ 'strace', '-f', '-e', 'trace=openat,renameat', '-o', $trace,
    program('apitoken'), '--config', $host->config, 'create', '--user',
    'alice', '--label', 'x' ]);
like(slurp($trace), qr/openat\(.*"\Q$made\E", .*O_CREAT/, 'it is made so');
like(slurp($trace), qr/renameat\(.*"\Q$made\E", .*"lastuse"\)/,
    'and then renamed');
done_testing;
