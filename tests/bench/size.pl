# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Bench qw(size_name);
use Apitoken::Test;

require "$ENV{SRC}/tests/bench/services.pl";

my $MEMORY = 1024;	# KiB
my $BYTES = 400;	# for each token

return {
	title => 'Memory and disk',
	about => <<'END',
What a process has more, after ten transactions, with pam_apitoken in its stack
than with pam_permit: all its pages, shared ones too, and those that are its
own. First of a process that has used libcrypto before, as sshd has, then of one
that has not. And the blocks of the store's files by the number of tokens, each with owner,
label and expiry: as it grew, a thousand to the commit, and after `apitoken compact`.
By default `create` makes a verifier for SCRAM with each token, with `scram = no` it
makes none. The first row of each is one data file, the second the whole folder: both
data files, the journal (at most 4 MiB and a commit) and the last uses.
END
	run => sub {
		my ($bench) = @_;
		my ($dir) = services($bench);
		my @rows = (memory($bench, $dir, 'pam-used', 'memory', 'dirty'),
		    memory($bench, $dir, 'pam', map { "$_, libcrypto too" }
			'memory', 'dirty'));
		my $n = ($bench->sizes)[-1];
		$n = 100000 if $n > 100000;
		push @rows, map { sizes(@$_, $n) }
		    [ 'tokens', $bench->store($n) ],
		    [ 'tokens with scram = no', $bench->bare($n) ];
		return (rows => \@rows);
	},
};

# Rows for the two of that program.
sub memory {
	my ($bench, $dir, $program, @names) = @_;
	my ($permit, $apitoken) = map {
		my ($out) = $bench->program_output($program, replies($bench),
		    $dir, $Apitoken::Bench::USER, 0, 10, $_);
		[ $out =~ /^(?:memory|dirty) (\d+)$/mg ]
	} qw(permit apitoken);
	return map {
		my $more = $apitoken->[$_] - $permit->[$_];
		[ "$names[$_], more than pam_permit", $more, 'KiB',
		    "$MEMORY KiB", $more / $MEMORY, 1 ]
	} 0, 1;
}

sub sizes {
	my ($kind, $store, $n) = @_;
	my @rows;
	for my $how ('as it grew', 'compacted') {
		apitoken($store->{quiet}, 'compact') if $how eq 'compacted';
		# Before that a file may not have its blocks.
		system 'sync';
		for my $what (qw(left.gdbm *)) {
			my $each = blocks($store->{dir}, $what) / $n;
			push @rows, [ size_name($n) . " $kind, $how, "
			    . ($what eq '*' ? 'all files' : 'a data file'),
			    $each, 'bytes each', "$BYTES bytes",
			    $each / $BYTES, 1 ];
		}
	}
	return @rows;
}

sub blocks {
	my ($dir, $what) = @_;
	my $blocks = 0;
	$blocks += (stat $_)[12] for glob "$dir/store/$what";
	return $blocks * 512;
}
