package Weir::Browser;

# A page in Chromium. `use Weir::Browser` skips the test where there is no Chromium; with CI=true that is a failure.
#
#   my $page = Weir::Browser->page(width => 1280, height => 900, theme => 'dark');
#   $page->open("$node->{admin}/");
#   $page->click('#theme');                      # any method of Playwright's Page; waits for the element
#   $page->value('document.title');              # of an expression
#   $page->text('#headline');                    # undef: no such element
#   $page->wait_text('#headline', qr/All is well/, 10);
#   is_deeply($page->problems, [], 'nothing went wrong in it');
#
# When a test fails, what each page looked like and said is kept, and where is said.
use v5.36;
use File::Copy qw(copy);
use File::Temp;
use IPC::Open2;
use JSON::PP;
use Test::More ();
use Weir::Build qw(checkout);
use Weir::Process;
use Weir::Test qw(slurp wait_until);

my $json = JSON::PP->new->utf8->allow_nonref;
my ($pid, $from, $to, @pages);

sub import ($class) {
    my $script = checkout . '/scripts/test-tools.sh browser';
    my $is_ci = ($ENV{CI} // '') eq 'true';
    my ($chromium) = grep { -x } $ENV{WEIR_CHROMIUM} // '/usr/bin/chromium';
    chomp(my $tools = $chromium ? `$script` : '');
    $ENV{WEIR_BROWSER_TOOLS} = $tools;
    return if $tools;
    die "no browser: Chromium is not there, or $script has failed\n" if $is_ci;
    Test::More::plan(skip_all => $chromium ? 'scripts/test-tools.sh browser cannot install what drives the browser' : 'Chromium is not installed');
}

sub page ($class, %options) {
    $pid //= open2($from, $to, 'setpriv', '--pdeathsig', 'KILL', 'node', checkout . '/t/browser/driver.mjs');
    my $self = bless { page => 0 }, $class;
    $self->{page} = $self->ask('newPage', $options{width} // 1280, $options{height} // 900, $options{theme} // 'light');
    push @pages, $self;
    return $self;
}

sub ask ($self, $what, @with) {
    local $SIG{PIPE} = 'IGNORE';
    print $to $json->encode({ page => $self->{page}, do => $what, with => \@with }), "\n";
    $to->flush;
    my $reply = $json->decode(readline($from) // die "the browser has gone\n");
    die "$what(@with): $reply->{error}\n" if defined $reply->{error};
    return $reply->{value};
}

our $AUTOLOAD;
sub AUTOLOAD ($self, @with) { return $self->ask($AUTOLOAD =~ s/.*:://r, @with) }
sub DESTROY { }

sub value ($self, $expression) { return $self->ask('evaluate', $expression) }

sub text ($self, $selector) {
    return $self->value('document.querySelector(' . $json->encode($selector) . ')?.textContent');
}

sub is_visible ($self, $selector) { return !!$self->ask('isVisible', $selector) }

# In the row of an analyzer, by the name of the field; of a number its sign, digits and point.
sub field ($self, $id, $name) { return $self->text(qq(tr[data-analyzer="$id"] [data-field="$name"])) }
sub number ($self, $id, $name) {
    my $text = $self->field($id, $name) // return undef;
    return $text =~ tr/\x{2212},/-/dr =~ /(-?[\d.]+)/ ? $1 : undef;
}

sub wait_text ($self, $selector, $pattern, $seconds = 10) {
    my $text;
    eval { wait_until { ($text = $self->text($selector) // '') =~ $pattern } $seconds, "$selector to say $pattern"; 1 }
        or die "waited too long for $selector to say $pattern; it says: " . ($text // '') . "\n";
    return $text;
}

# What the page complained of; %allowed: failed => 1 for requests that were refused or not answered, as the test wants.
sub problems ($self, %allowed) {
    my @said = grep { $_->{type} =~ /^(?:error|warning)$/ } @{ $self->said };
    @said = grep { $_->{text} !~ /^Failed to load resource/ } @said if $allowed{failed};
    return [ map { "$_->{type}: $_->{text}" } @said ];
}

# CPU time of the main threads of all pages so far, in ms: whatever else the machine does is not in it.
sub main_thread_ms ($class) {
    my (%parent, $ns);
    for my $stat (map { slurp($_) } glob '/proc/[0-9]*/stat') { $parent{$1} = $2 if $stat =~ /^(\d+) \(.*\) \S (\d+)/s }
    for my $process (keys %parent) {
        my $above = $process;
        $above = $parent{$above} while $above && $above != $pid;
        next if !$above || slurp("/proc/$process/cmdline") !~ /--type=renderer/;
        $ns += (split ' ', slurp("/proc/$process/task/$process/schedstat"))[0] // 0;
    }
    return $ns / 1e6;
}

sub keep {
    my $folder = File::Temp->newdir('weir-browser-XXXXXX', TMPDIR => 1, CLEANUP => 0);
    for my $page (@pages) {
        eval { $page->screenshot({ path => "$folder/$page->{page}.png", fullPage => JSON::PP::true }) };
        open my $log, '>:utf8', "$folder/$page->{page}.log" or next;
        print $log map { "$_->{type}: $_->{text}\n" } (eval { $page->said } // [])->@*;
        print $log eval { $page->content } // '';
    }
    Test::More::diag("what the browser showed and said: $folder");
}

END {
    if (defined $pid && @pages) {
        my $status = $?;
        local ($@, $!);
        eval {
            local $SIG{ALRM} = sub { die "the browser is too slow\n" };
            alarm 60;
            keep() if $status || !Test::More->builder->is_passing;
        };
        Test::More::diag("what the browser showed is not kept: $@") if $@;
        alarm 60; # this ends it where the browser does not
        eval { $pages[0]->close };
        close $to;
        waitpid $pid, 0;
        $? = $status;
    }
}

1;
