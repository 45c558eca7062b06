# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Bench qw(median size_name);
use Apitoken::Test;

my $MANY = 20;		# times one revocation
my $IMPORT = 3;		# times bare gdbm_store()

return {
	title => 'Many at once',
	about => <<'END',
1000 revocations in one commit beside one revocation. And values made elsewhere,
taken in by `tc_import()`, ten thousand to the commit, into an empty store,
beside one `gdbm_store()` for each into a new plain file, which promises
nothing: no sync, no second file, no journal, no seal.
END
	run => sub {
		my ($bench) = @_;
		my $s = $bench->store(($bench->sizes)[0]);
		my $user = $Apitoken::Bench::USER;
		my $took = $bench->rounds('bulk', undef, $s->{quiet}, $user,
		    'revoke', $bench->rounds_wanted);
		my $n = ($bench->sizes)[-1] < 100000 ? ($bench->sizes)[-1]
		    : 100000;
		my (@plain, @import);
		for my $round (1 .. 5) {
			my $dir = $bench->dir . "/import$round";
			mkdir $dir, 0755;
			my $config = init_store(dir => $dir,
			    conf => { audit_log => 'none' });
			my $i = $bench->rounds('bulk', undef, $config, $user,
			    'import', $n, "$dir/plain");
			push @plain, $i->{plain};
			push @import, $i->{import};
			unlink glob "$dir/store/*.gdbm $dir/plain";
		}
		my ($plain, $import) = (median(@plain), median(@import));
		return (rows => [
		    [ '1000 revocations', $took->{many}, 'ns',
			sprintf('one, %.2f ms', $took->{one} / 1e6),
			$took->{many} / $took->{one}, $MANY ],
		    [ 'import of ' . size_name($n), $import, 'ns',
			sprintf('gdbm_store, %.2f s', $plain / 1e9),
			$import / $plain, $IMPORT ],
		]);
	},
};
