#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken create: where the token goes, where it does not, and what happens
# when it cannot be handed over.
use strict;
use warnings;
use IO::Handle;
use POSIX qw(mkfifo);
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli qw(without_use);

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

sub create {
	return apitoken($config, 'create', '--user', 'alice', '--label', @_);
}

sub verify {
	my ($token, @args) = @_;
	my ($exit) = apitoken($config, 'verify', '--service', 'sshd', @args,
	    { stdin => $token });
	return $exit;
}

sub record {
	my ($name) = @_;
	my ($exit, $out) = apitoken($config, '--json', 'show', $name);
	return $exit eq '0' ? without_use(from_json($out)) : undef;
}

sub holds {
	my ($bytes) = @_;
	my $tree = tree($dir);
	return grep { index($tree->{$_}, $bytes) >= 0 } keys %$tree;
}

subtest 'stdout has the token and nothing else' => sub {
	my ($exit, $out, $err) = create('plain', '--expires', '2037-03-31',
	    '--service', 'sshd,imap', '--service', 'smtp',
	    '--from', '192.0.2.0/24,2001:db8::/32', '--property', 'app=mutt',
	    '--property', 'note=a=b', { env => { TZ => 'UTC' } });
	is $exit, 0, 'exit';
	ok $out =~ /\Atkc1_[0-9a-hjkmnp-tv-z]{63}\n\z/, 'stdout';
	ok holds_no_token($err), 'no token on stderr';
	like $err, qr/^id +[0-9a-z]{24}$/m, 'stderr: id';
	like $err, qr/^label +plain$/m, 'label';
	like $err, qr/^expires +2037-03-31$/m, 'expiry';
	like $err, qr/^services +sshd,imap,smtp$/m, 'services';
	like $err, qr/only this once/, 'a warning';
	chomp $out;
	is_deeply [holds($out)], [], 'no file of the store has it';
	is_deeply [holds(substr $out, 15, 40)], [], 'nor its middle';
	is verify($out, '--from', '192.0.2.7'), 0, 'it works';

	my $rec = record('alice/plain');
	is_deeply $rec->{services}, ['sshd', 'imap', 'smtp'], 'services';
	is_deeply $rec->{sources}, ['192.0.2.0/24', '2001:db8::/32'],
	    'sources';
	is_deeply $rec->{properties}, { app => 'mutt', note => 'a=b' },
	    'properties';
	is $rec->{expires}, '2037-04-01T00:00:00Z', 'expiry';
};

subtest 'JSON' => sub {
	my ($exit, $out, $err) = create('json', '--json');
	is $exit, 0, 'exit';
	is $err, '', 'nothing on stderr';
	like $out, qr/\A[^\n]+\n\z/, 'one line';
	my $answer = from_json($out);
	is verify(delete $answer->{token}), 0, 'the token works';
	is_deeply $answer, record('alice/json'), 'the rest is the record';
	is_deeply [sort keys %$answer], [sort qw(id user label state kid
	    created created_by expires services sources properties revoked
	    revoked_by revoked_reason replaces replaced_by imported scram last_used
	    last_service last_source)], 'members';
	is $answer->{state}, 'active', 'state';
	is $answer->{kid}, 1, 'kid';
	like $answer->{created}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
	    'time';
	is $answer->{revoked}, undef, 'null';
};

subtest '--output' => sub {
	my $file = "$dir/token";
	my $old = umask 0;
	my ($exit, $out, $err) = create('output', '--output', $file);
	umask $old;
	is $exit, 0, 'exit';
	is length $out, 0, 'nothing on stdout';
	ok holds_no_token($err), 'no token on stderr';
	is sprintf('%o', (stat $file)[2] & 07777), '600', 'mode';
	ok slurp($file) =~ /\Atkc1_[0-9a-z]{63}\n\z/, 'content';
	is verify(slurp($file)), 0, 'it works';

	my $before = slurp($file);
	($exit, $out, $err) = create('again', '--output', $file);
	is $exit, 1, 'a file that exists: exit';
	ok one_line($err), 'one line' or diag $err;
	ok slurp($file) eq $before, 'it is as it was';
	is record('alice/again'), undef, 'no token was made';

	symlink "$dir/elsewhere", "$dir/link" or die;
	($exit, $out, $err) = create('link', '--output', "$dir/link");
	is $exit, 1, 'a dangling link: exit';
	ok !-e "$dir/elsewhere", 'not followed';
	is record('alice/link'), undef, 'no token was made';

	($exit, $out) = create('both', '--json', '--output', "$dir/both");
	is $exit, 0, 'with --json: exit';
	my $answer = from_json($out);
	ok !exists $answer->{token}, 'no token in the JSON';
	is $answer->{output}, "$dir/both", 'but the file\'s name';
};

subtest 'a refusal leaves no file' => sub {
	set_conf($config, allow_never => 'no');
	my ($exit, $out, $err) = create('x', '--expires', 'never',
	    '--output', "$dir/refused");
	set_conf($config, allow_never => undef);
	is $exit, 1, 'refused by policy: exit';
	ok one_line($err), 'one line' or diag $err;
	ok !-e "$dir/refused", 'the file is gone again';
	chmod 0777, "$dir/store" or die;
	($exit) = create('x', '--output', "$dir/refused");
	is $exit, 4, 'an unsafe store';
	ok !-e "$dir/refused", 'no file';
	chmod 0750, "$dir/store" or die;
	is verify(slurp("$dir/token")), 0, 'and all is well again';
};

# [name, how stdout is, whether there is a record afterwards]
open my $full, '+<', '/dev/full' or die "/dev/full: $!";
pipe my $reader, my $broken or die "pipe: $!";
close $reader;
for my $case (['full disk', { stdout_fh => $full }, 1],
    ['closed pipe', { stdout_fh => $broken }, 1],
    ['closed stdout', { close => [1] }, 0],
    ['all closed but stderr', { close => [0, 1] }, 0]) {
	my ($name, $opt, $made) = @$case;
	for my $json ([], ['--json']) {
		subtest "$name @$json" => sub {
			my $label = "$name@$json";
			my ($exit, undef, $err) = create($label, @$json, $opt);
			is $exit, 1, 'exit';
			ok one_line($err), 'one line' or diag $err;
			ok holds_no_token($err), 'no token in it';
			my $rec = record("alice/$label");
			is defined $rec ? $rec->{state} : 'none',
			    $made ? 'revoked' : 'none', 'no token is left';
			like $err, qr/lost.*revoked/, 'it says so' if $made;
		};
	}
}

# Nothing outside the test's directory is named here: a fault in the code
# under test, run by root, would take it away.
subtest 'a pipe under --output' => sub {
	mkfifo("$dir/pipe", 0600) or die "mkfifo: $!";
	my ($exit, $out, $err) = create('pipe', '--output', "$dir/pipe");
	is $exit, 1, 'is a file that exists';
	ok -p "$dir/pipe", 'and stays';
	is record('alice/pipe'), undef, 'no token was made';
};

subtest '--count' => sub {
	my ($exit, $out, $err) = create('ci', '--count', '12', '--service',
	    'sshd');
	is $exit, 0, 'exit';
	my @tokens = split /\n/, $out;
	is @tokens, 12, 'a line for each';
	is scalar(grep { verify($_) eq '0' } @tokens), 12, 'all work';
	ok holds_no_token($err), 'no token on stderr';
	like $err, qr/^labels +ci-1 \.\.\. ci-12$/m, 'stderr: labels';
	like $err, qr/tokens are shown only this once/, 'a warning';
	my ($line) = (apitoken($config, 'verify', '--service', 'sshd',
	    { stdin => $tokens[9] }))[1];
	like $line, qr/ ci-10\b|"ci-10"/, 'in the order of their labels';

	($exit, $out, $err) = create('js', '--count', '3', '--json');
	is $exit, 0, 'JSON: exit';
	is $err, '', 'nothing on stderr';
	my @all = json_lines($out);
	is_deeply [map { $_->{label} } @all], [qw(js-1 js-2 js-3)],
	    'an object for each';
	is verify(delete $all[1]{token}), 0, 'with its token';
	is_deeply $all[1], record('alice/js-2'), 'and its record';

	($exit, $out) = create('fl', '--count', '3', '--json', '--output',
	    "$dir/many");
	is $exit, 0, '--output: exit';
	@all = json_lines($out);
	is_deeply [map { "$_->{label} $_->{output}" } @all],
	    [map { "fl-$_ $dir/many" } 1 .. 3], 'what is in the file';
	ok !exists $all[0]{token}, 'no token on stdout';
	is sprintf('%o', (stat "$dir/many")[2] & 07777), '600', 'its mode';
	@tokens = split /\n/, slurp("$dir/many");
	is scalar(grep { verify($_) eq '0' } @tokens), 3, 'all three work';

	($exit, $out) = create('one', '--count', '1');
	is $exit, 0, 'one is a count, too';
	ok record('alice/one-1'), 'and has a number';
	# One commit: all of them, or none.
	($exit, $out) = create('x' x 126, '--count', '10');
	is $exit, 2, 'the tenth label is too long: exit';
	is length $out, 0, 'nothing on stdout';
	is record('alice/' . 'x' x 126 . '-1'), undef, 'nor is the first made';
	($exit, undef, $err) = create('x', '--count', $_), is($exit, 2,
	    "a count of $_"), ok(one_line($err), 'one line')
	    for qw(0 1001 -1 1x 2.5 99999999999999999999), ' 2';
};

subtest '--count, and nobody reads to the end' => sub {
	pipe my $read, my $write or die "pipe: $!";
	# A page of 4096 bytes takes 59 lines of 69.
	fcntl $write, 1031, 4096 or die "F_SETPIPE_SZ: $!";
	my $reader = fork // die "fork: $!";
	if (!$reader) {
		close $write;
		my $held = pack 'i', 0;
		my $full = wait_for(sub {
			ioctl $read, 0x541b, $held;	# FIONREAD
			return unpack('i', $held) >= 59 * 69;
		});
		POSIX::_exit($full ? 0 : 1);
	}
	close $read;
	my ($exit, undef, $err) = create('torn', '--count', '70',
	    { stdout_fh => $write });
	waitpid $reader, 0;
	is $?, 0, 'the reader had 59 lines';
	is $exit, 6, 'exit: some are in force';
	ok one_line($err), 'one line' or diag $err;
	like $err, qr/11 tokens are lost, from alice\/torn-60 on, and were/,
	    'it says which';
	my (undef, $out) = apitoken($config, '--json', 'list');
	my %state = map { $_->{label} => $_->{state} } json_lines($out);
	is_deeply [map { $state{"torn-$_"} } 1 .. 70],
	    [('active') x 59, ('revoked') x 11], 'and what happened to them';
};

subtest 'who asked' => sub {
	my $rec = record('alice/plain');
	my ($name) = getpwuid $<;
	is $rec->{created_by}, $name // "uid $<", 'the real user';
	SKIP: {
		skip 'only root can be a sudo caller', 4 if $< != 0;
		my ($uid, $daemon) = (getpwnam 'daemon')[2, 0];
		create('sudo', { env => { SUDO_UID => $uid,
		    SUDO_USER => 'mallory' } });
		is record('alice/sudo')->{created_by}, $daemon,
		    'the sudo caller, by number';
		create('odd', { env => { SUDO_UID => '4000000000',
		    SUDO_USER => 'mallory' } });
		is record('alice/odd')->{created_by}, 'uid 4000000000',
		    'a number without a name';
		create('junk', { env => { SUDO_UID => "1\n2",
		    SUDO_USER => 'mallory' } });
		is record('alice/junk')->{created_by}, $name, 'no number';
		create('user only', { env => { SUDO_USER => 'mallory' } });
		is record('alice/user only')->{created_by}, $name,
		    'a name alone counts nothing';
	}
};

subtest 'limits that still fit' => sub {
	my $label = ("\xc3\xa4" x 63) . 'ab';
	my ($exit, undef, $err) = create($label);
	is $exit, 0, 'a label of 128 bytes' or diag $err;
	my @services = map { sprintf 's%031d', $_ } 1 .. 32;
	my @sources = map { "2001:db8:ffff:ffff:ffff:ffff:ffff:$_" } 1 .. 16;
	($exit, undef, $err) = create('most',
	    '--service', join(',', @services),
	    (map { ('--from', $_) } @sources),
	    map { ('--property', sprintf('k%063d=%s', $_, 'v' x 256)) }
	    1 .. 16);
	is $exit, 0, 'all there can be' or diag $err;
	my $rec = record('alice/most');
	is @{ $rec->{services} }, 32, 'services';
	is @{ $rec->{sources} }, 16, 'sources';
	is keys %{ $rec->{properties} }, 16, 'properties';
};

subtest 'an interruption between making and giving' => sub {
	my $config = init_store();
	pipe my $in, my $out or die "pipe: $!";
	my $filled = 0;
	$out->blocking(0);
	while (my $n = syswrite $out, "x" x 4096) { $filled += $n }
	$out->blocking(1);
	my $pid = start([program('apitoken'), '--config', $config, 'create',
	    '--user', 'alice', '--label', 'interrupted'], stdout_fh => $out);
	close $out;
	ok wait_for(sub { (apitoken($config, 'show',
	    'alice/interrupted'))[0] eq '0' }), 'it is made';
	kill 'INT', $pid;
	my $text = do { local $/; <$in> };
	waitpid $pid, 0;
	my $token = substr $text, $filled;
	chomp $token;
	my ($exit) = apitoken($config, 'verify', '--service', 'x',
	    { stdin => $token });
	is $exit, '0', 'and was given';
};

done_testing;
