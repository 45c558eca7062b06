#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The rules for leak scanners: their regular expression finds every token that
# the command makes, wherever it stands, and nothing that is none by its shape.
# The expression keeps to what RE2 knows, so that Perl reads it the same way.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Reference qw(make narrow read_token caveat);
use Apitoken::Test;
use List::Util qw(max min);

my $dir = source_dir() . '/packaging/scanners';

# The members of the one rule in a TOML file; a line that is not understood
# fails.
sub read_toml {
	my ($path) = @_;
	my ($rule, %file, %rule);
	for (split /\n/, slurp($path)) {
		next if /\A(?:#.*)?\z/;
		if ($_ eq '[[rules]]') {
			die "$path: a second rule\n" if $rule++;
		} elsif (/\A(\w+) = (?:'''([^']+)'''|"([^"\\]+)"|([0-9.]+)|\[(.+)\])\z/) {
			my ($key, $value) = ($1, $2 // $3 // $4);
			$value //= [map { /\A"([^"\\]+)"\z/ ? $1
			    : die "$path: $_\n" } split /, /, $5];
			my $into = $rule ? \%rule : \%file;
			die "$path: $key twice\n" if exists $into->{$key};
			$into->{$key} = $value;
		} else {
			die "$path: not understood: $_\n";
		}
	}
	return \%rule;
}

# The same for the one detector in a YAML file.
sub read_yaml {
	my ($path) = @_;
	my (%rule, $open);
	my @lines = grep { !/\A(?:#.*)?\z/ } split /\n/, slurp($path);
	die "$path: no detectors\n" if shift @lines ne 'detectors:';
	for (@lines) {
		if (/\A  - (name): (\w+)\z/ || /\A    (entropy): ([0-9.]+)\z/) {
			die "$path: $1 twice\n" if exists $rule{$1};
			$rule{$1} = $2;
		} elsif (/\A    (keywords|regex):\z/) {
			$open = $1;
		} elsif (/\A      - (\w+)\z/ && $open eq 'keywords') {
			push @{ $rule{keywords} }, $1;
		} elsif (/\A      token: '([^']+)'\z/ && $open eq 'regex') {
			die "$path: token twice\n" if exists $rule{regex};
			$rule{regex} = $1;
		} else {
			die "$path: not understood: $_\n";
		}
	}
	return \%rule;
}

my $toml = read_toml("$dir/gitleaks.toml");
my $yaml = read_yaml("$dir/trufflehog.yaml");
is_deeply [sort keys %$toml], [qw(description entropy id keywords regex)],
    'gitleaks: the members';
is_deeply [sort keys %$yaml], [qw(entropy keywords name regex)],
    'TruffleHog: the members';
is $yaml->{$_}, $toml->{$_}, "both have the same $_" for qw(regex entropy);
is_deeply $yaml->{keywords}, $toml->{keywords}, '... and keywords';

my $regex = $toml->{regex};
like $regex, qr/\A(?:\(\?i\)|\(\?:|\)|\[[0-9a-z-]+\]|\{\d+(?:,\d+)?\}|[?]
    |\\b|[0-9a-z_])+\z/x, 'only what RE2 knows';
cmp_ok max($regex =~ /(\d+)\}/g), '<=', 1000, '... and repeats that it takes';

# What a scanner reports: a keyword is somewhere in the text, the expression
# fits, and what it fits has enough entropy.
sub entropy {
	my %count;
	$count{$_}++ for split //, $_[0];
	my $sum = 0;
	$sum -= $_ / length($_[0]) * log($_ / length $_[0]) / log 2
	    for values %count;
	return $sum;
}

sub scan {
	my ($text) = @_;
	return unless grep { index(lc $text, $_) >= 0 } @{ $toml->{keywords} };
	return grep { entropy($_) >= $toml->{entropy} } $text =~ /$regex/g;
}

# A token must not get into the test's output, so no is_deeply().
sub finds {
	my ($name, $text, @want) = @_;
	return ok join("\0", scan($text)) eq join("\0", @want), $name;
}

my $config = init_store();
my @plain = map { scalar create_token($config, label => "t$_",
    expires => 'never') } 1 .. 20;
my @narrowed = (
	narrow($plain[0], caveat(1, pack 'xN', 2_000_000_000)),
	narrow($plain[1], caveat(2, 'a')),
	narrow($plain[2], caveat(2, 'imap,smtp') . caveat(3, pack 'C5', 192,
		0, 2, 0, 24)),
	narrow($plain[3], caveat(3, "\x20\x01\x0d\xb8" . "\0" x 12 . "\x20")),
	narrow($plain[4], caveat(2, 'z') x 8),
);

subtest 'wherever a token stands' => sub {
	for my $token (@plain, @narrowed, map { uc } $plain[0], $narrowed[0]) {
		my @texts = ($token, "$token\n", "$token\r\n", " $token ",
		    "\"$token\"", "'$token'", "`$token`", "($token).",
		    "{\"password\":\"$token\"}", "\"line\\n$token\\nline\"",
		    "export API_TOKEN=$token;", "password: $token # mail",
		    "https://alice:$token\@example.org/",
		    "https://example.org/?token=$token&next=1",
		    "https://example.org/?q=token%3D$token%0A",
		    "<password>$token</password>", "+$token", "-$token",
		    "machine example.org login alice password $token");
		my @missed = grep { join(',', scan($_)) ne $token } @texts;
		is scalar(@missed), 0, length($token) . ' characters';
	}
	finds('four in one text',
	    "$plain[0] $narrowed[0],$plain[1]\n$plain[2]",
	    $plain[0], $narrowed[0], @plain[1, 2]);
	finds('a long text', join("\n", ('a line of text') x 1000, $plain[3]),
	    $plain[3]);
	(my $typed = $plain[0]) =~ tr/01/ol/;
	finds('as a person may have typed it', $typed, $typed);
};

subtest 'every length that there is' => sub {
	my %lengths;
	for my $len (1 .. 114) {
		my $names = substr join(',', ('a' x 32) x 4), 0, $len;
		$names =~ s/,\z/a/;
		my $token = make('k' x 32, 1, 'alice', pack('N4', $len, 7, 8,
			9), '');
		$token = narrow($token, caveat(2, $names));
		$lengths{length $token} = 1;
		finds(length($token) . ' characters', $token, $token);
	}
	is min(keys %lengths), 73, 'the shortest';
	is max(keys %lengths), 254, 'the longest';
	cmp_ok min(map { entropy($_) } @plain), '>', $toml->{entropy} + 0.8,
	    'plain ones are far above the entropy that is asked for';
};

# What the program itself calls no token, or a malformed one.
subtest 'what is no token' => sub {
	my $token = $plain[5];
	my $long = narrow($plain[5], caveat(2, join ',', ('a' x 32) x 3));
	my %none = (
		'cut off' => substr($token, 0, -1),
		'half' => substr($token, 0, 34),
		'the prefix alone' => 'tkc1_',
		'longer than 255' => $long . 'a' x (256 - length $long),
		'longer than any' => $token . 'a' x 1000,
		'another format' => 'tkc2_' . substr($token, 5),
		'another prefix' => 'tk1_' . substr($token, 5),
		'no prefix' => substr($token, 5),
		'a blank inside' => substr($token, 0, 40) . ' '
		    . substr($token, 40),
		'a sign inside' => substr($token, 0, 40) . '-'
		    . substr($token, 41),
		'not ASCII' => substr($token, 0, 40) . "\xc3\xa9"
		    . substr($token, 42),
		'cut by a line end' => substr($token, 0, 40) . "\n"
		    . substr($token, 40),
		map({ ("u at $_" => substr($token, 0, $_) . 'u'
		    . substr $token, $_ + 1) } 5, 30, 67),
	);
	for my $name (sort keys %none) {
		finds($name, $none{$name});
		my ($exit, undef, $err) = apitoken(undef, 'inspect',
		    { stdin => $none{$name} });
		is $exit, 1, '... the program agrees';
		like $err, qr/malformed|not-a-token/, '... by its shape';
		my ($verdict) = read_token($none{$name});
		like $verdict, qr/malformed|not-a-token/, '... and so does '
		    . 'the second implementation';
	}
	finds('a placeholder', 'tkc1_' . 'x' x 63);
	finds($_, slurp(source_dir() . "/$_")) for qw(README.md
	    libtokencore/token.c packaging/scanners/README.md);
	is scalar(my @known = scan(slurp(source_dir() . '/doc/FORMAT.md'))),
	    2, 'the known answers of doc/FORMAT.md';
};

subtest 'what to do with one, as the README says' => sub {
	my ($exit, $out) = apitoken(undef, 'inspect',
	    { stdin => "$narrowed[2]\n" });
	is $exit, 0, 'inspect';
	my ($id) = $out =~ /^id +(\S+)$/m;
	($exit, $out) = apitoken($config, 'show', $id);
	is $exit, 0, 'show';
	like $out, qr/^label +t3$/m, 'the token that it was narrowed from';
	($exit) = apitoken($config, 'revoke', $id, '--reason',
	    'found in a repository');
	is $exit, 0, 'revoke';
	for my $token ($plain[2], $narrowed[2]) {
		($exit, $out) = apitoken($config, 'verify', '--service',
		    'imap', '--from', '192.0.2.7', { stdin => "$token\n" });
		like $out, qr/\Arevoked /, 'both are refused';
	}
};

done_testing;
