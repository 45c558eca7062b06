# SPDX-License-Identifier: GPL-3.0-or-later
#
# Exchanges through the real libsasl with the plug-in that was built, client
# and server in one process (tests/sasl/driver.c).
#
#	my $host = Apitoken::Sasl->new;
#	my $r = $host->drive(token => $token, 'login OAUTHBEARER');
#	$r->{server}		[ 'OK none' ]: each code, and bytes as text
#	$r->{client}		the same
#	$r->{names}		[ 'alice alice' ]: authid and user
#	$r->{log}		[ '4 apitoken: login allow ...' ]
#	$r->{syslog}		what went there while plug-ins were loaded
#	$r->{policy}		[ 'alice>bob' ]: what the policy was asked
#	$r->{left}		[ '0 0' ]: bytes and blocks not freed
package Apitoken::Sasl;

use strict;
use warnings;
use Carp qw(croak);

use Apitoken::Test;

# Why this cannot be tested here, or undef.
sub missing {
	return 'libapitoken.so is not built (libsasl2-dev is missing?)'
	    if !-e build_dir() . '/libapitoken.so';
	return;
}

# new(conf => { key => value }): an installation, and a folder with the plug-in
# and nothing else.
sub new {
	my ($class, %opt) = @_;
	my $dir = tempdir(mode => 0755);
	mkdir "$dir/$_" or croak "$dir/$_: $!" for qw(plugins token);
	symlink program('libapitoken.so'), "$dir/plugins/libapitoken.so"
	    or croak "symlink: $!";
	my $config = init_store(dir => "$dir/token", conf => $opt{conf});
	return bless { dir => $dir, config => $config }, $class;
}

sub dir { return $_[0]{dir} }
sub config { return $_[0]{config} }
sub plugins { return "$_[0]{dir}/plugins" }

# drive([settings,] lines...): a whole process. Settings: option => {...} as in
# the application's configuration (undef takes the default away), and the
# members of the driver's kit; token is its pass.
sub drive {
	my ($self, @args) = @_;
	my $set = ref $args[0] ? shift @args : {};
	my %option = (apitoken_config => $self->config, log_level => 7,
	    %{ delete $set->{option} // {} });
	my $init = delete $set->{init} // [qw(server client)];
	my %run = %{ delete $set->{run} // {} };
	my %kit = (plugins => $self->plugins, authname => 'alice',
	    remote => '192.0.2.7;4711', %$set);
	$kit{pass} = delete $kit{token} if exists $kit{token};
	my @script = ((map { "set $_ $kit{$_}" } sort keys %kit),
	    (map { defined $option{$_} ? "option $_ $option{$_}" : () }
		sort keys %option),
	    (map { "init $_" } @$init), @args, 'done');
	my ($exit, $out, $err) = run([ program('tests/sasl/driver') ],
	    stdin => join('', map { "$_\n" } @script), timeout => 120, %run);
	$exit eq '0' or croak "driver: exit $exit: $err\n$out";
	return { parse($out), out => $out, err => $err };
}

sub parse {
	my ($out) = @_;
	my %r = map { $_ => [] } qw(server client names log syslog policy
	    detail left mechs);
	for (grep { length } split /\n/, $out) {
		my ($kind, $rest) = split / /, $_, 2;
		$rest =~ s/^(\S+) ([0-9a-f]+)$/"$1 " . pack 'H*', $2/es
		    if $kind =~ /^(?:server|client)$/;
		push @{ $r{$kind} }, $rest;
	}
	# libsasl's own words are not what is tested.
	for my $where (qw(log syslog)) {
		$r{$where} = [ grep { /^\d apitoken: / } @{ $r{$where} } ];
	}
	return %r;
}

# hex($bytes): as the driver's script has it.
sub hex {
	my ($bytes) = @_;
	return !defined $bytes ? 'none' : $bytes eq '' ? 'empty'
	    : unpack 'H*', $bytes;
}

1;
