#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every option of every verb, from the program's own tables, given something
# that it does not take: one line that names it, exit code 2, nothing changed.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();

# What each option does not take, and how the error goes on.
my $time = [soon => qr/^not a time: say 2027-03-31/];
my %bad = (
	columns => ['id,nope' => qr/^no such column; there are id,user/],
	count => [1001 => qr/^not a number from 1 to 1000$/],
	event => ['login,nope' => qr/^no such word; there are login,/],
	'expires-before' => $time,
	expires => $time,
	from => ['192.0.2.0/33' => qr/^the prefix length is not 0 to 32$/],
	'issued-before' => $time,
	kid => [0 => qr/^not a number from 1 to 65535$/],
	lines => ['many' => qr/^not a number from 1 to 100000$/],
	result => ['nope' => qr/^no such word; there are allow,/],
	root => ['/nonexistent' => qr/^is no folder$/],
	service => ['imap,IMAP' => qr/^not a service name, /],
	since => $time,
	sort => ['-nope' => qr/^no such column; there are id,user/],
	state => ['active,nope' => qr/^no such state; there are active,/],
	'unused-since' => $time,
	until => $time,
);
# Verification asks for any service and gives its own reason for an address.
my %own = (
	'verify --from' => [qw(example.org), qr/^not an IP address$/],
	'verify --service' => undef,
	'narrow --expires' => [qw(never), qr/^is no limit$/],
);
# Free text, names of files and users; what becomes of them is tested with
# what they are for.
my %free = map { $_ => 1 } qw(config label output property reason
    remove-property search user);
my %needed = (
	create => [qw(--user alice --label x)],
	import => [qw(--user alice --label x)],
	edit => [qw(--label x)],
	copy => ['alice/x'], regenerate => ['alice/x'],
	verify => [qw(--service sshd)],
);

my %flag_seen;
for my $verb (json_lines((apitoken(undef, '--json', '--help'))[1])) {
	my @words = grep { defined } @$verb{qw(verb second)};
	my $table = from_json((apitoken(undef, '--json', 'help', @words))[1]);
	for my $opt (@{ $table->{options} }) {
		my ($name, $value) = @$opt{qw(name value)};
		my $case = "@words --$name";
		my $about = sub { return qr/^apitoken: --\Q$name\E: $_[0]$/ };
		if (!defined $value) {
			like refused($config, 2, @words, "--$name=x"),
			    $about->('takes no value'), "$case=x"
			    if !$flag_seen{$name}++;
			next;
		}
		like refused($config, 2, @words, "--$name"),
		    $about->('needs a value'), $case;
		like refused($config, 2, @words, "--$name="),
		    $about->('is empty'), "$case=" if $name ne 'config';
		next if $free{$name};
		my $bad = exists $own{$case} ? $own{$case} : $bad{$name};
		next if !$bad && exists $own{$case};
		ok $bad, "$case: is tested" or next;
		my ($text, $why) = @$bad;
		my $part = $text =~ s/^.*,//r;
		my $err = refused($config, 2, @words,
		    @{ $needed{$words[0]} // [] }, "--$name", $text) // '';
		my ($what, $rest) = $err =~ /^apitoken: (.*?): (.*)$/;
		is $what, "--$name=" . $part =~ s/^-//r, "$case $text";
		like $rest, $why, '... why';
	}
}

subtest 'an expiry that is past' => sub {
	for my $args (['create', @{ $needed{create} }], ['edit', 'alice/x'],
	    ['copy', 'alice/x'], ['renew', 'alice/x'],
	    ['regenerate', 'alice/x'], ['narrow'],
	    ['import', @{ $needed{import} }]) {
		is refused($config, 2, @$args, '--expires', '2020-01-01'),
		    "apitoken: --expires=2020-01-01: is in the past\n",
		    $args->[0];
	}
};

subtest 'what one limit of narrow holds' => sub {
	my $most = join ',', map { chr($_) x 31 } 97 .. 104;
	for my $case (['nine names', join ',', 'a' .. 'i'],
	    ['256 bytes', $most . 'x'],
	    ['a name that would be cut', join ',', (map { chr($_) x 32 }
		97 .. 103), 'h' x 33]) {
		like refused($config, 2, 'narrow', '--service', $case->[1]),
		    qr/^apitoken: --service: at most 8 names, 255 bytes /,
		    $case->[0];
	}
	like refused($config, 2, 'narrow', '--service', 'a,,b'),
	    qr/^apitoken: --service: is empty$/, 'an empty one';
};

subtest 'a label' => sub {
	my $long = 'x' x 126;
	my @create = ('create', '--user', 'alice', '--label', $long);
	is refused($config, 2, @create, '--count', 10),
	    qq(apitoken: --label: has more than 128 bytes with "-10" behind )
	    . "it\n", 'too long with its number';
	my ($exit, $out) = apitoken($config, @create, '--count', 9);
	is "$exit " . ($out =~ tr/\n//), '0 9', 'the longest that fits';
};

# Of many tokens the one is named that cannot be changed so.
subtest 'a property that one of many lacks' => sub {
	my (undef, $has) = create_token($config, user => 'bob', label => 'a',
	    property => 'k=v');
	my (undef, $lacks) = create_token($config, user => 'bob', label => 'b');
	is refused($config, 2, 'edit', '--user', 'bob', '--remove-property',
	    'k'), "apitoken: edit: $lacks->{id}: there is no property k\n",
	    'it is named';
};

# [arguments, how the error ends]
subtest 'what may have been meant' => sub {
	for my $case (
		[['lst'], 'lst: no such verb, did you mean list?'],
		[['reovke'], 'reovke: no such verb, did you mean revoke?'],
		[['regen'], 'regen: no such verb, did you mean regenerate?'],
		[['activate'], 'activate: no such verb, did you mean key '
		    . 'activate?'],
		[['key', 'ad'], 'key: ad: no such verb, did you mean key add?'],
		[['key', 'list2'], 'key: list2: no such verb, did you mean '
		    . 'key list?'],
		[['help', 'lsit'], 'lsit: no such verb, did you mean list?'],
		[['rm'], 'rm: no such verb; see apitoken --help'],
		[['key', 'burn'], 'key: burn: no such verb; see apitoken '
		    . '--help'],
		[['x' x 2000], 'x' x 40 . '...: no such verb; see apitoken '
		    . '--help'],
		[['list', "-\x01"], '-\x01: no such option; see --help'],
		[['list', '--sate', 'x'],
		    '--sate: no such option, did you mean --state?'],
		[['list', '--colour'], '--colour: no such option; see --help'],
		[['--verson'],
		    '--verson: no such option, did you mean --version?'],
		[['list', '-x'], '-x: no such option; see --help'],
		# What stands behind it may be a secret.
		[['key', 'add', '--secert-stdin=hunter2'], '--secert-stdin: '
		    . 'no such option, did you mean --secret-stdin?'],
		[['key', 'add', '--pass=hunter2'],
		    '--pass: no such option; see --help'],
	) {
		my ($args, $end) = @$case;
		is refused($config, 2, @$args), "apitoken: $end\n",
		    substr "@$args", 0, 40;
	}
	my $day = "\xe6\x97\xa5";
	is((apitoken($config, $day x 100))[2], 'apitoken: ' . $day x 13
	    . "...: no such verb; see apitoken --help\n",
	    'cut between characters');
};

done_testing;
