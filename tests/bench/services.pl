# SPDX-License-Identifier: GPL-3.0-or-later
#
# The PAM services that are compared, and what one types there.
use strict;
use warnings;
use Apitoken::Bench;
use Apitoken::Test;
use Digest::SHA qw(hmac_sha1);

# Service files for pam_start_confdir, and what their modules read.
sub services {
	my ($bench) = @_;
	my $dir = $bench->dir . '/pam';
	my $store = $bench->store(($bench->sizes)[0]);
	my $module = build_dir() . "/pam_apitoken.so config=$store->{config}";
	my %lines = (
		permit => [ 'pam_permit.so' ],
		apitoken => [ $module, $module ],
		unix => [ 'pam_unix.so', 'pam_unix.so' ],
		userdb => [ map { "pam_userdb.so db=$dir/users crypt=none" }
		    1, 2 ],
		google_authenticator => [ 'pam_google_authenticator.so '
		    . "user=root no_strict_owner secret=$dir/google" ],
		oath => [ "pam_oath.so usersfile=$dir/counters window=30" ],
	);
	return ($dir, sort keys %lines) if -d $dir;
	mkdir $dir, 0755;
	for my $name (keys %lines) {
		my ($auth, $account) = @{ $lines{$name} };
		spit("$dir/$name", "auth required $auth\naccount required "
		    . ($account // 'pam_permit.so') . "\n", 0644);
	}
	my $user = $Apitoken::Bench::USER;
	spit("$dir/userdb.txt", "$user\n$bench->{password}\n");
	run([ qw(db_load -T -t hash -f), "$dir/userdb.txt",
	    "$dir/users.db" ])
	    or die "db_load failed\n";
	spit("$dir/google", 'ORSXG5DUMVZXI5DFON2HIZLT' . "\n"
	    . "\" WINDOW_SIZE 17\n\" TOTP_AUTH\n", 0400);
	spit("$dir/counters", "HOTP $user - " . unpack('H*', oath_key()) . "\n");
	return ($dir, sort keys %lines);
}

sub oath_key { return 'testtesttesttesttest' }

# RFC 4226
sub one_time {
	my ($key, $counter) = @_;
	my $mac = hmac_sha1(pack('Q>', $counter), $key);
	my $at = ord(substr $mac, -1) & 15;
	return sprintf '%06d', (unpack('N', substr $mac, $at, 4)
	    & 0x7fffffff) % 1e6;
}

sub replies {
	my ($bench) = @_;
	my $store = $bench->store(($bench->sizes)[0]);
	return join '', map { "$_->[0] $_->[1]\n" }
	    [ apitoken => $bench->token($store) ],
	    [ unix => $bench->{password} ],
	    [ userdb => $bench->{password} ],
	    [ google_authenticator => one_time('testtesttesttes',
		int(time / 30)) ],
	    map { [ oath => one_time(oath_key(), $_) ] } 0 .. 5000;
}

1;
