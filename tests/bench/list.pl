# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Bench qw(size_name);
use Apitoken::Test;

my $GOAL = 5;		# times reading the file
my $FLAT = 1.5;		# memory, from the smallest store to the largest

return {
	title => 'Lists',
	about => <<'END',
`tc_list()` of every token, each with its seal checked and its last use looked
up, which none has yet, and a search that finds nothing; beside reading the same
data file once, by `read()` and, item by item, by GDBM. Memory is the most that
the process had.
END
	run => sub {
		my ($bench) = @_;
		my @sizes = $bench->sizes;
		my $s = $bench->store($sizes[-1]);
		my ($file) = glob "$s->{dir}/store/left.gdbm";
		my $took = $bench->rounds('list', undef, $s->{quiet}, $file,
		    5);
		my $name = size_name($sizes[-1]);
		my @rows = map {
			my $what = $_;
			map { [ "$what of $name", $took->{$what}, 'ns',
			    "$_ " . sprintf('%.2f s', $took->{$_} / 1e9),
			    $took->{$what} / $took->{$_}, $GOAL ] }
			    qw(bytes items)
		} qw(list search);
		my $least = memory($bench, $sizes[0]);
		my $most = memory($bench, $sizes[-1]);
		push @rows, [ 'memory, ' . $name, $most, 'KiB',
		    size_name($sizes[0]), $most / $least, $FLAT ];
		return (rows => \@rows);
	},
};

sub memory {
	my ($bench, $n) = @_;
	my ($out) = $bench->program_output('list', undef,
	    $bench->store($n)->{quiet});
	return ($out =~ /^memory (\d+)$/m)[0];
}
