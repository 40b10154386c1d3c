#!/usr/bin/env python3
"""What the tests of sinks need, with the standard library alone.

  sinks.py make N FOLDER            bodies of deliveries in all formats (FOLDER/bodies, one a line: number of packets,
                                    a blank, the batch), and what has to come of them (FOLDER/expected)
  sinks.py receive KIND FILE [...]  a strict server: gelf-udp, gelf-tcp, gelf-tls, gelf-http, es, loki, otlp, lines;
                                    prints "port=N"; a line for each message, or for what is wrong with it
  sinks.py read GELF FILE [--floats] the same judgement on lines of GELF that another server has written; --floats: its numbers
                                    have lost digits
  sinks.py check EXPECTED FILE...   compares, and says in JSON what is missing, twice, wrong
"""
import argparse
import gzip
import http.server
import json
import re
import select
import socket
import ssl
import sys
import time
from decimal import Decimal

BASE_S = 1764378000  # 2025-11-29T01:00:00Z
LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
PINO = {7: 20, 6: 30, 4: 40, 3: 50, 2: 60}
OTLP = {7: 5, 6: 9, 4: 13, 3: 17, 2: 21}


def rfc3339(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + ".%09dZ" % (ns % 10**9)


# ---- what agents' formats look like when a node hands them to an analyzer as JSON ----

def attribute(key, value):
    return {"key": key, "value": value}


def pino(m):
    return {"level": PINO[m["level"]], "time": m["ns"] // 10**6, "pid": 7, "hostname": m["host"], "msg": m["text"], "req": {"seq": m["seq"]}}


def winston(m):
    return {"level": LEVELS[m["level"]], "message": m["text"], "timestamp": rfc3339(m["ns"]), "hostname": m["host"], "seq": m["seq"]}


def ecs(m):
    return {"@timestamp": rfc3339(m["ns"]), "message": m["text"], "log": {"level": LEVELS[m["level"]]}, "host": {"name": m["host"]}, "seq": m["seq"]}


def bulk(m):
    return {"action": "create", "index": "shop", "document": ecs(m)}


def hec_text(m):
    return {"event": m["text"], "time": Raw("%d.%09d" % divmod(m["ns"], 10**9)), "host": m["host"], "sourcetype": "x",
            "fields": {"severity": LEVELS[m["level"]], "seq": m["seq"]}}


def hec_object(m):
    return {"event": {"message": m["text"], "severity": LEVELS[m["level"]].upper(), "seq": m["seq"]},
            "time": Raw("%d.%09d" % divmod(m["ns"], 10**9)), "host": m["host"]}


def gelf(m):
    return {"version": "1.1", "host": m["host"], "short_message": m["text"], "timestamp": Raw("%d.%09d" % divmod(m["ns"], 10**9)),
            "level": m["level"], "_seq": m["seq"], "_req": "x"}


def journal(m):
    return {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": str(m["ns"] // 1000), "MESSAGE": m["text"], "PRIORITY": str(m["level"]),
            "_HOSTNAME": m["host"], "_PID": "7", "SEQ": m["seq"]}


def syslog(m):
    return {"message": m["text"], "pri": 16 * 8 + m["level"], "facility": "local0", "severity": LEVELS[m["level"]], "version": "1",
            "timestamp": rfc3339(m["ns"]), "hostname": m["host"], "app_name": "shop", "structured_data": {"x@1": {"seq": m["seq"]}}}


def fluent(m):
    return {"timestamp": Raw("%d.%09d" % divmod(m["ns"], 10**9)), "log": m["text"], "host": m["host"], "severity": LEVELS[m["level"]], "seq": m["seq"]}


def python(m):
    return {"name": "shop", "msg": m["text"], "levelname": LEVELS[m["level"]].upper(), "levelno": "40",
            "created": "%d.%06d" % (m["ns"] // 10**9, m["ns"] % 10**9 // 1000), "host": m["host"], "seq": m["seq"]}


def plain(m):
    return {"message": m["text"]}


def text(m):
    return m["text"]


def kafka(m):
    return {"key": None, "value": winston(m)}


def loki_packet(messages):
    return {"streams": [{"stream": {"host": m["host"], "level": LEVELS[m["level"]]}, "values": [[str(m["ns"]), m["text"], {"seq": str(m["seq"])}]]}
                        for m in messages]}


def otlp_packet(messages):
    return {"resourceLogs": [{
        "resource": {"attributes": [attribute("host.name", {"stringValue": m["host"]}), attribute("service.name", {"stringValue": "shop"})]},
        "scopeLogs": [{"scope": {"name": "lib", "version": "1"}, "logRecords": [{
            "timeUnixNano": str(m["ns"]), "severityNumber": OTLP[m["level"]], "severityText": LEVELS[m["level"]],
            "body": {"stringValue": m["text"]}, "attributes": [attribute("seq", {"intValue": str(m["seq"])})]}]}]} for m in messages]}


# name -> packet of messages, parts of a second that the format keeps, has host and level
FORMATS = {
    "json": (lambda ms: [winston(m) for m in ms], 1, True),
    "pino": (lambda ms: {"logs": [pino(m) for m in ms]}, 10**6, True),
    "winston": (lambda ms: {"messages": [winston(m) for m in ms]}, 1, True),
    "ecs": (lambda ms: {"messages": [ecs(m) for m in ms]}, 1, True),
    "bulk": (lambda ms: {"messages": [bulk(m) for m in ms]}, 1, True),
    "hec-text": (lambda ms: {"messages": [hec_text(m) for m in ms]}, 1, True),
    "hec-object": (lambda ms: {"events": [hec_object(m) for m in ms]}, 1, True),
    "gelf": (lambda ms: {"messages": [gelf(m) for m in ms]}, 1, True),
    "journal": (lambda ms: {"messages": [journal(m) for m in ms]}, 1000, True),
    "syslog": (lambda ms: {"messages": [syslog(m) for m in ms]}, 1, True),
    "msgpack": (lambda ms: {"messages": [fluent(m) for m in ms]}, 1, True),
    "form": (lambda ms: {"messages": [python(m) for m in ms]}, 1000, True),
    "kafkarest": (lambda ms: {"records": [kafka(m) for m in ms]}, 1, True),
    "loki": (loki_packet, 1, True),
    "otlp": (otlp_packet, 1, True),
    "lines": (lambda ms: {"messages": [plain(m) for m in ms]}, 0, False),
    "text": (lambda ms: [text(m) for m in ms], 0, False),
}


class Raw(float):
    """A number with all the digits it is written with."""

    def __new__(cls, text):
        self = float.__new__(cls, text)
        self.text = text
        return self

    def __repr__(self):
        return self.text


def dump(value):
    """JSON whose numbers are written as Raw says."""
    raws = []

    def mark(v):
        if isinstance(v, Raw):
            raws.append(v.text)
            return "\x00raw%d\x00" % (len(raws) - 1)
        if isinstance(v, dict):
            return {k: mark(x) for k, x in v.items()}
        if isinstance(v, list):
            return [mark(x) for x in v]
        return v

    return re.sub(r'"\\u0000raw(\d+)\\u0000"', lambda found: raws[int(found[1])], json.dumps(mark(value)))


def make(n, folder):
    names = list(FORMATS)
    with open(folder + "/bodies", "w") as bodies, open(folder + "/expected", "w") as expected:
        batch, number = [], 0
        while number < n:
            name = names[len(batch)]
            packet, unit, is_rich = FORMATS[name]
            messages = []
            while len(messages) < 10 and number < n:
                ns = BASE_S * 10**9 + number * 1000003
                messages.append({"text": "message-%d grüße \"%s\"\n" % (number, name) + ("x" * 9000 if number % 97 == 5 else ""), "ns": ns,
                                 "level": [7, 6, 4, 3, 2][number % 5], "host": "h%d" % (number % 7), "seq": 10**18 + number})
                number += 1
            for m in messages:
                wanted = {"text": m["text"], "format": name}
                if is_rich:
                    wanted.update(ns=str(m["ns"] // unit * unit), level=m["level"], host=m["host"], seq=str(m["seq"]))
                print(json.dumps(wanted), file=expected)
            body = packet(messages)
            if isinstance(body, dict):
                body["id"] = "p%d" % number
            batch.append(dump(body))
            if len(batch) == len(names) or number >= n:
                print(len(batch), "[" + ",".join(batch) + "]", file=bodies)
                batch = []


# ---- servers, each of which takes nothing for granted ----

class Out:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def message(self, **what):
        self.file.write(json.dumps(what) + "\n")

    def error(self, text):
        self.file.write(json.dumps({"error": text}) + "\n")


def loads(data):
    def pairs(found):
        keys = [k for k, _ in found]
        if len(set(keys)) != len(keys):
            raise ValueError("a member comes twice: %s" % keys)
        return dict(found)

    return json.loads(data, object_pairs_hook=pairs, parse_float=Decimal)


def seq_of(fields):
    for name, value in fields.items():
        if name.lower().strip("_").split("_")[-1].split(".")[-1] == "seq":
            return str(value)
    return None


def take_gelf(out, data):
    try:
        m = loads(data)
        assert isinstance(m, dict), "no object"
        assert m.pop("version") == "1.1", "version"
        host, text, ns, level = m.pop("host"), m.pop("short_message"), m.pop("timestamp"), m.pop("level")
        assert isinstance(host, str) and host.strip(), "host"
        assert isinstance(text, str) and text.strip(), "short_message"
        assert isinstance(ns, (int, Decimal)), "timestamp"
        assert type(level) is int and 0 <= level <= 7, "level"
        for name, value in m.items():
            assert name == "full_message" or re.fullmatch(r"_[\w.\-]*", name, re.A), "name %s" % name
            assert name != "_id", "_id"
            assert isinstance(value, (str, int, Decimal)) and not isinstance(value, bool), "value of %s" % name
        assert m["_analyzer"] == "a1" and m["_node"] == "n1" and m["_pool"] == "default", "origin"
        assert "_packet_id" not in m or re.fullmatch(r"p\d+", m["_packet_id"]), "_packet_id"
        out.message(text=text, ns=str(int(Decimal(ns) * 10**9)), level=level, host=host, seq=seq_of(m), packet=m.get("_packet_id"))
    except (AssertionError, KeyError, ValueError) as error:
        out.error("%s: %r" % (error, data[:300]))


def gelf_udp(out, port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE, where one may
    except PermissionError:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
    server.bind(("127.0.0.1", port))
    print("port=%d" % server.getsockname()[1], flush=True)
    chunks = {}
    while True:
        data = server.recv(65536)
        if len(data) > 1420:
            out.error("datagram of %d bytes" % len(data))
        if data[:2] == b"\x1e\x0f":
            key, number, count = data[2:10], data[10], data[11]
            if not (1 < count <= 128 and number < count):
                out.error("chunk %d of %d" % (number, count))
            parts = chunks.setdefault(key, {})
            parts[number] = data[12:]
            if len(parts) < count:
                continue
            data = b"".join(chunks.pop(key)[i] for i in range(count))
        if data[:2] != b"\x1f\x8b":
            out.error("not compressed")
            continue
        take_gelf(out, gzip.decompress(data))


def gelf_stream(out, port, cert, key, slow):
    listener = socket.create_server(("127.0.0.1", port))
    if slow:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    print("port=%d" % listener.getsockname()[1], flush=True)
    context = None
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    buffers = {listener: b""}
    while True:
        for sock in select.select(list(buffers), [], [], 1)[0]:
            if sock is listener:
                client, _ = listener.accept()
                try:
                    client = context.wrap_socket(client, server_side=True) if context else client
                    buffers[client] = b""
                except (OSError, ssl.SSLError):
                    client.close()
                continue
            data = b""
            try:
                if slow:
                    time.sleep(0.02)
                data = sock.recv(2048 if slow else 65536)
                while context and sock.pending():
                    data += sock.recv(sock.pending())
            except OSError:
                pass
            *whole, buffers[sock] = (buffers[sock] + data).split(b"\0")
            for message in whole:
                take_gelf(out, message)
            if not data:
                del buffers[sock]
                sock.close()


def level_named(name):
    return {"emergency": 0, "alert": 1, "critical": 2, "error": 3, "warning": 4, "notice": 5, "info": 6, "debug": 7}[name]


def any_value(value):
    (kind, inner), = value.items()
    assert kind in ("stringValue", "intValue", "doubleValue", "boolValue"), kind
    assert kind not in ("stringValue", "intValue") or isinstance(inner, str), value
    return inner


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        out, kind = self.server.out, self.server.kind
        self.server.n += 1
        if self.server.token and self.headers["Authorization"] != self.server.token:
            return self.answer(401)
        if self.server.busy and self.server.n % 5 == 1:  # one of five requests is refused for now
            return self.answer(503)
        try:
            return getattr(self, kind)(out, body)
        except (AssertionError, KeyError, ValueError, IndexError) as error:
            out.error("%s: %r" % (error, body[:300]))
            return self.answer(400)

    def gelf_http(self, out, body):
        assert self.path == "/gelf", self.path
        take_gelf(out, body)
        self.answer(202)

    def take_document(self, out, doc, at):
        doc = loads(doc)
        assert doc["_analyzer"] == "a1" and doc["_node"] == "n1" and doc["_pool"] == "default", "origin"
        assert "_id" not in doc and (not at or re.fullmatch(r"\d{4}-.*Z", doc["@timestamp"])), "@timestamp"
        found = [doc[k] for k in ("message", "msg", "MESSAGE", "short_message", "log", "event", "body") if isinstance(doc.get(k), str)]
        out.message(text=found[0])

    def es(self, out, body):
        assert self.path == "/logs/_bulk" and self.headers["Content-Type"] == "application/x-ndjson", self.path
        lines = body.split(b"\n")
        assert lines.pop() == b"" and len(lines) % 2 == 0, "lines"
        items, errors = [], False
        for action, doc in zip(lines[::2], lines[1::2]):
            (name, meta), = loads(action).items()
            assert name == "create" and set(meta) <= {"_id"}, action
            key = meta.get("_id", "auto%d" % self.server.n_docs)
            self.server.n_docs += 1
            if self.server.busy and self.server.n_docs % 5 == 0:
                status = (429, 403, 404, 401, 503)[self.server.n_docs // 5 % 5]
            elif key in self.server.ids:
                status = 409
            elif b"poison" in doc:
                status = 400
            else:
                self.take_document(out, doc, True)
                self.server.ids.add(key)
                status = 201
            errors |= status != 201
            error = {"error": {"type": "x", "reason": "this document holds a \0"}} if status == 400 else {}
            items.append({"create": {"_index": "logs", "_id": key, "status": status, **error}})
        self.answer(200, json.dumps({"took": 1, "errors": errors, "items": items}).encode())

    def lines(self, out, body):
        assert self.headers["Content-Type"] == "application/x-ndjson", "type"
        lines = body.split(b"\n")
        assert lines.pop() == b"", "end"
        for line in lines:
            self.take_document(out, line, False)
        self.answer(200)

    def loki(self, out, body):
        assert self.path == "/loki/api/v1/push" and self.headers["Content-Type"] == "application/json", self.path
        for stream in loads(body)["streams"]:
            assert stream["stream"] == {"job": "weir", "analyzer": "a1"}, stream["stream"]
            for ns, line, metadata in stream["values"]:
                assert re.fullmatch(r"\d{19}", ns) and isinstance(line, str), ns
                assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", k) and isinstance(v, str) for k, v in metadata.items()), metadata
                assert metadata["_analyzer"] == "a1", metadata
                out.message(text=line, ns=ns, level=level_named(metadata.get("level", "info")), host=metadata.get("host"), seq=seq_of(metadata))
        self.answer(204)

    def otlp(self, out, body):
        assert self.path == "/v1/logs" and self.headers["Content-Type"] == "application/json", self.path
        for resource in loads(body)["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    fields = {a["key"]: any_value(a["value"]) for a in record["attributes"]}
                    assert len(fields) == len(record["attributes"]), "a key comes twice"
                    level = {v: k for k, v in OTLP.items()}[record.get("severityNumber", 9)]
                    out.message(text=any_value(record["body"]), ns=record.get("timeUnixNano"), level=level, host=fields.get("host.name"), seq=seq_of(fields))
        self.answer(200, b"{}")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def http_server(kind, out, args):
    server = Server(("127.0.0.1", args.port), Handler)
    server.kind, server.out, server.busy, server.token = kind.replace("-", "_"), out, args.busy, args.token
    server.n = server.n_docs = 0
    server.ids = set()
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print("port=%d" % server.server_address[1], flush=True)
    server.serve_forever()


def receive(args):
    out = Out(args.out)
    if args.kind == "gelf-udp":
        gelf_udp(out, args.port)
    elif args.kind in ("gelf-tcp", "gelf-tls"):
        gelf_stream(out, args.port, args.cert, args.key, args.slow)
    else:
        http_server(args.kind, out, args)


def read(args):
    out = Out(args.out)
    message = out.message
    if args.floats:
        out.message = lambda **what: message(**{k: v for k, v in what.items() if k not in ("ns", "seq")})
    for line in open(args.gelf, "rb"):
        take_gelf(out, line)


def check(args):
    expected = {m["text"]: m for m in map(json.loads, open(args.expected))}
    said = {"missing": 0, "twice": 0, "wrong": [], "errors": [], "got": 0}
    seen = {}
    for path in args.files:
        for m in map(json.loads, open(path)):
            if "error" in m:
                said["errors"].append(m["error"])
                continue
            said["got"] += 1
            seen[m["text"]] = seen.get(m["text"], 0) + 1
            wanted = expected.get(m["text"])
            if wanted is None:
                said["wrong"].append("unknown: %.100s" % m["text"])
                continue
            for key in ("ns", "level", "host", "seq"):
                if key in m and key in wanted and m[key] != wanted[key]:
                    said["wrong"].append("%s of %s is %s, not %s" % (key, wanted["format"], m[key], wanted[key]))
    said["missing"] = sum(1 for text in expected if text not in seen)
    said["twice"] = sum(1 for n in seen.values() if n > 1)
    for key in ("wrong", "errors"):
        said["n_" + key] = len(said[key])
        said[key] = said[key][:5]
    print(json.dumps(said))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("make")
    p.add_argument("n", type=int)
    p.add_argument("folder")
    p = commands.add_parser("receive")
    p.add_argument("kind")
    p.add_argument("out")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--token")
    p.add_argument("--busy", action="store_true")
    p.add_argument("--slow", action="store_true")  # TCP: 100 KB a second
    p = commands.add_parser("read")
    p.add_argument("gelf")
    p.add_argument("out")
    p.add_argument("--floats", action="store_true")
    p = commands.add_parser("check")
    p.add_argument("expected")
    p.add_argument("files", nargs="+")
    args = parser.parse_args()
    if args.command == "make":
        make(args.n, args.folder)
    else:
        {"receive": receive, "read": read, "check": check}[args.command](args)


main()
