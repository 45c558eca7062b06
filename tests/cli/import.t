#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken import: one value made elsewhere, and files of many in several
# commits, cut off in between; none is found again anywhere.  What may stand in
# such files is the affair of values.t.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli;
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my @values;	# every one that any test used
my $output = '';	# all that was said

# A value that no other test has; of a length, if that is told.
sub value {
	my ($len) = @_;
	my $value = sprintf 'S3cr3t-%04d-', scalar @values;
	$value .= 'x' x (($len // 24) - length $value);
	push @values, $value;
	return $value;
}

sub import_it {
	my @args = @_;
	my @all = apitoken($config, 'import', @args);
	$output .= $all[1] . $all[2];
	return @all;
}

sub logs_in { return imported_verdict($config, @_) }

# ---- one ----
my @alice = ('--user', 'alice', '--label');

subtest 'one' => sub {
	my $value = value();
	my ($exit, $out, $err) = import_it(@alice, 'one', '--service', 'imap',
	    '--from', '192.0.2.0/24', '--expires', '2037-03-31',
	    '--property', 'from=the old system', { stdin => "$value\n",
	    env => { TZ => 'UTC' } });
	is $exit, 0, 'exit';
	is $err, '', 'nothing on stderr';
	like $out, qr/\A[0-9a-z]{24}\n\z/, 'its id';
	chomp $out;
	my $rec = record($config, $out);
	is $rec->{user}, 'alice', 'user';
	is $rec->{label}, 'one', 'label';
	is $rec->{expires}, '2037-04-01T00:00:00Z', 'expiry';
	is_deeply $rec->{services}, ['imap'], 'services';
	is_deeply $rec->{sources}, ['192.0.2.0/24'], 'sources';
	is_deeply $rec->{properties}, { from => 'the old system' },
	    'properties';
	is logs_in('alice', $value, '--from', '192.0.2.7'), 'valid',
	    'it logs in';
	is logs_in('alice', $value, '--from', '192.0.3.7'), 'wrong-source',
	    'not from elsewhere';
	is logs_in('bob', $value, '--from', '192.0.2.7'), 'not-a-token',
	    'nor as another user';
	my $json = value();
	($exit, $out) = import_it('--json', @alice, 'json',
	    { stdin => $json });
	is_deeply from_json($out), record($config, 'alice/json'),
	    'JSON: the record';
};

# [length, exit]
for my $case ([19, 2], [20, 0], [255, 0], [256, 2], [1024, 2], [5000, 1]) {
	my ($len, $want) = @$case;
	my $value = value($len);
	my ($exit, $out, $err) = import_it(@alice, "of $len",
	    { stdin => $value });
	is $exit, $want, "$len characters: exit" or diag $err;
	is logs_in('alice', $value), $want ? 'not-a-token' : 'valid',
	    'and what it is good for' if $len <= 4096;
	ok one_line($err), 'one line' if $want;
}

# [name, value, arguments, exit, words]
my $long = 'a value of some length';
my @no = (
	['a token of ours', 'tkc1_' . '0' x 63, [@alice, 'x'], 2,
	    qr/like a token/],
	['the same in upper case', 'TKC1_' . '0' x 63, [@alice, 'x'], 2,
	    qr/like a token/],
	['a control character', "a value\tof some length", [@alice, 'x'], 2,
	    qr/control/],
	['NUL', "a value\0of some length", [@alice, 'x'], 2, qr/control/],
	['invalid UTF-8', "a value \xff of some length", [@alice, 'x'], 2,
	    qr/UTF-8/],
	['a blank at the end', "$long ", [@alice, 'x'], 2, qr/white space/],
	['nothing', '', [@alice, 'x'], 1, qr/is empty/],
	['no label', $long, ['--user', 'alice'], 2, qr/--label is missing/],
	['no user', $long, ['--label', 'x'], 2, qr/--user is missing/],
	['nonsense for a time', $long, [@alice, 'x', '--expires', 'soon'], 2,
	    qr/2027-03-31/],
	['the past', $long, [@alice, 'x', '--expires', '2020-01-01'], 2,
	    qr/past/],
	['no service name', $long, [@alice, 'x', '--service', 'IMAP'], 2,
	    qr/service/],
	['no network', $long, [@alice, 'x', '--from', '10.0.0.1/8'], 2,
	    qr/prefix/],
	['no property', $long, [@alice, 'x', '--property', 'x'], 2,
	    qr/KEY=VALUE/],
	['a file', $long, [@alice, 'x', '/dev/null'], 2, qr/FILE/],
	['two kinds', $long, ['--csv', '--jsonl'], 2, qr/one of/],
	['a label for many', $long, ['--csv', '--label', 'x'], 2, qr/one/],
	['--force for many', $long, ['--csv', '--force'], 2, qr/--records/],
	['the value as the label', $long, ['--user', 'alice', '--label',
	    $long], 2, qr/among the other fields/],
);
for my $case (@no) {
	my ($name, $value, $args, $want, $words) = @$case;
	subtest "refused: $name" => sub {
		my $before = installation($config);
		my ($exit, $out, $err) = import_it(@$args,
		    { stdin => $value });
		is $exit, $want, 'exit';
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
		like $err, $words, 'why';
		unlike $err, qr/some length/, 'not the value';
		is changes($before, $config), '', 'nothing changed';
	};
}

subtest 'twice' => sub {
	my $value = value();
	import_it(@alice, 'first', { stdin => $value });
	my ($exit, undef, $err) = import_it(@alice, 'second',
	    { stdin => $value });
	is $exit, 1, 'the same again: exit';
	like $err, qr/already/, 'why';
	($exit) = import_it('--user', 'bob', '--label', 'bob',
	    { stdin => $value });
	is $exit, 0, 'another user may have the same';
};

subtest 'on a terminal' => sub {
	my $value = value();
	my ($master, $slave) = pty();
	my $log = "$dir/terminal";
	my $pid = start([program('apitoken'), '--config', $config, 'import',
	    @alice, 'typed'], stdin_fh => $slave, log => $log);
	ok wait_for(sub { slurp($log) =~ /Value: / }), 'it asks';
	syswrite $master, "$value\n";
	ok wait_for(sub { slurp($log) =~ /^[0-9a-z]{24}$/m }), 'the id';
	my $bits = '';
	vec($bits, fileno $master, 1) = 1;
	my $echo = '';
	sysread $master, $echo, 4096 if select my $r = $bits, undef, undef, 0;
	unlike $echo, qr/S3cr3t/, 'it was not shown';
	is logs_in('alice', $value), 'valid', 'it logs in';
	my ($exit, undef, $err) = import_it('--csv', { stdin_fh => $slave });
	is $exit, 1, 'many are not typed: exit';
	ok one_line($err), 'one line' or diag $err;
};

subtest 'files that cannot be read' => sub {
	for my $file ("$dir/none", $dir) {
		for my $format ('--csv', '--jsonl', '--records') {
			my ($exit, $out, $err) = import_it($format, $file);
			is $exit, 1, "$format: exit";
			is $out, '', 'nothing on stdout'
			    if $format eq '--csv';
			like $err, qr/^apitoken: \Q$file\E.*: /m, 'named';
		}
	}
};

# ---- many commits ----
# rows($from, $to): that many of user erin.
my %made;
sub rows {
	my ($from, $to) = @_;
	return join '', map { ($made{$_} //= value()) . ",erin,e$_\n" }
	    $from .. $to;
}

sub erins {
	return scalar grep { /^e\d+$/ } labels($config);
}

# A pipe, so that the command has read exactly what it was given.
for my $signal ('INT', 'KILL') {
	subtest "ended by $signal" => sub {
		my $before = erins();
		pipe my $read, my $write or die "pipe: $!";
		my $pid = start([program('apitoken'), '--config', $config,
		    'import', '--csv'], stdin_fh => $read);
		close $read;
		print {$write} "value,user,label\n",
		    rows($before + 1, $before + 12_000);
		$write->flush;
		ok wait_for(sub { erins() == $before + 10_000 }),
		    'a commit' or diag erins();
		kill $signal, $pid;
		waitpid $pid, 0;
		close $write;
		is erins(), $before + 10_000, 'a whole one, and no more';
		my ($exit) = apitoken($config, 'check');
		is $exit, 0, 'the store is whole';
		is logs_in('erin', $made{ $before + 10_000 }), 'valid',
		    'the last of them logs in';
	};
}

# Here the command reads on and commits while it is ended.
subtest 'ended anywhere' => sub {
	my $csv = "$dir/anywhere.csv";
	spit($csv, "value,user,label\n" . join '', map {
		sprintf "S3cr3t-anywhere-%06d,u,l\n", $_ } 1 .. 30_000);
	for my $ms (5, 20, 40, 80, 160, 320, 640) {
		my $to = init_store();
		my $pid = start([program('apitoken'), '--config', $to,
		    'import', '--csv', $csv]);
		select undef, undef, undef, $ms / 1000;
		kill 'KILL', $pid;
		waitpid $pid, 0;
		my (undef, $out) = apitoken($to, 'export');
		my $end = from_json((split /\n/, $out)[-1])->{end};
		is $end % 10_000, 0, "after $ms ms: $end";
		is +(apitoken($to, 'check'))[0], 0, 'the store is whole';
	}
};

# memory($pid): what is in it, or nothing where that may not be read.
sub memory {
	my ($pid) = @_;
	open my $mem, '<:raw', "/proc/$pid/mem" or return;
	my @all;
	for my $line (split /\n/, slurp("/proc/$pid/maps")) {
		my ($from, $to) = $line =~ /^([0-9a-f]+)-([0-9a-f]+) rw/
		    or next;
		no warnings 'portable';
		sysseek $mem, hex $from, 0 or next;
		sysread $mem, my $bytes, hex($to) - hex $from or next;
		push @all, $bytes;
	}
	return @all;
}

# The command waits for more rows once the first ones are in.  What free() does
# to the beginning of a block is not wiping: the end counts.
for my $format ('--csv', '--jsonl') {
	subtest "memory is wiped: $format" => sub {
		plan skip_all => 'needs root' if $< != 0;
		my $to = init_store();
		my $row = $format eq '--csv' ? "%s,u,l\n"
		    : "{\"value\":\"%s\",\"user\":\"u\",\"label\":\"l\"}\n";
		pipe my $read, my $write or die "pipe: $!";
		my $pid = start([program('apitoken'), '--config', $to,
		    'import', $format], stdin_fh => $read);
		close $read;
		print {$write} $format eq '--csv' ? "value,user,label\n" : '',
		    map { sprintf $row, 'x' x 40 . "S3cr3t-in-memory-$_" }
		    1 .. 10_000;
		# What was read last makes room for this.
		print {$write} "\n" x 200_000;
		$write->flush;
		ok wait_for(sub { (apitoken($to, 'export'))[1] =~
		    /"end":10000\}/ }), 'they are in';
		my @memory = memory($pid);
		plan skip_all => 'memory cannot be read here' if !@memory;
		my %left = map { $_ => 1 } map {
			/S3cr3t-in-memory-\d+/g } @memory;
		is keys %left, 0, 'no value is left';
		close $write;
		stop($pid);
	};
}

subtest 'the same file once more' => sub {
	my $n = erins();
	my ($exit, $out, $err) = import_it('--csv', { stdin =>
	    "value,user,label\n" . rows(1, $n + 600) });
	is $exit, 1, 'exit';
	is $out, "imported: 600, refused: $n\n", 'the rest goes in';
	is +(() = $err =~ /^apitoken: standard input:\d+: .*already/mg), $n,
	    'a reason for each';
	is erins(), $n + 600, 'nothing is there twice';
};

subtest 'commits that fail' => sub {
	chmod 0777, "$dir/store" or die;
	my $value = value();
	my ($exit, $out, $err) = import_it('--csv', { stdin =>
	    "value,user,label\n$value,erin,lost\n" });
	chmod 0750, "$dir/store" or die;
	is $exit, 4, 'exit';
	like $err, qr/^apitoken: [^\n]*store/, 'why';
	is logs_in('erin', $value), 'not-a-token', 'it is not in';
};

subtest 'progress on a terminal' => sub {
	my ($master, $slave) = pty();
	spit("$dir/progress.csv", "value,user,label\n" . value() .
	    ",frank,f1\nshort,frank,f2\n");
	my ($exit, $out) = run(['sh', '-c', 'exec "$@" 2>&0', 'sh',
	    program('apitoken'), '--config', $config, 'import', '--csv',
	    "$dir/progress.csv"], stdin_fh => $slave,
	    env => { TERM => 'xterm' });
	is $exit, 1, 'exit';
	is $out, "imported: 1, refused: 1\n", 'stdout';
	close $slave;
	like screen($master), qr/csv:3: .*\r\n.*\r2 rows, 1 commits.*\r\e\[K\z/s,
	    'errors, a line that is written anew, and gone at the end';
};

# ---- and nowhere is a value ----
subtest 'no value is kept or shown' => sub {
	my $tree = tree($dir);
	delete @$tree{grep { /\.csv$/ } keys %$tree};
	my @found = grep { $tree->{$_} =~ /S3cr3t-/ } sort keys %$tree;
	is "@found", '', 'in no file';
	unlike $output, qr/S3cr3t-/, 'on neither stdout nor stderr';
	ok @values > 4000, 'and there were many';
};

done_testing;
