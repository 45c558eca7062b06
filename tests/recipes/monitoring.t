#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# doc/recipes/monitoring.md: systemd takes the units, their commands do what is
# said where only the folders that they name can be written to, and a real
# node_exporter hands the figures on.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Recipe;
use Apitoken::Server;
use Apitoken::Test;
use Test::More;

if (defined(my $why = Apitoken::Server::unavailable(qw(systemd-analyze curl
    prometheus-node-exporter)))) {
	plan skip_all => $why;
}

my $recipe = Apitoken::Recipe->new('monitoring');
my $dir = tempdir();
my ($units, $folder) = ("$dir/units", "$dir/figures");
mkdir "$dir/$_", 0755 for qw(units figures token);
my $config = init_store(dir => "$dir/token");
my $apitoken = program('apitoken') . " --config $config";
my %here = ('/usr/bin/apitoken' => $apitoken,
    '/etc/systemd/system' => $units,
    '/var/lib/prometheus/node-exporter' => $folder,
    '/var/lib/apitoken' => "$dir/token/store");
sub here {
	my ($text) = @_;
	my $any = join '|', map { quotemeta } keys %here;
	return $text =~ s/($any)/$here{$1}/gr;
}

sub typed {
	my ($command) = @_;
	my $line = here($command) =~ s/^apitoken /$apitoken /r;
	my ($exit, $out, $err) = run([ '/bin/sh', '-c', $line ],
	    dir => source_dir());
	is $exit, 0, $command or diag "$out$err";
	return $out;
}

# ---- the units ----
typed($_) for $recipe->commands('install');
my @files = sort map { s{.*/}{}r } glob "$units/*";
is_deeply \@files, [ map { ("apitoken-$_.service", "apitoken-$_.timer") }
    qw(expiring stats) ], 'the units are there';
# A program has to be where the unit says that it is.
for (@files) {
	my $text = slurp("$units/$_");
	spit("$units/$_", $text =~ s{/usr/bin/apitoken}{program('apitoken')}ger,
	    0644);
}
my ($exit, $out, $err) = run([ 'systemd-analyze', '--man=no', 'verify',
    map { "$units/$_" } @files ]);
is "$exit$out$err", '0', 'systemd has nothing against them';
for ($recipe->commands('systemctl enable')) {
	my %enabled = map { $_ => 1 } /(\S+\.timer)/g;
	is_deeply [ grep { !$enabled{$_} } grep { /timer$/ } @files ], [],
	    'each timer is enabled';
}

# unit(name): what systemd makes of its command, and where it may write.
sub unit {
	my ($name) = @_;
	my $text = slurp(source_dir() . "/packaging/systemd/$name.service");
	my ($line) = $text =~ /^ExecStart=(.*)/m;
	my %is = ('%%' => '%', '$$' => '$', '\\\\' => '\\');
	$line =~ s/(%%|\$\$|\\\\)/$is{$1}/g;
	my ($write) = $text =~ /^ReadWritePaths=(.*)/m;
	like $text, qr/^ProtectSystem=strict$/m, "$name: all else is closed";
	return (here($line), split / /, here($write));
}

# started(name): its command in a namespace where nothing else of ours can be
# written to.
sub started {
	my ($name) = @_;
	my ($line, @write) = unit($name);
	my $script = join "\n", 'set -e', (map { "mount --bind $_ $_" } $dir,
	    @write), "mount -o remount,bind,ro $dir",
	    "! touch $dir/token/x 2>/dev/null", "exec $line";
	return run([ 'unshare', '--mount', '--propagation', 'private',
	    '/bin/sh', '-c', $script ]);
}

# ---- what they do ----
subtest 'tokens that expire soon' => sub {
	my ($code, $text, $error) = started('apitoken-expiring');
	is "$code$text$error", '0', 'none, nothing is said';
	create_token($config, label => 'far away', expires => '90d');
	create_token($config, label => 'next month', expires => '20d');
	(undef, my $soon) = create_token($config, expires => '5d',
	    label => '10 %s of \n');
	($code, $text, $error) = started('apitoken-expiring');
	is $code, 0, 'one' or diag $error;
	like $text, qr/\A.*\balice\s+10 %s of \\n\s.*\n\z/,
	    'is named, in a line';
	like $text, qr/\b\Q@{[substr $soon->{id}, 0, 10]}\E$/m, 'by its id';
	my ($cron) = map { /root (apitoken .*)/ }
	    $recipe->file('/etc/cron.d/apitoken');
	like typed($cron), qr/\A.*\b10 %s of .*\n\z/, 'and so it is by cron';
};

subtest 'figures' => sub {
	my ($code, undef, $error) = started('apitoken-stats');
	is $code, 0, 'the command' or diag $error;
	my $port = free_port();
	my $pid = start([ 'prometheus-node-exporter',
	    "--web.listen-address=127.0.0.1:$port",
	    '--collector.disable-defaults', '--collector.textfile',
	    "--collector.textfile.directory=$folder" ],
	    log => "$dir/exporter");
	my ($look) = $recipe->commands('curl');
	my $line = $look =~ s/localhost:9100/127.0.0.1:$port/r
	    =~ s/ \|.*//r;
	my $seen = '';
	ok wait_for(sub { ($seen) = (run([ '/bin/sh', '-c', $line ]))[1];
	    $seen =~ /^node_textfile_mtime/m }), 'node_exporter answers'
	    or diag slurp("$dir/exporter");
	like $seen, qr/^apitoken_tokens\{state="active"\} 3$/m,
	    'with our figures';
	like $seen, qr/^node_textfile_scrape_error 0$/m, 'all of them';
	my @rules = map { /expr: (.*)/ }
	    $recipe->file('/etc/prometheus/rules.d/apitoken.yml');
	cmp_ok scalar @rules, '>', 2, 'alerts';
	for my $rule (@rules) {
		my ($name, $label, $is, $value) = $rule
		    =~ /([a-z_]{7,})(?:\{(\w+)(=~?)"([^"]+)"\})?/;
		my $pattern = $is && $is eq '=~' ? $value
		    : quotemeta($value // '');
		like $seen, $label ? qr/^$name\{$label="$pattern"\} /m
		    : qr/^$name /m, "$rule: there is such a figure";
	}
	stop($pid);
};

subtest 'what does not work shows' => sub {
	my $store = "$dir/token/store/state";
	rename $store, "$dir/state" or die $!;
	my $before = slurp("$folder/apitoken.prom");
	for my $name (qw(apitoken-stats apitoken-expiring)) {
		my ($code, $text, $error) = started($name);
		is "$code$text", 4, "$name fails";
		ok one_line($error), 'and says why' or diag $error;
	}
	is slurp("$folder/apitoken.prom"), $before, 'the figures stay';
	rename "$dir/state", $store or die $!;
};

# ---- refusals ----
apitoken($config, 'verify', '--service', 'imap',
    { stdin => "tkc1_nothing\n" }) for 1 .. 3;
like typed($recipe->commands('apitoken --json')), qr/^3$/,
    'refused logins are counted';
typed($_) for $recipe->commands('rm');
is_deeply [ glob("$units/*"), glob "$folder/*" ], [], 'all is taken back';
done_testing;
