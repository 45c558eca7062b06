# SPDX-License-Identifier: GPL-3.0-or-later
#
# Looking for secrets in the memory of a process that has ended: what tests/priv
# writes down, and what a secret can look like there.
#
#	my $m = Apitoken::Memory->of([ program('apitoken'), ... ],
#	    stdin => $token);
#	$m->found('end', secrets($secret, $kid), token => [ $token ])
package Apitoken::Memory;

use strict;
use warnings;
use Apitoken::Test qw(program run slurp tempdir);
use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use List::Util qw(uniq);

our @EXPORT_OK = qw(derived unavailable);

# A piece that is shorter may be there by chance.
my $PIECE = 12;

my $bytes = 0;
sub bytes { return $bytes }

# unavailable(): why nothing can be written down here, or undef.
sub unavailable {
	return 'must run as root' if $> != 0;
	my $dir = tempdir();
	my ($exit) = run([ program('tests/priv/dump'), "$dir/true",
	    '/bin/true' ]);
	return $exit eq '0' && -s "$dir/true.end" ? undef
	    : 'this system lets nobody trace';
}

# of([command...], run's options): runs it and keeps what was written down.
sub of {
	my ($class, $command, %opt) = @_;
	my $dir = tempdir();
	my ($exit, $out, $err) = run([ program('tests/priv/dump'),
	    "$dir/memory", @$command ], %opt);
	my %memory;
	for my $file (glob "$dir/memory.*") {
		my ($when) = $file =~ /([^.]+)\z/;
		$memory{$when} = slurp($file);
		unlink $file;
		$bytes += length $memory{$when};
	}
	return bless { exit => $exit, out => $out, err => $err,
	    memory => \%memory }, $class;
}

sub exit { return $_[0]{exit} }
sub out { return $_[0]{out} }
sub err { return $_[0]{err} }

# moments(): when it was written down.
sub moments { return sort keys %{ $_[0]{memory} } }

# found($when, name => [bytes...]...): the names of those of which a piece is
# in memory.
sub found {
	my ($self, $when, %secrets) = @_;
	my @found;
	for my $name (sort keys %secrets) {
		for my $secret (@{ $secrets{$name} }) {
			my ($at) = grep { index($self->{memory}{$when},
			    substr $secret, $_, $PIECE) >= 0 }
			    grep { $_ % 4 == 0 } 0 .. length($secret) - $PIECE;
			push @found, "$name+$at" if defined $at;
		}
	}
	return join ' ', uniq @found;
}

# As SHA-256 keeps words while it works on a block.
sub swapped {
	my ($block) = @_;
	return pack 'L<*', unpack 'L>*', $block;
}

# An HMAC's key, and all that is as good as the key: both of its blocks, and
# SHA-256's state after each.
sub hmac_key {
	my ($key) = @_;
	my @forms = ($key);
	my $block = length $key > 64 ? Digest::SHA::sha256($key) : $key;
	$block .= "\0" x (64 - length $block);
	for my $pad (0x36, 0x5c) {
		my $padded = $block ^ chr($pad) x 64;
		my ($state) = Digest::SHA->new(256)->add($padded)->getstate
		    =~ /^H:([0-9a-f:]+)$/m;
		my @words = map { hex } split /:/, $state;
		# Behind the key there is but the pad.
		$padded = substr $padded, 0, length $key;
		push @forms, $padded, swapped($padded . "\0" x
		    (-length($padded) % 4)), pack('L>8', @words),
		    pack('L<8', @words);
	}
	return [@forms];
}

# derived($secret, $kid): name => [bytes...] of a key's secret and of what is
# derived from it.
sub derived {
	my ($secret, $kid) = @_;
	my $extracted = hmac_sha256($secret, 'tokencore/v1');
	my %keys = (secret => [ $secret, swapped(substr $secret, 0,
	    length($secret) & ~3) ], extracted => hmac_key($extracted));
	for my $purpose (qw(mac rec imp)) {
		$keys{$purpose} = hmac_key(hmac_sha256($purpose . "\0" .
		    pack('n', $kid) . "\1", $extracted));
	}
	return %keys;
}

1;
