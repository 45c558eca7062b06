# SPDX-License-Identifier: GPL-3.0-or-later
#
# What doc/recipes tells an administrator to write, for the tests that do so.
# A fenced block whose first line is "# /path/of/a/file", or "# ~/file", says
# what belongs in that file; a remark behind it ("of the client") is part of the
# name. One that is marked "sh" is typed at a prompt.
#
#	my $recipe = Apitoken::Recipe->new('postfix');
#	$recipe->file('/etc/postfix/main.cf');	its lines
#	$recipe->groups;			{ apitoken => ['postfix'] }
#	$recipe->commands('setfacl');		whole lines
package Apitoken::Recipe;

use strict;
use warnings;
use Apitoken::Test qw(slurp source_dir);
use Carp qw(croak);

sub new {
	my ($class, $name) = @_;
	my $text = slurp(source_dir() . "/doc/recipes/$name.md");
	my $self = bless { name => $name, text => $text, files => {},
	    commands => [] }, $class;
	while ($text =~ /^```(\w*)\n(.*?)^```$/msg) {
		my ($kind, @lines) = ($1, split /\n/, $2);
		if ($kind eq 'sh') {
			push @{ $self->{commands} }, @lines;
		} elsif ($lines[0] =~ m{^# ([/~]\S+(?: .+)?)$}) {
			push @{ $self->{files}{$1} }, @lines;
		}
	}
	return $self;
}

sub file {
	my ($self, $path) = @_;
	return @{ $self->{files}{$path}
	    // croak "recipe $self->{name}: no block for $path" };
}

# with(path, { pattern => line }): the same lines, some of them replaced or,
# with '', left out. Each pattern has to fit.
sub with {
	my ($self, $path, $changes) = @_;
	my @lines = $self->file($path);
	for my $pattern (sort keys %$changes) {
		my @at = grep { $lines[$_] =~ /^$pattern/ } 0 .. $#lines;
		croak "recipe $self->{name}: no line $pattern in $path"
		    if !@at;
		@lines[@at] = ($changes->{$pattern}) x @at;
	}
	return grep { length } @lines;
}

# commands(name): those at a prompt that begin with this.
sub commands {
	my ($self, $name) = @_;
	my @found = grep { /^\Q$name\E / } @{ $self->{commands} };
	croak "recipe $self->{name}: no $name" if !@found;
	return @found;
}

# groups(): what "adduser USER GROUP" makes of the groups.
sub groups {
	my ($self) = @_;
	my %groups;
	for ($self->commands('adduser')) {
		push @{ $groups{$2} }, $1 if /^adduser (\S+) (\S+)$/;
	}
	return \%groups;
}

1;
