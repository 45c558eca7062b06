# SPDX-License-Identifier: GPL-3.0-or-later
#
# Which files a login opens, where an installation usually has them, for what
# confines services.
#
#	my %opened = opened_by_login($host);	an Apitoken::Pam
#	$opened{'/var/lib/apitoken/lastuse'}	'rw'; or 'r', 'a', 'lock'
package Apitoken::Opened;

use strict;
use warnings;
use Apitoken::Test;
use Carp qw(croak);
use Exporter qw(import);

our @EXPORT = qw(opened_by_login);

sub opened_by_login {
	my ($host) = @_;
	my ($folder) = $host->config =~ m{^(.*)/};
	my @places = ([ "$folder/store", '/var/lib/apitoken' ],
	    [ "$folder/audit.json", '/var/log/apitoken/audit.json' ],
	    [ $folder, '/etc/apitoken' ]);
	my $trace = $host->dir . '/trace';
	my $token = create_token($host->config);
	$host->stack('opened', 'auth required %M config=%C nodelay');
	my $r = $host->drive(service => 'opened', user => 'alice',
	    replies => [ $token ], wrap => [ 'strace', '-f', '-yy', '-e',
	    'trace=openat,open,flock,fcntl', '-o', $trace ]);
	$r->{code}{authenticate} eq 'PAM_SUCCESS' or croak $r->{log};

	my %opened;
	for (split /\n/, slurp($trace)) {
		next if /<[^>]*\.gcda>/; # of a build that counts its lines
		croak "a lock: $_" if /\bflock\(|F_(?:OFD_)?SETLK/;
		my ($flags, $path) = 
		    /\bopen(?:at)?\(.*"[^"]+", ([A-Z_|]+).* = \d+<([^>]+)>/
		    or next;
		my ($place) = grep { $path =~ m{^\Q$_->[0]\E(?:/|$)} } @places
		    or next;
		$path =~ s/^\Q$place->[0]\E/$place->[1]/;
		$path .= '/' if $flags =~ /O_DIRECTORY/;
		$opened{$path} = $flags =~ /O_RDWR/ ? 'rw'
		    : $flags !~ /O_WRONLY/ ? 'r'
		    : $flags =~ /O_APPEND/ ? 'a' : 'w';
	}
	return %opened;
}

1;
