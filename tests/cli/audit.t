#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken audit: what is in the log, of whom, since when, and what comes.
use strict;
use warnings;
use Test::More;
use Encode qw(decode);
use JSON::PP ();
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my $log = "$dir/audit.json";
my %utc = (env => { TZ => 'UTC' });
my $json = JSON::PP->new->canonical->utf8;

sub audit { return apitoken($config, 'audit', @_) }
sub lines_of { return split /\n/, $_[0] }

# One line as the library writes it.
sub event {
	my (%with) = @_;
	my %event = (v => 1, ts => '2026-11-21T21:18:03Z', event => 'login',
	    result => 'allow', pid => 4711,
	    map { $_ => undef } qw(reason id label user service rhost kid
	    actor why));
	return $json->encode({ %event, %with }) . "\n";
}

sub append {
	my ($path, $bytes) = @_;
	open my $fh, '>>:raw', $path or die "$path: $!";
	print {$fh} $bytes;
	close $fh or die "$path: $!";
	return;
}

# ---- what the library writes ----
subtest 'a span is one that has passed' => sub {
	create_token($config, user => 'alice', label => 'now');
	my @args = qw(--event create);
	is scalar(lines_of((audit(@args, '--since', '1h'))[1])), 1, 'since';
	is scalar(lines_of((audit(@args, '--until', '1h'))[1])), 0, 'until';
};

subtest 'a login as somebody else' => sub {
	my ($token, $rec) = create_token($config, user => 'alice',
	    label => 'tried');
	apitoken($config, 'verify', '--service', 'imap', '--user', 'bob',
	    { stdin => $token });
	like +(audit($rec->{id}))[1],
	    qr/ deny wrong-user +  tried \(as bob\)  \w{10}  imap$/m,
	    'is not said to be a token of theirs';
};

subtest 'a token\'s life' => sub {
	my ($token, $rec) = create_token($config, user => 'alice',
	    label => 'laptop');
	create_token($config, user => 'bob', label => 'phone');
	my $id = substr $rec->{id}, 0, 10;
	my ($exit, $out, $err) = audit();
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	my $moment = qr/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
	like $out, qr/^$moment  create      ok +  alice\/laptop  $id  by \S+$/m,
	    'created';
	apitoken($config, 'verify', '--service', 'imap', '--from',
	    '192.0.2.7', { stdin => "$token\n" });
	apitoken($config, 'revoke', 'alice/laptop', '--reason', 'left it');
	apitoken($config, 'verify', '--service', 'imap',
	    { stdin => "$token\n" });
	apitoken($config, 'delete', 'alice/laptop', '--yes');
	apitoken($config, 'key', 'add');
	(undef, $out) = audit();
	like $out, qr/  login       allow +  alice\/laptop  $id  imap  from 192\.0\.2\.7$/m,
	    'a login';
	like $out, qr/  login       deny revoked +  alice\/laptop  $id  imap$/m,
	    'a refusal';
	like $out, qr/  revoke      ok +  alice\/laptop  $id  by \S+  \(left it\)$/m,
	    'why';
	like $out, qr/  key         ok +  key 2  by/m, 'a key';
	for my $name ($rec->{id}, $id, substr($rec->{id}, 0, 6),
	    'alice/laptop') {
		($exit, $out) = audit($name);
		is $exit, 0, "$name: exit";
		is_deeply [map { (split ' ')[2] } lines_of($out)],
		    [qw(create login revoke login delete)],
		    'all of its life, though it is deleted';
	}
	(undef, $out) = audit('bob/phone', 'alice/laptop', '--event',
	    'create');
	is lines_of($out), 2, 'two names';
	(undef, $out) = audit('alice/other');
	is $out, '', 'nothing of a token that never was';
	($exit, $out) = audit('--json');
	is $exit, 0, 'JSON: exit';
	is $out, slurp($log), 'the lines as they are';
	(undef, $out) = audit('bob/phone', '--json');
	is_deeply [map { $_->{label} } json_lines($out)], ['phone'],
	    'JSON of one token';
};

subtest 'every event that the library writes can be asked for' => sub {
	my %word;
	for my $file (glob source_dir() . '/libtokencore/*.c') {
		my $text = slurp($file);
		$word{$_} = $file for $text =~ /\.event = "([a-z]+)"/g,
		    $text =~ /tc_change_(?:note|put)\((?:[^;"]*,\s*)?"([a-z]+)"/g,
		    $text =~ /tc_alteration \w+ = \{\s*"([a-z]+)"/g;
	}
	ok $word{$_}, "$_ is found" for qw(login create revoke key);
	for my $word (sort keys %word) {
		my ($exit) = audit('--event', $word);
		is $exit, 0, "$word, in $word{$word}";
	}
};

# ---- what is asked for ----
subtest 'selections' => sub {
	spit($log, join '', map { event(@$_) }
	    [ts => '2026-01-01T00:00:00Z', event => 'create', result => 'ok',
		user => 'alice', label => 'a', id => 'aaaaaabbbbbbcccccccccccc'],
	    [ts => '2026-01-01T23:59:59Z', user => 'alice', label => 'a',
		id => 'aaaaaabbbbbbcccccccccccc', service => 'imap'],
	    [ts => '2026-01-02T00:00:00Z', user => 'alice', result => 'deny',
		reason => 'expired', label => 'a',
		id => 'aaaaaabbbbbbcccccccccccc'],
	    [ts => '2026-01-02T00:00:01Z', user => 'bob', result => 'deny',
		reason => 'forged'],
	    [ts => '2026-01-03T00:00:00Z', event => 'key', result => 'ok',
		kid => 2, actor => 'root'],
	    [ts => '2026-01-04T00:00:00Z', event => 'revoke', result => 'ok',
		user => 'bob', label => 'c"\x5cd', id => 'aaaaaa' . 'd' x 18,
		actor => 'root']);
	spit($log, slurp($log) =~ s/c\\"\\\\d/c\\\\x22\\\\x5cd/r);
	my @cases = (
		[[], 0 .. 5],
		[['--user', 'alice'], 0, 1, 2],
		[['--user', 'alic']],
		[['--event', 'login'], 1, 2, 3],
		[['--event', 'create,key'], 0, 4],
		[['--event', 'create', '--event', 'key'], 0, 4],
		[['--result', 'deny'], 2, 3],
		[['--result', 'allow,ok'], 0, 1, 4, 5],
		[['--result', 'forged'], 3],
		[['--since', '2026-01-02'], 2 .. 5],
		[['--until', '2026-01-02'], 0, 1],
		[['--since', '2026-01-01T23:59:59Z', '--until',
		    '2026-01-02T00:00:01Z'], 1, 2],
		[['--since', '1h']],
		[['--until', '1h'], 0 .. 5],
		[['aaaaaa'], 0, 1, 2, 5],
		[['aaaaaab'], 0, 1, 2],
		[['bob/c"\d'], 5],
		[['bob/c\x22\x5cd']],
		[['alice/a', '--result', 'deny', '--event', 'login'], 2],
		[['-n', '2'], 4, 5],
		[['--lines', '2', '--user', 'alice'], 1, 2],
		[['-n', '100'], 0 .. 5],
		[['-n1', '--event', 'create'], 0],
	);
	my @all = lines_of(slurp($log));
	for my $case (@cases) {
		my ($args, @want) = @$case;
		my ($exit, $out, $err) = audit(@$args, '--json', { %utc });
		is $exit, 0, "@$args: exit";
		is $err, '', 'no error';
		is_deeply [lines_of($out)], [@all[@want]], 'which';
		(undef, $out) = audit(@$args, { %utc });
		is lines_of($out), @want, 'as many in words';
	}
	my (undef, $out) = audit('-n', 1);
	like $out, qr/  bob\/c"\\d  /, 'a label as it was typed';
	(undef, $out) = audit('-n', 1, { env => { TZ => 'Asia/Tokyo' } });
	like $out, qr/^2026-01-04 09:00:00  /, 'in local time';
};

subtest 'nonsense is refused' => sub {
	for my $args (['alice'], ['abcde'], ['a' x 25], ['AAAAAA'],
	    ["a\e[31mbcdef"], ['--event', 'logon'], ['--result', 'maybe'],
	    ['--result', 'valid'], ['--since', 'never'], ['--since', 'x'],
	    ['--until', '2026-02-30'], ['-n', '0'], ['-n', '-1'],
	    ['-n', '1x'], ['-n', '1000001'], ['-n'], ['-x'], ['-fx'],
	    ['--user', '']) {
		my ($exit, $out, $err) = audit(@$args);
		is $exit, 2, "@$args: exit" =~ s/\e/ESC/r;
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
		unlike $err, qr/\e/, 'printable';
	}
	my (undef, undef, $err) = audit('--event', 'logon');
	like $err, qr/\blogon\b.*\blogin\b/, 'it says what there is';
	my $token = create_token($config);
	(my $exit, undef, $err) = audit($token);
	is $exit, 2, 'a token: exit';
	ok holds_no_token($err), 'it is not repeated';
};

# ---- what is no event ----
my $esc = "\e[31m\x07\x7f";
my @strange = (
	['text', "$esc plain text"],
	['no JSON', '{"v":1,"ts":"2026-'],
	['JSON, but no object', '[1,2,3]'],
	['another version', '{"v":2,"ts":"2026-01-01T00:00:00Z",' .
	    '"event":"login","result":"allow"}'],
	['no time', '{"v":1,"event":"login","result":"allow"}'],
	['a time that is none', '{"v":1,"ts":"never","event":"login",' .
	    '"result":"allow"}'],
	['a day that is none', '{"v":1,"ts":"2026-02-30T00:00:00Z",' .
	    '"event":"login","result":"allow"}'],
	['no event', '{"v":1,"ts":"2026-01-01T00:00:00Z","result":"allow"}'],
	['a member twice', '{"v":1,"v":1,"ts":"2026-01-01T00:00:00Z",' .
	    '"event":"login","result":"allow"}'],
	['a tail', substr(event(), 0, -1) . ' {}'],
	['a NUL', "a\0b" . substr(event(), 0, -1)],
	['a NUL in JSON', '{"v":1,"ts":"2026-01-01T00:00:00Z","event":' .
	    '"login","result":"allow","user":"a\u0000b"}'],
	['no UTF-8', '{"v":1,"ts":"2026-01-01T00:00:00Z","event":"login",' .
	    "\"result\":\"allow\",\"user\":\"a\xff\"}"],
	['nothing', ''],
	['deep', '[' x 5000],
	['long', 'x' x 16385],
	['very long', 'y' x 1_000_000],
	['a carriage return', "a\rb"],
	['C1 controls', "a\xc2\x9b31mb"],
	['directions', "a\xe2\x80\xaeb"],
	['like an event', '2026-01-01 00:00:00  login       allow'],
);

subtest 'lines that are no events' => sub {
	my $good = event(user => 'alice');
	for my $case (@strange) {
		my ($name, $line) = @$case;
		spit($log, "$good$line\n$good");
		my ($exit, $out, $err) = audit();
		is $exit, 0, "$name: exit";
		my @lines = lines_of($out);
		is @lines, 3, 'three lines';
		is $lines[0], $lines[2], 'the good ones';
		like $lines[1], qr/^not understood: /, 'the other one';
		unlike decode('UTF-8', $out, Encode::FB_CROAK | Encode::LEAVE_SRC),
		    qr/[^\P{Cc}\n]|\p{Bidi_Control}/, 'no control characters';
		is $err, "apitoken: $log: 1 line was not understood\n",
		    'counted';
		for my $args ([], ['--user', 'alice'], ['-n', 5]) {
			($exit, $out, $err) = audit('--json', @$args);
			is $out, $good x 2, "JSON @$args: the good ones";
			like $err, qr/: 1 line was not understood$/,
			    'counted';
		}
		(undef, $out, $err) = audit('--user', 'alice');
		is lines_of($out), 2, 'with a selection: the good ones';
		like $err, qr/: 1 line was not/, 'counted';
	}
	spit($log, join "\n", map { $_->[1] } @strange);
	my ($exit, $out, $err) = audit();
	is $exit, 0, 'all of them: exit';
	is lines_of($out), @strange, 'a line each';
	is $err, "apitoken: $log: ${\ scalar @strange} lines were not " .
	    "understood\n", 'counted';
	(undef, $out, $err) = audit('-n', 2);
	is lines_of($out), 2, 'the last two';
	like $err, qr/: 2 lines were not/, 'the others do not count';
	spit($log, $good . substr $good, 0, 40);
	(undef, $out) = audit();
	is lines_of($out), 2, 'a line that broke off is shown, too';
	spit($log, '');
	($exit, $out, $err) = audit();
	is "$exit$out$err", '0', 'nothing in an empty log';
};

subtest 'events that would steer a terminal' => sub {
	my @values = ("\e[2J\x07", "\x{9b}31m", "\x{202e}evil", "a\nb", "\x7f",
	    '\x1b[31m', "\x{200b}", "\t", '\x00', '\xzz', '\x', '\\',
	    'x' x 3000, "\x{1f512}\x{10fffd}");
	for my $name (qw(event result reason id label user service rhost
	    actor why)) {
		spit($log, join '', map { event($name => $_) } @values);
		my ($exit, $out, $err) = audit();
		is $exit, 0, "$name: exit";
		is $err, '', 'no error';
		is lines_of($out), @values, 'a line each';
		unlike decode('UTF-8', $out, Encode::FB_CROAK | Encode::LEAVE_SRC),
		    qr/[^\P{Cc}\n]|\p{Bidi_Control}/, 'no control characters';
		($exit, $out) = audit('--json');
		unlike decode('UTF-8', $out, Encode::FB_CROAK | Encode::LEAVE_SRC),
		    qr/[^\P{Cc}\n]|\p{Bidi_Control}/, 'nor in JSON';
		is_deeply [map { $_->{$name} } json_lines($out)], \@values,
		    'which says the same';
	}
	my $tabs = event() =~ s/,/,\t/gr;
	spit($log, $tabs);
	my (undef, $out) = audit('--json');
	is_deeply [json_lines($out)], [json_lines($tabs)], 'blanks in JSON';
	unlike $out, qr/\t/, 'are no control characters either';
	for my $odd (event(user => 17, id => [], label => {}),
	    event(kid => 'x', user => JSON::PP::true)) {
		spit($log, $odd);
		my ($exit, $out, $err) = audit();
		is "$exit$err", '0', 'members of another type';
		like $out, qr/  login       allow +  -$/, 'do not count';
	}
};

# ---- which file ----
subtest 'the file' => sub {
	unlink $log or die "$log: $!";
	my ($exit, $out, $err) = audit();
	is $exit, 4, 'missing: exit';
	ok one_line($err), 'one line' or diag $err;
	like $err, qr/\Q$log\E/, 'which';
	my %make = (
		folder => sub { mkdir $log },
		fifo => sub { POSIX::mkfifo($log, 0600) },
		link => sub { symlink "$dir/apitoken.conf", $log },
	);
	for my $kind (sort keys %make) {
		$make{$kind}->() or die "$kind: $!";
		($exit, $out, $err) = audit();
		is $exit, 4, "a $kind: exit";
		ok one_line($err), 'one line' or diag $err;
		rmdir $log or unlink $log;
	}
	set_conf($config, audit_log => 'none');
	for my $args ([], ['-f'], ['--json']) {
		($exit, $out, $err) = audit(@$args);
		is $exit, 4, "none @$args: exit";
		ok one_line($err), 'one line' or diag $err;
		like $err, qr/audit_log = none.*journalctl/, 'where to look';
	}
	set_conf($config, audit_log => 'audit.json');
	# Root may read everything unless it does without that right.
	my @less = $> == 0 ? ('setpriv',
	    '--bounding-set=-dac_override,-dac_read_search') : ();
	spit($log, event(), 0);
	($exit, $out, $err) = run([@less, program('apitoken'), '--config',
	    $config, 'audit']);
	is $exit, 5, 'not readable: exit';
	ok one_line($err), 'one line' or diag $err;
	chmod 0600, $log or die "$log: $!";
};

subtest 'the last lines of a long log' => sub {
	open my $fh, '>:raw', $log or die "$log: $!";
	print {$fh} event(user => 'first');
	print {$fh} event(user => "u$_") for 1 .. 20_000;
	close $fh;
	my (undef, $out) = audit('-n', 3, '--json');
	is_deeply [map { $_->{user} } json_lines($out)],
	    [qw(u19998 u19999 u20000)], 'the last three';
	(undef, $out) = audit('-n', 3, '--user', 'first', '--json');
	is_deeply [map { $_->{user} } json_lines($out)], ['first'],
	    'the only one, far away';
	(undef, $out) = audit('-n', 15_000, '--json');
	my @lines = json_lines($out);
	is @lines, 15_000, 'many';
	is $lines[0]{user}, 'u5001', 'from the right one on';
	append($log, "garbage\n");
	(undef, undef, my $err) = audit('-n', 3, '--user', 'first');
	is $err, "apitoken: $log: 1 line was not understood\n",
	    'what is looked at again counts once';
};

# It looks at the end first, which may begin in the middle of a line.
subtest 'wherever lines begin' => sub {
	my $length = length event(why => '', user => 'u000');
	for my $each (256, 200, 251) {
		spit($log, join '', map { event(user => sprintf('u%03d', $_),
		    why => 'y' x ($each - $length)) } 1 .. 600);
		is -s $log, 600 * $each, "lines of $each bytes";
		my $about = int 65536 / $each;
		for my $n ($about - 2 .. $about + 2) {
			my ($exit, $out, $err) = audit('-n', $n, '--json');
			is $err, '', "$n: no error";
			is_deeply [map { $_->{user} } json_lines($out)],
			    [map { sprintf 'u%03d', $_ } 601 - $n .. 600],
			    'the last ones';
		}
	}
};

# ---- following ----
# Starts it and waits until it shows what there is.
sub follow {
	my ($out, @args) = @_;
	my $pid = start([program('apitoken'), '--config', $config, 'audit',
	    '--follow', '--json', @args], log => $out);
	return $pid;
}

sub users {
	my ($out) = @_;
	return join ' ', map { /"user":"([^"]*)"/ ? $1 : $_ }
	    lines_of(slurp($out));
}

sub shows {
	my ($out, $want, $name) = @_;
	wait_for(sub { users($out) eq $want });
	return is users($out), $want, $name;
}

subtest 'following' => sub {
	my $out = tempdir() . '/out';
	spit($log, join '', map { event(user => "u$_") } 1 .. 12);
	my $pid = follow($out);
	my $seen = join ' ', map { "u$_" } 3 .. 12;
	shows($out, $seen, 'the last ten');
	append($log, event(user => 'new'));
	shows($out, $seen .= ' new', 'a new one');
	append($log, substr event(user => 'slow'), 0, 30);
	append($log, event(user => 'slow') =~ s/^.{30}//r);
	shows($out, $seen .= ' slow', 'one in two parts');

	append($log, event(user => 'before'));
	rename $log, "$log.1" or die "rename: $!";
	append("$log.1", event(user => 'late'));
	shows($out, $seen .= ' before late', 'the file was renamed');
	spit($log, event(user => 'fresh'));
	shows($out, $seen .= ' fresh', 'and there is a new one');
	append("$log.1", event(user => 'lost'));
	append($log, event(user => 'next'));
	shows($out, $seen .= ' next', 'which it goes on with');

	append($log, substr event(user => 'torn'), 0, 30);
	select undef, undef, undef, 0.5;
	truncate $log, 0 or die "truncate: $!";
	select undef, undef, undef, 0.5;
	append($log, event(user => 'again'));
	shows($out, $seen .= ' again', 'and grows anew');

	rename $log, "$log.2" or die "rename: $!";
	append("$log.2", substr event(user => 'torn'), 0, 30);
	select undef, undef, undef, 0.5;
	spit($log, event(user => 'whole'));
	wait_for(sub { users($out) =~ / whole$/ });
	is finish($pid, 'INT'), 0, 'interrupted: exit 0';
	is users($out), "$seen whole apitoken: $log: 1 line was not " .
	    'understood', 'what a rename cut off does not join the next line';
};

subtest 'following a selection' => sub {
	my $out = tempdir() . '/out';
	spit($log, join '', map { event(user => $_) } qw(alice bob alice));
	my $pid = follow($out, '--user', 'bob', '-n', 1);
	shows($out, 'bob', 'what there is');
	append($log, event(user => $_)) for qw(alice bob);
	shows($out, 'bob bob', 'what comes');
	is finish($pid, 'INT'), 0, 'exit';
};

subtest 'following what is not there yet' => sub {
	my $out = tempdir() . '/out';
	unlink $log or die "$log: $!";
	my $pid = follow($out);
	select undef, undef, undef, 0.3;
	spit($log, event(user => 'first'));
	shows($out, 'first', 'it comes');
	create_token($config, user => 'alice');
	shows($out, 'first alice', 'a real one');
	is finish($pid, 'INT'), 0, 'exit';
};

subtest 'a reader that leaves' => sub {
	pipe my $in, my $to or die "pipe: $!";
	my $pid = start([program('apitoken'), '--config', $config, 'audit',
	    '-f'], stdout_fh => $to, log => tempdir() . '/log');
	close $to;
	readline $in;
	close $in;
	isnt finish($pid), 'timeout', 'ends it, also when nothing happens';
};

subtest 'colour on a terminal' => sub {
	spit($log, event(user => 'alice', result => 'deny',
	    reason => 'expired') . event(user => 'alice'));
	my ($master, $slave) = pty();
	apitoken($config, 'audit', { stdout_fh => $slave,
	    env => { TERM => 'xterm', NO_COLOR => undef } });
	close $slave;
	my $text = screen($master);
	like $text, qr/  \e\[31mdeny\e\[0m expired /, 'deny is red';
	like $text, qr/  \e\[32mallow\e\[0m /, 'allow is green';
	my (undef, $plain) = audit();
	$text =~ s/\e\[\d+m|\r//g;
	is $text, $plain, 'it changes nothing else';
};

subtest 'write errors' => sub {
	for my $opt ({ stdout => '/dev/full' }, { close => [1] }) {
		my ($exit, undef, $err) = apitoken($config, 'audit', $opt);
		is $exit, 1, 'exit';
		ok one_line($err), 'one line' or diag $err;
	}
};

subtest 'a store that cannot be read' => sub {
	my (undef, $before) = audit();
	my $state = slurp("$dir/store/state");
	for my $damage ('', 'x' x length $state) {
		spit("$dir/store/state", $damage);
		is +(apitoken($config, 'list'))[0], 4, 'no list';
		my ($exit, $out, $err) = audit();
		is "$exit$err", '0', 'the log all the same: exit';
		is $out, $before, 'whole';
	}
	spit("$dir/store/state", $state);
};

done_testing;
