# SPDX-License-Identifier: GPL-3.0-or-later
#
# Our packages in a Debian of its own, and what an administrator does there who
# has the recipes and nothing else.
#
#	my $system = Apitoken::Packages->new(alone => 1);
#	$system->bring;			# /tmp/old, /tmp/new: two versions
#	$system->good('apitoken doctor', 'the doctor');	# exit code 0
#	$system->follow($recipe, '/etc/imapd.conf');
#	$system->take_back;		# every file as it was
package Apitoken::Packages;

use strict;
use warnings;
use parent 'Apitoken::System';
use Apitoken::Server ();
use Apitoken::Test qw(build_dir from_json run set_conf
    source_dir wait_for);
use Carp qw(croak);
use Test::More;

our @NAMES = qw(apitoken libpam-apitoken libsasl2-modules-apitoken
    libtokencore0 libtokencore-dev);
my $apt = 'apt-get -q -y --no-install-recommends';

# apt('install', packages or files): the command.
sub apt {
	my ($self, @words) = @_;
	return "$apt @words";
}

# Where what is started can be reached.
my %port = (ssh => 22, postfix => 25, dovecot => 143, 'cyrus-imapd' => 143);

# service('restart', names): each of them, until it answers.
sub service {
	my ($self, $what, @names) = @_;
	for my $name (@names) {
		$self->good("service $name $what");
		next if $what eq 'stop' || !$port{$name};
		ok wait_for(sub { Apitoken::Server::answers($port{$name}) }),
		    "$name answers"
		    or diag substr $self->read('root/syslog'), -3000;
	}
	return;
}

# host(packages...): Debian's own packages, and alice, with her password.
sub host {
	my ($self, @packages) = @_;
	$self->good("apt-get -q update && apt-get -q -y upgrade && $apt "
	    . "install @packages", 'a host with ' . join(', ', @packages),
	    online => 1);
	my $password = Apitoken::Server::random_word(20);
	$self->good('useradd -m -s /bin/sh -G sudo alice && chpasswd',
	    'and with alice', stdin => "alice:$password\n");
	return $password;
}

# bring(): the packages as they are, and the same under the number before: what
# differs between them is the number alone. What they depend on is installed:
# that is the host's own affair.
sub bring {
	my ($self) = @_;
	my $root = $self->root;
	mkdir "$root/tmp/$_" or croak "$_: $!" for qw(new old);
	for my $name (@NAMES) {
		my ($deb) = glob build_dir() . "/deb/${name}_*.deb";
		my $work = "$root/tmp/work";
		system("cp '$deb' '$root/tmp/new/' && dpkg-deb -R '$deb' "
		    . "'$work' && sed -i -E 's/0\\.1\\.0-1~upstream1/0.1.0-0.1/' "
		    . "'$work/DEBIAN/control' && dpkg-deb --root-owner-group "
		    . "-Znone -b '$work' '$root/tmp/old/' >/dev/null && "
		    . "rm -rf '$work'") == 0 or croak "$name: dpkg-deb";
	}
	my $needed = $self->good("$apt --simulate install "
	    . $self->debs('old') . " | sed -n "
	    . "'/apitoken\\|tokencore/!s/^Inst \\([^ ]*\\).*/\\1/p'",
	    'what they depend on', online => 1);
	$self->good("$apt install logrotate " . $needed =~ s/\n/ /gr,
	    'is there before', online => 1);
	return;
}

# debs('new', names): as apt wants files named.
sub debs {
	my ($self, $which, @wanted) = @_;
	my $root = $self->root;
	return join ' ', map { s/^\Q$root\E//r } map {
	    glob "$root/tmp/$which/${_}_*.deb" } @wanted ? @wanted : @NAMES;
}

# version(): that of the new ones.
sub version {
	my ($code, $version) = run([ 'dpkg-parsechangelog', '-S', 'Version',
	    '-l', source_dir() . '/packaging/debian/changelog' ]);
	return $version =~ s/\n//r;
}

# token(service, label): alice's, for that service alone, and its id.
sub token {
	my ($self, $service, $label) = @_;
	$label //= "for $service";
	my $made = from_json($self->good('apitoken --json create --user alice '
	    . "--label '$label' --service $service", "a token: $label"));
	like $made->{token}, qr/^tkc1_[0-9a-z]+$/, 'is one';
	return @$made{qw(token id)};
}

# upgrade(command, package, what of the administrator's is looked at): by the
# README's command, which leaves that alone.
sub upgrade {
	my ($self, $command, $package, $look) = @_;
	my $kept = $self->good($look, 'before the upgrade');
	$self->good("cd /tmp/new; $command");
	is $self->good($look, 'after it'), $kept,
	    'tokens, keys and configuration are the same';
	is $self->good('dpkg-query -W -f "\${Version}" ' . $package),
	    $self->version, 'a new version';
	return;
}

# put(path, lines): as the recipes mean it. A setting takes the place of the
# one of that name, also below a heading; lines before an @include go before it
# where it stands; a PAM file without one is whole, and so is a new file.
sub put {
	my ($self, $path, @lines) = @_;
	@lines = grep { !/^#/ } @lines;
	my $text = $self->read($path);
	my $there = -e $self->root . $path;
	my $mode = $there ? (stat _)[2] & 07777 : 0644;
	$self->{before}{$path} = $there ? $text : undef
	    if !exists $self->{before}{$path};
	if (my ($heading) = map { /^\[(.+)\]$/ } @lines) {
		return set_conf($self->root . $path, map {
		    /^([\w-]+) = (.*)/ ? ("$heading/$1" => $2) : () } @lines);
	}
	if (grep { /^\@include / } @lines) {
		while (my ($ours, $include) = splice @lines, 0, 2) {
			$text =~ s/^(?=\Q$include\E\s*$)/$ours\n/m
			    or croak "$path: no $include";
		}
	} elsif ($path =~ m{^/etc/pam\.d/}) {
		$text = join '', map { "$_\n" } @lines;
	} else {
		for my $line (@lines) {
			my ($name) = $line =~ /^(\w+)\s*[=:]/;
			$text .= "$line\n" if !defined $name
			    || $text !~ s/^\Q$name\E\s*[=:].*$/$line/m;
		}
	}
	$self->write($path, $text, $mode);
	return;
}

# nothing_left(files before, what else may have changed)
sub nothing_left {
	my ($self, $before, $others) = @_;
	# Some note what went on, in files that they had before or keep
	# themselves.
	my $theirs = qr{^/var/log/(?:btmp|lastlog|wtmp|faillog)$
	    |^/var/lib/logrotate/|^/etc/g?shadow-$|^/etc/group-$
	    |^/var/lib/pam/}x;
	my $after = $self->files;
	my %names = (%$before, %$after);
	for my $name (grep { /$theirs/ || defined $others && /$others/ }
	    keys %names) {
		delete $_->{$name} for $before, $after;
	}
	is_deeply [ grep { !exists $before->{$_} } sort keys %$after ],
	    [], 'nothing that was not there before';
	is_deeply [ grep { ($after->{$_} // '') ne $before->{$_} }
	    sort keys %$before ],
	    [], 'nothing of the host is gone or changed';
	return;
}

# follow(recipe, paths): all that it says about these files.
sub follow {
	my ($self, $recipe, @paths) = @_;
	$self->put($_, $recipe->file($_)) for @paths;
	return;
}

# changed(): the files that put() has written.
sub changed { return sort keys %{ $_[0]{before} } }

# take_back(paths): as it was before put(), of all or of these.
sub take_back {
	my ($self, @paths) = @_;
	my $before = $self->{before};
	for my $path (@paths ? @paths : $self->changed) {
		my $text = delete $before->{$path};
		if (defined $text) {
			my $mode = (stat $self->root . $path)[2] & 07777;
			$self->write($path, $text, $mode);
		} else {
			unlink $self->root . $path or croak "$path: $!";
		}
	}
	return;
}

1;
