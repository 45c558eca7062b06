# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a plug-in that was built exports and asks for.
#
#	use Apitoken::Built;
#
#	subtest 'exports' => sub { exports_as_listed($file, $list) };
package Apitoken::Built;

use strict;
use warnings;
use Apitoken::Test;
use Exporter qw(import);
use Test::More;

our @EXPORT = qw(symbols sanitized exports_as_listed asks_for_nothing);

# symbols('--defined-only' or '--undefined-only', $file): their names.
sub symbols {
	my ($which, $file) = @_;
	my ($exit, $out, $err) = run([ 'nm', '-D', $which, $file ]);
	$exit eq '0' or die "nm: $err";
	return sort map { s/@.*//r } map { (split)[-1] } split /\n/, $out;
}

# sanitized($file): it was built with run-time checkers; such a file can only be
# loaded by a program that brings them.
sub sanitized {
	my ($file) = @_;
	return grep { /^__[atu]b?san_/ } symbols('--undefined-only', $file);
}

# exports_as_listed($file, $list): what $list.exports and $list.map say.
sub exports_as_listed {
	my ($file, $list) = @_;
	my @exports = split /\n/, slurp("$list.exports");
	is_deeply(\@exports, [ sort @exports ], 'the list is sorted');
	is_deeply([ symbols('--defined-only', $file) ], \@exports,
	    'the file exports what the list says, and no more');
	my ($map) = slurp("$list.map") =~ /global:(.*)local:/s;
	is_deeply([ sort $map =~ /(\w+);/g ], \@exports,
	    'so does the linker map');
	return;
}

# asks_for_nothing($file): that would change the process it is loaded into.
sub asks_for_nothing {
	my ($file) = @_;
	my %asked = map { $_ => 1 } symbols('--undefined-only', $file);
	delete @asked{qw(exit sprintf)} if counts_lines($file);
	my @never = qw(openlog closelog setlogmask syslog vsyslog umask signal
	    sigaction sigprocmask pthread_sigmask setenv putenv unsetenv exit
	    _exit atexit chdir setuid seteuid setgid setegid fork system popen
	    setlocale printf puts strcpy sprintf);
	is_deeply([ grep { $asked{$_} } @never ], [],
	    'asks for no function that changes it');
	return;
}

1;
