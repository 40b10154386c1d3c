# Tokens and passwords are made once: an upgrade keeps what is in the cluster, and a Secret of one's own is used.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use JSON::PP;
use MIME::Base64;
use Test::More;
use Api;
use Helm;

alarm 300;

sub objects_by_name (@objects) { return { map { $_->{metadata}{name} => $_ } objects_of(\@objects, 'Secret') } }
sub secrets (@objects) { return { map { $_->{metadata}{name} => $_->{stringData} } objects_of(\@objects, 'Secret') } }

my $rendered = render();

# Secrets of an upgrade of the release, of those that are there: name => [data, annotations]. --set => what is set.
sub upgraded (%there) {
    my $set = delete $there{'--set'};
    my @there = map {
        my ($name, $data, $annotations) = ($_, @{ $there{$_} });
        { apiVersion => 'v1', kind => 'Secret', metadata => { name => $name, annotations => $annotations // {} },
            data => { map { $_ => encode_base64($data->{$_}, '') } keys %$data } }
    } keys %there;
    return objects_by_name(@{ Api->start($rendered, @there)->upgraded(map { ('--set', $_) } grep { defined } $set) });
}

my $new = secrets(@$rendered);
is(join(' ', sort keys %$new), 'weir-redis weir-tokens', 'there are Secrets for tokens and for Redis');
is(join(' ', map { "$_=" . length $new->{'weir-tokens'}{$_} } sort keys %{ $new->{'weir-tokens'} }), 'admin-token=40 ingest-token=40 register-token=40',
    'there are three tokens');
my %different = map { $_ => 1 } values %{ $new->{'weir-tokens'} }, $new->{'weir-redis'}{password}, values %{ secrets(@{ render() })->{'weir-tokens'} };
is(keys %different, 7, 'which nobody can guess');
like($new->{'weir-redis'}{url}, qr{^redis://:\Q$new->{'weir-redis'}{password}\E\@weir-redis:6379/0$}, 'nodes know the password of Redis');

# A hook makes them, so that they are part of no release: a rollback cannot bring an old one back.
my %made = %{ objects_by_name(@$rendered) };
is($made{$_}{metadata}{annotations}{'helm.sh/hook'}, 'pre-install,pre-upgrade', "a hook makes $_") for sort keys %made;

my %tokens = ('ingest-token' => 'mine', 'register-token' => 'yours', 'admin-token' => 'theirs');
my %redis = (password => 'secret', url => 'redis://:secret@weir-redis:6379/0', 'auth.conf' => "requirepass secret\n");
my $there = upgraded('weir-tokens' => [ \%tokens ], 'weir-redis' => [ \%redis ]);
is(join(' ', keys %$there), '', 'an upgrade leaves those that are there as they are');

my $lacks = upgraded('weir-tokens' => [ { 'ingest-token' => 'mine', 'register-token' => 'yours' } ], 'weir-redis' => [ \%redis ]);
is($lacks->{'weir-tokens'}{stringData}{'ingest-token'}, 'mine', 'one that lacks a token is made anew with those that it has');
is($lacks->{'weir-tokens'}{stringData}{'register-token'}, 'yours', 'all of them');
is(length $lacks->{'weir-tokens'}{stringData}{'admin-token'}, 40, 'and one that is new');

# Charts before had them in the release: leaving it there would delete what is in use.
my %release = ('meta.helm.sh/release-name' => 'weir', 'meta.helm.sh/release-namespace' => 'logs');
my $old = upgraded('weir-tokens' => [ \%tokens, \%release ], 'weir-redis' => [ \%redis, \%release ]);
is_deeply($old->{'weir-tokens'}{stringData}, \%tokens, 'an upgrade from an older chart keeps the tokens');
is_deeply($old->{'weir-redis'}{stringData}, \%redis, 'and the password of Redis');
is_deeply($old->{$_}{metadata}{annotations}, { 'helm.sh/resource-policy' => 'keep' }, "$_ stays part of the release, and outlives it") for sort keys %$old;

my $rotated = upgraded('weir-redis' => [ \%redis ]);
is(join(' ', keys %$rotated), 'weir-tokens', 'who deletes the tokens gets new ones');
isnt($rotated->{'weir-tokens'}{stringData}{'admin-token'}, 'theirs', 'which are others');

my $forward = secrets(@{ render('--set', 'tokens.forward=true') })->{'weir-tokens'};
is(length $forward->{'forward-key'}, 40, 'senders of the forward protocol get a key of their own, where that is switched on');
my $mine = upgraded('weir-tokens' => [ { %tokens, 'forward-key' => 'known' } ], 'weir-redis' => [ \%redis ], '--set', 'tokens.forward=true');
is(join(' ', keys %$mine), '', 'one that is in the Secret is kept');
my $added = upgraded('weir-tokens' => [ \%tokens ], 'weir-redis' => [ \%redis ], '--set', 'tokens.forward=true')->{'weir-tokens'}{stringData};
is_deeply([ map { length $added->{$_} } sort keys %$added ], [ 6, 40, 4, 5 ], 'and one that is missing joins the tokens that are there');

my $own = render('--set', 'tokens.existingSecret=mine,redis.bundled.existingSecret=ours');
is_deeply(secrets(@$own), {}, 'who brings Secrets gets none');
my %volumes = map { $_->{name} => $_->{secret}{secretName} } grep { $_->{secret} } @{ object($own, 'Deployment')->{spec}{template}{spec}{volumes} };
is_deeply(\%volumes, { tokens => 'mine', redis => 'ours' }, 'and the pods use them');

my $spill = render('--set', 'redis.spill.url=redis://:hidden@spill.example.com/0');
is(secrets(@$spill)->{'weir-redis-spill'}{url}, 'redis://:hidden@spill.example.com/0', 'the URL of a Redis for the spill is kept in a Secret');
my %env = map { $_->{name} => $_->{value} } map { @{ $_->{env} } } @{ object($spill, 'Deployment')->{spec}{template}{spec}{containers} };
is($env{WEIR_NODE_SPILL_REDIS_FILE}, '/etc/weir/redis-spill/url', 'and nodes read it there');
my $url = render('--set', 'redis.external.url=rediss://weir:hidden@redis.example.com:6380/1');
is(secrets(@$url)->{'weir-redis'}{url}, 'rediss://weir:hidden@redis.example.com:6380/1', 'a URL is kept in a Secret');
isnt(object($url, 'Deployment')->{spec}{template}{metadata}{annotations}{'weir/redis'},
    object(render('--set', 'redis.external.url=redis://other'), 'Deployment')->{spec}{template}{metadata}{annotations}{'weir/redis'},
    'and nodes start anew with another one');

# reading with a token
for my $read (qw(open token)) {
    my $monitor = object(render('--set', "metrics.serviceMonitor.enabled=true,node.options.admin-read=$read"), 'ServiceMonitor');
    my %given = map { $_->{port} => $_->{authorization} } @{ $monitor->{spec}{endpoints} };
    is_deeply(\%given, { analyzer => undef,
        admin => $read eq 'token' ? { credentials => { name => 'weir-tokens', key => 'register-token' } } : undef },
        "Prometheus gets a token if reading takes one: $read");
}
my $of_admin = object(render('--set', 'metrics.serviceMonitor.enabled=true,node.options.admin-read=token,tokens.register=false'), 'ServiceMonitor');
my ($admin) = grep { $_->{port} eq 'admin' } @{ $of_admin->{spec}{endpoints} };
is_deeply($admin->{authorization}, { credentials => { name => 'weir-tokens', key => 'admin-token' } }, 'the admin token, where there is no register token');
done_testing;
