#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What other users may do to an installation at work: services in the group hold
# every lock they can and write nonsense into the one file that is theirs to
# write; strangers put files, links and FIFOs where everybody may. No login and
# no change is stopped, nothing is written through what they put there, and a
# copy that somebody made by hard links stays what it was.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Reference qw(b32_decode);
use Apitoken::Store;
use Apitoken::Test;
use Digest::SHA qw(sha256);
use Test::More;

need_root();

# Numbers are enough: no account, no group has to exist.
my $group = 54321;
my @member = ('setpriv', '--reuid=61001', '--regid=61001',
    "--groups=$group");
my @owner = qw(setpriv --reuid=61003 --regid=61003 --clear-groups);
my @stranger = qw(setpriv --reuid=61002 --regid=61002 --clear-groups);
my $attempts = 0;

my $base = tempdir(mode => 0755);
mkdir "$base/host" or die;
my $config = init_store(dir => "$base/host");
my $store = "$base/host/store";
my ($token, $rec) = create_token($config, label => 'active');
my ($gone, $gone_rec) = create_token($config, label => 'gone');
apitoken($config, 'revoke', 'alice/gone');
chown 0, $group, glob("$store/*"), $store, "$base/host/secret.conf" or die;
chmod 0640, "$base/host/secret.conf" or die;
chmod 0660, "$store/lastuse" or die;
chmod 02750, $store or die;

# A login, a refusal and a change, as on any other day.
sub goes_on {
	my ($when) = @_;
	my @said = map {
		my ($exit, $out) = run([@member, program('apitoken'),
		    '--config', $config, qw(--json verify --service sshd)],
		    stdin => $_);
		eval { from_json($out)->{verdict} } // "exit $exit";
	} $token, $gone;
	my ($exit, undef, $err) = apitoken($config, qw(create --user alice
	    --label), $when =~ s/\W+/-/gr);
	is "@said $exit", 'valid revoked 0', "$when: all goes on"
	    or diag $err;
	my ($listed) = apitoken($config, 'list');
	is $listed, 0, "$when: so do lists";
	$attempts++;
	return;
}

# ---- in the group ----

# As many kinds of locks as there are, on files and folders; what may be
# written is locked against reading.
my $hold = <<'PERL';
use Fcntl qw(:DEFAULT :flock :seek F_SETLK F_SETLEASE);
for (@ARGV) {
	my $f;
	sysopen $f, $_, O_RDWR or sysopen $f, $_, O_RDONLY or next;
	$n++ if flock $f, LOCK_EX | LOCK_NB;
	for my $type (F_WRLCK, F_RDLCK) {
		last if fcntl $f, F_SETLK,
		    pack 's s x4 l! l! i x4', $type, SEEK_SET, 0, 0, 0;
	}
	fcntl $f, F_SETLEASE, F_WRLCK;
	push @f, $f;
}
$| = 1;
print "held $n\n";
sleep 600;
PERL
{
	my $log = tempdir() . '/log';
	my $pid = start([@member, $^X, '-e', $hold, glob("$store/*"), $store,
	    "$base/host", $config, "$base/host/secret.conf"], log => $log);
	ok wait_for(sub { slurp($log) =~ /held \d/ }), 'locks are held';
	note slurp($log);
	goes_on('a service holds every lock it can');
	stop($pid);
}

# A slot of the last uses, as a service in the group may write it.
sub slot {
	my ($id, $time, $service) = @_;
	my $text = pack 'a15 Q> a32 C a16 x8', b32_decode($id), $time,
	    $service, 0, '';
	return $text . substr sha256($text), 0, 16;
}

sub place_of {
	my ($id, $slots) = @_;
	my $bits = substr unpack('B32', b32_decode($id)), 0, 30;
	my $turned = oct '0b' . reverse $bits;
	return 96 + int($turned * ($slots / 4) / 2**30) * 4 * 96;
}

sub by_member {
	my ($what) = @_;
	my ($exit, $out, $err) = run([@member, $^X, '-e',
	    'open my $f, "+<", $ARGV[0] or die $!; ' . $what,
	    "$store/lastuse"]);
	is $exit, 0, 'a service may do that' or diag $err;
	return;
}

sub hex_of { return 'pack("H*", "' . unpack('H*', $_[0]) . '")' }

my $huge = hex_of(pack 'a4 Q>', 'TCU1', 2**26);
my %nonsense = (
	'empty' => 'truncate $f, 0 or die $!',
	'cut off' => 'truncate $f, 200 or die $!',
	'longer' => 'seek $f, 0, 2; print {$f} "x" or die $!',
	'another beginning' => 'print {$f} "TCU2" or die $!',
	'no number' => 'print {$f} "TCU1", "\xff" x 8 or die $!',
	'as large as can be' => "print {\$f} $huge; truncate \$f, " .
	    '96 + 96 * 2 ** 26 or die $!',
	'noise' => 'srand 1; seek $f, 96, 0; ' .
	    'print {$f} map { chr int rand 256 } 1 .. 98304 or die $!',
);
for my $name (sort keys %nonsense) {
	by_member($nonsense{$name});
	goes_on("last uses: $name");
	like doctor_worst($config), qr/^(?:fine|warning)$/,
	    'and doctor sees no problem';
	# The next change makes what is of no use anew; else we do.
	unlink "$store/lastuse";
	apitoken($config, qw(create --user alice --label anew));
}

# It is their word that such a file holds: no verdict depends on it.
subtest 'a lie about the last use' => sub {
	my $slots = unpack 'x4 Q>', slurp("$store/lastuse");
	for my $id ($rec->{id}, $gone_rec->{id}) {
		my $lie = hex_of(slot($id, 2**33, 'nowhere'));
		my $at = place_of($id, $slots);
		by_member("seek \$f, $at, 0; print {\$f} $lie or die \$!");
	}
	my ($exit, $out) = apitoken($config, '--json', 'show', $rec->{id});
	is from_json($out)->{last_service} // '', 'nowhere',
	    'it is shown' or diag $out;
	goes_on('a lie');
};

# ---- strangers ----

sub as {
	my ($who, @command) = @_;
	$attempts++;
	return run([@$who, @command]);
}

sub perl_as {
	my ($who, $code, @args) = @_;
	my ($exit, $out, $err) = as($who, $^X, '-e', $code, @args);
	return $exit;
}

# Everybody may write in the folder above, as in /tmp.
mkdir "$base/tmp" or die;
chmod 01777, "$base/tmp" or die;

my %in_the_way = (
	'a folder' => 'mkdir $ARGV[0], 0777 or die',
	'a file' => 'open my $f, ">", $ARGV[0] or die',
	'a link to a folder of the user' => 'symlink $ARGV[1], $ARGV[0] or die',
	'a link to nothing' => 'symlink "/nowhere/at/all", $ARGV[0] or die',
	'a FIFO' => 'use POSIX; mkfifo($ARGV[0], 0666) or die',
);
mkdir "$base/mine" or die;
chown 61003, 61003, "$base/mine" or die;
my $inst = "$base/tmp/inst";
for my $name (sort keys %in_the_way) {
	is perl_as(\@stranger, $in_the_way{$name}, $inst, "$base/mine"), 0,
	    "where an installation shall be there is $name";
	my ($exit, undef, $err) = as(\@owner, program('apitoken'), '--config',
	    "$inst/apitoken.conf", 'init');
	isnt $exit, 0, 'init refuses';
	like $err, qr/\Q$inst\E/, 'and says where' or diag $err;
	is_deeply [grep { $_ ne "$base/mine" } keys %{ tree("$base/mine") }],
	    [], 'nothing was made through it';
	Apitoken::Store::remove($inst);
}
{
	my ($exit, undef, $err) = as(\@owner, program('apitoken'), '--config',
	    "$base/tmp/apitoken.conf", 'init');
	isnt $exit, 0, 'init beside the files of strangers: refused';
	like $err, qr{\Q$base\E/tmp: others may put files there}, 'why';
	is_deeply [keys %{ tree("$base/tmp") }], ["$base/tmp"],
	    'nothing is left there';
}

# Once it is there it stays.
my ($exit) = as(\@owner, program('apitoken'), '--config',
    "$inst/apitoken.conf", 'init');
is $exit, 0, 'an installation in a folder of its own';
my $before = tree($inst);
my @attacks = (
	'rename $ARGV[0], "$ARGV[0].old"',
	'rmdir $ARGV[0]',
	'unlink "$ARGV[0]/secret.conf"',
	'rename "$ARGV[0]/store", "$ARGV[0]/old"',
	'symlink "/tmp", "$ARGV[0]/store/state.spare"',
	'link "$ARGV[0]/secret.conf", "$ARGV[0].secret"',
	'open my $f, ">>", "$ARGV[0]/apitoken.conf"',
	'chmod 0777, $ARGV[0]',
	'use Fcntl qw(:flock); open my $f, "<", "$ARGV[0]/apitoken.conf" ' .
	    'and open my $g, "<", "$ARGV[0]/store/lock" and flock $g, LOCK_EX',
);
for my $attack (@attacks) {
	isnt perl_as(\@stranger, "($attack) or exit 1", $inst), 0,
	    "not possible: $attack";
}
ok same_tree($before, tree($inst)), 'nothing changed';

# ---- the audit log where everybody may write ----

subtest 'an audit log in such a folder' => sub {
	mkdir "$base/logs" or die;
	chmod 01777, "$base/logs" or die;
	my $log = "$base/logs/audit.json";
	set_conf($config, audit_log => $log);
	spit("$base/target", "keep\n", 0666);
	my %planted = (
		'a file' => 'open my $f, ">", $ARGV[0] or die; ' .
		    'chmod 0666, $f',
		'a link' => 'symlink $ARGV[1], $ARGV[0] or die',
		'a FIFO' => 'use POSIX; mkfifo($ARGV[0], 0666) or die',
		'a hard link' => 'link $ARGV[1], $ARGV[0] or die',
	);
	for my $name (sort keys %planted) {
		# Anybody may link a file that anybody may write.
		is perl_as(\@stranger, $planted{$name}, $log, "$base/target"),
		    0, "a stranger put $name there";
		my ($exit, $out) = run([@member, program('apitoken'),
		    '--config', $config, qw(verify --service sshd)],
		    stdin => $token);
		is $exit, 0, 'logins go on';
		my ($code, undef, $err) = apitoken($config, qw(create --user
		    alice --label x));
		is $code, 4, 'a change is refused';
		like $err, qr/\Q$log\E/, 'and names it';
		is slurp("$base/target"), "keep\n", 'nothing went through it';
		unlink $log or die;
	}
	goes_on('the stranger\'s file is gone');
	isnt perl_as(\@stranger, 'unlink($ARGV[0]) or exit 1', $log), 0,
	    'what is there cannot be replaced';
	set_conf($config, audit_log => 'audit.json');
};

# ---- copies ----

subtest 'a copy made by hard links' => sub {
	my $copy = "$base/copy";
	is system('cp', '-al', $store, $copy), 0, 'cp -al';
	my %was = map { $_ => slurp("$copy/$_") }
	    grep { -f "$copy/$_" } qw(left.gdbm right.gdbm state journal);
	goes_on("change number $_") for 1 .. 3;
	is_deeply [grep { slurp("$copy/$_") ne $was{$_} } sort keys %was], [],
	    'is what it was after three changes';
	is doctor_worst($config), 'fine', 'and the store is whole';
	# Put back, it works.
	rename $store, "$base/newer" or die;
	is system('cp', '-a', $copy, $store), 0, 'put back';
	goes_on('a copy that was put back');
};

note "figure attempts of other users $attempts";
done_testing;
