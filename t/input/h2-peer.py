"""A client of HTTP/2 by python3-h2, which refuses whatever a server may not say.

    h2-peer.py HOST:PORT

Each rule has a connection of its own. Its outcome is a line of three fields with tabs between them: section, claim, and "ok" or what was wrong.
"""
import socket
import sys

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

CODES = h2.settings.SettingCodes
GET = [(':method', 'GET'), (':scheme', 'http'), (':path', '/'), (':authority', 'localhost')]
POST = [(':method', 'POST'), (':scheme', 'http'), (':path', '/ingest'), (':authority', 'localhost')]
CALL = [(':method', 'POST'), (':scheme', 'http'), (':path', '/grpc.health.v1.Health/Check'), (':authority', 'localhost'),
        ('content-type', 'application/grpc'), ('te', 'trailers')]


class Peer:
    def __init__(self, addr, settings=None):
        host, port = addr.rsplit(':', 1)
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.first = b''
        self.events = []
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding='utf-8'))
        if settings:
            self.h2.local_settings = h2.settings.Settings(client=True, initial_values=settings)
            table = settings.get(CODES.HEADER_TABLE_SIZE)
            if table is not None:
                self.h2.decoder.max_allowed_table_size = table
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def read(self):
        data = self.socket.recv(65536)
        assert data, 'the connection is closed'
        self.first = self.first or data
        self.events += self.h2.receive_data(data)
        self.flush()

    def find(self, kind, stream=None):
        for event in self.events:
            if isinstance(event, kind) and stream in (None, getattr(event, 'stream_id', None)):
                return event
        return None

    def wait(self, kind, stream=None):
        while not self.find(kind, stream):
            self.read()
        return self.find(kind, stream)

    def ask(self, fields, body=None, trailers=None):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields, end_stream=body is None)
        if body is not None:
            self.send(stream, body, trailers is None)
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
        self.flush()
        return stream

    def send(self, stream, body, ends):
        """No more than the windows of the node allow."""
        while body:
            n = min(len(body), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            self.h2.send_data(stream, body[:n], end_stream=ends and n == len(body))
            self.flush()
            body = body[n:]
            if not n:
                self.read()

    def body(self, stream):
        return b''.join(event.data for event in self.events if isinstance(event, h2.events.DataReceived) and event.stream_id == stream)

    def answer(self, stream):
        """(status, fields, body) of the whole answer."""
        self.wait(h2.events.StreamEnded, stream)
        fields = dict(self.find(h2.events.ResponseReceived, stream).headers)
        return fields[':status'], fields, self.body(stream)


RULES = []


def rule(section, claim):
    def note(function):
        RULES.append((section, claim, function))
        return function
    return note


@rule('3.4', 'the node begins with SETTINGS')
def _(addr):
    peer = Peer(addr)
    peer.wait(h2.events.RemoteSettingsChanged)
    assert peer.first[3] == 4 and peer.first[5:9] == b'\0' * 4, peer.first[:9]


@rule('5.1.2', 'it says how many streams it takes')
def _(addr):
    peer = Peer(addr)
    changed = peer.wait(h2.events.RemoteSettingsChanged).changed_settings
    assert changed[CODES.MAX_CONCURRENT_STREAMS].new_value >= 100


@rule('6.5.3', 'it acknowledges settings')
def _(addr):
    peer = Peer(addr)
    peer.wait(h2.events.SettingsAcknowledged)
    peer.events.clear()
    peer.h2.update_settings({CODES.INITIAL_WINDOW_SIZE: 100000})
    peer.flush()
    peer.wait(h2.events.SettingsAcknowledged)


@rule('6.7', 'it answers PING with the same bytes')
def _(addr):
    peer = Peer(addr)
    peer.h2.ping(b'12345678')
    peer.flush()
    assert peer.wait(h2.events.PingAckReceived).ping_data == b'12345678'


@rule('8.1', 'an answer is HEADERS and DATA')
def _(addr):
    peer = Peer(addr)
    status, fields, body = peer.answer(peer.ask(GET))
    assert status == '200' and len(body) == int(fields['content-length']), (fields, body)


@rule('8.1', 'one to HEAD has no DATA')
def _(addr):
    peer = Peer(addr)
    stream = peer.ask([(':method', 'HEAD')] + GET[1:])
    assert peer.answer(stream)[0] == '200' and not peer.find(h2.events.DataReceived)


@rule('8.1', 'trailers end a request')
def _(addr):
    peer = Peer(addr)
    assert peer.answer(peer.ask(POST, b'[1,2]', [('checksum', 'x')]))[0] == '202'


@rule('8.1', 'and an answer to a call of gRPC')
def _(addr):
    peer = Peer(addr)
    stream = peer.ask(CALL, b'\0' * 5)
    assert peer.answer(stream)[2] == b'\0\0\0\0\2\x08\1'
    assert dict(peer.find(h2.events.TrailersReceived, stream).headers)['grpc-status'] == '0'


@rule('8.1', '100 comes before the answer to Expect')
def _(addr):
    peer = Peer(addr)
    stream = peer.h2.get_next_available_stream_id()
    peer.h2.send_headers(stream, POST + [('expect', '100-continue'), ('content-length', '3')])
    peer.flush()
    peer.wait(h2.events.InformationalResponseReceived, stream)
    peer.send(stream, b'[1]', True)
    assert peer.answer(stream)[0] == '202'


@rule('5.1', 'a request that is refused early is answered, though it goes on')
def _(addr):
    peer = Peer(addr)
    stream = peer.h2.get_next_available_stream_id()
    peer.h2.send_headers(stream, POST + [('content-length', '1000000000')])
    peer.flush()
    assert peer.answer(stream)[0] == '413'
    peer.send(stream, b'[1]', False)
    assert peer.answer(peer.ask(POST, b'[1]'))[0] == '202'


@rule('5.1.2', '100 requests at a time are answered')
def _(addr):
    peer = Peer(addr)
    streams = [peer.ask(POST, b'[1]') for _ in range(100)]
    assert {peer.answer(stream)[0] for stream in streams} == {'202'}


@rule('6.9', 'a body of 1 MiB keeps to the windows that the node opens')
def _(addr):
    peer = Peer(addr)
    assert peer.answer(peer.ask(POST, b'["' + b'x' * (1 << 20) + b'"]'))[0] == '202'
    assert peer.find(h2.events.WindowUpdated)


@rule('6.9.1', "DATA keeps to a stream's window")
def _(addr):
    peer = Peer(addr, {CODES.INITIAL_WINDOW_SIZE: 10})
    stream = peer.ask(GET)
    peer.wait(h2.events.DataReceived, stream)
    while not peer.find(h2.events.StreamEnded, stream):
        assert peer.find(h2.events.DataReceived, stream)
        peer.h2.increment_flow_control_window(10, stream)
        peer.flush()
        peer.read()
    assert max(len(event.data) for event in peer.events if isinstance(event, h2.events.DataReceived)) <= 10


@rule('6.9.1', "and to the connection's, over all streams")
def _(addr):
    peer = Peer(addr)
    streams = []
    while peer.h2.inbound_flow_control_window > 0:
        batch = [peer.ask(GET) for _ in range(50)]
        streams += batch
        while peer.h2.inbound_flow_control_window > 0 and not all(peer.find(h2.events.StreamEnded, stream) for stream in batch):
            peer.read()
        peer.events = [event for event in peer.events if isinstance(event, h2.events.StreamEnded)]
    ended = {event.stream_id for event in peer.events}
    assert len(ended) < len(streams)
    peer.h2.increment_flow_control_window(1 << 20)
    peer.flush()
    for stream in streams:
        if stream not in ended:
            peer.wait(h2.events.StreamEnded, stream)


@rule('6.9.2', 'a setting opens the windows of streams that are there')
def _(addr):
    peer = Peer(addr, {CODES.INITIAL_WINDOW_SIZE: 0})
    stream = peer.ask(GET)
    peer.wait(h2.events.ResponseReceived, stream)
    peer.h2.ping(b'x' * 8)
    peer.flush()
    peer.wait(h2.events.PingAckReceived)
    assert not peer.find(h2.events.DataReceived, stream)
    peer.h2.update_settings({CODES.INITIAL_WINDOW_SIZE: 1000})
    peer.flush()
    assert peer.answer(stream)[0] == '200'


@rule('6.8', 'streams below its own last one are answered after GOAWAY of the client')
def _(addr):
    peer = Peer(addr)
    stream = peer.ask(POST, b'[1]')
    peer.socket.sendall(b'\0\0\x08\7\0\0\0\0\0' + b'\0' * 8)
    assert peer.answer(stream)[0] == '202'


@rule('H4.2', 'without a table of the client no answer refers to one')
def _(addr):
    peer = Peer(addr, {CODES.HEADER_TABLE_SIZE: 0})
    for _ in range(3):
        peer.wait(h2.events.SettingsAcknowledged)
        assert peer.answer(peer.ask(GET))[1]['content-type'] == 'application/json'
    assert len(peer.h2.decoder.header_table.dynamic_entries) == 0


@rule('H2.3.2', 'answers refer to the table of the connection')
def _(addr):
    peer = Peer(addr)
    first, second = (peer.answer(peer.ask(GET))[1] for _ in range(2))
    assert first['content-type'] == second['content-type']
    assert len(peer.h2.decoder.header_table.dynamic_entries) > 0


@rule('H6.3', 'the table of the client may shrink and grow')
def _(addr):
    peer = Peer(addr)
    for size in (0, 4096, 100, 4096):
        peer.h2.encoder.header_table_size = size
        assert peer.answer(peer.ask(POST + [('a', 'x' * 50)], b'[1]'))[0] == '202'


for section, claim, function in RULES:
    try:
        function(sys.argv[1])
        print(section, claim, 'ok', sep='\t')
    except Exception as error:  # pylint: disable=broad-except
        print(section, claim, '%s %s' % (type(error).__name__, error), sep='\t')
