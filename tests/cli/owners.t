#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Who may own a token, asked of a private host's passwd, group and shadow.
use strict;
use warnings;
use Test::More;
use File::Copy qw(copy);
use POSIX qw(strftime);
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Server;
use Apitoken::Test;

if (my $why = Apitoken::Server::unavailable('setpriv')) {
	plan skip_all => $why;
}

my $today = int(time / 86400);
my $hash = '$6$salt$' . 'x' x 86;
# name => user id, group id, password field, day of expiry
my %people = (
	alice => [61001, 61001, $hash, ''],
	bob => [61002, 61100, $hash, $today + 2],
	carol => [61003, 61003, $hash, ''],
	low => [500, 500, $hash, ''],
	toor => [0, 0, $hash, ''],
	locked => [61010, 61010, "!$hash", ''],
	locked2 => [61011, 61011, "!!$hash", ''],
	never => [61012, 61012, '!', ''],
	never2 => [61013, 61013, '!!', ''],
	never3 => [61014, 61014, '*', ''],
	never4 => [61015, 61015, '!*', ''],
	empty => [61016, 61016, '', ''],
	gone => [61017, 61017, $hash, $today],
	long => [61018, 61018, '*', 1],
	zero => [61019, 61019, '*', 0],
	bare => [61020, 61020, undef, ''],	# no entry in shadow
);

my $dir = tempdir(mode => 0755);
my $host = Apitoken::Server->new(dir => $dir, name => 'host');

sub write_people {
	my @names = sort keys %people;
	$host->write_file('etc/passwd', 0644, "root:x:0:0::/:/bin/sh\n", map {
		"$_:x:$people{$_}[0]:$people{$_}[1]::/:/bin/sh\n" } @names);
	$host->write_file('etc/shadow', 0600, "root:*:19000::::::\n", map {
		"$_:$people{$_}[2]:19000:0:99999:7::$people{$_}[3]:\n" }
	    grep { defined $people{$_}[2] } @names);
	$host->write_file('etc/group', 0644, "root:x:0:\n",
	    "tech:x:61100:carol\n", "idle:x:61101:\n");
	return;
}

sub names_from {
	my (%source) = @_;
	$host->write_file('etc/nsswitch.conf', 0644, map {
		"$_: " . ($source{$_} // 'files') . "\n"
	} qw(passwd group shadow));
	return;
}

write_people();
names_from();
my $config = init_store(dir => $dir);
my $n = 0;

# create(user, args...): exit, stderr.
sub create {
	my ($user, @args) = @_;
	my ($exit, undef, $err) = $host->as_host(program('apitoken'),
	    '--config', $config, 'create', '--user', $user, '--label',
	    'n' . ++$n, @args);
	return ($exit, $err);
}

sub may {
	my (@users) = @_;
	for my $user (@users) {
		my ($exit, $err) = create($user);
		is $exit, 0, "$user may" or diag $err;
	}
	return;
}

sub may_not {
	my ($why, @users) = @_;
	for my $user (@users) {
		my ($exit, $err) = create($user);
		is $exit, 1, "$user may not";
		like $err, $why, 'why';
		ok one_line($err), 'one line';
	}
	return;
}

sub cannot_tell {
	my ($why, @users) = @_;
	for my $user (@users) {
		my ($exit, $err) = create($user);
		is $exit, 4, "$user: nobody can tell";
		like $err, $why, 'why';
	}
	return;
}

sub day { return strftime('%Y-%m-%d', gmtime $_[0] * 86400) }

my $is_locked = qr/the account of \w+ is locked$/;

# What holds for each account, however it came to be one.
sub accounts {
	may_not($is_locked, qw(locked locked2));
	may(qw(never never2 never3 never4 empty bare));
	may_not(qr/the account of gone expired on ${\day($today)}$/, 'gone');
	may_not(qr/expired on 1970-01-02$/, 'long');
	may_not(qr/expired on 1970-01-01$/, 'zero');
	return;
}

subtest 'every account of the host' => sub {
	set_conf($config, owners => undef);
	may(qw(alice bob carol low));
	may_not(qr/mailbox has no account on this host \(owners in /,
	    'mailbox');
	may_not(qr/may not own a token \(allow_root in /, qw(root toor));
	accounts();
	set_conf($config, allow_root => 'yes');
	may(qw(root toor));
	set_conf($config, allow_root => 'no');
};

subtest 'a list' => sub {
	set_conf($config, owners => 'alice, @tech, locked, @no-such-group');
	may(qw(alice bob carol));
	may_not(qr/low may not own a token \(owners in /, 'low');
	may_not(qr/mailbox has no account/, 'mailbox');
	may_not(qr/may not own a token \(owners in /, 'root');
	may_not($is_locked, 'locked');
	set_conf($config, owners => '@idle');
	may_not(qr/\(owners in /, qw(alice bob carol));
	# Root by name; by a group it would be a slip.
	set_conf($config, owners => 'root, @root');
	may('root');
	may_not(qr/\(allow_root in /, 'toor');
	set_conf($config, owners => 'mailbox');
	may_not(qr/mailbox has no account/, 'mailbox');
};

subtest 'any' => sub {
	set_conf($config, owners => 'any');
	may(qw(alice low root toor mailbox mailbox@example.org));
	accounts();
	# A token for root is of use only where the PAM line allows it.
	my $warned = qr/^allow_root = no: (\w+) logs in with it only where /m;
	my (undef, $err) = create('toor');
	like $err, $warned, 'toor: so it says';
	(undef, $err) = create('alice');
	unlike $err, $warned, 'alice: nothing to be said';
	set_conf($config, allow_root => 'yes');
	(undef, $err) = create('root');
	unlike $err, $warned, 'nor of root where root may';
	set_conf($config, allow_root => 'no');
};

subtest 'minimum_uid' => sub {
	set_conf($config, minimum_uid => 501);
	for my $owners ('any', 'low, alice, root', undef) {
		set_conf($config, owners => $owners);
		may_not(qr/the user id of low is below minimum_uid/, 'low');
		may('alice');
	}
	set_conf($config, owners => 'any');
	may(qw(root mailbox));
	set_conf($config, minimum_uid => 500);
	may('low');
	set_conf($config, minimum_uid => undef);
};

subtest 'databases that cannot answer' => sub {
	names_from(passwd => 'apitokennosuchsource');
	for my $owners ('any', 'alice', undef) {
		set_conf($config, owners => $owners);
		cannot_tell(qr/the account of \w+ cannot be looked up/,
		    qw(alice mailbox));
	}
	names_from(shadow => 'apitokennosuchsource');
	cannot_tell(qr/expired or is locked cannot be told: shadow: /,
	    qw(alice locked));
	set_conf($config, owners => 'any');
	may('mailbox');
	names_from(group => 'apitokennosuchsource');
	set_conf($config, owners => 'alice, @tech');
	may('alice');
	cannot_tell(qr/the groups of carol cannot be looked up/, 'carol');
	names_from();
	may('carol');
};

# The C library leaves blanks out that a line begins with.
subtest 'root by another name, where nobody answers' => sub {
	set_conf($config, owners => 'any');
	$host->write_file('etc/passwd', 0644, "root:x:0:0::/:/bin/sh\n",
	    " \tadmin:x:0:0::/:/bin/sh\n");
	my $verdict = sub {
		my ($token) = @_;
		my (undef, $out, $err) = $host->as_host(program('apitoken'),
		    '--config', $config, 'verify', '--service', 'sshd',
		    { stdin => $token });
		return $out . $err;
	};
	my %token = map {
		my (undef, $out) = $host->as_host(program('apitoken'),
		    '--config', $config, 'create', '--user', $_, '--label',
		    'blank');
		($_ => $out);
	} qw(admin mailbox);
	names_from(passwd => 'apitokennosuchsource');
	like $verdict->($token{mailbox}), qr/^valid/, 'mailbox';
	like $verdict->($token{admin}), qr/^user-refused/, 'admin';
	names_from();
	write_people();
};

# Neither may it read shadow nor need it: the tokens are its own affair.
subtest 'an installation of an ordinary user' => sub {
	for my $name (qw(apitoken libtokencore.so.0)) {
		copy(program($name), "$dir/$name") or die "$name: $!";
	}
	chmod 0755, "$dir/apitoken" or die;
	mkdir "$dir/own" or die;
	chown 61001, 61001, "$dir/own" or die;
	my $create = sub {
		my ($user) = @_;
		my ($exit, undef, $err) = $host->as_host('setpriv',
		    '--reuid=61001', '--regid=61001', '--clear-groups',
		    "$dir/apitoken", '--config', "$dir/own/apitoken.conf",
		    $user ? ('create', '--user', $user, '--label', 'x')
		    : 'init', { dir => '/' });
		return "$exit $err";
	};
	is $create->(), '0 ', 'init';
	like $create->($_), qr/^0 /, $_ for qw(alice mailbox locked gone);
	set_conf("$dir/own/apitoken.conf", owners => undef);
	chown 61001, 61001, "$dir/own/apitoken.conf" or die;
	like $create->('gone'), qr/^0 /, 'gone';
	like $create->('mailbox'), qr/^1 .*no account/, 'mailbox';
};

done_testing;
