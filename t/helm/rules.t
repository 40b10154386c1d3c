# Dashboard and alert rules: Prometheus takes them, they say what they mean, and running programs have all that they use.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use File::Copy qw(copy);
use JSON::PP;
use Test::More;
use Weir::Build;
use Weir::Cluster;
use Weir::Test;

plan skip_all => 'promtool is not installed' if !grep { -x "$_/promtool" } split /:/, $ENV{PATH};
alarm 300;
my $dashboards = checkout . '/helm/weir/dashboards';
copy("$dashboards/rules.yaml", folder) && copy("$Bin/rules-test.yaml", folder) or die "copy: $!";
ok(runs('promtool', 'check', 'rules', folder . '/rules.yaml'), 'promtool check rules');
ok(runs('promtool', 'test', 'rules', folder . '/rules-test.yaml'), 'each alert fires when it must, and none when all is well');

my $rules = slurp("$dashboards/rules.yaml");
my %heading = map { lc s/[^\w -]//gr =~ tr/ /-/r => 1 } slurp(checkout . '/docs/runbook.md') =~ /^#+ (.*)$/mg;
my $tests = slurp("$Bin/rules-test.yaml");
for my $alert ($rules =~ /^ +- alert: (\w+)/mg) {
    like($tests, qr/alertname: $alert\n\s+eval_time: \S+\n\s+exp_alerts:/, "it is tested that $alert fires");
    my ($link) = $rules =~ /alert: $alert\n(?:(?!.*alert: ).*\n)*? +runbook_url: docs\/runbook\.md#(\S+)/;
    ok($heading{ $link // '' }, "$alert leads to its heading in the runbook");
}

# What Weir refuses for now is no fault of an agent, and the other way round.
my ($not_bad) = $rules =~ /WeirRefusesBadInput\n.*\n.*\n.*reason!~"(\S+?)"/;
my ($for_now) = $rules =~ /WeirRefuses\n.*\n.*\n.*reason=~"(\S+?)"/;
my %told = map { $_ => 1 } qw(shutting_down deadline incomplete head_timeout body_timeout); # by nobody: a restart, or the agent's own end
my ($section) = slurp(checkout . '/docs/runbook.md') =~ /^## WeirRefuses\n(.*?)^## /ms;
my %row = map { $_ => 1 } map { /`(\w+)`/g } $section =~ /^\| ([^|]+) \|/mg;
my ($n_refusals, @wrong, @unexplained) = (0);
for (slurp(checkout . '/node/http/refusal.h') =~ /^\s*X\(REFUSAL_\w+, (\d+, "\w+")/mg) {
    my ($status, $name) = /(\d+), "(\w+)"/;
    $n_refusals++;
    push @unexplained, $name if $name =~ /^(?:$for_now)$/ && !$row{$name};
    push @wrong, $name if ($status >= 500 && $status != 501 && !$told{$name}) != ($name =~ /^(?:$for_now)$/);
    push @wrong, $name if ($told{$name} || $name =~ /^(?:$for_now)$/ ? 1 : 0) != ($name =~ /^(?:$not_bad)$/ ? 1 : 0);
}
cmp_ok($n_refusals, '>', 30, 'there are refusals');
is_deeply(\@unexplained, [], 'the runbook says of each refusal that makes an alert what it means and what to do');
is_deeply(\@wrong, [], 'each refusal has its alert: what Weir cannot take now, and what it never takes');

# What runs: name -> { label => 1 }
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 });
is($cluster->load(rate => 500, duration => 1)->{status}, 0, 'there is something to count');
my %known;
for my $url ($cluster->node(1)->{admin}, 'http://' . $cluster->{analyzers}{a1}{addr}) {
    for (split /\n/, http(GET => "$url/metrics")->{content}) {
        my ($name, $labels) = /^(\w+)(?:\{(.*)\})? / or next;
        $known{$name}{$_} = 1 for '', map { /^(\w+)=/ } split /,/, $labels // '';
    }
}

my $dashboard = decode_json(slurp("$dashboards/weir.json"));
my @panels = grep { $_->{type} ne 'row' } @{ $dashboard->{panels} };
my @queries = map { my $title = $_->{title}; map { [ $title, $_->{expr} ] } @{ $_->{targets} } } @panels;
my ($recorded) = [ $rules =~ /^ +- record: (\S+)/mg ];
open my $file, '>', folder . '/panels.yaml' or die "panels.yaml: $!";
my @asked = map { $_->[1] =~ s/\$__rate_interval/5m/gr =~ s/\$__range/1h/gr =~ s/\$\w+/.*/gr } @queries;
print $file encode_json({ groups => [ { name => 'panels', rules => [ map { { record => "panel:query$_", expr => $asked[$_] } } 0 .. $#asked ] } ] });
close $file;
ok(runs('promtool', 'check', 'rules', folder . '/panels.yaml'), 'Prometheus understands each query of the dashboard');
cmp_ok(@queries, '>', 40, 'the dashboard has something to show');
push @queries, [ 'rules', $rules =~ s/^ +(summary|description):.*$//mgr =~ s/\bweir:\w+(:\w+)?//gr ];
for (@queries) {
    my ($title, $query) = @$_;
    is(join(' ', grep { !$known{$_} } $query =~ /\b(weir_\w+)/g), '', "$title: programs that run have what it shows");
    my %labels = map { %{ $known{$_} // {} } } $query =~ /\b(weir_\w+)/g;
    my @by = grep { !/^(namespace|job|pod|instance|le)$/ } map { split /,\s*/ } $query =~ /\bby \((.*?)\)/g;
    is(join(' ', grep { !$labels{$_} } @by), '', "$title: and the labels that it sums by") if @by;
    while ($query =~ /\b(weir_\w+)\{(.*?)\}/g) {
        my ($metric, $matchers) = ($1, $2);
        my @labels = grep { !/^(namespace|job)$/ } $matchers =~ /(\w+)[=!]~?"/g;
        is(join(' ', grep { !$known{$metric}{$_} } @labels), '', "$title: $metric has its labels") if @labels;
    }
}
for my $used ($rules =~ /\b(weir:\w+:\w+)/g) { ok((grep { $_ eq $used } @$recorded), "$used is recorded") }
my %ids;
is(join(' ', grep { $ids{$_}++ } map { $_->{id} } @{ $dashboard->{panels} }), '', 'no two panels have one id');
ok(!(grep { !$_->{description} } @panels), 'each panel says what it shows');
done_testing;
