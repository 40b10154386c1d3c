# Requests as agents send them, byte for byte: each gets the answer that its agent wants, and is counted by its messages.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Base qw(slurp);
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 600;
my $input = Weir::Input->start;
my $n_messages = 0;

# What the agents of a path want to hear: status, and how to know the body of a success.
my @wanted = (
    [ qr{/v1/logs$} => 200, sub ($body, $n) { $body eq '' || $body eq '{}' } ],
    [ qr{/loki/api/v1/push$} => 204, sub ($body, $n) { $body eq '' } ],
    [ qr{/services/collector} => 200, sub ($body, $n) { $body eq '{"text":"Success","code":0}' } ],
    [ qr{/_bulk/?$} => 200, sub ($body, $n) { has_items(decode_json($body), $n) } ],
    [ qr{/_refresh$} => 200, sub ($body, $n) { decode_json($body)->{_shards} } ],
    [ qr{/gelf$} => 202, sub ($body, $n) { $body eq '' } ],
    [ qr{/upload$} => 202, sub ($body, $n) { $body eq "OK.\n" } ],
    [ qr{/topics/} => 200, sub ($body, $n) { $body eq '{"offsets":[]}' } ],
    [ qr{} => 202, sub ($body, $n) { $body eq '{"offsets":[]}' || decode_json($body)->{messages} == $n } ],
);

sub has_items ($answer, $n) { return !$answer->{errors} && $answer->{items}->@* == $n && !grep { !(values %$_)[0]{status} } $answer->{items}->@* }

sub is_wanted ($answer, $path, $n, $what) {
    my ($row) = grep { $path =~ $_->[0] } @wanted;
    my $status = $answer->{body} eq '{"offsets":[]}' ? 200 : $row->[1];
    return is($answer->{status}, $status, "$what: $status") && ok($row->[2]->($answer->{body}, $n), "$what: the body of its success");
}

# The next answer that is not 100 Continue.
sub answer ($client) {
    my $answer = $client->answer // return { status => 'none', body => '' };
    return $answer->{status} == 100 ? answer($client) : $answer;
}

for my $folder ("$Bin/../wire", "$Bin/../../../shared/wire") {
    my $expected = -e "$folder/expected.json" ? decode_json(slurp("$folder/expected.json")) : {};
    note "there are no recordings in $folder" if !%$expected;
    for my $name (grep { /\.req$/ } sort keys %$expected) {
        my $bytes = slurp("$folder/$name");
        my ($path) = $bytes =~ m{^[A-Z]+ ([^ ?]+)};
        my $n = $expected->{$name}{messages};
        my $stays = $bytes !~ /^connection: close\r$/mi;
        my @ways = (
            [ 'as it came', 1, $bytes ], ($stays ? [ 'of two at once', 2, $bytes . $bytes ] : ()),
            (length $bytes < 4096 ? [ 'byte by byte', 1, split //, $bytes ] : ()),
        );
        for (@ways) {
            my ($way, $times, @pieces) = @$_;
            my $client = $input->client;
            $client->send($_) for @pieces;
            is_wanted(answer($client), $path, $n, "$name, $way, $_ of $times") for 1 .. $times;
            $client->close;
            $input->accepted($times) if $n;
            $n_messages += $n * $times;
        }
    }
}

# One record of OTLP in protobuf, in all lengths: some of them are brackets, as JSON begins with.
sub field ($tag, $bytes) { return $tag . pack('w', length $bytes) . $bytes }
{
    my ($client, %status) = ($input->client);
    for my $text (map { 'x' x $_ } 1 .. 118) {
        my $body = field("\x0a", field("\x12", field("\x12", field("\x2a", field("\x0a", $text)))));
        $client->send(request(POST => '/v1/logs', $body, 'Content-Type: application/x-protobuf'));
        push $status{ answer($client)->{status} }->@*, ord substr $body, 1, 1;
    }
    is_deeply(\%status, { 200 => [ 9 .. 126 ] }, 'OTLP in protobuf of all small lengths');
    $client->close;
    $input->accepted(118);
    $n_messages += 118;
}
is($input->metric('weir_accepted_messages_total'), $n_messages, 'all messages are counted, whatever envelope they came in');
is($input->metric('weir_delivered_messages_total{analyzer="a1"}'), $n_messages, 'and an analyzer has as many');
$input->bystander_is_well('besides');
$input->settles;
done_testing;
