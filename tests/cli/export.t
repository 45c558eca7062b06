#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken export and import --records: what is moved to another host or put
# back from a backup works there, what was revoked stays so, and a file that is
# not whole changes nothing.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli;
use Apitoken::Test;

my $json = JSON::PP->new->canonical->utf8;
my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

sub export_it {
	my @args = @_;
	return apitoken($config, 'export', @args);
}

# used_store(): an installation that had a commit and has no tokens.
sub used_store {
	my $other = init_store();
	apitoken($other, 'compact');
	return $other;
}

# elsewhere(): another one with the same keys.
sub elsewhere {
	my $other = used_store();
	my ($to) = $other =~ m{^(.*)/};
	spit("$to/secret.conf", slurp("$dir/secret.conf"));
	return $other;
}

# restore($config, $text, args...)
sub restore {
	my ($to, $text, @args) = @_;
	return apitoken($to, 'import', '--records', @args,
	    { stdin => $text });
}

# lines($config): what is exported there, without the first line, in an order
# that does not depend on the store.
sub lines {
	my ($of) = @_;
	my (undef, $out) = apitoken($of, 'export');
	my (undef, @all) = split /^/, $out;
	return [sort @all];
}

# One of each kind.
my %token;
$token{plain} = create_token($config, user => 'alice', label => 'plain');
$token{full} = create_token($config, user => 'alice',
    label => "all \xc3\xa4 \"that\" \\ there is", service => 'imap,smtp',
    from => '192.0.2.0/24,2001:db8::/32', expires => '2037-03-31',
    property => ['app=mutt', "joined \xe2\x80\x8d =\"x\"", 'empty=']);
$token{late} = create_token($config, user => 'alice', label => 'late',
    expires => '9999-12-31', args => []);
$token{revoked} = create_token($config, user => 'bob', label => 'revoked');
apitoken($config, 'revoke', 'bob/revoked', '--reason', 'lost, "it" seems');
$token{deleted} = create_token($config, user => 'bob', label => 'deleted');
apitoken($config, 'delete', 'bob/deleted');
$token{old} = create_token($config, user => 'bob', label => 'renewed');
(undef, $token{new}) = apitoken($config, 'regenerate', 'bob/renewed');
chomp $token{new};
my $value = 'a value that was made elsewhere';
apitoken($config, 'import', '--user', 'carol', '--label', 'elsewhere',
    { stdin => $value });
$token{marked} = create_token($config, user => 'dave', label => 'marked');
apitoken($config, 'revoke', '--user', 'dave', '--all', '--yes');
apitoken($config, 'key', 'add');
apitoken($config, 'key', 'activate', '2');
$token{second} = create_token($config, user => 'alice', label => 'key 2');

my ($exit, $export, $words) = export_it();
my @lines = split /^/, $export;

subtest 'what it has' => sub {
	is $exit, 0, 'exit';
	my @objects = map { from_json($_) } @lines;
	my $head = shift @objects;
	my $end = pop @objects;
	my @marks = grep { $_->{ended} } @objects;
	my @records = grep { !$_->{ended} } @objects;
	is $head->{apitoken_export}, 1, 'a version';
	like $head->{store}, qr/^[0-9a-f]{32}$/, 'the store';
	ok $head->{commits} > 5, 'its commits';
	like $head->{committed}, qr/^20\d\d-.*Z$/, 'when';
	is_deeply $end, { end => scalar @records }, 'the end counts records';
	my (undef, $list) = apitoken($config, 'list');
	is @records, ($list =~ tr/\n//) - 1, 'all of them';
	is_deeply [map { $_->{ended}{user} } @marks], ['dave'], 'marks';
	my ($full) = grep { $_->{label} =~ /there is/ } @records;
	is_deeply $full->{properties}, { app => 'mutt', empty => '',
	    "joined \x{200d} " => '"x"' }, 'text as it is';
	my $shown = record($config, $full->{id});
	delete $shown->{scram};
	is_deeply { map { $_ => $full->{$_} } keys %$shown }, $shown,
	    'members as show has them';
	like $words, qr/^\d+ tokens? .*SCRAM.*--with-verifiers/, 'a warning';
	my $last = (grep { ref $objects[$_]{ended} } 0 .. $#objects)[-1];
	is $last, $#marks, 'marks before records';
};

subtest 'nothing secret' => sub {
	ok holds_no_token($export . $words), 'no token';
	unlike $export, qr/made elsewhere"|scram|salt|stored_key/,
	    'no value, no verifier';
	my ($secret) = slurp("$dir/secret.conf") =~ /^secret = (\S+)/m;
	ok index($export, $secret) < 0, 'no key';
};

subtest '--output' => sub {
	my $old = umask 0;
	my ($code, $out) = export_it('--output', "$dir/export");
	umask $old;
	is $code, 0, 'exit';
	like $out, qr/\Aexported: \d+\n\z/, 'stdout';
	is sprintf('%o', (stat "$dir/export")[2] & 07777), '600', 'mode';
	is slurp("$dir/export"), $export, 'the same';
	($code, undef, my $err) = export_it('--output', "$dir/export");
	is $code, 1, 'not overwritten: exit';
	ok one_line($err), 'one line' or diag $err;
	($code, $out) = export_it('--json', '--output', "$dir/export-2");
	is_deeply from_json($out), { exported => @lines - 3,
	    output => "$dir/export-2" }, 'JSON';
};

open my $full, '+<', '/dev/full' or die "/dev/full: $!";
pipe my $reader, my $broken or die "pipe: $!";
close $reader;
for my $case (['a full disk', { stdout_fh => $full }],
    ['a closed pipe', { stdout_fh => $broken }],
    ['a closed stdout', { close => [1] }]) {
	my ($name, $opt) = @$case;
	my ($code, undef, $err) = export_it($opt);
	is $code, 1, "$name: exit";
	like $err, qr/^apitoken: standard output: /m, 'why' or diag $err;
}

subtest 'elsewhere' => sub {
	my $there = elsewhere();
	my ($code, $out, $err) = restore($there, $export);
	is $code, 0, 'exit' or diag $err;
	is $out, 'restored: ' . (@lines - 3) . ', the same: 0, different ' .
	    "and kept: 0, replaced: 0\n", 'stdout';
	is $err, '', 'nothing on stderr';
	is_deeply lines($there), lines($config), 'the same records';
	is +(export_it())[1], $export, 'the first is as it was';

	my %verdicts = (plain => 'valid', second => 'valid', late => 'valid',
	    revoked => 'revoked', old => 'revoked', new => 'valid',
	    marked => 'revoked', deleted => 'unknown-token');
	is verdict($there, $token{$_}), $verdicts{$_}, $_
	    for sort keys %verdicts;
	is verdict($there, $token{full}, service => 'imap',
	    from => '192.0.2.1'), 'valid', 'within its limits';
	is verdict($there, $token{full}, service => 'imap',
	    from => '192.0.3.1'), 'wrong-source', 'not beyond them';
	(undef, $out) = apitoken($there, '--json', 'verify', '--imported',
	    '--service', 'imap', '--user', 'carol', { stdin => $value });
	is from_json($out)->{verdict}, 'valid', 'a value made elsewhere';

	($code, $out) = restore($there, $export, '--json');
	is_deeply from_json($out), { restored => 0, same => @lines - 3,
	    kept => 0, replaced => 0 }, 'once more: all the same';
	($code) = apitoken($there, 'check');
	is $code, 0, 'the store is whole';
};

subtest 'from a file, and from a pipe' => sub {
	my $there = elsewhere();
	my ($code, $out) = apitoken($there, 'import', '--records',
	    "$dir/export");
	is $code, 0, 'a file: exit';
	like $out, qr/^restored: [1-9]/, 'restored';
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		close $read;
		print {$write} $export;
		close $write;
		POSIX::_exit(0);
	}
	close $write;
	($code, $out, my $err) = apitoken($there, 'import', '--records',
	    { stdin_fh => $read });
	waitpid $pid, 0;
	is $code, 0, 'a pipe: exit' or diag $err;
	like $out, qr/the same: [1-9]/, 'it was read twice';
};

subtest 'verifiers' => sub {
	my (undef, $out, $err) = export_it('--with-verifiers');
	is $err, '', 'no warning';
	my ($rec) = grep { ($_->{label} // '') eq 'plain' } json_lines($out);
	is_deeply [sort keys %{ $rec->{scram} }],
	    [qw(iterations salt server_key stored_key)], 'members';
	is length $rec->{scram}{salt}, 24, 'salt';
	is length $rec->{scram}{$_}, 44, $_ for qw(stored_key server_key);
	my $there = elsewhere();
	my ($code, undef, $why) = restore($there, $out);
	is $code, 0, 'restored' or diag $why;
	my (undef, $again) = apitoken($there, 'export', '--with-verifiers');
	is_deeply [sort((split /^/, $again)[1 .. $#lines])],
	    [sort((split /^/, $out)[1 .. $#lines])], 'they came along';
	($code, undef, $err) = restore($there, $export);
	is $code, 0, 'an export without them takes none away';
	(undef, my $third) = apitoken($there, 'export', '--with-verifiers');
	is $third, $again, 'they are still there';

	my ($master, $slave) = pty();
	($code, undef, $err) = export_it('--with-verifiers',
	    { stdout_fh => $slave });
	is $code, 2, 'not to a terminal: exit';
	ok one_line($err), 'one line';
};

# Its mark is over all times, and no moment that could be written.
subtest 'a key that was retired' => sub {
	my $from = init_store();
	my ($folder) = $from =~ m{^(.*)/};
	my $old = create_token($from, user => 'alice', label => 'old');
	my $keys = slurp("$folder/secret.conf");
	apitoken($from, 'key', 'add', '--activate');
	my $active = slurp("$folder/secret.conf");
	apitoken($from, 'key', 'retire', '1', '--yes');
	my (undef, $out) = apitoken($from, 'export');
	my ($mark) = grep { $_->{ended} } json_lines($out);
	is_deeply $mark, { ended => { user => undef, kid => 1,
	    before => undef } }, 'the mark';
	my ($code, $said, $err) = restore($from, $out);
	is $code, 0, 'put back where it comes from: exit' or diag $err;
	like $said, qr/^restored: 0, the same: 1,/, 'nothing to do';

	my $to = used_store();
	my ($there) = $to =~ m{^(.*)/};
	spit("$there/secret.conf", $active);
	($code, undef, $err) = restore($to, $out);
	is $code, 0, 'where the key is not retired: exit' or diag $err;
	is verdict($to, $old), 'revoked', 'its tokens are';
	is_deeply lines($to), lines($from), 'the same is there';

	my $first = used_store();
	($there) = $first =~ m{^(.*)/};
	spit("$there/secret.conf", $keys);
	($code, undef, $err) = restore($first, $out);
	is $code, 1, 'where it is the active one: exit';
	like $err, qr/a mark retires key 1, which is the active one/, 'why';
};

subtest 'what was revoked since then' => sub {
	my $there = elsewhere();
	restore($there, $export);
	my $old = (apitoken($there, 'export'))[1];
	my $second = from_json((grep { /"key 2"/ } split /^/, $old)[0])->{id};
	my $plain = from_json((grep { /"plain"/ } split /^/, $old)[0])->{id};
	apitoken($there, 'revoke', 'alice/plain');
	apitoken($there, 'delete', 'alice/key 2');
	my $before = installation($there);
	my ($code, $out, $err) = restore($there, $old);
	is $code, 1, 'exit';
	is $out, '', 'nothing on stdout';
	like $err, qr{^\Q$plain\E alice/plain: revoked 20\d\d-}m, 'which';
	like $err, qr{^\Q$second\E alice/key 2: deleted$}m,
	    'and what was deleted';
	like $err, qr/^The export is older .*of commit \d+, 20/m, 'its age';
	like $err, qr/^apitoken: standard input: would bring back 2 .*--force/m,
	    'and how to do it all the same';
	is changes($before, $there), '', 'nothing changed';
	is verdict($there, $token{plain}), 'revoked', 'still revoked';

	($code, $out, $err) = restore($there, $old, '--force');
	is $code, 0, '--force: exit' or diag $err;
	like $out, qr/replaced: 2$/m, 'both are replaced';
	is verdict($there, $token{plain}), 'valid', 'the one works again';
	is verdict($there, $token{second}), 'valid', 'and the other';
	is verdict($there, $token{marked}), 'revoked',
	    'a mark is not moved back';
};

subtest 'what was changed since then' => sub {
	my $there = elsewhere();
	restore($there, $export);
	apitoken($there, 'edit', 'alice/plain', '--service', 'imap');
	my ($code, $out) = restore($there, $export);
	is $code, 0, 'exit';
	like $out, qr/different and kept: 1,/, 'what is there stays';
	is verdict($there, $token{plain}, service => 'sshd'),
	    'wrong-service', 'with its limits';
	(undef, $out) = restore($there, $export, '--force');
	like $out, qr/replaced: 1$/, '--force';
	is verdict($there, $token{plain}, service => 'sshd'), 'valid',
	    'as it was then';
};

# ---- files with faults ----
my $there = elsewhere();

# edited { change $_ } $which: the export with that record changed.
sub edited {
	my ($change) = @_;
	my @new = @lines;
	my ($at) = grep { $new[$_] =~ /"label":"plain"/ } 0 .. $#new;
	my $rec = from_json($new[$at]);
	$change->($rec);
	$new[$at] = $json->encode($rec) . "\n";
	return join '', @new;
}

my ($at) = grep { $lines[$_] =~ /"label":"plain"/ } 0 .. $#lines;
my $line = $at + 1;
my $last = scalar @lines;
my @records = @lines[2 .. $#lines - 1];
# [name, text, line, words]
my @faults = (
	['empty', '', 1, qr/ends here/],
	['a head alone', $lines[0], 2, qr/ends here/],
	['no end', join('', @lines[0 .. $#lines - 1]), $last, qr/ends here/],
	['cut off', substr($export, 0, length($export) - 20), qr/\d+/,
	    qr/not JSON|ends here/],
	['a record less', join('', @lines[0 .. $at - 1, $at + 1 .. $#lines]),
	    $last - 1, qr/not the end of/],
	['a record twice', join('', @lines[0 .. $at, $at .. $#lines]),
	    $last + 1, qr/not the end of/],
	['more behind the end', $export . $lines[$at], $last + 1,
	    qr/where it belongs/],
	['two exports', $export . $export, $last + 1, qr/where it belongs/],
	['no head', join('', @lines[1 .. $#lines]), 1, qr/where it belongs/],
	['a mark behind records', join('', @lines[0, 2 .. $#lines - 1, 1,
	    $#lines]), $last - 1, qr/where it belongs/],
	['another version', $export =~ s/"apitoken_export":1/"apitoken_export":2/r,
	    1, qr/version 2/],
	['a head with more', $export =~ s/\{/{"x":1,/r, 1, qr/first line/],
	['a head with less', $export =~ s/"store":"[^"]*",//r, 1,
	    qr/first line/],
	['passwords', "value,user,label\n", 1, qr/not JSON/],
	['a number', "1\n", 1, qr/not JSON/],
	['an array', "[]\n", 1, qr/where it belongs/],
	['a long line', $lines[0] . 'x' x 70_000 . "\n", 2, qr/longer/],
	['NUL', $lines[0] . "\0" x 100 . "\n", 2, qr/not JSON/],
	['deep', $lines[0] . '[' x 60_000 . "\n", 2, qr/not JSON/],
	['a member twice', $export =~ s/"label":"plain"/$&,$&/r, $line,
	    qr/not JSON/],
	['a mark of nobody', $export =~ s/"ended":\{/$&"x":1,/r, 2,
	    qr/"ended"/],
	['a mark without time', $export =~
	    s/("ended".*?"before":)"[^"]*"/$1null/r, 2, qr/"ended"/],
);
# [name, change, words]
push @faults, map {
	my ($name, $change, $words) = @$_;
	[$name, edited($change), $line, $words];
} (
	['a member more', sub { $_[0]{colour} = 'red' }, qr/"colour" is not/],
	(map {
		my $member = $_;
		["no $member", sub { delete $_[0]{$member} },
		    qr/"$member" is missing/]
	} grep { $_ ne 'id' } qw(user label kid created created_by expires
	    services sources properties revoked revoked_by revoked_reason
	    replaces replaced_by imported)),
	(map {
		my $member = $_;
		["$member is null", sub { $_[0]{$member} = undef },
		    qr/"$member" is not what/]
	} qw(id user label kid created services sources properties imported)),
	(map {
		my $member = $_;
		["$member is a number", sub { $_[0]{$member} = 17 },
		    qr/"$member" is not what/]
	} qw(id user label created expires services revoked revoked_by
	    replaced_by imported)),
	['a short id', sub { chop $_[0]{id} }, qr/"id" is not/],
	['no id', sub { $_[0]{id} = 'u' x 24 }, qr/no record/],
	['a key 0', sub { $_[0]{kid} = 0 }, qr/"kid" is not/],
	['a key 65536', sub { $_[0]{kid} = 65536 }, qr/"kid" is not/],
	['a key as text', sub { $_[0]{kid} = '1' }, qr/"kid" is not/],
	['no such day', sub { $_[0]{created} = '2026-02-30T00:00:00Z' },
	    qr/"created" is not/],
	['local time', sub { $_[0]{expires} = '2036-02-03T00:00:00+01:00' },
	    qr/"expires" is not/],
	['a day', sub { $_[0]{expires} = '2036-02-03' }, qr/"expires" is not/],
	['a span', sub { $_[0]{expires} = '90d' }, qr/"expires" is not/],
	['1970', sub { $_[0]{created} = '1970-01-01T00:00:00Z' },
	    qr/"created" is not/],
	['before that', sub { $_[0]{created} = '1960-01-01T00:00:00Z' },
	    qr/"created" is not/],
	['the year 10000', sub { $_[0]{expires} = '10000-01-02T00:00:00Z' },
	    qr/"expires" is not/],
	['33 services', sub { $_[0]{services} = [map { "s$_" } 1 .. 33] },
	    qr/"services" is not/],
	['a service', sub { $_[0]{services} = ['IMAP'] }, qr/no record/],
	['a source', sub { $_[0]{sources} = ['10.0.0.1/8'] },
	    qr/"sources" is not/],
	['a property', sub { $_[0]{properties} = { a => 1 } },
	    qr/"properties" is not/],
	['a long label', sub { $_[0]{label} = 'x' x 129 }, qr/no record/],
	['a control character', sub { $_[0]{label} = "a\eb" }, qr/no record/],
	['a long reason', sub { $_[0]{revoked_reason} = 'x' x 257 },
	    qr/no record/],
	['a verifier without salt', sub { $_[0]{scram} = { iterations => 4096,
	    stored_key => 'A' x 43 . '=', server_key => 'A' x 43 . '=' } },
	    qr/"scram" is not/],
	['base64 in another spelling', sub { $_[0]{scram} = {
	    iterations => 4096, salt => 'A' x 21 . 'B==',
	    stored_key => 'A' x 43 . '=', server_key => 'A' x 43 . '=' } },
	    qr/"scram" is not/],
);
my $untouched = installation($there);
for my $case (@faults) {
	my ($name, $text, $where, $words) = @$case;
	subtest "refused: $name" => sub {
		my ($code, $out, $err) = restore($there, $text, '--force');
		is $code, 1, 'exit';
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
		like $err, qr/^apitoken: standard input:$where: /,
		    'the line';
		like $err, $words, 'why';
		is changes($untouched, $there), '', 'nothing changed';
	};
}

subtest 'a key that is not there' => sub {
	my $other = used_store();
	my $before = installation($other);
	my ($code, undef, $err) = restore($other, $export);
	is $code, 4, 'exit';
	ok one_line($err), 'one line' or diag $err;
	like $err, qr/its key 2/, 'which';
	is changes($before, $other), '', 'nothing changed';
};

subtest 'another\'s keys' => sub {
	my $other = init_store();
	apitoken($other, 'key', 'add');
	my ($code) = restore($other, $export);
	is $code, 0, 'records are put back';
	is verdict($other, $token{plain}), 'forged', 'tokens are not';
};

# A damaged record must not come back with a seal that fits.
subtest 'a record that is damaged' => sub {
	my $other = elsewhere();
	restore($other, $export);
	my ($to) = $other =~ m{^(.*)/};
	my $secret = slurp("$to/secret.conf");
	spit("$to/secret.conf", $secret =~ s/^(secret = ).*/$1 . 'x' x 40/emr);
	my ($code, undef, $err) = apitoken($other, 'export', '--output',
	    "$to/damaged");
	is $code, 4, 'exit';
	like $err, qr/is damaged/, 'why';
	ok !-e "$to/damaged", 'no file is left';
	($code, my $out) = apitoken($other, 'export');
	is $code, 4, 'to stdout: exit';
	unlike $out, qr/^\{"end"/m, 'no end';
};

# ---- several commits ----
subtest 'more than fit one commit' => sub {
	my $from = init_store();
	my ($folder) = $from =~ m{^(.*)/};
	my $n = 2300;
	apitoken($from, 'import', '--csv', { stdin => "value,user,label\n" .
	    join '', map { sprintf "a value made elsewhere %06d,u%d,l%d\n",
	    $_, $_, $_ } 1 .. $n });
	my (undef, $out) = apitoken($from, 'export');
	my $to = used_store();
	my ($other) = $to =~ m{^(.*)/};
	spit("$other/secret.conf", slurp("$folder/secret.conf"));
	my @all = split /^/, $out;
	my @bad = @all;
	$bad[2100] =~ s/"imported":true/"imported":1/ or die;
	my $before = installation($to);
	my ($code, undef, $err) = restore($to, join '', @bad);
	is $code, 1, 'a fault near the end: exit';
	like $err, qr/:2101: "imported"/, 'where';
	is changes($before, $to), '', 'nothing changed';
	($code, my $said) = restore($to, $out);
	is $code, 0, 'without it: exit';
	like $said, qr/^restored: $n,/, 'all';
	is_deeply lines($to), lines($from), 'the same';
};

subtest 'who may' => sub {
	plan skip_all => 'needs root to become another user' if $< != 0;
	my $open = init_store();
	my ($folder) = $open =~ m{^(.*)/};
	my @nobody = (uid => 65534, gid => 65534);
	for my $args (['export'], ['import', '--records'], ['compact']) {
		my ($code, $out, $err) = apitoken($open, @$args,
		    { @nobody, stdin => $export });
		ok $code == 4 || $code == 5 || $code == 126,
		    "@$args: exit $code";
		is $out, '', 'nothing on stdout';
	}
};

# What an export says twice, so far apart that it is two commits: the first
# pass over the file cannot know.
subtest 'a revocation that came while it was read' => sub {
	my $from = init_store();
	create_token($from, user => 'alice', label => 'first');
	my ($head, $active) = split /^/, (apitoken($from, 'export'))[1];
	apitoken($from, 'revoke', 'alice/first');
	my ($revoked) = grep { /"alice"/ }
	    split /^/, (apitoken($from, 'export'))[1];
	apitoken($from, 'create', '--user', 'bob', '--label', 'x', '--count',
	    '1000');
	my @others = grep { /"bob"/ } split /^/, (apitoken($from, 'export'))[1];
	my ($from_dir) = $from =~ m{^(.*)/};
	my $to = used_store();
	my ($to_dir) = $to =~ m{^(.*)/};
	spit("$to_dir/secret.conf", slurp("$from_dir/secret.conf"));
	my ($exit, $out, $err) = restore($to, join '', $head, $revoked, @others,
	    $active, qq({"end":1002}\n));
	is $exit, 1, 'exit';
	is $out, '', 'nothing is said to be done';
	like $err, qr{^\w+ alice/first: revoked }m, 'which';
	like $err, qr/would bring back 1 token that was revoked or deleted; /,
	    'why';
	like $err, qr/: not all of it was put back; /, 'and that it is not all';
	is from_json((apitoken($to, '--json', 'show', 'alice/first'))[1])
	    ->{state}, 'revoked', 'it stays revoked';
};

subtest 'what steers a terminal' => sub {
	my $other = init_store();
	create_token($other, user => 'alice', label => "a\xe2\x80\x8fb");
	my (undef, $out) = apitoken($other, 'export');
	like $out, qr/"label":"a\\u200fb"/, 'is escaped';
	unlike $out, qr/[^\n\x20-\x7e]/, 'and nothing else is there';
};

subtest 'a full disk' => sub {
	plan skip_all => 'there is no /dev/full' unless -w '/dev/full';
	for my $store (used_store(), $config) {
		my ($exit, undef, $err) = run(['sh', '-c',
			'exec "$@" >/dev/full', 'sh', program('apitoken'),
			'--config', $store, 'export']);
		is $exit, 1, 'exit';
		is $err, "apitoken: standard output: No space left on device\n",
		    'why, and nothing else';
	}
};

# As apitoken(1) says: a new one is made, and the old keys take its keys' place.
subtest 'a store that was lost' => sub {
	my $there = init_store();
	my ($folder) = $there =~ m{^(.*)/};
	my $token = create_token($there, label => 'kept');
	my (undef, $records) = apitoken($there, 'export');
	rename "$folder/store", "$folder/lost" or die $!;
	is verdict($there, $token), 'unavailable', 'it is gone';
	mkdir "$folder/keys" or die $!;
	my @files = ('apitoken.conf', 'secret.conf');
	rename "$folder/$_", "$folder/keys/$_" or die $! for @files;
	is((apitoken($there, 'init'))[0], '0', 'init');
	rename "$folder/keys/$_", "$folder/$_" or die $! for @files;
	is verdict($there, $token), 'unknown-token', 'an empty store';
	is((apitoken($there, 'import', '--records', { stdin => $records }))[0],
	    '0', 'import');
	is verdict($there, $token), 'valid', 'as before';
};

done_testing;
