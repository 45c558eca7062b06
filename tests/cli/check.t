#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken check and compact: every record is looked at, and the data files
# lose their gaps and nothing else.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli;
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my $token = create_token($config, user => 'alice', label => 'kept');
apitoken($config, 'import', '--csv', { stdin => "value,user,label\n" .
    join '', map { sprintf "a value made elsewhere %06d,u,l%d\n", $_, $_ }
    1 .. 300 });

# check(): exit, findings that are not fine.
sub check {
	my ($exit, $out, $err) = apitoken($config, '--json', 'check');
	is $err, '', 'nothing on stderr';
	return ($exit, grep { $_->{severity} ne 'fine' } json_lines($out));
}

# with_file($name, $bytes, $test): the file of the store with other bytes.
sub with_file {
	my ($name, $bytes, $test) = @_;
	my $path = "$dir/store/$name";
	my $before = slurp($path);
	my $mode = (stat $path)[2] & 07777;
	spit($path, $bytes, $mode);
	$test->();
	spit($path, $before, $mode);
	return;
}

# The data file that is not the standby.
sub current {
	return slurp("$dir/store/state") =~ /\ATCS1L/ ? 'left' : 'right';
}

subtest 'sound' => sub {
	my $before = tree($dir);
	my ($exit, $out, $err) = apitoken($config, 'check');
	is $exit, 0, 'exit';
	is $err, '', 'nothing on stderr';
	like $out, qr/^fine +store: 301 tokens, every record whole$/m,
	    'how many were looked at';
	like $out, qr/^problems: 0, warnings: 0$/m, 'a sum';
	($exit, my @findings) = check();
	is $exit, 0, 'JSON: exit';
	is @findings, 0, 'nothing found';
	is_deeply tree($dir), $before, 'it changed nothing';
};

subtest 'a flipped bit' => sub {
	my $name = current() . '.gdbm';
	my $bytes = slurp("$dir/store/$name");
	my $at = index $bytes, 'kept';
	ok $at > 0, 'a label is found';
	substr($bytes, $at, 1) ^= "\1";
	with_file($name, $bytes, sub {
		my ($exit, @findings) = check();
		is $exit, 4, 'exit';
		is $findings[0]{severity}, 'problem', 'a problem';
		like $findings[0]{what}, qr/\Q$name\E/, 'the file';
		isnt $findings[0]{mend}, '', 'how to mend it';
		my (undef, $out) = apitoken($config, 'check');
		like $out, qr/^problems: 1,/m, 'in words';
	});
	is +(check())[0], 0, 'well again';
};

subtest 'another secret' => sub {
	my $path = "$dir/secret.conf";
	my $secret = slurp($path);
	spit($path, $secret =~ s/^(secret = ).*/$1 . 'x' x 40/emr);
	my ($exit, @findings) = check();
	is $exit, 4, 'exit';
	like $findings[0]{why}, qr/^301 records have seals that do not fit/,
	    'every seal was looked at';
	spit($path, $secret);
};

subtest 'the other files' => sub {
	my $standby = current() eq 'left' ? 'right' : 'left';
	with_file("$standby.gdbm", 'x', sub {
		my ($exit, @findings) = check();
		is $exit, 0, 'the standby: exit';
		is $findings[0]{severity}, 'warning', 'a warning';
	});
	with_file('state', '', sub {
		is +(check())[0], 4, 'the state: exit';
	});
	with_file('journal', slurp("$dir/store/journal") . 'x', sub {
		my ($exit, @findings) = check();
		is $exit, 0, 'the journal: exit';
		like $findings[0]{what}, qr/journal/, 'a warning';
	});
	my $spare = "$dir/store/state.spare";
	rename $spare, "$spare.gone" or die;
	mkdir $spare or die;
	my ($exit, @findings) = check();
	is $exit, 4, 'the spare is a folder: exit';
	is $findings[0]{what}, $spare, 'a problem';
	rmdir $spare or die;
	is +(check())[0], 0, 'it is missing: exit';
	rename "$spare.gone", $spare or die;
	rename $config, "$config.gone" or die;
	is +(check())[0], 4, 'no configuration: exit';
	rename "$config.gone", $config or die;
	is +(check())[0], 0, 'well again';
};

# finds($severity, $what, $why, $name): the one finding, about what and why.
sub finds {
	my ($severity, $what, $why, $name) = @_;
	my ($exit, @findings) = check();
	is $exit, $severity eq 'problem' ? 4 : 0, "$name: exit";
	is @findings, 1, "$name: one finding";
	my $found = $findings[0] // {};
	is $found->{severity}, $severity, "$name: how bad";
	like $found->{what}, $what, "$name: what";
	like $found->{why}, $why, "$name: why";
	isnt $found->{mend} // '', '', "$name: how to mend it";
	return;
}

subtest 'a file that is not what it should be' => sub {
	my %file = (lastuse => "$dir/store/lastuse",
	    audit => "$dir/audit.json");
	my $bad = $> == 0 ? 'problem' : 'warning';
	rename $file{lastuse}, "$file{lastuse}.gone";
	symlink "$dir/nowhere", $file{lastuse} or die "symlink: $!";
	finds('warning', qr/lastuse$/, qr/not a regular file/, 'a link');
	unlink $file{lastuse} or die "unlink: $!";
	spit($file{lastuse}, '', 0666);
	finds('warning', qr/lastuse$/, qr/writable by everyone/,
	    'last use, for everyone');
	unlink $file{lastuse} or die "unlink: $!";
	rename "$file{lastuse}.gone", $file{lastuse};

	my $mode = (stat $file{audit})[2] & 07777;
	chmod 0666, $file{audit} or die "chmod: $!";
	finds($bad, qr/audit\.json$/, qr/writable by everyone/,
	    'audit log, for everyone');
	chmod $mode, $file{audit} or die "chmod: $!";
	link $file{audit}, "$dir/other" or die "link: $!";
	finds($bad, qr/audit\.json$/, qr/has another name/, 'a hard link');
	unlink "$dir/other" or die "unlink: $!";

	# Whoever can open it can stop every change for good.
	chmod 0640, "$dir/store/lock" or die "chmod: $!";
	my ($exit, undef, $err) = apitoken($config, 'revoke', 'alice/kept');
	is $exit, 4, 'a lock for others: exit';
	like $err, qr/others could hold it .*chmod 600/, 'what to do';
	chmod 0600, "$dir/store/lock" or die "chmod: $!";
	is +(check())[0], 0, 'well again';
};

subtest 'owned by somebody else' => sub {
	plan skip_all => 'needs to be root' if $> != 0;
	my $path = "$dir/store/lastuse";
	my $was = -e $path;
	spit($path, '') if !$was;
	my ($uid, $gid) = (stat $path)[4, 5];
	chown 65534, $gid, $path or die "chown: $!";
	finds('warning', qr/lastuse$/, qr/belongs neither to root/,
	    'last use');
	chown $uid, $gid, $path or die "chown: $!";
	unlink $path if !$was;
};

subtest 'a key that is gone, and all switched off' => sub {
	my $path = "$dir/secret.conf";
	my $secret = slurp($path);
	for (['key', 'add', '--kid', 2], ['key', 'activate', 2]) {
		my ($exit, undef, $err) = apitoken($config, @$_);
		is $exit, 0, "@$_[0, 1]" or diag $err;
	}
	create_token($config, user => 'alice', label => 'of key 2');
	my $both = slurp($path);
	spit($path, $secret);
	finds('warning', qr/(?:left|right)\.gdbm$/,
	    qr/^1 tokens are of keys that are not in/, 'a key');
	spit($path, $both);
	set_conf($config, enabled => 'no');
	finds('warning', qr/^configuration$/, qr/every token is refused/,
	    'switched off');
	set_conf($config, enabled => 'yes');
	is +(check())[0], 0, 'well again';
};

# ---- compact ----
sub size {
	my $bytes = 0;
	$bytes += -s "$dir/store/$_" // 0 for qw(left.gdbm right.gdbm state
	    state.spare journal lock);
	return $bytes;
}

subtest 'compact' => sub {
	for my $n (1 .. 3) {
		apitoken($config, 'edit', '--user', 'u', '--yes',
		    '--property', "note=" . $n x 200);
	}
	apitoken($config, 'delete', '--user', 'u', '--search', 'l2',
	    '--yes');
	my $before = size();
	my (undef, $export) = apitoken($config, 'export');
	my ($exit, $out, $err) = apitoken($config, 'compact');
	my $after = size();
	is $exit, 0, 'exit';
	is $err, '', 'nothing on stderr';
	is $out, "$before bytes before, $after after\n", 'what it says';
	cmp_ok $after, '<', $before, 'there is less';
	my (undef, $again) = apitoken($config, 'export');
	my @lines = split /^/, $export;
	my @same = split /^/, $again;
	is_deeply [sort @same[1 .. $#same]], [sort @lines[1 .. $#lines]],
	    'the same records';
	is verdict($config, $token), 'valid', 'tokens log in';
	is +(check())[0], 0, 'the store is whole';
	($exit, $out) = apitoken($config, '--json', 'compact');
	is_deeply from_json($out), { before => $after, after => size() },
	    'JSON';
	is +(apitoken($config, 'revoke', 'alice/kept'))[0], 0,
	    'changes go on';
	is verdict($config, $token), 'revoked', 'and count';
};

subtest 'what cannot be done' => sub {
	chmod 0777, "$dir/store" or die;
	my ($exit, $out, $err) = apitoken($config, 'compact');
	chmod 0750, "$dir/store" or die;
	is $exit, 4, 'an unsafe store: exit';
	is $out, '', 'nothing on stdout';
	ok one_line($err), 'one line' or diag $err;
	for my $verb ('check', 'compact') {
		($exit, undef, $err) = apitoken($config, $verb, 'x');
		is $exit, 2, "$verb takes no words";
		ok one_line($err), 'one line';
	}
};

done_testing;
