package Chaos::Cluster;

# A Redis, nodes, analyzers and the relay between them; and what can be done to each of them: the actions of
# Chaos::Kinds. Every program keeps its port over all its starts, and every start of an analyzer has a record file
# of its own.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use HTTP::Tiny;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);
use lib dirname(abs_path(__FILE__)) . '/../../../lib';
use Chaos::Process;
use Chaos::Redis;
use Chaos::Relay;
use Weir::Base qw(free_port);
use Weir::Clock;

my @weights = (0.5, 0.3, 0.2, 0.4, 0.1);

# Messages to catch up at most: with more of them shares would be off for long after each fault, and rightly.
use constant CATCHUP_MAX => 1000;

# Options: plan, folder, bin (folder of the programs), spill_max, has_tls (nodes have TLS ports).
sub start ($class, %options) {
    my $self = bless { %options{qw(plan folder bin spill_max has_tls)}, processes => {}, ports => {}, records => [], wanted_fault => {} }, $class;
    my @nodes = @{ $self->{plan}{nodes} };
    my @analyzers = @{ $self->{plan}{analyzers} };
    my @redis = Chaos::Redis::names_of($self->{plan});
    $self->{ports}{$_} = free_port for @redis, @analyzers, (map { ($_, "$_.admin", "$_.tls") } @nodes), $self->{plan}{is_cluster} ? map { "$_.bus" } @redis : ();
    my @ways_to_redis = $self->{plan}{is_cluster} ? map { $self->_way("to $_", $_) } @redis : map { $self->_way("$_ to redis", 'redis', $_) } @nodes;
    $self->{relay} = Chaos::Relay->start((map { $self->_way("to $_", $_) } @analyzers), @ways_to_redis);
    $self->{clock} = Weir::Clock->in_folder($self->{folder});
    $self->_start_redis;
    $self->_make_certificate if $self->{has_tls};
    $self->_add($_, $self->_node_command($_)) for @nodes;
    $self->_add($analyzers[$_], $self->_analyzer_command($analyzers[$_], $weights[ $_ % @weights ])) for 0 .. $#analyzers;
    $self->start_one($_) for @nodes, @analyzers;
    return $self;
}

sub _start_redis ($self) {
    my $redis = $self->{redis} = Chaos::Redis->new(%$self{qw(plan folder ports)}, program => $self->{clock}->program);
    for my $name ($redis->names) {
        $self->_add($name, sub ($n) { $redis->command($name) });
        $self->start_one($name);
    }
    $self->{processes}{$_}->wait_log(qr/Ready to accept connections/) for $redis->names;
    $redis->join_up;
}

# One that vouches for itself, for all nodes.
sub _make_certificate ($self) {
    my @command = (qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=chaos -addext), 'subjectAltName=IP:127.0.0.1', '-addext', 'keyUsage=critical,digitalSignature,keyCertSign',
        '-keyout', "$self->{folder}/tls.key", '-out', $self->ca);
    my $process = Chaos::Process->new('openssl', $self->{folder}, sub ($n) { @command }, ends => 1);
    $process->start;
    $process->wait_end(20) && !$process->status or die "openssl makes no certificate: " . Chaos::Process::slurp($process->log_path) . "\n";
}

sub _way ($self, $name, $server, $client = undef) {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 256, Proto => 'tcp') or die "listen: $@\n";
    $self->{ports}{$name} = $listener->sockport;
    return { listener => $listener, server => $server =~ s/^redis\K-\d+$//r, client => $client, to => $self->{ports}{$server} };
}

sub _add ($self, $name, $command) { $self->{processes}{$name} = Chaos::Process->new($name, $self->{folder}, $command) }
sub _program ($self, $name) { return "$self->{bin}/$name" }
sub _address ($self, $name) { return "127.0.0.1:$self->{ports}{$name}" }

# ---- command lines ----

sub _node_command ($self, $id) {
    my @options = ('--delivery-timeout', '2s', '--connect-timeout', '500ms', '--drain-delay', '0ms', '--catchup-max-messages', CATCHUP_MAX);
    push @options, '--spill-max-bytes', $self->{spill_max} if $self->_node_knows('--spill-max-bytes');
    push @options, '--listen-tls', $self->_address("$id.tls"), '--tls-cert', $self->ca, '--tls-key', "$self->{folder}/tls.key" if $self->{has_tls};
    return sub ($n) {
        return ($self->_program('weir-node'), '--node-id', $id, '--workers', 1, '--listen', $self->_address($id), '--admin-listen',
            $self->_address("$id.admin"), '--redis', $self->{redis}->url_for($id), @options);
    };
}

sub _node_knows ($self, $option) {
    open my $help, '-|', $self->_program('weir-node'), '--help' or die $self->_program('weir-node') . ": $!\n";
    return scalar grep { /^\s*\Q$option\E / } <$help>;
}

sub _analyzer_command ($self, $id, $weight) {
    my $registries = join ',', map { 'http://' . $self->_address("$_.admin") } @{ $self->{plan}{nodes} };
    return sub ($n) {
        my $record = "$self->{folder}/$id.$n.record";
        push @{ $self->{records} }, $record;
        return ($self->_program('weir-analyzer'), '--id', $id, '--weight', $weight, '--listen', $self->_address($id), '--advertise',
            'http://' . $self->_address("to $id") . '/ingest', '--register', $registries, '--record', $record, '--ttl', '5s');
    };
}

# ---- what the load and the report need ----

sub ca ($self) { return "$self->{folder}/tls.crt" }

# way: plain or tls.
sub targets ($self, $way = 'plain') {
    return map { $way eq 'tls' ? 'https://' . $self->_address("$_.tls") . '/ingest' : 'http://' . $self->_address($_) . '/ingest' } @{ $self->{plan}{nodes} };
}

sub records ($self) { return @{ $self->{records} } }
sub relay ($self) { return $self->{relay} }
sub n_moves ($self) { return $self->{redis}->n_moves }
sub weirctl ($self, @arguments) { return ($self->_program('weirctl'), @arguments, '--redis', $self->{redis}->url) }
sub problems ($self) { return $self->{redis}->problems, map { $_->deaths } @{ $self->{processes} }{ sort keys %{ $self->{processes} } } }

# Why the nodes refused, by their own count since their last start: {reason => requests}.
sub refusals ($self) {
    my ($client, %n) = (HTTP::Tiny->new(timeout => 3));
    for my $node (@{ $self->{plan}{nodes} }) {
        my $text = $client->get('http://' . $self->_address("$node.admin") . '/metrics')->{content};
        $n{$1} += $2 while $text =~ /^weir_refused_requests_total\{reason="(\w+)"\} (\d+)/mg;
    }
    return { map { $_ => $n{$_} } grep { $n{$_} } keys %n };
}

# Ends that nobody caused are noticed at the latest here.
sub check ($self) { $_->is_running for values %{ $self->{processes} } }

# ---- actions ----

sub act ($self, $action, @arguments) {
    my %actions = (
        kill => sub ($name) { $self->_hit($name)->kill_now },
        end => sub ($name) { $self->_hit($name)->ask_to_end },
        start => sub ($name) { $self->start_one($_) for $self->_members($name) },
        freeze => sub ($name) { $self->_hit($name)->signal('STOP') },
        thaw => sub ($name) { $self->{processes}{$_}->signal('CONT') for $self->_members($name) },
        rule => sub (@rule) { $self->{relay}->rule(@rule) },
        simulate => sub ($id, $fault) { $self->{wanted_fault}{$id} = $fault },
        clock => sub ($name, $by_s) { $self->{clock}->set($by_s eq 'none' ? 0 : $by_s) },
        lose_key => sub ($name, $key) { $self->_redis_cli($self->{redis}->owner, 'DEL', "weir:{default}:$key") },
        acl => sub ($name, $rule) { $self->{wanted_acl} = $rule eq 'none' ? '' : $rule },
        twin => sub ($node, $what = '') { $what eq 'none' ? $self->_end_twin($node) : $self->_start_twin($node) },
        poison => sub ($name, $node) { $self->_poison($node) },
        big => sub ($node, $what) { $self->_post($node =~ s/ .*//r, 'big-' . ++$self->{n_posted}, '"' . 'x' x 4_000_000 . '"') },
        move => sub ($name, $onward) { $onward eq 'none' ? $self->{redis}->end_move : $self->{redis}->begin_move($onward) },
        empty => sub ($within_ms) { $self->{empty_until} = time + $within_ms / 1000 },
    );
    return ($actions{$action} // die "no action '$action'\n")->(@arguments);
}

# Redis may be several servers. A fault hits the one that has the pool; all of them are started and thawed.
sub _hit ($self, $name) { return $self->{processes}{ $name eq 'redis' ? $self->{redis}->owner : $name } }
sub _members ($self, $name) { return $name eq 'redis' ? $self->{redis}->names : $name }

sub _redis_cli ($self, $name, @words) {
    open my $out, '-|', 'timeout', '0.5', 'redis-cli', '-p', $self->{ports}{$name}, @words or die "redis-cli: $!\n";
    my $answer = join '', <$out>;
    close $out;
    return $answer;
}

# Rights are given back for certain: Redis may be away at the time, and has all of them when it starts.
sub _tell_acl ($self) {
    my @rule = length $self->{wanted_acl} ? $self->{wanted_acl} : qw(on nopass ~* &* +@all);
    return if grep { $self->_redis_cli($_, 'ACL', 'SETUSER', 'default', @rule) !~ /^OK/ } $self->{redis}->names;
    delete $self->{wanted_acl};
}

# On ports of its own. It is to end by itself; where Redis is away it may not.
sub _start_twin ($self, $node) {
    my @command = $self->{processes}{$node}{command}->(0);
    for my $word ('--listen', '--admin-listen', '--listen-tls') {
        $command[$_] = '127.0.0.1:0' for grep { $command[ $_ - 1 ] eq $word } 1 .. $#command;
    }
    my $twin = $self->{twins}{$node} //= Chaos::Process->new("twin-$node", $self->{folder}, sub ($n) { @command }, ends => 1);
    $twin->start;
}

sub _end_twin ($self, $node) { $self->{twins}{$node}->kill_now if $self->{twins}{$node} }

# The relay knows such a packet by the word POISON in it.
sub _poison ($self, $node) {
    return $self->{relay}->poison('off') if $node eq 'none';
    my @nodes = @{ $self->{plan}{nodes} };
    $self->{relay}->poison('on');
    $self->_post($nodes[ $node % @nodes ], 'poison-' . ++$self->{n_posted}, '"POISON"');
}

# A packet that is none of the load. Nobody waits for its answer.
sub _post ($self, $node, $id, $message) {
    my $url = 'http://' . $self->_address($node) . '/ingest';
    my $pid = fork // die "fork: $!\n";
    return push @{ $self->{posts} }, $pid if $pid;
    eval { HTTP::Tiny->new(timeout => 20)->post($url, { headers => { 'Content-Type' => 'application/json' }, content => qq({"id":"$id","messages":[$message]}) }) };
    POSIX::_exit(0);
}

# One that was asked to end and has not done so is started when it has: see tick.
sub start_one ($self, $name) {
    my $process = $self->{processes}{$name};
    delete $self->{to_start}{$name};
    return $self->{to_start}{$name} = 1 if $process->is_ending;
    return if $process->is_running;
    $process->start;
    $self->{relay}->client($name, $process->pid) if $name =~ /^n/; # it tells its connections by that
}

# Between the steps: what takes its time. Never waits for long.
sub tick ($self) {
    $self->check;
    $self->{redis}->tick;
    $self->start_one($_) for grep { !$self->{processes}{$_}->is_running } keys %{ $self->{to_start} };
    $self->_tell_faults;
    $self->_tell_acl if defined $self->{wanted_acl};
    @{ $self->{posts} } = grep { waitpid($_, POSIX::WNOHANG()) == 0 } @{ $self->{posts} };
    $self->_try_to_empty if $self->{empty_until};
}

# weirctl needs Redis, which may be away just now: until it works.
sub _tell_faults ($self) {
    if (my $telling = $self->{telling}) {
        return if $telling->{process}->is_running;
        delete $self->{telling};
        $self->{wanted_fault}{ $telling->{id} } = undef
            if !$telling->{process}->status && $telling->{fault} eq ($self->{wanted_fault}{ $telling->{id} } // '');
    }
    my ($id) = grep { defined $self->{wanted_fault}{$_} } sort keys %{ $self->{wanted_fault} } or return;
    return if time < ($self->{tell_at} // 0);
    $self->{tell_at} = time + 0.2;
    my $fault = $self->{wanted_fault}{$id};
    my @command = $self->weirctl('fault', $id, $fault, '--timeout', '500ms');
    my $process = Chaos::Process->new('weirctl-fault', $self->{folder}, sub ($n) { @command }, ends => 1);
    $process->start;
    $self->{telling} = { id => $id, fault => $fault, process => $process };
}

# All in one script, so that nothing is spilled between the look and the flush; then the server is killed. Its
# append-only file has the flush and what came after it, so it comes back empty, but for that.
sub _try_to_empty ($self) {
    return delete $self->{empty_until} if time > $self->{empty_until};
    my $script = q{
        if redis.call('XLEN', KEYS[1]) + redis.call('XLEN', KEYS[2]) > 0 then return 'no' end
        redis.call('FLUSHALL')
        return 'yes'
    };
    my @keys = map { "weir:{default}:$_" } qw(spill dead);
    my @command = ('timeout', '0.3', 'redis-cli', '-p', $self->{redis}->owner_port, 'EVAL', $script, scalar @keys, @keys);
    open my $out, '-|', @command or die "redis-cli: $!\n";
    my $answer = <$out> // '';
    close $out;
    return if $answer !~ /^yes/;
    delete $self->{empty_until};
    $self->{n_emptied}++;
    $self->_hit('redis')->kill_now;
}

sub n_emptied ($self) { return $self->{n_emptied} // 0 }

# ---- the end ----

# No fault is left.
sub heal ($self) {
    delete $self->{empty_until};
    $self->{redis}->end_move;
    $self->{clock}->set(0);
    $self->{relay}->poison('off');
    $self->{wanted_acl} = '';
    $self->_end_twin($_) for keys %{ $self->{twins} };
    for my $path (Chaos::Kinds::paths($self->{plan}), Chaos::Kinds::paths($self->{plan}, 'redis')) { $self->{relay}->rule($path, 'pass') }
    for my $name (sort keys %{ $self->{processes} }) {
        $self->{processes}{$name}->signal('CONT');
        $self->start_one($name);
    }
    $self->{wanted_fault}{$_} = 'none' for grep { exists $self->{wanted_fault}{$_} } @{ $self->{plan}{analyzers} };
}

sub is_healed ($self) {
    return !defined $self->{wanted_acl} && !%{ $self->{to_start} // {} } && !$self->{redis}->is_moving && !grep { defined } values %{ $self->{wanted_fault} };
}

# Everything ends in good order.
sub stop ($self) {
    for my $group ($self->{plan}{analyzers}, $self->{plan}{nodes}, [ $self->{redis}->names ]) {
        my @processes = @{ $self->{processes} }{@$group};
        $_->ask_to_end for @processes;
        $_->wait_end(15) for @processes;
    }
    $self->{redis}->stop;
    $self->{relay}->stop;
}

1;
