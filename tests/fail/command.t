#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every call of the command that can fail, of its own files and of the library
# in it, is made to fail once, in every verb. A process that ends with 0 has
# done all and said all; one that ends with 6 has said that the change is in
# force; after any other nothing is changed. Nothing is half done, no temporary
# file is left, and no error has a token or a secret in it.
#
# The short form takes every third of the ways to a call, FAIL_STEP says another
# number; the long form takes every call.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Failing;
use Apitoken::Test;
use JSON::PP ();

$ENV{TMPDIR} = '/dev/shm' if -d '/dev/shm' && -w _;
$ENV{TZ} = 'UTC';
my $WORKERS = $ENV{FAIL_WORKERS} // 2;
my $STEP = $ENV{FAIL_STEP} // 3;
my $SECRET = 'a secret of 32 characters, or more';
my $VALUE = 'a-value-that-was-made-elsewhere-0123456789';

# ---- the calls that are not in the tables ----
sub imports {
	my $objects = build_dir() . '/obj/apitoken';
	my %seen = map { $_ => 1 } split ' ',
	    qx(nm -u $objects/*.o | sed -n 's/^ *[Uw] //p');
	delete @seen{ split ' ',
	    qx(nm --defined-only $objects/*.o | sed -n 's/^[0-9a-f]* . //p') };
	return grep { !/^(?:tc_|__asan|__gcov|__ubsan|__tsan|_GLOBAL_OFFSET)/ }
	    keys %seen;
}

sub table {
	my ($name) = @_;
	return map { /^[A-Z]+\((\w+)[,)]/ ? $1 : () }
	    split /\n/, slurp(source_dir() . "/tests/fail/$name");
}

my %known = map { $_ => 1 } table('calls.h'), table('calls_command.h'),
    map { /^(\w+)\t+\S/ ? $1 : () }
    split /\n/, slurp(source_dir() . '/tests/fail/harmless_command');
is join(' ', sort grep { !$known{$_} } imports()), '',
    'every call of the command is made to fail or said to be harmless';

# ---- the installation ----
sub shell_words { return [split / /, $_[0]] }

sub command {
	my ($config, @args) = @_;
	my ($exit, $out, $err) = apitoken($config, @args);
	$exit eq '0' or die "@args: exit $exit: $err";
	return $out;
}

# A root with something of all that the doctor looks at.
sub host {
	my ($root, $sick) = @_;
	my %files = (
		'etc/pam.d/sshd' => "auth [success=done ignore=ignore "
		    . "default=die] pam_apitoken.so \\\n nontoken=ignore\n"
		    . "\@include common-auth\naccount required pam_apitoken.so\n"
		    . "account required pam_unix.so\n",
		'etc/pam.d/common-auth' => "auth required pam_unix.so\n",
		'etc/default/saslauthd' => $sick ? "OPTIONS=\"-c -m /run\"\n"
		    : "OPTIONS=\"-m /run\"\n",
		'etc/dovecot/dovecot.conf' => "!include conf.d/*.conf\n",
		'etc/dovecot/conf.d/10.conf' => 'auth_cache_size = '
		    . ($sick ? "10M\n" : "0\n"),
		'lib/security/pam_apitoken.so' => '',
		'proc/7/cmdline' => "/usr/sbin/saslauthd\0-m\0/run\0"
		    . ($sick ? "-c\0" : ''),
		$sick ? ('sys/fs/selinux/enforce' => '1') : (),
		'etc/apitoken/apitoken.conf' => '',
	);
	for my $name (sort keys %files) {
		my $path = $root;
		for my $part ('', split m{/}, $name =~ s{/[^/]*$}{}r) {
			mkdir $path .= $part eq '' ? '' : "/$part";
		}
		spit("$root/$name", $files{$name});
	}
	return;
}

sub site {
	my $dir = tempdir();
	my $config = init_store(dir => $dir, secret => $SECRET);
	my $laptop = create_token($config, label => 'laptop',
	    service => 'imap,smtp', from => ['192.0.2.0/24', '10.0.0.0/8'],
	    property => ['team=ops', 'rack=7'], expires => '2099-03-31');
	create_token($config, user => 'bob', label => "ci$_") for 1, 2;
	create_token($config, label => 'old');
	command($config, 'revoke', 'alice/old', '--reason', 'lost');
	import_value($config, $VALUE, user => 'dave');
	command($config, 'key', 'add');
	command($config, 'revoke', '--user', 'erin', '--all', '--yes');
	# Nothing was used yet: the last use is best effort, and may be missing.
	spit("$dir/values.csv", "value,user,label,services,expires\n"
	    . "$VALUE-1,fay,one,imap;smtp,2099-03-31\n"
	    . "\"$VALUE-2\",fay,two,,\n");
	spit("$dir/values.jsonl", join '', map { JSON::PP->new->canonical
	    ->encode($_) . "\n" } { value => "$VALUE-3", user => 'guy',
	    label => 'one', services => ['imap'],
	    sources => ['192.0.2.0/24'], properties => { a => 'b' } },
	    { value => "$VALUE-4", user => 'guy', label => 'two' });
	spit("$dir/some.csv", "value,user,label\nshort,fay,one\n"
	    . "$VALUE-5,fay,two\n");
	host("$dir/well", 0);
	host("$dir/sick", 1);
	my $site = Apitoken::Failing->new($dir, $config, $SECRET, $VALUE);
	$site->keep;
	create_token($config, user => 'frank', label => 'restored',
	    service => 'imap', property => 'a=b');
	my $records = command($config, 'export', '--with-verifiers');
	$site->put_back;
	spit("$dir/records.jsonl", $records);
	$site->keep;
	return ($site, $laptop);
}

# For init.
sub no_site {
	my $dir = tempdir();
	my $site = Apitoken::Failing->new($dir, "$dir/apitoken.conf", $SECRET);
	$site->keep;
	return $site;
}

# ---- the scenarios ----
my $created = '--user alice --label new --service imap --from 192.0.2.0/24 '
    . '--property a=b --expires 2099-03-31';
# A new value that was lost has replaced the old one all the same.
my %lost = (between => sub { $_[0] == 6
    && $_[1] =~ /the one it replaces is refused, too/ });
# The key is there, and not active.
my %added = (between => sub { $_[0] == 6
    && $_[1] =~ /key 3 is in force, but only to verify/
    || $_[1] =~ /secret.conf is in force but may not survive/ });

# Its tokens are ended first.
my %ended = (between => sub {
	return $_[0] == 6 && $_[1] =~ /not retired, do it again/
	    || $_[0] == 4 && $_[1] =~ /refused already, do it again/;
});
my %clock = (warns => qr/whether it is synchronised cannot be asked/);
my %strange = (warns => qr/\d+ lines? w\w+ not understood/);

my @scenarios = (
	{ args => 'create CREATED', token => 1, changes => 1 },
	{ args => 'create CREATED --json', token => 1, changes => 1 },
	{ args => 'create CREATED --count 3', token => 1, changes => 1 },
	{ args => 'create CREATED --output DIR/token', changes => 1,
	    out => 'token' },
	{ args => 'create CREATED --json --output DIR/token', changes => 1,
	    out => 'token' },
	{ args => 'create CREATED --qr', token => 1, changes => 1, tty => 1 },
	{ args => 'copy alice/laptop', token => 1, changes => 1 },
	{ args => 'copy alice/laptop --json', token => 1, changes => 1 },
	{ args => 'regenerate alice/laptop', token => 1, changes => 1, %lost },
	{ args => 'regenerate bob/ci1 --json', token => 1, changes => 1,
	    %lost },
	{ args => 'import --user eve --label x', changes => 1,
	    stdin => "$VALUE-9" },
	{ args => 'import --user eve --label x --json', changes => 1,
	    stdin => "$VALUE-9" },
	{ args => 'import --user eve --label typed', changes => 1,
	    typed => "$VALUE-8\n", warns => qr/\A\w+\n\z/ }, # no prompt
	{ args => 'import --csv DIR/values.csv', changes => 1, lines => 1, rows => 1 },
	{ args => 'import --csv DIR/values.csv --json', changes => 1,
	    lines => 1, rows => 1 },
	{ args => 'import --csv DIR/some.csv', changes => 1, exit => 1,
	    lines => 1, rows => 1 },
	{ args => 'import --jsonl DIR/values.jsonl', changes => 1,
	    lines => 1, rows => 1 },
	{ args => 'import --jsonl DIR/values.jsonl --json', changes => 1,
	    lines => 1, rows => 1 },
	{ args => 'import --records DIR/records.jsonl', changes => 1,
	    lines => 1 },
	{ args => 'import --records DIR/records.jsonl --json', changes => 1,
	    lines => 1 },
	{ args => 'narrow --service imap --from 192.0.2.7 --expires '
	    . '2099-01-01', stdin => 'LAPTOP', token => 1 },
	{ args => 'narrow --service imap --json', stdin => 'LAPTOP',
	    token => 1 },
	{ args => 'narrow --service imap --json --output DIR/token',
	    stdin => 'LAPTOP', out => 'token' },
	{ args => 'list' },
	{ args => 'list --long --sort -expires' },
	{ args => 'list --json --user alice' },
	{ args => 'show alice/laptop' },
	{ args => 'show alice/laptop --json' },
	{ args => 'verify --service imap --from 192.0.2.7',
	    stdin => 'LAPTOP', finds => 1 },
	{ args => 'verify --service imap --from 192.0.2.7 --json',
	    stdin => 'LAPTOP', finds => 1 },
	{ args => 'verify --service imap --user dave --imported',
	    stdin => $VALUE, finds => 1 },
	{ args => 'inspect', stdin => 'LAPTOP' },
	{ args => 'inspect --json', stdin => 'LAPTOP' },
	{ args => 'audit', %strange },
	{ args => 'audit --json --user alice', %strange },
	{ args => 'audit --lines 2', %strange },
	{ args => 'stats' },
	{ args => 'stats --output DIR/figures', out => 'figures' },
	{ args => 'edit alice/laptop --label other --service imap '
	    . '--property c=d', changes => 1 },
	{ args => 'edit alice/laptop --expires 2098-01-01 --json',
	    changes => 1 },
	{ args => 'renew alice/laptop --expires 2099-12-31', changes => 1 },
	{ args => 'renew alice/laptop --expires 2099-12-31 --json',
	    changes => 1 },
	{ args => 'revoke alice/laptop --reason gone', changes => 1 },
	{ args => 'revoke --user bob --json', changes => 1 },
	{ args => 'revoke --user bob --dry-run' },
	{ args => 'revoke --user bob --all', changes => 1 },
	{ args => 'revoke --issued-before 2026-01-01 --json', changes => 1 },
	{ args => 'delete alice/laptop', changes => 1 },
	{ args => 'delete --user bob --json', changes => 1 },
	{ args => 'key list' },
	{ args => 'key list --json' },
	{ args => 'key add', changes => 1 },
	{ args => 'key add --secret-stdin --json', changes => 1,
	    stdin => "another $SECRET" },
	{ args => 'key add --activate', changes => 1, %added },
	{ args => 'key activate 2', changes => 1 },
	{ args => 'key activate 2 --json', changes => 1 },
	{ args => 'key retire 2', changes => 1, %ended },
	{ args => 'key retire 2 --json', changes => 1,
	    %ended },
	{ args => 'export' },
	{ args => 'export --with-verifiers --output DIR/records',
	    out => 'records' },
	{ args => 'export --json --output DIR/records', out => 'records' },
	{ args => 'check', finds => 1 },
	{ args => 'check --json', finds => 1 },
	{ args => 'compact', same => 1 },
	{ args => 'compact --json', same => 1 },
	{ args => 'doctor --root DIR/well', finds => 1, %clock },
	{ args => 'doctor --root DIR/well --json', finds => 1, %clock },
	{ args => 'doctor --root DIR/sick', finds => 1, exit => 4 },
	{ args => 'help' },
	{ args => 'help list --json' },
	{ args => 'help --json' },
	{ args => 'init', fresh => 1, changes => 1 },
	{ args => 'init --secret-stdin --json', fresh => 1, changes => 1,
	    stdin => $SECRET },
);

for my $s (@scenarios) {
	$s->{name} = $s->{args} =~ s/ CREATED//r;
	$s->{args} = shell_words($s->{args} =~ s/CREATED/$created/r);
	$s->{verb} = join ' ', grep { defined }
	    $s->{args}[0], $s->{args}[0] eq 'key' ? $s->{args}[1] : undef;
}
my %verbs;	# numbered
$verbs{$_->{verb}} //= keys %verbs for @scenarios;
my $only = $ENV{FAIL_ONLY};
@scenarios = grep { $_->{name} =~ /^$only/ } @scenarios if defined $only;

# ---- running them ----
# Each worker has an installation of its own; init has an empty folder.
my @sites = map { [site(), no_site()] } 1 .. $WORKERS;

sub work {
	my ($worker, $pass, $file) = @_;
	my ($own, $laptop, $fresh) = @{ $sites[$worker] };
	my %total;
	if (!$ENV{PROOF} || $pass ne 'one') {
		$_->once($ENV{PROOF} ? 1 : $STEP) for $own, $fresh;
	}
	for my $i (grep { $verbs{$scenarios[$_]{verb}} % $WORKERS == $worker }
	    0 .. $#scenarios) {
		my $s = $scenarios[$i];
		$s->{stdin} = $laptop if ($s->{stdin} // '') eq 'LAPTOP';
		my $found = ($s->{fresh} ? $fresh : $own)->scenario($s, $pass);
		push @{ $total{notes} }, @{ delete $found->{notes} };
		$total{$_} += $found->{$_} for keys %$found;
		note("$s->{name}: $found->{attempts}") if $ENV{FAIL_SHOW};
	}
	spit($file, JSON::PP->new->encode(\%total));
	return;
}

sub run_pass {
	my ($pass) = @_;
	my ($dir, %total, @pids) = (tempdir());
	for my $worker (0 .. $WORKERS - 1) {
		my $pid = fork // die "fork: $!\n";
		if (!$pid) {
			work($worker, $pass, "$dir/$worker");
			exit 0;
		}
		push @pids, $pid;
	}
	for my $worker (0 .. $WORKERS - 1) {
		waitpid $pids[$worker], 0;
		my $part = from_json(slurp("$dir/$worker"));
		diag($_) for @{ delete $part->{notes} // [] };
		$total{$_} += $part->{$_} for keys %$part;
	}
	return \%total;
}

my @passes = $ENV{PROOF} ? qw(one other memory space all) : 'one';
@passes = split /,/, $ENV{FAIL_PASSES} if $ENV{FAIL_PASSES};
my %total;
for my $pass (@passes) {
	my $found = run_pass($pass);
	cmp_ok $found->{attempts}, '>', @scenarios,
	    "$pass: $found->{attempts} calls failed";
	is $found->{$_}, 0, "$pass: $_" for @Apitoken::Failing::FAULTS;
	$total{$_} += $found->{$_} for keys %$found;
}
if (!defined $only) {
	my $help = command(undef, 'help', '--json');
	my @missing = grep { !defined $verbs{$_} } map { join ' ', grep { defined }
	    $_->{verb}, $_->{second} } json_lines($help);
	is "@missing", '', 'every verb has a scenario';
}
if ($ENV{PROOF}) {
	my %words = (attempts => 'calls made to fail', wrong =>
	    'exit 0, and not all was done or said', half =>
	    'changes made by half', said => 'failures not told as they are',
	    told => 'tokens and secrets in errors', left_over =>
	    'temporary files left', fell => 'crashes and hangs');
	print 'figure verbs ', scalar keys %verbs, "\n";
	print 'figure scenarios ', scalar @scenarios, "\n";
	print "figure $words{$_} $total{$_}\n"
	    for 'attempts', @Apitoken::Failing::FAULTS;
}

done_testing;
