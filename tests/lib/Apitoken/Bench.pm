# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the benchmarks have in common: installations with many tokens, the
# programs of tests/bench and the medians of their rounds.
#
#	my $bench = Apitoken::Bench->new(host => $host, tokens => [1000, ...]);
#	my $store = $bench->store(1000);	config, file of tokens, plain
#	my $took = $bench->rounds('verify', @arguments);
#	$took->{verify}				the median of its rounds
package Apitoken::Bench;

use strict;
use warnings;
use Carp qw(croak);
use Exporter qw(import);

use Apitoken::Test;

our @EXPORT_OK = qw(median size_name);

# The owner of all tokens: an account of the private host.
our $USER = 'alice';

sub new {
	my ($class, %opt) = @_;
	return bless { %opt, stores => {}, dir => tempdir(mode => 0755) },
	    $class;
}

sub dir { return $_[0]{dir} }
sub rounds_wanted { return $_[0]{rounds} }

# sizes(): how many tokens the stores have that are compared.
sub sizes { return @{ $_[0]{tokens} } }

sub median {
	my @sorted = sort { $a <=> $b } @_;
	croak 'no rounds' if !@sorted;
	return @sorted % 2 ? $sorted[$#sorted / 2]
	    : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

sub size_name {
	my ($n) = @_;
	return $n >= 1e6 && $n % 1e6 == 0 ? $n / 1e6 . ' M'
	    : $n >= 1000 && $n % 1000 == 0 ? $n / 1000 . ' k' : $n;
}

# store($n): an installation with so many tokens, made when it is first asked
# for: { config, quiet (one that logs nowhere), tokens (a file), plain }.
sub store {
	my ($self, $n) = @_;
	return $self->{stores}{$n} //= $self->make_store($n);
}

# bare($n): one with so many as "scram = no" makes them.
sub bare {
	my ($self, $n) = @_;
	my %store = $self->installation("$n-bare");
	set_conf($store{quiet}, scram => 'no');
	$self->program_output('store', undef, '-s', $store{quiet}, $USER, $n);
	return \%store;
}

sub installation {
	my ($self, $name) = @_;
	my $dir = "$self->{dir}/$name";
	print STDERR "bench: making a store of $name tokens\n";
	mkdir $dir, 0755 or croak "$dir: $!";
	my %store = (dir => $dir, config => init_store(dir => $dir),
	    quiet => "$dir/quiet.conf");
	spit($store{quiet}, slurp($store{config}), 0644);
	set_conf($store{quiet}, audit_log => 'none', syslog => 'no');
	return %store;
}

sub make_store {
	my ($self, $n) = @_;
	my %store = $self->installation($n);
	@store{qw(n plain tokens)} = ($n, "$store{dir}/plain",
	    "$store{dir}/tokens");
	my ($tokens) = $self->program_output('store', undef, $store{quiet},
	    $USER, $n);
	spit($store{tokens}, $tokens);
	$self->program_output('store', undef, '-p', $store{plain}, $n);
	# Nothing of this is written while something is measured.
	system 'sync';
	return \%store;
}

# The first token of a store.
sub token {
	my ($self, $store) = @_;
	return (split /\n/, slurp($store->{tokens}))[0];
}

sub program_output {
	my ($self, $name, $stdin, @arguments) = @_;
	my ($exit, $out, $err) = run([ program("tests/bench/$name"),
	    @arguments ], timeout => 7200,
	    defined $stdin ? (stdin => $stdin) : ());
	$exit eq '0' or croak "$name @arguments: exit $exit: $err";
	return ($out, $err);
}

# rounds($program, $stdin, arguments...): name => the median over the rounds;
# where a program tells several values of a round, a list of their medians.
sub rounds {
	my ($self, $name, $stdin, @arguments) = @_;
	my ($out) = $self->program_output($name, $stdin, @arguments);
	my %columns;
	for (grep { s/^round // } split /\n/, $out) {
		my ($what, @values) = split / /;
		push @{ $columns{$what}[$_] }, $values[$_] for 0 .. $#values;
	}
	croak "$name: no rounds" if !%columns;
	my %median;
	for my $what (keys %columns) {
		my @medians = map { median(@$_) } @{ $columns{$what} };
		$median{$what} = @medians > 1 ? \@medians : $medians[0];
	}
	return \%median;
}

1;
