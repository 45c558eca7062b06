#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/fail2ban.md: the filter finds those whose tokens are refused, in
# lines that the module wrote, and nobody whom a peer wrote into his name; and
# a real fail2ban, with the jail and an action that only takes notes.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Fail2ban;
use Apitoken::Mdoc;
use Apitoken::Pam;
use Apitoken::Recipe;
use Apitoken::Test;
use File::Path qw(make_path);
use Test::More;

if (my $why = Apitoken::Pam::missing('fail2ban-regex', 'fail2ban-server')) {
	plan skip_all => $why;
}

my $victim = '203.0.113.66';	# no login ever comes from there
my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $config = $host->config;
my $audit = $config =~ s{[^/]+$}{audit.json}r;
$host->stack('sshd', 'auth required %M config=%C nodelay');

my $good = create_token($config);
my %label = (text => qq{x" service=sshd rhost=$victim id="},
    audit => qq{x","user":"y","service":"z","rhost":"$victim","});
my @named = map { scalar create_token($config, label => $_) }
    sort values %label;
my $gone = create_token($config, label => 'gone');
is((apitoken($config, 'revoke', map { "alice/$_" } 'gone',
    values %label))[0], '0', 'revoke');
spit($audit, '');

# A login for each address, so that the list of those found says which it was.
my ($text, $last) = ('', 0);
my @want;

# login(token, found, %login): from an address of its own unless told; found
# says whether the filter has to find it.
sub login {
	my ($token, $found, %login) = @_;
	my $rhost = exists $login{rhost} ? delete $login{rhost}
	    : '192.0.2.' . ++$last;
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $token ], rhost => $rhost, %login);
	$text .= $r->{log};
	push @want, $rhost if $found;
	return $r->{log};
}

# all_found(name): what was to be found since the last time, in either log.
sub all_found {
	my ($name) = @_;
	my $entries = slurp($audit);
	is_deeply([ banned(log_file($text), 'text') ], \@want, "$name: text")
	    or diag $text;
	is_deeply([ banned($entries) ], \@want, "$name: audit log")
	    or diag $entries;
	($text, $last, @want) = ('', 0);
	spit($audit, '');
	return;
}

subtest 'who is found' => sub {
	login($gone, 1);
	login($gone, 1, rhost => '2001:db8::7');
	login(substr($good, 0, 60), 1);
	login(Apitoken::Pam::forge($good, sub { substr($_, -1) ^= "\x01" }),
	    1);
	login($good, 1, user => 'bob');
	login(scalar create_token($config, label => 'imap',
	    service => 'imap'), 1);
	login(scalar create_token($config, label => 'home',
	    from => '10.0.0.0/8'), 1);
	all_found('each of them');
};

subtest 'who is not' => sub {
	like(login($good, 0), qr/login allow .* rhost=/, 'let in');
	like(login($gone, 0, rhost => undef), qr/login deny/, 'no address');
	login($gone, 0, rhost => 'host.example.org');
	unlike(login('a password', 0), qr/rhost/,
	    'no token: not in the log, as the recipe says');
	set_conf($config, enabled => 'no');
	login($gone, 0);
	set_conf($config, enabled => 'yes');
	my $store = $config =~ s{[^/]+$}{store}r;
	rename $store, "$store.away" or die $!;
	like(login($good, 0), qr/cannot be checked/, 'no store');
	rename "$store.away", $store or die $!;
	all_found('none of them');
};

# One that is new in the manual has to be in the filter or here.
subtest 'every reason that there is' => sub {
	my ($reasons) = Apitoken::Mdoc->new('apitoken.1')
	    ->section('AUDIT LOG') =~ /^\.It Li reason\n(.*?)^\.It /ms;
	my @all = map { /([a-z-]+)/g } $reasons =~ /^\.Cm (.*)/mg;
	cmp_ok(scalar @all, '>', 10, 'they are known') or diag $reasons;
	my %hosts = map { $_ => 1 } qw(unavailable disabled not-yet-valid);
	my ($line, $entry) = split /^/, login($gone, 0) . slurp($audit);
	($text, my $entries) = ('', '');
	for my $i (0 .. $#all) {
		my @changed = map { s/\brevoked\b/$all[$i]/r
		    =~ s/192\.0\.2\.1\b/198.51.100.$i/r } $line, $entry;
		$text .= $changed[0];
		$entries .= $changed[1];
		push @want, "198.51.100.$i" if !$hosts{$all[$i]};
	}
	spit($audit, $entries);
	all_found('each, but what is the host\'s own');
};

# What would be found if a peer could write it, to see that it is only the
# quoting which keeps it away.
my $line = 'Nov 30 00:00:00 host sshd[1]: pam_apitoken(sshd:auth): login deny '
    . qq{reason=revoked user="x" service=sshd rhost=$victim id=x};
is_deeply([ banned("$line\n", 'text') ], [$victim], 'a line that is found');

subtest 'nobody writes an address into his name' => sub {
	my $entry = $label{audit} . 'kid":1';
	my @names = ($label{text}, $label{audit}, "x\n$line", "x\r\n$line",
	    qq{x" rhost=$victim }, "rhost=$victim", $line, $entry,
	    "x\n{$entry", qq{\\" service=a rhost=$victim b="},
	    qq{\\","service":"a","rhost":"$victim","});
	for my $name (@names) {
		login($gone, 1, user => $name);
		login($gone, 0, user => $name, rhost => undef);
	}
	all_found('user');
	login($gone, 0, rhost => $_) for "$victim.example.org",
	    "$victim example.org", qq{$victim","kid":1},
	    "x rhost=$victim", "x\n$line";
	all_found('host');
	for my $token (@named) {
		login($token, 1);
		login($token, 0, rhost => undef);
	}
	all_found('label');
	my $in_others = 'Nov 30 00:00:00 host sshd[1]: Invalid user '
	    . $line =~ s/.*?: //r . " from 192.0.2.7 port 4711\n";
	is_deeply([ banned($in_others, 'text') ], [],
	    "a name in another program's line");
};

# ---- a real one ----
# A folder of its own has what the recipe puts into /etc/fail2ban, and where
# other files of it would be.
my $recipe = Apitoken::Recipe->new('fail2ban');
my $f2b = "$host->{dir}/fail2ban";
my $banned = "$host->{dir}/banned";

sub here {
	my ($command) = @_;
	for ($command) {
		s{/etc/fail2ban}{$f2b}g;
		s{/var/log/apitoken/audit\.json}{$audit}g;
		s/^(fail2ban-client)/$1 -c $f2b/;
		s/^(fail2ban-regex)/$1 -c $f2b/;
	}
	return $command;
}

sub typed {
	my ($command) = @_;
	my ($exit, $out, $err) = run([ '/bin/sh', '-c', here($command) ],
	    dir => source_dir());
	is($exit, '0', $command) or diag "$out$err";
	return $out;
}

subtest 'the jail' => sub {
	make_path("$f2b/jail.d");
	is((run([ 'cp', '-R', '/etc/fail2ban/.', $f2b ]))[0], '0', 'cp');
	unlink "$f2b/jail.d/defaults-debian.conf";
	typed($_) for $recipe->commands('install');
	spit("$f2b/fail2ban.local", join "\n", '[Definition]',
	    "socket = $host->{dir}/f2b.sock", "pidfile = $host->{dir}/f2b.pid",
	    "logtarget = $host->{dir}/f2b.log", 'dbfile = None', '');
	spit("$f2b/action.d/note.conf", join "\n", '[Definition]',
	    "actionban = echo <ip> >>$banned", "actionunban = :", '');
	# Whether an address is the host's own is asked of the name service.
	spit("$f2b/jail.local", "[DEFAULT]\nignoreself = false\n");
	my $jail = "$f2b/jail.d/apitoken.conf";
	spit($jail, here(slurp($jail))
	    =~ s/^banaction = .*/banaction = note/mr);
	spit("$f2b/jail.d/apitoken.local", join "\n",
	    $recipe->file('/etc/fail2ban/jail.d/apitoken.local'), '');

	my @client = $recipe->commands('fail2ban-client');
	typed($_) for grep { / -t$/ } @client;
	my ($look) = $recipe->commands('fail2ban-regex');
	login($gone, 0);
	is(typed($look), "192.0.2.1\n", 'whom it would have shut out');
	spit($audit, '');

	my $pid = start([ 'fail2ban-server', '-c', $f2b, '-f', 'start' ],
	    log => "$host->{dir}/f2b.out");
	ok(wait_for(sub { (run([ 'fail2ban-client', '-c', $f2b, 'status',
	    'apitoken' ]))[0] eq '0' }), 'it runs')
	    or diag slurp("$host->{dir}/f2b.out");
	for my $rhost ('192.0.2.7', '198.51.100.7') {
		login($gone, 0, rhost => $rhost) for 1 .. 10;
	}
	ok(wait_for(sub { -s $banned }), 'it shuts someone out')
	    or diag slurp("$host->{dir}/f2b.log");
	is(slurp($banned), "198.51.100.7\n", 'not who is spared');
	like(typed('fail2ban-client status apitoken'),
	    qr/Banned IP list:\s+198\.51\.100\.7$/m, 'it says whom');
	my ($unban) = grep { / unbanip / } @client;
	like(typed($unban =~ s/192\.0\.2\.7/198.51.100.7/r), qr/^1$/m,
	    'one is let in again');
	typed($_) for $recipe->commands('rm'), 'fail2ban-client reload';
	is((run([ 'fail2ban-client', '-c', $f2b, 'status', 'apitoken' ]))[0],
	    '255', 'there is no jail any more');
	# A signal may come while it holds its own locks.
	is((run([ 'fail2ban-client', '-c', $f2b, 'stop' ]))[0], '0', 'stop');
	finish($pid);
};

# The other log of the recipe, which only has to be taken.
subtest 'the jail, with the system log' => sub {
	typed($_) for $recipe->commands('install');
	my @lines = $recipe->file(
	    "/etc/fail2ban/jail.d/apitoken.local with the system's log");
	for (@lines) {
		s{/var/log/\w+\.log}{$audit};
	}
	spit("$f2b/jail.d/apitoken.local", join "\n", @lines, '');
	my $dump = typed('fail2ban-client -d');
	like($dump, qr/'addfailregex', '[^\n]*pam_apitoken/,
	    'it reads the lines of modules');
};

done_testing;
