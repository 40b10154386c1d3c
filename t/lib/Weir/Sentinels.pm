package Weir::Sentinels;

# A primary, its replica, and sentinels that watch over both: all real, on loopback, and all want passwords. It stands
# in for a Weir::Redis, as the one that is the primary now.
#
#   my $redis = Weir::Sentinels->new;
#   my $cluster = Weir::Cluster->start(nodes => 2, redis => $redis);
#   my $old = $redis->primary;
#   $old->kill_now;
#   $redis->wait_other($old);
use v5.36;
use Weir::Process;
use Weir::Redis;
use Weir::Test qw(folder free_port wait_until);

use constant { N_SENTINELS => 3, MASTER => 'mymaster', DOWN_AFTER_MS => 1000,
    PASSWORD => 's:e/c@r%t', SENTINEL_PASSWORD => 'qu&ie=t' };

sub new ($class) {
    my $self = bless { redis => [], sentinels => [], dead_port => free_port }, $class;
    $self->_start_redis(0);
    $self->_start_redis(1, '--replicaof', '127.0.0.1', $self->{redis}[0]->port);
    wait_until(sub { $self->{redis}[1]->command('INFO', 'replication') =~ /master_link_status:up/ }, 10, 'the replica to follow');
    $self->_start_sentinel(free_port) for 1 .. N_SENTINELS;
    wait_until(sub { $self->is_in_order }, 15, 'the sentinels to know each other');
    return $self;
}

sub _start_redis ($self, $i, @more) {
    my $dir = folder() . "/redis.$i";
    mkdir $dir or die "mkdir: $!";
    $self->{redis}[$i] = Weir::Redis->new(password => PASSWORD, arguments => [ '--dir', $dir, '--requirepass', PASSWORD, '--masterauth', PASSWORD,
        '--user', 'weir', 'on', '>' . PASSWORD, '~*', '&*', '+@all', '--repl-diskless-sync-delay', 0, @more ]);
}

# It writes what it learns into its file.
sub _start_sentinel ($self, $port) {
    my $path = folder() . "/sentinel.$port.conf";
    open my $file, '>', $path or die "$path: $!";
    printf $file <<~'END', $port, folder, SENTINEL_PASSWORD, MASTER, $self->{redis}[0]->port, MASTER, DOWN_AFTER_MS, MASTER, MASTER, PASSWORD;
        port %d
        bind 127.0.0.1
        dir %s
        requirepass "%s"
        sentinel monitor %s 127.0.0.1 %d 2
        sentinel down-after-milliseconds %s %d
        sentinel failover-timeout %s 5000
        sentinel auth-pass %s "%s"
        END
    close $file or die "$path: $!";
    my $process = Weir::Process->start([ Weir::Redis::program(), $path, '--sentinel' ], name => "sentinel $port");
    push @{ $self->{sentinels} }, bless { process => $process, port => $port, password => SENTINEL_PASSWORD }, 'Weir::Redis';
    wait_until(sub { $process->has_ended || eval { $self->{sentinels}[-1]->command('PING') } }, 10, 'a sentinel');
}

sub _knows_all ($sentinel) {
    my %is = @{ $sentinel->command('SENTINEL', 'master', MASTER) };
    return $is{'num-slaves'} == 1 && $is{'num-other-sentinels'} == N_SENTINELS - 1 && $is{flags} eq 'master';
}

# Do all sentinels know of one another, and of a replica that could take over?
sub is_in_order ($self) { return !grep { !_knows_all($_) } $self->sentinels }

sub sentinels ($self) { return @{ $self->{sentinels} } }

# One that the test has ended.
sub forget ($self, $port) { $self->{sentinels} = [ grep { $_->port != $port } $self->sentinels ] }

sub _encoded ($text) { return $text =~ s/(\W)/sprintf '%%%02x', ord $1/ger }

# Where nobody listens.
sub dead_port ($self) { return $self->{dead_port} }

# The first in the list of sentinels is not there. Options: other ports, or another master.
sub url ($self, %other) {
    my @ports = $other{ports} ? @{ $other{ports} } : ($self->dead_port, map { $_->port } $self->sentinels);
    return sprintf 'redis+sentinel://weir:%s@%s/%s/0?sentinel_password=%s', _encoded(PASSWORD), join(',', map { "127.0.0.1:$_" } @ports),
        $other{master} // MASTER, _encoded(SENTINEL_PASSWORD);
}

# Who is it, as the sentinels say?
sub primary ($self) {
    for my $sentinel ($self->sentinels) {
        my $port = eval { $sentinel->command('SENTINEL', 'get-master-addr-by-name', MASTER)->[1] } // next;
        return (grep { $_->port == $port } @{ $self->{redis} })[0];
    }
    die "no sentinel answers\n";
}

# Waits until all sentinels say that it is another one, and it says so too; returns that.
sub wait_other ($self, $old) {
    my $is_other = sub ($sentinel) { $sentinel->command('SENTINEL', 'get-master-addr-by-name', MASTER)->[1] != $old->port };
    wait_until(sub { !grep { !$is_other->($_) } $self->sentinels }, 20, 'another primary');
    my $new = $self->primary;
    wait_until(sub { (eval { $new->command('ROLE')->[0] } // '') eq 'master' }, 5, 'it to be one'); # sentinels close its connections
    return $new;
}

sub command ($self, @words) { return $self->primary->command(@words) }

1;
