#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken list: which tokens, which columns, in which order, how wide.
use strict;
use warnings;
use Test::More;
use Encode qw(decode);
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my %utc = (env => { TZ => 'UTC' });

# The lines of a table, decoded; and its rows, cut into cells.
sub lines_of { return split /\n/, decode('UTF-8', $_[0]) }
sub rows_of { return map { [split / {2,}/] } lines_of($_[0]) }

# "USER/LABEL" of each row of the usual table, or of each line of JSON.
sub names_of {
	my ($out) = @_;
	return $out =~ /\A\{/
	    ? map { "$_->{user}/$_->{label}" } json_lines($out)
	    : map { "$_->[1]/$_->[2]" } (rows_of($out))[1 .. lines_of($out) - 1];
}

# What a terminal of so many columns shows; undef: its width is not known.
sub on_terminal {
	my ($columns, @args) = @_;
	my $opt = ref $args[-1] ? pop @args : {};
	my ($master, $slave) = pty(columns => $columns);
	my ($exit) = apitoken($config, @args, { stdout_fh => $slave,
	    env => { TERM => 'dumb', COLUMNS => undef, %$opt } });
	is $exit, 0, "@args: exit";
	close $slave;
	return screen($master) =~ s/\r\n/\n/gr;
}

# Columns that it takes.
sub width_of {
	my ($text) = @_;
	my $wide = () = $text =~ /\p{East_Asian_Width=W}/g;
	my $none = () = $text =~ /\p{Mn}/g;
	return length($text) + $wide - $none;
}

subtest 'nothing yet' => sub {
	my ($exit, $out, $err) = apitoken($config, 'list');
	is $exit, 0, 'exit';
	like $out, qr/\AID +USER +LABEL +STATE +EXPIRES +USED +SERVICES +FROM\n\z/,
	    'heads only';
	is $err, '', 'no error';
	(undef, $out) = apitoken($config, '--json', 'list');
	is $out, '', 'JSON: nothing';
};

my (undef, $bob) = create_token($config, user => 'bob', label => 'phone',
    service => 'imap,smtp', from => '192.0.2.0/24', expires => 'never');
create_token($config, user => 'alice', label => 'zebra',
    expires => '2037-03-31T12:00:00Z', property => ['app=mutt', 'x=y z']);
create_token($config, user => 'alice', label => "b\xc3\xbccher",
    expires => '2s');
my (undef, $gone) = create_token($config, user => 'alice', label => 'gone');
apitoken($config, 'revoke', 'alice/gone', '--reason', 'lost it');
wait_for(sub {
	(apitoken($config, 'list'))[1] =~ /expired/;
});

subtest 'the table' => sub {
	my ($exit, $out, $err) = apitoken($config, 'list', { %utc });
	is $exit, 0, 'exit';
	is $err, '', 'no error';
	unlike $out, qr/\e/, 'no colour without a terminal';
	my @rows = rows_of($out);
	is @rows, 5, 'a line for each';
	is_deeply [names_of($out)],
	    ["alice/b\x{fc}cher", 'alice/gone', 'alice/zebra', 'bob/phone'],
	    'by user and label';
	is_deeply [map { $_->[3] } @rows[1 .. 4]],
	    [qw(expired revoked active active)], 'states';
	like $rows[1][4], qr/^now$|^\d+ \w+ ago$/, 'expired';
	like $rows[3][4], qr/^in \d+ years$/, 'expires, from now on';
	is_deeply $rows[4], [substr($bob->{id}, 0, 10), 'bob', 'phone',
	    'active', 'never', '-', 'imap,smtp', '192.0.2.0/24'],
	    'a whole row';
	my @lines = lines_of($out);
	is_deeply [map { index $_, /ID/ ? 'STATE' :
	    (/(expired|revoked|active)/)[0] } @lines],
	    [(index $lines[0], 'STATE') x 5], 'aligned, also behind UTF-8';
	unlike $out, qr/ $/m, 'no blanks at the end';
};

subtest '--long' => sub {
	my ($exit, $out) = apitoken($config, 'list', '--long', { %utc });
	my @rows = rows_of($out);
	is_deeply $rows[0], ['ID', 'USER', 'LABEL', 'STATE', 'EXPIRES', 'USED',
	    'SERVICES', 'FROM', 'USED SERVICE', 'USED FROM', 'CREATED', 'BY',
	    'KEY', 'IMPORTED', 'PROPERTIES', 'REVOKED', 'REVOKED BY', 'REASON',
	    'REPLACES', 'REPLACED BY'], 'every column';
	is $rows[4][0], $bob->{id}, 'whole ids';
	is $rows[3][4], '2037-03-31 12:00', 'a date';
	(my $created = $bob->{created}) =~ s/T(.*)Z/ $1 +0000/;
	is $rows[4][10], $created, 'a moment';
	is $rows[3][14], 'app=mutt,x=y z', 'properties';
	is $rows[2][17], 'lost it', 'reason';
	is $out, (apitoken($config, 'list', '-l', { %utc }))[1], '-l';
};

subtest '--columns' => sub {
	my ($exit, $out) = apitoken($config, 'list', '--columns',
	    'label,reason', '--columns', 'id');
	is $exit, 0, 'exit';
	my @rows = rows_of($out);
	is_deeply $rows[0], [qw(LABEL REASON ID)], 'heads';
	is_deeply $rows[2], ['gone', 'lost it', substr $gone->{id}, 0, 10],
	    'cells';
	is_deeply $rows[4], ['phone', '-', substr $bob->{id}, 0, 10],
	    'nothing is a dash';
	($exit, $out) = apitoken($config, 'list', '--long', '--columns', 'id');
	is +(rows_of($out))[4][0], $bob->{id}, 'the style is that of --long';
	my ($option) = grep { $_->{name} eq 'columns' } @{ from_json((apitoken(
	    undef, '--json', 'list', '--help'))[1])->{options} };
	my @names = @{ $option->{words} };
	is @names, 20, 'all there are';
	for my $name (@names) {
		($exit) = apitoken($config, 'list', '--columns', $name,
		    '--sort', $name);
		is $exit, 0, "$name is one";
	}
	for my $option ('--columns', '--sort') {
		($exit, $out, my $err) = apitoken($config, 'list', $option,
		    'id,colour');
		is $exit, 2, "$option colour: exit";
		is $out, '', 'nothing on stdout';
		ok one_line($err), 'one line' or diag $err;
		like $err, qr/\bcolour\b.*\b\Q$_\E\b/, "it names $_"
		    for @names;
	}
};

subtest '--sort' => sub {
	my @cases = (
		['label', "alice/b\x{fc}cher", 'alice/gone', 'bob/phone',
		    'alice/zebra'],
		['-label', 'alice/zebra', 'bob/phone', 'alice/gone',
		    "alice/b\x{fc}cher"],
		['user,-label', 'alice/zebra', 'alice/gone',
		    "alice/b\x{fc}cher", 'bob/phone'],
		['expires', "alice/b\x{fc}cher", 'alice/zebra', 'bob/phone'],
		['-expires', 'bob/phone', 'alice/zebra', "alice/b\x{fc}cher"],
	);
	for my $case (@cases) {
		my ($by, @want) = @$case;
		for my $json ([], ['--json']) {
			my ($exit, $out) = apitoken($config, 'list',
			    '--sort', $by, @$json);
			is $exit, 0, "$by @$json: exit";
			# Its expiry is another one wherever this runs.
			my @names = grep { @want == 4 || !/gone/ }
			    names_of($out);
			is_deeply \@names, \@want, 'order';
		}
	}
	my ($exit, undef, $err) = apitoken($config, 'list', '--sort',
	    join ',', ('id') x 30);
	is $exit, 2, 'too many: exit';
	ok one_line($err), 'one line' or diag $err;
};

subtest 'JSON' => sub {
	my ($exit, $out) = apitoken($config, '--json', 'list');
	is $exit, 0, 'exit';
	my @all = json_lines($out);
	is @all, 4, 'one line each';
	is_deeply $all[3], $bob, 'the record, as create gave it';
	is_deeply [sort keys %$bob], [sort qw(id user label state kid created
	    created_by expires services sources properties revoked revoked_by
	    revoked_reason replaces replaced_by imported scram last_used
	    last_service last_source)], 'its members';
	is $all[1]{state}, 'revoked', 'revoked';
	is $all[1]{revoked_reason}, 'lost it', 'reason';
	like $all[1]{revoked}, qr/^20.*Z$/, 'when';
	is $all[0]{label}, "b\x{fc}cher", 'UTF-8';
	is_deeply $all[2]{properties}, { app => 'mutt', x => 'y z' },
	    'properties';
	ok !$all[0]{imported}, 'not imported';
	is $all[0]{last_used}, undef, 'no use known';
};

subtest 'selections' => sub {
	my @cases = (
		[['--user', 'bob'], 'bob/phone'],
		[['--user', 'bo']],
		[['--search', 'PHO'], 'bob/phone'],
		[['--search', 'mutt'], 'alice/zebra'],
		[['--state', 'revoked'], 'alice/gone'],
		[['--state', 'active,expired', '--user', 'alice'],
		    "alice/b\x{fc}cher", 'alice/zebra'],
		[['--expires-before', '2037-04-01', '--state', 'active'],
		    'alice/zebra'],
		[['--unused-since', '2020-01-01']],
	);
	for my $case (@cases) {
		my ($args, @want) = @$case;
		my ($exit, $out) = apitoken($config, 'list', @$args);
		is $exit, 0, "@$args: exit";
		is_deeply [names_of($out)], \@want, 'which';
	}
};

# ---- terminals ----
create_token($config, user => 'alice', label => "\xe6\x97\xa5\xe6\x9c\xac" x 6,
    service => join(',', map { "service-$_" } 1 .. 8), from => '2001:db8::/32');
create_token($config, user => 'alice', label => "e\xcc\x81" x 12,
    from => join(',', map { "192.0.2.$_" } 1 .. 9));

# What JSON and the table say is what --state takes, for every one of them.
subtest 'a state has one word' => sub {
	my $own = init_store();
	my $keys = $own =~ s{[^/]+$}{secret.conf}r;
	create_token($own, label => $_) for qw(active revoked);
	create_token($own, label => 'expired', expires => '1s');
	apitoken($own, 'revoke', 'alice/revoked');
	for my $label (qw(damaged no-key)) {
		apitoken($own, 'key', 'add', '--activate');
		create_token($own, label => $label);
	}
	apitoken($own, 'key', 'activate', '1');
	spit($keys, slurp($keys) =~ s/^\[key 3\].*//msr
	    =~ s/(\[key 2\]\nsecret = )\S+/$1 . 'x' x 40/er);
	my $states = sub {
		my (undef, $out) = apitoken($own, 'list', '--json', @_);
		return { map { $_->{label} => $_->{state} } json_lines($out) };
	};
	wait_for(sub { $states->()->{expired} eq 'expired' });
	my $all = $states->();
	is_deeply $all, { map { $_ => $_ } qw(active revoked expired damaged
		no-key) }, 'what JSON says';
	is_deeply $states->('--state', $_), { $_ => $_ }, "--state $_"
	    for keys %$all;
	my (undef, $table) = apitoken($own, 'list', '--columns', 'label,state');
	like $table, qr/^$_ +$_$/m, "the table says $_" for keys %$all;
	# What cannot be done is not said to be possible.
	for my $dry ([], ['--dry-run']) {
		my ($exit, $out) = apitoken($own, 'revoke', '--state',
		    'damaged', @$dry);
		is_deeply [$exit, $out], [4, ''], "revoke of damaged @$dry";
	}
};

subtest 'as wide as the terminal' => sub {
	for my $columns (200, 120, 80, 72) {
		my @lines = lines_of(on_terminal($columns, 'list'));
		is @lines, 7, "$columns: a line for each";
		is_deeply [grep { width_of($_) > $columns } @lines], [],
		    'no line wraps';
		my $at = index $lines[0], 'STATE';
		is_deeply [map { /^(.*?)(?:active|revoked|expired)/
		    ? width_of($1) : $at } @lines], [($at) x 7], 'aligned';
		like join("\n", @lines), qr/\x{2026}/, 'something is cut';
	}
	my $text = on_terminal(72, 'list');
	like $text, qr/ alice .* revoked /, 'what is not free text is whole';
	my @widest = sort { $b <=> $a }
	    map { width_of($_) } lines_of(on_terminal(100, 'list'));
	is $widest[0], 100, 'all of the width is used';
	unlike on_terminal(300, 'list'), qr/\xe2\x80\xa6/,
	    'nothing is cut without need';
	my @narrow = lines_of(on_terminal(20, 'list'));
	is @narrow, 7, 'too narrow for anything: it is shown all the same';
};

subtest 'as wide as it gets' => sub {
	# How far away something is may change from one call to the next.
	my @list = ('list', '--columns', 'id,user,label,state,services,from');
	my $natural = (apitoken($config, @list))[1];
	unlike $natural, qr/\xe2\x80\xa6/, 'without a terminal nothing is cut';
	is +(apitoken($config, @list, { env => { COLUMNS => 60 } }))[1],
	    $natural, 'whatever COLUMNS says';
	is on_terminal(undef, @list), $natural,
	    'nor where the width is not known';
	unlike on_terminal(80, 'list', '--long'), qr/\xe2\x80\xa6/,
	    'nor with --long';
	is_deeply [grep { width_of($_) > 90 }
	    lines_of(on_terminal(200, @list, { COLUMNS => 90 }))], [],
	    'COLUMNS counts before what the terminal says';
	is on_terminal(90, @list, { COLUMNS => '60x' }),
	    on_terminal(90, @list), 'one that is no number does not count';
	is +(apitoken($config, @list, { env => { LC_ALL => 'C' } }))[1],
	    $natural, 'the same in every locale';
};

subtest 'colour on a terminal' => sub {
	my @list = ('list', '--columns', 'id,label,state,services');
	my $text = on_terminal(120, @list, { TERM => 'xterm',
	    NO_COLOR => undef });
	like $text, qr/\e\[31mrevoked\e\[0m/, 'revoked is red';
	like $text, qr/\e\[32mactive\e\[0m/, 'active is green';
	my $plain = on_terminal(120, @list, { TERM => 'xterm',
	    NO_COLOR => '1' });
	unlike $plain, qr/\e/, 'NO_COLOR: none';
	$text =~ s/\e\[\d+m//g;
	is $text, $plain, 'it changes nothing else';
	unlike on_terminal(120, @list, { TERM => 'dumb', NO_COLOR => undef }),
	    qr/\e/, 'nor on a terminal that cannot';
};

# ---- hostile text ----
subtest 'text that would steer a terminal' => sub {
	my $there = init_store();
	my %label = (
		'zero width' => "a\x{200b}b\x{feff}",
		'direction' => "a\x{200f}b\x{61c}",
		'tags' => "joined\x{200d}",
		'JSON' => q({"a":"b\\u001b"},[]),
		'CSV' => q(a,b;"c",'d'),
		'escapes' => q(\\x1b[31m\\n),
		'4 bytes' => "\x{1f512}\x{10fffd}",
		'marks' => "e" . "\x{301}" x 60,
		'128 bytes' => 'x' x 128,
	);
	for my $what (sort keys %label) {
		utf8::encode(my $label = $label{$what});
		my ($exit, undef, $err) = apitoken($there, 'create', '--user',
		    'alice', '--label', $label, '--property', "$label=$label",
		    '--output', tempdir() . '/token');
		# A property's key holds less, and no "=".
		($exit, undef, $err) = apitoken($there, 'create', '--user',
		    'alice', '--label', $label, '--property', "k=$label",
		    '--output', tempdir() . '/token') if $exit;
		is $exit, 0, "$what: it can be made" or diag $err;
	}
	for my $args (['list'], ['list', '--long'], ['list', '--json'],
	    ['list', '--json', '--sort', 'label']) {
		my ($exit, $out) = apitoken($there, @$args);
		is $exit, 0, "@$args: exit";
		my $text = decode('UTF-8', "$out", 1);
		unlike $text, qr/[^\P{Cc}\n]/, 'no control characters';
		unlike $text, qr/\p{Bidi_Control}|[\x{200b}-\x{200f}\x{feff}]/,
		    'no hidden marks';
		is +($text =~ tr/\n//), keys(%label) + ($out !~ /^\{/),
		    'a line for each';
	}
	my ($exit, $out) = apitoken($there, 'list', '--json');
	is_deeply [sort map { $_->{label} } json_lines($out)],
	    [sort values %label], 'JSON holds what was typed';
	($exit, $out) = apitoken($there, 'create', '--user', 'alice', '--label',
	    "a\xe2\x80\x8fb", '--json', '--output',
	    tempdir() . "/a\xe2\x80\xaeb");
	like $out, qr/\A[\x20-\x7e]+\n\z/, 'create says it the same way';
	is from_json($out)->{label}, "a\x{200f}b", 'the label';
	for my $bad ("a\eb", "a\x9bb", "\xff", "a\x7fb", "\xed\xa0\x80",
	    "\xe2\x80\xae") {
		($exit) = apitoken($there, 'create', '--user', 'alice',
		    '--label', $bad);
		is $exit, 2, sprintf 'refused: %vd', $bad;
	}
};

# ---- many ----
my $many = init_store();
my $note = 'n' x 250;
sub add_many {
	my ($user) = @_;
	my ($exit, undef, $err) = apitoken($many, 'create', '--user', $user,
	    '--label', 'many', '--count', 1000, '--output',
	    tempdir() . '/tokens', map { ('--property', "k$_=$note") } 1 .. 8);
	is $exit, 0, 'a thousand more' or diag $err;
	return;
}

subtest 'up to 1000 are sorted' => sub {
	add_many('carol');
	for my $json ([], ['--json']) {
		my ($exit, $out) = apitoken($many, 'list', @$json);
		my @names = names_of($out);
		is @names, 1000, 'all of them';
		is_deeply \@names, [sort @names], 'sorted';
	}
};

subtest 'more than that are not' => sub {
	create_token($many, user => 'alice', label => 'one more');
	for my $json ([], ['--json']) {
		my ($exit, $out) = apitoken($many, 'list', @$json);
		is $exit, 0, 'exit';
		my @names = names_of($out);
		is @names, 1001, 'all of them';
		is keys %{ { map { $_ => 1 } @names } }, 1001, 'once each';
		isnt "@names", join(' ', sort @names), 'as they are stored';
		is_deeply [names_of((apitoken($many, 'list', '--sort', 'user',
		    @$json))[1])], [sort @names], 'but with --sort';
	}
	my ($exit, $out) = apitoken($many, 'list', '--user', 'carol');
	is_deeply [names_of($out)], [sort map { "carol/many-$_" } 1 .. 1000],
	    'a selection of 1000 is sorted';
	my @lines = lines_of((apitoken($many, 'list'))[1]);
	my $at = index $lines[0], 'STATE';
	is_deeply [grep { index($_, 'active') != $at } @lines[1 .. $#lines]],
	    [], 'aligned';
};

# How much memory it takes when so many lines have come out, and it waits for
# its reader: it cannot be more than a pipe's content ahead.
sub memory_after {
	my ($lines, @args) = @_;
	pipe my $in, my $out or die "pipe: $!";
	my $pid = start([program('apitoken'), '--config', $many, @args],
	    stdout_fh => $out);
	close $out;
	while ($lines-- > 0) {
		defined readline $in or last;
	}
	my ($kib) = slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m;
	stop($pid);
	return $kib;
}

subtest 'memory does not grow with the list' => sub {
	add_many($_) for 'dave', 'erin';
	for my $args (['list', '--long'], ['list', '--json']) {
		my $early = memory_after(900, @$args);
		my $late = memory_after(2900, @$args);
		cmp_ok $late - $early, '<', 1500, "@$args: KiB more"
		    or diag "$early, then $late";
	}
	my $early = memory_after(1, 'list', '--json', '--sort', 'id');
	my $less = memory_after(1, 'list', '--json');
	cmp_ok $early - $less, '>', 1500, '--sort keeps them all';
};

# As "head" does. A change that nobody hears of is another matter.
subtest 'a reader that leaves' => sub {
	for my $args (['list'], ['list', '--json'],
	    ['list', '--sort', 'label']) {
		my $log = tempdir() . '/log';
		pipe my $in, my $out or die "pipe: $!";
		my $pid = start([program('apitoken'), '--config', $many,
		    @$args], stdout_fh => $out, log => $log);
		close $out;
		readline $in;
		close $in;
		is finish($pid), 1, "@$args: exit";
		is slurp($log), '', 'nothing to say';
	}
};

subtest 'write errors' => sub {
	for my $args (['list'], ['--json', 'list'], ['show', 'bob/phone'],
	    ['--help'], ['key', 'list']) {
		my ($exit, undef, $err) = apitoken($config, @$args,
		    { stdout => '/dev/full' });
		is $exit, 1, "@$args: exit";
		ok one_line($err), 'one line' or diag $err;
		($exit, undef, $err) = apitoken($config, @$args,
		    { close => [1] });
		is $exit, 1, "@$args, closed: exit";
		ok one_line($err), 'one line' or diag $err;
	}
};

done_testing;
