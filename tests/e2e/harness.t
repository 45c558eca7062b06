#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the other tests promise to the machine they run on: the servers' mounts
# and accounts are theirs alone, and nothing runs on when a test is killed.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Server;
use Apitoken::Sshd;
use Apitoken::Test;
use Test::More;

if (defined(my $why = Apitoken::Sshd::missing())) {
	plan skip_all => $why;
}

my @lines = map { "$_ required pam_unix.so nodelay" } qw(auth account session);
my %host = map { $_ => slurp($_) } grep { -e }
    qw(/etc/passwd /etc/shadow /etc/group /etc/nsswitch.conf);
my $files = tree('/etc/pam.d');
my $dir = tempdir();

my $sshd = Apitoken::Sshd->start(dir => $dir, pam => \@lines);
ok $sshd->login(user => 'alice',
    password => $sshd->password('alice'))->{ok},
    'an ordinary password works';
ok $sshd->login(user => 'alice', password => 'another')->{refused},
    'a wrong one does not';
ok $sshd->wait_syslog(qr/pam_unix\(sshd:auth\): authentication failure/),
    'the private log has it';

is scalar(grep { /\Q$dir\E/ } split /\n/, slurp('/proc/self/mountinfo')), 0,
    'its mounts are not seen outside';
is_deeply { map { $_ => slurp($_) } keys %host }, \%host,
    q(the host's accounts are as they were);
is_deeply tree('/etc/pam.d'), $files, q(and so are its service files);

my $port = $sshd->{port};
$sshd->stop;
ok wait_for(sub { !Apitoken::Server::answers($port) }),
    'after stop() nobody answers';

# ---- where there are no private mounts ----
{
	mkdir "$dir/bin", 0700;
	spit("$dir/bin/unshare",
	    "#!/bin/sh\necho 'unshare: not here' >&2\nexit 1\n", 0700);
	local $ENV{PATH} = "$dir/bin:$ENV{PATH}";
	like Apitoken::Server::unavailable(),
	    qr/CAP_SYS_ADMIN: unshare: not here$/, 'unshare says why';
}

# ---- a test that is killed ----
my $killed = "$dir/killed";
mkdir $killed, 0700;
my ($exit, $out) = run([ $^X, '-e', <<'END', $killed ]);
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Sshd;
my $sshd = Apitoken::Sshd->start(dir => $ARGV[0], pam => []);
syswrite STDOUT, "$sshd->{port}\n";
kill 'KILL', $$;
END
is $exit, 128 + 9, 'a test was killed';
like $out, qr/^\d+$/, 'while its server ran';
chomp $out;
ok wait_for(sub { !Apitoken::Server::answers($out) }),
    'the server ended with it';
done_testing;
