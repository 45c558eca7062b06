# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Bench qw(size_name);
use Apitoken::Test;

my $SYNCS = 4;		# journal, standby, state, folder
my $GOAL = 2;		# times the syncs alone
my $BARE = 'create with scram = no';
my $GROWTH = 1.5;	# from the smallest store to the largest

return {
	title => 'One commit',
	about => <<'END',
A change of one token, until it is acknowledged. Beside it, in turn, a write of
512 bytes and `fdatasync`, four times: the layout syncs the journal, the standby
file, the new state file and the folder. To create is also to make the token's
verifier for SCRAM, 4096 rounds of HMAC; with `scram = no` it makes none and is a
commit like the others.
END
	run => sub {
		my ($bench) = @_;
		my (@rows, %ratio, %series);
		my @sizes = $bench->sizes;
		for my $n (@sizes) {
			my $s = $bench->store($n);
			my $bare = "$s->{dir}/bare.conf";
			spit($bare, slurp($s->{quiet}), 0644);
			set_conf($bare, scram => 'no');
			my $took = $bench->rounds('commit', undef, $s->{quiet},
			    $bare, $Apitoken::Bench::USER, $s->{dir}, $SYNCS,
			    $bench->rounds_wanted, 20);
			$took->{$BARE} = delete $took->{bare};
			for my $what (qw(edit revoke), $BARE, 'create') {
				my $r = $took->{$what} / $took->{floor};
				push @rows, [ "$what, " . size_name($n),
				    $took->{$what}, 'ns', sprintf(
				    '4 syncs %.2f ms', $took->{floor} / 1e6),
				    $r, $GOAL ];
				$ratio{$what}{$n} = $r;
				push @{ $series{$what} }, [ $n, $r ];
			}
		}
		# The disk's pace differs from one store's turn to the next's.
		push @rows, map { [ "$_, ratio of " . size_name($sizes[-1]),
		    sprintf('%.2f', $ratio{$_}{$sizes[-1]}), undef,
		    size_name($sizes[0]), $ratio{$_}{$sizes[-1]}
			/ $ratio{$_}{$sizes[0]}, $GROWTH ] }
		    qw(edit revoke), $BARE;
		return (rows => \@rows, plots => [ { name => 'commit',
		    title => 'One commit, by the number of tokens',
		    x => 'tokens', y => 'times four syncs', log => 'x',
		    series => \%series } ]);
	},
};
