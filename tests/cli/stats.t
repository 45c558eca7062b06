#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken stats: the text format of Prometheus, right figures, and a file
# that is never half there.
use strict;
use warnings;
use POSIX ();
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

# The samples, "name{labels}" => value; strict: HELP and TYPE once and in
# front of each family, its samples together, none twice.
sub parse {
	my ($text) = @_;
	my (%sample, %type, %help, $family);
	like $text, qr/\n\z/, 'it ends with a line end';
	for my $line (split /\n/, $text) {
		if ($line =~ /^# HELP ([a-z_]+) (\S.*\S)$/) {
			ok !$help{$1}++, "$1 begins once";
			$family = $1;
		} elsif ($line =~ /^# TYPE ([a-z_]+) (gauge|counter)$/) {
			my ($name, $type) = ($1, $2);
			is $name, $family, 'TYPE follows HELP';
			ok !$type{$name}, 'and comes once';
			$type{$name} = $type;
			is $name =~ /_total$/, $type eq 'counter',
			    'named as it should be';
		} elsif ($line =~ /^(([a-z_]+)(?:\{(.*)\})?) (\d+)$/) {
			my ($id, $name, $labels, $value) = ($1, $2, $3, $4);
			is $name, $family, "$id belongs there";
			ok $type{$name}, 'its type is known';
			ok !exists $sample{$id}, 'it comes once';
			like $_, qr/^[a-z_]+="[^"\\]*"$/, 'a label'
			    for split /,/, $labels // '';
			$sample{$id} = $value;
		} else {
			fail "a line of its own kind: $line";
		}
	}
	is_deeply [sort keys %type], [sort keys %help], 'all have both';
	return \%sample;
}

sub stats {
	my ($exit, $out, $err) = apitoken($config, 'stats');
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	return parse($out);
}

subtest 'an empty store' => sub {
	my $figures = stats();
	is_deeply [grep { $figures->{$_} != 0 } sort keys %$figures],
	    [qw(apitoken_enabled apitoken_store_bytes
	    apitoken_store_commits_total
	    apitoken_store_last_commit_timestamp_seconds)], 'zeros are there';
};

subtest 'figures' => sub {
	create_token($config, label => "until $_", expires => $_)
	    for qw(12h 3d 20d 60d never);
	create_token($config, label => 'short', expires => '2s');
	create_token($config, label => "q\"uo\\te", user => 'bob');
	apitoken($config, 'revoke', 'bob/q"uo\te');
	wait_for(sub { record($config, 'alice/short')->{state} eq 'expired' });
	apitoken($config, 'key', 'add', '--activate');
	create_token($config, label => 'other key', expires => 'never');
	my $figures = stats();
	my %want = (
		'tokens{state="active"}' => 6,
		'tokens{state="expired"}' => 1,
		'tokens{state="revoked"}' => 1,
		'tokens{state="not-yet-valid"}' => 0,
		'tokens{state="no-key"}' => 0,
		'tokens{state="damaged"}' => 0,
		'key_tokens{kid="1",key_state="verify"}' => 7,
		'key_tokens{kid="2",key_state="active"}' => 1,
		'tokens_expiring{days="1"}' => 1,
		'tokens_expiring{days="7"}' => 2,
		'tokens_expiring{days="30"}' => 3,
		'tokens_imported' => 0,
		'tokens_unused' => 6,
		'enabled' => 1,
	);
	is $figures->{"apitoken_$_"}, $want{$_}, $_ for sort keys %want;
	my $bytes = 0;
	$bytes += -s "$dir/store/$_" // 0
	    for qw(left.gdbm right.gdbm state state.spare journal lock);
	is $figures->{apitoken_store_bytes}, $bytes, 'bytes';
	my $commits = $figures->{apitoken_store_commits_total};
	create_token($config, label => 'one more');
	is stats()->{apitoken_store_commits_total}, $commits + 1, 'commits';
	set_conf($config, enabled => 'no');
	is stats()->{apitoken_enabled}, 0, 'switched off';
	set_conf($config, enabled => 'yes');
};

subtest 'last use' => sub {
	my ($token) = create_token($config, label => 'used');
	my $before = stats()->{apitoken_tokens_unused};
	is verdict($config, $token), 'valid', 'a login';
	is stats()->{apitoken_tokens_unused}, $before - 1, 'one less unused';
};

subtest 'a file' => sub {
	my $folder = tempdir();
	my $file = "$folder/apitoken.prom";
	my $old = umask 077;
	my ($exit, $out, $err) = apitoken($config, 'stats', '--output', $file);
	umask $old;
	is "$exit$out$err", '0', 'silent';
	is +(stat $file)[2] & 07777, 0644, 'all may read it';
	my $figures = parse(slurp($file));
	ok $figures->{apitoken_enabled}, 'the figures';
	my $inode = (stat _)[1];
	open my $reader, '<', $file or die "$file: $!";
	create_token($config, label => 'new');
	($exit) = apitoken($config, 'stats', '--output', $file);
	is $exit, 0, 'again: exit';
	isnt +(stat $file)[1], (stat $reader)[1],
	    'another file, so that a reader has one or the other';
	isnt slurp($file), join('', <$reader>), 'with other figures';
	is_deeply [glob "$folder/*"], [$file], 'nothing else is there';
};

subtest 'what cannot be written changes nothing' => sub {
	my $folder = tempdir();
	my $file = "$folder/apitoken.prom";
	spit($file, "before\n", 0644);
	my $before = tree($folder);
	mkdir "$folder/taken.prom" or die "mkdir: $!";
	for my $case (["$folder/none/x.prom", 1], ["$folder/taken.prom", 1],
	    ['', 2]) {
		my ($exit, $out, $err) = apitoken($config, 'stats',
		    '--output', $case->[0]);
		is $exit, $case->[1], "$case->[0]: exit";
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
	}
	rmdir "$folder/taken.prom" or die "rmdir: $!";
	my $target = "$folder/apitoken.prom";
	for my $make ([fifo => sub { POSIX::mkfifo($_[0], 0600) }],
	    [link => sub { symlink $target, $_[0] }]) {
		my ($what, $sub) = @$make;
		$sub->("$folder/odd") or die "$what: $!";
		my @was = lstat "$folder/odd";
		my ($exit, undef, $err) = apitoken($config, 'stats',
		    '--output', "$folder/odd");
		is $exit, 1, "$what: exit";
		like $err, qr/: is not a regular file$/, 'why';
		is +(lstat "$folder/odd")[1], $was[1], 'it is still there';
		unlink "$folder/odd" or die "unlink: $!";
	}
	rename "$dir/store", "$dir/away" or die "rename: $!";
	my ($exit, undef, $err) = apitoken($config, 'stats', '--output',
	    $file);
	rename "$dir/away", "$dir/store" or die "rename: $!";
	is $exit, 4, 'no store: exit';
	ok one_line($err), 'one line' or diag $err;
	# As on a full disk, in the middle of the file.
	($exit, undef, $err) = run(['sh', '-c', 'ulimit -f 1; trap "" XFSZ;
	    exec "$@"', 'sh', program('apitoken'), '--config', $config,
	    'stats', '--output', $file]);
	is $exit, 1, 'no room: exit';
	ok one_line($err), 'one line' or diag $err;
	is_deeply tree($folder), $before, 'all is as it was';
	($exit, my $out, $err) = apitoken($config, '--json', 'stats');
	is $exit, 2, 'JSON: exit';
	ok one_line($err), 'one line' or diag $err;
};

subtest 'write errors' => sub {
	for my $opt ({ stdout => '/dev/full' }, { close => [1] }) {
		my ($exit, undef, $err) = apitoken($config, 'stats', $opt);
		is $exit, 1, 'exit';
		ok one_line($err), 'one line' or diag $err;
	}
};

done_testing;
