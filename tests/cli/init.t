#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken init: a whole installation, made once, and never over another.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

subtest 'a random secret' => sub {
	my $dir = tempdir();
	my ($exit, $out, $err) = apitoken("$dir/apitoken.conf", 'init');
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	like $out, qr/\A[^\n]+\n\z/, 'one line';
	for my $name (qw(apitoken.conf secret.conf audit.json)) {
		ok -f "$dir/$name", "$name is there";
		is((stat _)[2] & 022, 0, 'nobody else may write it');
	}
	ok -d "$dir/store", 'store is there';
	is((stat "$dir/secret.conf")[2] & 0007, 0,
	    'not everyone may read the secret');
	my ($secret) = slurp("$dir/secret.conf") =~ /^secret\s*=\s*(\S+)/m;
	cmp_ok length $secret, '>=', 32, 'a secret was made';
	ok index($out, $secret) < 0, 'and not shown';

	my $before = tree($dir);
	($exit, $out, $err) = apitoken("$dir/apitoken.conf", 'init');
	is $exit, 1, 'a second time: exit';
	ok one_line($err), 'one line' or diag $err;
	is_deeply tree($dir), $before, 'nothing changed';
};

subtest 'the administrator\'s secret' => sub {
	my $secret = '0123456789abcdef0123456789abcdef';
	my $config = init_store(secret => $secret);
	my ($dir) = $config =~ m{^(.*)/};
	like slurp("$dir/secret.conf"), qr/^secret\s*=\s*\Q$secret\E$/m,
	    'it is the key\'s';
	my $token = create_token($config);
	my ($exit) = apitoken($config, 'verify', '--service', 'sshd',
	    { stdin => $token });
	is $exit, 0, 'and works';
};

for my $case (['31 characters', 's' x 31, 2], ['nothing', '', 1],
    ['a control byte', "\t" . 's' x 40, 2]) {
	my ($name, $secret, $want) = @$case;
	subtest "a secret of $name" => sub {
		my $dir = tempdir();
		my ($exit, $out, $err) = apitoken("$dir/apitoken.conf",
		    'init', '--secret-stdin', { stdin => $secret });
		is $exit, $want, 'exit';
		ok one_line($err), 'one line' or diag $err;
		unlike $err, qr/ss/, 'the secret is not in it';
		is_deeply [keys %{ tree($dir) }], [$dir], 'nothing was made';
	};
}

# Its users need not be this host's; and whatever is cut off its keys, the
# file is not taken for a whole one.
subtest 'the configuration' => sub {
	my $config = init_store();
	my $text = slurp($config);
	like $text, qr/^owners = any$/m, 'owners';
	my $keys = index $text, "\n\n# A token's service name";
	cmp_ok $keys, '>', 0, 'sections come last';
	my @taken;
	for my $length (grep { substr($text, $_ - 1, 1) eq "\n" }
	    1 .. $keys) {
		spit($config, substr($text, 0, $length), 0644);
		my ($exit) = apitoken($config, 'list');
		push @taken, $length if $exit != 4;
	}
	is_deeply \@taken, [], 'cut off after a line';
};

subtest 'JSON' => sub {
	my $dir = tempdir();
	my ($exit, $out) = apitoken("$dir/apitoken.conf", '--json', 'init');
	is $exit, 0, 'exit';
	is_deeply from_json($out), { config => "$dir/apitoken.conf" }, 'shape';
};

subtest 'a folder in place of a file' => sub {
	my $dir = tempdir();
	my $before = tree($dir);
	my ($exit, undef, $err) = apitoken("$dir/", 'init');
	isnt $exit, 0, 'exit';
	like $err, qr/not a file name/, 'what is the matter';
	ok one_line($err), 'one line' or diag $err;
	is_deeply tree($dir), $before, 'nothing is there';
};

subtest 'a folder that others may write' => sub {
	my $dir = tempdir();
	mkdir "$dir/open" or die;
	chmod 0777, "$dir/open" or die;
	my ($exit, undef, $err) = apitoken("$dir/open/apitoken.conf", 'init');
	is $exit, 4, 'exit';
	ok one_line($err), 'one line' or diag $err;
	is_deeply [sort keys %{ tree("$dir/open") }], ["$dir/open"],
	    'nothing was made';
};

done_testing;
