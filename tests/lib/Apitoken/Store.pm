# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the tests of the store have in common: the programs of tests/store and
# their counts, a process that makes the library's calls on command, and
# putting a store back the way it was.
package Apitoken::Store;

use strict;
use warnings;
use Carp qw(croak);
use Exporter qw(import);
use Fcntl qw(:mode);
use IPC::Open2 qw(open2);
use POSIX ();
use Test::More;

use Apitoken::Test;

our @EXPORT = qw(need_root store_program counts quiet_conf ask_start
    save restore same_tree state_of doctor_worst tmp_files listed);

# need_root(): the whole test is left out without it.
sub need_root {
	plan skip_all => 'must run as root' if $> != 0;
	return;
}

sub store_program {
	my ($name) = @_;
	return program("tests/store/$name");
}

# counts($exit, $out, $err): the "name value" lines of a program; its notes
# are shown.
sub counts {
	my ($exit, $out, $err) = @_;
	diag $err if length $err;
	is $exit, 0, 'the program came to its end';
	my @lines = split /\n/, $out;
	my %notes;
	$notes{$_}++ for grep { /^#/ } @lines;
	my $shown = 0;
	for my $line (sort keys %notes) {
		last if $shown++ == 40;
		note substr($line, 2) . ($notes{$line} > 1 ?
		    " ($notes{$line} times)" : '');
	}
	return map { /^(\w+) (\d+)$/ ? ($1 => $2) : () } @lines;
}

# quiet_conf($config): a second configuration of the same installation that
# logs nowhere, for readers by the thousand; its path.
sub quiet_conf {
	my ($config) = @_;
	my ($dir) = $config =~ m{^(.*)/};
	spit("$dir/quiet.conf", slurp($config), 0644);
	set_conf("$dir/quiet.conf", audit_log => 'none', syslog => 'no');
	return "$dir/quiet.conf";
}

# ask_start($config, prefix...): a process with the library in it, behind a
# prefix such as setpriv; $ask->('verify', $token) gives the line that it
# answers, $ask->() ends it.
sub ask_start {
	my ($config, @prefix) = @_;
	my $pid = open2(my $out, my $in, @prefix, store_program('ask'),
	    $config);
	my $self = sub {
		my (@words) = @_;
		if (@words == 0) {
			close $in;
			waitpid $pid, 0;
			return $?;
		}
		print {$in} join(' ', @words), "\n";
		$in->flush;
		my $line = <$out> // 'died';
		chomp $line;
		return $line;
	};
	return $self;
}

# save($dir): everything below it, to be put back by restore(). The folder
# itself keeps its inode, since handles have it open.
sub save {
	my ($dir) = @_;
	my %saved;
	my @todo = ($dir);
	while (defined(my $path = shift @todo)) {
		my @st = lstat $path;
		$saved{$path} = { mode => $st[2], uid => $st[4],
		    gid => $st[5] };
		if (S_ISREG($st[2])) {
			$saved{$path}{data} = slurp($path);
		} elsif (S_ISDIR($st[2])) {
			opendir my $dh, $path or croak "$path: $!";
			push @todo, map { "$path/$_" }
			    grep { !/^\.\.?$/ } readdir $dh;
		}
	}
	return { dir => $dir, entries => \%saved };
}

sub restore {
	my ($saved) = @_;
	my $entries = $saved->{entries};
	clear($saved->{dir}, $entries);
	for my $path (sort keys %$entries) {
		my $e = $entries->{$path};
		my $is_dir = S_ISDIR($e->{mode});
		if (-l $path || (-e _ && ($is_dir xor -d _))) {
			remove($path);
		}
		mkdir $path or croak "$path: $!" if $is_dir && !-d $path;
		# A new file: nobody's descriptor sees it change.
		if (!$is_dir) {
			unlink $path;
			spit($path, $e->{data}, 0600);
		}
		chown $e->{uid}, $e->{gid}, $path or croak "$path: $!";
		chmod $e->{mode} & 07777, $path or croak "$path: $!";
	}
	return;
}

# Takes away what was not there.
sub clear {
	my ($dir, $entries) = @_;
	return if -l $dir || !-d _;
	opendir my $dh, $dir or croak "$dir: $!";
	for my $name (grep { !/^\.\.?$/ } readdir $dh) {
		my $path = "$dir/$name";
		if (!$entries->{$path}) {
			remove($path);
		} elsif (!-l $path && -d _) {
			clear($path, $entries);
		}
	}
	return;
}

sub remove {
	my ($path) = @_;
	if (-l $path || !-d _) {
		unlink $path or croak "$path: $!";
		return;
	}
	clear($path, {});
	rmdir $path or croak "$path: $!";
	return;
}

# same_tree($before, $after): of tree(); true if equal, without a failure's
# showing what the files hold.
sub same_tree {
	my ($before, $after) = @_;
	my %paths = map { $_ => 1 } keys %$before, keys %$after;
	my @differ = grep { ($before->{$_} // '') ne ($after->{$_} // '') }
	    sort keys %paths;
	diag "differs: $_" for @differ;
	return !@differ;
}

# state_of($store): what its state file says.
sub state_of {
	my ($store) = @_;
	my ($magic, $side, $journal_len, $journal_last, $id, $seq) =
	    unpack 'a4 a1 Q> Q> a16 Q>', slurp("$store/state");
	return { side => $side eq 'L' ? 'left' : 'right',
	    other => $side eq 'L' ? 'right' : 'left',
	    journal_len => $journal_len, journal_last => $journal_last,
	    seq => $seq };
}

# doctor_worst($config): fine, warning or problem, of the store's own files;
# what was found is shown.
sub doctor_worst {
	my ($config) = @_;
	my ($exit, $out) = run([store_program('ask'), $config],
	    stdin => "check\n");
	my @lines = split /\n/, $out;
	note $_ for grep { /^#/ } @lines;
	return (grep { !/^#/ } @lines)[0] // "exit $exit";
}

sub tmp_files {
	my ($dir) = @_;
	return grep { /\.tmp$/ } sort keys %{ tree($dir) };
}

# listed($config): id => state of all tokens, or undef when there is no list.
sub listed {
	my ($config) = @_;
	my ($exit, $out) = apitoken($config, '--json', 'list');
	return $exit eq '0' ? { map { $_->{id} => $_->{state} }
	    json_lines($out) } : undef;
}

1;
