# What a browser gets at the admin port, and what others still get there.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 300;
my $redis = Weir::Redis->new;
my $node = node($redis, all_tokens, '--admin-read', 'token');
my $POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    . "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
my $BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';

sub get ($path, %headers) { return ask(GET => "$node->{admin}$path", undef, %headers) }

my $page = get('/', Accept => $BROWSER);
is("$page->{status} $page->{headers}{'content-type'}", '200 text/html; charset=utf-8', 'a browser gets the page');
is($page->{headers}{'content-security-policy'}, $POLICY, 'which runs its own scripts alone');
is($page->{headers}{vary}, 'Accept', 'a cache keeps it apart from the list of routes');

for my $accept (undef, '*/*', 'text/plain') {
    my $list = get('/', $accept ? (Accept => $accept) : ());
    is($list->{headers}{'content-type'}, 'text/plain; charset=utf-8', 'others get text: ' . ($accept // 'no Accept'));
    like($list->{content}, qr{^weir-node \S+\nGET +/assets/\{\}\n(?s:.*)^PATCH +/v1/analyzers/\{\}$}m, 'the list of routes');
    is($list->{headers}{vary}, 'Accept', 'and are told that it depends');
}

unlike($page->{content}, qr/<style|\bstyle=|\bon[a-z]+=|<script(?![^>]* src=)|javascript:/i, 'no script or style is in the page itself');
unlike($page->{content}, qr{(?:src|href)="(?:[a-z]+:)?//}i, 'it asks no other host');
my @named = $page->{content} =~ /(?:src|href)="(assets\/[^"]+)"/g;
cmp_ok(scalar @named, '>', 5, 'it names its files');

# Modules name others.
my (%files, @next) = ();
@next = map { s/^assets\///r } @named;
while (defined(my $name = shift @next)) {
    next if $files{$name};
    my $file = $files{$name} = get("/assets/$name");
    push @next, $file->{content} =~ /from '\.\/([a-z]+\.js)'/g, map { s/^assets\///r } $file->{content} =~ /src: '(assets\/[^']+)'/g
        if $name =~ /\.js$/ && $name ne 'chart.min.js';
}
my %TYPES = (css => 'text/css; charset=utf-8', js => 'text/javascript; charset=utf-8', svg => 'image/svg+xml');
for my $name (sort keys %files) {
    my ($file, $extension) = ($files{$name}, $name =~ /(\w+)$/);
    is("$file->{status} $file->{headers}{'content-type'}", "200 $TYPES{$extension}", "$name is there, with its type");
    is($file->{headers}{'content-security-policy'}, $POLICY, "$name: and the policy");
}
like($files{'chart.min.js'}{content}, qr/Chart\.js v3\.|Chart\.js v4\./, 'the chart library is in the program, with its notice');
unlike(join("\n", map { $files{$_}{content} } grep { !/chart/ } keys %files), qr/innerHTML\s*[+=]|insertAdjacentHTML|document\.write|\beval\(/,
    'what others wrote can only become text');
my @folder = grep { $_ ne 'README.md' } map { s{.*/}{}r } glob "$Bin/../../node/dashboard/*";
is_deeply([ grep { !$files{$_} && $_ ne 'index.html' } @folder ], [], 'every file of the page is used');
is(get('/assets/README.md')->{status}, 404, 'what is for developers is not served');

my $runbook = get('/assets/runbook.md');
is($runbook->{headers}{'content-type'}, 'text/plain; charset=utf-8', 'the runbook is there as text');
open my $causes, '<', "$Bin/../../registry/causes.c" or die "registry/causes.c: $!";
my @headings = map { /X\(CAUSE_\w+, "\w+", "([^"]+)"/ } <$causes>;
cmp_ok(scalar @headings, '>', 20, 'each cause leads to a heading of the runbook');
ok($runbook->{content} =~ /^## \Q$_\E$/m, "the runbook has the heading $_") for @headings;

for my $path ('/', '/assets/style.css') {
    my $first = get($path, Accept => $BROWSER);
    my $tag = $first->{headers}{etag};
    like($tag, qr/^"[0-9a-f]{20}"$/, "$path has a tag");
    is($first->{headers}{'cache-control'}, 'no-cache', "$path is kept, and asked for again");
    for my $known ($tag, "W/$tag", qq("x", $tag), '*') {
        my $again = get($path, Accept => $BROWSER, 'If-None-Match' => $known);
        is("$again->{status} " . length($again->{content} // ''), '304 0', "$path is not sent again to who has $known");
        is($again->{headers}{etag}, $tag, "$path: the tag goes with it");
    }
    is(get($path, Accept => $BROWSER, 'If-None-Match' => '"old"')->{status}, 200, "$path: but to who has another");
    my $head = ask(HEAD => "$node->{admin}$path", undef, Accept => $BROWSER);
    is("$head->{status} $head->{headers}{'content-length'} " . length($head->{content} // ''), '200 ' . length($first->{content}) . ' 0', "HEAD $path");
}

for my $path (qw(/assets/nothing.js /assets/index.html /assets/ /assets/..%2fadmin.c /assets/../v1/cluster)) {
    isnt(get($path, Accept => $BROWSER)->{status}, 200, "$path is nothing to be had");
}
is(ask(POST => "$node->{admin}/assets/style.css", {})->{headers}{allow}, 'GET, HEAD', 'files are only read');
done_testing;
