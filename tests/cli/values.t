#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken import --csv and --jsonl: each row that is taken logs in, each other
# one says why without a word of what stands in it.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli;
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my $used = 0;
# A value that no other test has; of a length, if that is told.
sub value {
	my ($len) = @_;
	my $value = sprintf 'S3cr3t-%04d-', $used++;
	return $value . 'x' x (($len // 24) - length $value);
}

sub import_it {
	my @args = @_;
	return apitoken($config, 'import', @args);
}

sub logs_in { return imported_verdict($config, @_) }

# csv([fields], ...): rows with every field in quotes.
sub csv {
	return join '', map { join(',', map { '"' . s/"/""/gr . '"' } @$_) .
	    "\n" } @_;
}

# ---- CSV ----
my $header = "value,user,label,expires,services,sources,properties\n";

# many($format, $text): exit, { line => id or error }, all of stderr
sub many {
	my ($format, $text) = @_;
	my ($exit, $out, $err) = import_it($format, '--json',
	    { stdin => $text });
	my %answer = map { $_->{line} => $_->{error} // $_->{id} }
	    json_lines($out);
	return ($exit, \%answer, $err);
}

subtest 'CSV' => sub {
	my @v = map { value() } 1 .. 6;
	my $quotes = value() . '",;=' . "\xc3\xa4\xf0\x9f\x98\x80'";
	my $text = "\xef\xbb\xbf$header" .
	    "$v[0],carol,c0,2037-03-31,imap smtp;sshd," .
	    "10.0.0.0/8;2001:db8::/32,a=b;c=d=e;e=\r\n" .
	    "\n\r\n" .
	    csv([$quotes, 'carol', 'c1, with a comma', ('') x 4]) .
	    "$v[1],carol,\"c\"\"2\"\"\",never,,,\r\n" .
	    "\"$v[2]\",\"carol\",\"c3\",\"90d\",\"\",\"\",\"\"\r\n" .
	    "$v[3],carol,c4,,,,";
	my ($exit, $rows, $err) = many('--csv', $text);
	is $exit, 0, 'exit';
	is $err, '', 'nothing on stderr';
	is_deeply [sort { $a <=> $b } keys %$rows], [2, 5, 6, 7, 8],
	    'lines are counted as an editor does';
	my $rec = record($config, 'carol/c0');
	is $rec->{id}, $rows->{2}, 'the id is the record\'s';
	is_deeply $rec->{services}, ['imap', 'smtp', 'sshd'], 'services';
	is_deeply $rec->{sources}, ['10.0.0.0/8', '2001:db8::/32'],
	    'sources';
	is_deeply $rec->{properties}, { a => 'b', c => 'd=e', e => '' },
	    'properties';
	is record($config, $rows->{5})->{label}, 'c1, with a comma',
	    'a comma in quotes';
	is logs_in('carol', $quotes), 'valid',
	    'quotes and everything else in a value';
	is record($config, $rows->{6})->{label}, 'c"2"', 'doubled quotes';
	is logs_in('carol', $v[3]), 'valid', 'no line end at the end';
	is record($config, 'carol/c4')->{expires}, undef, 'the default';

	(undef, $rows) = many('--csv', "label,user,value\nc5,carol,$v[4]\n");
	is record($config, 'carol/c5')->{id}, $rows->{2},
	    'columns in any order, and only those';
	spit("$dir/file.csv", "$header$v[5],carol,c6,,,,\nshort,c,c,,,,\n");
	($exit, my $out, $err) = import_it('--csv', "$dir/file.csv");
	is $exit, 1, 'from a file: exit';
	is $out, "imported: 1, refused: 1\n", 'stdout';
	is $err, "apitoken: $dir/file.csv:3: the value has fewer than 20 " .
	    "characters\n", 'stderr names file and line';
};

# [name, header, words]: nothing at all is read
my $row = value() . ',alice,never';
for my $case (
	['none', "$row\n$row\n", qr/has to name the columns/],
	['an unknown column', "value,user,label,colour\n", qr/column: colour/],
	['a column twice', "value,user,label,user\n", qr/called user/],
	['a missing column', "value,user\n", qr/missing: label/],
	['twenty columns', 'value' . ',user' x 20 . "\n", qr/called user/],
	['empty', '', qr/is empty/],
	['blank lines', "\n\r\n\n", qr/is empty/],
	['a quote inside', "va\"lue,user,label\n", qr/quote/],
	['never closed', "value,\"user,label\n$row\n", qr/not closed/],
	['one line without end', 'value,user,' . 'x' x 200_000,
	    qr/has to name the columns/],
	['a binary', join('', map { chr } 0 .. 255) x 300, qr/./]) {
	my ($name, $text, $words) = @$case;
	subtest "header: $name" => sub {
		my ($exit, $out, $err) = import_it('--csv',
		    { stdin => $text });
		is $exit, 1, 'exit';
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
		like $err, $words, 'why';
	};
}

# [name, row, why it is refused]
my $ok = sub { value() . ",alice,$_[0]" };
my @rows = (
	['a column too few', value() . ',alice,bad,,,', qr/6 columns.*7/],
	['a column too many', $ok->('bad,,,,,'), qr/8 columns.*7/],
	['a newline in a label', $ok->("\"b\na\nd\",,,,"), qr/label/],
	['a newline in the value', "\"two\n" . value() . '",alice,bad,,,,',
	    qr/the value/],
	['CR in a label', $ok->("b\rad,,,,"), qr/label/],
	['NUL in a label', $ok->("b\0ad,,,,"), qr/label: a NUL/],
	['NUL in the value', "a\0" . value() . ',alice,bad,,,,',
	    qr/value: a NUL/],
	['NUL at the end', $ok->("bad,,,,\0"), qr/properties: a NUL/],
	['invalid UTF-8', $ok->("b\xffad,,,,"), qr/label/],
	['invalid UTF-8 in the value', "\xc3\x28" . value() . ',alice,bad,,,,',
	    qr/the value/],
	['no user', value() . ',,bad,,,,', qr/user/],
	['no label', $ok->(',,,,'), qr/label/],
	['no value', ',alice,bad,,,,', qr/value/],
	['a label of 129 bytes', $ok->('b' x 129 . ',,,,'), qr/label/],
	['a time', $ok->('bad,someday,,,'), qr/expires: not a time/],
	['the past', $ok->('bad,2020-01-01,,,'), qr/past/],
	['30 February', $ok->('bad,2037-02-30,,,'), qr/expires: there is no/],
	['a service', $ok->('bad,,imap/s,,'), qr/services: not a/],
	['services with commas', $ok->('bad,,"imap,smtp",,'),
	    qr/services: not a/],
	['33 services', $ok->('bad,,' . join(' ', map { "s$_" } 1 .. 33) .
	    ',,'), qr/services: at most 32/],
	['a network', $ok->('bad,,,10.0.0.0/33,'), qr/sources: the prefix/],
	['17 networks', $ok->('bad,,,' . join(' ', map { "10.0.0.$_" }
	    1 .. 17) . ','), qr/sources: at most 16/],
	['a property', $ok->('bad,,,,x'), qr/properties: not KEY=VALUE/],
	['17 properties', $ok->('bad,,,,' . join(';', map { "k$_=v" }
	    1 .. 17)), qr/properties: at most 16/],
	['a property twice', $ok->('bad,,,,a=b;a=c'), qr/twice/],
	['more than 64 KiB', $ok->('bad,,,,"' . 'x' x 65536 . '"'),
	    qr/more than 65536 bytes/],
	['1 MiB of lines in quotes', $ok->('bad,,,,"' .
	    "x,alice,y,,,,\n" x 70_000 . '"'), qr/more than 65536 bytes/],
	['100 000 commas', $ok->('bad' . ',' x 100_000), qr/bytes|columns/],
);
subtest 'rows that are refused' => sub {
	my $text = $header;
	my @at;	# line of each
	for my $case (@rows) {
		push @at, 1 + ($text =~ tr/\n//);
		$text .= "$case->[1]\n";
	}
	my $good = value();
	$text .= "$good,alice,after all of them,,,,\n";
	apitoken($config, 'import', '--user', 'alice', '--label', 'one',
	    { stdin => value() });
	my $before = record($config, 'alice/one');
	my ($exit, $answer, $err) = many('--csv', $text);
	is $exit, 1, 'exit';
	is $err, '', 'nothing on stderr';
	like $answer->{ $at[$_] } // 'nothing', $rows[$_][2], $rows[$_][0]
	    for 0 .. $#rows;
	is keys %$answer, @rows + 1, 'and one answer for each';
	is logs_in('alice', $good), 'valid', 'the row after them is in';
	is +(grep { $_ eq 'bad' } labels($config)), 0, 'none of them is';
	is_deeply record($config, 'alice/one'), $before, 'no other changed';
};

# Where quotes are out of order nobody knows where the next row begins: the
# inside of a field must not become one.
for my $case (
	['a quote in a plain field', 'a"b,alice,bad,,,,', qr/wrong place/],
	['text behind a quote', '"ab"c,alice,bad,,,,', qr/wrong place/],
	['a blank behind a quote', '"ab" ,alice,bad,,,,', qr/wrong place/],
	['CR behind a quote', "\"ab\"\rc,alice,bad,,,,", qr/wrong place/],
	['a quote not closed', '"ab,alice,bad,,,,', qr/not closed/]) {
	my ($name, $bad, $words) = @$case;
	subtest $name => sub {
		my ($first, $last) = (value(), value());
		my ($exit, $answer) = many('--csv', $header .
		    "$first,alice,before $name,,,,\n$bad\n" .
		    "$last,alice,bad,,,,\n");
		is $exit, 1, 'exit';
		is_deeply [sort keys %$answer], [2, 3], 'two rows';
		like $answer->{3}, $words, 'why';
		like $answer->{3}, qr/nothing was read/, 'and what of it';
		is logs_in('alice', $first), 'valid', 'the one before is in';
		is logs_in('alice', $last), 'not-a-token',
		    'the one behind is not';
	};
}

subtest 'limits that still fit' => sub {
	my $text = $header . join '', map { "$_\n" }
	    value(20) . ',alice,of 20,,,,', value(255) . ',alice,of 255,,,,',
	    $ok->('m' x 128 . ',,,,'),
	    $ok->('most,,' . join(' ', map { "s$_" } 1 .. 32) . ',' .
		join(';', map { "10.0.0.$_" } 1 .. 16) . ',' .
		join ';', map { sprintf('k%063d=%s', $_, 'v' x 256) } 1 .. 16);
	my ($exit, $answer) = many('--csv', $text);
	is $exit, 0, 'exit' or diag explain $answer;
	my $rec = record($config, 'alice/most');
	is @{ $rec->{services} }, 32, 'services';
	is @{ $rec->{sources} }, 16, 'sources';
	is keys %{ $rec->{properties} }, 16, 'properties';
};

# ---- JSON lines ----
my $json = JSON::PP->new->canonical->utf8;

subtest 'JSON lines' => sub {
	my @v = map { value() } 1 .. 3;
	my ($exit, $answer, $err) = many('--jsonl', "\xef\xbb\xbf" .
	    $json->encode({ value => $v[0], user => 'dave', label => 'd0',
		expires => '90d', services => ['imap', 'smtp'],
		sources => ['10.0.0.0/8'], properties => { a => 'b;c',
		'e=f' => '' } }) . "\r\n\n  \n" .
	    "  {\"value\": \"$v[1]\", \"user\": \"dave\", " .
	    "\"label\": \"d\\u00e4 \\ud83d\\ude00\"}\n" .
	    $json->encode({ value => $v[2], user => 'dave', label => 'd2' }));
	is $exit, 0, 'exit';
	is $err, '', 'nothing on stderr';
	is_deeply [sort keys %$answer], [1, 4, 5], 'lines';
	my $rec = record($config, 'dave/d0');
	is_deeply $rec->{services}, ['imap', 'smtp'], 'services';
	is_deeply $rec->{properties}, { a => 'b;c', 'e=f' => '' },
	    'properties with every character';
	is record($config, $answer->{4})->{label}, "d\x{e4} \x{1f600}",
	    'escapes';
	is logs_in('dave', $_, '--from', '10.1.2.3'), 'valid', 'logs in'
	    for @v;
};

my %fine = (value => 'another value of some length', user => 'dave',
    label => 'bad');
sub object {
	return $json->encode({ %fine, @_ });
}

# [name, line, why it is refused]
my @lines = (
	['no JSON', 'another value of some length', qr/not JSON, at column \d+$/],
	['cut off', substr(object(), 0, 30), qr/not JSON/],
	['two on a line', object() . object(), qr/not JSON/],
	['an array', '[' . object() . ']', qr/not a JSON object/],
	['a string', '"another value of some length"', qr/not JSON/],
	['null', 'null', qr/not JSON/],
	['invalid UTF-8', "{\"value\":\"another \xff value of some length\"}",
	    qr/not JSON/],
	['a NUL', "{\"value\":\"another \0 value of some length\"}",
	    qr/not JSON/],
	['an escaped NUL', '{"value":"another \u0000 value of some length"}',
	    qr/not JSON/],
	['half a character', '{"value":"another \ud83d value of some length"}',
	    qr/not JSON/],
	['a member twice', '{"value":"another value of some length",' .
	    '"user":"dave","label":"bad","user":"root"}', qr/given twice/],
	['a member that is not known', object(colour => 'red'),
	    qr/not known/],
	['no value', '{"user":"dave","label":"bad"}', qr/value is missing/],
	['no label', '{"value":"another value of some length","user":"dave"}',
	    qr/label is missing/],
	['a number for a value', object(value => 12345678901234567890),
	    qr/value: not a string|not JSON/],
	['null for a value', object(value => undef), qr/value: not a string/],
	['an object for a user', object(user => {}), qr/user: not a string/],
	['null for an expiry', object(expires => undef),
	    qr/expires: not a string/],
	['a number for an expiry', object(expires => 1900000000),
	    qr/expires: not a string/],
	['a huge number', '{"expires":1' . '0' x 400 . '}', qr/not JSON/],
	['another', '{"expires":1e999}', qr/not JSON/],
	['nonsense for a time', object(expires => 'soon'),
	    qr/expires: not a time/],
	['services as a string', object(services => 'imap'),
	    qr/services: not an array/],
	['a number among them', object(services => ['imap', 1]),
	    qr/services: not all are strings/],
	['an empty one', object(services => ['']), qr/services: not a/],
	['33 of them', object(services => [map { "s$_" } 1 .. 33]),
	    qr/services: at most 32/],
	['sources as an object', object(sources => {}),
	    qr/sources: not an array/],
	['not an address', object(sources => ['example.org']),
	    qr/sources: not an IP/],
	['properties as an array', object(properties => ['a=b']),
	    qr/properties: not an object/],
	['null among them', object(properties => { a => undef }),
	    qr/properties: not all are strings/],
	['17 of them', object(properties => { map { $_ => '' } 1 .. 17 }),
	    qr/properties: at most 16/],
	['deep', '{"properties":' . '[' x 30_000, qr/not JSON/],
	['deep and whole', '{"properties":' . '[' x 30_000 . ']' x 30_000 .
	    '}', qr/not JSON/],
	['more than 64 KiB', object(label => 'x' x 65536),
	    qr/more than 65536 bytes/],
	['a control character', object(label => "b\ead"), qr/label/],
	['129 bytes', object(label => 'x' x 129), qr/label/],
	['a value of 19 characters', object(value => "\x{e4}" x 19),
	    qr/fewer than 20/],
	['a token of ours', object(value => 'tkc1_' . '0' x 63),
	    qr/like a token/],
);
subtest 'lines that are refused' => sub {
	my $good = value();
	my ($exit, $answer, $err) = many('--jsonl', join('', map {
		"$_->[1]\n" } @lines) . object(value => $good,
	    label => 'after all of them'));
	is $exit, 1, 'exit';
	is $err, '', 'nothing on stderr';
	like $answer->{ $_ + 1 } // 'nothing', $lines[$_][2], $lines[$_][0]
	    for 0 .. $#lines;
	is +(grep { /some length/ } values %$answer), 0,
	    'no value in a reason';
	is logs_in('dave', $good), 'valid', 'the line after them is in';
	is +(grep { $_ eq 'bad' } labels($config)), 0, 'none of them is';
};

subtest 'no value is in a reason' => sub {
	my $text = $header . join '', map { "$_->[1]\n" } @rows;
	my (undef, $out, $err) = import_it('--csv', { stdin => $text });
	unlike $out . $err, qr/S3cr3t/, 'in words';
	(undef, $out, $err) = import_it('--csv', '--json',
	    { stdin => $text });
	unlike $out . $err, qr/S3cr3t/, 'in JSON';
};

done_testing;
