#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The manual pages of sections 5 and 8 against the code, as far as it is not done
# beside the code's own tests: keys and bounds of secret.conf, what the plug-ins
# answer for each verdict, the lines that they log, the lines of PAM's
# configuration.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Mdoc;
use Apitoken::Test;
use File::Path qw(make_path);
use Test::More;

# literals($folder): the string literals of its sources, those that follow each
# other joined, a line each.
sub literals {
	my ($folder) = @_;
	my $code = join '', map { slurp($_) }
	    glob source_dir() . "/$folder/*.c";
	my @found;
	while ($code =~ /((?:"(?:[^"\\\n]|\\.)*"\s*)+)/g) {
		push @found, join '', map { s/\\(.)/$1/gr }
		    $1 =~ /"((?:[^"\\\n]|\\.)*)"/g;
	}
	return join "\n", @found;
}

# ---- secret.conf ----
my $secret = Apitoken::Mdoc->new('apitoken-secret.conf.5');
my $keys = slurp(source_dir() . '/libtokencore/keys.c');
my $header = slurp(source_dir() . '/libtokencore/tokencore.h');
my @known = sort $keys =~ /strcmp\(\w+, "([a-z]+)"\) == 0/g;
is scalar(@known), 2, 'the keys of a section are found';
is_deeply [sort $secret->text =~ /^\.It Cm (\w+) No =/mg], \@known,
    'its keys';
my ($states) = $keys =~ /state_names\[\] = \{(.*?)\};/s;
my ($told) = $secret->text =~ /^\.It Cm state No = (.*)$/m;
is $told, join(' | ', $states =~ /"(\w+)"/g), 'states';
my %number = $header =~ /^#define TC_SECRET_(M\w\w) (\d+)/mg;
like $secret->text, qr/^$number{MIN} to $number{MAX} characters/m,
    'how long a secret is';
my ($last) = slurp(source_dir() . '/libtokencore/keys.h')
    =~ /define TC_KID_MAX (\d+)/;
like $secret->text, qr/is the key's number, 1 to $last\.$/m, 'its number';

my $config = init_store(conf => { owners => 'any' });
my ($example) = $secret->examples;
for my $line (grep { !/^#/ } split /\n/, $example) {
	my ($command, @args) = split / /, $line;
	is $command, 'apitoken', $line;
	my ($exit, undef, $err) = apitoken($config, @args);
	is "$exit$err", '0', '... is done';
}

# ---- verdicts ----
# rows($page): of the table in RESULTS, [verdict, codes...].
sub rows {
	my ($page) = @_;
	my @rows = map { [map { s/\b(?:Dv|No|Sy|Pq) //gr } split / Ta /] }
	    $page->section('RESULTS') =~ /^\.It (.+)$/mg;
	shift @rows;	# the heads
	# One that goes on below belongs to the line above.
	for my $i (reverse 1 .. $#rows) {
		next if $rows[$i][0] ne '\&';
		$rows[$i - 1][$_] .= " $rows[$i][$_]"
		    for grep { $rows[$i][$_] ne '\&' } 1 .. $#{ $rows[$i] };
		splice @rows, $i, 1;
	}
	return @rows;
}

sub table {
	my ($program) = @_;
	my ($exit, $out, $err) = run([program($program)]);
	is "$exit$err", '0', $program;
	return map { my ($name, @codes) = split; $name => \@codes }
	    grep { !/^(?:too-large|negative) / } split /\n/, $out;
}

my $pam = Apitoken::Mdoc->new('pam_apitoken.8');
my %page = map { my ($name, @codes) = @$_; $name => \@codes } rows($pam);
my %pam = table('tests/pam/table');
for my $verdict (sort keys %pam) {
	my ($deny, $ignore, $account) = @{ $pam{$verdict} };
	my ($row) = grep { /\b$verdict\b/ } keys %page;
	$row = 'no token, disabled' if $verdict eq 'not-a-token';
	my $auth = $deny eq $ignore ? $deny : "$deny or $ignore";
	is_deeply $page{ $row // 'all other refusals' }, [$auth, $account],
	    "PAM: $verdict";
}
is_deeply $page{'wrong option'}, ['PAM_SERVICE_ERR', 'PAM_SERVICE_ERR'],
    'PAM: a wrong option';

my $sasl = Apitoken::Mdoc->new('sasl_apitoken.8');
%page = map { $_->[0] => $_->[1] } rows($sasl);
my %sasl = table('tests/sasl/table');
for my $verdict (sort keys %sasl) {
	my $row = $verdict eq 'valid' ? $verdict
	    : $verdict eq 'unavailable'
	    ? 'configuration, key or store unusable'
	    : 'everything else that was refused';
	is $page{$row}, "SASL_$sasl{$verdict}[0]", "SASL: $verdict";
}

# ---- what is logged ----
for ([$pam, 'pam_apitoken', 7], [$sasl, 'sasl_apitoken', 8]) {
	my ($page, $folder, $least) = @$_;
	my $said = join "\n", map { literals($_) } $folder, 'libtokencore';
	my @lines = map { s/\\\(dq/"/gr } $page->section('DIAGNOSTICS')
	    =~ /^\.It (.+)$/mg;
	cmp_ok scalar(@lines), '>=', $least, "$folder: lines";
	for my $line (@lines) {
		# What varies, or is put together from words of its own.
		my @parts = $line =~ /^login \w+ \w+=/
		    ? split / |\.\.\./, $line
		    : split /: |%s|"| \.\.\.|\bID\b/, $line;
		is_deeply [grep { index($said, $_) < 0 } @parts], [],
		    "$folder: $line";
	}
}

# ---- PAM's configuration ----
# doctor($name, $lines): what is found at a host whose service has these.
my $debian = <<'END';
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
END

sub doctor {
	my ($name, $lines) = @_;
	my $root = tempdir();
	my $security = '/usr/lib/x86_64-linux-gnu/security';
	my %file = (
		"/etc/pam.d/$name" => $lines,
		'/etc/pam.d/common-auth' => $debian,
		'/etc/pam.d/common-account' => "account required pam_unix.so\n",
		"$security/pam_apitoken.so" => '',
	);
	for my $path (sort keys %file) {
		make_path(("$root$path" =~ m{^(.*)/})[0]);
		spit("$root$path", $file{$path}, 0644);
	}
	my ($exit, $out, $err) = apitoken($config, 'doctor', '--json',
	    '--root', $root);
	is $err, '', 'doctor looks';
	return [map { "$_->{what}: $_->{why}" } grep {
	    $_->{severity} ne 'fine' && $_->{what} ne 'clock' }
	    json_lines($out)];
}

my @stacks = $pam->examples;
is scalar(@stacks), 3, 'examples of stacks';
# The second is a line for the first.
my ($others) = $stacks[0] =~ /(\@include common-auth\n.*)/s;
$stacks[1] .= $others;
is_deeply doctor('sshd', $_), [], 'nothing to say of ' . s/\n.*//sr
    for @stacks;
isnt scalar(@{ doctor('sshd', $stacks[0] =~ s/\[.*?\]/sufficient/r) }), 0,
    '... but of what CAVEATS warns of';

done_testing;
