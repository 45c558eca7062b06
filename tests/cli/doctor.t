#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apitoken doctor, on a sound installation, on damaged ones, and on hosts made
# up below a directory of the test's own.
use strict;
use warnings;
use File::Path qw(make_path);
use POSIX ();
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

sub doctor {
	my ($root) = @_;
	my ($exit, $out, $err) = apitoken($config, 'doctor', '--json',
	    '--root', $root);
	is $err, '', 'no error';
	return ($exit, grep { $_->{severity} ne 'fine' &&
	    $_->{what} ne 'clock' } json_lines($out));
}

# host({ path => content }): a made-up host; its root.
sub host {
	my ($files) = @_;
	my $root = tempdir();
	for my $path (keys %$files) {
		my ($folder) = "$root$path" =~ m{^(.*)/};
		make_path($folder);
		spit("$root$path", $files->{$path}, 0644);
	}
	return $root;
}

my %module = ('/usr/lib/x86_64-linux-gnu/security/pam_apitoken.so' => '');
my $good = '[success=done ignore=ignore default=die]';
my $ours = "auth $good pam_apitoken.so nontoken=ignore\n";
my $debian = <<'END';
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
END

# [name, auth lines of the service "imap", severity and words expected, or
# nothing]
my @lines = (
	['before the distribution\'s own', "$ours\@include common-auth\n"],
	['the same with pam_env in front',
	    "auth required pam_env.so\n$ours\@include common-auth\n"],
	['a group that stops behind it', "${ours}auth requisite " .
	    "pam_succeed_if.so quiet user notingroup robots\n" .
	    "\@include common-auth\n"],
	['alone', "auth required pam_apitoken.so\n"],
	['alone, requisite', "auth requisite pam_apitoken.so\n"],
	['alone behind a gate', "auth required pam_nologin.so\n" .
	    "auth required pam_apitoken.so\n"],
	['substack', "${ours}auth substack common-auth\n" .
	    "auth required pam_env.so\n"],
	['a jump over pam_unix and pam_deny', "auth [success=2 " .
	    "ignore=ignore default=die] pam_apitoken.so " .
	    "nontoken=ignore\n$debian"],
	['sufficient, with nothing but pam_deny behind',
	    "auth sufficient pam_apitoken.so\nauth required pam_deny.so\n"],
	['a comment', "# auth sufficient pam_apitoken.so\n" .
	    "\@include common-auth\n"],
	['another type', "session optional pam_apitoken.so\n" .
	    "\@include common-auth\n"],
	['continued', "auth \\\n$good \\\npam_apitoken.so \\\n" .
	    "nontoken=ignore\n\@include common-auth\n"],

	['plain sufficient',
	    "auth sufficient pam_apitoken.so\n\@include common-auth\n",
	    'problem', qr/goes on/],
	['sufficient, continued', "auth sufficient \\\n pam_apitoken.so\n" .
	    "\@include common-auth\n", 'problem', qr/goes on/],
	['optional', "auth optional pam_apitoken.so\n" .
	    "\@include common-auth\n", 'problem', qr/goes on/],
	['default=ignore', "auth [success=done default=ignore] " .
	    "pam_apitoken.so\nauth include common-auth\n", 'problem',
	    qr/goes on/],
	['sufficient before pam_permit', "auth sufficient pam_apitoken.so\n" .
	    "auth required pam_permit.so\n", 'problem',
	    qr/refused token still logs in/],
	['sufficient before pam_env', "auth sufficient pam_apitoken.so\n" .
	    "auth required pam_env.so\n", 'problem',
	    qr/refused token still logs in/],
	['a jump past the end', "auth required pam_env.so\n" .
	    "auth [success=4 ignore=ignore default=die] " .
	    "pam_apitoken.so nontoken=ignore\n$debian",
	    'warning', qr/not enough/],
	['auth_err=ok', "auth [success=done auth_err=ok default=die] " .
	    "pam_apitoken.so\n\@include common-auth\n", 'problem',
	    qr/goes on/],
	['a jump for the refused', "auth [success=done default=1] " .
	    "pam_apitoken.so\nauth requisite pam_deny.so\n" .
	    "auth required pam_permit.so\n", 'problem',
	    qr/refused token still logs in/],
	['unavailable=ignore', "auth [success=done auth_err=die " .
	    "authinfo_unavail=ignore default=die] pam_apitoken.so\n" .
	    "auth required pam_permit.so\n", 'problem',
	    qr/while the store cannot be read/],
	['unavailable goes on', "auth [success=done " .
	    "authinfo_unavail=ignore default=die] pam_apitoken.so\n" .
	    "\@include common-auth\n", 'warning',
	    qr/goes on.*while the store/],
	['a password through pam_env', "${ours}auth required pam_env.so\n",
	    'problem', qr/any password logs in/],
	['a password through a gate', "${ours}auth required " .
	    "pam_succeed_if.so user ingroup x\n", 'problem',
	    qr/any password logs in/],
	['nontoken=ignore alone', $ours, 'warning', qr/there is none/],
	['nontoken=ignore, but not ignored', "auth [success=done " .
	    "default=die] pam_apitoken.so nontoken=ignore\n" .
	    "\@include common-auth\n", 'warning', qr/in spite of/],
	['required before pam_unix', "auth required pam_apitoken.so " .
	    "nontoken=ignore\n\@include common-auth\n", 'warning',
	    qr/not enough/],
	['keep_authtok', "auth required pam_apitoken.so keep_authtok\n" .
	    "auth sufficient pam_ldap.so\n", 'warning', qr/keep_authtok/],
);

for my $case (@lines) {
	my ($name, $auth, $severity, $why) = @$case;
	subtest "PAM: $name" => sub {
		my $root = host({ %module, '/etc/pam.d/imap' => $auth,
		    '/etc/pam.d/common-auth' => $debian });
		my ($exit, @found) = doctor($root);
		is $exit, ($severity // '') eq 'problem' ? 4 : 0, 'exit';
		if (!defined $severity) {
			is_deeply \@found, [], 'nothing found';
			return;
		}
		my ($first) = grep { $_->{why} =~ $why } @found;
		ok $first, 'found' or diag explain \@found;
		is $first->{severity}, $severity, 'severity';
		like $first->{what}, qr{^\Q$root\E/etc/pam\.d/imap:\d$},
		    'file and line';
		isnt $first->{mend}, '', 'and how to mend it';
	};
}

subtest 'PAM: a bad common-auth is told once' => sub {
	my $auth = "auth sufficient pam_apitoken.so\n$debian";
	my $root = host({ %module, '/etc/pam.d/common-auth' => $auth,
	    map { ("/etc/pam.d/$_" => "\@include common-auth\n") }
	    qw(sshd login imap) });
	my ($exit, @found) = doctor($root);
	is $exit, 4, 'exit';
	is @found, 1, 'one finding' or diag explain \@found;
	like $found[0]{what}, qr{/common-auth:1$}, 'where it stands';
};

subtest 'PAM: "done" ends a substack, not the stack around it' => sub {
	my $root = host({ %module, '/etc/pam.d/common-auth' => $debian,
	    '/etc/pam.d/token' => $ours, '/etc/pam.d/imap' =>
	    "auth substack token\nauth required pam_unix.so\n" });
	my ($exit, @found) = doctor($root);
	is $exit, 0, 'exit';
	is @found, 1, 'one finding' or diag explain \@found;
	like $found[0]{what}, qr{/token:1$}, 'where it stands';
	like $found[0]{why}, qr/not enough/, 'why';
	spit("$root/etc/pam.d/imap",
	    "auth include token\nauth required pam_unix.so\n");
	($exit, @found) = doctor($root);
	is_deeply \@found, [], 'with include it ends the whole';
};

subtest 'PAM: folders' => sub {
	my $bad = "auth sufficient pam_apitoken.so\n$debian";
	my $root = host({ %module, '/usr/lib/pam.d/imap' => $bad });
	my (undef, @found) = doctor($root);
	is @found, 1, '/usr/lib/pam.d is looked at';
	$root = host({ %module, '/usr/lib/pam.d/imap' => $bad,
	    '/etc/pam.d/imap' => $ours . $debian });
	(undef, @found) = doctor($root);
	is_deeply \@found, [], '/etc/pam.d goes before it';
	$root = host({ %module, '/etc/pam.d/imap.dpkg-old' => $bad,
	    '/etc/pam.d/imap~' => $bad });
	(undef, @found) = doctor($root);
	is_deeply \@found, [], 'leftovers count nothing';
	$root = host({ %module, '/etc/pam.d/a' => "\@include a\n$ours" });
	(my $exit, @found) = doctor($root);
	ok @found, 'a file that includes itself is reported';
};

subtest 'PAM: module missing' => sub {
	my $root = host({ '/etc/pam.d/imap' => $ours . $debian });
	my ($exit, @found) = doctor($root);
	is $exit, 4, 'exit';
	like $found[0]{why}, qr/not installed/, 'why';
	like $found[0]{mend}, qr{, /usr/lib64/security, .*, /usr/lib/\*/sec},
	    'where it was looked for';
	$root = host({ '/etc/pam.d/imap' =>
	    ($ours =~ s{pam_api}{/opt/pam_api}r) . $debian });
	($exit, @found) = doctor($root);
	is $found[0]{mend}, 'install it as /opt/pam_apitoken.so',
	    'a path of its own';
	$root = host({ '/etc/pam.d/imap' => "-$ours$debian" });
	($exit) = doctor($root);
	is $exit, 0, 'unless the line says that it may be';
};

# [name, account lines, auth lines, found]
for my $case (
	['required', "account required pam_apitoken.so\n" .
	    "account required pam_unix.so\n", $ours . $debian],
	['token-only', "account required pam_apitoken.so\n",
	    "auth required pam_apitoken.so\n"],
	['sufficient', "account sufficient pam_apitoken.so\n" .
	    "account required pam_unix.so\n", $ours . $debian,
	    qr/passes the account phase/],
	['alone', "account required pam_apitoken.so\n", $ours . $debian,
	    qr/only account module/],
) {
	my ($name, $account, $auth, $why) = @$case;
	subtest "PAM account: $name" => sub {
		my $root = host({ %module, '/etc/pam.d/x' =>
		    $auth . $account });
		my ($exit, @found) = doctor($root);
		is $exit, 0, 'exit';
		is scalar(grep { !$why || $_->{why} !~ $why } @found), 0,
		    'nothing else' or diag explain \@found;
		is scalar(@found), $why ? 1 : 0, 'found';
	};
}

# [name, files, what is found, or nothing]
for my $case (
	['saslauthd -c, Debian', { '/etc/default/saslauthd' =>
	    qq{START=yes\nMECHANISMS="pam"\n} .
	    qq{OPTIONS="-c -m /var/run/saslauthd"\n} }, qr/saslauthd -c/],
	['saslauthd -c in a cluster', { '/etc/default/saslauthd-postfix' =>
	    qq{OPTIONS='-rcm /var/run/saslauthd'\n} }, qr/saslauthd -c/],
	['saslauthd -c, Red Hat', { '/etc/sysconfig/saslauthd' =>
	    "MECH=pam\nFLAGS=-c\n" }, qr/saslauthd -c/],
	['saslauthd without -c', { '/etc/default/saslauthd' =>
	    qq{OPTIONS="-m /var/run/c -r"\n} }],
	['saslauthd -c in a comment', { '/etc/default/saslauthd' =>
	    qq{# OPTIONS="-c"\nOPTIONS="-r" # -c\n} }],
	['saslauthd that does not start', { '/etc/default/saslauthd' =>
	    qq{START=no\nOPTIONS="-c"\n} }],
	['saslauthd on another mechanism', { '/etc/default/saslauthd' =>
	    qq{MECHANISMS="shadow"\nOPTIONS="-c"\n} }],
	['a running saslauthd -c', { map { ("/proc/$_/cmdline" =>
	    "/usr/sbin/saslauthd\0-a\0pam\0-c\0-m\0/run/s\0") } 41, 42 },
	    qr/saslauthd -c/],
	['a running saslauthd', { '/proc/42/cmdline' =>
	    "/usr/sbin/saslauthd\0-a\0pam\0-m\0/run/c\0" }],
	['another process', { '/proc/42/cmdline' => "/bin/sh\0-c\0x\0",
	    '/proc/43/cmdline' => '' }],
	['Dovecot\'s cache', { '/etc/dovecot/dovecot.conf' =>
	    "!include conf.d/*.conf\n",
	    '/etc/dovecot/conf.d/10-auth.conf' =>
	    "#auth_cache_size = 0\nauth_cache_size = 10M\n" },
	    qr/auth_cache_size/],
	['Dovecot\'s cache in the main file', { '/etc/dovecot/dovecot.conf' =>
	    "auth_cache_size=1024\n" }, qr/auth_cache_size/],
	['Dovecot\'s cache in a comment', { '/etc/dovecot/dovecot.conf' =>
	    "!include conf.d/*.conf\n",
	    '/etc/dovecot/conf.d/10-auth.conf' =>
	    "  # auth_cache_size = 10M\nauth_cache_size = 0\n" }],
	['Dovecot\'s cache turned off later', { '/etc/dovecot/dovecot.conf' =>
	    "!include conf.d/*.conf\n!include_try local.conf\n",
	    '/etc/dovecot/conf.d/10-auth.conf' => "auth_cache_size = 10M\n",
	    '/etc/dovecot/local.conf' => "auth_cache_size = 0\n" }],
	['a Dovecot that includes itself', { '/etc/dovecot/dovecot.conf' =>
	    "!include dovecot.conf\n" }],
	['an empty host', {}],
) {
	my ($name, $files, $why) = @$case;
	subtest $name => sub {
		my ($exit, @found) = doctor(host($files));
		my $severity = grep({ m{^/etc/.*saslauthd} } keys %$files)
		    ? 'warning' : 'problem';
		is $exit, $why && $severity eq 'problem' ? 4 : 0, 'exit';
		is scalar(@found), $why ? 1 : 0, 'findings'
		    or diag explain \@found;
		return if !$why;
		like $found[0]{why}, $why, 'why';
		is $found[0]{severity}, $severity, 'severity';
		isnt $found[0]{mend}, '', 'how to mend it';
	};
}

subtest 'SELinux' => sub {
	my $root = host({ '/sys/fs/selinux/enforce' => '1',
	    '/etc/apitoken/apitoken.conf' => '',
	    '/etc/apitoken/secret.conf' => '' });
	my $label = sub {
		my ($path, $type) = @_;
		my ($machine) = (POSIX::uname())[4];
		my $number = { x86_64 => 188, aarch64 => 5 }->{$machine};
		# setxattr(2), which Perl has no name for; syscall wants
		# strings that could be written to.
		my $file = "$root$path";
		my $name = 'security.selinux';
		my $value = "system_u:object_r:$type:s0\0";
		return defined $number && syscall($number, $file, $name,
		    $value, length $value, 0) == 0;
	};
	plan skip_all => 'security.selinux cannot be set here: needs root, ' .
	    'and x86_64 or aarch64'
	    if !$label->('/etc/apitoken', 'etc_t');
	$label->("/etc/apitoken/$_", 'etc_t')
	    for qw(apitoken.conf secret.conf);
	my ($exit, @found) = doctor($root);
	is $exit, 0, 'right labels: exit';
	is_deeply \@found, [], 'nothing found';
	$label->('/etc/apitoken/secret.conf', 'user_home_t');
	($exit, @found) = doctor($root);
	is $exit, 4, 'a label from a home directory: exit';
	like $found[0]{what}, qr/secret\.conf$/, 'the file';
	like $found[0]{mend}, qr/^restorecon /, 'how to mend it';
	unlink "$root/sys/fs/selinux/enforce";
	($exit) = doctor($root);
	is $exit, 0, 'without SELinux labels mean nothing';
};

# What the library finds comes through.
my $root = tempdir();
for my $case (
	['others may write the secret', sub { chmod 0666,
	    "$dir/secret.conf" }, qr/secret\.conf/,
	    qr{: chmod go-w \S+/secret\.conf$}],
	['others may read the secret', sub { chmod 0644,
	    "$dir/secret.conf" }, qr/secret\.conf/,
	    qr{^chmod \s o-r \s \S+/secret\.conf; .*
	    key \s add \s --activate, \s then \s .* key \s retire \s N}x],
	['no secret', sub { unlink "$dir/secret.conf" }, qr/secret\.conf/],
	['a short secret', sub {
		my $text = slurp("$dir/secret.conf");
		$text =~ s/^(secret\s*=\s*).*/${1}short/m;
		spit("$dir/secret.conf", $text, 0640);
	}, qr/secret/],
	['an unknown key in the configuration', sub {
		set_conf($config, frobnicate => 'yes');
	}, qr/frobnicate|apitoken\.conf/, qr/; see apitoken\.conf\(5\)$/],
	['a key that is not there', sub {
		spit($config, slurp($config) =~ s/^store = .*\n//mr);
	}, qr/"store" is missing/, qr/; see apitoken\.conf\(5\)$/],
	['an unknown key in the secrets', sub {
		spit("$dir/secret.conf", slurp("$dir/secret.conf") .
		    "frobnicate = yes\n", 0640);
	}, qr/secret\.conf:\d+ frob/, qr/; see apitoken-secret\.conf\(5\)$/],
	['a key without state', sub {
		spit("$dir/secret.conf", slurp("$dir/secret.conf") =~
		    s/^state = .*\n//mr, 0640);
	}, qr/no state/, qr/; see apitoken-secret\.conf\(5\)$/],
	['no store', sub { rename "$dir/store", "$dir/stored" }, qr/store/],
) {
	my ($name, $break, $words, $mend) = @$case;
	subtest $name => sub {
		$config = init_store();
		($dir) = $config =~ m{^(.*)/};
		my ($exit) = doctor($root);
		is $exit, 0, 'sound before';
		$break->();
		($exit, my @found) = doctor($root);
		is $exit, 4, 'exit';
		my ($first) = grep { $_->{severity} eq 'problem' } @found;
		like "$first->{what} $first->{why}", $words, 'it is named';
		like $first->{mend}, $mend // qr/./, 'how to mend it';
	};
}

# What is allowed, and hardly meant.
for my $case (
	['a group that is not there', { owners => 'alice,@no-such-group' },
	    'owners', qr/no group no-such-group/],
	['and one in a permission', { 'permissions/revoke_own' => '@nosuch' },
	    'revoke_own', qr/no group nosuch/],
	['everyone, for all', { 'permissions/list_all' => '*' }, 'list_all',
	    qr/every user/],
	['a default beyond max_lifetime', { default_lifetime => '90d',
	    max_lifetime => '30d' }, 'default_lifetime', qr/max_lifetime/],
	['never by default, with max_lifetime', { max_lifetime => '30d' },
	    'default_lifetime', qr/never/],
	['never by default, forbidden', { allow_never => 'no' },
	    'default_lifetime', qr/never/],
	['what is meant', { default_lifetime => '30d', max_lifetime => '30d',
	    allow_never => 'no', owners => '@root',
	    'permissions/list_own' => '*',
	    'permissions/list_all' => 'alice,@root' }],
) {
	my ($name, $set, $what, $words) = @$case;
	subtest "policy: $name" => sub {
		$config = init_store();
		my %plain = map { $_ => $set->{$_} } grep { !m{/} } keys %$set;
		my $text = slurp($config);
		for my $key (keys %plain) {
			$text =~ s/^\Q$key\E\s*=.*\n//m;
			$text = "$key = $plain{$key}\n$text";
		}
		$text .= "[permissions]\n";
		m{^permissions/(.*)} and $text .= "$1 = $set->{$_}\n"
		    for sort keys %$set;
		spit($config, $text);
		my ($exit, @found) = doctor($root);
		is $exit, 0, 'exit';
		is_deeply [map { "$_->{severity} $_->{what}" } @found],
		    [$what ? "warning $what" : ()], 'that alone is told';
		return if !$what;
		like $found[0]{why}, $words, 'why';
		isnt $found[0]{mend}, '', 'how to mend it';
	};
}

subtest 'a root that is none' => sub {
	for my $none ("$dir/none", $config) {
		my ($exit, $out, $err) = apitoken($config, 'doctor', '--root',
		    $none);
		is $exit, 2, 'exit';
		is $out, '', 'nothing is said to be fine';
		like $err, qr/^apitoken: --root=\Q$none\E: .*\n\z/, 'which';
	}
};

subtest 'words' => sub {
	spit($config, slurp($config) . "frobnicate = yes\n");
	my ($exit, $out, $err) = apitoken($config, 'doctor', '--root', $root);
	is $exit, 4, 'exit';
	like $out, qr/^problem  \S.*: .*\n {9}\S/m, 'what, why, how to mend';
	like $out, qr/^problems: [1-9]\d*, warnings: \d+\n\z/m, 'a summary';
};

done_testing;
