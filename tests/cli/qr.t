#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# --qr: what the terminal shows is read back by a decoder, and is the token.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

# Runs the command with a terminal of that many columns for stdout: exit code,
# what the terminal got, stderr.
sub on_screen {
	my ($columns, @args) = @_;
	my ($master, $slave) = pty();
	# TIOCSWINSZ
	ioctl $slave, 0x5414, pack('S4', 24, $columns, 0, 0)
	    or die "a terminal's size: $!";
	my ($exit, undef, $err) = apitoken($config, @args,
	    { stdout_fh => $slave });
	close $slave;
	my $out = screen($master) =~ s/\r\n/\n/gr;
	return ($exit, $out, $err);
}

# The lines in black on white, and the others.
sub split_screen {
	my ($out) = @_;
	my (@code, @rest);
	for my $line (split /\n/, $out) {
		if ($line =~ /\A\e\[0;30;47m([^\e]*)\e\[0m\z/) {
			push @code, $1;
		} else {
			push @rest, $line;
		}
	}
	return (\@code, \@rest);
}

# What a camera would see of it, as a bitmap.
sub bitmap {
	my ($code) = @_;
	my %halves = (' ' => '00', "\x{2580}" => '10', "\x{2584}" => '01',
	    "\x{2588}" => '11');
	my ($scale, $width, @rows) = (4);
	for my $line (@$code) {
		utf8::decode(my $text = $line);
		my @cells = map { $halves{$_} // die "a character: $_" }
		    split //, $text;
		$width //= @cells;
		$width == @cells or die 'not a rectangle';
		for my $half (0, 1) {
			my $row = join '', map { substr($_, $half, 1) x $scale }
			    @cells;
			push @rows, ($row) x $scale;
		}
	}
	return sprintf "P1\n%d %d\n%s\n", $scale * $width, scalar @rows,
	    join "\n", @rows;
}

sub decoded {
	my ($code) = @_;
	spit("$dir/code.pbm", bitmap($code));
	my ($exit, $out, $err) = run(['zbarimg', '--quiet', '--raw',
	    '-Sdisable', '-Sqrcode.enable', "$dir/code.pbm"]);
	unlink "$dir/code.pbm";
	chomp $out;
	return $out;
}

my $zbar = grep { -x "$_/zbarimg" } split /:/, $ENV{PATH};

subtest 'create' => sub {
	plan skip_all => 'zbarimg is not installed' if !$zbar;
	for my $n (1 .. 5) {
		my ($exit, $out, $err) = on_screen(80, 'create', '--user',
		    'alice', '--label', "phone $n", '--qr');
		is $exit, 0, 'exit' or diag $err;
		my ($code, $rest) = split_screen($out);
		is @$rest, 1, 'the token as text, and nothing else';
		is verdict($config, $rest->[0]), 'valid', 'which works';
		ok decoded($code) eq $rest->[0], 'and as a QR code';
		is @$code, 21, 'it fits a terminal of 24 lines';
		ok holds_no_token($err), 'no token on stderr';
	}
};

subtest 'copy and regenerate' => sub {
	plan skip_all => 'zbarimg is not installed' if !$zbar;
	create_token($config, label => 'laptop');
	for my $verb (qw(copy regenerate)) {
		my ($exit, $out, $err) = on_screen(80, $verb, 'alice/laptop',
		    '--qr');
		is $exit, 0, "$verb: exit" or diag $err;
		my ($code, $rest) = split_screen($out);
		ok decoded($code) eq $rest->[0], 'the token';
		is verdict($config, $rest->[0]), 'valid', 'which works';
	}
};

subtest 'with --output' => sub {
	plan skip_all => 'zbarimg is not installed' if !$zbar;
	my ($exit, $out, $err) = on_screen(80, 'create', '--user', 'alice',
	    '--label', 'both', '--qr', '--output', "$dir/token");
	is $exit, 0, 'exit' or diag $err;
	my ($code, $rest) = split_screen($out);
	is "@$rest", '', 'no text on the terminal';
	ok decoded($code) . "\n" eq slurp("$dir/token"), 'one token in both';
};

subtest 'where it cannot be shown' => sub {
	my @create = ('create', '--user', 'alice', '--label', 'x', '--qr');
	my $err = refused($config, 1, @create);
	like $err, qr/no terminal/, 'stdout is none';
	ok refused($config, 1, @create, '--output', "$dir/none"),
	    'nor with --output';
	ok refused($config, 2, @create, '--json'), 'with --json';
	ok refused($config, 2, @create, '--count', '2'), 'with --count';
	my $before = installation($config);
	(my $exit, my $out, $err) = on_screen(40, @create);
	is $exit, 1, 'a terminal of 40 columns: exit';
	like $err, qr/less than 41 columns/, 'it says so';
	is $out, '', 'nothing on it';
	is changes($before, $config), '', 'nothing was made';
	is +(on_screen($_, @create))[0], 0, "$_ columns"
	    for 41, 0;	# 0: not known
	my ($old) = create_token($config, label => 'old');
	ok refused($config, 1, 'regenerate', 'alice/old', '--qr'),
	    'regenerate';
	is verdict($config, $old), 'valid', 'leaves the old value';
};

done_testing;
