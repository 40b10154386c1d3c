#!/usr/bin/env python3
"""An analyzer for Weir: registers, takes batches, counts messages, drops duplicates by id, leaves on SIGTERM.

    python3 counter.py ID PORT http://NODE:8081 [WEIGHT]      WEIR_REGISTER_TOKEN: the token for registering
"""
import collections, json, os, signal, sys, threading, time, urllib.error, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ID, PORT, NODE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
WEIGHT = float(sys.argv[4]) if len(sys.argv) > 4 else 1
REMEMBERED = 100_000  # packets, by their id

stats = {"packets": 0, "messages": 0, "duplicates": 0, "refused": 0}
seen = collections.OrderedDict()
lock, leaving = threading.Lock(), threading.Event()

def analyze(packet):
    """What you want to do with a packet. Its status: 2xx it is done, 4xx it can never be, 503 not now."""
    if isinstance(packet, dict) and "refuse" in packet:
        stats["refused"] += 1
        return 422
    messages = packet if isinstance(packet, list) else packet.get("messages")
    stats["packets"] += 1
    stats["messages"] += len(messages) if isinstance(messages, list) else 1
    return 200

def take(packet):
    """A packet may come twice, because deliveries may break after the analyzer has taken them."""
    key = packet.get("id") if isinstance(packet, dict) else None
    with lock:
        if key is not None and key in seen:
            stats["duplicates"] += 1
            return 200
        status = analyze(packet)
        if key is not None and status < 300:
            seen[key] = True
            if len(seen) > REMEMBERED:
                seen.popitem(last=False)
    return status

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # nodes keep their connections

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        packets = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, {"results": [{"status": take(packet)} for packet in packets]})

    def do_GET(self):  # /health, which nodes probe, and /stats
        self.answer(200, stats)

    def log_message(self, *_):
        pass

def call(method, path, body):
    """The status and the answer; 0: there was none."""
    headers = {"Content-Type": "application/json"}
    if os.environ.get("WEIR_REGISTER_TOKEN"):
        headers["Authorization"] = "Bearer " + os.environ["WEIR_REGISTER_TOKEN"]
    request = urllib.request.Request(f"{NODE}/v1/analyzers/{ID}{path}", json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, {}
    except OSError:
        return 0, {}

server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
signal.signal(signal.SIGTERM, lambda *_: leaving.set())
me = {"url": f"http://127.0.0.1:{server.server_port}/ingest", "weight": WEIGHT, "started_ms": int(time.time() * 1000)}
instance, wait = None, 0
while not leaving.wait(wait):
    if instance is None:
        status, lease = call("PUT", "", me)
        if status in (200, 201):
            instance, heartbeat = lease["instance"], lease["heartbeat_ms"] / 1000
    else:
        status, _ = call("POST", "/heartbeat", {"instance": instance, "processed": stats["messages"]})
        if status == 404:  # the pool has forgotten it
            instance = None
        elif status == 409:  # another process has the id
            sys.exit("another analyzer is " + ID)
    wait = heartbeat if 200 <= status < 300 else 0.5
if instance:
    call("DELETE", "", {"instance": instance, "processed": stats["messages"]})
    time.sleep(1)  # what is on its way still comes
print(json.dumps(stats))
