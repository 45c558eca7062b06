# SPDX-License-Identifier: GPL-3.0-or-later
use Apitoken::Server ();
use Apitoken::Test;

return {
	title => 'A SASL login',
	about => <<'END',
What a server that uses Cyrus SASL spends on a login: a connection, its steps, its
end, without the client's part. The others check a clear password in libsasl's
own sasldb, by themselves or through saslauthd, which asks sasldb or PAM's
pam_unix; SCRAM with sasldb derives its keys from the password at every login.
END
	run => sub {
		my ($bench) = @_;
		my $dir = $bench->dir . '/sasl';
		my $s = $bench->store(($bench->sizes)[0]);
		mkdir $_, 0755 for $dir, "$dir/plugins";
		symlink $_, "$dir/plugins/" . ($_ =~ m{([^/]+)$})[0]
		    for program('libapitoken.so'),
		    grep { m{/lib(?:plain|scram|sasldb)\.so$} }
		    glob Apitoken::Server::sasl_folder() . '/*.so';
		sasldb($bench);
		my @daemons = map { saslauthd("$dir/$_", $_) } qw(pam sasldb);
		my $token = $bench->token($s);
		my ($exit, $out) = run([ program('apitoken'), 'inspect' ],
		    stdin => "$token\n");
		my ($id) = $out =~ /^id\s+(\S+)/m;
		my @sides = sides($s, $dir);
		my $took = $bench->rounds('sasl', join('', map { "$_\n" }
		    $token, $bench->{password}, @sides), "$dir/plugins",
		    $Apitoken::Bench::USER, "$Apitoken::Bench::USER~$id",
		    $bench->rounds_wanted, 20);
		stop($_) for @daemons;
		return (rows => [ rows($took) ]);
	},
};

sub rows {
	my ($took) = @_;
	my $ours = $took->{'token-oauthbearer'};
	return ([ 'OAUTHBEARER with a token', $ours, 'ns' ],
	    (map { [ "PLAIN, $_", $took->{"plain-$_"}, 'ns',
		'OAUTHBEARER to it', $ours / $took->{"plain-$_"}, 1 ] }
		qw(sasldb saslauthd-sasldb saslauthd-pam)),
	    [ 'SCRAM, sasldb', $took->{'scram-sasldb'}, 'ns',
		'OAUTHBEARER to it', $ours / $took->{'scram-sasldb'}, 1 ],
	    [ 'SCRAM with a token', $took->{'token-scram'}, 'ns',
		'SCRAM, sasldb', $took->{'token-scram'}
		    / $took->{'scram-sasldb'}, 1 ]);
}

sub sides {
	my ($s, $dir) = @_;
	my $ours = "apitoken_config=$s->{config} canon_user_plugin=apitoken";
	return (
	    # The first one's options are those of the plug-ins' start.
	    "token-oauthbearer OAUTHBEARER $ours",
	    "token-scram SCRAM-SHA-256 $ours auxprop_plugin=apitoken",
	    'plain-sasldb PLAIN pwcheck_method=auxprop auxprop_plugin=sasldb',
	    'scram-sasldb SCRAM-SHA-256 auxprop_plugin=sasldb',
	    map { "plain-saslauthd-$_ PLAIN pwcheck_method=saslauthd "
		. "saslauthd_path=$dir/$_/mux" } qw(sasldb pam));
}

# In the private place of /etc/sasldb2; see run.
sub sasldb {
	my ($bench) = @_;
	my ($exit, undef, $err) = run([ 'saslpasswd2', '-p', '-c', '-u',
	    'bench', $Apitoken::Bench::USER ],
	    stdin => $bench->{password});
	$exit eq '0' or die "saslpasswd2: $err\n";
	return;
}

sub saslauthd {
	my ($dir, $mechanism) = @_;
	mkdir $dir, 0755;
	my $pid = start([ 'saslauthd', '-d', '-a', $mechanism, '-n', 1,
	    '-m', $dir ], log => "$dir/log");
	wait_for(sub { -S "$dir/mux" }) or die "saslauthd does not start\n";
	return $pid;
}
