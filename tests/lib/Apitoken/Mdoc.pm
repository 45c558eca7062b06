# SPDX-License-Identifier: GPL-3.0-or-later
#
# The manual pages in doc, for the tests that compare them with the code and run
# what stands in them.
#
#	my $page = Apitoken::Mdoc->new('tc_open.3');
#	$page->section('SYNOPSIS')	its text, up to the next section
#	$page->names			those in NAME, in order
#	$page->rest('EXAMPLES')		the page without some sections
#	$page->examples			the literal blocks of EXAMPLES
package Apitoken::Mdoc;

use strict;
use warnings;
use Apitoken::Test qw(slurp source_dir);
use Carp qw(croak);

# pages($section): the file names of those there are.
sub pages {
	my ($section) = @_;
	return sort map { m{([^/]+)\z} } glob source_dir() . "/doc/*.$section";
}

sub new {
	my ($class, $name) = @_;
	my $text = slurp(source_dir() . "/doc/$name");
	my %section = $text =~ /^\.Sh (.+?)\n(.*?)(?=^\.Sh |\z)/msg;
	return bless { file => $name, text => $text, section => \%section },
	    $class;
}

sub file { return $_[0]{file} }

sub text { return $_[0]{text} }

sub section {
	my ($self, $name) = @_;
	return $self->{section}{$name} // croak "$self->{file}: no $name";
}

sub names {
	my ($self) = @_;
	return $self->section('NAME') =~ /^\.Nm (\S+)/mg;
}

sub rest {
	my ($self, @without) = @_;
	my %rest = %{ $self->{section} };
	delete @rest{@without};
	return join '', map { $rest{$_} } sort keys %rest;
}

# blocks($text): the literal blocks in it, as the reader sees them.
sub blocks {
	my ($text) = @_;
	return map { plain($_) }
	    $text =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed$/msg;
}

sub examples { return blocks($_[0]->section('EXAMPLES')) }

sub plain {
	my ($text) = @_;
	$text =~ s/\\e/\0/g;
	$text =~ s/\\&//g;
	croak "what does this look like: $1" if $text =~ /(\\.+)/;
	return $text =~ s/\0/\\/gr;
}

1;
