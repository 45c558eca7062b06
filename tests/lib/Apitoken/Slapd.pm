# SPDX-License-Identifier: GPL-3.0-or-later
#
# A real slapd in the private host that Apitoken::Server makes: on a free
# loopback port, with alice and bob in a database where each sees only their
# own entry; alice may act for bob, if the policy has that. Its folders lie
# over those of the host's slapd. No TLS.
#
#	my $ldap = Apitoken::Slapd->new(dir => $dir, name => 'slapd');
#	$ldap->as_host(...);		prepare an installation
#	$ldap->start(sasl => [lines of slapd.conf], client => [of ldap.conf]);
#	$ldap->modify(lines);		as root, by ldapi
#	my $got = $ldap->whoami(mech =>, user =>, token =>);
#	$got->{dn} or $got->{error}, the number of the LDAP error
#	$ldap->binds({ mech =>, ... }, ...);	all at once
package Apitoken::Slapd;

use strict;
use warnings;
use parent 'Apitoken::Server';
use Apitoken::Server ();
use Apitoken::Test qw(program run slurp spit wait_for);
use Carp qw(croak);
use File::Path qw(make_path);
use IO::Socket::INET ();

my @folders = qw(/etc/ldap /var/lib/ldap);
my $suffix = 'dc=example,dc=org';

# Why it cannot be tested here, or undef.
sub missing {
	return Apitoken::Server::no_plug_ins([qw(slapd slapadd ldapwhoami
	    ldapmodify)], @folders, '/etc/ldap/schema/inetorgperson.ldif');
}

sub new {
	my ($class, %opt) = @_;
	my $self = $class->with_plug_ins(%opt, over => \@folders,
	    accounts => ['openldap']);
	make_path(map { $self->base . "/etc/ldap/$_" } qw(slapd.d sasl2));
	$self->make_databases;
	return $self;
}

# The DN that a person is mapped to.
sub dn { return "uid=$_[1],ou=people,$suffix" }

sub make_databases {
	my ($self) = @_;
	my $base = $self->base;
	my $root = 'gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth';
	my $schema = join "\n", map { slurp("/etc/ldap/schema/$_.ldif") }
	    qw(core cosine inetorgperson);
	my $config = <<"END";
dn: cn=config
objectClass: olcGlobal
cn: config
olcLogLevel: stats
olcThreads: 16

dn: cn=module{0},cn=config
objectClass: olcModuleList
cn: module{0}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

$schema
dn: olcDatabase={0}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {0}config
olcAccess: to * by dn.exact=$root manage by * none

dn: olcDatabase={1}mdb,cn=config
objectClass: olcMdbConfig
olcDatabase: {1}mdb
olcDbDirectory: /var/lib/ldap
olcSuffix: $suffix
olcAccess: to attrs=userPassword,authzTo by * auth
olcAccess: to * by self read by * auth
END
	my $people = <<"END";
dn: $suffix
objectClass: domain
dc: example

dn: ou=people,$suffix
objectClass: organizationalUnit
ou: people

END
	for my $name (qw(alice bob)) {
		$people .= 'dn: ' . $self->dn($name)
		    . "\nobjectClass: account\nuid: $name\n"
		    . "objectClass: simpleSecurityObject\n"
		    . 'userPassword: ' . $self->password($name) . "\n";
		# Counts only once the policy says so.
		$people .= 'authzTo: dn.exact:' . $self->dn('bob') . "\n"
		    if $name eq 'alice';
		$people .= "\n";
	}
	$self->add($config, '-n', 0);
	$self->add($people, '-b', $suffix);
	my ($uid, $gid) = (getpwnam 'openldap')[2, 3];
	my ($exit, undef, $err) = run([ 'chown', '-R', "$uid:$gid",
	    "$base/etc/ldap/slapd.d", "$base/var/lib/ldap" ]);
	$exit eq '0' or croak $err;
	return;
}

sub add {
	my ($self, $text, @args) = @_;
	my ($exit, $out, $err) = $self->as_host(
	    Apitoken::Server::find_program('slapadd'),
	    '-F', '/etc/ldap/slapd.d', @args, { stdin => $text });
	$exit eq '0' or croak "slapadd: $out$err";
	return;
}

sub start {
	my ($self, %opt) = @_;
	my $base = $self->base;
	$self->write_file('etc/ldap/sasl2/slapd.conf', 0644,
	    map { "$_\n" } @{ $opt{sasl} });
	chmod 0755, map { "$base/etc/ldap$_" } '', '/sasl2';
	$self->write_file('ldap.conf', 0644,
	    map { "$_\n" } @{ $opt{client} // [] });
	($self->{ldapi} = "ldapi://$base/ldapi") =~
	    s{(?<=//)(.*)}{ $1 =~ s(/)(%2f)gr }e;
	return $self->launch_anywhere(sub {
		# It listens in this order; the last one is waited for.
		return (Apitoken::Server::find_program('slapd'), '-d', '0',
		    '-u', 'openldap', '-g', 'openldap',
		    '-F', '/etc/ldap/slapd.d', '-h',
		    "$self->{ldapi} ldap://127.0.0.1:$self->{port}/");
	});
}

sub modify {
	my ($self, @lines) = @_;
	return run([ 'ldapmodify', '-Q', '-Y', 'EXTERNAL', '-H',
	    $self->{ldapi} ], stdin => join '', map { "$_\n" } @lines);
}

# The client's command line: the token is in a file that ldapwhoami reads.
sub command {
	my ($self, $number, %opt) = @_;
	my $file = $self->base . "/token$number";
	spit($file, $opt{token});
	return ($opt{program} // 'ldapwhoami', '-Q', '-H', $self->uri, '-Y',
	    $opt{mech}, '-U', $opt{user}, '-y', $file,
	    @{ $opt{args} // [] });
}

sub uri { return "ldap://127.0.0.1:$_[0]{port}" }

sub environment {
	my ($self) = @_;
	return { SASL_PATH => $self->base . '/sasl2',
	    LDAPCONF => $self->base . '/ldap.conf', HOME => $self->base };
}

sub outcome {
	my ($exit, $out, $err) = @_;
	my ($dn) = $out =~ /^dn:(.*)$/m;
	my ($error) = $err =~ /: .* \((-?\d+)\)$/m;
	return { exit => $exit, dn => $dn, error => $error, out => $out,
	    debug => "exit $exit\n$out$err" };
}

# whoami(mech =>, user =>, token =>, program => 'ldapwhoami', args => [...])
sub whoami {
	my ($self, %opt) = @_;
	return outcome(run([ $self->command(0, %opt) ],
	    env => $self->environment));
}

# binds({...}, {...}): the same for many clients at the same time.
sub binds {
	my ($self, @each) = @_;
	my $base = $self->base;
	my $script = '';
	for my $i (1 .. @each) {
		$script .= join(' ', map { "'$_'" }
		    $self->command($i, %{ $each[$i - 1] }))
		    . " >'$base/out$i' 2>'$base/err$i' &\n";
	}
	my ($exit, undef, $err) = run([ 'sh', '-c', "$script wait" ],
	    env => $self->environment);
	return map { outcome($exit, slurp("$base/out$_"),
	    slurp("$base/err$_")) } 1 .. @each;
}

# ---- LDAP by hand, to have several binds on one connection ----

# dialogue([mech, message], ..., 'whoami', ...): for each the number of the
# result, or who the server says we are.
sub dialogue {
	my ($self, @requests) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $self->{port}, Timeout => 60)
	    or croak "no connection: $!";
	my $number = 0;
	my @answers;
	for my $request (@requests) {
		my $body = ref $request ? bind_request(@$request)
		    : tlv(0x77, tlv(0x80, '1.3.6.1.4.1.4203.1.11.3'));
		print {$socket} tlv(0x30, tlv(2, chr ++$number) . $body);
		$socket->flush;
		push @answers, answer($socket);
	}
	return @answers;
}

sub bind_request {
	my ($mech, $message) = @_;
	return tlv(0x60, tlv(2, "\3") . tlv(4, '')
	    . tlv(0xa3, tlv(4, $mech) . tlv(4, $message)));
}

sub tlv {
	my ($tag, $value) = @_;
	my $length = length $value;
	return chr($tag) . ($length < 128 ? chr $length
	    : "\x82" . pack 'n', $length) . $value;
}

# Every answer here is shorter than 128 bytes but for a diagnostic message.
sub answer {
	my ($socket) = @_;
	local $SIG{ALRM} = sub { croak 'no answer' };
	alarm 60;
	read($socket, my $head, 2) == 2 or croak 'connection closed';
	my $length = ord substr $head, 1;
	if ($length >= 128) {
		read($socket, my $more, $length - 128);
		$length = hex unpack 'H*', $more;
	}
	read($socket, my $body, $length);
	alarm 0;
	my ($code) = $body =~ /\A\x02\x01.[\x61\x78].\x0a\x01(.)/s
	    or croak 'not understood: ' . unpack 'H*', $body;
	return $1 if $body =~ /\x8b.(?:dn:)?(.*)\z/s;
	return ord $code;
}

1;
