#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The completions as the shells themselves use them: every verb and every
# option of the program, and no other; files, users, keys and tokens as values.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;

my $dir = build_dir() . '/completions';
my $config = init_store();
my (undef, $phone) = create_token($config, label => 'phone');
create_token($config, user => 'bob', label => 'two words');
apitoken($config, 'key', 'add', '--kid', '7');
my %env = (env => { PATH => build_dir() . ":$ENV{PATH}", HOME => tempdir(),
	TERM => 'vt100', NO_COLOR => '1' });

# The tables, as the program tells them: "key add" => [its options].
my (%options, %groups);
for my $verb (json_lines((apitoken(undef, '--json', '--help'))[1])) {
	my @words = grep { defined } @$verb{qw(verb second)};
	my $about = from_json((apitoken(undef, '--json', @words,
		'--help'))[1]);
	$options{"@words"} = [sort map { "--$_->{name}" }
	    @{ $about->{options} }];
	push @{ $groups{ $words[0] } }, $words[1] // ();
}
cmp_ok scalar(keys %options), '>', 20, 'verbs';

# What each of the shells says to these words, of which the last is not whole.
# A description that comes along is left out.
my %ask = (bash => \&ask_bash, zsh => \&ask_zsh, fish => \&ask_fish);

sub ask_bash {
	my (@words) = map { length ? split /(=)/ : '' } @_;
	my ($exit, $out, $err) = run(['bash', '--norc', '--noprofile', '-c',
	    'compopt() { echo "<$2>"; }; . "$0"; COMP_WORDS=("$@");'
	    . ' COMP_CWORD=$(($# - 1)); _apitoken;'
	    . ' printf "%s\n" "${COMPREPLY[@]}"',
	    "$dir/apitoken.bash", 'apitoken', @words], %env);
	is "$exit$err", '0', "bash: apitoken @words";
	return grep { length } split /\n/, $out;
}

sub ask_fish {
	my (@words) = @_;
	my ($exit, $out, $err) = run(['fish', '--no-config', '-c',
	    'source $argv[1]; complete -C "$argv[2]"',
	    "$dir/apitoken.fish", "apitoken @words"], %env);
	is "$exit$err", '0', "fish: apitoken @words";
	return map { s/\t.*//r } split /\n/, $out;
}

# zsh completes at a prompt only, so it gets a terminal. What it is about to
# offer goes through compadd, which tells it to a file.
my $hits = tempdir() . '/hits';
my $zsh;

sub type_zsh {
	my ($keys, $until) = @_;
	my $text = '';
	local $SIG{ALRM} = sub { die "zsh: no answer: $text\n" };
	alarm 60;
	syswrite $zsh, $keys;
	while ($text !~ /$until/) {
		sysread $zsh, $text, 65536, length $text or die "zsh: $!\n";
	}
	alarm 0;
	return;
}

sub start_zsh {
	($zsh, my $slave) = pty();
	spit("$hits.zsh", <<"END");
compadd() {
	local -a all
	# With one of these it looks for words and offers none.
	if [[ -z \${(M)\@[1,(i)--]:#-[OAD]} ]]; then
		builtin compadd -O all "\$\@"
		print -l -- "\$all[\@]" >>$hits
	fi
	builtin compadd "\$\@"
}
tab() {
	zle complete-word
	echo tab\$((6*7))
}
zle -N tab
bindkey -e '^I' tab
unsetopt beep
LISTMAX=500
fpath=($dir \$fpath)
autoload -U compinit
compinit -D -u
END
	start(['zsh', '-f', '-i'], %env, stdin_fh => $slave,
	    stdout_fh => $slave);
	close $slave;
	type_zsh("stty rows 500 cols 200; . $hits.zsh; echo up\$((6*7))\n",
	    qr/up42/);
	return;
}

sub ask_zsh {
	my (@words) = @_;
	start_zsh() if !$zsh;
	spit($hits, '');
	type_zsh("apitoken @words\t", qr/tab42/);
	syswrite $zsh, "\cU";
	return grep { length } split /\n/, slurp($hits);
}

my $files = tempdir() . '/a';
spit("$files-file", '');
mkdir "$files-folder" or die $!;
for my $shell (sort keys %ask) {
	subtest $shell => sub {
		plan skip_all => "$shell is not installed"
		    if !grep { -x "$_/$shell" } split /:/, $ENV{PATH};
		my ($file) = { bash => 'apitoken.bash', zsh => '_apitoken',
			fish => 'apitoken.fish' }->{$shell};
		my ($exit, undef, $err) = run([$shell, '-n', "$dir/$file"]);
		is "$exit$err", '0', 'the syntax';
		check_shell($ask{$shell});
	};
}

sub check_shell {
	my ($ask) = @_;
	my $is = sub {
		my ($words, $want, $name) = @_;
		is_deeply [sort $ask->(@$words)], [sort @$want],
		    $name // "apitoken @$words";
	};
	my %first = map { $_ => 1 } keys %groups;
	$is->([''], [keys %first], 'every verb');
	$is->(['rev'], ['revoke']);
	$is->(['nonsense', ''], []);
	$is->(['--json', 'rev'], ['revoke'], 'behind an option');
	$is->(['--config', $config, 'rev'], ['revoke'], '... with a value');
	$is->(['--'], [qw(--config --help --json --version)],
	    'options in front');
	for my $verb (sort keys %options) {
		$is->([split(' ', $verb), '--'], $options{$verb},
		    "every option of $verb");
	}
	$is->([$_, ''], $groups{$_}, "every verb behind $_")
	    for grep { @{ $groups{$_} } } sort keys %groups;

	my @tokens = ($phone->{id}, 'alice/phone');
	$is->(['--config', $config, 'show', ''], \@tokens, 'tokens');
	$is->(['show', '--config', $config, 'al'], ['alice/phone'],
	    'a token');
	$is->(["--config=$config", 'revoke', '--reason', 'lost', ''],
	    \@tokens, 'behind an option and its value');
	$is->(['--config', "$config.none", 'show', ''], [], 'no store');
	$is->(['--config', $config, 'key', 'retire', ''], [1, 7], 'keys');
	$is->(['help', 'rev'], ['revoke'], 'verbs');
	$is->(['create', '--user', 'daem'], ['daemon'], 'a user');
	$is->(['create', '--label', ''], [], 'nothing to offer');
	$is->(['list', '--state', 'exp'], ['expired'], 'a word');
	like join(' ', $ask->('list', '--state', 'revoked,exp')),
	    qr/\A(?:revoked,)?expired\z/, '... behind a comma';
	$is->(['audit', '-n', '5', '--fol'], ['--follow'],
	    'behind a letter and its value');
	# bash leaves files to what it has for them.
	like join(' ', $ask->('create', '--output', $files)),
	    qr/<default>|a-file/, 'a file';
	my $dirs = join ' ', $ask->('doctor', '--root', $files);
	like $dirs, qr/<dirnames>|a-folder/, 'a folder';
	unlike $dirs, qr/a-file/, '... and no file';
	return;
}

close $zsh if $zsh;	# it ends with its terminal, not by a signal
done_testing;
