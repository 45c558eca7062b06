#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What an unclean stop, a careless restore or an exchange of files leaves
# behind: the next change brings it in order, or nobody is let in; and a
# change that is killed at each of its system calls in turn.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

need_root();
# Thousands of commits: in memory no sync is waited for.
$ENV{TMPDIR} = '/dev/shm' if !$ENV{TMPDIR} && -d '/dev/shm' && -w _;

my $config = init_store(conf => { audit_log => 'none' });
my ($dir) = $config =~ m{^(.*)/};
my $store = "$dir/store";
my (%token, %id);
for my $name (qw(on off victim)) {
	($token{$name}, my $rec) = create_token($config, label => $name);
	$id{$name} = $rec->{id};
}
apitoken($config, 'revoke', 'alice/off');
my $saved = save($dir);
my $state = state_of($store);
my $other = init_store(conf => { audit_log => 'none' });
create_token($other, label => "other $_") for 1 .. 3;
apitoken($other, 'revoke', 'alice/other 3');
(my $other_store = $other) =~ s{/[^/]*$}{/store};
is state_of($other_store)->{seq}, $state->{seq}, 'a store of the same age';

sub word {
	my ($name) = @_;
	my (undef, $out) = apitoken($config, 'verify', '--service', 'sshd',
	    { stdin => $token{$name} });
	return (split ' ', $out)[0] // 'nothing';
}

sub words { return join ' ', map { word($_) } qw(on off) }

# What is wrong after a change that has to work; in words.
sub mend {
	my @wrong;
	my ($exit, undef, $err) = apitoken($config, 'create', '--user',
	    'alice', '--label', 'mended');
	push @wrong, "create: exit $exit: $err" if $exit ne '0';
	push @wrong, 'then: ' . words() if words() ne 'valid revoked';
	push @wrong, 'doctor: ' . doctor_worst($config)
	    if doctor_worst($config) ne 'fine';
	my @tmp = tmp_files($store);
	push @wrong, "left: @tmp" if @tmp;
	# The other file gets its turn.
	($exit, undef, $err) = apitoken($config, 'revoke', 'alice/mended');
	push @wrong, "revoke: exit $exit: $err" if $exit ne '0';
	push @wrong, 'at last: ' . words() if words() ne 'valid revoked';
	push @wrong, 'doctor: ' . doctor_worst($config)
	    if doctor_worst($config) ne 'fine';
	return @wrong;
}

sub copy {
	my ($from, $to) = @_;
	spit($to, slurp($from), 0640);
	return;
}

sub flipped {
	my ($path, $at) = @_;
	my $data = slurp($path);
	substr($data, $at, 1) ^= "\xff";
	spit($path, $data, 0640);
	return;
}

my $journal = "$store/journal";
my $standby = "$store/$state->{other}.gdbm";
my $current = "$store/$state->{side}.gdbm";

# [what, how]: logins go on, the next change mends it.
my @mended = (
	['nothing is wrong', sub { }],
	['the journal is longer: rubbish', sub {
		spit($journal, slurp($journal) . 'x' x 100, 0640);
	}],
	['the journal is longer: its last entry twice', sub {
		my $all = slurp($journal);
		spit($journal, $all . substr($all, $state->{journal_last}),
		    0640);
	}],
	['the journal is shorter', sub {
		truncate $journal, $state->{journal_len} - 1 or die;
	}],
	['the journal is empty', sub { truncate $journal, 0 or die }],
	['the journal is missing', sub { unlink $journal or die }],
	['the journal is of another store', sub {
		copy("$other_store/journal", $journal);
	}],
	['of another store, with the right length', sub {
		my $foreign = slurp("$other_store/journal") . 'x' x 4096;
		spit($journal, substr($foreign, 0, $state->{journal_len}),
		    0640);
	}],
	['the journal begins anew and has the right length by chance', sub {
		my $all = slurp($journal);
		spit($journal, substr($all, 0, 20) . "\0" x
		    (length($all) - 20), 0640);
	}],
	['the last entry is damaged', sub {
		flipped($journal, $state->{journal_last} + 40);
	}],
	['the standby is missing', sub { unlink $standby or die }],
	['the standby is empty', sub { truncate $standby, 0 or die }],
	['the standby is torn', sub {
		truncate $standby, (-s $standby) / 2 or die;
	}],
	['the standby is rubbish', sub { spit($standby, 'x' x 16_384, 0640) }],
	['the standby is of another store', sub {
		copy("$other_store/$state->{other}.gdbm", $standby);
	}],
	['the standby is a copy of the current one', sub {
		copy($current, $standby);
	}],
	['journal and standby are missing', sub {
		unlink $journal, $standby or die;
	}],
	['the lock is missing', sub { unlink "$store/lock" or die }],
);
for my $case (@mended) {
	my ($name, $how) = @$case;
	subtest $name => sub {
		$how->();
		is words(), 'valid revoked', 'logins go on';
		isnt doctor_worst($config), 'problem', 'at most a warning'
		    if $name !~ /journal.*missing/;
		is_deeply [mend()], [], 'the next change mends it';
		restore($saved);
	};
}

# A pointer that is damaged must not find a page as it was before.
subtest 'no old copy of a page that was rewritten' => sub {
	my @labels = map { "a label of its own $_" } 1 .. 40;
	create_token($config, label => $_) for @labels;
	apitoken($config, 'revoke', "alice/$_", '--reason', 'x' x 50)
	    for @labels;
	create_token($config, label => 'one more');
	my %copies;
	for my $file ("$store/left.gdbm", "$store/right.gdbm") {
		my $data = slurp($file);
		for my $label (@labels) {
			my $n = () = $data =~ /\Q$label\E(?![0-9])/g;
			$copies{$n}++;
		}
	}
	is_deeply \%copies, { 1 => 2 * @labels }, 'each record is in each ' .
	    'file once';
	restore($saved);
};

# What a killed writer may have left of its new files; and what someone may
# have put there.
my $outside = tempdir() . '/outside';
for my $name (qw(journal left.gdbm right.gdbm)) {
	my $tmp = "$store/$name.tmp";
	for my $kind ('rubbish', 'a link') {
		subtest "$name.tmp is $kind" => sub {
			spit($outside, 'untouched');
			if ($kind eq 'a link') {
				symlink $outside, $tmp or die;
			} else {
				spit($tmp, 'x' x 20_000, 0600);
			}
			is words(), 'valid revoked', 'logins go on';
			# So that this file is one the change has to make.
			unlink $journal if $name eq 'journal';
			unlink "$store/$name" if $name eq
			    "$state->{other}.gdbm";
			my @wrong = grep { $_ !~ /^left: \Q$tmp\E$/ ||
			    $name ne "$state->{side}.gdbm" } mend();
			is_deeply \@wrong, [], 'a change takes it away';
			is slurp($outside), 'untouched', 'a link is not ' .
			    'followed';
			restore($saved);
		};
	}
}

# The file that the next state is written to: only one that is as a new one
# would be.
my $spare = "$store/state.spare";
my @spares = (
	['missing', sub { }],
	['rubbish', sub { spit($spare, 'x' x 20_000, 0640) }],
	['readable by none else', sub { spit($spare, 'x', 0600) }],
	['readable by all', sub { spit($spare, 'x', 0644) }],
	["another group's", sub {
		spit($spare, 'x', 0640);
		chown 0, 65534, $spare or die;
	}],
	["another user's", sub {
		spit($spare, 'x', 0640);
		chown 65534, 0, $spare or die;
	}],
	['a link', sub { symlink $outside, $spare or die }],
	["another file's second name", sub { link $outside, $spare or die }],
	['a FIFO', sub { POSIX::mkfifo($spare, 0640) or die }],
	["the state's second name", sub { link "$store/state", $spare or die }],
);
for my $case (@spares) {
	my ($kind, $how) = @$case;
	subtest "the spare is $kind" => sub {
		spit($outside, 'untouched', 0640);
		unlink $spare or die;
		$how->();
		is words(), 'valid revoked', 'logins go on';
		is_deeply [mend()], [], 'changes work';
		my @st = stat "$store/state";
		is sprintf('%o %d:%d, %d', @st[2, 4, 5, 3]), '100640 0:0, 1',
		    'the state is as it should be';
		@st = lstat $spare;
		is sprintf('%o %d:%d, %d', @st[2, 4, 5, 3]), '100640 0:0, 1',
		    'and so is the spare';
		is slurp($outside), 'untouched', 'no other file is';
		restore($saved);
	};
}

subtest 'the two state files take turns' => sub {
	for my $case ([0, 0700, 0], [65534, 0750, 0], [65534, 02750, 65534]) {
		my ($group, $mode, $want) = @$case;
		my $name = sprintf 'group %d, %o', $group, $mode;
		chown 0, $group, $store or die;
		chmod $mode, $store or die;
		create_token($config, label => "$name, $_") for 1, 2;
		my @before = map { (stat)[1] } "$store/state", $spare;
		create_token($config, label => $name);
		is_deeply [map { (stat)[1] } $spare, "$store/state"],
		    \@before, "$name: none is made";
		is((stat $_)[5], $want, 'of the right group')
		    for $spare, "$store/state";
	}
	restore($saved);
};

# As doc/recipes/postfix.md has it: who may read the state may read the next
# one, and no longer than that.
subtest 'an access control list' => sub {
	my @names = ($store, "$store/state", glob "$store/*.gdbm");
	my $named = sub {
		my ($exit, $out) = run([qw(getfacl -cp), $_[0]]);
		is $exit, '0', 'getfacl';
		return $out =~ /^user:nobody:r--$/m ? 1 : 0;
	};
	is system("setfacl -m u:nobody:rx -m d:u:nobody:r $store && " .
	    "setfacl -m u:nobody:r @names[1 .. 3]"), 0, 'setfacl';
	for my $n (1 .. 3) {
		create_token($config, label => "listed $n");
		is $named->("$store/state"), 1, "after $n commits";
	}
	is system('setfacl', '-b', @names), 0, 'taken away';
	for my $n (1 .. 3) {
		create_token($config, label => "unlisted $n");
		is $named->("$store/state"), 0, "after $n commits";
	}
	restore($saved);
};

# What cannot be taken away stops a change, which says why.
subtest 'the spare is a folder' => sub {
	unlink $spare or die;
	mkdir $spare or die;
	my ($exit, undef, $err) = apitoken($config, 'revoke', $id{victim});
	is $exit, 4, 'no change is made';
	is $err, "apitoken: revoke: $spare: Is a directory\n", 'it says why';
	is word('victim') . ' ' . words(), 'valid valid revoked',
	    'logins go on';
	rmdir $spare or die;
	is_deeply [mend()], [], 'changes work';
	restore($saved);
};

# A disk that is full has room for a smaller change.
subtest 'a change that fails' => sub {
	my $inode = (stat $spare)[1];
	set_conf($config, audit_log => "$dir/nowhere/audit.json");
	my ($exit) = apitoken($config, 'revoke', $id{victim});
	is $exit, 4, 'it does';
	is((stat $spare)[1], $inode, 'and leaves the spare');
	is -s $journal, state_of($store)->{journal_len},
	    'and nothing in the journal';
	set_conf($config, audit_log => 'none');
	is_deeply [mend()], [], 'changes work';
	restore($saved);
};

# [what, how]: nobody is let in, no change is made, the file is named.
my @refused = (
	['left and right exchanged', qr/gdbm/, sub {
		rename $current, "$store/x" or die;
		rename $standby, $current or die;
		rename "$store/x", $standby or die;
	}],
	['the current file is the standby', qr/gdbm/, sub {
		copy($standby, $current);
	}],
	['the current file is of another store', qr/gdbm/, sub {
		copy("$other_store/$state->{side}.gdbm", $current);
	}],
	['both files are of another store', qr/gdbm/, sub {
		copy("$other_store/$_.gdbm", "$store/$_.gdbm")
		    for qw(left right);
	}],
	['the state is of another store', qr/gdbm/, sub {
		copy("$other_store/state", "$store/state");
	}],
	map({
		my $commits = $_;
		["the state is $commits commits older", qr/gdbm/, sub {
			my $old = slurp("$store/state");
			create_token($config, label => "newer $_")
			    for 2 .. $commits;
			apitoken($config, 'revoke', 'alice/on');
			spit("$store/state", $old, 0640);
		}]
	} 2 .. 5),
	map({
		my $commits = $_;
		["the data are $commits commits older", qr/gdbm/, sub {
			my %old = map { ($_ => slurp("$store/$_.gdbm")) }
			    qw(left right);
			create_token($config, label => "newer $_")
			    for 1 .. $commits;
			spit("$store/$_.gdbm", $old{$_}, 0640)
			    for qw(left right);
		}]
	} 2 .. 4),
);
for my $case (@refused) {
	my ($name, $named, $how) = @$case;
	subtest $name => sub {
		$how->();
		is words(), 'unavailable unavailable', 'nobody is let in';
		my $before = tree($store);
		for my $verb (['create', '--user', 'alice', '--label', 'x'],
		    ['revoke', $id{victim}], ['key', 'add']) {
			my ($exit, $out, $err) = apitoken($config, @$verb);
			is $exit, 4, "$verb->[0]: exit";
			ok one_line($err), 'one line' or diag $err;
			like $err, $named, 'the file is named';
		}
		ok same_tree($before, tree($store)), 'nothing was changed';
		is doctor_worst($config), 'problem', 'doctor knows';
		restore($saved);
	};
}

# ---- killed at each system call ----

# [call, n] of every point at which a change can be killed, one at a time; fn
# looks at what is left.
sub each_point {
	my ($before, $prepare, $fn, @verb) = @_;
	my $points = 0;
	for my $call (qw(write pwrite64 fsync fdatasync renameat renameat2
	    unlinkat fchmod fchown ftruncate)) {
		for my $n (1 .. 200) {
			restore($before);
			$prepare->();
			killed_at($call, $n, @verb) or last;
			$points++;
			$fn->("$call $n");
		}
	}
	restore($before);
	return $points;
}

# Runs a change, killed at the n-th call of that name; true if it got so far.
sub killed_at {
	my ($call, $n, @verb) = @_;
	my ($exit) = run(['strace', '-o', '/dev/null', '-e',
	    "trace=$call", '-e', "inject=$call:signal=KILL:when=$n",
	    program('apitoken'), '--config', $config, @verb]);
	return $exit ne '0' && $exit ne '4';
}

sub killed_everywhere {
	my ($before, $prepare) = @_;
	my ($done, @wrong) = (0);
	my $points = each_point($before, $prepare, sub {
		my ($point) = @_;
		my @now = (word('victim'), words());
		$done += $now[0] eq 'revoked';
		push @wrong, "$point: @now"
		    if "@now" !~ /^(?:valid|revoked) valid revoked$/;
		push @wrong, "$point: worse than a warning"
		    if doctor_worst($config) eq 'problem';
		push @wrong, map { "$point: $_" } mend();
		push @wrong, "$point: came back" if word('victim') ne $now[0];
	}, 'revoke', $id{victim});
	is_deeply \@wrong, [], 'whole or not at all, and mended';
	cmp_ok $points, '>', 8, "$points points";
	note "the change was in force at $done of $points points";
	return;
}

sub key_states {
	my ($exit, $out) = apitoken($config, 'key', 'list', '--json');
	return $exit eq '0' ? join ' ', map { "$_->{kid} $_->{state}" }
	    json_lines($out) : 'none';
}

# secret.conf is a file of its own: the old one or the new one.
sub key_killed_everywhere {
	my ($done, @wrong) = (0);
	my $points = each_point($saved, sub { }, sub {
		my ($point) = @_;
		my $now = key_states();
		$done += $now eq '1 active 7 verify';
		push @wrong, "$point: $now"
		    if $now !~ /^1 active(?: 7 verify)?$/;
		push @wrong, "$point: " . words()
		    if words() ne 'valid revoked';
		my ($exit, undef, $err) = apitoken($config, 'key', 'add',
		    '--kid', 8);
		push @wrong, "$point: then: $err" if $exit ne '0';
		push @wrong, "$point: left: $_" for tmp_files($dir);
	}, 'key', 'add', '--kid', 7);
	is_deeply \@wrong, [], 'the old keys or the new ones';
	cmp_ok $points, '>', 3, "$points points";
	note "the key was there at $done of $points points";
	return;
}

SKIP: {
	skip 'strace is missing or may not trace here', 4
	    if system('strace -o /dev/null true 2>/dev/null') != 0;
	subtest 'killed at each system call' => sub {
		killed_everywhere($saved, sub { });
	};
	subtest 'killed while the standby is made anew' => sub {
		killed_everywhere($saved, sub { unlink $standby or die });
	};
	subtest 'killed while a key is added' => \&key_killed_everywhere;
	subtest 'killed while the journal begins anew' => sub {
		my $long = long_journal();
		killed_everywhere($long, sub { }) if $long;
	};
}

# A journal over its bound, so that the next change begins a new one.
sub long_journal {
	my $ask = ask_start($config);
	is $ask->('open'), 'ok', 'open';
	my $bound = 4 << 20;
	while (-s $journal <= $bound) {
		my $n = $bound - -s _ > 300_000 ? 50 : 1;
		is $ask->('fill', $n), 'ok', 'fill' or last;
	}
	$ask->();
	cmp_ok -s $journal, '>', $bound, 'the journal is over its bound' or
	    return;
	my $long = save($dir);
	my $all = listed($config);
	($state, my $old) = (state_of($store), $state);
	create_token($config, label => 'begins anew');
	cmp_ok -s $journal, '<', 1 << 20, 'the next change begins it anew';
	is_deeply [mend()], [], 'and all is well';
	cmp_ok scalar keys %{ listed($config) }, '==', 2 + keys %$all,
	    'every token is there';
	restore($long);
	return $long;
}

done_testing;
