#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# "scram = no": what is made then has no verifier, and goes its way without one
# through every change, an export and an import. What had one keeps it.
use strict;
use warnings;
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Cli;
use Apitoken::Test;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};

# exported(config): all there is, with verifiers.
sub exported {
	my ($of) = @_;
	return (apitoken($of, 'export', '--with-verifiers'))[1];
}

# with_verifier(): the labels of those that have one.
sub with_verifier {
	return join ' ', sort map { $_->{label} } grep { $_->{scram} }
	    json_lines(exported($config));
}

sub works {
	my ($exit, $out, $err) = apitoken($config, @_);
	is $exit, 0, "@_" or diag $err;
	return $out;
}

my %token = map { $_ => scalar create_token($config, label => $_) }
    qw(old replaced);
is with_verifier(), 'old replaced', 'by default each has one';
set_conf($config, scram => 'no');
$token{bare} = create_token($config, label => 'bare');
$token{copied} = from_json(works('--json', 'copy', 'alice/old', '--label',
    'copied'))->{token};
works('regenerate', 'alice/replaced');
works('renew', 'alice/old', 'alice/bare', '--expires', '30d');
works('edit', 'alice/bare', '--service', 'sshd');
works('compact');
is with_verifier(), 'old replaced', 'those made before alone have one';
unlike works('show', 'alice/old'), qr/SCRAM/, 'show: one that has it';
like works('show', 'alice/bare'), qr/^SCRAM +no, there is no verifier$/m,
    'show: one that has none';
my ($imported) = works('import', '--user', 'alice', '--label', 'elsewhere',
    { stdin => "a value that was made elsewhere\n" }) =~ /(\S+)/;
like works('show', $imported), qr/^SCRAM +no, there is no verifier$/m,
    'show: nor has one that was made elsewhere';
my @listed = json_lines(works('--json', 'list'));
is_deeply [ sort map { $_->{label} } grep { $_->{scram} } @listed ],
    [qw(old replaced)], 'JSON of list: those that have one';
is_deeply [ grep { !JSON::PP::is_bool($_->{scram}) } @listed ], [],
    'JSON: true or false';
works('delete', $imported);
is verdict($config, $token{$_}), 'valid', "$_ works" for qw(old bare copied);

subtest 'elsewhere' => sub {
	my $there = init_store();
	my ($folder) = $there =~ m{^(.*)/};
	my $records = sub { [ sort +(split /^/, exported($_[0]))[1 .. 5] ] };
	spit("$folder/secret.conf", slurp("$dir/secret.conf"));
	my ($exit, $out, $err) = apitoken($there, 'import', '--records',
	    { stdin => exported($config) });
	is $exit, 0, 'an import' or diag $err;
	is_deeply [ map { without_use(from_json($_)) } @{ $records->($there) } ],
	    [ map { without_use(from_json($_)) } @{ $records->($config) } ],
	    'it brings what there is and makes no verifier';
	is verdict($there, $token{bare}), 'valid', 'the token works there';
};

set_conf($config, scram => 'yes');
create_token($config, label => 'new');
works('edit', 'alice/bare', '--label', 'edited');
is with_verifier(), 'new old replaced', 'yes again: new ones';
works('regenerate', 'alice/edited');
is with_verifier(), 'edited new old replaced', 'and those regenerated';

set_conf($config, scram => 'off');
my ($exit, $out, $err) = apitoken($config, 'create', '--user', 'alice',
    '--label', 'none');
is $exit, 4, 'neither yes nor no: refused';
is $out, '', 'no token';
like $err, qr/apitoken\.conf:\d+: scram: neither yes nor no/, 'why';
ok one_line($err), 'one line' or diag $err;

done_testing;
