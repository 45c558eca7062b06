# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs the command with one call after the other failing, and judges what comes
# of each: build/tests/fail/command, which is the command but for wrappers
# around the calls that can fail.
#
#	my $site = Apitoken::Failing->new($dir, $config, @secrets);
#	$site->keep;			# what is there now, for each attempt
#	my $found = $site->scenario({ name => 'list', args => ['list'] },
#	    'one');			# { calls => ..., told => ..., ... }
#
# A scenario:
#	name, args	args: without --config; DIR is the folder
#	stdin		text
#	tty		its stdout is a terminal
#	typed		what is typed at a terminal that is its stdin
#	changes		it changes the installation
#	out		a file in the folder that it makes
#	same		it is done, and nothing of it shows
#	lines		errors may be several lines: rows are refused one by one
#	rows		rows are refused one by one, and the others are done
#	finds		trouble is told on stdout, and exits 4
#	warns		a regular expression: not all is shown, and so it says
#	between		sub ($view, $text): may it be left so, with that text?
package Apitoken::Failing;

use strict;
use warnings;
use Apitoken::Test;
use Fcntl qw(:DEFAULT);
use POSIX ();
use Time::HiRes ();

# What can be wrong, and is counted.
our @FAULTS = qw(wrong half said told left_over fell);

my $IN_FORCE = 6;
my $REPORT = 'report';

sub new {
	my ($class, $dir, $config, @secrets) = @_;
	my $self = bless { dir => $dir, config => $config,
	    secrets => \@secrets, scratch => tempdir() }, $class;
	for my $name (qw(in out err)) {
		sysopen $self->{$name}, "$self->{scratch}/$name",
		    O_RDWR | O_CREAT | O_APPEND, 0600 or die "$name: $!\n";
	}
	spit("$self->{scratch}/$REPORT", '');
	return $self;
}

# ---- the installation ----
# What is there; read only if it may have changed since the last time.
sub _files {
	my ($self) = @_;
	my $stamp = $self->_stamp;
	if (!$self->{tree} || $stamp ne $self->{stamp}) {
		$self->{tree} = tree($self->{dir});
		delete $self->{tree}{$self->{dir}};
		$self->{stamp} = $stamp;
	}
	return $self->{tree};
}

sub _stamp {
	my ($self) = @_;
	my @paths = map { glob "$_/*" } $self->{dir}, "$self->{dir}/store";
	return join ' ', map { ($_, (Time::HiRes::lstat($_))[1, 2, 7, 10]) }
	    @paths;
}

sub _without_log {
	my ($tree) = @_;
	return { map { $_ => $tree->{$_} } grep { !m{/audit\.json$} }
	    keys %$tree };
}

sub _differ {
	my ($one, $other) = @_;
	return grep { ($one->{$_} // '') ne ($other->{$_} // '') }
	    sort keys %{ { %$one, %$other } };
}

# From here on a call fails once for each way to it, or each step-th of them.
sub once {
	my ($self, $step) = @_;
	$self->{seen} = {};
	$self->{step} = $step;
	$self->{ways} = 0;
	return;
}

sub keep {
	my ($self) = @_;
	$self->{first} = $self->_files;
	$self->{view} = $self->view;
	$self->{first} = $self->_files;
	return;
}

sub put_back {
	my ($self) = @_;
	my $now = $self->_files;
	return if $now == $self->{first};
	for my $path (reverse _differ($self->{first}, $now)) {
		rmdir $path or die "$path: $!\n" if -d $path;
		unlink $path;
	}
	for my $path (_differ($self->{first}, $self->_files)) {
		my ($mode, $content) = $self->{first}{$path} =~
		    /^(\d+)(?: (.*))?\z/s;
		if (oct($mode) & 0040000) {
			mkdir $path or die "$path: $!\n";
			chmod oct($mode) & 07777, $path;
		} else {
			spit($path, $content, oct($mode) & 07777);
		}
	}
	$self->{stamp} = $self->_stamp;
	$self->{tree} = $self->{first};
	return;
}

# What there is, as text that does not depend on what is random.
sub view {
	my ($self) = @_;
	my @lines;
	for my $args (['export'], ['--json', 'key', 'list']) {
		my ($exit, $out, $err) = apitoken($self->{config}, @$args);
		return "unreadable: $err" if $exit ne '0';
		push @lines, split /\n/, $out;
	}
	my %name;
	for (@lines) {
		$name{$1} = "($2/$3)"
		    if /"id":"(\w+)".*?"user":"(.*?)","label":"(.*?)"/;
	}
	for (@lines) {
		s/\b(\w{24})\b/$name{$1} \/\/ $1/ge;
		s/"commits":\d+|"(?:store|created|revoked|before|committed)":"[^"]*"//g;
		s/"last_used":.*|,"tokens":\d+//;
		# Who it was is kept by number when the name cannot be had.
		s/"uid $<"/"@{[ scalar getpwuid $< ]}"/g;
	}
	return join '', map { "$_\n" } sort grep { !/^\{"end"/ } @lines;
}

# ---- one run ----
# The exit code (128 and the signal), stdout, stderr, the first call that failed
# and, with FAIL_WAYS set, by which way each was come to.
sub attempt {
	my ($self, $s, $at) = @_;
	truncate $self->{$_}, 0 for qw(in out err);
	truncate "$self->{scratch}/$REPORT", 0;
	syswrite $self->{in}, $s->{stdin} if defined $s->{stdin};
	sysseek $self->{in}, 0, 0;
	my ($in, $out, $master, $slave) = ($self->{in}, $self->{out});
	my %env = (FAIL_AT => $at, FAIL_REPORT => "$self->{scratch}/$REPORT");
	if ($s->{tty} || defined $s->{typed}) {
		($master, $slave) = pty();
		$in = $slave if defined $s->{typed};
		$out = $slave if $s->{tty};
		$env{FAIL_TYPED} = $s->{typed} if defined $s->{typed};
	}
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		POSIX::dup2(fileno $in, 0);
		POSIX::dup2(fileno $out, 1);
		POSIX::dup2(fileno $self->{err}, 2);
		if (defined $s->{typed}) {
			$env{FAIL_TYPES_TO} = 100;
			POSIX::dup2(fileno $master, 100);
		}
		@ENV{keys %env} = values %env;
		$ENV{TERM} = 'xterm' if $s->{tty};
		no warnings 'exec';
		exec { program('tests/fail/command') } 'apitoken', '--config',
		    $self->{config}, map { s/^DIR/$self->{dir}/r }
		    @{ $s->{args} };
		POSIX::_exit(126);
	}
	my $shown;
	if ($s->{tty}) {
		close $slave;
		$shown = _shown($master);
	}
	waitpid $pid, 0;
	my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	my ($first, @ways) = split /\n/, slurp("$self->{scratch}/$REPORT");
	my (undef, $what) = split ' ', $first // '', 2;
	return ($exit, $shown // slurp("$self->{scratch}/out"),
	    slurp("$self->{scratch}/err"), $what // '', @ways);
}

# What comes out of the terminal; its end, which comes behind all that the
# kernel has yet to hand over, is an error there.
sub _shown {
	my ($master) = @_;
	my $text = '';
	1 while sysread $master, $text, 65536, length $text;
	$text =~ s/\r\n/\n/g;
	return $text;
}

# ---- what came of it ----
# What a run says, without what is random or the clock's.
sub _plain {
	my ($text) = @_;
	$text =~ s/tkc1_\w{63}\b/TOKEN/g;
	$text =~ s/\b[0-9a-hjkmnp-tv-z]{24}\b/ID/g;
	$text =~ s/\d{4}-\d\d-\d\d([T ][\d:]+)?( \+\d+|Z)?/WHEN/g;
	$text =~ s/\b(?:\d+ \w+ ago|now|in \d+ \w+|\d{10})\b/WHEN/g;
	$text =~ s/(store_bytes )\d+|\d+ bytes before, \d+ after|("before"|"after"):\d+/BYTES/g;
	$text =~ s/uid $<\b/@{[ scalar getpwuid $< ]}/g;
	$text =~ s/ +/ /g;
	$text =~ s/[\x{2580}\x{2584}\x{2588}\xe2\x96\x80\x84\x88 ]{8,}/QR/g;
	return $text;
}

sub _problem {
	my ($self, $fault, $text) = @_;
	my $now = $self->{now};
	$now->{found}{$fault}++;
	my $note = "$now->{s}{name} $now->{at} $now->{what}: $fault: $text: "
	    . "exit $now->{exit}: $now->{err}";
	$note =~ s/\n/ | /g;
	push @{ $now->{found}{notes} }, $note;
	print STDERR "# $note\n" if $ENV{FAIL_SHOW};
	return;
}

sub _judge_told {
	my ($self, $out, $err) = @_;
	for my $secret (@{ $self->{secrets} }) {
		$self->_problem('told', 'a secret')
		    if index("$out$err", $secret) >= 0;
	}
	$self->_problem('told', 'a token') if !holds_no_token($err)
	    || !$self->{now}{s}{token} && !holds_no_token($out);
	return;
}

# Lines of the two views that are not in both.
sub _changed {
	my ($self) = @_;
	my %was = map { $_ => 1 } split /\n/, $self->{view};
	my %is = map { $_ => 1 } split /\n/, $self->{now}{view};
	return join ' | ', (map { "-$_" } grep { !$is{$_} } sort keys %was),
	    map { "+$_" } grep { !$was{$_} } sort keys %is;
}

# Which of the two states it is in: 'before', 'after', or neither.
sub _state {
	my ($self, $view) = @_;
	my $s = $self->{now}{s};
	return 'before' if $view eq $self->{view};
	return 'after' if $s->{changes} && $view eq $s->{after};
	# What was made and could not be handed over: revoked, for good.  Those
	# before it are somebody's.
	(my $rest = $view) =~ s/^.*"it could not be handed over".*\n//mg;
	return 'before' if $rest eq $self->{view};
	my %known = map { $_ => 1 } split /\n/, $self->{view};
	my %made = map { $_ => 1 } split /\n/, $s->{after} // '';
	my @new = grep { !$known{$_} } split /\n/, $rest;
	my $handed = () = $self->{now}{out} =~ /\btkc1_/g;
	return 'after' if $rest ne $view && @new == $handed
	    && !grep { !$made{$_} } @new;
	return 'neither';
}

sub _judge_failure {
	my ($self, $state) = @_;
	my ($s, $exit, $err) = @{ $self->{now} }{qw(s exit err)};
	my @errors = grep { /^apitoken: / } split /\n/, $err;
	my $text = join "\n", @errors;
	my $sure = $text =~ /in force but may not survive a power cut/;

	return if $s->{rows} && $exit == 1
	    && "$text$self->{now}{out}" =~ /:\d+: |"error":/;
	return if $s->{finds} && $exit == 4
	    && grep { /problem|unavailable|not-a-token|be asked/ && index($s->{clean_out}, $_) < 0 }
	    split /\n/, _plain($self->{now}{out});
	$self->_problem('said', @errors . ' errors')
	    if !@errors || @errors > 1 && !$s->{lines} && $self->{now}{single};
	# Where nothing can be removed, what was begun stays.
	return if $s->{fresh} && !$self->{now}{single};
	if ($state eq 'neither') {
		$self->_problem('half', $self->_changed)
		    if !$s->{between} || !$s->{between}->($exit, $text);
	} elsif ($state eq 'after' && $exit != $IN_FORCE && !$sure) {
		$self->_problem('said', 'the change is in force');
	} elsif ($state eq 'before' && $exit == $IN_FORCE && !$s->{out}
	    && !$s->{same}) {
		$self->_problem('said', 'nothing is in force');
	}
	$self->_problem('said', 'not that it is in force')
	    if $exit == $IN_FORCE && $text !~
	    /: done, but|in force|is refused, too|lost/;
	return;
}

sub _judge_files {
	my ($self, $files) = @_;
	my $s = $self->{now}{s};
	my ($exit, $what) = @{ $self->{now} }{qw(exit what)};
	my $may = $self->{now}{single} ? $what =~ /unlink/ : 1;
	for my $path (sort keys %$files) {
		next if $self->{first}{$path} || $s->{files}{$path};
		$self->_problem('left_over', $path) if !$may;
	}
	my $out = $s->{out} && "$self->{dir}/$s->{out}";
	$self->_problem('left_over', $s->{out})
	    if $out && -e $out && $exit != 0 && $exit != $IN_FORCE && !$may;
	return if $self->{now}{err} =~ /token is lost/;
	if ($out && ($exit == 0 || $exit == $IN_FORCE)) {
		my $text = -e $out ? _plain(slurp($out)) : 'no file';
		$self->_problem('wrong', "in the file: $text")
		    if $text ne $s->{clean_file};
	}
	return;
}

sub _judge {
	my ($self) = @_;
	my ($s, $exit, $out, $err) = @{ $self->{now} }{qw(s exit out err)};
	my $files = $self->_files;
	my $changed = $files != $self->{first} && _differ(_without_log($files),
	    _without_log($self->{first}));
	my $state = 'before';

	$self->_judge_told($out, $err);
	$self->_judge_files($files);
	if ($exit >= 128) {
		$self->_problem('fell', 'signal ' . ($exit - 128));
	}
	if ($changed) {
		$self->{now}{view} = $self->view;
		$state = $self->_state($self->{now}{view});
	}
	my $same = _plain($out) eq $s->{clean_out}
	    && _plain($err) eq $s->{clean_err};
	if ($exit == 0) {
		$self->_problem('wrong', "it says: $out")
		    if !$same && !($s->{warns} && "$out$err" =~ $s->{warns});
		$self->_problem('half', "it is $state")
		    if $s->{changes} && $state ne 'after';
	} elsif ($exit != $s->{clean_exit} || !$same) {
		$self->_judge_failure($state);
	}
	$self->_problem('half', 'it changes something')
	    if !$s->{changes} && $state ne 'before';
	$self->put_back if $files != $self->{first};
	return;
}

# ---- a scenario ----
sub _learn {
	my ($self, $s) = @_;
	local $ENV{FAIL_WAYS} = 1;
	my ($exit, $out, $err, undef, @ways) = $self->attempt($s, 'one:0');
	delete $ENV{FAIL_WAYS};
	$s->{ways} = \@ways;
	$s->{clean_exit} = $exit;
	$s->{clean_out} = _plain($out);
	$s->{clean_err} = _plain($err);
	$s->{clean_file} = _plain(slurp("$self->{dir}/$s->{out}"))
	    if $s->{out};
	$s->{files} = $self->_files;
	$s->{after} = $self->view;
	$self->put_back;
	return "$s->{name}: exit $exit: $err" if $exit != ($s->{exit} // 0);
	return "$s->{name}: changes " . ($s->{changes} ? 'nothing' : 'it')
	    if ($s->{after} ne $self->{view}) != !!$s->{changes};
	return;
}

# Fails each call in turn; { attempts, notes, and the faults }.
sub scenario {
	my ($self, $s, $pass) = @_;
	my $found = { attempts => 0, notes => [], map { $_ => 0 } @FAULTS };
	my $trouble = $self->_learn($s);
	if ($trouble) {
		print STDERR "# $trouble\n" if $ENV{FAIL_SHOW};
		$found->{wrong}++;
		push @{ $found->{notes} }, $trouble;
		return $found;
	}
	for (my $i = 1;; $i++) {
		next if $self->{seen} && $i <= @{ $s->{ways} }
		    && ($self->{seen}{$s->{ways}[$i - 1]}++
			|| $self->{ways}++ % $self->{step});
		my %now = (s => $s, at => "$pass:$i", found => $found,
		    single => $pass eq 'one' || $pass eq 'other');
		@now{qw(exit out err what)} = $self->attempt($s, $now{at});
		last if $now{what} eq '' && $now{exit} < 128;
		$self->{now} = \%now;
		$found->{attempts}++;
		$self->_judge;
	}
	$self->put_back;
	return $found;
}

1;
