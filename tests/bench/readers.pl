# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Test;

my $MEDIAN = 1.5;	# times the readers alone
my $SLOWEST = 5e6;	# nanoseconds, 99.9th percentile

return {
	title => 'Readers beside a writer',
	about => <<'END',
Processes that verify, alone and beside one that commits without a pause, in
turn. Each rests between two verifications, the longer the more there are, so
that it is the writer they may have to wait for and not a processor.
END
	run => sub {
		my ($bench) = @_;
		my $s = $bench->store(($bench->sizes)[0]);
		my (@rows, %series);
		for my $n (1, 2, 4, 16, 64) {
			my $took = $bench->rounds('readers',
			    slurp($s->{tokens}), $s->{quiet},
			    $Apitoken::Bench::USER, $n, 1000,
			    $bench->rounds_wanted);
			my ($alone, $beside) = @$took{qw(alone beside)};
			push @rows, [ "$n, median", $beside->[0], 'ns',
			    sprintf('alone %.1f µs', $alone->[0] / 1000),
			    $beside->[0] / $alone->[0], $MEDIAN ],
			    [ "$n, 99.9 %", $beside->[1], 'ns', '5 ms',
				$beside->[1] / $SLOWEST, 1 ];
			push @{ $series{median} }, [ $n, $beside->[0] / 1000 ];
			push @{ $series{'99.9 %'} },
			    [ $n, $beside->[1] / 1000 ];
			push @{ $series{'median, alone'} },
			    [ $n, $alone->[0] / 1000 ];
		}
		return (rows => \@rows, plots => [ { name => 'readers',
		    title => 'Readers beside a writer', x => 'readers',
		    y => 'µs', log => 'xy', series => \%series } ]);
	},
};
