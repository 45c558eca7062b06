#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each file and folder of an installation missing, empty, cut in half, a link,
# another's, with a wrong mode, a folder or a FIFO in its place: what a login
# needs makes it "unavailable" and is named; what only a writer needs leaves
# logins alone, and a change is refused, naming it, or mends it.
use strict;
use warnings;
use POSIX qw(mkfifo);
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

need_root();

my $nobody = 65534;
my $base = tempdir(mode => 0755);
mkdir "$base/parent" or die;
my $config = init_store(dir => "$base/parent");
my $dir = "$base/parent";
my $store = "$dir/store";
my ($token, $rec) = create_token($config, label => 'active');
my ($gone, $gone_rec) = create_token($config, label => 'gone');
apitoken($config, 'revoke', 'alice/gone');
my $state = state_of($store);
my $saved = save($base);

# What is done to a file.
my %damage = (
	missing => sub { Apitoken::Store::remove($_[0]) },
	empty => sub {
		if (-d $_[0]) {
			Apitoken::Store::clear($_[0], {});
		} else {
			truncate $_[0], 0 or die;
		}
	},
	half => sub { truncate $_[0], int((-s $_[0]) / 2) or die },
	link => sub {
		rename $_[0], "$_[0].real" or die;
		symlink "$_[0].real", $_[0] or die;
	},
	owner => sub { chown $nobody, -1, $_[0] or die },
	'group-writable' => sub { chmod +(stat $_[0])[2] & 07777 | 020,
	    $_[0] or die },
	'world-readable' => sub { chmod +(stat $_[0])[2] & 07777 | 04,
	    $_[0] or die },
	folder => sub { unlink $_[0]; mkdir $_[0], 0755 or die },
	fifo => sub {
		Apitoken::Store::remove($_[0]);
		mkfifo($_[0], 0600) or die;
	},
);
my @all = sort keys %damage;
my @but_world = grep { $_ ne 'world-readable' } @all;
my @of_folder = grep { !/^(?:half|folder|world-readable|link)$/ } @all;

# [name, path, needed for a login, what is done to it]
my @needed = (
	['apitoken.conf', $config, @but_world],
	['secret.conf', "$dir/secret.conf", @all],
	['state', "$store/state", @all],
	["current ($state->{side})", "$store/$state->{side}.gdbm", @all],
	['the store folder', $store, @of_folder],
	['its parent', $dir, @of_folder],
);

my @asked_for_password;	# damage that made the command refuse to say

# Three ways to ask: the command, a handle opened before, one opened now.
sub ask_all {
	my ($early, $text) = @_;
	my ($exit, $out, $err) = apitoken($config, '--json', 'verify',
	    '--service', 'sshd', { stdin => $text });
	my $got = eval { from_json($out) } // {};
	my $late = ask_start($config);
	my $opened = $late->('open');
	my $answer = $late->('verify', $text);
	$late->();
	return ([$exit, $got->{verdict} // 'none',
	    ($got->{detail} // '') . $err],
	    [split(' ', $early->('verify', $text), 2)],
	    [split(' ', $answer, 2), $opened]);
}

sub early {
	my $ask = ask_start($config);
	is $ask->('open'), 'ok', 'a handle opened before';
	return $ask;
}

for my $row (@needed) {
	my ($name, $path, @what) = @$row;
	for my $what (@what) {
		subtest "$name: $what" => sub {
			needed($name, $path, $what);
		};
		restore($saved);
	}
}

sub needed {
	my ($name, $path, $what) = @_;
	my $early = early();
	$damage{$what}->($path);
	my ($cli, $old, $new) = ask_all($early, $token);
	is $cli->[0], 4, 'command: exit';
	# An empty folder lacks the first file that is looked for in it.
	like $cli->[2], qr/\Q$path\E/, 'command: the file is named';
	# Of the folders above, a handle keeps what it found when it opened.
	if ($path ne $dir || $old->[0] ne 'valid') {
		is $old->[0], 'unavailable', 'a handle opened before: verdict';
		like $old->[1], qr/\Q$path\E/, 'the file is named';
	}
	is $new->[0], 'unavailable', 'a handle opened now: verdict';
	like "@$new[1 .. $#$new]", qr/\Q$path\E/, 'the file is named';
	ok holds_no_token("@$cli @$old @$new"), 'no token in it';
	my @revoked = ask_all($early, $gone);
	is_deeply [grep { /^(?:0|valid)$/ } map { @$_[0, 1] } @revoked], [],
	    'the revoked token: refused';
	my @password = ask_all($early, 'an ordinary password');
	push @asked_for_password, "$name, $what: $password[0][1]"
	    if $password[0][1] ne 'not-a-token';
	is $password[1][0], 'not-a-token', 'handle: a password';
	is $password[2][0], 'not-a-token', 'new handle: a password';
	my ($exit, undef, $err) = apitoken($config, 'create', '--user',
	    'alice', '--label', 'x');
	is $exit, 4, 'a change: exit';
	ok one_line($err), 'one line' or diag $err;
	like $err, qr/\Q$path\E/, 'the file is named';
	$early->();
}

is_deeply \@asked_for_password, [],
    'command: an ordinary password is not-a-token whatever is broken';

# What only a writer needs. "mends": the change works and the store is whole.
my %mends = map { $_ => 1 } qw(missing empty half);
my @writer = (
	["standby ($state->{other})", "$store/$state->{other}.gdbm", @all],
	['journal', "$store/journal", @all],
	['lock', "$store/lock", grep { $_ ne 'half' } @all],
);
for my $row (@writer) {
	my ($name, $path, @what) = @$row;
	for my $what (@what) {
		subtest "$name: $what" => sub {
			writer_only($path, $what);
		};
		restore($saved);
	}
}

sub logins_go_on {
	my ($early, $when) = @_;
	my @active = ask_all($early, $token);
	is $active[0][1], 'valid', "$when: command";
	is $active[1][0], 'valid', "$when: a handle opened before";
	is $active[2][0], 'valid', "$when: a handle opened now";
	my @revoked = ask_all($early, $gone);
	is $revoked[0][1], 'revoked', "$when: the revoked one, command";
	is $revoked[1][0], 'revoked', "$when: the same, early handle";
	is $revoked[2][0], 'revoked', "$when: the same, new handle";
}

sub writer_only {
	my ($path, $what) = @_;
	my $early = early();
	$damage{$what}->($path);
	logins_go_on($early, 'damaged');
	my $before = listed($config);
	my ($exit, $out, $err) = apitoken($config, '--json', 'create',
	    '--user', 'alice', '--label', 'new');
	if ($mends{$what}) {
		is $exit, 0, 'a change works' or diag $err;
		is doctor_worst($config), 'fine', 'and mends the store';
		is keys %{ listed($config) }, 3, 'the new token is there';
		my ($ok) = apitoken($config, 'revoke', 'alice/new');
		is $ok, 0, 'and can be revoked';
		is doctor_worst($config), 'fine', 'whole again';
	} else {
		is $exit, 4, 'a change is refused';
		ok one_line($err), 'one line' or diag $err;
		like $err, qr/\Q$path\E/, 'the file is named';
		is_deeply listed($config), $before, 'nothing changed';
		is doctor_worst($config), 'problem', 'doctor knows';
	}
	logins_go_on($early, 'after the change');
	is_deeply [tmp_files($base)], [], 'no temporary file is left';
	$early->();
}

# What nothing depends on.
for my $what (@all) {
	subtest "lastuse: $what" => sub {
		harmless("$store/lastuse", $what);
	};
	restore($saved);
}

sub harmless {
	my ($path, $what) = @_;
	my $early = early();
	$damage{$what}->($path);
	logins_go_on($early, 'damaged');
	my %odd = map { $_ => 1 } qw(link owner folder fifo);
	is doctor_worst($config), $odd{$what} ? 'warning' : 'fine', 'doctor';
	my ($exit, $out, $err) = apitoken($config, '--json', 'create',
	    '--user', 'alice', '--label', 'new');
	is $exit, 0, 'a change works' or diag $err;
	logins_go_on($early, 'after the change');
	is doctor_worst($config), $what eq 'folder' ? 'warning' : 'fine',
	    'doctor, after the change';
	is $early->('used', $rec->{id}), $what eq 'folder' ? 'ok' : 'ok sshd',
	    'last use';
	is_deeply [tmp_files($base)], [], 'no temporary file is left';
	$early->();
}

# Truncation anywhere, not in the middle alone.
subtest 'the secret and the configuration cut at every byte' => sub {
	for my $path ("$dir/secret.conf", $config) {
		my $text = slurp($path);
		my %count;
		my $ask = ask_start($config);
		for my $len (0 .. length($text) - 2) {
			spit($path, substr($text, 0, $len),
			    (stat $path)[2] & 07777);
			$ask->('open');
			my ($v) = split ' ', $ask->('verify', $gone);
			$count{"revoked token $v"}++ if $v eq 'valid';
			($v) = split ' ', $ask->('verify', $token);
			$count{$v}++;
		}
		$ask->();
		delete @count{qw(unavailable valid)};
		is_deeply \%count, {}, "$path: nothing but unavailable, " .
		    'or valid where only comments and defaults were lost';
		restore($saved);
	}
};

# A store folder that is a link is followed; where it leads is checked.
subtest 'the store folder is a link' => sub {
	rename $store, "$base/elsewhere" or die;
	symlink "$base/elsewhere", $store or die;
	my $ask = ask_start($config);
	is $ask->('open'), 'ok', 'to a folder that can be trusted';
	like $ask->('verify', $token), qr/^valid /, 'valid';
	$ask->();
	chmod 0770, "$base/elsewhere" or die;
	$ask = ask_start($config);
	like $ask->('open'), qr/\Q$base\E\/elsewhere/, 'to one that cannot';
	like $ask->('verify', $token), qr/^unavailable /, 'unavailable';
	$ask->();
	unlink $store or die;
	Apitoken::Store::remove("$base/elsewhere");
	restore($saved);
};

done_testing;
