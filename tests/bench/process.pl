# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Test;

require "$ENV{SRC}/tests/bench/services.pl";

my $WITHIN = 2.5e6;	# nanoseconds above pam_permit

return {
	title => 'A whole process',
	about => <<'END',
A program that links libpam and nothing else, from `fork` to its exit, with one
transaction as above: libcrypto, GDBM and the rest are loaded for it.
END
	run => sub {
		my ($bench) = @_;
		my ($dir, @names) = services($bench);
		my $replies = $bench->dir . '/replies';
		spit($replies, replies($bench));
		# One-time passwords come out of turn in a process each.
		@names = grep { $_ ne 'oath' } @names;
		my $program = program('tests/bench/pam-cold');
		my $took = $bench->rounds('spawn', join('', map {
		    "$_ $replies $program $dir $Apitoken::Bench::USER 0 1 $_\n"
		    } @names), $bench->rounds_wanted, 20);
		my $permit = $took->{permit};
		my $more = $took->{apitoken} - $permit;
		my @rows = ([ 'with pam_apitoken', $took->{apitoken}, 'ns',
		    'pam_permit', $took->{apitoken} / $permit ],
		    [ 'above pam_permit', $more, 'ns', '2.5 ms',
			$more / $WITHIN, 1 ]);
		push @rows, map { [ "with pam_$_", $took->{$_}, 'ns',
		    'pam_permit', $took->{$_} / $permit ] }
		    grep { $_ ne 'apitoken' } @names;
		return (rows => \@rows);
	},
};
