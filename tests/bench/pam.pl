# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Test;

require "$ENV{SRC}/tests/bench/services.pl";

my $GOAL = 3;		# times pam_permit
my $UNIX = 0.01;	# times pam_unix

return {
	title => 'A PAM transaction',
	about => <<'END',
`pam_start`, `pam_authenticate`, `pam_acct_mgmt`, `pam_end` through the real
libpam, from the second transaction of a process on that has libcrypto. As
installed: with the line in `audit_log` and the one in the system's log, where
somebody listens. pam_unix checks a yescrypt hash, pam_userdb a clear password
in a Berkeley DB, pam_oath a one-time password by counter, pam_google_authenticator
one by time; these two have pam_permit as their account line.
END
	run => sub {
		my ($bench) = @_;
		my ($dir, @names) = services($bench);
		my $took = $bench->rounds('pam', replies($bench), $dir,
		    $Apitoken::Bench::USER, $bench->rounds_wanted, 40,
		    @names);
		my $ours = $took->{apitoken};
		my @rows = [ 'pam_apitoken', $ours, 'ns', 'pam_permit',
		    $ours / $took->{permit}, $GOAL ];
		for my $name (grep { $_ ne 'apitoken' } @names) {
			push @rows, [ "pam_$name", $took->{$name}, 'ns',
			    'pam_apitoken to it', $ours / $took->{$name},
			    $name eq 'permit' ? undef
			    : $name eq 'unix' ? $UNIX : 1 ];
		}
		return (rows => \@rows, plots => [ { name => 'pam',
		    title => 'A PAM transaction', y => 'ms', log => 'y',
		    kind => 'bars', series => { transaction =>
			[ map { [ "pam_$_", $took->{$_} / 1e6 ] } @names ] }
		} ]);
	},
};
