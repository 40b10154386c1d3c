"""An agent that sends packets by HTTP/2, with TLS or without, or as calls of OTLP by gRPC.

    agent.py --kind h2|grpc --prefix TEXT --acked FILE --rate N [--ca FILE] [--timeout SECONDS] HOST:PORT...

Each target has a connection, with several packets under way. What is not acknowledged is sent again, to any target. The
id of each acknowledged packet goes to FILE. SIGINT ends it, once all that is under way is answered or given up. Then it
says how many packets were acknowledged and why others were sent again.
"""
import argparse
import collections
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions

UNDER_WAY = 16         # packets of a connection
AGAIN_SECONDS = 0.2    # until a packet is sent again
EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
GOAWAY = 7


def field(number, data):
    """Of protobuf, with fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


class Packets:
    """What is to be sent, and what became of it."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.acked = open(options.acked, 'w', buffering=1)
        self.waiting = collections.deque()  # (not before, number)
        self.n_begun = 0
        self.n_acked = 0
        self.again = collections.Counter()
        self.since = time.monotonic()
        self.is_ending = False

    def take(self):
        """A number; None: nothing is due."""
        now = time.monotonic()
        with self.lock:
            if self.is_ending:
                return None
            if self.waiting and self.waiting[0][0] <= now:
                return self.waiting.popleft()[1]
            if len(self.waiting) > self.options.rate or self.n_begun >= (now - self.since) * self.options.rate:
                return None
            self.n_begun += 1
            return self.n_begun

    def send_again(self, number, why):
        with self.lock:
            self.again[why] += 1
            self.waiting.append((time.monotonic() + AGAIN_SECONDS, number))

    def acknowledge(self, number):
        with self.lock:
            self.n_acked += 1
            self.acked.write('%s-%d\n' % (self.options.prefix, number))

    def request(self, number):
        """(fields, body)"""
        name = '%s-%d' % (self.options.prefix, number)
        fields = [(':method', 'POST'), (':scheme', 'https' if self.options.ca else 'http'), (':authority', 'localhost')]
        if self.options.kind == 'h2':
            return fields + [(':path', '/ingest'), ('content-type', 'application/json')], b'{"id":"%s","messages":["x"]}' % name.encode()
        message = field(1, field(2, field(2, field(5, field(1, name.encode())))))
        return fields + [(':path', EXPORT), ('content-type', 'application/grpc'), ('te', 'trailers')], b'\0\0\0\0' + bytes([len(message)]) + message


class Connection(threading.Thread):
    """To one target, again and again."""

    def __init__(self, target, packets):
        super().__init__(daemon=True)
        self.target = target
        self.packets = packets
        self.under_way = {}  # stream -> [number, deadline, status]

    def run(self):
        while not self.packets.is_ending:
            try:
                self.talk()
                why = 'goaway'
            except (OSError, h2.exceptions.H2Error) as error:
                why = type(error).__name__
            for number, *_ in self.under_way.values():
                self.packets.send_again(number, why)
            self.under_way.clear()
            time.sleep(0.05)

    def open(self):
        host, port = self.target.rsplit(':', 1)
        self.socket = socket.create_connection((host, int(port)), timeout=self.packets.options.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.packets.options.ca:
            context = ssl.create_default_context(cafile=self.packets.options.ca)
            context.set_alpn_protocols(['h2'])
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.input = b''
        self.last = None  # the highest stream that is answered, once the node has said so
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding='utf-8'))
        self.h2.initiate_connection()

    def talk(self):
        """Returns once the node takes no more packets here, and all that is under way is over."""
        self.open()
        try:
            while self.under_way or not (self.packets.is_ending or self.last is not None):
                self.send()
                self.read()
                if any(deadline < time.monotonic() for _, deadline, _ in self.under_way.values()):
                    raise TimeoutError('no answer')
        finally:
            self.socket.close()

    def send(self):
        while self.last is None and len(self.under_way) < UNDER_WAY:
            number = self.packets.take()
            if number is None:
                break
            fields, body = self.packets.request(number)
            stream = self.h2.get_next_available_stream_id()
            self.under_way[stream] = [number, time.monotonic() + self.packets.options.timeout, None]
            self.h2.send_headers(stream, fields)
            self.h2.send_data(stream, body, end_stream=True)
        self.socket.settimeout(self.packets.options.timeout)
        self.socket.sendall(self.h2.data_to_send())

    def read(self):
        self.socket.settimeout(0.02)
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            return
        if not data:
            raise ConnectionResetError('closed')
        self.input += data
        while len(self.input) >= 9 and len(self.input) >= 9 + int.from_bytes(self.input[:3], 'big'):
            n = 9 + int.from_bytes(self.input[:3], 'big')
            frame, self.input = self.input[:n], self.input[n:]
            if frame[3] == GOAWAY:  # python3-h2 would take no more answers
                self.on_goaway(int.from_bytes(frame[9:13], 'big'))
            else:
                for event in self.h2.receive_data(frame):
                    self.on_event(event)

    def on_goaway(self, last):
        self.last = last
        for stream in [stream for stream in self.under_way if stream > last]:
            self.packets.send_again(self.under_way.pop(stream)[0], 'goaway')

    def on_event(self, event):
        stream = getattr(event, 'stream_id', None)
        packet = self.under_way.get(stream)
        if isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
        if packet is None:
            return
        if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            fields = dict(event.headers)
            packet[2] = 'grpc-' + fields['grpc-status'] if 'grpc-status' in fields else fields.get(':status', packet[2])
        elif isinstance(event, h2.events.StreamReset):
            del self.under_way[stream]
            self.packets.send_again(packet[0], 'reset')
        elif isinstance(event, h2.events.StreamEnded):
            del self.under_way[stream]
            if packet[2] == ('202' if self.packets.options.kind == 'h2' else 'grpc-0'):
                self.packets.acknowledge(packet[0])
            else:
                self.packets.send_again(packet[0], packet[2])


def on_surprise(args):
    """A thread that ends by an error that nobody expects ends all."""
    sys.excepthook(args.exc_type, args.exc_value, args.exc_traceback)
    os._exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kind', choices=['h2', 'grpc'], required=True)
    parser.add_argument('--prefix', required=True)
    parser.add_argument('--acked', required=True)
    parser.add_argument('--rate', type=float, required=True)
    parser.add_argument('--ca')
    parser.add_argument('--timeout', type=float, default=5, help='for an answer')
    parser.add_argument('targets', nargs='+')
    packets = Packets(parser.parse_args())
    threading.excepthook = on_surprise
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    connections = [Connection(target, packets) for target in packets.options.targets]
    for connection in connections:
        connection.start()
    ended.wait()
    packets.is_ending = True
    for connection in connections:
        connection.join(2 * packets.options.timeout)
    print(json.dumps({'acknowledged': packets.n_acked, 'again': packets.again}))


main()
