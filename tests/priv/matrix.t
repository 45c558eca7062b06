#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Who is let in, and what may be changed, whatever was done to one file or
# folder of an installation. The table below is the test: each row is one
# accident or attack, done to the host's installation (root's, with the
# services' group) and to one that is a user's own, and asked about by root, by
# a service in the group, by the user, and by somebody else.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Store;
use Apitoken::Test;
use IPC::Open2 qw(open2);
use POSIX qw(mkfifo);
use Socket;
use Test::More;

need_root();

# A login:   + let in
#            - refused: unavailable, naming the file
# A change:  + done
#            m done, and what was damaged is in order again
#            - refused, naming the file; nothing was changed
#
# Asked about the host's installation: a login by root and by a service in the
# group, a change by root; about the user's: a login and a change by the user.
# In every row a revoked token is refused to all of them, somebody outside
# of the group is never let in, and root never trusts the user's installation.
my $table = <<'TABLE';
#              | host     | own  |
#              | login  c | l  c |
#              | root   h | o  h |
#              |    svc a | g  a |
# file         |        n | i  n | what is done to it
apitoken.conf  | +   +  + | +  + | 0644 0604 hard-link root another-group
apitoken.conf  | +   -  + | +  + | 0400 0600 0640 01640 02640 04640
apitoken.conf  | +   -  + | -  - | 0000
apitoken.conf  | -   +  - | -  - | service
apitoken.conf  | -   -  - | -  - | 0660 0620 0602 0666 another
apitoken.conf  | -   -  - | -  - | link another's-link dangling fifo socket
apitoken.conf  | -   -  - | -  - | device folder missing

secret.conf    | +   +  + | +  + | 0640 01640 02640 04640 hard-link
secret.conf    | +   -  + | +  + | 0400 0600 another-group
secret.conf    | +   -  + | -  - | 0000
secret.conf    | +   +  + | -  - | root
secret.conf    | -   +  - | -  - | service
secret.conf    | -   -  - | -  - | 0644 0604 0660 0620 0602 0666 another
secret.conf    | -   -  - | -  - | link another's-link dangling fifo socket
secret.conf    | -   -  - | -  - | device folder missing

state          | +   +  + | +  + | 0640 01640 02640 04640
state          | +   +  + | +  m | root
state          | +   +  m | +  m | hard-link
state          | +   -  + | +  + | 0400 0600 another-group
state          | +   -  + | -  - | 0000
state          | -   +  - | -  - | service
state          | -   -  - | -  - | 0644 0604 0660 0620 0602 0666 another
state          | -   -  - | -  - | link another's-link dangling fifo socket
state          | -   -  - | -  - | device folder missing

current        | +   +  + | +  + | 0640 01640 02640 04640 root hard-link
current        | +   -  + | +  + | 0400 0600 another-group
current        | +   -  + | -  - | 0000
current        | -   +  - | -  - | service
current        | -   -  - | -  - | 0644 0604 0660 0620 0602 0666 another
current        | -   -  - | -  - | link another's-link dangling fifo socket
current        | -   -  - | -  - | device folder missing

# The other data file, the journal and the lock: no login needs them. What has
# another name is left alone and made anew: it may be somebody's copy.
standby        | +   +  + | +  + | 0400 0600 0640 01640 02640 04640
standby        | +   +  + | +  + | another-group
standby        | +   +  m | +  m | hard-link missing
standby        | +   +  + | +  m | root
standby        | +   +  + | +  - | 0000
standby        | +   +  - | +  - | 0644 0604 0660 0620 0602 0666 another
standby        | +   +  - | +  - | service link another's-link dangling fifo
standby        | +   +  - | +  - | socket device folder

journal        | +   +  + | +  + | 0600 0640 01640 02640 04640 another-group
journal        | +   +  m | +  m | hard-link missing
journal        | +   +  + | +  - | 0000 0400 root
journal        | +   +  - | +  - | 0644 0604 0660 0620 0602 0666 another
journal        | +   +  - | +  - | service link another's-link dangling fifo
journal        | +   +  - | +  - | socket device folder

# Whoever can open the lock can hold it: its owner alone.
lock           | +   +  + | +  + | 0600 another-group hard-link
lock           | +   +  m | +  m | missing
lock           | +   +  + | +  - | 0000 0400 root
lock           | +   +  - | +  - | 0640 01640 02640 04640 0644 0604 0660 0620
lock           | +   +  - | +  - | 0602 0666 another service
lock           | +   +  - | +  - | link another's-link dangling fifo socket
lock           | +   +  - | +  - | device folder

# Nothing depends on the last uses.
lastuse        | +   +  + | +  + | 0000 0400 0600 0640 01640 02640 04640 0644
lastuse        | +   +  + | +  + | 0604 0660 0620 0602 0666 another-group
lastuse        | +   +  + | +  + | hard-link folder
lastuse        | +   +  + | +  m | root
lastuse        | +   +  m | +  m | another service missing
lastuse        | +   +  m | +  m | link another's-link dangling fifo socket
lastuse        | +   +  m | +  m | device

# A login goes on without the audit log. Where services write to it is the
# administrator's affair, but it has to be what it looks like.
audit.json     | +   +  + | +  + | 0600 0640 01640 02640 04640 0644 0604 0660
audit.json     | +   +  + | +  + | 0620 0602 0666 another-group missing
audit.json     | +   +  + | +  - | 0000 0400 root
audit.json     | +   +  - | +  - | another service hard-link
audit.json     | +   +  - | +  - | link another's-link dangling fifo socket
audit.json     | +   +  - | +  - | device folder

# The folder of configuration and keys, and the store's: nobody else may make
# a file there, sticky or not.
etc/           | +   +  + | +  + | 0755 root another-group link
etc/           | +   -  + | +  + | 0700 0750
etc/           | +   -  + | -  - | 0000
etc/           | -   +  - | -  - | service
etc/           | -   -  - | -  - | 0775 0757 0777 02770 01777 01770 another
etc/           | -   -  - | -  - | another's-link missing file

store/         | +   +  + | +  + | 0750 0755 link
store/         | +   +  + | -  - | root
store/         | +   -  + | +  + | 0700 another-group
store/         | +   -  + | -  - | 0000
store/         | -   +  - | -  - | service
store/         | -   -  - | -  - | 0775 0757 0777 02770 01777 01770 another
store/         | -   -  - | -  - | another's-link missing file

log/           | +   +  + | +  + | 0700 0750 0755 0775 0757 0777 02770 01777
log/           | +   +  + | +  + | 01770 another service root another-group
log/           | +   +  + | +  + | link
log/           | +   +  + | +  - | 0000
log/           | +   +  - | +  - | another's-link missing file

# The folders above: of the store alone, and of everything.
lib/           | +   +  + | +  + | 0755 01777 root another-group link
lib/           | +   -  + | +  + | 0700 0750 01770
lib/           | +   -  + | -  - | 0000
lib/           | -   +  - | -  - | service
lib/           | -   -  - | -  - | 0775 0757 0777 02770 another
lib/           | -   -  - | -  - | another's-link missing file

top/           | +   +  + | +  + | 0755 01777 root another-group link
top/           | +   -  + | +  + | 0700 0750 01770
top/           | +   -  + | -  - | 0000
top/           | -   +  - | -  - | service
top/           | -   -  - | -  - | 0775 0757 0777 02770 another
top/           | -   -  - | -  - | another's-link missing file
TABLE

# Numbers are enough: no account, no group has to exist.
my %caller = (root => '0 0 0', service => '61001 61001 54321',
    user => '61003 61003 61003', other => '61002 61002 61002');
my ($other, $user, $group) = (61002, 61003, 54321);

my $base = tempdir(mode => 0755);
mkdir "$base/$_" or die for qw(host own pam pam/host pam/own);
chown $user, $user, "$base/own" or die;

# ---- two installations ----

sub as_user {
	my (@command) = @_;
	my ($exit, $out, $err) = run([@command], uid => $user, gid => $user);
	$exit eq '0' or die "@command: $err";
	return $out;
}

sub installation {
	my ($name) = @_;
	my $top = "$base/$name";
	my $config = "$top/etc/apitoken.conf";
	my @command = (program('apitoken'), '--config', $config);
	my $make = $name eq 'own' ? \&as_user : sub {
		my ($exit, $out, $err) = run([@_]);
		$exit eq '0' or die "@_: $err";
		return $out;
	};
	$make->(@command, 'init');
	mkdir "$top/$_" or die for qw(lib log);
	rename "$top/etc/store", "$top/lib/store" or die;
	rename "$top/etc/audit.json", "$top/log/audit.json" or die;
	set_conf($config, store => "$top/lib/store", syslog => 'no',
	    audit_log => "$top/log/audit.json");
	my @mine = ($config, "$top/lib", "$top/log");
	chown $user, $user, @mine or die if $name eq 'own';
	my @token = map { $make->(@command, 'create', '--user', 'alice',
	    '--label', $_) =~ /(tkc1_\w+)/ } qw(active gone);
	$make->(@command, 'revoke', 'alice/gone');
	$make->(@command, 'create', '--user', 'alice', '--label', 'more');
	if ($name eq 'host') {
		my @files = glob "$top/lib/store/*";
		chown 0, $group, @files, "$top/lib/store", "$top/log",
		    "$top/log/audit.json", "$top/etc/secret.conf" or die;
		chmod 0640, "$top/etc/secret.conf", "$top/log/audit.json"
		    or die;
		chmod 0660, "$top/lib/store/lastuse" or die;
		chmod 02750, "$top/lib/store", "$top/log" or die;
	}
	my $line = program('pam_apitoken.so') . " config=$config nodelay";
	spit("$base/pam/$name/test", "auth required $line\n" .
	    "account required $line\n", 0644);
	my $state = state_of("$top/lib/store");
	return { name => $name, config => $config, token => $token[0],
	    gone => $token[1], pam => "$base/pam/$name", path => {
		'apitoken.conf' => $config,
		'secret.conf' => "$top/etc/secret.conf",
		'state' => "$top/lib/store/state",
		'current' => "$top/lib/store/$state->{side}.gdbm",
		'standby' => "$top/lib/store/$state->{other}.gdbm",
		(map { $_ => "$top/lib/store/$_" } qw(journal lock lastuse)),
		'audit.json' => "$top/log/audit.json",
		'etc/' => "$top/etc", 'store/' => "$top/lib/store",
		'log/' => "$top/log", 'lib/' => "$top/lib", 'top/' => $top, 'nothing' => $base,
	    } };
}

my %host = %{ installation('host') };
my %own = %{ installation('own') };
my $saved = save($base);

# ---- what is done ----

sub mode {
	my ($mode, $path) = @_;
	return chmod oct $mode, $path;
}

# Something else in its place, with the owner and mode that it had.
sub instead {
	my ($path, $make) = @_;
	my @st = stat $path;
	Apitoken::Store::remove($path);
	$make->($path) or die "$path: $!";
	chown @st[4, 5], $path or die;
	return chmod $st[2] & 07777, $path;
}

my %deed = (
	another => sub { chown $other, -1, $_[0] },
	'another-group' => sub {
		my $mode = (stat $_[0])[2] & 07777;
		chown(-1, $other, $_[0]) && chmod $mode, $_[0];
	},
	root => sub { chown 0, -1, $_[0] },
	service => sub { chown 61001, -1, $_[0] },
	missing => sub { Apitoken::Store::remove($_[0]); 1 },
	link => sub { rename($_[0], "$_[0].real") &&
	    symlink "$_[0].real", $_[0] },
	"another's-link" => sub {
		rename($_[0], "$_[0].real") && symlink("$_[0].real", $_[0])
		    or return;
		return system('chown', '-h', $other, $_[0]) == 0;
	},
	dangling => sub { unlink($_[0]) && symlink "$_[0].gone", $_[0] },
	'hard-link' => sub { link $_[0], "$base/linked" . ($_[0] =~ m{/own/}) },
	fifo => sub { instead($_[0], sub { mkfifo($_[0], 0600) }) },
	socket => sub {
		instead($_[0], sub {
			socket my $s, PF_UNIX, SOCK_STREAM, 0 or die;
			bind $s, pack_sockaddr_un($_[0]);
		});
	},
	device => sub { instead($_[0], sub {
		system('mknod', $_[0], 'c', 1, 5) == 0 }) },
	folder => sub { instead($_[0], sub { mkdir $_[0] }) },
	file => sub { instead($_[0], sub { spit($_[0], ''); 1 }) },
);

sub do_it {
	my ($what, $path) = @_;
	my $ok = $what =~ /^0[0-7]+$/ ? mode($what, $path)
	    : $deed{$what} ? $deed{$what}->($path) : die "$what?";
	die "$what $path: $!" if !$ok;
	return;
}

# ---- asking ----

# No line of it reaches the host's own log.
my $quiet = 'if [ -e /dev/log ]; then mount --bind /dev/null /dev/log; fi; ' .
    'exec "$0"';
my $pid = open2(my $from, my $to, 'unshare', '-m', '--propagation', 'private',
    'sh', '-c', $quiet, program('tests/priv/ask'));

my $questions = 0;

sub ask {
	my ($who, @question) = @_;
	$questions++;
	print {$to} "$caller{$who} @question\n";
	$to->flush;
	my $answer = <$from> // 'died';
	chomp $answer;
	return $answer;
}

# What came of a login: + or -; anything else is shown as it is.
sub login_sign {
	my ($i, $path, $answer) = @_;
	return '+' if $answer =~ /^valid/;
	return $answer =~ /^unavailable .*\Q$path\E/ ? '-' : $answer;
}

# In order: a file of its own, the installation's.
sub in_order {
	my ($i, $path) = @_;
	my @st = lstat $path;
	return @st && (-f _ || -d _) && ($st[3] == 1 || -d _) &&
	    $st[4] == ($i->{name} eq 'own' ? $user : 0);
}

sub change_sign {
	my ($i, $path, $who) = @_;
	my $was = in_order($i, $path);
	my $answer = ask($who, 'change', $i->{config}, 'new');
	return $answer =~ /^refused .*\Q$path\E/ ? '-' : $answer
	    if $answer !~ /^done (\S+)/;
	# What is acknowledged counts.
	my $new = ask($who, 'verify', $i->{config}, $1);
	return "$answer, but $new" if $new !~ /^valid/;
	return !$was && in_order($i, $path) ? 'm' : '+';
}

# The same by the module (PAM_SUCCESS twice, or PAM_AUTHINFO_UNAVAIL and no proof
# for the account phase) and by the command.
sub pam_sign {
	my ($i, $who) = @_;
	my $codes = ask($who, 'pam', $i->{pam}, $i->{token});
	return { '0 0' => '+', '9 6' => '-' }->{$codes} // $codes;
}

sub command_sign {
	my ($i, $who) = @_;
	$questions++;
	my ($uid, $gid, $more) = split ' ', $caller{$who};
	my ($exit, $out) = run(['setpriv', "--reuid=$uid", "--regid=$gid",
	    "--groups=$more", program('apitoken'), '--config', $i->{config},
	    qw(--json verify --service test --user alice)],
	    stdin => $i->{token});
	my $verdict = eval { from_json($out)->{verdict} } // 'none';
	return "$exit $verdict" eq '0 valid' ? '+'
	    : "$exit $verdict" eq '4 unavailable' ? '-' : "$exit $verdict";
}
# ---- the rows ----

my @logins = ([\%host, 'root'], [\%host, 'service'], [\%own, 'user']);
my @changes = ([\%host, 'root'], [\%own, 'user']);
my $cases = 0;

# What came of one deed, as in the table.
sub outcome {
	my ($file) = @_;
	my @signs = map { login_sign($_->[0], $_->[0]{path}{$file},
	    ask($_->[1], 'verify', $_->[0]{config}, $_->[0]{token})) } @logins;
	# The short form asks about some cases in fewer ways.
	my @odd = $ENV{PROOF} || $cases % 4 == 0 ? never() : ();
	for my $n ($ENV{PROOF} ? 0 .. $#logins : $cases % 3) {
		my ($i, $who) = @{ $logins[$n] };
		my $sign = pam_sign($i, $who);
		push @odd, "PAM, $who: $sign" if $sign ne $signs[$n];
		next if !$ENV{PROOF} && $cases % 4;
		$sign = command_sign($i, $who);
		push @odd, "command, $who: $sign" if $sign ne $signs[$n];
	}
	my @done = map { change_sign($_->[0], $_->[0]{path}{$file}, $_->[1]) }
	    @changes;
	push @odd, tmp_files($base);
	return join ' ', @signs[0, 1], $done[0], $signs[2], $done[1], @odd;
}

# What may be in no row.
sub never {
	my @odd;
	for my $login (@logins) {
		my ($i, $who) = @$login;
		my $got = ask($who, 'verify', $i->{config}, $i->{gone});
		push @odd, "revoked, $who: $got"
		    if $got !~ /^(?:revoked|unavailable)/;
	}
	for my $login ([\%host, 'other'], [\%own, 'other'], [\%own, 'root']) {
		my ($i, $who) = @$login;
		my $got = ask($who, 'verify', $i->{config}, $i->{token});
		push @odd, "$i->{name}, $who: $got" if $got !~ /^unavailable/;
	}
	return @odd;
}

is outcome('nothing'), '+ + + + +', 'nothing is done';
restore($saved);
for my $line (grep { /^[^#]/ } split /\n/, $table) {
	my ($file, $host, $own, $deeds) = split /\s*\|\s*/, $line;
	my $want = join ' ', split ' ', "$host $own";
	my @wrong;
	for my $deed (split ' ', $deeds) {
		do_it($deed, $_->{path}{$file}) for \%host, \%own;
		my $got = outcome($file);
		push @wrong, "$deed: $got" if $got ne $want;
		$cases++;
		restore($saved);
	}
	is_deeply \@wrong, [], "$file $want: $deeds";
}

close $to;
waitpid $pid, 0;
note "figure cases $cases";
note "figure questions asked $questions";
done_testing;
