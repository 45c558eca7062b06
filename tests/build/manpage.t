#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The command's manual against the program's own tables: every verb, option,
# column and state, and no other; the members of JSON and of the audit log as
# they really are; and the examples, which are run.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $page = slurp(source_dir() . '/doc/apitoken.1');
my %section = $page =~ /^\.S[hs] (.+?)\n(.*?)(?=^\.S[hs] |\z)/msg;

# ---- verbs and options ----
# What stands at the first level of the lists of a text: [head, body]; heads
# that follow each other are of one entry.
sub entries {
	my ($text) = @_;
	my (@found, $depth);
	$depth = 0;
	for my $line (split /\n/, $text) {
		$depth-- if $line =~ /^\.El\b/;
		if ($depth == 1 && $line =~ /^\.It (.+)/) {
			push @found, [$1, ''];
		} elsif ($depth > 0) {
			$found[-1][1] .= "$line\n" if @found;
		}
		$depth++ if $line =~ /^\.Bl\b/;
	}
	return @found;
}

# The options that a text has entries for: name => [letter, has a value].
sub options_in {
	my ($text) = @_;
	my %found;
	for (entries($text)) {
		my ($head) = @$_;
		my ($name) = $head =~ /^Fl Fl ([a-z-]+)/ or next;
		my ($letter) = $head =~ / Fl ([a-z])\b(?!-)/;
		$found{$name} = join ' ', $letter // '-',
		    $head =~ / Ar / ? 'value' : 'flag';
	}
	return %found;
}

# Those of a verb: its own, and those of the sections that it points to.
sub options_of {
	my ($body) = @_;
	my %found = options_in($body);
	while ($body =~ /^\.Sx (.+?)(?: [.,;])?$/mg) {
		my $name = $1;
		isnt $section{$name}, undef, "there is a section $name"
		    or next;
		%found = (options_in($section{$name}), %found);
	}
	return \%found;
}

my %verbs;	# name => text of its entry, of all its forms together
my ($verbs) = $page =~ /^\.Sh VERBS\n(.*?)^\.Sh /ms;
for (entries($verbs)) {
	my ($head, $body) = @$_;
	$verbs{$1} .= $body if $head =~ /^Cm ((?:key )?[a-z]+)/;
}

my @tables = json_lines((apitoken(undef, '--json', '--help'))[1]);
my @known = map { join ' ', grep { defined } @$_{qw(verb second)} } @tables;
is_deeply [sort keys %verbs], [sort @known], 'every verb, and no other';

my %common = options_in($section{DESCRIPTION});
is_deeply [sort keys %common], [qw(config help json)], 'common options';

my %words;	# of options that have some
for my $verb (grep { defined $verbs{$_} } @known) {
	my $table = from_json((apitoken(undef, '--json', 'help',
		split ' ', $verb))[1]);
	my %want;
	for my $opt (@{ $table->{options} }) {
		$words{ $opt->{name} } = $opt->{words} if @{ $opt->{words} };
		next if $common{ $opt->{name} };
		$want{ $opt->{name} } = join ' ', $opt->{letter} // '-',
		    defined $opt->{value} ? 'value' : 'flag';
	}
	is_deeply options_of($verbs{$verb}), \%want, "the options of $verb";
}

# ---- words ----
# Those behind the macros Cm and Li of a text, as heads or in it.
sub named_in {
	my ($text, $macro) = @_;
	return map { grep { !/^[,.;]$/ } split ' ' }
	    $text =~ /^\.(?:It )?$macro ((?:[a-z_-]+(?: [,.;])? ?)+)$/mg;
}

sub entry {
	my ($section, $head) = @_;
	my ($found) = map { $_->[1] } grep { $_->[0] =~ /^\Q$head\E$/ }
	    entries($section{$section});
	return $found // die "no $head in $section\n";
}

is_deeply [sort map { named_in(".It $_->[0]", 'Cm') }
    entries($section{Columns})], [sort @{ $words{columns} }], 'columns';
is_deeply $words{sort}, $words{columns}, '... and what is sorted by';
is_deeply [sort(named_in(entry('Filters',
	'Fl Fl state Ar state Ns Op , Ns Ar ...'), 'Cm'))],
    [sort @{ $words{state} }], 'states';
is_deeply [sort(named_in(entry('AUDIT LOG', 'Li event'), 'Cm'))],
    [sort @{ $words{event} }], 'events';
is_deeply [sort map { named_in(entry('AUDIT LOG', "Li $_"), 'Cm') }
    qw(result reason)], [sort @{ $words{result} }], 'results';


# ---- numbers, variables, dates ----
my $source = source_dir() . '/apitoken';
my ($exits) = slurp("$source/apitoken.h") =~ /^enum \{\n\tDONE\b(.*?)^\};/ms;
is_deeply [map { $_->[0] } entries($section{'EXIT STATUS'})],
    [$exits =~ / = (\d+)/g], 'exit codes';

# TZ is the C library's.
my %read = (TZ => 1, map { $_ => 1 }
    map { slurp($_) =~ /\bgetenv\("(\w+)"\)/g } glob "$source/*.c");
is_deeply [map { $_->[0] =~ /^Ev (\w+)$/ } entries($section{ENVIRONMENT})],
    [sort keys %read], 'the environment';

# ---- what is really written ----
my $config = init_store(conf => { owners => 'any' });
my ($dir) = $config =~ m{^(.*)/};
my (undef, $record) = create_token($config, label => 'one');
sub members { return sort map { named_in(".It $_->[0]", 'Li') } entries($_[0]) }
is_deeply [members(entry('JSON', 'Cm list , show , edit , renew , revoke , '
	. 'import'))], [sort keys %$record], 'the members of a record';
is_deeply [members($section{'AUDIT LOG'})],
    [sort keys %{ (json_lines(slurp("$dir/audit.json")))[-1] }],
    'the members of the audit log';

# [entry, what it names besides members, stdin, arguments]; the tokens that
# come first are there for the later ones.
my $token = create_token($config, label => 'two');
my $json = sub {
	my ($stdin, @args) = @_;
	my ($exit, $out, $err) = apitoken($config, '--json', @args,
	    { stdin => $stdin });
	is "$exit$err", '0', "@args";
	return (json_lines($out))[0];
};
for my $case (
	['import Fl Fl records', [], (apitoken($config, 'export'))[1],
	    'import', '--records'],
	['doctor , check', [qw(fine warning problem)], '', 'check'],
	['compact', [], '', 'compact'],
	['key list , key add , key activate , key retire',
	    [qw(active verify retired)], '', 'key', 'list'],
	['inspect', [qw(not-after service source type value)], $token,
	    'inspect'],
	['narrow', ['output'], $token, 'narrow', '--service', 'imap'],
	['delete', [], '', 'delete', 'alice/two'],
	['revoke Fl Fl all , Cm revoke Fl Fl issued-before', [], '', 'revoke',
	    '--user', 'alice', '--all'],
	['help', [], '', 'help', 'list'],
) {
	my ($head, $besides, $stdin, @args) = @$case;
	my $object = $json->($stdin, @args);
	my @of = ref $object->{options} eq 'ARRAY'
	    ? keys %{ $object->{options}[0] } : ();
	is_deeply [sort(named_in(entry('JSON', "Cm $head"), 'Li'))],
	    [sort @$besides, keys %$object, @of], "the members of $args[0]";
}

# Each date and span, in place of one that lies in the past by now.
my @dates = map { $_->[0] =~ /Li (\S+)/g }
    entries($section{'DATES AND SPANS'});
cmp_ok scalar(@dates), '>=', 7, 'dates and spans';
for my $date (map { s/2027/2037/r } @dates) {
	ok eval { create_token($config, label => $date, expires => $date) },
	    "--expires $date" or diag $@;
}

# ---- the examples ----
# A line of a block begins with "# " or "$ " and may go on; what lies between
# <<END and END belongs to the command, too.
sub commands {
	my ($block) = @_;
	$block =~ s/\\e\n\s*/ /g;
	$block =~ s/\\(.)/$1/g;
	my (@found, $here);
	for (split /\n/, $block) {
		if (!$here && s/^[#\$] //) {
			push @found, "$_\n";
		} else {
			$found[-1] .= "$_\n";
		}
		$here = /<<END$/ ? 1 : /^END$/ ? 0 : $here;
	}
	return @found;
}

# The command as an administrator has it, with a configuration of its own; a
# terminal where one is asked for.
my $try = tempdir();
spit("$try/apitoken", <<"END", 0755);
#!/bin/sh
case \$* in
*--config*) exec @{[ program('apitoken') ]} "\$@" ;;
esac
exec @{[ program('apitoken') ]} --config $config "\$@"
END
mkdir "$try/$_" or die $! for 'home', 'files';
my %env = (env => { PATH => "$try:$ENV{PATH}", HOME => "$try/home" },
	dir => "$try/files");

my %ran;
for my $block ($section{EXAMPLES} =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed$/msg) {
	for my $command (commands($block)) {
		my ($line) = $command =~ /^(.*)$/m;
		my @cmd = ('sh', '-c', $command);
		# Not everyone has jq, and nobody the collector's folder; what
		# never ends is a test of its own.
		next if $command =~ /--follow/;
		$command =~ s/ \| jq .*// if $command =~ /jq/;
		$command =~ s{/var/lib/\S+/}{$try/files/};
		$command =~ s{/etc/apitoken\b}{$config =~ s,/[^/]+$,,r}ge;
		# The store was lost.
		rename $config =~ s{[^/]+$}{store}r, "$try/lost" or die $!
		    if $command =~ s{/root/keys}{$try/keys}g
			&& $command =~ /^mkdir/;
		@cmd = ('script', '-qec', $command =~ s/\n\z//r, '/dev/null')
		    if $command =~ /--qr/;
		$cmd[2] = $command if $cmd[0] eq 'sh';
		my ($exit, undef, $err) = run(\@cmd, %env);
		# A new store has nothing to match.
		$exit = 0 if $exit eq '1' && $err =~ /: nothing matched$/;
		is $exit, 0, $line or diag $err;
		$ran{$1} = 1 if $command =~ /^apitoken (?:--\w+ (?:\S+ )?)?([a-z]+)/;
	}
}
cmp_ok scalar(keys %ran), '>', 10, 'examples of ' . join ' ', sort keys %ran;

done_testing;
