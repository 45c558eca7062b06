# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the tests of verbs have in common: asking for verdicts and records, a
# person at a terminal, and text that means harm.
#
#	use Apitoken::Cli;
#
#	is verdict($config, $token, service => 'imap'), 'valid';
#	is record($config, 'alice/laptop')->{expires}, undef;
#	my ($exit, $out, $err) = on_terminal($config, "y\n", 'revoke', ...);
package Apitoken::Cli;

use strict;
use warnings;
use Apitoken::Test;
use Exporter qw(import);
use Test::More ();

our @EXPORT = qw(verdict imported_verdict record without_use ids labels
    on_terminal hostile_text installation changes refused);

# verdict($config, $token, service => 'sshd', user => ..., from => ...): the
# verdict's word for a login.
sub verdict {
	my ($config, $token, %as) = @_;
	$as{service} //= 'sshd';
	my (undef, $out) = apitoken($config, '--json', 'verify',
	    (map { ("--$_", $as{$_}) } sort keys %as),
	    { stdin => "$token\n" });
	return from_json($out)->{verdict};
}

# imported_verdict($config, $user, $value, args...): the same for a value made
# elsewhere.
sub imported_verdict {
	my ($config, $user, $value, @args) = @_;
	my (undef, $out) = apitoken($config, '--json', 'verify', '--imported',
	    '--service', 'imap', '--user', $user, @args, { stdin => $value });
	return from_json($out)->{verdict};
}

# without_use($record): the record, nothing being known of its use, so that a
# login in between does not count as a change.
sub without_use {
	my ($rec) = @_;
	return { %$rec, map { $_ => undef }
	    qw(last_used last_service last_source) };
}

# record($config, $name): what show says of it but for its last use; undef if
# there is none.
sub record {
	my ($config, $name) = @_;
	my ($exit, $out) = apitoken($config, '--json', 'show', $name);
	return $exit eq '0' ? without_use(from_json($out)) : undef;
}

# ids($config): label => id, of all there are.
sub ids {
	my ($config) = @_;
	my (undef, $out) = apitoken($config, '--json', 'list');
	return map { $_->{label} => $_->{id} } json_lines($out);
}

# labels($config): those of all there are, two that are the same twice.
sub labels {
	my ($config) = @_;
	my (undef, $out) = apitoken($config, '--json', 'list');
	return map { $_->{label} } json_lines($out);
}

# on_terminal($config, $typed, args...): as apitoken(), with a terminal for
# stdin where that was typed. "\x04" is the end of the file.
sub on_terminal {
	my ($config, $typed, @args) = @_;
	my ($master, $slave) = pty();
	syswrite $master, $typed;
	return apitoken($config, @args, { stdin_fh => $slave });
}

# hostile_text($limit): name => bytes, of which each is refused where text of
# at most $limit bytes is wanted.
sub hostile_text {
	my ($limit) = @_;
	return (
		'line end' => "a\nb",
		'carriage return' => "a\rb",
		'terminal escape' => "a\e[31mb",
		'bell' => "a\ab",
		'delete' => "a\x7fb",
		'C1 control' => "a\xc2\x9bb",
		'invalid UTF-8' => "a\xffb",
		'cut off UTF-8' => "a\xe2\x82",
		'overlong UTF-8' => "a\xc0\xafb",
		'a surrogate' => "a\xed\xa0\x80b",
		'right-to-left override' => "a\xe2\x80\xaeb",
		'a byte too long' => 'x' x ($limit + 1),
		'a character over the end' => 'x' x ($limit - 1) . "\xc3\xa4",
	);
}

# installation($config): its files, the audit log left out, since what an
# attempt adds to that is not a change.
sub installation {
	my ($config) = @_;
	my ($dir) = $config =~ m{^(.*)/};
	my $tree = tree($dir);
	delete @$tree{grep { m{/audit\.json$} } keys %$tree};
	return $tree;
}

# changes($before, $config): the paths that are not as they were, "" for none.
sub changes {
	my ($before, $config) = @_;
	my $after = installation($config);
	return join ' ', grep { ($before->{$_} // '') ne ($after->{$_} // '') }
	    sort keys %{ { %$before, %$after } };
}

# refused($config, $exit, args...): the error, if the command ends with that
# exit code, one line on stderr, nothing on stdout and nothing changed; else
# undef, and what is wrong as a diagnostic.
sub refused {
	my ($config, $want, @args) = @_;
	my $before = installation($config);
	my ($exit, $out, $err) = apitoken($config, @args);
	my @wrong;
	push @wrong, "exit $exit, not $want" if $exit ne $want;
	push @wrong, 'stdout has something' if length $out;
	push @wrong, 'not one line' if !one_line($err);
	push @wrong, 'not printable' if $err =~ /[^\n\x20-\x7e]/;
	push @wrong, 'a token in it' if !holds_no_token($err);
	my $changed = changes($before, $config);
	push @wrong, "changed: $changed" if length $changed;
	return $err if !@wrong;
	Test::More::diag(join('; ', @wrong) . ": $err");
	return;
}

1;
