#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Which tokens edit, renew, revoke and delete are about: names or filters, the
# same for each verb, all of them in one commit or none.
use strict;
use warnings;
use POSIX qw(strftime);
use Test::More;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Test;
use Apitoken::Cli;

my $config = init_store();
my ($dir) = $config =~ m{^(.*)/};
my (%token, %rec);

sub make {
	my ($user, $label, %more) = @_;
	@{ \%rec }{"$user/$label"} = undef;
	($token{"$user/$label"}, $rec{"$user/$label"}) =
	    create_token($config, user => $user, label => $label, %more);
	return;
}

make('alice', 'laptop', property => 'app=mutt', expires => '30d');
make('alice', 'Phone', expires => '2037-01-01T00:00:00Z');
make('alice', 'short', expires => '2s');
make('bob', 'desk', expires => 'never', property => 'Team=Ops');
make('bob', 'gone', property => 'app=mutt');
make('bobby', 'tables', expires => '10d');
apitoken($config, 'revoke', 'bob/gone');
wait_for(sub { verdict($config, $token{'alice/short'}) eq 'expired' });

# What a verb would be about.
sub chosen {
	my ($verb, @filter) = @_;
	my @args = $verb eq 'edit' ? ('--service', 'imap') : ();
	my ($exit, $out, $err) = apitoken($config, $verb, @args, @filter,
	    '--dry-run');
	return "exit $exit: $err" if $exit ne '0' && $exit ne '1';
	return $err if $exit eq '1';
	my @names = map { m{ would be \w+: (.*)$} ? $1 : "? $_" }
	    split /\n/, $out;
	return join ' ', @names;
}

subtest 'filters' => sub {
	my $before = installation($config);
	my @all = qw(alice/Phone alice/laptop alice/short bob/desk bob/gone
	    bobby/tables);
	# [expected, for delete, which spares none]
	for my $case (
		['alice/Phone alice/laptop alice/short', '--user', 'alice'],
		['bob/desk bob/gone', '--user', 'bob'],
		['alice/laptop bob/gone', '--search', 'mutt'],
		['alice/laptop bob/gone', '--search', 'MUTT'],
		['alice/Phone', '--search', 'phone'],
		['bob/desk', '--search', 'team'],
		['bob/desk bob/gone bobby/tables', '--search', 'bob'],
		['alice/Phone alice/laptop bob/desk bobby/tables',
		    '--state', 'active'],
		['alice/short', '--state', 'expired'],
		['bob/gone', '--state', 'revoked'],
		['alice/short bob/gone', '--state', 'expired,revoked'],
		['alice/short bob/gone', '--state', 'expired', '--state',
		    'revoked'],
		['alice/laptop alice/short bobby/tables', '--expires-before',
		    '31d'],
		['alice/short bobby/tables', '--expires-before', '20d'],
		['alice/Phone alice/laptop alice/short bobby/tables',
		    '--expires-before', '2040-01-01'],
		["@all", '--unused-since', '2099-01-01'],
		["apitoken: delete: nothing matched\n", '--unused-since',
		    '1h'],
		['alice/laptop', '--user', 'alice', '--search', 'mutt'],
		['alice/short', '--user', 'alice', '--state',
		    'expired,revoked'],
	) {
		my ($want, @filter) = @$case;
		is chosen('delete', @filter), $want, "@filter";
	}
	my $none = "apitoken: delete: nothing matched\n";
	is chosen('delete', @$_), $none, "@$_: nothing" for
	    ['--user', 'ALICE'], ['--user', 'ali'], ['--search', 'xyzzy'],
	    ['--state', 'not-yet-valid'], ['--state', 'no-key'],
	    ['--expires-before', '2001-01-01'],
	    ['--unused-since', '2001-01-01'],
	    ['--user', 'bob', '--search', 'laptop'];
	is changes($before, $config), '', 'nothing changed';
};

subtest 'what is revoked already' => sub {
	is chosen($_, '--user', 'bob'), 'bob/desk', "$_ leaves it out"
	    for qw(revoke renew edit);
	is chosen($_, '--state', 'revoked'),
	    "apitoken: $_: nothing matched\n", "$_: also where it is asked for"
	    for qw(revoke renew edit);
	is chosen('delete', '--user', 'bob'), 'bob/desk bob/gone',
	    'delete does not';
};

subtest 'the last use' => sub {
	make('carol', 'idle');
	make('carol', 'busy');
	# Both are older than that moment, and one is used after it.
	sleep 1;
	my $moment = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime);
	is verdict($config, $token{'carol/busy'}), 'valid', 'used now';
	is chosen('delete', '--user', 'carol', '--unused-since', $moment),
	    'carol/idle', 'the other one is idle';
	apitoken($config, 'delete', '--user', 'carol');
};

subtest 'dry run' => sub {
	my @names = ('bobby/tables', 'alice/laptop');
	my $before = installation($config);
	for my $case (['revoke', 'revoked'], ['renew', 'renewed'],
	    ['delete', 'deleted'], ['edit', 'edited', '--label', 'x']) {
		my ($verb, $word, @args) = @$case;
		my ($exit, $out, $err) = apitoken($config, $verb, @args,
		    '--dry-run', @names);
		is $exit, 0, "$verb: exit";
		is $out, join('', map { "$rec{$_}{id} would be $word: $_\n" }
		    @names), 'a line for each, as they were named';
		is $err, '', 'no error';
		(undef, $out) = apitoken($config, $verb, @args, '--dry-run',
		    '--json', @names);
		is_deeply [map { $_->{id} } json_lines($out)],
		    [map { $rec{$_}{id} } @names], 'JSON: an object for each';
		# Nobody is asked: nothing happens.
		($exit, $out, $err) = on_terminal($config, '', $verb, @args,
		    '--dry-run', @names);
		is $exit, 0, 'on a terminal: exit';
		unlike $err, qr/\?/, 'no question';
	}
	is changes($before, $config), '', 'nothing changed';
	my (undef, $out) = apitoken($config, 'revoke', '--dry-run',
	    'bob/gone');
	like $out, qr/was revoked before: bob\/gone$/, 'it was over before';
};

subtest 'names and filters' => sub {
	for my $case (['revoke'], ['renew'], ['delete'],
	    ['edit', '--label', 'x']) {
		my $err = refused($config, 2, @$case);
		like $err, qr/a name is missing, or a filter/,
		    "$case->[0]: neither";
		$err = refused($config, 2, @$case, 'bob/desk', '--user',
		    'bob');
		like $err, qr/names or filters, not both/, 'both';
		ok refused($config, 2, @$case, '--state', 'bogus'),
		    'no such state';
		ok refused($config, 2, @$case, '--state', 'active,'),
		    'a comma at the end';
		ok refused($config, 2, @$case, '--expires-before', 'soon'),
		    'no time';
		ok refused($config, 2, @$case, '--unused-since', 'never'),
		    'no time either';
		ok refused($config, 1, @$case, '--user', 'nobody'),
		    'nothing matched';
	}
};

subtest 'filters that mean harm' => sub {
	my %text = hostile_text(300);
	for my $name (sort keys %text) {
		for my $option (qw(--user --search)) {
			my $before = installation($config);
			my ($exit, $out, $err) = apitoken($config, 'delete',
			    $option, $text{$name});
			ok(($exit eq '1' || $exit eq '2') && $out eq '' &&
			    one_line($err) && $err !~ /[^\n\x20-\x7e]/,
			    "$name in $option: in vain") or diag $err;
			is changes($before, $config), '', 'nothing changed';
		}
	}
};

subtest 'the question' => sub {
	make('dora', "d$_") for 1 .. 7;
	my ($exit, $out, $err) = on_terminal($config, "n\n", 'revoke',
	    '--user', 'dora');
	is $exit, 1, 'no: exit';
	is $out, '', 'nothing on stdout';
	like $err, qr/Revoke these 7 tokens\?/, 'how many';
	like $err, qr{^  $rec{"dora/d$_"}{id} dora/d$_$}m, "shows d$_"
	    for 1 .. 5;
	unlike $err, qr{dora/d6}, 'not all of them';
	like $err, qr/^  \.\.\. and 2 more$/m, 'but how many there are';
	like $err, qr/nothing was changed$/, 'nor were they';
	($exit) = on_terminal($config, $_, 'revoke', '--user', 'dora'),
	    is($exit, 1, 'no answer is no') for "\x04", "\n", "maybe\n";
	is verdict($config, $token{'dora/d1'}), 'valid', 'still valid';
	($exit) = on_terminal($config, "y\n", 'revoke', '--user', 'dora');
	is $exit, 0, 'yes: exit';
	is verdict($config, $token{"dora/d$_"}), 'revoked', "d$_ is refused"
	    for 1 .. 7;

	for my $case (['renew', 'Renew'], ['edit', 'Edit', '--label', 'x'],
	    ['delete', 'Delete']) {
		my ($verb, $word, @args) = @$case;
		my $before = installation($config);
		($exit, undef, $err) = on_terminal($config, "n\n", $verb,
		    '--user', 'alice', @args);
		is $exit, 1, "$verb: exit";
		like $err, qr/$word these 3 tokens\?/, 'it asks';
		is changes($before, $config), '', 'nothing changed';
	}
};

# A label that could steer a terminal is refused, but what is shown does not
# rely on that.
subtest 'what is shown is printable' => sub {
	make('emil', "a\xf0\x9f\x98\x80 \"b\", 'c'"), make('emil', 'z');
	my ($exit, $out, $err) = on_terminal($config, "y\n", 'revoke',
	    '--search', 'emil');
	is $exit, 0, 'exit';
	like $err, qr/^  \w{24} emil\/a\xf0\x9f\x98\x80 "b", 'c'$/m,
	    'in the question';
	like $out, qr/revoked: emil\/a\xf0\x9f\x98\x80 "b", 'c'$/m,
	    'in the answer';
	my @ended = grep { $_->{event} eq 'revoke' && $_->{user} eq 'emil' }
	    json_lines(slurp("$dir/audit.json"));
	my ($label) = grep { $_ ne 'z' } map { $_->{label} } @ended;
	is $label, "a\x{1f600} \\x22b\\x22, 'c'",
	    'in the log, quotes escaped';
};

subtest 'many, in one commit' => sub {
	my ($exit, $out) = apitoken($config, 'create', '--user', 'many',
	    '--label', 'm', '--count', 500, { timeout => 120 });
	is $exit, 0, 'made';
	my @tokens = split /\n/, $out;
	for my $case (
		['edit', 'edited', '--expires', '2037-01-01T00:00:00Z'],
		['renew', 'renewed', '--expires', '2038-01-01T00:00:00Z'],
		['revoke', 'revoked', '--reason', 'all of them'],
		['delete', 'deleted']) {
		my ($verb, $word, @args) = @$case;
		my $commits = commits();
		($exit, $out) = apitoken($config, $verb, '--search', 'MANY',
		    @args);
		is $exit, 0, "$verb: exit";
		is scalar(() = $out =~ /^\w{24} \Q$word\E: many\/m-\d+\b/mg),
		    500, 'a line for each';
		is commits(), $commits + 1, 'one commit';
	}
	is scalar(grep { verdict($config, $_) eq 'revoked' }
	    @tokens[0, 250, 499]), 3, 'they are refused';
};

# The sequence number of the state file's head; see FORMAT.md.
sub commits {
	my $state = slurp("$dir/store/state");
	return unpack 'Q>', substr $state, 4 + 1 + 8 + 8 + 16, 8;
}

done_testing;
