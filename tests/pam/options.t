#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# An option that is unknown or malformed: named in the log, and PAM_SERVICE_ERR
# from every entry point; and the edges of what is accepted.
use strict;
use warnings;
use lib "$ENV{SRC}/tests/lib";
use Apitoken::Mdoc;
use Apitoken::Pam;
use Apitoken::Test;
use Test::More;

if (my $why = Apitoken::Pam::missing()) {
	plan skip_all => $why;
}

my $host = Apitoken::Pam->launch_in(tempdir(mode => 0755));
my $good = create_token($host->config, service => 's' x 32);
my @steps = qw(authenticate setcred acct_mgmt open_session close_session
    chauthtok);

# What libpam does with brackets and spaces is its own business: the words
# are those that reach the module.
my %wrong = (
	'colour=blue' => 'unknown option',
	'colour' => 'unknown option',
	'Debug' => 'unknown option',
	'confi=/etc/x' => 'unknown option',
	'configs=/etc/x' => 'unknown option',
	'=' => 'unknown option',
	'=debug' => 'unknown option',
	'debug=yes' => 'takes no value',
	'allow_root=' => 'takes no value',
	'try_first_pass=no' => 'takes no value',
	'config' => 'needs a value',
	'config=' => 'needs a value',
	'prompt=' => 'needs a value',
	'minimum_uid' => 'needs a value',
	'config=apitoken.conf' => 'not an absolute path',
	'nontoken=Ignore' => 'neither',
	'nontoken=ignored' => 'neither',
	'nontoken=yes' => 'neither',
	'imported' => 'needs a value',
	'imported=' => 'needs a value',
	'imported=Yes' => 'neither',
	'imported=on' => 'neither',
	'imported=yes imported=no' => 'given twice',
	'service=IMAP' => 'only',
	'service=imap,smtp' => 'only',
	'service=' . 's' x 33 => 'too long',
	'prompt=' . 'p' x 201 => 'too long',
	"prompt=a\ab" => 'control character',
	"prompt=a\177b" => 'control character',
	'minimum_uid=0' => 'not a number',
	'minimum_uid=000' => 'not a number',
	'minimum_uid=-1' => 'not a number',
	'minimum_uid=+1' => 'not a number',
	'minimum_uid=1000x' => 'not a number',
	'minimum_uid=0x10' => 'not a number',
	'minimum_uid=4294967295' => 'not a number',
	'minimum_uid=4294967296' => 'not a number',
	'minimum_uid=18446744073709551617' => 'not a number',
	'debug debug' => 'given twice',
	'nontoken=ignore nontoken=deny' => 'given twice',
);

for my $options (sort keys %wrong) {
	my $why = $wrong{$options};
	subtest substr($options, 0, 40) =~ s/[^ -~]/?/gr => sub {
		$host->stack('sshd', map {
			"$_ required %M nodelay $options" }
		    qw(auth account session password));
		my $r = $host->drive(service => 'sshd', user => 'alice',
		    replies => [ ($good) x 6 ], steps => \@steps);
		is_deeply($r->{code}, { map { $_ => 'PAM_SERVICE_ERR' }
		    @steps }, 'PAM_SERVICE_ERR from all');
		is_deeply($r->{prompts}, [], 'nobody is asked');
		my $word = substr +(split / /, $options)[-1], 0, 120;
		$word =~ s/[\0-\x1f\x7f]/?/g;
		my @lines = grep { /pam_apitoken/ } split /\n/, $r->{log};
		cmp_ok(scalar @lines, '>=', 5, 'each says so');
		is_deeply([ grep { !/option "\Q$word\E/ } @lines ], [],
		    'and names it');
		is_deeply([ grep { !/\Q$why\E/ } @lines ], [], 'and why');
	};
}

subtest 'a wrong option behind good ones' => sub {
	$host->stack('sshd', 'auth required %M config=%C nontoken=ignore '
	    . 'service=imap debug minimum_uuid=1000',
	    'auth sufficient pam_permit.so');
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ 'password' ]);
	is($r->{code}{authenticate}, 'PAM_SERVICE_ERR', 'counts all the same');
};

subtest 'edges that are accepted' => sub {
	for my $options ('minimum_uid=1', 'minimum_uid=61001',
	    'minimum_uid=0000001000', '[prompt=' . 'p' x 200 . ']',
	    "[prompt=T\xc3\xb6ken: ]", 'imported=yes', 'imported=no',
	    'try_first_pass use_first_pass keep_authtok allow_root debug') {
		$host->stack('sshd', 'auth optional %P ask',
		    "auth required %M config=%C nodelay $options service="
		    . 's' x 32);
		my $r = $host->drive(service => 'sshd', user => 'alice',
		    replies => [ $good ]);
		is($r->{code}{authenticate}, 'PAM_SUCCESS',
		    substr $options, 0, 40);
	}
	$host->stack('sshd', 'auth required %M config=%C nodelay '
	    . 'minimum_uid=4294967294 service=' . 's' x 32);
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $good ]);
	is($r->{code}{authenticate}, 'PAM_AUTH_ERR',
	    'the largest uid is understood, and is too much for alice');
};

# The module's own lines of a stack, with what it needs to be found here.
sub own_lines {
	my ($stack) = @_;
	return grep { /%M/ } map {
		s/pam_apitoken\.so/%M config=%C nodelay/r
	} split /\n/, $stack =~ s/\\\n\s*//gr;
}

subtest 'examples of the manual' => sub {
	my $page = Apitoken::Mdoc->new('pam_apitoken.8');
	my $token = create_token($host->config, label => 'anywhere');
	for my $stack ($page->examples) {
		my @lines = own_lines($stack);
		my ($name) = $lines[0] =~ /nodelay ?(.*)/;
		$host->stack('sshd', @lines);
		my $r = $host->drive(service => 'sshd', user => 'alice',
		    replies => [ $token ], steps => [ 'authenticate',
		    grep { my $step = $_; grep { /^account/ } @lines }
		    'acct_mgmt' ]);
		is_deeply([ grep { $_ ne 'PAM_SUCCESS' }
		    values %{ $r->{code} } ], [], "lets in: $name");
		unlike($r->{log}, qr/option "/, '... and takes every option');
	}
	my ($option) = $page->text =~ /^\.Ql (\[prompt=.*\])/m;
	my ($prompt) = ($option =~ s/\\ / /r) =~ /=(.*)\]/;
	$host->stack('sshd', "auth required %M config=%C nodelay "
	    . "[prompt=$prompt]");
	my $r = $host->drive(service => 'sshd', user => 'alice',
	    replies => [ $token ]);
	is_deeply([ $r->{code}{authenticate}, @{ $r->{prompts} } ],
	    [ 'PAM_SUCCESS', $prompt ], 'asks as the line says');
};

done_testing;
