#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A disk that is full at every stage of a change, a read-only one, and an
# audit log that cannot be written: the change fails cleanly, logins go on,
# and it works again as soon as there is space.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;

need_root();
# Mounts of its own, which end with it.
if (!$ENV{APITOKEN_TEST_MOUNTS}) {
	my $works = system('unshare -m --propagation private true') == 0;
	plan skip_all => 'no mount namespace can be made' if !$works;
	$ENV{APITOKEN_TEST_MOUNTS} = 1;
	exec 'unshare', '-m', '--propagation', 'private', $^X, $0 or die;
}

my $base = tempdir();
my @mounted;

sub mount_tmpfs {
	my ($dir, $size) = @_;
	mkdir $dir or die "$dir: $!";
	system('mount', '-t', 'tmpfs', '-o', "size=$size,mode=0755", 'tmpfs',
	    $dir) == 0 or die 'mount';
	push @mounted, $dir;
	return $dir;
}

END {
	local $?;
	system('umount', '-l', $_) for reverse @mounted;
}

# Leaves that many KiB free.
sub fill {
	my ($dir, $free) = @_;
	unlink "$dir/filler";
	open my $fh, '>', "$dir/filler" or die;
	my $block = "\xff" x 4096;
	1 while (syswrite($fh, $block) // 0) == 4096;
	my $size = -s $fh;
	truncate $fh, $size > $free * 1024 ? $size - $free * 1024 : 0 or die;
	close $fh;
	return;
}

sub word {
	my ($config, $token) = @_;
	my (undef, $out) = apitoken($config, 'verify', '--service', 'sshd',
	    { stdin => $token });
	return (split ' ', $out)[0] // 'nothing';
}

# The installation, its folder, tokens that have to go on working.
sub installation {
	my ($dir, $audit) = @_;
	my $config = init_store(dir => $dir,
	    conf => $audit ? { audit_log => $audit } : {});
	my ($on) = create_token($config, label => 'on');
	my ($off) = create_token($config, label => 'off');
	apitoken($config, 'revoke', 'alice/off');
	return { dir => $dir, config => $config, on => $on, off => $off,
	    n => 0, failed => 0, done => 0 };
}

sub logins {
	my ($in, $when) = @_;
	my @got = (word($in->{config}, $in->{on}),
	    word($in->{config}, $in->{off}));
	return "@got" eq 'valid revoked' ? ()
	    : "$when: logins: @got";
}

# What is wrong, in words, after one verb on a disk with that much space.
my %verbs = (
	create => sub { ('create', '--user', 'alice', '--label', "c$_[0]") },
	revoke => sub {
		my ($n, $in) = @_;
		create_token($in->{config}, label => "r$n");
		return ('revoke', "alice/r$n");
	},
	'key add' => sub { ('key', 'add', '--kid', 100 + $_[0]) },
);
# The same where the standby has to be made anew first.
$verbs{'create without a standby'} = sub {
	my ($n, $in) = @_;
	my $other = state_of("$in->{dir}/store")->{other};
	unlink "$in->{dir}/store/$other.gdbm" or die;
	return $verbs{create}->($n, $in);
};

sub flat {
	my ($hash) = @_;
	return join ',', map { "$_ $hash->{$_}" } sort keys %{ $hash // {} };
}

sub try_once {
	my ($in, $verb, $free) = @_;
	my ($config, $dir) = @$in{qw(config dir)};
	my @verb = $verbs{$verb}->(++$in->{n}, $in);
	my $what = "$verb with $free KiB";
	my $before = listed($config);
	my $keys = slurp("$dir/secret.conf");
	my @wrong;
	fill($dir, $free);
	for my $again (0, 1) {
		my ($exit, $out, $err) = apitoken($config, @verb);
		last if $exit eq '0';
		push @wrong, "$what: exit $exit" if $exit ne '4';
		push @wrong, "$what: $err" if !one_line($err) || $out ne '';
		push @wrong, logins($in, $what);
		my $now = listed($config);
		push @wrong, "$what: something was changed"
		    if flat($now) ne flat($before) ||
		    slurp("$dir/secret.conf") ne $keys;
		push @wrong, "$what: left behind @{[tmp_files($dir)]}"
		    if tmp_files($dir);
		$in->{failed}++;
	}
	unlink "$dir/filler" or die;
	return (@wrong, works_again($in, $verb, \@verb, $what));
}

sub works_again {
	my ($in, $name, $verb, $what) = @_;
	my $config = $in->{config};
	my ($exit, undef, $err) = apitoken($config, @$verb);
	my @wrong;
	push @wrong, "$what: later: $err" if $exit ne '0' &&
	    !($name eq 'key add' && $err =~ /exists already/);
	push @wrong, logins($in, "$what, later");
	# Two commits, so that both files have been written.
	create_token($config, label => "later $in->{n} $_") for 1, 2;
	my $worst = doctor_worst($config);
	push @wrong, "$what: later: doctor: $worst" if $worst ne 'fine';
	return @wrong;
}

for my $audit ('inside', 'outside') {
	for my $verb (sort keys %verbs) {
		subtest "$verb, the audit log $audit" => sub {
			space($audit, $verb);
		};
	}
}

sub space {
	my ($audit, $verb) = @_;
	(my $name = "$audit-$verb") =~ s/ /-/;
	my $dir = mount_tmpfs("$base/$name", '4m');
	mkdir "$base/log-$name" or die;
	my $in = installation($dir, $audit eq 'inside' ? undef
	    : "$base/log-$name/audit.json");
	my $ask = ask_start($in->{config});
	$ask->($_) eq 'ok' or die for 'open', 'fill 12';
	$ask->();
	my @wrong;
	my ($enough, $free, $rounds) = (0, 0, 0);
	while ($enough < 3 && $rounds++ < 200) {
		my $failed = $in->{failed};
		push @wrong, try_once($in, $verb, $free);
		# What fits into the blocks that are there needs no space: then
		# a later one does.
		next if !$in->{failed};
		$enough = $failed == $in->{failed} ? $enough + 1 : 0;
		# A whole copy of the standby has many stages alike.
		$free += $verb =~ /without/ ? 12 : 4;
	}
	is_deeply \@wrong, [], 'nothing was wrong';
	cmp_ok $in->{failed}, '>', 0, 'with too little space it failed';
	is $enough, 3, "with enough it worked (up to $free KiB tried)";
	note "$in->{failed} failures";
}

subtest 'init on a full disk' => sub {
	my $dir = mount_tmpfs("$base/init", '256k');
	my ($failed, @wrong) = (0);
	for my $step (0 .. 40) {
		my $free = 4 * $step;
		fill($dir, $free);
		mkdir "$dir/new" or die;
		my ($exit, $out, $err) = apitoken("$dir/new/apitoken.conf",
		    'init');
		if ($exit ne '0') {
			$failed++;
			push @wrong, "$free KiB: exit $exit" if $exit ne '4';
			push @wrong, "$free KiB: $err" if !one_line($err);
			my @left = grep { $_ ne "$dir/new" }
			    sort keys %{ tree("$dir/new") };
			push @wrong, "$free KiB: left behind @left" if @left;
		} else {
			push @wrong, "$free KiB: " . doctor_worst(
			    "$dir/new/apitoken.conf")
			    if doctor_worst("$dir/new/apitoken.conf") ne
			    'fine';
		}
		Apitoken::Store::remove("$dir/new");
	}
	is_deeply \@wrong, [], 'nothing was wrong';
	cmp_ok $failed, '>', 3, 'with too little space it failed';
	cmp_ok $failed, '<', 40, 'with enough it worked';
};

subtest 'a read-only file system' => sub {
	my $dir = mount_tmpfs("$base/readonly", '1m');
	my $in = installation($dir);
	my $before = tree($dir);
	system('mount', '-o', 'remount,ro', $dir) == 0 or die;
	for my $verb (['create', '--user', 'a', '--label', 'b'],
	    ['revoke', 'alice/on'], ['key', 'add']) {
		my ($exit, $out, $err) = apitoken($in->{config}, @$verb);
		is $exit, 4, "$verb->[0]: exit";
		ok one_line($err), 'one line' or diag $err;
		like $err, qr{\Q$dir\E.*Read-only file system}, 'it says why';
	}
	is_deeply [logins($in, 'read-only')], [], 'logins go on';
	ok same_tree($before, tree($dir)), 'nothing changed';
	system('mount', '-o', 'remount,rw', $dir) == 0 or die;
	is_deeply [works_again($in, 'create', ['revoke', 'alice/on'], 'x')],
	    ['x, later: logins: revoked revoked'], 'writable again: works';
};

# The audit log alone; the store has all the space it wants.
my %audit = (
	'in a missing folder' => sub { "$base/nowhere/audit.json" },
	'on a full disk' => sub {
		my $full = mount_tmpfs("$base/fullaudit", '64k');
		fill($full, 0);
		return "$full/audit.json";
	},
	'on a full disk, half a line fits' => sub {
		my $full = mount_tmpfs("$base/halfaudit", '64k');
		fill($full, 4);
		spit("$full/audit.json", 'x' x 4000, 0600);
		return "$full/audit.json";
	},
	'is a folder' => sub {
		mkdir "$base/folder.json" or die;
		return "$base/folder.json";
	},
	'is a link' => sub {
		spit("$base/target.json", '');
		symlink "$base/target.json", "$base/link.json" or die;
		return "$base/link.json";
	},
	'is a FIFO' => sub {
		POSIX::mkfifo("$base/fifo.json", 0600) or die;
		return "$base/fifo.json";
	},
);
for my $name (sort keys %audit) {
	subtest "the audit log $name" => sub {
		my $in = installation(tempdir());
		set_conf($in->{config}, audit_log => $audit{$name}->());
		my $before = tree("$in->{dir}/store");
		my $keys = slurp("$in->{dir}/secret.conf");
		my $list = listed($in->{config});
		for my $verb (['create', '--user', 'a', '--label', 'b'],
		    ['revoke', 'alice/on'], ['key', 'add']) {
			my ($exit, $out, $err) = apitoken($in->{config},
			    @$verb);
			is $exit, 4, "$verb->[0]: exit";
			ok one_line($err), 'one line' or diag $err;
			is $out, '', 'nothing on stdout';
			like $err, qr/\.json/, 'it is named';
		}
		is_deeply listed($in->{config}), $list, 'nothing committed';
		is slurp("$in->{dir}/secret.conf"), $keys, 'no key added';
		is_deeply [logins($in, 'no audit log')], [], 'logins go on';
		is_deeply [tmp_files($in->{dir})], [], 'nothing left behind';
		set_conf($in->{config}, audit_log => 'none');
		is_deeply [works_again($in, 'create', ['list'], 'x')], [],
		    'without it: works';
	};
}

done_testing;
