# SPDX-License-Identifier: GPL-3.0-or-later
#
# The filter for fail2ban, applied to lines that programs have written.
#
#	is_deeply [ banned(slurp($audit_log)) ], [ '192.0.2.7' ];
#	is_deeply [ banned(log_file($host->syslog), 'text') ], [];
package Apitoken::Fail2ban;

use strict;
use warnings;
use Apitoken::Test;
use Carp qw(croak);
use Exporter qw(import);

our @EXPORT = qw(banned log_file);

# log_file($datagrams): what came in at /dev/log, as it gets into a file.
sub log_file {
	my ($text) = @_;
	return $text =~ s/^<\d+>(\w{3} [ \d]\d [\d:]{8}) /$1 host /mgr;
}

# banned($lines, $log): the addresses that the filter finds, one for each line.
sub banned {
	my ($lines, $log) = @_;
	my $dir = tempdir();
	spit("$dir/log", $lines);
	my $filter = source_dir() . '/packaging/fail2ban/apitoken.conf';
	my ($exit, $out, $err) = run([ 'fail2ban-regex', '-o', 'ip',
	    "$dir/log", $filter . ($log ? "[log=$log]" : '') ]);
	# 255 is for no line at all that fits.
	$exit eq '0' || $exit eq '255' or croak "fail2ban-regex: $out$err";
	$out =~ /ERROR/ and croak $out;
	return split /\n/, $out;
}

1;
