# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Bench qw(size_name);
use Apitoken::Test;

my $GOAL = 2.5;		# times the floor
my $GROWTH = 2;		# from the smallest store to the largest

return {
	title => 'Verifying, in one process',
	about => <<'END',
`tc_verify()` with a random one of 500 tokens, as a service does it that keeps
its handle. The floor is one HMAC, and one record fetched out of a plain GDBM
file with as many records that is opened for it without mmap and closed again.
With the log, a line is appended to `audit_log` each time; the floor then opens,
appends to and closes a file, too.
END
	run => sub {
		my ($bench) = @_;
		my (@rows, %series, %verify);
		for my $n ($bench->sizes) {
			my $s = $bench->store($n);
			my $took = run($bench, $s, $s->{quiet}, '');
			my $logged = run($bench, $s, logged($s),
			    "$s->{dir}/floor.log");
			my $name = size_name($n);
			$verify{$n} = $took->{verify};
			push @rows, [ "verify, $name tokens", $took->{verify},
			    'ns', 'floor ' . us($took->{floor}),
			    $took->{verify} / $took->{floor}, $GOAL ],
			    [ "and logged, $name", $logged->{verify}, 'ns',
				'floor ' . us($logged->{floor}),
				$logged->{verify} / $logged->{floor} ];
			push @{ $series{$_} }, [ $n, $took->{$_} / 1000 ]
			    for qw(verify floor);
		}
		my @sizes = $bench->sizes;
		my ($least, $most) = @sizes[0, $#sizes];
		push @rows, [ 'verify, ' . size_name($most), $verify{$most},
		    'ns', size_name($least) . ' tokens',
		    $verify{$most} / $verify{$least}, $GROWTH ];
		return (rows => \@rows, plots => [ { name => 'verify',
		    title => 'Verifying a token', x => 'tokens', y => 'µs',
		    log => 'x', series => \%series } ]);
	},
};

sub us { return sprintf '%.1f µs', $_[0] / 1000 }

sub logged {
	my ($s) = @_;
	spit("$s->{dir}/logged.conf", slurp($s->{config}), 0644);
	set_conf("$s->{dir}/logged.conf", syslog => 'no');
	return "$s->{dir}/logged.conf";
}

sub run {
	my ($bench, $s, $config, $log) = @_;
	return $bench->rounds('verify', slurp($s->{tokens}), $config,
	    $Apitoken::Bench::USER, $s->{plain}, $s->{n}, $log,
	    $bench->rounds_wanted, 1000);
}
