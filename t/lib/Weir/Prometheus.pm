package Weir::Prometheus;

# A Prometheus that scrapes nodes each second and holds the project's own rules against what it finds. In its copy of
# the rules a minute is half a second, an hour is 10 s, and no alert waits for longer than 3 s ("for"), so that a test can.
#
#   my $prometheus = Weir::Prometheus->start($cluster->nodes);
#   wait_until { $prometheus->fired('WeirRedisState', { state => 'slow' }, $since) } 30, 'the alert';
#   $prometheus->watch($cluster->nodes);                # the nodes are others now
use v5.36;
use JSON::PP;
use List::Util qw(max min);
use POSIX qw(ceil);
use Time::HiRes qw(time);
use Weir::Build qw(checkout);
use Weir::Test;

use constant { FOR_MOST_S => 3, RANGE_LEAST_S => 5, HOUR_S => 10 };

sub _seconds ($number, $unit) { return $unit eq 'h' ? HOUR_S * $number : ceil($number / 2) }

# The rules as they are shipped, but for their times.
sub rules_in_short () {
    my $rules = slurp(checkout . '/helm/weir/dashboards/rules.yaml');
    $rules =~ s/^( +for: )(\d+)([mh])$/$1 . min(FOR_MOST_S, _seconds($2, $3)) . 's'/mge;
    $rules =~ s/\[(\d+)([mh])\]/'[' . max(RANGE_LEAST_S, _seconds($1, $2)) . 's]'/ge;
    $rules =~ s/\boffset (\d+)([mh])/'offset ' . _seconds($1, $2) . 's'/ge;
    return $rules;
}

sub is_there () { return scalar grep { -x "$_/prometheus" } split /:/, $ENV{PATH} }

sub _write ($path, $text) {
    open my $file, '>', "$path.new" or die "$path: $!";
    print {$file} $text;
    close $file or die "$path: $!";
    rename "$path.new", $path or die "$path: $!";
}

sub start ($class, @nodes) {
    my $self = bless { folder => folder . '/prometheus' }, $class;
    mkdir $self->{folder} or die "$self->{folder}: $!";
    _write("$self->{folder}/rules.yaml", rules_in_short());
    $self->_configure(@nodes);
    $self->{process} = Weir::Process->start([ 'prometheus', "--config.file=$self->{folder}/prometheus.yaml",
        "--storage.tsdb.path=$self->{folder}/data", '--web.listen-address=127.0.0.1:0', '--log.format=logfmt' ], name => 'prometheus');
    $self->{url} = 'http://' . $self->{process}->wait_log(qr/msg="Listening on" address=(\S+)/, 30);
    $self->_wait_scraped(@nodes);
    return $self;
}

sub _configure ($self, @nodes) {
    my @targets = map { { targets => [ $_->{admin} =~ s{^http://}{}r ], labels => { namespace => 'truth' } } } @nodes;
    _write("$self->{folder}/prometheus.yaml", encode_json({ global => { scrape_interval => '1s', evaluation_interval => '1s' },
        rule_files => ["$self->{folder}/rules.yaml"], scrape_configs => [ { job_name => 'weir', static_configs => \@targets } ] }));
}

# What a counter had before the first scrape is no increase.
sub _wait_scraped ($self, @nodes) {
    my %wanted = map { ("$_->{admin}/metrics" => 1) } @nodes;
    wait_until {
        my $answer = http(GET => "$self->{url}/api/v1/targets")->{json};
        my @up = grep { $_->{health} eq 'up' && $wanted{ $_->{scrapeUrl} } } @{ $answer->{data}{activeTargets} // [] };
        @up == keys %wanted;
    } 30, 'Prometheus to scrape all nodes';
}

sub watch ($self, @nodes) {
    $self->_configure(@nodes);
    $self->{process}->signal('HUP');
    $self->_wait_scraped(@nodes);
}

# Labels of the alerts that fire now; none while it cannot be asked.
sub firing ($self) {
    my $answer = http(GET => "$self->{url}/api/v1/alerts")->{json};
    return map { $_->{labels} } grep { $_->{state} eq 'firing' } @{ $answer->{data}{alerts} // [] };
}

# When an alert with these labels first fired since a time, or undef.
sub fired ($self, $name, $labels, $since) {
    my $query = sprintf 'ALERTS{%s}', join ',', map { qq($_->[0]="$_->[1]") } [ alertname => $name ], [ alertstate => 'firing' ], map { [ $_, $labels->{$_} ] } sort keys %$labels;
    my $url = sprintf '%s/api/v1/query_range?query=%s&start=%.3f&end=%.3f&step=1', $self->{url}, $query =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger, $since, time;
    my $answer = http(GET => $url)->{json};
    return min map { $_->{values}[0][0] } @{ $answer->{data}{result} // [] };
}

1;
