#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken verify and inspect: verdicts in a word, exit codes, and a token
# that comes from stdin and goes nowhere.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my ($token, $rec) = create_token($config, user => 'alice',
    label => 'work "laptop"', service => 'imap', from => '192.0.2.0/24',
    expires => '2037-03-31');
my ($other) = create_token($config, user => 'bob', label => 'all');
my ($revoked) = create_token($config, user => 'bob', label => 'revoked');
apitoken($config, 'revoke', 'bob/revoked');
my ($short) = create_token($config, user => 'bob', label => 'short',
    expires => '2s');

sub verify {
	my ($stdin, @args) = @_;
	return apitoken($config, 'verify', @args, { stdin => $stdin,
	    env => { TZ => 'UTC' } });
}

my @imap = ('--service', 'imap', '--from', '192.0.2.7');
my ($exit, $out, $err) = verify("$token\n", @imap, '--user', 'alice');
is $exit, 0, 'valid: exit';
is $out, qq{valid user=alice label="work "laptop"" id=$rec->{id} } .
    qq{expires="2037-03-31"\n}, 'one line';
is $err, '', 'no error';

# [verdict, exit, stdin, arguments]
(my $changed = $token) =~ s/(.{20})(.)/$1 . ($2 eq '0' ? '1' : '0')/e;
wait_for(sub { (verify($short, '--service', 'x'))[1] !~ /^valid/ });
my $foreign = create_token(init_store(), user => 'alice', label => 'x');
for my $case (
	['valid', 0, "  $token\r\n", @imap],
	['valid', 0, uc $token, @imap],
	['valid', 0, $other, '--service', 'anything'],
	['wrong-user', 1, $token, @imap, '--user', 'bob'],
	['wrong-service', 1, $token, '--service', 'sshd', '--from',
	    '192.0.2.7'],
	['wrong-source', 1, $token, '--service', 'imap', '--from',
	    '198.51.100.1'],
	['wrong-source', 1, $token, '--service', 'imap'],
	['revoked', 1, $revoked, '--service', 'imap'],
	['expired', 1, $short, '--service', 'imap'],
	['bad-checksum', 1, $changed, @imap],
	['malformed', 1, 'tkc1_', @imap],
	['malformed', 1, "$token $token", @imap],
	['malformed', 1, "$token\0", @imap],
	['not-a-token', 1, "correct horse battery staple\n", @imap],
	['unknown-token', 1, $foreign, @imap],
) {
	my ($verdict, $want, $stdin, @args) = @$case;
	my ($exit, $out, $err) = verify($stdin, @args);
	is $exit, $want, "$verdict: exit";
	like $out, qr/\A\Q$verdict\E(?: [^\n]*)?\n\z/, 'one line';
	ok holds_no_token($out . $err), 'no token';
	(undef, $out) = verify($stdin, @args, '--json');
	is from_json($out)->{verdict}, $verdict, 'JSON';
}

subtest 'JSON' => sub {
	my (undef, $out) = verify($token, @imap, '--json');
	my $got = from_json($out);
	delete $got->{detail};
	is_deeply $got, { verdict => 'valid', user => 'alice', kid => 1,
	    label => 'work "laptop"', id => $rec->{id},
	    expires => $rec->{expires} }, 'members';
	(undef, $out) = verify($foreign, @imap, '--json');
	$got = from_json($out);
	ok !exists $got->{$_}, "unproved: no $_" for qw(user label id);
};

subtest 'a broken store' => sub {
	chmod 0777, "$dir/store" or die;
	my ($exit, $out, $err) = verify($token, @imap);
	is $exit, 4, 'exit';
	unlike $out, qr/valid/, 'not valid';
	ok holds_no_token($out . $err), 'no token';
	chmod 0750, "$dir/store" or die;
	is +(verify($token, @imap))[0], 0, 'well again';

	# One that opens, but cannot be read.
	my $state = slurp("$dir/store/state");
	my $mode = (stat "$dir/store/state")[2] & 07777;
	spit("$dir/store/state", 'x' x length $state, $mode);
	($exit, $out, $err) = verify($token, @imap);
	is $exit, 4, 'damaged: exit';
	like $out, qr/\Aunavailable [^\n]+\n\z/, 'the verdict';
	ok holds_no_token($out . $err), 'no token';
	spit("$dir/store/state", $state, $mode);
	is +(verify($token, @imap))[0], 0, 'well again';
};

subtest 'values made elsewhere' => sub {
	my $value = 'from the portal, w/ blanks';
	my $id = import_value($config, $value, service => 'imap');
	my $gone = import_value($config, 'this one was revoked');
	apitoken($config, 'revoke', $gone);
	my @alice = (@imap, '--imported', '--user', 'alice');
	for my $case (
		['valid', 0, "$value\n", @alice],
		['valid', 0, $token, @alice],
		['not-a-token', 1, $value, @imap, '--user', 'alice'],
		['not-a-token', 1, $value, @imap, '--imported', '--user',
		    'bob'],
		['not-a-token', 1, " $value", @alice],
		['wrong-service', 1, $value, '--service', 'sshd', '--imported',
		    '--user', 'alice'],
		['revoked', 1, 'this one was revoked', @alice],
	) {
		my ($verdict, $want, $stdin, @args) = @$case;
		my ($exit, $out, $err) = verify($stdin, @args);
		is $exit, $want, "$verdict: exit";
		like $out, qr/\A\Q$verdict\E(?: [^\n]*)?\n\z/, 'one line';
		unlike $out . $err, qr/portal, w|this one/, 'not the value';
	}
	is((verify($value, @alice))[1], 'valid user=alice label="portal" '
	    . "id=$id expires=\"never\"\n", 'whose it is');
	my ($exit, $out, $err) = verify($value, @imap, '--imported');
	is $exit, 2, 'without a user: exit';
	ok one_line($err), 'one line' or diag $err;
	is $out, '', 'nothing else';
	chmod 0777, "$dir/store" or die;
	($exit, $out, $err) = verify($value, @alice);
	is $exit, 4, 'a broken store: exit';
	like $out, qr/\Anot-a-token \(imported values cannot be looked up/,
	    'the verdict, and why it is none';
	chmod 0750, "$dir/store" or die;
	is +(verify($value, @alice))[0], 0, 'well again';
};

subtest 'inspect' => sub {
	my ($exit, $out, $err) = apitoken(undef, 'inspect',
	    { stdin => "$token\n" });
	is $exit, 0, 'exit';
	is $out, "id        $rec->{id}\nkey       1\ncaveats   none\n",
	    'without a configuration';
	is $err, '', 'no error';

	# the known answer of the format, with a caveat
	my $known = 'tkc1_24003851maht99d6mymakanbnjptxbr10m06pjej00tzwzg6td' .
	    '4nwmez8nzre28akyb067yvga0';
	(undef, $out) = apitoken(undef, 'inspect', { stdin => $known });
	is $out, "id        k7mm6hetf9w81mhq2mpvx68f\nkey       1\n" .
	    "caveat    not-after 2027-01-15T08:00:00Z\n", 'a caveat';
	(undef, $out) = apitoken(undef, 'inspect', '--json',
	    { stdin => $known });
	is_deeply from_json($out), { id => 'k7mm6hetf9w81mhq2mpvx68f',
	    format => 1, type => 1, kid => 1, caveats => [
	    { type => 'not-after', value => '2027-01-15T08:00:00Z' }] },
	    'JSON';
};

# On a terminal: a prompt, no echo, and the echo is back afterwards.
subtest 'terminal' => sub {
	my ($master, $slave) = pty();
	my $file = tempdir() . '/out';
	my $pid = start([program('apitoken'), '--config', $config, 'verify',
	    @imap], stdin_fh => $slave, log => $file);
	ok wait_for(sub { slurp($file) =~ /Token: / }), 'it asks';
	syswrite $master, "$token\n";
	ok wait_for(sub { slurp($file) =~ /^valid /m }), 'it answers';
	my $echo = '';
	my $bits = '';
	vec($bits, fileno $master, 1) = 1;
	sysread $master, $echo, 4096
	    if select $bits, undef, undef, 0.2;
	ok holds_no_token($echo), 'the token was not echoed';
	my $termios = POSIX::Termios->new;
	$termios->getattr(fileno $slave);
	ok $termios->getlflag & POSIX::ECHO(), 'the echo is back';

	# ended in mid-prompt
	spit($file, '');
	$pid = start([program('apitoken'), '--config', $config, 'verify',
	    @imap], stdin_fh => $slave, log => $file);
	ok wait_for(sub { slurp($file) =~ /Token: / }), 'it asks';
	$termios->getattr(fileno $slave);
	ok !($termios->getlflag & POSIX::ECHO()), 'the echo is off';
	kill 'TERM', $pid;
	ok wait_for(sub {
		$termios->getattr(fileno $slave);
		$termios->getlflag & POSIX::ECHO();
	}), 'the echo is back after a signal';
};

# A file of the store must not take the place of a closed descriptor.
subtest 'closed descriptors' => sub {
	my ($exit, $out, $err) = apitoken($config, 'verify', @imap,
	    { close => [0] });
	is $exit, 1, 'no stdin: exit';
	is $err, "apitoken: standard input: Bad file descriptor\n", 'why';
	create_token($config, user => 'bob', label => 'closed');
	($exit) = apitoken($config, 'revoke', 'bob/closed',
	    { close => [0, 1, 2] });
	is $exit, 6, 'none at all: exit, as the output was lost';
	(undef, $out) = apitoken($config, '--json', 'show', 'bob/closed');
	is from_json($out)->{state}, 'revoked', 'it was done';
	ok eval { json_lines(slurp("$dir/audit.json")); 1 },
	    'the audit log is whole' or diag $@;
	($exit) = apitoken($config, 'doctor', '--root', $dir);
	is $exit, 0, 'the store is whole';
};

subtest 'colour on a terminal' => sub {
	my $good = create_token($config, user => 'alice', label => 'colour');
	for my $case ([ $good, qr/\A\e\[32mvalid\e\[0m user=/ ],
	    [ 'a password', qr/\Anot-a-token\r?\n\z/ ]) {
		my ($master, $slave) = pty();
		apitoken($config, 'verify', @imap, { stdin => $case->[0],
		    stdout_fh => $slave,
		    env => { TERM => 'xterm', NO_COLOR => undef } });
		close $slave;
		like screen($master), $case->[1], 'only where there is one';
	}
};

# A core file would hold the token.
subtest 'no core files' => sub {
	plan skip_all => '/proc is not mounted' if !-e '/proc/self/limits';
	pipe my $read, my $write or die "pipe: $!";
	# The owner of /proc/PID tells only for another user.
	my @less = $< == 0 ? ('setpriv', '--reuid=65534', '--regid=65534',
	    '--clear-groups') : ();
	my $pid = start([@less, program('apitoken'), '--config', $config,
	    'verify', @imap], stdin_fh => $read);
	ok wait_for(sub {
		slurp("/proc/$pid/limits") =~ /core file size +0 +0 /;
	}), 'the limit is zero';
	ok wait_for(sub { (stat "/proc/$pid/environ")[4] == 0 &&
	    slurp("/proc/$pid/status") =~ /^Uid:\s+(?!0\s)/m }),
	    'not dumpable';
	close $write;
};

done_testing;
